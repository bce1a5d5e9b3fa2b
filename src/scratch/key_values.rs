//! Values by key, in a temporary database.

use super::temp_db;
use rusqlite::{Connection, OptionalExtension, params};
use std::io;
use std::sync::{Mutex, PoisonError};

/// Memory does not grow with the number of keys.
pub struct KeyValues {
    db: Mutex<Connection>,
}

impl KeyValues {
    pub fn new() -> io::Result<Self> {
        let schema =
            "CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";
        Ok(Self { db: Mutex::new(temp_db::open(schema).map_err(io::Error::other)?) })
    }

    pub fn get(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let found = db
            .prepare_cached("SELECT value FROM entries WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional());
        found.map_err(io::Error::other)
    }

    /// Replaces the value that the key had.
    pub fn put(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let put = db
            .prepare_cached("INSERT OR REPLACE INTO entries VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![key, value]));
        put.map(|_| ()).map_err(io::Error::other)
    }
}
