//! The state of the bulk path: the path of each connection, the canary's findings, and the orders
//! that were accepted and are not visible yet.

use super::clock::now_ms;
use super::remote_snapshot::RemoteRow;
use super::sql::Sql;
use super::sql_types::{
    ConnectionId, OrderId, OrderState, RunId, StoredId, StoredText, stored, stored_id, stored_key,
};
use super::undo::{CreatedOrder, read_created};
use super::{StateError, Store, View};
use crate::domain::{BulkFindings, LoadPath, OrderDigest, OrderKey, PriceReading};
use rusqlite::{Connection, params};

/// The path by which a connection's orders were sent, and the state of its bulk path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionPath {
    /// `None`: no order was sent to it yet.
    pub load: Option<LoadPath>,
    /// `None`: no canary was sent yet.
    pub findings: Option<BulkFindings>,
    /// When it decided last, in milliseconds since 1970; `None`: never, or before this was noted.
    pub decided_ms: Option<i64>,
    /// Orders that were accepted by the bulk path and are not visible in the REST API yet.
    pub accepted: u64,
    /// Further ones that are not looked up, as they are not in the sample.
    pub not_read: u64,
    /// The path that an undecided switch leads to; nothing is sent until it is decided.
    pub open_switch: Option<LoadPath>,
}

/// An order that the bulk path accepted and that is not visible in the REST API yet.
#[derive(Debug, Clone)]
pub struct AcceptedOrder {
    /// In the ledger's form.
    pub key: String,
    /// `None`: what was sent is not known.
    pub sent: Option<OrderDigest>,
}

impl ConnectionPath {
    /// Its orders come in batches.
    pub fn is_bulk(&self) -> bool {
        self.load == Some(LoadPath::Bulk)
    }
}

impl Store {
    /// Notes, durably, the path of a connection's orders. Another path starts without findings.
    pub fn set_load_path(
        &mut self,
        connection: ConnectionId,
        load: LoadPath,
    ) -> Result<(), StateError> {
        note_load_path(&self.db, connection, load)
    }

    /// Notes, durably, what a canary found.
    pub fn set_bulk_findings(
        &mut self,
        connection: ConnectionId,
        found: &BulkFindings,
    ) -> Result<(), StateError> {
        self.db.run(
            "UPDATE connections SET bulk_schema = ?2, bulk_price = ?3, bulk_has_tax = ?4, bulk_ms = ?5
             WHERE id = ?1",
            params![
                connection,
                found.schema,
                found.price.map(PriceReading::word),
                found.has_tax,
                now_ms(),
            ],
        )
    }

    /// Notes how many accepted orders a run did not look up.
    pub fn note_not_read(
        &mut self,
        connection: ConnectionId,
        orders: u64,
    ) -> Result<(), StateError> {
        let sql = "UPDATE connections SET bulk_not_read = ?2 WHERE id = ?1";
        self.db.run(sql, params![connection, orders])
    }

    /// Gives accepted orders the ids of these copies in the REST API, if a copy shows what was
    /// sent.
    pub fn see_copies(
        &mut self,
        connection: ConnectionId,
        copies: &[RemoteRow],
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        for copy in copies {
            if let Some(order) = accepted_order(&transaction, connection, copy)? {
                transaction.run(
                    "UPDATE orders SET remote_id = ?3, state = ?4
                     WHERE connection = ?1 AND key = ?2 AND id = ?5",
                    params![
                        connection,
                        stored(&copy.key),
                        stored_id(&copy.id),
                        OrderState::Settled,
                        order,
                    ],
                )?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Notes, durably, that the record to which an accepted order was copied before was deleted:
    /// its copy has another id, and counts as created by the run that sent it.
    pub fn forget_id(
        &mut self,
        connection: ConnectionId,
        order: &CreatedOrder,
    ) -> Result<(), StateError> {
        self.db.run(
            "UPDATE orders SET remote_id = NULL, created_run = run
             WHERE connection = ?1 AND key = ?2 AND remote_id = ?3 AND state = ?4",
            params![connection, stored(&order.key), stored_id(&order.id), OrderState::Accepted],
        )
    }

    /// Marks accepted orders as not accepted, as ActiveCampaign does not show them: the next plan
    /// sends them again. Those of the `run` itself stay, as it has counted them.
    pub fn doubt_accepted(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        keys: &[String],
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        for key in keys {
            transaction.run(
                "UPDATE orders SET state = iif(remote_id IS NULL, ?4, ?5), outcome = NULL
                 WHERE connection = ?1 AND key = ?2 AND state = ?3 AND run <> ?6",
                params![
                    connection,
                    stored(key),
                    OrderState::Accepted,
                    OrderState::CreateIntended,
                    OrderState::UpdateIntended,
                    run,
                ],
            )?;
        }
        Ok(transaction.commit()?)
    }
}

pub(super) fn note_load_path(
    db: &Connection,
    connection: ConnectionId,
    load: LoadPath,
) -> Result<(), StateError> {
    db.run(
        "UPDATE connections SET load = ?2, bulk_schema = NULL, bulk_price = NULL,
             bulk_has_tax = NULL, bulk_ms = NULL WHERE id = ?1 AND load IS NOT ?2",
        params![connection, load.word()],
    )
}

/// The accepted order that this is the copy of; `None` if the copy shows another total, like one of
/// an earlier write.
fn accepted_order(
    db: &Connection,
    connection: ConnectionId,
    copy: &RemoteRow,
) -> Result<Option<OrderId>, StateError> {
    let found = db.first(
        "SELECT id, digest, remote_id FROM orders LEFT JOIN order_digests ON order_id = id
         WHERE connection = ?1 AND key = ?2 AND state = ?3",
        params![connection, stored(&copy.key), OrderState::Accepted],
        |row| {
            let id = row.get::<_, Option<StoredId>>(2)?.map(|id| id.0);
            Ok((row.get(0)?, row.get::<_, Option<Vec<u8>>>(1)?, id))
        },
    )?;
    Ok(found.and_then(|(order, digest, id)| {
        let sent = digest.as_deref().and_then(OrderDigest::from_bytes);
        let is_shown = sent.is_none_or(|sent| copy.total_minor == Some(sent.total.minor()));
        (is_shown && id.is_none_or(|id| id == copy.id)).then_some(order)
    }))
}

impl View {
    /// How orders reach this connection.
    pub fn connection_path(&self, connection: ConnectionId) -> Result<ConnectionPath, StateError> {
        let sql = "SELECT load, bulk_schema, bulk_price, bulk_has_tax,
                 EXISTS (SELECT 1 FROM orders WHERE connection = ?1 AND state <> ?2), bulk_ms, bulk_not_read
             FROM connections WHERE id = ?1";
        let found = self.db.first(sql, params![connection, OrderState::Absent], |row| {
            let load: Option<String> = row.get(0)?;
            let price: Option<String> = row.get(2)?;
            let price = price.and_then(|word| PriceReading::from_word(&word));
            let has_tax = row.get(3)?;
            let findings = row.get::<_, Option<i64>>(1)?;
            let findings = findings.map(|schema| BulkFindings { schema, price, has_tax });
            let load = match load.as_deref() {
                Some("bulk") => Some(LoadPath::Bulk),
                Some(_) => Some(LoadPath::Rest),
                // Before this was stored there was only one path.
                None => row.get::<_, bool>(4)?.then_some(LoadPath::Rest),
            };
            Ok((load, findings, row.get(5)?, row.get(6)?))
        })?;
        let (load, findings, decided_ms, not_read): (_, _, _, u64) = found.unwrap_or_default();
        let all = if load == Some(LoadPath::Bulk) { self.accepted(connection)? } else { 0 };
        // Some of them may have been seen since.
        let not_read = not_read.min(all);
        let open_switch = self.open_switch(connection)?.map(|open| open.to);
        let accepted = all - not_read;
        Ok(ConnectionPath { load, findings, decided_ms, accepted, not_read, open_switch })
    }

    /// The same for the connection that the last run of a job wrote to.
    pub(super) fn path_of_job(&self, job: &str) -> Result<Option<ConnectionPath>, StateError> {
        let sql = "SELECT connection FROM runs WHERE job = ?1 AND connection IS NOT NULL
                   ORDER BY id DESC LIMIT 1";
        let connection: Option<ConnectionId> = self.db.first(sql, [job], |row| row.get(0))?;
        connection.map(|connection| self.connection_path(connection)).transpose()
    }

    /// Which of these orders have no row, so that they were never sent.
    pub fn without_row(
        &self,
        connection: ConnectionId,
        keys: &[OrderKey],
    ) -> Result<Vec<bool>, StateError> {
        let sql = "SELECT 1 FROM orders WHERE connection = ?1 AND key = ?2";
        let is_without_row = |key| Ok(!self.db.has(sql, params![connection, stored_key(key)])?);
        keys.iter().map(is_without_row).collect()
    }

    /// Orders that were accepted by the bulk path and are not visible in the REST API yet.
    pub fn accepted(&self, connection: ConnectionId) -> Result<u64, StateError> {
        self.accepted_since(connection, 0)
    }

    /// Such orders that the run `since` or a later one sent.
    pub fn accepted_since(
        &self,
        connection: ConnectionId,
        since: RunId,
    ) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM orders WHERE connection = ?1 AND state = ?2 AND run >= ?3";
        self.db.one(sql, params![connection, OrderState::Accepted, since])
    }

    /// The first run of a connection after which fewer than `runs`, at least 1, were finished; 0 if
    /// that applies to all.
    pub fn run_before(&self, connection: ConnectionId, runs: u64) -> Result<RunId, StateError> {
        let sql = "SELECT id FROM runs WHERE connection = ?1 AND outcome = 'finished'
             ORDER BY id DESC LIMIT 1 OFFSET ?2 - 1";
        let found = self.db.first(sql, params![connection, runs], |row| row.get(0))?;
        Ok(found.unwrap_or(0))
    }

    /// Such orders since this run with an earlier copy that has an id.
    pub fn accepted_again(
        &self,
        connection: ConnectionId,
        since: RunId,
    ) -> Result<Vec<CreatedOrder>, StateError> {
        self.db.all(
            "SELECT key, remote_id FROM orders
             WHERE connection = ?1 AND state = ?2 AND remote_id IS NOT NULL AND run >= ?3",
            params![connection, OrderState::Accepted, since],
            read_created,
        )
    }

    /// Such orders since this run by their keys, after the key `after`.
    pub fn accepted_orders(
        &self,
        connection: ConnectionId,
        since: RunId,
        after: Option<&str>,
        at_most: u64,
    ) -> Result<Vec<AcceptedOrder>, StateError> {
        let after = after.map_or_else(|| stored(&i64::MIN.to_string()), stored);
        self.db.all(
            "SELECT key, digest FROM orders LEFT JOIN order_digests ON order_id = id
             WHERE connection = ?1 AND state = ?2 AND key > ?3 AND run >= ?5
             ORDER BY key LIMIT ?4",
            params![connection, OrderState::Accepted, after, at_most, since],
            |row| {
                let digest: Option<Vec<u8>> = row.get(1)?;
                let sent = digest.as_deref().and_then(OrderDigest::from_bytes);
                Ok(AcceptedOrder { key: row.get::<_, StoredText>(0)?.0, sent })
            },
        )
    }
}
