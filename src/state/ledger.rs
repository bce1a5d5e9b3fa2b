use super::sql_types::{StoredId, now_ms, stored_id};
use super::{ConnectionId, RunId, RunRow, StateError, Store, history};
use crate::domain::{
    Answer, Attempt, CustomerEntry, Fingerprint, LedgerEntry, Operation, OrderKey, RemoteId,
};
use rusqlite::{Connection, OptionalExtension, params};

const CREATE_INTENDED: i64 = 1;
const UPDATE_INTENDED: i64 = 2;
const REFUSED: i64 = 3;
const BECAME_ORDER: i64 = 4;
const DELETE_INTENDED: i64 = 5;

/// What the ledger says of the last write of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWrite {
    /// The run that touched it last; 0 stands for `adopt`.
    pub run: RunId,
    /// The run that created it at the target; `None`: adopted, or not there.
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
    let sql =
        "SELECT run, created_run, outcome, state FROM orders WHERE connection = ?1 AND key = ?2";
    Ok(db
        .query_row(sql, params![connection, key.ledger_text()], |row| {
            let outcome = match (row.get::<_, i64>(2)?, row.get::<_, i64>(3)?) {
                (_, REFUSED) => Some("refused"),
                (_, BECAME_ORDER) => Some("became an order"),
                (1, _) => Some("created"),
                (2, _) => Some("updated"),
                (3, _) => Some("adopted"),
                (4, _) => Some("left deleted"),
                _ => None,
            };
            Ok(LastWrite { run: row.get(0)?, created_run: row.get(1)?, outcome })
        })
        .optional()?)
}

impl Store {
    /// Notes, durably, that this order is about to be written at the target, with the payload of
    /// this fingerprint.
    ///
    /// # Errors
    /// When the state can't be written; the request must not be sent then.
    pub fn intend_order(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        key: &OrderKey,
        fingerprint: Fingerprint,
    ) -> Result<(), StateError> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO orders (connection, key, fingerprint, state, outcome, run) VALUES (?1, ?2, ?4, 1, 0, ?3)
             ON CONFLICT DO UPDATE SET
                 state = CASE WHEN remote_id IS NULL THEN 1 ELSE 2 END, verified = -abs(verified),
                 fingerprint = excluded.fingerprint, outcome = 0, run = excluded.run",
        )?;
        statement.execute(params![connection, key.ledger_text(), run, fingerprint.to_i64()])?;
        Ok(())
    }

    /// Notes that the target's order of this key is not what the ledger says: the next sync writes
    /// it again; where it `is_missing` there, as a new one. `found`: the fields that differ, for
    /// the history.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn doubt_order(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
        is_missing: bool,
        found: &str,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let sql = match is_missing {
            true => "DELETE FROM orders WHERE connection = ?1 AND key = ?2 AND state IN (0, 3)",
            false => {
                "UPDATE orders SET fingerprint = NULL WHERE connection = ?1 AND key = ?2 AND state = 0"
            }
        };
        let changed =
            transaction.prepare_cached(sql)?.execute(params![connection, key.ledger_text()])?;
        if changed > 0 {
            let (disposition, code) = ("queued".to_owned(), Some(found.to_owned()));
            let answer = Answer::Failed { disposition, status: None, code };
            let attempt = Attempt { operation: Operation::Repair, answer, id: None };
            history::add(&transaction, 0, connection, &key.ledger_text(), &attempt)?;
        }
        // A run that was interrupted would take the order for settled.
        transaction
            .prepare_cached(
                "UPDATE runs SET closed_ms = ?2 WHERE closed_ms IS NULL AND connection = ?1",
            )?
            .execute(params![connection, now_ms()])?;
        Ok(transaction.commit()?)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn order(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<LedgerEntry, StateError> {
        memory_of(&self.db, connection, key)
    }

    /// Notes, durably, that the order of this cart is at the target. What this run did with the
    /// cart before still counts.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn settle_cart(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        cart: &OrderKey,
    ) -> Result<(), StateError> {
        self.db
            .prepare_cached(
                "INSERT INTO orders (connection, key, state, outcome, run) VALUES (?1, ?2, 4, 0, ?3)
                 ON CONFLICT DO UPDATE SET state = 4",
            )?
            .execute(params![connection, cart.ledger_text(), run])?;
        Ok(())
    }

    /// Notes, durably, that this customer is about to be created at the target.
    ///
    /// # Errors
    /// When the state can't be written; the request must not be sent then.
    pub fn intend_customer(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        hash: &[u8; 16],
    ) -> Result<(), StateError> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO customers (connection, key_hash, remote_id, run) VALUES (?1, ?2, NULL, ?3)
             ON CONFLICT DO UPDATE SET remote_id = NULL, run = excluded.run",
        )?;
        statement.execute(params![connection, &hash[..], run])?;
        Ok(())
    }

    /// Notes, durably, the target's id of a customer, and counts it as created or adopted by this
    /// run.
    ///
    /// # Errors
    /// When the state can't be written.
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
            .prepare_cached(
                "INSERT INTO customers (connection, key_hash, remote_id, run) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET remote_id = excluded.remote_id, run = excluded.run",
            )?
            .execute(params![connection, &hash[..], stored_id(id), run])?;
        transaction
            .prepare_cached(
                "UPDATE runs SET customers_created = customers_created + ?2, customers_adopted = customers_adopted + ?3
                 WHERE id = ?1",
            )?
            .execute(params![run, created, !created])?;
        Ok(transaction.commit()?)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn customer(
        &self,
        connection: ConnectionId,
        hash: &[u8; 16],
    ) -> Result<CustomerEntry, StateError> {
        customer(&self.db, connection, hash)
    }
}

pub(super) fn memory_of(
    db: &Connection,
    connection: ConnectionId,
    key: &OrderKey,
) -> Result<LedgerEntry, StateError> {
    let mut statement = db.prepare_cached(
        "SELECT state, remote_id, fingerprint FROM orders WHERE connection = ?1 AND key = ?2",
    )?;
    let row = statement
        .query_row(params![connection, key.ledger_text()], |row| {
            let id = row.get::<_, Option<StoredId>>(1)?.map(|id| id.0);
            Ok((
                row.get::<_, i64>(0)?,
                id,
                row.get::<_, Option<i64>>(2)?.map(Fingerprint::from_i64),
            ))
        })
        .optional()?;
    Ok(match row {
        None => LedgerEntry::Unknown,
        Some((CREATE_INTENDED, _, fingerprint)) => {
            LedgerEntry::Intended { update: None, fingerprint }
        }
        Some((UPDATE_INTENDED, update, fingerprint)) => {
            LedgerEntry::Intended { update, fingerprint }
        }
        Some((BECAME_ORDER, _, _)) => LedgerEntry::BecameOrder,
        Some((DELETE_INTENDED, _, _)) => LedgerEntry::Intended { update: None, fingerprint: None },
        Some((REFUSED, id, Some(fingerprint))) => LedgerEntry::Refused { id, fingerprint },
        Some((_, Some(id), fingerprint)) => LedgerEntry::Known { id, fingerprint },
        Some((_, None, fingerprint)) => LedgerEntry::Intended { update: None, fingerprint },
    })
}

pub(super) fn is_settled(
    db: &Connection,
    run: &RunRow,
    connection: ConnectionId,
    key: &OrderKey,
) -> Result<bool, StateError> {
    let mut written = db.prepare_cached(
        "SELECT 1 FROM orders WHERE connection = ?1 AND key = ?2 AND run = ?3 AND (outcome <> 0 OR state = 3)",
    )?;
    let mut refused = db.prepare_cached(
        "SELECT 1 FROM dead_letters WHERE job = ?1 AND record = ?2 AND stage = 'refused' AND last_run = ?3",
    )?;
    Ok(written.exists(params![connection, key.ledger_text(), run.id])?
        || refused.exists(params![run.job, key.ledger_text(), run.id])?)
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
