//! The change of a connection's path, from before its canary is sent until it is decided.

use super::bulk::note_load_path;
use super::clock::now_ms;
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderState, StoredId, StoredText, stored_id, stored_key};
use super::{StateError, Store, View, history};
use crate::domain::{Attempt, LoadPath, Operation, OrderKey, RemoteId};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// A change of a connection's path that is not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSwitch {
    pub to: LoadPath,
    /// The order that is sent by the other path, as the ledger writes its key.
    pub key: String,
    /// Its record before.
    pub id: RemoteId,
    /// The parts of it in the REST API that change with each write.
    pub shown: String,
    /// The existing records with its key or its e-mail address.
    pub others: Vec<RemoteId>,
    /// The records that were added, about to be deleted.
    pub second: Vec<RemoteId>,
}

impl Store {
    /// Notes, durably, that an order is about to be sent by the other path.
    pub fn begin_switch(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
        begun: &OpenSwitch,
    ) -> Result<(), StateError> {
        self.check_space()?;
        self.db.run(
            "INSERT INTO path_switches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                connection,
                begun.to.word(),
                stored_key(key),
                stored_id(&begun.id),
                begun.shown,
                joined(&begun.others),
                joined(&begun.second),
            ],
        )
    }

    /// Notes, durably, second records of the order that are about to be deleted.
    pub fn note_second_records(
        &mut self,
        connection: ConnectionId,
        second: &[RemoteId],
    ) -> Result<(), StateError> {
        let sql = "UPDATE path_switches SET second = ?2 WHERE connection = ?1";
        self.db.run(sql, params![connection, joined(second)])
    }

    /// Ends a change of path, whose canary the next run writes again; `load`: the path from now on.
    pub fn end_switch(
        &mut self,
        connection: ConnectionId,
        load: LoadPath,
        canary: &OrderKey,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        transaction.run(
            "UPDATE orders SET fingerprint = NULL WHERE connection = ?1 AND key = ?2 AND state = ?3",
            params![connection, stored_key(canary), OrderState::Settled],
        )?;
        let attempt = Attempt::done(Operation::Switch, None);
        history::add_by_key(&transaction, 0, connection, &canary.ledger_text(), &attempt)?;
        // An interrupted run would count the order as settled.
        transaction.run(
            "UPDATE runs SET closed_ms = ?2 WHERE closed_ms IS NULL AND connection = ?1",
            params![connection, now_ms()],
        )?;
        note_load_path(&transaction, connection, load)?;
        if load == LoadPath::Bulk {
            send_again_what_rest_updated(&transaction, connection)?;
        }
        transaction.run("DELETE FROM path_switches WHERE connection = ?1", [connection])?;
        Ok(transaction.commit()?)
    }
}

/// GraphQL does not see updates by REST, and still shows the earlier payload.
fn send_again_what_rest_updated(
    db: &Connection,
    connection: ConnectionId,
) -> Result<(), StateError> {
    db.run(
        "UPDATE orders SET fingerprint = NULL WHERE connection = ?1 AND state = ?2 AND
             (SELECT max(n) FROM history WHERE order_id = orders.id AND batch IS NOT NULL) <
             (SELECT max(n) FROM attempts WHERE order_id = orders.id AND batch IS NULL
              AND operation = ?3 AND answer IS NULL)",
        params![connection, OrderState::Settled, Operation::Update],
    )
}

fn joined(ids: &[RemoteId]) -> String {
    ids.iter().map(RemoteId::as_str).collect::<Vec<_>>().join(" ")
}

fn apart(ids: &str) -> Vec<RemoteId> {
    ids.split_whitespace().map(RemoteId::new).collect()
}

impl View {
    /// The change of path in progress on a connection.
    pub fn open_switch(&self, connection: ConnectionId) -> Result<Option<OpenSwitch>, StateError> {
        let sql = "SELECT load, key, remote_id, shown, others, second FROM path_switches
                   WHERE connection = ?1";
        self.db.first(sql, [connection], |row| {
            let load: String = row.get(0)?;
            Ok(OpenSwitch {
                to: if load == "bulk" { LoadPath::Bulk } else { LoadPath::Rest },
                key: row.get::<_, StoredText>(1)?.0,
                id: row.get::<_, StoredId>(2)?.0,
                shown: row.get(3)?,
                others: apart(&row.get::<_, String>(4)?),
                second: apart(&row.get::<_, String>(5)?),
            })
        })
    }

    /// Keys of orders that GraphQL never accepted, as the ledger writes them; up to a limit.
    pub fn orders_by_rest_alone(
        &self,
        connection: ConnectionId,
        at_most: usize,
    ) -> Result<BTreeSet<String>, StateError> {
        let sql = "SELECT key FROM orders WHERE connection = ?1 AND state = ?2 AND NOT EXISTS
                       (SELECT 1 FROM history WHERE order_id = orders.id
                        AND (batch IS NOT NULL OR operation = ?3))
                   ORDER BY id LIMIT ?4";
        let params = params![connection, OrderState::Settled, Operation::Switch, at_most as i64];
        let keys = self.db.all(sql, params, |row| Ok(row.get::<_, StoredText>(0)?.0))?;
        Ok(keys.into_iter().collect())
    }

    /// Orders with an interrupted last write, which may or may not have arrived.
    pub fn orders_in_doubt(&self, connection: ConnectionId) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM orders WHERE connection = ?1 AND state IN (?2, ?3, ?4)";
        let (create, update) = (OrderState::CreateIntended, OrderState::UpdateIntended);
        self.db.one(sql, params![connection, create, update, OrderState::DeleteIntended])
    }
}
