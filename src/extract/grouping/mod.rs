//! Puts the rows of one order together, wherever in the file they stand.
//!
//! Nothing but the key decides what belongs together. Where the rows of an order come apart, none
//! of them is given out before the last one is there, so that no order is sent short; memory stays
//! bounded, and a file that would need more is refused. What the rows say is for a dialect to read.

mod apart;
mod groups;

pub use groups::{Group, Groups};
