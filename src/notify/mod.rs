//! Notifies people of how runs ended: an HTTP POST, a ping, a command. It holds up no run and fails
//! none: a thread of its own delivers, and what can't be delivered is logged.
//!
//! Whether an event is news follows from the last notices, which the state keeps for each
//! job, so that timers and restarts repeat no notice.

mod decide;
mod deliver;
mod worker;

pub use decide::{Condition, Event};
pub use deliver::Receivers;
pub use worker::{Notice, Notifier, Outcome};
