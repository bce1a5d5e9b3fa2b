use super::UndoError;
use crate::activecampaign::Client;
use crate::domain::{Answer, Attempt, Operation, RemoteId};
use crate::load::{Deletion, delete};
use crate::state::{
    ConnectionId, CreatedOrder, DeletePurpose, LetterPart, Refusal, RunId, StateHandle, Store,
};
use tokio_util::sync::CancellationToken;

/// How ActiveCampaign's list shows the id of an order that the run created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum ListedAs {
    AsCreated,
    UnderAnotherKey,
    /// Deleted, or the list moved while it was read.
    NotAtAll,
}

/// Deletes of an order that are answered with 404 although it exists.
const CONTRADICTIONS_MAX: u32 = 3;

/// The result for one order.
#[derive(Debug)]
pub(in crate::run) enum DeleteOutcome {
    Deleted,
    Gone,
    Foreign(String),
    /// The key, and why ActiveCampaign does not delete it.
    Refused(String, String),
    /// The key, and why it is not known whether it was deleted.
    Undecided(String, String),
}

/// What each delete needs.
pub(in crate::run) struct Deleting {
    pub client: Client,
    pub state: StateHandle,
    pub run: RunId,
    pub connection: ConnectionId,
    pub remote: RemoteId,
    pub halt: CancellationToken,
    pub purpose: DeletePurpose,
}

impl Deleting {
    /// Deletes one order, unless its id now belongs to another, and removes it from the ledger.
    pub(in crate::run) async fn carry_out(
        &self,
        order: CreatedOrder,
        listed: ListedAs,
    ) -> Result<DeleteOutcome, UndoError> {
        let mut listed = match listed {
            ListedAs::NotAtAll => self.look_again(&order).await?,
            listed => listed,
        };
        for _ in 0..CONTRADICTIONS_MAX {
            match listed {
                ListedAs::UnderAnotherKey => return Ok(DeleteOutcome::Foreign(order.key)),
                ListedAs::NotAtAll => return self.settle(order, DeleteOutcome::Gone).await,
                ListedAs::AsCreated => {}
            }
            match self.delete(&order).await? {
                Deletion::Deleted => return self.settle(order, DeleteOutcome::Deleted).await,
                Deletion::Gone => listed = self.look_again(&order).await?,
                Deletion::Refused(refusal) => return self.refused(order, refusal).await,
                Deletion::Undecided(failure) => {
                    let reason = failure.reason().to_string();
                    self.note_failed(&order, "look_up", failure).await?;
                    return Ok(DeleteOutcome::Undecided(order.key, reason));
                }
            }
        }
        let contradicted = Refusal {
            part: LetterPart::Order,
            status: Some(404),
            code: Some("contradicted".to_owned()),
            pointer: None,
            attempts: CONTRADICTIONS_MAX,
        };
        self.refused(order, contradicted).await
    }

    async fn refused(
        &self,
        order: CreatedOrder,
        refusal: Refusal,
    ) -> Result<DeleteOutcome, UndoError> {
        let reason = refusal.reason().to_string();
        self.note_failed(&order, "refused", refusal).await?;
        Ok(DeleteOutcome::Refused(order.key, reason))
    }

    /// A list that is paged during other writes can omit an order: only reading the order itself
    /// proves that it is gone.
    async fn look_again(&self, order: &CreatedOrder) -> Result<ListedAs, UndoError> {
        let looking = self.halt.run_until_cancelled(self.client.order_in_time(&order.id));
        let found = looking.await.ok_or(UndoError::Interrupted)??;
        let Some(there) = found else { return Ok(ListedAs::NotAtAll) };
        let is_own = there.ledger_text() == order.key && there.connection == self.remote;
        Ok(if is_own { ListedAs::AsCreated } else { ListedAs::UnderAnotherKey })
    }

    async fn delete(&self, order: &CreatedOrder) -> Result<Deletion, UndoError> {
        let intend = || {
            let (state, connection, key) = (self.state.clone(), self.connection, order.key.clone());
            async move { state.call(move |store| store.intend_delete(connection, &key)).await }
        };
        Ok(delete(&self.client, &self.halt, &order.id, intend).await?)
    }

    async fn note_failed(
        &self,
        order: &CreatedOrder,
        disposition: &str,
        refusal: Refusal,
    ) -> Result<(), UndoError> {
        let (run, connection, key) = (self.run, self.connection, order.key.clone());
        let Refusal { status, code, .. } = refusal;
        let answer = Answer::Failed { disposition: disposition.to_owned(), status, code };
        let attempt = Attempt::new(Operation::Delete, answer, Some(order.id.clone()));
        let entry = move |store: &mut Store| store.note(run, connection, &key, &attempt);
        Ok(self.state.call(entry).await?)
    }

    async fn settle(
        &self,
        order: CreatedOrder,
        ended: DeleteOutcome,
    ) -> Result<DeleteOutcome, UndoError> {
        let (run, connection, purpose) = (self.run, self.connection, self.purpose);
        let settle =
            move |store: &mut Store| store.settle_deleted(run, connection, &order, purpose);
        self.state.call(settle).await?;
        Ok(ended)
    }
}
