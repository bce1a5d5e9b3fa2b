//! The errors of single steps, taken into those of the work that takes the steps.

use super::adopt::AdoptError;
use super::bulk::LookError;
use super::remote_fetch::FetchError;
use super::report::RunError;
use super::switch::SwitchError;
use super::undo::UndoError;
use crate::activecampaign::{Disposition, Failure};
use crate::load::StepError;

macro_rules! convert {
    ($from:ty => [$($error:ty),+] $arms:tt) => {$(
        impl From<$from> for $error {
            fn from(error: $from) -> Self {
                match error $arms
            }
        }
    )+};
}

convert!(Failure => [AdoptError, SwitchError, UndoError] {
    Failure { disposition: Disposition::Stop(stop), .. } => Self::Fatal(stop),
    failure => Self::Target(failure),
});

convert!(FetchError => [AdoptError, UndoError] {
    FetchError::Target(failure) => failure.into(),
    FetchError::State(error) => Self::State(error),
});

convert!(StepError => [RunError, SwitchError, UndoError] {
    StepError::Fatal(stop) => Self::Fatal(stop),
    StepError::Cancelled => Self::Interrupted,
    StepError::State(error) => Self::State(error),
});

convert!(LookError => [SwitchError, UndoError] {
    LookError::Target(failure) => failure.into(),
    LookError::State(error) => Self::State(error),
    LookError::Interrupted => Self::Interrupted,
});
