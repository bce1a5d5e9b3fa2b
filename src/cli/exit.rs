use crate::activecampaign::Failure;
use crate::pull::PullError;
use crate::run::{ConnectionError, GoneReport, ReadingError, RunError, RunReport, end_of};
use crate::state::{LetterCounts, RunEnd, StateError};

/// How the program ends. The codes are promises; see README.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    /// Wrong usage or settings; nothing was sent.
    Usage,
    /// Finished, but some records are dead letters that are not accepted.
    DeadLetters,
    /// Another process is writing to this account.
    Locked,
    /// ActiveCampaign or a shop refused us.
    Refused,
    /// ActiveCampaign or a shop is unavailable; running again resumes.
    Unavailable,
    /// Verification found differences.
    Differences,
    /// By this signal; progress is kept.
    Interrupted(u8),
}

/// The dead letters of a finished run that make it end with 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// Those that are not accepted
    New,
    /// All of them
    Any,
    Never,
}

impl FailOn {
    fn fails(self, met: LetterCounts) -> bool {
        match self {
            Self::New => met.new > 0,
            Self::Any => met.all > 0,
            Self::Never => false,
        }
    }

    /// Whether orders that are gone from the shop and still at ActiveCampaign are a failure.
    fn fails_for_gone(self, gone: &GoneReport) -> bool {
        gone.is_unfinished() || self.fails(gone.refused)
    }
}

impl Exit {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::DeadLetters => 3,
            Self::Locked => 4,
            Self::Refused => 5,
            Self::Unavailable => 6,
            Self::Differences => 7,
            Self::Interrupted(signal) => 128 + signal,
        }
    }

    /// The name of such a failure in `--json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::DeadLetters => "dead_letters",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Unavailable => "away",
            Self::Differences => "differences",
            Self::Interrupted(_) => "interrupted",
        }
    }

    /// The worse of two.
    pub(super) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Done => 0,
            Self::DeadLetters => 1,
            Self::Differences => 2,
            Self::Unavailable => 3,
            Self::Interrupted(_) => 4,
            Self::Locked => 5,
            Self::Refused => 6,
            Self::Usage => 7,
            Self::Failed => 8,
        };
        if weight(other) > weight(self) { other } else { self }
    }

    /// The exit code for reported work that ended so, without a difference. `signal`: the one that
    /// was received; work that was interrupted without one was stopped by a limit it was given.
    pub(super) fn of_end(end: RunEnd, signal: Option<u8>) -> Self {
        match (end, signal) {
            (RunEnd::Finished, _) | (RunEnd::Interrupted, None) => Self::Done,
            (RunEnd::Interrupted, Some(signal)) => Self::Interrupted(signal),
            (RunEnd::Paused, _) => Self::Unavailable,
            (RunEnd::Stopped, _) => Self::Refused,
            (RunEnd::Failed, _) => Self::Failed,
        }
    }

    /// The exit code of work that ended with this failure.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        Self::of_end(end_of(failure), None)
    }

    /// The exit code of work that can't use the state.
    pub(super) fn of_state(error: &StateError) -> Self {
        match error {
            StateError::Locked { .. } => Self::Locked,
            StateError::Newer { .. }
            | StateError::Elsewhere { .. }
            | StateError::HandedOver { .. } => Self::Usage,
            StateError::Io { .. }
            | StateError::LowDisk { .. }
            | StateError::ReadOnly { .. }
            | StateError::Sqlite { .. }
            | StateError::Scratch(_)
            | StateError::Sql(_) => Self::Failed,
        }
    }

    /// The exit code of work that can't read its export, or must not use it.
    pub(super) fn of_reading(error: &ReadingError) -> Self {
        match error {
            ReadingError::Rekeyed { .. }
            | ReadingError::MixedCarts { .. }
            | ReadingError::OtherPath { .. }
            | ReadingError::SwitchOpen { .. } => Self::Usage,
            ReadingError::State(error) => Self::of_state(error),
            ReadingError::Read(_) | ReadingError::Thread(_) => Self::Failed,
        }
    }

    /// The exit code of an incomplete pull.
    pub(super) fn of_pull(error: &PullError) -> Self {
        match error {
            PullError::Settings { .. } => Self::Usage,
            PullError::Refused { .. } => Self::Refused,
            PullError::Unavailable { .. } | PullError::Interrupted => Self::Unavailable,
            PullError::Unexpected { .. } | PullError::Io { .. } => Self::Failed,
        }
    }

    /// The exit code of a reported run.
    pub(super) fn of_run(report: &RunReport, signal: Option<u8>, fail_on: FailOn) -> Self {
        let fails = fail_on.fails(report.dead_letters)
            || report.gone.as_ref().is_some_and(|gone| fail_on.fails_for_gone(gone));
        match report.end {
            RunEnd::Finished if fails => Self::DeadLetters,
            RunEnd::Stopped | RunEnd::Failed if needs_settings(report) => Self::Usage,
            end => Self::of_end(end, signal),
        }
    }
}

fn needs_settings(report: &RunReport) -> bool {
    match &report.error {
        Some(RunError::Connection(
            ConnectionError::Native { .. } | ConnectionError::Incomplete { .. },
        )) => true,
        Some(RunError::Reading(error)) => Exit::of_reading(error) == Exit::Usage,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_runs_is_reported() {
        assert_eq!(Exit::Done.worse(Exit::DeadLetters), Exit::DeadLetters);
        assert_eq!(Exit::Refused.worse(Exit::Unavailable), Exit::Refused);
        assert_eq!(Exit::Interrupted(15).code(), 143);
        assert_eq!(Exit::Interrupted(2).code(), 130);
    }
}
