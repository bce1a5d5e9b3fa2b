use super::StateError;
use super::sql::Sql;
use crate::domain::{CustomerHash, RemoteId};
use crate::scratch::temp_db;
use rusqlite::{Connection, params};

/// A temporary copy of ActiveCampaign's list of customers, as hashes: like
/// [`super::RemoteSnapshot`], an unnamed database that the system deletes.
#[derive(Debug)]
pub struct CustomerMirror {
    db: Connection,
}

impl CustomerMirror {
    pub fn new() -> Result<Self, StateError> {
        let db = temp_db::open(
            "CREATE TABLE mirror (id TEXT PRIMARY KEY, key BLOB NOT NULL, email BLOB NOT NULL) WITHOUT ROWID;
             CREATE INDEX mirror_key ON mirror (key);
             CREATE INDEX mirror_email ON mirror (email)",
        )?;
        Ok(Self { db })
    }

    /// Adds a customer by the hashes of its external id and of its address.
    pub fn add(
        &mut self,
        id: &RemoteId,
        key: &CustomerHash,
        email: &CustomerHash,
    ) -> Result<(), StateError> {
        self.db.run(
            "INSERT OR REPLACE INTO mirror VALUES (?1, ?2, ?3)",
            params![id.as_str(), &key[..], &email[..]],
        )
    }

    pub fn is_empty(&self) -> Result<bool, StateError> {
        Ok(!self.db.has("SELECT 1 FROM mirror", [])?)
    }

    /// The hash of the key of the customer with this id.
    pub fn key_of(&self, id: &RemoteId) -> Result<Option<CustomerHash>, StateError> {
        self.db.first("SELECT key FROM mirror WHERE id = ?1", [id.as_str()], |row| row.get(0))
    }

    /// The customer with a key, else with an address; of several the one with the lowest id.
    pub fn find(
        &self,
        key: &CustomerHash,
        email: &CustomerHash,
    ) -> Result<Option<RemoteId>, StateError> {
        let by_key = "SELECT id FROM mirror WHERE key = ?1 ORDER BY length(id), id LIMIT 1";
        let by_email = "SELECT id FROM mirror WHERE email = ?1 ORDER BY length(id), id LIMIT 1";
        for (sql, hash) in [(by_key, key), (by_email, email)] {
            if let Some(id) = self.db.first(sql, [&hash[..]], |row| row.get::<_, String>(0))? {
                return Ok(Some(RemoteId::new(id)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_found_by_key_before_address() {
        let mut mirror = CustomerMirror::new().unwrap();
        for (id, key, email) in [("10", 1, 9), ("9", 2, 9), ("3", 3, 8)] {
            mirror.add(&RemoteId::new(id), &[key; 12], &[email; 12]).unwrap();
        }
        let found = |key, email| mirror.find(&[key; 12], &[email; 12]).unwrap();
        assert_eq!(found(1, 8), Some(RemoteId::new("10")));
        assert_eq!(found(7, 9), Some(RemoteId::new("9")), "of two of one address the older");
        assert_eq!(found(7, 7), None);
    }
}
