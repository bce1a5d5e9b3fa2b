//! What a run created, and its removal from the ledger order by order as it is deleted at
//! ActiveCampaign.

use super::clock::now_ms;
use super::order_rows::{enrol, forget};
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderState, RunId, StoredId, StoredText, stored, stored_id};
use super::{StateError, Store, View, history};
use crate::domain::{Attempt, Operation, RemoteId};
use rusqlite::params;

/// Where the orders of a run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub job: String,
    /// The connection that the run wrote to, with ActiveCampaign's id of it; `None`: it never sent
    /// anything.
    pub connection: Option<(ConnectionId, RemoteId)>,
}

/// The ledger's entries of a run that is to be undone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undoable {
    /// Orders recorded in the ledger as created by it.
    pub orders: u64,
    /// Those among them that a later run has written to.
    pub written_since: u64,
    /// Creates of this run without a recorded answer, and orders without an id that it created and
    /// that a later run was about to write, or that were refused then: ActiveCampaign may or may
    /// not have them.
    pub unconfirmed: u64,
    /// Deleted by an undo that has not yet read back.
    pub deleted: u64,
}

/// Why orders are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletePurpose {
    /// The run that created them is undone. Deleted orders are recorded until that is confirmed by
    /// reading back.
    Undo,
    /// They no longer exist in the shop.
    Gone,
    /// They are created again for another customer.
    Recreate,
}

/// An order that a run created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedOrder {
    pub key: String,
    pub id: RemoteId,
}

/// The orders among some keys that ActiveCampaign has or may have, by the ledger.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct HeldOrders {
    pub known: Vec<CreatedOrder>,
    /// Keys of orders that the bulk path accepted, but that the REST API does not show yet.
    pub accepted: Vec<String>,
    /// Keys of creates without a recorded answer, and of accepted orders without an id whose
    /// update was refused.
    pub in_doubt: Vec<String>,
}

impl HeldOrders {
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        let without_id = self.accepted.iter().chain(&self.in_doubt);
        self.known.iter().map(|order| &order.key).chain(without_id)
    }
}

/// Of a run ?2; ?3 and ?4 are [`OrderState::CreateIntended`] and [`OrderState::Refused`].
const IS_UNCONFIRMED: &str = "(remote_id IS NULL AND (
    (state = ?3 AND (run = ?2 OR created_run IS ?2)) OR (state = ?4 AND created_run IS ?2)))";

impl View {
    pub fn origin(&self, run: RunId) -> Result<Option<Origin>, StateError> {
        self.db.first(
            "SELECT runs.job, connections.id, connections.remote_id
             FROM runs LEFT JOIN connections ON connections.id = runs.connection WHERE runs.id = ?1",
            [run],
            |row| {
                let connection = match row.get::<_, Option<ConnectionId>>(1)? {
                    Some(id) => Some((id, row.get::<_, StoredId>(2)?.0)),
                    None => None,
                };
                Ok(Origin { job: row.get(0)?, connection })
            },
        )
    }

    pub fn undoable(&self, run: RunId, connection: ConnectionId) -> Result<Undoable, StateError> {
        // Accepted orders get their ids when the undo begins.
        let sql = format!(
            "SELECT coalesce(sum(created_run IS ?2 AND (remote_id IS NOT NULL OR state = ?5)), 0),
                    coalesce(sum(created_run IS ?2 AND remote_id IS NOT NULL AND run <> ?2), 0),
                    coalesce(sum({IS_UNCONFIRMED}), 0)
             FROM orders WHERE connection = ?1"
        );
        let (intended, refused) = (OrderState::CreateIntended, OrderState::Refused);
        let params = params![connection, run, intended, refused, OrderState::Accepted];
        let found = self.db.first(&sql, params, |row| {
            let [orders, written_since, unconfirmed] = [row.get(0)?, row.get(1)?, row.get(2)?];
            Ok(Undoable { orders, written_since, unconfirmed, deleted: 0 })
        })?;
        let deleted = self.db.one("SELECT count(*) FROM deleted_orders WHERE run = ?1", [run])?;
        Ok(Undoable { deleted, ..found.unwrap_or_default() })
    }

    /// The orders with these keys that ActiveCampaign has or may have.
    pub fn held_among(
        &self,
        connection: ConnectionId,
        keys: &[String],
    ) -> Result<HeldOrders, StateError> {
        let sql = "SELECT remote_id, state, created_run IS NOT NULL FROM orders
                   WHERE connection = ?1 AND key = ?2";
        let mut held = HeldOrders::default();
        for key in keys {
            let row = self.db.first(sql, params![connection, stored(key)], |row| {
                Ok((row.get::<_, Option<StoredId>>(0)?, row.get(1)?, row.get(2)?))
            });
            match row? {
                Some((Some(id), ..)) => {
                    held.known.push(CreatedOrder { key: key.clone(), id: id.0 });
                }
                Some((None, OrderState::Accepted, _)) => held.accepted.push(key.clone()),
                Some((None, OrderState::CreateIntended, _) | (None, OrderState::Refused, true)) => {
                    held.in_doubt.push(key.clone());
                }
                Some(_) | None => {}
            }
        }
        Ok(held)
    }

    /// Whether ActiveCampaign refused an earlier run's delete of this order.
    pub fn is_delete_refused_before(
        &self,
        run: RunId,
        connection: ConnectionId,
        key: &str,
    ) -> Result<bool, StateError> {
        self.db.one(
            "SELECT EXISTS (SELECT 1 FROM attempts WHERE operation = ?4 AND answer = 'refused' AND run < ?1
                 AND order_id = (SELECT id FROM orders WHERE connection = ?2 AND key = ?3))",
            params![run, connection, stored(key), Operation::Delete],
        )
    }
}

impl Store {
    /// Closes the runs of this connection: an interrupted one must not rely on what is now undone.
    /// If that fails, nothing may be deleted.
    pub fn begin_undo(&mut self, run: RunId, connection: ConnectionId) -> Result<(), StateError> {
        self.check_space()?;
        self.db.run(
            "UPDATE runs SET closed_ms = ?3 WHERE closed_ms IS NULL AND (id = ?1 OR connection = ?2)",
            params![run, connection, now_ms()],
        )
    }

    /// What a run created, in the order of the ledger's keys, after the key `after`.
    pub fn created_by(
        &self,
        run: RunId,
        connection: ConnectionId,
        after: Option<&str>,
        at_most: u32,
    ) -> Result<Vec<CreatedOrder>, StateError> {
        // Keys that are numbers come before all others.
        let after = after.map_or_else(|| stored(&i64::MIN.to_string()), stored);
        self.db.all(
            "SELECT key, remote_id FROM orders
             WHERE connection = ?1 AND key > ?2 AND created_run = ?3 AND remote_id IS NOT NULL ORDER BY key LIMIT ?4",
            params![connection, after, run, at_most],
            read_created,
        )
    }

    /// The keys of [`Undoable::unconfirmed`].
    pub fn unconfirmed_of(
        &self,
        run: RunId,
        connection: ConnectionId,
    ) -> Result<Vec<String>, StateError> {
        self.db.all(
            &format!("SELECT key FROM orders WHERE connection = ?1 AND {IS_UNCONFIRMED}"),
            params![connection, run, OrderState::CreateIntended, OrderState::Refused],
            |row| Ok(row.get::<_, StoredText>(0)?.0),
        )
    }

    /// Notes, durably, that this order is about to be deleted at ActiveCampaign. If that fails, the
    /// request must not be sent.
    pub fn intend_delete(&mut self, connection: ConnectionId, key: &str) -> Result<(), StateError> {
        self.check_space()?;
        self.db.run(
            "UPDATE orders SET state = ?3 WHERE connection = ?1 AND key = ?2",
            params![connection, stored(key), OrderState::DeleteIntended],
        )
    }

    /// The order is gone in ActiveCampaign: notes the delete, and removes the order from the
    /// ledger.
    pub fn settle_deleted(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        order: &CreatedOrder,
        purpose: DeletePurpose,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let attempt = Attempt::done(Operation::Delete, Some(order.id.clone()));
        history::add_by_key(&transaction, run, connection, &order.key, &attempt)?;
        forget(&transaction, connection, &order.key)?;
        if purpose == DeletePurpose::Undo {
            transaction.run(
                "INSERT OR REPLACE INTO deleted_orders (run, key, remote_id) VALUES (?1, ?2, ?3)",
                params![run, stored(&order.key), stored_id(&order.id)],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// The order no longer exists in the shop, and ActiveCampaign does not have it, or has another
    /// order under its id: it is removed from the ledger.
    pub fn drop_from_ledger(
        &mut self,
        connection: ConnectionId,
        key: &str,
    ) -> Result<(), StateError> {
        forget(&self.db, connection, key)
    }

    /// The orders of these keys that the undo of a run has deleted.
    pub fn deleted_among(
        &self,
        run: RunId,
        keys: &[String],
    ) -> Result<Vec<CreatedOrder>, StateError> {
        let sql = "SELECT key, remote_id FROM deleted_orders WHERE run = ?1 AND key = ?2";
        let find =
            |key: &String| self.db.first(sql, params![run, stored(key)], read_created).transpose();
        keys.iter().filter_map(find).collect()
    }

    /// Restores an order to the ledger that should be gone but is not, to be deleted again.
    pub fn restore_deleted(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        order: &CreatedOrder,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let number = enrol(&transaction, run, connection, &order.key)?;
        transaction.run(
            "UPDATE orders SET remote_id = ?3, state = ?4, created_run = ?5
             WHERE connection = ?1 AND key = ?2 AND state = ?6",
            params![
                connection,
                stored(&order.key),
                stored_id(&order.id),
                OrderState::DeleteIntended,
                run,
                OrderState::Absent,
            ],
        )?;
        let attempt = Attempt::done(Operation::Restore, Some(order.id.clone()));
        history::add(&transaction, run, number, &attempt)?;
        Ok(transaction.commit()?)
    }

    /// Ends an undo after reading back, and returns how many orders are still recorded as created
    /// by the run.
    pub fn finish_undo(&mut self, run: RunId, connection: ConnectionId) -> Result<u64, StateError> {
        let transaction = self.db.transaction()?;
        transaction.run("DELETE FROM deleted_orders WHERE run = ?1", [run])?;
        let left = transaction.one(
            "SELECT count(*) FROM orders
             WHERE connection = ?1 AND created_run = ?2 AND (remote_id IS NOT NULL OR state = ?3)",
            params![connection, run, OrderState::Accepted],
        )?;
        if left == 0 {
            transaction
                .run("UPDATE runs SET undone_ms = ?2 WHERE id = ?1", params![run, now_ms()])?;
        }
        transaction.commit()?;
        Ok(left)
    }
}

pub(super) fn read_created(row: &rusqlite::Row<'_>) -> rusqlite::Result<CreatedOrder> {
    Ok(CreatedOrder { key: row.get::<_, StoredText>(0)?.0, id: row.get::<_, StoredId>(1)?.0 })
}

#[cfg(test)]
mod tests;
