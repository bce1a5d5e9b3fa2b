use super::exit::Exit;
use crate::pull::PullError;
use crate::run::PullsError;
use crate::run::{
    AdoptError, ConnectionError, ReadingError, RunError, UndoRefusal, VerifyError, end_by, end_of,
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

    /// The object that `--json` prints.
    pub(super) fn json(&self) -> serde_json::Value {
        let (message, hint) = match self.message.split_once("\n  hint: ") {
            Some((message, hint)) => (message, Some(hint)),
            None => (self.message.as_str(), None),
        };
        serde_json::json!({ "error": {
            "code": self.exit.word(), "exit": self.exit.code(), "message": message, "hint": hint,
        } })
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
            AdoptError::Target(failure) => Exit::of_end(end_of(failure), None),
            AdoptError::Reading(_) | AdoptError::State(_) => Exit::Failed,
        };
        Self { exit, message: error.to_string() }
    }
}

impl From<ConnectionError> for CliError {
    fn from(error: ConnectionError) -> Self {
        let exit = match &error {
            ConnectionError::Native { .. } | ConnectionError::Incomplete { .. } => Exit::Usage,
            ConnectionError::Refused(_) | ConnectionError::Gone { .. } => Exit::Refused,
            ConnectionError::Fatal(stop) => Exit::of_end(end_by(stop), None),
            ConnectionError::State(_) => Exit::Failed,
        };
        Self { exit, message: error.to_string() }
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        match &error {
            VerifyError::NothingLoaded => Self::usage(error),
            VerifyError::ConnectionGone => Self { exit: Exit::Refused, message: error.to_string() },
            VerifyError::Target(failure) => {
                Self { exit: Exit::of_end(end_of(failure), None), message: error.to_string() }
            }
            VerifyError::Reading(_) | VerifyError::State(_) => Self::failed(error),
        }
    }
}

impl From<PullError> for CliError {
    fn from(error: PullError) -> Self {
        Self { exit: Exit::of_pull(&error), message: error.to_string() }
    }
}

impl From<PullsError> for CliError {
    fn from(error: PullsError) -> Self {
        match error {
            PullsError::Pull(error) => error.into(),
            PullsError::State(error) => error.into(),
        }
    }
}
