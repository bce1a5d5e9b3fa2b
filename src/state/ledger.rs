use super::sql_types::{StoredId, now_ms, stored, stored_id, stored_key, stored_numbers};
use super::{ConnectionId, RunId, RunRow, Stage, StateError, Store, history};
use crate::domain::{
    Answer, Attempt, CustomerEntry, Fingerprint, LedgerEntry, Operation, OrderKey, RemoteId,
};
use rusqlite::{Connection, OptionalExtension, params};

/// Our number of an order.
pub(super) type OrderId = i64;

stored_numbers! {
    /// Where an order stands in the ledger.
    pub(super) OrderState {
        Settled = 0,
        CreateIntended = 1,
        UpdateIntended = 2,
        Refused = 3,
        /// A cart that became an order.
        BecameOrder = 4,
        DeleteIntended = 5,
        /// Not in the ledger: it has a history alone, or left the ledger.
        Absent = 6,
    }

    /// What came of the last write of an order.
    pub(super) WriteOutcome {
        Created = 1,
        Updated = 2,
        Adopted = 3,
        LeftDeleted = 4,
    }
}

/// What the ledger says of the last write of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWrite {
    /// The run that touched it last; 0 stands for `adopt`.
    pub run: RunId,
    /// The run that created it at ActiveCampaign; `None`: adopted, or not there.
    pub created_run: Option<RunId>,
    /// `created`, `updated`, `adopted`, `left deleted`, `refused` or `became an order`; `None`
    /// while no write has been answered.
    pub outcome: Option<&'static str>,
}

pub(super) fn last_write(
    db: &Connection,
    connection: ConnectionId,
    key: &OrderKey,
) -> Result<Option<LastWrite>, StateError> {
    let sql = "SELECT run, created_run, outcome, state FROM orders
               WHERE connection = ?1 AND key = ?2 AND state <> ?3";
    let found =
        db.query_row(sql, params![connection, stored_key(key), OrderState::Absent], |row| {
            let outcome =
                match (row.get::<_, OrderState>(3)?, row.get::<_, Option<WriteOutcome>>(2)?) {
                    (OrderState::Refused, _) => Some("refused"),
                    (OrderState::BecameOrder, _) => Some("became an order"),
                    (_, Some(WriteOutcome::Created)) => Some("created"),
                    (_, Some(WriteOutcome::Updated)) => Some("updated"),
                    (_, Some(WriteOutcome::Adopted)) => Some("adopted"),
                    (_, Some(WriteOutcome::LeftDeleted)) => Some("left deleted"),
                    (_, None) => None,
                };
            Ok(LastWrite { run: row.get(0)?, created_run: row.get(1)?, outcome })
        });
    Ok(found.optional()?)
}

/// The number of an order's row, which is added, as not in the ledger, where there is none. `key`:
/// as the ledger writes it.
pub(super) fn enrol(
    db: &Connection,
    run: RunId,
    connection: ConnectionId,
    key: &str,
) -> Result<OrderId, StateError> {
    let found: Option<(OrderId, OrderState)> = db
        .prepare_cached("SELECT id, state FROM orders WHERE connection = ?1 AND key = ?2")?
        .query_row(params![connection, stored(key)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let id = match found {
        Some((id, OrderState::Absent)) => {
            db.prepare_cached("UPDATE orders SET run = ?3 WHERE connection = ?1 AND key = ?2")?
                .execute(params![connection, stored(key), run])?;
            id
        }
        Some((id, _)) => id,
        None => {
            let id = db
                .prepare_cached(
                    "UPDATE account SET value = value + 1 WHERE name = 'last_order' RETURNING value",
                )?
                .query_row([], |row| row.get(0))?;
            db.prepare_cached(
                "INSERT INTO orders (connection, key, id, state, run) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![connection, stored(key), id, OrderState::Absent, run])?;
            id
        }
    };
    Ok(id)
}

/// Takes an order out of the ledger; its history stays.
pub(super) fn forget(
    db: &Connection,
    connection: ConnectionId,
    key: &str,
) -> Result<(), StateError> {
    db.prepare_cached(
        "UPDATE orders SET state = ?3, remote_id = NULL, fingerprint = NULL, outcome = NULL,
             created_run = NULL, verified = NULL, differs = NULL
         WHERE connection = ?1 AND key = ?2",
    )?
    .execute(params![connection, stored(key), OrderState::Absent])?;
    Ok(())
}

impl Store {
    /// Notes, durably, that this order is about to be written at ActiveCampaign, with the payload
    /// of this fingerprint. Where that fails, the request must not be sent.
    pub fn intend_order(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        key: &OrderKey,
        fingerprint: Fingerprint,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        enrol(&transaction, run, connection, &key.ledger_text())?;
        transaction
            .prepare_cached(
                "UPDATE orders SET state = iif(remote_id IS NULL, ?5, ?6), verified = -abs(verified),
                     fingerprint = ?4, outcome = NULL, run = ?3
                 WHERE connection = ?1 AND key = ?2",
            )?
            .execute(params![
                connection,
                stored_key(key),
                run,
                fingerprint.to_i64(),
                OrderState::CreateIntended,
                OrderState::UpdateIntended,
            ])?;
        Ok(transaction.commit()?)
    }

    /// Notes that ActiveCampaign's order of this key is not what the ledger says: the next sync
    /// writes it again; where it `is_missing` there, as a new one. `found`: the fields that differ,
    /// for the history.
    pub fn doubt_order(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
        is_missing: bool,
        found: &str,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let text = key.ledger_text();
        let order: Option<(OrderId, OrderState)> = transaction
            .prepare_cached("SELECT id, state FROM orders WHERE connection = ?1 AND key = ?2")?
            .query_row(params![connection, stored(&text)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let doubted = match order {
            Some((id, OrderState::Settled | OrderState::Refused)) if is_missing => {
                forget(&transaction, connection, &text)?;
                Some(id)
            }
            Some((id, OrderState::Settled)) => {
                let sql = "UPDATE orders SET fingerprint = NULL WHERE connection = ?1 AND key = ?2";
                transaction.prepare_cached(sql)?.execute(params![connection, stored(&text)])?;
                Some(id)
            }
            _ => None,
        };
        if let Some(id) = doubted {
            let (disposition, code) = ("queued".to_owned(), Some(found.to_owned()));
            let answer = Answer::Failed { disposition, status: None, code };
            let attempt = Attempt { operation: Operation::Repair, answer, id: None };
            history::add(&transaction, 0, id, &attempt)?;
        }
        // An interrupted run would count the order as settled.
        transaction
            .prepare_cached(
                "UPDATE runs SET closed_ms = ?2 WHERE closed_ms IS NULL AND connection = ?1",
            )?
            .execute(params![connection, now_ms()])?;
        Ok(transaction.commit()?)
    }

    pub fn order(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<LedgerEntry, StateError> {
        entry_of(&self.db, connection, key)
    }

    /// Notes, durably, that the order of this cart is at ActiveCampaign. What this run did with the
    /// cart before still counts.
    pub fn settle_cart(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        cart: &OrderKey,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        enrol(&transaction, run, connection, &cart.ledger_text())?;
        transaction
            .prepare_cached("UPDATE orders SET state = ?3 WHERE connection = ?1 AND key = ?2")?
            .execute(params![connection, stored_key(cart), OrderState::BecameOrder])?;
        Ok(transaction.commit()?)
    }

    /// Notes, durably, that this customer is about to be created at ActiveCampaign. Where that
    /// fails, the request must not be sent.
    pub fn intend_customer(
        &mut self,
        connection: ConnectionId,
        hash: &[u8; 16],
    ) -> Result<(), StateError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO customers VALUES (?1, ?2, NULL)")?
            .execute(params![connection, &hash[..]])?;
        Ok(())
    }

    /// Notes, durably, the remote id of a customer, and counts it as created or adopted by this
    /// run.
    pub fn settle_customer(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        hash: &[u8; 16],
        id: &RemoteId,
        created: bool,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO customers VALUES (?1, ?2, ?3)")?
            .execute(params![connection, &hash[..], stored_id(id)])?;
        transaction
            .prepare_cached(
                "UPDATE runs SET customers_created = customers_created + ?2,
                     customers_adopted = customers_adopted + ?3 WHERE id = ?1",
            )?
            .execute(params![run, created, !created])?;
        Ok(transaction.commit()?)
    }

    pub fn customer(
        &self,
        connection: ConnectionId,
        hash: &[u8; 16],
    ) -> Result<CustomerEntry, StateError> {
        customer(&self.db, connection, hash)
    }
}

pub(super) fn entry_of(
    db: &Connection,
    connection: ConnectionId,
    key: &OrderKey,
) -> Result<LedgerEntry, StateError> {
    let mut statement = db.prepare_cached(
        "SELECT state, remote_id, fingerprint FROM orders WHERE connection = ?1 AND key = ?2",
    )?;
    let row = statement
        .query_row(params![connection, stored_key(key)], |row| {
            let id = row.get::<_, Option<StoredId>>(1)?.map(|id| id.0);
            let fingerprint = row.get::<_, Option<i64>>(2)?.map(Fingerprint::from_i64);
            Ok((row.get(0)?, id, fingerprint))
        })
        .optional()?;
    let Some((state, id, fingerprint)) = row else { return Ok(LedgerEntry::Unknown) };
    Ok(match (state, id, fingerprint) {
        (OrderState::Absent, ..) => LedgerEntry::Unknown,
        (OrderState::BecameOrder, ..) => LedgerEntry::BecameOrder,
        (OrderState::DeleteIntended, ..) => {
            LedgerEntry::Intended { update: None, fingerprint: None }
        }
        (OrderState::CreateIntended, _, fingerprint) => {
            LedgerEntry::Intended { update: None, fingerprint }
        }
        (OrderState::UpdateIntended, update, fingerprint) => {
            LedgerEntry::Intended { update, fingerprint }
        }
        (OrderState::Refused, id, Some(fingerprint)) => LedgerEntry::Refused { id, fingerprint },
        (OrderState::Settled | OrderState::Refused, Some(id), fingerprint) => {
            LedgerEntry::Known { id, fingerprint }
        }
        (OrderState::Settled | OrderState::Refused, None, fingerprint) => {
            LedgerEntry::Intended { update: None, fingerprint }
        }
    })
}

pub(super) fn is_settled(
    db: &Connection,
    run: &RunRow,
    connection: ConnectionId,
    key: &OrderKey,
) -> Result<bool, StateError> {
    let mut written = db.prepare_cached(
        "SELECT 1 FROM orders WHERE connection = ?1 AND key = ?2 AND run = ?3
         AND (outcome IS NOT NULL OR state = ?4)",
    )?;
    let mut refused = db.prepare_cached(
        "SELECT 1 FROM dead_letters WHERE job = ?1 AND record = ?2 AND stage = ?3 AND last_run = ?4",
    )?;
    Ok(written.exists(params![connection, stored_key(key), run.id, OrderState::Refused])?
        || refused.exists(params![run.job, stored_key(key), Stage::Refused, run.id])?)
}

pub(super) fn customer(
    db: &Connection,
    connection: ConnectionId,
    hash: &[u8; 16],
) -> Result<CustomerEntry, StateError> {
    let mut statement = db.prepare_cached(
        "SELECT remote_id FROM customers WHERE connection = ?1 AND key_hash = ?2",
    )?;
    let row = statement
        .query_row(params![connection, &hash[..]], |row| row.get::<_, Option<StoredId>>(0))
        .optional()?;
    Ok(match row {
        None => CustomerEntry::Unknown,
        Some(None) => CustomerEntry::Intended,
        Some(Some(id)) => CustomerEntry::Known(id.0),
    })
}

pub(super) fn orders_known(db: &Connection, connection: ConnectionId) -> Result<u64, StateError> {
    let count: i64 = db.query_row(
        "SELECT count(*) FROM orders WHERE connection = ?1 AND remote_id IS NOT NULL",
        [connection],
        |row| row.get(0),
    )?;
    Ok(count.unsigned_abs())
}
