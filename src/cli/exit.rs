use super::{Opts, logging, output};
use crate::run::{
    AdoptError, ConnectionError, ReadingError, RunError, RunReport, UndoRefusal, VerifyError,
    end_by,
};
use crate::state::{RunEnd, StateError};
use clap::Parser;
use std::process::ExitCode;

/// How the program ends. The codes are promises; see README.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Failed,
    /// Wrong usage or settings; nothing was sent.
    Usage,
    /// Finished, but some records are dead letters.
    DeadLetters,
    /// Another process is writing to this account.
    Locked,
    /// The target refused us.
    Refused,
    /// The target is away; running again resumes.
    Away,
    /// Verification found differences.
    Differences,
    /// By this signal; progress is kept.
    Interrupted(u8),
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
            Self::Away => 6,
            Self::Differences => 7,
            Self::Interrupted(signal) => 128 + signal,
        }
    }

    /// The one of several that someone should hear of first.
    pub(super) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Done => 0,
            Self::DeadLetters => 1,
            Self::Differences => 2,
            Self::Away => 3,
            Self::Interrupted(_) => 4,
            Self::Locked => 5,
            Self::Refused => 6,
            Self::Usage => 7,
            Self::Failed => 8,
        };
        if weight(other) > weight(self) { other } else { self }
    }

    /// Of work that has been reported and came to this end, without a difference. `signal`: as in
    /// `of_run`.
    pub(super) fn of_end(end: RunEnd, signal: Option<u8>) -> Self {
        match (end, signal) {
            (RunEnd::Finished, _) | (RunEnd::Interrupted, None) => Self::Done,
            (RunEnd::Interrupted, Some(signal)) => Self::Interrupted(signal),
            (RunEnd::Paused, _) => Self::Away,
            (RunEnd::Stopped, _) => Self::Refused,
            (RunEnd::Failed, _) => Self::Failed,
        }
    }

    /// Of a run that has been reported. `signal`: the one that was received, if any.
    pub(super) fn of_run(report: &RunReport, signal: Option<u8>) -> Self {
        let counts = &report.row.counts;
        match (report.end, signal) {
            (RunEnd::Finished, _) if counts.invalid + counts.refused > 0 => Self::DeadLetters,
            (RunEnd::Finished, _) => Self::Done,
            (RunEnd::Interrupted, Some(signal)) => Self::Interrupted(signal),
            // Stopped by a limit it was given.
            (RunEnd::Interrupted, None) => Self::Done,
            (RunEnd::Paused, _) => Self::Away,
            (RunEnd::Stopped, _) if is_native(report) => Self::Usage,
            (RunEnd::Stopped, _) => Self::Refused,
            (RunEnd::Failed, _) => Self::Failed,
        }
    }
}

fn is_native(report: &RunReport) -> bool {
    let native = matches!(report.error, Some(RunError::Connection(ConnectionError::Native { .. })));
    native || matches!(report.error, Some(RunError::Connection(ConnectionError::Incomplete { .. })))
}

/// An expected failure: what to tell, and the code to end with.
#[derive(Debug)]
pub(super) struct CliError {
    pub exit: Exit,
    pub message: String,
}

impl CliError {
    pub(super) fn usage(message: impl ToString) -> Self {
        Self { exit: Exit::Usage, message: message.to_string() }
    }

    pub(super) fn failed(message: impl ToString) -> Self {
        Self { exit: Exit::Failed, message: message.to_string() }
    }
}

impl CliError {
    /// The same in other words.
    pub(super) fn told(self, told: impl FnOnce(&str) -> String) -> Self {
        Self { message: told(&self.message), ..self }
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::Locked { .. } => Exit::Locked,
            StateError::Newer { .. } | StateError::Elsewhere { .. } => Exit::Usage,
            StateError::Io { .. }
            | StateError::ReadOnly { .. }
            | StateError::Sqlite { .. }
            | StateError::Sql(_) => Exit::Failed,
        };
        Self { exit, message: error.to_string() }
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::State(error) => error.into(),
            RunError::Reading(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<ReadingError> for CliError {
    fn from(error: ReadingError) -> Self {
        match error {
            ReadingError::Rekeyed { .. } => Self::usage(error),
            ReadingError::State(error) => error.into(),
            ReadingError::Read(_) => Self::failed(error),
        }
    }
}

impl From<UndoRefusal> for CliError {
    fn from(error: UndoRefusal) -> Self {
        match error {
            UndoRefusal::State(error) => error.into(),
            UndoRefusal::NoSuchRun(_) | UndoRefusal::OtherJob { .. } => Self::usage(error),
        }
    }
}

impl From<AdoptError> for CliError {
    fn from(error: AdoptError) -> Self {
        let exit = match &error {
            AdoptError::NoConnection { .. } | AdoptError::Native { .. } => Exit::Usage,
            AdoptError::Fatal(stop) => Exit::of_end(end_by(stop), None),
            AdoptError::Target(_) => Exit::Away,
            AdoptError::Reading(_) | AdoptError::State(_) => Exit::Failed,
        };
        Self { exit, message: error.to_string() }
    }
}

impl From<ConnectionError> for CliError {
    fn from(error: ConnectionError) -> Self {
        let exit = match &error {
            ConnectionError::Native { .. } | ConnectionError::Incomplete { .. } => Exit::Usage,
            ConnectionError::Refused(_) => Exit::Refused,
            ConnectionError::Fatal(stop) => Exit::of_end(end_by(stop), None),
            ConnectionError::State(_) => Exit::Failed,
        };
        Self { exit, message: error.to_string() }
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NothingLoaded => Self::usage(error),
            // A range that could not be looked at is not verified.
            VerifyError::Target(_) => Self { exit: Exit::Differences, message: error.to_string() },
            VerifyError::Reading(_) | VerifyError::State(_) => Self::failed(error),
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let opts = match Opts::try_parse() {
        Ok(opts) => opts,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // Nothing is left to tell it to when the terminal is gone.
            let _ = error.print();
            return ExitCode::from(exit.code());
        }
    };
    logging::start(&opts.global);
    let exit = opts.run().unwrap_or_else(|error| {
        output::complain(&error.message);
        error.exit
    });
    let exit = if output::is_whole() { exit } else { exit.worse(Exit::Failed) };
    ExitCode::from(exit.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_runs_is_told() {
        assert_eq!(Exit::Done.worse(Exit::DeadLetters), Exit::DeadLetters);
        assert_eq!(Exit::Refused.worse(Exit::Away), Exit::Refused);
        assert_eq!(Exit::Interrupted(15).code(), 143);
        assert_eq!(Exit::Interrupted(2).code(), 130);
    }
}
