use super::order_rows::enrol;
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderId, OrderState, RunId, WriteOutcome, stored, stored_id};
use super::{
    Counts, DeadLetter, LetterReasons, Refusal, Requests, StateError, Store, dead_letters, history,
    ledger_file, order_digests,
};
use crate::domain::{Attempt, Fingerprint, Operation, OrderDigest, OrderKey, RemoteId};
use rusqlite::{Transaction, params};

/// The outcome of an order's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderOutcome {
    Created(RemoteId),
    Updated(RemoteId),
    /// ActiveCampaign had it already, written by another program.
    Adopted(RemoteId),
    /// The bulk path accepted it; its id is not known before the REST API shows the copy.
    Accepted {
        is_new: bool,
        /// Orders of the batch that it was sent in; 0: not known.
        batch: u32,
    },
    /// A cart that is superseded by its order.
    Superseded,
    /// It was deleted at ActiveCampaign, and stays deleted.
    LeftDeleted,
    /// ActiveCampaign rejected this payload.
    Refused(Refusal),
    /// Retries are used up and the outcome is unknown: the intent stays, and the next run looks it
    /// up.
    Unconfirmed(Refusal),
}

impl OrderOutcome {
    /// Whether ActiveCampaign has what was sent.
    pub fn is_at_remote(&self) -> bool {
        matches!(
            self,
            Self::Created(_) | Self::Updated(_) | Self::Adopted(_) | Self::Accepted { .. }
        )
    }

    /// The reasons of its dead letter. A rejection after a create that may have arrived has a
    /// second one, as that create may be its cause.
    pub fn reasons(&self) -> LetterReasons {
        let Some(refusal) = self.refusal() else { return LetterReasons::default() };
        let is_rejected = refusal.status.is_some_and(|status| (400..500).contains(&status));
        let is_unclear = is_rejected && matches!(self, Self::Unconfirmed(_));
        let unclear = is_unclear.then(|| refusal.unclear());
        LetterReasons(std::iter::once(refusal.reason()).chain(unclear).collect())
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) | Self::Unconfirmed(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl Counts {
    /// Counts an order that was sent.
    pub fn count(&mut self, outcome: &OrderOutcome) {
        match outcome {
            OrderOutcome::Created(_) | OrderOutcome::Accepted { is_new: true, .. } => {
                self.created += 1
            }
            OrderOutcome::Updated(_) | OrderOutcome::Accepted { is_new: false, .. } => {
                self.updated += 1;
            }
            OrderOutcome::Adopted(_) => self.adopted += 1,
            OrderOutcome::Superseded => self.unchanged += 1,
            OrderOutcome::LeftDeleted => self.filtered += 1,
            OrderOutcome::Refused(_) | OrderOutcome::Unconfirmed(_) => self.refused += 1,
        }
    }
}

/// One order's outcome with its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub key: OrderKey,
    pub fingerprint: Fingerprint,
    pub outcome: OrderOutcome,
    /// Of the same payload.
    pub digest: Option<OrderDigest>,
}

/// The content of one settlement transaction: outcomes with the resulting counts and checkpoint.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    pub orders: Vec<Settled>,
    pub dead: Vec<DeadLetter>,
    /// Records with a dead letter that are valid now and needed no request.
    pub cleared: Vec<String>,
    /// Counts of records that needed no request, up to the checkpoint; those of `orders` are
    /// counted separately.
    pub counts: Counts,
    /// The lowest record not yet settled, if it moved.
    pub checkpoint: Option<u64>,
    /// Since the last settlement.
    pub requests: Requests,
    /// Running time since the last settlement.
    pub active_ms: u64,
}

impl Store {
    /// Outcomes and checkpoint in one transaction: the checkpoint is never ahead of the ledger.
    pub fn settle(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        settlement: &Settlement,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let mut counts = settlement.counts;
        for settled in &settlement.orders {
            let order = write_order(&transaction, run, connection, settled)?;
            if let Some(attempt) = attempt_of(&settled.outcome) {
                history::add(&transaction, run, order, &attempt)?;
            }
            if let Some(digest) = settled.digest.as_ref().filter(|_| settled.outcome.is_at_remote())
            {
                order_digests::write(&transaction, order, digest)?;
            }
            if settled.outcome.refusal().is_none() {
                let key = settled.key.ledger_text();
                dead_letters::clear(&transaction, run, connection, &key)?;
            }
            counts.count(&settled.outcome);
        }
        for letter in &settlement.dead {
            dead_letters::write(&transaction, run, letter)?;
        }
        for record in &settlement.cleared {
            dead_letters::clear(&transaction, run, connection, record)?;
        }
        add_counts(&transaction, run, &counts, settlement)?;
        ledger_file::count_recorded(&transaction, settlement.orders.len())?;
        Ok(transaction.commit()?)
    }
}

/// The history entry of an outcome. Failed attempts were recorded when they happened.
fn attempt_of(outcome: &OrderOutcome) -> Option<Attempt> {
    let done = |operation, id: &RemoteId| Some(Attempt::done(operation, Some(id.clone())));
    match outcome {
        OrderOutcome::Created(id) => done(Operation::Create, id),
        OrderOutcome::Updated(id) => done(Operation::Update, id),
        OrderOutcome::Adopted(id) => done(Operation::Adopt, id),
        OrderOutcome::Accepted { is_new, batch } => {
            let operation = if *is_new { Operation::Create } else { Operation::Update };
            Some(Attempt::done(operation, None).in_batch(*batch))
        }
        OrderOutcome::LeftDeleted => Some(Attempt::done(Operation::Leave, None)),
        OrderOutcome::Superseded | OrderOutcome::Refused(_) | OrderOutcome::Unconfirmed(_) => None,
    }
}

/// Writes the outcome into the order's row.
fn write_order(
    transaction: &Transaction<'_>,
    run: RunId,
    connection: ConnectionId,
    settled: &Settled,
) -> Result<OrderId, StateError> {
    let key = settled.key.ledger_text();
    let order = enrol(transaction, run, connection, &key)?;
    let (id, state, outcome) = match &settled.outcome {
        OrderOutcome::Created(id) => (Some(id), OrderState::Settled, Some(WriteOutcome::Created)),
        OrderOutcome::Updated(id) => (Some(id), OrderState::Settled, Some(WriteOutcome::Updated)),
        OrderOutcome::Adopted(id) => (Some(id), OrderState::Settled, Some(WriteOutcome::Adopted)),
        OrderOutcome::Accepted { is_new: true, .. } => {
            (None, OrderState::Accepted, Some(WriteOutcome::Created))
        }
        OrderOutcome::Accepted { is_new: false, .. } => {
            (None, OrderState::Accepted, Some(WriteOutcome::Updated))
        }
        OrderOutcome::LeftDeleted => (None, OrderState::Settled, Some(WriteOutcome::LeftDeleted)),
        OrderOutcome::Refused(_) => (None, OrderState::Refused, None),
        // Noted as settled, so that a resumed run does not count the cart again.
        OrderOutcome::Superseded => (None, OrderState::BecameOrder, Some(WriteOutcome::Superseded)),
        OrderOutcome::Unconfirmed(_) => return Ok(order),
    };
    // An undo depends on `created_run`: the run with the intent has created the order, whichever
    // run learned about it; and an order with a known id, or one that was accepted before and has
    // none yet, was not created now.
    transaction.run(
        "UPDATE orders SET
                 created_run = CASE
                     WHEN ?5 = ?10 AND ?6 = ?8 THEN iif(remote_id IS NULL, coalesce(created_run, run), run)
                     WHEN ?3 IS NULL OR remote_id IS ?3 THEN created_run
                     WHEN ?6 = ?8 THEN run WHEN ?6 = ?9 THEN NULL ELSE created_run END,
                 remote_id = coalesce(?3, remote_id), fingerprint = ?4, state = ?5, outcome = ?6,
                 run = ?7
             WHERE connection = ?1 AND key = ?2",
        params![
            connection,
            stored(&key),
            id.map(stored_id),
            settled.fingerprint.to_i64(),
            state,
            outcome,
            run,
            WriteOutcome::Created,
            WriteOutcome::Adopted,
            OrderState::Accepted,
        ],
    )?;
    Ok(order)
}

fn add_counts(
    transaction: &Transaction<'_>,
    run: RunId,
    counts: &Counts,
    settlement: &Settlement,
) -> Result<(), StateError> {
    transaction.run(
        "UPDATE runs SET created = created + ?2, updated = updated + ?3, adopted = adopted + ?4,
                 unchanged = unchanged + ?5, filtered = filtered + ?6, invalid = invalid + ?7,
                 refused = refused + ?8, checkpoint = max(checkpoint, coalesce(?9, 0)),
                 requests_total = requests_total + ?10, requests_retried = requests_retried + ?11,
                 requests_throttled = requests_throttled + ?12, active_ms = active_ms + ?13
             WHERE id = ?1",
        params![
            run,
            counts.created,
            counts.updated,
            counts.adopted,
            counts.unchanged,
            counts.filtered,
            counts.invalid,
            counts.refused,
            settlement.checkpoint,
            settlement.requests.total,
            settlement.requests.retried,
            settlement.requests.throttled,
            settlement.active_ms,
        ],
    )?;
    Ok(())
}
