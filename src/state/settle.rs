use super::sql_types::stored_id;
use super::{
    ConnectionId, Counts, DeadLetter, Refusal, Requests, RunId, StateError, Store, dead_letters,
    history, order_digests,
};
use crate::domain::{Attempt, Fingerprint, Operation, OrderDigest, OrderKey, RemoteId};
use rusqlite::{Transaction, named_params, params};

/// What came of an order's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderOutcome {
    Created(RemoteId),
    Updated(RemoteId),
    /// ActiveCampaign had it already, written by someone else.
    Adopted(RemoteId),
    /// A cart whose order was sent before it.
    Superseded,
    /// Someone deleted it at ActiveCampaign, and it is to stay deleted.
    LeftDeleted,
    /// ActiveCampaign rejected this payload.
    Refused(Refusal),
    /// Retries are used up and the outcome is unknown: the intent stays, and the next run looks it
    /// up.
    Unconfirmed(Refusal),
}

impl OrderOutcome {
    /// Whether ActiveCampaign holds what was sent.
    pub fn is_at_remote(&self) -> bool {
        matches!(self, Self::Created(_) | Self::Updated(_) | Self::Adopted(_))
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) | Self::Unconfirmed(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// One order's outcome with the payload it was of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub key: OrderKey,
    pub fingerprint: Fingerprint,
    pub outcome: OrderOutcome,
    /// Of the same payload.
    pub outline: Option<OrderDigest>,
}

/// What one transaction settles: outcomes with the counts and the checkpoint that follow from them.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    pub orders: Vec<Settled>,
    pub dead: Vec<DeadLetter>,
    /// Of records that needed no request, up to the checkpoint; those of `orders` are counted by
    /// themselves.
    pub counts: Counts,
    /// The lowest record not yet settled, where it moved.
    pub checkpoint: Option<u64>,
    /// Since the last settlement.
    pub requests: Requests,
    /// Time at work since the last settlement.
    pub active_ms: u64,
}

impl Store {
    /// Outcomes and checkpoint in one transaction: the checkpoint is never ahead of the ledger.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn settle(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        settlement: &Settlement,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let mut counts = settlement.counts;
        for settled in &settlement.orders {
            write_order(&transaction, run, connection, settled)?;
            if let Some(attempt) = attempt_of(&settled.outcome) {
                history::add(&transaction, run, connection, &settled.key.ledger_text(), &attempt)?;
            }
            if let Some(outline) = &settled.outline
                && settled.outcome.is_at_remote()
            {
                order_digests::write(
                    &transaction,
                    connection,
                    &settled.key,
                    (settled.fingerprint, outline),
                )?;
            }
            counts.count(&settled.outcome);
        }
        for letter in &settlement.dead {
            dead_letters::write(&transaction, run, letter)?;
        }
        add_counts(&transaction, run, &counts, settlement)?;
        Ok(transaction.commit()?)
    }
}

/// What the history keeps of an outcome. Of one that did not come about it has the answers already.
fn attempt_of(outcome: &OrderOutcome) -> Option<Attempt> {
    let done = |operation, id: &RemoteId| Some(Attempt::done(operation, Some(id.clone())));
    match outcome {
        OrderOutcome::Created(id) => done(Operation::Create, id),
        OrderOutcome::Updated(id) => done(Operation::Update, id),
        OrderOutcome::Adopted(id) => done(Operation::Adopt, id),
        OrderOutcome::LeftDeleted => Some(Attempt::done(Operation::Leave, None)),
        OrderOutcome::Superseded | OrderOutcome::Refused(_) | OrderOutcome::Unconfirmed(_) => None,
    }
}

fn write_order(
    transaction: &Transaction<'_>,
    run: RunId,
    connection: ConnectionId,
    settled: &Settled,
) -> Result<(), StateError> {
    let (id, outcome) = match &settled.outcome {
        OrderOutcome::Created(id) => (id, 1),
        OrderOutcome::Updated(id) => (id, 2),
        OrderOutcome::Adopted(id) => (id, 3),
        OrderOutcome::LeftDeleted => {
            transaction
                .prepare_cached(
                    "UPDATE orders SET fingerprint = ?3, state = 0, outcome = 4, run = ?4
                     WHERE connection = ?1 AND key = ?2",
                )?
                .execute(params![
                    connection,
                    settled.key.ledger_text(),
                    settled.fingerprint.to_i64(),
                    run
                ])?;
            return Ok(());
        }
        OrderOutcome::Unconfirmed(_) | OrderOutcome::Superseded => return Ok(()),
        OrderOutcome::Refused(_) => {
            transaction
                .prepare_cached(
                    "INSERT INTO orders (connection, key, fingerprint, state, outcome, run) VALUES (?1, ?2, ?3, 3, 0, ?4)
                     ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, state = 3, outcome = 0, run = excluded.run",
                )?
                .execute(params![connection, settled.key.ledger_text(), settled.fingerprint.to_i64(), run])?;
            return Ok(());
        }
    };
    // Undoing a run rests on `created_run`: the run whose intent it was has created it, whoever
    // learned of it; and an id that was known before was not created now.
    transaction
        .prepare_cached(
            "INSERT INTO orders (connection, key, remote_id, fingerprint, state, outcome, run, created_run)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, iif(?5 = 1, ?6, NULL))
             ON CONFLICT DO UPDATE SET
                 created_run = CASE WHEN remote_id IS excluded.remote_id THEN created_run
                     WHEN excluded.outcome = 1 THEN run WHEN excluded.outcome = 3 THEN NULL ELSE created_run END,
                 remote_id = excluded.remote_id, fingerprint = excluded.fingerprint,
                 state = 0, outcome = excluded.outcome, run = excluded.run",
        )?
        .execute(params![
            connection,
            settled.key.ledger_text(),
            stored_id(id),
            settled.fingerprint.to_i64(),
            outcome,
            run
        ])?;
    Ok(())
}

fn add_counts(
    transaction: &Transaction<'_>,
    run: RunId,
    counts: &Counts,
    settlement: &Settlement,
) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "UPDATE runs SET created = created + :created, updated = updated + :updated, adopted = adopted + :adopted,
                 unchanged = unchanged + :unchanged, filtered = filtered + :filtered, invalid = invalid + :invalid,
                 refused = refused + :refused, checkpoint = max(checkpoint, coalesce(:checkpoint, 0)),
                 requests_total = requests_total + :total, requests_retried = requests_retried + :retried,
                 requests_throttled = requests_throttled + :throttled, active_ms = active_ms + :active
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": run,
            ":created": counts.created as i64,
            ":updated": counts.updated as i64,
            ":adopted": counts.adopted as i64,
            ":unchanged": counts.unchanged as i64,
            ":filtered": counts.filtered as i64,
            ":invalid": counts.invalid as i64,
            ":refused": counts.refused as i64,
            ":checkpoint": settlement.checkpoint.map(|record| record as i64),
            ":total": settlement.requests.total as i64,
            ":retried": settlement.requests.retried as i64,
            ":throttled": settlement.requests.throttled as i64,
            ":active": settlement.active_ms as i64,
        })?;
    Ok(())
}
