use super::StateError;
use crate::domain::RemoteId;
use rusqlite::{Connection, OptionalExtension, params};

/// What ActiveCampaign holds of one order, as far as its lists show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRow {
    pub id: RemoteId,
    pub key: String,
    /// The ledger's key of the cart that it was, if it was one.
    pub cart: Option<String>,
    pub total_minor: Option<i64>,
    pub currency: String,
    /// Seconds since 1970.
    pub created_s: Option<i64>,
    pub products: Option<u64>,
    pub customer: RemoteId,
    pub email_hash: [u8; 16],
}

/// The order of a key at ActiveCampaign, and more orders of the same key, which should not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedOrder {
    pub order: RemoteRow,
    pub copies: Vec<RemoteRow>,
}

/// A temporary copy of ActiveCampaign's list of orders, to compare with an export whose order is
/// another. It is a database without a name that the system deletes; memory does not grow with the
/// number of orders.
#[derive(Debug)]
pub struct RemoteSnapshot {
    db: Connection,
}

impl RemoteSnapshot {
    pub fn new() -> Result<Self, StateError> {
        let db = Connection::open("")?;
        db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
             CREATE TABLE mirror (
                 id TEXT PRIMARY KEY, key TEXT NOT NULL, total INTEGER, currency TEXT NOT NULL, created INTEGER,
                 products INTEGER, customer TEXT NOT NULL, email BLOB NOT NULL, cart TEXT,
                 met INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID;
             CREATE INDEX mirror_key ON mirror (key);
             CREATE INDEX mirror_cart ON mirror (cart) WHERE cart IS NOT NULL;
             BEGIN",
        )?;
        Ok(Self { db })
    }

    /// Adds an order of ActiveCampaign's list, and returns whether it is new; one that a moving list
    /// shows twice is there once.
    pub fn add(&mut self, order: &RemoteRow) -> Result<bool, StateError> {
        let added = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO mirror VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
            )?
            .execute(params![
                order.id.as_str(),
                order.key,
                order.total_minor,
                order.currency,
                order.created_s,
                order.products.map(|n| n as i64),
                order.customer.as_str(),
                &order.email_hash[..],
                order.cart,
            ])?;
        Ok(added == 1)
    }

    pub fn len(&self) -> Result<u64, StateError> {
        let count: i64 = self.db.query_row("SELECT count(*) FROM mirror", [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    pub fn is_empty(&self) -> Result<bool, StateError> {
        Ok(self.len()? == 0)
    }

    /// ActiveCampaign's orders of a key, which are then matched. The order is the one with the id
    /// that is `known`, or else with the lowest id.
    pub fn meet(
        &mut self,
        key: &str,
        known: Option<&RemoteId>,
    ) -> Result<Option<MatchedOrder>, StateError> {
        let mut statement = self.db.prepare_cached(
            "SELECT * FROM mirror WHERE key = ?1 AND met = 0 ORDER BY id = ?2 DESC, length(id), id",
        )?;
        let known = known.map_or("", RemoteId::as_str);
        let mut found = statement.query_map([key, known], read_row)?;
        let Some(order) = found.next().transpose()? else { return Ok(None) };
        let copies = found.collect::<Result<_, _>>()?;
        self.db.prepare_cached("UPDATE mirror SET met = 1 WHERE key = ?1")?.execute([key])?;
        Ok(Some(MatchedOrder { order, copies }))
    }

    /// The key of ActiveCampaign's order of an id.
    pub fn key_of(&self, id: &RemoteId) -> Result<Option<String>, StateError> {
        let mut statement = self.db.prepare_cached("SELECT key FROM mirror WHERE id = ?1")?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
    }

    /// Whether ActiveCampaign holds an order of a key.
    pub fn holds(&self, key: &str) -> Result<bool, StateError> {
        Ok(self.db.prepare_cached("SELECT 1 FROM mirror WHERE key = ?1")?.exists([key])?)
    }

    /// Whether the cart of a key became an order.
    pub fn became_order(&self, cart: &str) -> Result<bool, StateError> {
        Ok(self.db.prepare_cached("SELECT 1 FROM mirror WHERE cart = ?1")?.exists([cart])?)
    }

    pub fn unmet_count(&self) -> Result<u64, StateError> {
        let count: i64 =
            self.db.query_row("SELECT count(*) FROM mirror WHERE met = 0", [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Looks at each order that nothing in the export has met, sorted by key.
    pub fn each_unmet(
        &self,
        mut look: impl FnMut(RemoteRow) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut statement =
            self.db.prepare("SELECT * FROM mirror WHERE met = 0 ORDER BY key, length(id), id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            look(read_row(row)?)?;
        }
        Ok(())
    }
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RemoteRow> {
    Ok(RemoteRow {
        id: RemoteId::new(row.get::<_, String>(0)?),
        key: row.get(1)?,
        total_minor: row.get(2)?,
        currency: row.get(3)?,
        created_s: row.get(4)?,
        products: row.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
        customer: RemoteId::new(row.get::<_, String>(6)?),
        email_hash: row.get(7)?,
        cart: row.get(8)?,
    })
}
