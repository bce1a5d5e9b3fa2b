//! When a job is due. Pure: crontab syntax, read on the clock of a time zone; the wall clock comes
//! in as a value.
//!
//! Must not wait, and knows nothing of what runs. The `cron` crate is used in `civil.rs` alone, as
//! a generator of local times; what they mean where clocks change stands in `zoned.rs`.

mod calendar;
mod civil;
mod error;
mod field;
mod syntax;
#[cfg(test)]
mod tests;
mod zoned;

pub use calendar::{Calendar, ClockChange, JITTER_DEFAULT_S, JITTER_MAX_S, clock_change};
pub use error::ScheduleError;
pub use zoned::Schedule;
