use super::StateError;
use super::sql::Sql;
use crate::scratch::temp_db;
use rusqlite::{Connection, params};

/// The place of an order in a saved plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedAt {
    /// Of its line's first byte.
    pub offset: u64,
    /// Of its line, with the line's end.
    pub bytes: u64,
    /// From 1.
    pub line: u64,
}

/// Finds the orders of a saved plan by their keys. It is an unnamed database that the system
/// deletes, and only contains the keys of the plan; memory does not grow with the number of orders.
#[derive(Debug)]
pub struct SavedIndex {
    db: Connection,
}

impl SavedIndex {
    pub fn new() -> Result<Self, StateError> {
        let db = temp_db::open(
            "CREATE TABLE saved (
                 key TEXT PRIMARY KEY, offset INTEGER NOT NULL, bytes INTEGER NOT NULL, line INTEGER NOT NULL,
                 met INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID",
        )?;
        Ok(Self { db })
    }

    /// Adds an order; if its key exists already, returns its place and adds nothing.
    pub fn add(&mut self, key: &str, at: SavedAt) -> Result<Option<SavedAt>, StateError> {
        let added = self.db.changed(
            "INSERT OR IGNORE INTO saved VALUES (?1, ?2, ?3, ?4, 0)",
            params![key, at.offset, at.bytes, at.line],
        )?;
        if added == 1 { Ok(None) } else { self.find(key) }
    }

    /// The place of an order, which is then marked as matched.
    pub fn meet(&mut self, key: &str) -> Result<Option<SavedAt>, StateError> {
        let found = self.find(key)?;
        if found.is_some() {
            self.db.run("UPDATE saved SET met = 1 WHERE key = ?1", [key])?;
        }
        Ok(found)
    }

    fn find(&self, key: &str) -> Result<Option<SavedAt>, StateError> {
        let sql = "SELECT offset, bytes, line FROM saved WHERE key = ?1";
        self.db.first(sql, [key], |row| {
            Ok(SavedAt { offset: row.get(0)?, bytes: row.get(1)?, line: row.get(2)? })
        })
    }

    /// How many orders were not matched, and the keys and lines of the first ones.
    pub fn unmet(&self, at_most: usize) -> Result<(u64, Vec<(String, u64)>), StateError> {
        let count = self.db.one("SELECT count(*) FROM saved WHERE met = 0", [])?;
        let sql = "SELECT key, line FROM saved WHERE met = 0 ORDER BY line LIMIT ?1";
        let rows = self.db.all(sql, [at_most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((count, rows))
    }
}
