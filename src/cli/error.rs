use super::exit::Exit;
use super::fault::Fault;
use crate::extract::OpenError;
use crate::pull::PullError;
use crate::run::PullsError;
use crate::run::{
    AdoptError, ConnectionError, ReadingError, RunError, SwitchRefusal, UndoRefusal, VerifyError,
    end_by,
};
use crate::settings::{SecretError, SettingsError};
use crate::state::StateError;
use serde_json::{Value, json};

/// An expected failure, with the exit code it leads to.
#[derive(Debug)]
pub(super) struct CliError {
    pub exit: Exit,
    pub message: String,
    /// The single faults, if each has its own place or code.
    faults: Vec<Fault>,
}

impl CliError {
    pub(super) fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: message.to_string(), faults: Vec::new() }
    }

    pub(super) fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(super) fn failed(message: impl ToString) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(super) fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    pub(super) fn with_faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { faults: faults.into_iter().collect(), ..self }
    }

    /// Several failures as one.
    pub(super) fn all(errors: Vec<Self>) -> Result<(), Self> {
        let exits = errors.iter().map(|error| error.exit);
        let Some(exit) = exits.reduce(Exit::worse) else { return Ok(()) };
        let texts: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let whole = Self::new(exit, texts.join("\n"));
        Err(whole.with_faults(errors.iter().flat_map(Self::faults)))
    }

    /// The single faults; at least one.
    pub(super) fn faults(&self) -> Vec<Fault> {
        if self.faults.is_empty() {
            vec![Fault::of_text(self.exit.word(), &self.message)]
        } else {
            self.faults.clone()
        }
    }

    /// The object that `--json` prints: the first fault, and each in `findings`.
    pub(super) fn json(&self) -> Value {
        let faults: Vec<Value> = self.faults().iter().map(Fault::json).collect();
        let mut error = faults[0].clone();
        error["exit"] = self.exit.code().into();
        error["findings"] = faults.into();
        json!({ "error": error })
    }

    /// The error of a run, together with what the run did.
    pub(super) fn json_of_run(&self) -> Value {
        let code = self.faults()[0].code;
        let Fault { message, hint, .. } = Fault::of_text(code, &self.message);
        json!({ "code": code, "exit": self.exit.code(), "message": message, "hint": hint })
    }

    pub(super) fn map_message(self, map: impl FnOnce(&str) -> String) -> Self {
        Self { message: map(&self.message), ..self }
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        vec![error].into()
    }
}

impl From<Vec<SettingsError>> for CliError {
    fn from(errors: Vec<SettingsError>) -> Self {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Self::usage(texts.join("\n")).with_faults(errors.iter().map(Fault::from))
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        Self::usage(&error).with_faults(error.faults.iter().map(Fault::from))
    }
}

impl From<SecretError> for CliError {
    fn from(error: SecretError) -> Self {
        Self::usage(&error).with_faults([Fault::from(&error)])
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::Locked { .. } => Exit::Locked,
            StateError::Newer { .. }
            | StateError::Elsewhere { .. }
            | StateError::HandedOver { .. } => Exit::Usage,
            StateError::Io { .. }
            | StateError::LowDisk { .. }
            | StateError::ReadOnly { .. }
            | StateError::Sqlite { .. }
            | StateError::Scratch(_)
            | StateError::Sql(_) => Exit::Failed,
        };
        let code = if error.is_lack_of_space() { "low_disk" } else { exit.word() };
        Self::new(exit, &error).with_faults([Fault::of_state(code, &error)])
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
            ReadingError::Rekeyed { .. }
            | ReadingError::MixedCarts { .. }
            | ReadingError::OtherPath { .. }
            | ReadingError::SwitchOpen { .. } => Self::usage(error),
            ReadingError::State(error) => error.into(),
            ReadingError::Read(error) => Self::failed(&error).with_faults([Fault::from(&error)]),
            ReadingError::Thread(_) => Self::failed(error),
        }
    }
}

impl From<UndoRefusal> for CliError {
    fn from(error: UndoRefusal) -> Self {
        match error {
            UndoRefusal::State(error) => error.into(),
            UndoRefusal::NoSuchRun(_)
            | UndoRefusal::OtherJob { .. }
            | UndoRefusal::SwitchOpen { .. } => Self::usage(error),
        }
    }
}

impl From<SwitchRefusal> for CliError {
    fn from(error: SwitchRefusal) -> Self {
        match error {
            SwitchRefusal::State(error) => error.into(),
            SwitchRefusal::Reading(error) => error.into(),
            other => Self::usage(other),
        }
    }
}

impl From<AdoptError> for CliError {
    fn from(error: AdoptError) -> Self {
        let exit = match &error {
            AdoptError::Reading(ReadingError::SwitchOpen { .. }) => Exit::Usage,
            AdoptError::NoConnection { .. } | AdoptError::Native { .. } => Exit::Usage,
            AdoptError::Fatal(stop) => Exit::of_end(end_by(stop), None),
            AdoptError::Target(failure) => Exit::of_failure(failure),
            AdoptError::Reading(_) | AdoptError::State(_) => Exit::Failed,
        };
        Self::new(exit, error)
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
        Self::new(exit, error)
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        match &error {
            VerifyError::NothingLoaded | VerifyError::Reading(ReadingError::SwitchOpen { .. }) => {
                Self::usage(error)
            }
            VerifyError::ConnectionGone => Self::new(Exit::Refused, error),
            VerifyError::Target(failure) => Self::new(Exit::of_failure(failure), error),
            VerifyError::Reading(_) | VerifyError::State(_) => Self::failed(error),
        }
    }
}

impl From<PullError> for CliError {
    fn from(error: PullError) -> Self {
        Self::new(Exit::of_pull(&error), error)
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
