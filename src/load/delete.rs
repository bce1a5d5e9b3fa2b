use super::attempts::{Attempts, RetryBudget, StepError};
use super::loader::Loader;
use super::lookup::OrderLookup;
use crate::activecampaign::{Client, Disposition, Failure, Removable};
use crate::domain::{Operation, Order, RemoteId};
use crate::state::{LetterPart, Refusal, StateError};
use tokio_util::sync::CancellationToken;

/// The outcome of a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    Deleted,
    /// It no longer existed.
    Gone,
    /// ActiveCampaign rejected the delete.
    Refused(Refusal),
    /// The retries ended, and it is not known whether it was carried out.
    Undecided(Refusal),
}

/// The outcome of a delete that precedes a new create of the same order.
pub(super) enum TakenOut {
    Deleted,
    /// ActiveCampaign has the order under this customer already.
    NotMoved,
    /// ActiveCampaign has no such order under the id.
    NotThere,
    /// The cart became an order.
    Superseded,
    /// The id could not be read.
    Unread(Failure),
    Refused(Refusal),
}

/// Deletes an order so that it can be created again, unless it has this `customer` already. Only a
/// record that is still this order is deleted. A run that is interrupted in between leaves an
/// intended delete: the next one looks the order up and creates it if it is gone, whatever the
/// policies say.
pub(super) async fn take_out(
    loader: &Loader,
    order: &Order,
    id: &RemoteId,
    customer: Option<&RemoteId>,
) -> Result<TakenOut, StepError> {
    let key = &order.key;
    match (OrderLookup { loader, order: key }).read(id).await? {
        Ok(Some(remote)) if key.is_cart() && remote.is_order() => return Ok(TakenOut::Superseded),
        Ok(Some(remote)) if remote.text_of(key) != key.as_str() => return Ok(TakenOut::NotThere),
        Ok(Some(remote)) if customer == Some(&remote.customer) => return Ok(TakenOut::NotMoved),
        Ok(Some(_)) => {}
        Ok(None) => return Ok(TakenOut::NotThere),
        Err(failure) => return Ok(TakenOut::Unread(failure)),
    }
    let intend = || loader.ledger.intend_delete(key);
    match delete(&loader.client, &loader.cancel, id, intend).await? {
        Deletion::Deleted | Deletion::Gone => {
            loader.ledger.note_deleted(key, id).await?;
            Ok(TakenOut::Deleted)
        }
        Deletion::Refused(refusal) | Deletion::Undecided(refusal) => Ok(TakenOut::Refused(refusal)),
    }
}

/// Deletes one order, with as many requests and retries as needed. Deletes are idempotent, so one
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
        let Err(failure) = turn.remove(Removable::Order, id).await else {
            return Ok(Deletion::Deleted);
        };
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
                return Ok(Deletion::Refused(attempts.refusal(LetterPart::Order, &failure)));
            }
        }
        if attempts.pause(&failure).await? == RetryBudget::Exhausted {
            return Ok(Deletion::Undecided(attempts.refusal(LetterPart::Order, &failure)));
        }
    }
}
