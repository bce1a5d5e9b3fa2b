use super::exit::Exit;
use super::fault::Fault;
use crate::extract::OpenError;
use crate::pull::PullError;
use crate::run::PullsError;
use crate::run::{
    AdoptError, ConnectionError, ReadingError, RunError, SavedPlanDiffError, SwitchRefusal,
    UndoRefusal, VerifyError, end_by,
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
        let exit = Exit::of_state(&error);
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
        let exit = Exit::of_reading(&error);
        match error {
            ReadingError::State(error) => error.into(),
            ReadingError::Read(error) => Self::new(exit, &error).with_faults([Fault::from(&error)]),
            other => Self::new(exit, other),
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
        match error {
            AdoptError::NoConnection { .. } | AdoptError::Native { .. } => Self::usage(error),
            AdoptError::Fatal(stop) => Self::new(Exit::of_end(end_by(&stop), None), stop),
            AdoptError::Target(ref failure) => Self::new(Exit::of_failure(failure), error),
            AdoptError::Reading(error) => error.into(),
            AdoptError::State(error) => error.into(),
        }
    }
}

impl From<ConnectionError> for CliError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Native { .. } | ConnectionError::Incomplete { .. } => {
                Self::usage(error)
            }
            ConnectionError::Refused(_) | ConnectionError::Gone { .. } => {
                Self::new(Exit::Refused, error)
            }
            ConnectionError::Fatal(stop) => Self::new(Exit::of_end(end_by(&stop), None), stop),
            ConnectionError::State(error) => error.into(),
        }
    }
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NothingLoaded => Self::usage(error),
            VerifyError::ConnectionGone => Self::new(Exit::Refused, error),
            VerifyError::Target(ref failure) => Self::new(Exit::of_failure(failure), error),
            VerifyError::Reading(error) => error.into(),
            VerifyError::State(error) => error.into(),
        }
    }
}

impl From<SavedPlanDiffError> for CliError {
    fn from(error: SavedPlanDiffError) -> Self {
        match error {
            SavedPlanDiffError::Reading(error) => error.into(),
            SavedPlanDiffError::Saved(error) => Self::failed(error),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn low_disk() -> StateError {
        let path = PathBuf::from("state/main.db");
        StateError::LowDisk { path, free_bytes: 1, min_bytes: 2 }
    }

    /// How a run, `verify` and `adopt` end with an error.
    fn ends(error: fn() -> ReadingError) -> [CliError; 3] {
        let (run, verify) = (RunError::from(error()), VerifyError::from(error()));
        [run.into(), verify.into(), AdoptError::from(error()).into()]
    }

    #[test]
    fn verify_and_adopt_end_as_a_run_with_the_same_error() {
        let refused: [fn() -> ReadingError; 3] = [
            || ReadingError::Rekeyed { before: "id".to_owned(), now: "number".to_owned() },
            || ReadingError::MixedCarts {
                job: "shop".to_owned(),
                format: "shopify-csv".to_owned(),
                key: "tokens",
                other: "shopify-json".to_owned(),
                other_key: "numbers",
            },
            || ReadingError::OtherPath { job: "shop".to_owned(), before: "rest", now: "bulk" },
        ];
        for error in refused {
            assert_eq!(ends(error).map(|ended| ended.exit), [Exit::Usage; 3]);
        }
        let of_state: [CliError; 3] = [
            VerifyError::from(low_disk()).into(),
            AdoptError::from(low_disk()).into(),
            ConnectionError::from(low_disk()).into(),
        ];
        for ended in ends(|| ReadingError::from(low_disk())).into_iter().chain(of_state) {
            let faults = ended.faults();
            assert_eq!((ended.exit, faults[0].code), (Exit::Failed, "low_disk"));
            assert_eq!(faults[0].location.file.as_deref(), Some("state/main.db"));
        }
    }
}
