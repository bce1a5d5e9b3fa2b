use super::exit::Exit;
use crate::run::{
    AdoptError, ConnectionError, ReadingError, RunError, UndoRefusal, VerifyError, end_by,
};
use crate::state::StateError;

/// An expected failure, with the exit code it leads to.
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

    pub(super) fn map_message(self, map: impl FnOnce(&str) -> String) -> Self {
        Self { message: map(&self.message), ..self }
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
            | StateError::Scratch(_)
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
            ReadingError::Read(_) | ReadingError::Thread(_) => Self::failed(error),
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
