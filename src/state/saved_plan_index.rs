use super::StateError;
use rusqlite::{Connection, OptionalExtension, params};

/// The place of an order in a saved plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedAt {
    /// Of its line's first byte.
    pub offset: u64,
    /// Of its line, without the line's end.
    pub bytes: u64,
    /// From 1.
    pub line: u64,
}

/// Finds the orders of a saved plan by their keys. It is a database without a name that the system
/// deletes, and of the plan it holds the keys alone; memory does not grow with the number of
/// orders.
#[derive(Debug)]
pub struct SavedIndex {
    db: Connection,
}

impl SavedIndex {
    pub fn new() -> Result<Self, StateError> {
        let db = Connection::open("")?;
        db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;
             CREATE TABLE saved (
                 key TEXT PRIMARY KEY, offset INTEGER NOT NULL, bytes INTEGER NOT NULL, line INTEGER NOT NULL,
                 met INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID;
             BEGIN",
        )?;
        Ok(Self { db })
    }

    /// Adds an order; where its key is there already, its place is given back and nothing is added.
    pub fn add(&mut self, key: &str, at: SavedAt) -> Result<Option<SavedAt>, StateError> {
        let added = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO saved VALUES (?1, ?2, ?3, ?4, 0)")?
            .execute(params![key, at.offset as i64, at.bytes as i64, at.line as i64])?;
        if added == 1 { Ok(None) } else { self.find(key) }
    }

    /// The place of an order, which is then met.
    pub fn meet(&mut self, key: &str) -> Result<Option<SavedAt>, StateError> {
        let found = self.find(key)?;
        if found.is_some() {
            self.db.prepare_cached("UPDATE saved SET met = 1 WHERE key = ?1")?.execute([key])?;
        }
        Ok(found)
    }

    fn find(&self, key: &str) -> Result<Option<SavedAt>, StateError> {
        let mut statement =
            self.db.prepare_cached("SELECT offset, bytes, line FROM saved WHERE key = ?1")?;
        let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let found = statement.query_row([key], |row| {
            Ok(SavedAt { offset: number(row, 0)?, bytes: number(row, 1)?, line: number(row, 2)? })
        });
        Ok(found.optional()?)
    }

    /// How many orders nothing has met, and the keys and lines of the first ones.
    pub fn unmet(&self, at_most: usize) -> Result<(u64, Vec<(String, u64)>), StateError> {
        let count: i64 =
            self.db.query_row("SELECT count(*) FROM saved WHERE met = 0", [], |row| row.get(0))?;
        let mut statement =
            self.db.prepare("SELECT key, line FROM saved WHERE met = 0 ORDER BY line LIMIT ?1")?;
        let rows = statement.query_map([i64::try_from(at_most).unwrap_or(i64::MAX)], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
        Ok((count.unsigned_abs(), rows.collect::<Result<_, _>>()?))
    }
}
