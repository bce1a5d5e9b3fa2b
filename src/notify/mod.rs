//! Notifies people of how runs ended: an HTTP POST, a ping, a command. It neither delays nor fails
//! a run: a separate thread delivers, and what can't be delivered is logged.
//!
//! The last notices, which the state stores for each job, determine whether an event is news, so
//! that timers and restarts repeat no notice.

mod decide;
mod deliver;
mod worker;

pub use decide::{Condition, Event};
pub use deliver::Receivers;
pub use worker::{Notice, Notifier, Outcome};
