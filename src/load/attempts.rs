use crate::activecampaign::{Client, Disposition, Failure, FatalError, Retry, RetryDecision, Turn};
use crate::domain::{Answer, Attempt, Operation};
use crate::state::{LetterPart, Refusal, StateError};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Why the run must end before the step is carried out; the record stays pending.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error("interrupted")]
    Cancelled,
    #[error(transparent)]
    State(#[from] StateError),
}

/// Whether another attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryBudget {
    Left,
    Exhausted,
}

/// The attempts at one record.
pub(super) struct Attempts<'a> {
    client: &'a Client,
    cancel: &'a CancellationToken,
    retry: Retry,
    made: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(client: &'a Client, cancel: &'a CancellationToken) -> Self {
        Self { client, cancel, retry: client.retry(), made: 0 }
    }

    /// The next turn to send, unless the run must end.
    pub(super) async fn turn(&self) -> Result<Turn<'a>, StepError> {
        let turn = self.cancel.run_until_cancelled(self.client.turn()).await;
        Ok(turn.ok_or(StepError::Cancelled)??)
    }

    /// Counts a failed attempt; `None` for a throttled request, which was not carried out and does
    /// not count.
    pub(super) fn count(&mut self, operation: Operation, failure: &Failure) -> Option<Attempt> {
        if failure.disposition == Disposition::Throttled {
            return None;
        }
        self.made += 1;
        Some(failed(operation, failure))
    }

    /// Waits as long as the failure requires.
    pub(super) async fn pause(&mut self, failure: &Failure) -> Result<RetryBudget, StepError> {
        if failure.disposition == Disposition::Throttled {
            return Ok(RetryBudget::Left);
        }
        match self.retry.after(failure) {
            RetryDecision::Exhausted => Ok(RetryBudget::Exhausted),
            RetryDecision::Stop(error) => Err(error.into()),
            RetryDecision::After(delay) => {
                wait(self.cancel, delay).await?;
                Ok(RetryBudget::Left)
            }
        }
    }

    pub(super) fn refusal(&self, part: LetterPart, failure: &Failure) -> Refusal {
        let (code, pointer) = (failure.code.clone(), failure.pointer.clone());
        Refusal { part, status: failure.status, code, pointer, attempts: self.made }
    }
}

/// Waits this long, unless the run must end.
pub(super) async fn wait(cancel: &CancellationToken, delay: Duration) -> Result<(), StepError> {
    cancel.run_until_cancelled(sleep(delay)).await.ok_or(StepError::Cancelled)
}

/// A failed attempt, as stored in the history.
pub(super) fn failed(operation: Operation, failure: &Failure) -> Attempt {
    let disposition = failure.disposition.word().to_owned();
    let answer = Answer::Failed { disposition, status: failure.status, code: failure.code.clone() };
    Attempt::new(operation, answer, None)
}
