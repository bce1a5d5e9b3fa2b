//! Tells people what runs came to: an HTTP POST, a ping, a command. It holds up no run and fails none:
//! a thread of its own delivers, and what can't be delivered is logged.
//!
//! Whether an event is news follows from what people were told last, which the state keeps for each
//! job, so that timers and restarts tell nothing twice.

mod decide;
mod deliver;
mod worker;

pub use decide::{Condition, Event};
pub use deliver::Receivers;
pub use worker::{Notice, Notifier, Outcome};
