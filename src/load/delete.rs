use super::JournalError;
use super::loader::{Attempts, RetryBudget, next_turn};
use super::outcome::{Part, Refusal, StepError};
use crate::activecampaign::{Client, Disposition};
use crate::domain::RemoteId;
use tokio_util::sync::CancellationToken;

/// What came of a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    Deleted,
    /// It was not there any more.
    Gone,
    /// The target will not delete it, or it is not known whether it did.
    Refused(Refusal),
}

/// Deletes one order at the target, with as many requests and retries as it takes. A delete says
/// the same twice, so one whose answer was lost is sent again. `intend` must have made durable what
/// is about to happen when it returns.
///
/// # Errors
/// When the run must end; whether the order is gone is then not known.
pub async fn delete<I, F>(
    client: &Client,
    cancel: &CancellationToken,
    id: &RemoteId,
    intend: I,
) -> Result<Deletion, StepError>
where
    I: Fn() -> F + Send,
    F: Future<Output = Result<(), JournalError>> + Send,
{
    let mut attempts = Attempts::new(client);
    let mut answer_lost = false;
    loop {
        let turn = next_turn(client, cancel).await?;
        intend().await?;
        let failure = match turn.delete_order(id).await {
            Ok(()) => return Ok(Deletion::Deleted),
            Err(failure) => failure,
        };
        if failure.disposition != Disposition::Throttled {
            attempts.made += 1;
        }
        match failure.disposition {
            Disposition::Throttled | Disposition::Again => {}
            Disposition::LookUp => answer_lost = true,
            Disposition::Gone if answer_lost => return Ok(Deletion::Deleted),
            Disposition::Gone => return Ok(Deletion::Gone),
            Disposition::Stop(stop) => return Err(stop.into()),
            Disposition::Exists
            | Disposition::Unclear
            | Disposition::RelationGone
            | Disposition::Refused => {
                return Ok(Deletion::Refused(Refusal::new(Part::Order, &failure, attempts.made)));
            }
        }
        if attempts.pause(&failure, cancel).await? == RetryBudget::Exhausted {
            return Ok(Deletion::Refused(Refusal::new(Part::Order, &failure, attempts.made)));
        }
    }
}
