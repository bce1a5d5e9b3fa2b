use super::JournalError;
use crate::activecampaign::{Failure, FatalError};
use crate::domain::{Answer, Attempt, Operation, RemoteId};

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Created(RemoteId),
    Updated(RemoteId),
    /// It was at the target already, by another hand.
    Adopted(RemoteId),
    /// A cart whose order went before it: there was nothing left to send.
    Idle,
    /// Somebody deleted it at the target, and it is to stay so.
    Left,
    /// The target will not take it as it is.
    Refused(Refusal),
    /// Tried as often as allowed, and still unknown whether the target took it. The intent stays.
    Unconfirmed(Refusal),
}

/// Why the target did not take a record. Titles and bodies of its answers are not kept: they can
/// quote addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub part: Part,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// The target's error code.
    pub code: Option<String>,
    /// The target's pointer to the field at fault.
    pub pointer: Option<String>,
    /// Requests made for it.
    pub attempts: u32,
}

/// Which of the two records of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Customer,
    Order,
}

impl Part {
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Order => "order",
        }
    }
}

impl Refusal {
    pub(super) fn new(part: Part, failure: &Failure, attempts: u32) -> Self {
        let (code, pointer) = (failure.code.clone(), failure.pointer.clone());
        Self { part, status: failure.status, code, pointer, attempts }
    }

    /// The code that reports and dead letters carry.
    pub fn reason(&self) -> String {
        let code = match (&self.code, self.status) {
            (Some(code), _) => code.clone(),
            (None, Some(status)) => format!("http_{status}"),
            (None, None) => "no_answer".to_owned(),
        };
        match &self.pointer {
            Some(pointer) => {
                let field = pointer.rsplit('/').next().unwrap_or_default();
                format!("{}_{code}({field})", self.part.word())
            }
            None => format!("{}_{code}", self.part.word()),
        }
    }
}

/// An attempt that did not end well, as it is kept.
pub(super) fn failed(operation: Operation, failure: &Failure) -> Attempt {
    let disposition = failure.disposition.word().to_owned();
    let answer = Answer::Failed { disposition, status: failure.status, code: failure.code.clone() };
    Attempt { operation, answer, id: None }
}

/// Why the run must end before the step is carried out; the record stays pending.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error("interrupted")]
    Cancelled,
    #[error(transparent)]
    Journal(#[from] JournalError),
}
