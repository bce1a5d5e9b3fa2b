use super::attempts::{Attempts, RetryBudget, StepError};
use crate::activecampaign::{
    BulkBody, BulkForm, BulkReply, Client, Disposition, Failure, FatalError, SentOrder, Turn,
};
use crate::domain::{Operation, Order, RemoteId};
use crate::state::{LetterPart, Refusal};
use tokio_util::sync::CancellationToken;

/// How an order that ActiveCampaign has is written again.
pub enum Rewrite<'a> {
    /// By REST, to the record of this id; it keeps its customer.
    Rest { id: &'a RemoteId, connection: &'a RemoteId },
    /// By GraphQL, to its key.
    Bulk(&'a BulkForm),
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewritten {
    Accepted,
    Refused(Refusal),
    /// The retries ended, and it is not known whether it was carried out.
    Undecided(Refusal),
}

/// Writes one order again, with the content it has, in as many requests and retries as needed. It
/// is idempotent. The ledger is neither read nor changed.
///
/// # Errors
/// When the work must end; whether the order was written is then not known.
pub async fn rewrite(
    client: &Client,
    cancel: &CancellationToken,
    order: &Order,
    how: &Rewrite<'_>,
) -> Result<Rewritten, StepError> {
    let mut attempts = Attempts::new(client, cancel);
    loop {
        let turn = attempts.turn().await?;
        let failure = match send(turn, order, how).await? {
            Ok(BulkReply::Accepted) => return Ok(Rewritten::Accepted),
            Ok(BulkReply::Named(code)) => return Ok(Rewritten::Refused(refused(code))),
            Ok(BulkReply::NotStored) => {
                return Ok(Rewritten::Refused(refused("validation_errors".to_owned())));
            }
            Ok(BulkReply::Unclear | BulkReply::BatchRefused) => Failure::unclear("upsert_orders"),
            Err(failure) => failure,
        };
        attempts.count(Operation::Update, &failure);
        match failure.disposition {
            Disposition::Throttled | Disposition::Again | Disposition::LookUp => {}
            Disposition::Stop(error) => return Err(error.into()),
            Disposition::Exists
            | Disposition::Unclear
            | Disposition::Gone
            | Disposition::RelationGone
            | Disposition::Refused => {
                return Ok(Rewritten::Refused(attempts.refusal(LetterPart::Order, &failure)));
            }
        }
        if attempts.pause(&failure).await? == RetryBudget::Exhausted {
            return Ok(Rewritten::Undecided(attempts.refusal(LetterPart::Order, &failure)));
        }
        if let (Disposition::LookUp, Rewrite::Bulk(form)) = (failure.disposition, how) {
            look(client, cancel, order, form).await?;
        }
    }
}

/// Reads an order that may have arrived before it is sent again. Its existence proves nothing about
/// its content, so it is sent again in any case.
async fn look(
    client: &Client,
    cancel: &CancellationToken,
    order: &Order,
    form: &BulkForm,
) -> Result<(), StepError> {
    let keys = [&order.key];
    let reading = client.orders_by_key(&form.connection, &keys);
    match cancel.run_until_cancelled(reading).await.ok_or(StepError::Cancelled)? {
        Ok(_) => Ok(()),
        Err(failure) => Err(match failure.disposition {
            Disposition::Stop(stop) => stop.into(),
            _ => FatalError::Unavailable { retry_after: None, cause: failure.cause }.into(),
        }),
    }
}

async fn send(
    turn: Turn<'_>,
    order: &Order,
    how: &Rewrite<'_>,
) -> Result<Result<BulkReply, Failure>, StepError> {
    match how {
        Rewrite::Rest { id, connection } => {
            let sent = turn.update_order(id, connection, None, order).await;
            Ok(sent.map(|_| BulkReply::Accepted))
        }
        Rewrite::Bulk(form) => {
            let sent = [SentOrder { order, kept: None }];
            let body = BulkBody::new(form, &sent).map_err(|fields| {
                tracing::error!("{fields}");
                FatalError::Schema
            })?;
            let replies = turn.upsert_orders(body, &sent, form).await;
            Ok(replies.map(|mut replies| replies.pop().unwrap_or(BulkReply::Unclear)))
        }
    }
}

/// Refused by an error that answers a request with this order alone.
fn refused(code: String) -> Refusal {
    Refusal { part: LetterPart::Order, status: None, code: Some(code), pointer: None, attempts: 1 }
}
