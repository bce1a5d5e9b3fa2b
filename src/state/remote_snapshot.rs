use super::StateError;
use super::sql::Sql;
use crate::domain::{CustomerHash, RemoteId};
use crate::scratch::temp_db;
use rusqlite::{Connection, params};

/// One order at ActiveCampaign, as far as its lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRow {
    pub id: RemoteId,
    pub key: String,
    /// The ledger's key of the cart that it was, if any.
    pub cart: Option<String>,
    pub total_minor: Option<i64>,
    pub currency: String,
    /// Seconds since 1970.
    pub created_s: Option<i64>,
    pub products: Option<u64>,
    pub customer: RemoteId,
    pub email_hash: CustomerHash,
}

/// The order with a key at ActiveCampaign, and further orders with the same key, which should not
/// exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedOrder {
    pub order: RemoteRow,
    pub copies: Vec<RemoteRow>,
}

/// A temporary copy of ActiveCampaign's list of orders, to compare with an export in another
/// sequence. It is an unnamed database that the system deletes; memory does not grow with the
/// number of orders.
#[derive(Debug)]
pub struct RemoteSnapshot {
    db: Connection,
}

impl RemoteSnapshot {
    pub fn new() -> Result<Self, StateError> {
        let db = temp_db::open(
            "CREATE TABLE mirror (
                 id TEXT PRIMARY KEY, key TEXT NOT NULL, total INTEGER, currency TEXT NOT NULL, created INTEGER,
                 products INTEGER, customer TEXT NOT NULL, email BLOB NOT NULL, cart TEXT,
                 met INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID;
             CREATE INDEX mirror_key ON mirror (key);
             CREATE INDEX mirror_cart ON mirror (cart) WHERE cart IS NOT NULL",
        )?;
        Ok(Self { db })
    }

    /// Adds an order of ActiveCampaign's list, and returns whether it is new; one that a shifting
    /// list shows twice is stored once.
    pub fn add(&mut self, order: &RemoteRow) -> Result<bool, StateError> {
        let added = self.db.changed(
            "INSERT OR IGNORE INTO mirror VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
            params![
                order.id.as_str(),
                order.key,
                order.total_minor,
                order.currency,
                order.created_s,
                order.products,
                order.customer.as_str(),
                &order.email_hash[..],
                order.cart,
            ],
        )?;
        Ok(added == 1)
    }

    pub fn len(&self) -> Result<u64, StateError> {
        self.db.one("SELECT count(*) FROM mirror", [])
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
        let sql =
            "SELECT * FROM mirror WHERE key = ?1 AND met = 0 ORDER BY id = ?2 DESC, length(id), id";
        let known = known.map_or("", RemoteId::as_str);
        let mut found = self.db.all(sql, [key, known], read_row)?.into_iter();
        let Some(order) = found.next() else { return Ok(None) };
        let copies = found.collect();
        self.db.run("UPDATE mirror SET met = 1 WHERE key = ?1", [key])?;
        Ok(Some(MatchedOrder { order, copies }))
    }

    /// The key of ActiveCampaign's order of an id.
    pub fn key_of(&self, id: &RemoteId) -> Result<Option<String>, StateError> {
        self.db.first("SELECT key FROM mirror WHERE id = ?1", [id.as_str()], |row| row.get(0))
    }

    /// Whether ActiveCampaign holds an order of a key.
    pub fn holds(&self, key: &str) -> Result<bool, StateError> {
        self.db.has("SELECT 1 FROM mirror WHERE key = ?1", [key])
    }

    /// Whether the cart of a key became an order.
    pub fn became_order(&self, cart: &str) -> Result<bool, StateError> {
        self.db.has("SELECT 1 FROM mirror WHERE cart = ?1", [cart])
    }

    pub fn unmet_count(&self) -> Result<u64, StateError> {
        self.db.one("SELECT count(*) FROM mirror WHERE met = 0", [])
    }

    /// Visits each order that nothing in the export matched, sorted by key.
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
        products: row.get(5)?,
        customer: RemoteId::new(row.get::<_, String>(6)?),
        email_hash: row.get(7)?,
        cart: row.get(8)?,
    })
}
