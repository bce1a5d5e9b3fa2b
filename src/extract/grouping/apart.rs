//! The first pass over a file: which orders have rows in several places.

use crate::extract::error::ReadError;
use crate::extract::rows::Rows;
use crate::scratch::SeenKeys;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The most orders that may have rows in several places of one file.
pub const APART_MAX: usize = 200_000;

/// The last run of rows of each key that has several runs.
///
/// An order whose key has the same hash as such a key is returned later, and is otherwise
/// unaffected.
pub struct Apart {
    hashing: RandomState,
    last_run: HashMap<u64, u64>,
}

impl Apart {
    /// Reads the whole table, of each row only the key.
    ///
    /// # Errors
    /// When the table or a temporary file can't be read, or more than [`APART_MAX`] orders are
    /// scattered.
    pub fn scan(mut rows: Rows, key_at: usize) -> Result<Self, ReadError> {
        let mut seen = SeenKeys::default();
        let mut apart = Self { hashing: RandomState::new(), last_run: HashMap::new() };
        let (mut key, mut run) = (Vec::new(), 0);
        while let Some(row) = rows.advance()? {
            let cell = row.cell(key_at);
            if !cell.is_empty() && cell == key.as_slice() {
                continue;
            }
            run += 1;
            key.clear();
            key.extend_from_slice(cell);
            if cell.is_empty() {
                continue;
            }
            let line = row.line;
            match seen.insert(cell, 0) {
                Ok(None) => {}
                Ok(Some(_)) => {
                    apart.last_run.insert(apart.hashing.hash_one(cell), run);
                }
                Err(error) => return Err(ReadError::from_io(&rows.shown(), line, &error)),
            }
            if apart.last_run.len() > APART_MAX {
                return Err(too_many(&rows.shown(), line));
            }
        }
        Ok(apart)
    }

    /// The last run of rows with this key, if there may be several; runs are counted from 1.
    pub fn last_run_of(&self, key: &[u8]) -> Option<u64> {
        self.last_run.get(&self.hashing.hash_one(key)).copied()
    }
}

/// The error for a file with too many scattered orders, or with too many bytes of them in memory.
pub fn too_many(shown: &str, line: u64) -> ReadError {
    ReadError::new(
        shown,
        line,
        "the rows of its orders are scattered too far through the file to put them together",
        "sort the file by order number, so that the rows of an order stand together",
    )
}
