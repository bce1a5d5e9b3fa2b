//! Digests that later show which fields of an order changed since it was written.

use super::sql::Sql;
use super::sql_types::{
    ConnectionId, OrderId, OrderState, RunId, StoredId, StoredText, stored_key,
};
use super::{StateError, View};
use crate::domain::{OrderDigest, OrderKey};
use rusqlite::{Connection, params};

/// What the ledger stores about the last write of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDigest {
    /// The run that touched it last; 0 stands for `adopt`.
    pub run: RunId,
    /// It is in ActiveCampaign.
    pub is_known: bool,
    /// A write was begun, and its answer was never recorded.
    pub is_open: bool,
    /// It is confirmed that ActiveCampaign has what was written last.
    pub is_vouched: bool,
    /// The digest of what was written last; `None` if it was not stored.
    pub digest: Option<OrderDigest>,
}

/// Keeps the digest of the payload that `orders.fingerprint` is of, in the transaction that settles
/// it.
pub(super) fn write(
    db: &Connection,
    order: OrderId,
    digest: &OrderDigest,
) -> Result<(), StateError> {
    db.run(
        "INSERT OR REPLACE INTO order_digests (order_id, digest) VALUES (?1, ?2)",
        params![order, digest.to_bytes()],
    )
}

impl View {
    /// What is stored about the last write of an order; `None` if it was never sent.
    pub fn trace(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Option<StoredDigest>, StateError> {
        let sql = "SELECT run, remote_id, state, fingerprint, digest
             FROM orders LEFT JOIN order_digests ON order_id = id
             WHERE connection = ?1 AND key = ?2 AND state <> ?3";
        self.db.first(sql, params![connection, stored_key(key), OrderState::Absent], |row| {
            let digest: Option<Vec<u8>> = row.get(4)?;
            let (id, state): (Option<StoredId>, OrderState) = (row.get(1)?, row.get(2)?);
            Ok(StoredDigest {
                run: row.get(0)?,
                is_known: id.is_some() && state != OrderState::BecameOrder,
                is_open: matches!(
                    state,
                    OrderState::CreateIntended
                        | OrderState::UpdateIntended
                        | OrderState::DeleteIntended
                ),
                is_vouched: row.get::<_, Option<i64>>(3)?.is_some(),
                digest: digest.as_deref().and_then(OrderDigest::from_bytes),
            })
        })
    }

    /// Visits the key of each order of a connection that is in ActiveCampaign since `run` or an
    /// earlier one of this job.
    pub fn each_written_until(
        &self,
        run: RunId,
        connection: ConnectionId,
        job: &str,
        mut look: impl FnMut(&str) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut statement = self.db.prepare(
            "SELECT key FROM orders
             WHERE connection = ?1 AND run <= ?2 AND remote_id IS NOT NULL AND state <> ?4
             AND (run = 0 OR run IN (SELECT id FROM runs WHERE job = ?3)) ORDER BY key",
        )?;
        let mut rows = statement.query(params![connection, run, job, OrderState::BecameOrder])?;
        while let Some(row) = rows.next()? {
            look(&row.get::<_, StoredText>(0)?.0)?;
        }
        Ok(())
    }

    /// The mapping settings of the job's last run that wrote orders to this connection, or found
    /// them unchanged there. A connection is named by its service and external id.
    pub fn last_mapping(
        &self,
        job: &str,
        service: &str,
        externalid: &str,
    ) -> Result<Option<String>, StateError> {
        let found = self.db.first(
            "SELECT mapping FROM runs WHERE job = ?1 AND mapping IS NOT NULL AND undone_ms IS NULL
                 AND created + updated + adopted + unchanged > 0
                 AND connection IN (SELECT id FROM connections WHERE service = ?2 AND externalid = ?3)
             ORDER BY id DESC LIMIT 1",
            [job, service, externalid],
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// The mapping settings of all runs of a connection, of any job, as [`Self::last_mapping`],
    /// including runs that sent nothing.
    pub fn mappings_of_connection(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Vec<String>, StateError> {
        self.db.all(
            "SELECT DISTINCT mapping FROM runs WHERE mapping IS NOT NULL AND undone_ms IS NULL
                 AND connection IN (SELECT id FROM connections WHERE service = ?1 AND externalid = ?2)",
            [service, externalid],
            |row| row.get(0),
        )
    }

    /// The mapping settings of a run, `name=value` line by line; `None` if they were not stored.
    pub fn mapping_of(&self, run: RunId) -> Result<Option<String>, StateError> {
        let found =
            self.db.first("SELECT mapping FROM runs WHERE id = ?1", [run], |row| row.get(0))?;
        Ok(found.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Amount, Currency, Fingerprint, Moment, RemoteId};
    use crate::state::{Kind, OrderOutcome, RunStart, SeenConnection, Settled, Settlement, Store};

    fn digest(minor: i64) -> OrderDigest {
        let currency = Currency::parse("USD").unwrap();
        OrderDigest {
            mapping: [0; 3],
            source: [0; 3],
            total: Amount::parse(&format!("{minor}.00"), currency).unwrap(),
            shipping: None,
            tax: None,
            discount: None,
            currency,
            created_at: Moment::parse("2024-01-31T10:11:12Z", &jiff::tz::TimeZone::UTC).unwrap(),
            updated_at: None,
            abandoned_at: None,
            products: 1,
            units: 1,
            hashes: [None; crate::domain::Field::ALL.len()],
        }
    }

    #[test]
    fn a_refused_order_does_not_count_as_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        let start = RunStart { job: "shop", kind: Kind::Backfill, export: [1; 16], mapping: "" };
        let run = store.begin(&start).unwrap().id;
        let key = OrderKey::parse("1").unwrap();
        let mut settle = |minor: i64, outcome| {
            let (key, fingerprint) = (key.clone(), Fingerprint::from_i64(minor));
            let orders = vec![Settled { key, fingerprint, outcome, digest: Some(digest(minor)) }];
            store.settle(run, connection, &Settlement { orders, ..Settlement::default() }).unwrap();
            store
                .view()
                .unwrap()
                .trace(connection, &OrderKey::parse("1").unwrap())
                .unwrap()
                .unwrap()
        };
        let (part, status) = (crate::state::LetterPart::Order, Some(422));
        let refusal =
            crate::state::Refusal { part, status, code: None, pointer: None, attempts: 1 };
        let created = settle(10, OrderOutcome::Created(RemoteId::new("7")));
        assert_eq!(created.digest, Some(digest(10)));
        assert_eq!(
            settle(12, OrderOutcome::Refused(refusal)).digest,
            None,
            "it is not known which of the two counts"
        );
        assert_eq!(settle(10, OrderOutcome::Updated(RemoteId::new("7"))).digest, Some(digest(10)));
    }
}
