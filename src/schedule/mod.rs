//! When a job is due: crontab syntax on the clock of a time zone. Pure: the current time is an
//! argument.
//!
//! The `cron` crate generates local times, only in `civil.rs`; `zoned.rs` handles clock changes.

mod calendar;
mod civil;
mod field;
mod syntax;
#[cfg(test)]
mod tests;
mod zoned;

pub use calendar::{Calendar, ClockChange, clock_change};
pub use zoned::{Schedule, Schedules};

/// Why a text is not a schedule: what was found and in which field, what was expected, and a hint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; expected {expected}{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct ScheduleError {
    pub found: String,
    pub expected: String,
    pub hint: Option<String>,
}

impl ScheduleError {
    fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
