//! Values by key, in an unnamed database that the system deletes.

use rusqlite::{Connection, OptionalExtension, params};
use std::io;
use std::sync::{Mutex, PoisonError};

/// Memory does not grow with the number of keys.
pub struct KeyValues {
    db: Mutex<Connection>,
}

impl KeyValues {
    pub fn new() -> io::Result<Self> {
        let db = Connection::open("").map_err(io::Error::other)?;
        db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
             CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
             BEGIN",
        )
        .map_err(io::Error::other)?;
        Ok(Self { db: Mutex::new(db) })
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
