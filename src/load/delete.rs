use super::attempts::{Attempts, RetryBudget, StepError};
use crate::activecampaign::{Client, Disposition};
use crate::domain::{Operation, RemoteId};
use crate::state::{Part, Refusal, StateError};
use tokio_util::sync::CancellationToken;

/// The outcome of a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    Deleted,
    /// It no longer existed.
    Gone,
    /// ActiveCampaign rejected the delete, or it is not known whether it was carried out.
    Refused(Refusal),
}

/// Deletes one order, with as many requests and retries as it takes. Deletes are idempotent, so one
/// whose response was lost is sent again. What `intend` writes must be durable when it returns.
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
    F: Future<Output = Result<(), StateError>> + Send,
{
    let mut attempts = Attempts::new(client, cancel);
    let mut answer_lost = false;
    loop {
        let turn = attempts.turn().await?;
        intend().await?;
        let Err(failure) = turn.delete_order(id).await else { return Ok(Deletion::Deleted) };
        attempts.count(Operation::Delete, &failure);
        match failure.disposition {
            Disposition::Throttled | Disposition::Again => {}
            Disposition::LookUp => answer_lost = true,
            Disposition::Gone if answer_lost => return Ok(Deletion::Deleted),
            Disposition::Gone => return Ok(Deletion::Gone),
            Disposition::Stop(error) => return Err(error.into()),
            Disposition::Exists
            | Disposition::Unclear
            | Disposition::RelationGone
            | Disposition::Refused => {
                return Ok(Deletion::Refused(attempts.refusal(Part::Order, &failure)));
            }
        }
        if attempts.pause(&failure).await? == RetryBudget::Exhausted {
            return Ok(Deletion::Refused(attempts.refusal(Part::Order, &failure)));
        }
    }
}
