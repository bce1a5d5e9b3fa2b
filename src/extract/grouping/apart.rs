//! The first pass over a file: which orders have rows that do not stand together.

use super::filter::Filter;
use crate::extract::error::ReadError;
use crate::extract::rows::Rows;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The most orders that may lie apart in one file.
pub const APART_MAX: usize = 200_000;

/// Runs of rows with one key, and where the last one is of each key that has several.
///
/// A key that shares its hash with another may be taken for one that lies apart; its order is then
/// given out later, and is otherwise the same.
pub struct Apart {
    hashing: RandomState,
    last_run: HashMap<u64, u64>,
}

impl Apart {
    /// Reads the whole table, of each row only the key.
    ///
    /// # Errors
    /// When the table can't be read, or more than [`APART_MAX`] orders lie apart.
    pub fn scan(mut rows: Rows, key_at: usize) -> Result<Self, ReadError> {
        let mut met = Filter::for_file(rows.size_bytes());
        let mut apart = Self { hashing: RandomState::new(), last_run: HashMap::new() };
        let (mut key, mut run) = (Vec::new(), 0);
        while let Some(row) = rows.advance()? {
            let cell = row.cell(key_at);
            if run > 0 && cell == key.as_slice() && !cell.is_empty() {
                continue;
            }
            run += 1;
            key.clear();
            key.extend_from_slice(cell);
            if cell.is_empty() {
                continue;
            }
            let (hash, line) = (apart.hashing.hash_one(cell), row.line);
            if met.meet(hash) {
                apart.last_run.insert(hash, run);
            }
            if apart.last_run.len() > APART_MAX {
                return Err(too_many(&rows.shown(), line));
            }
        }
        Ok(apart)
    }

    /// The last run of rows with this key, where there may be several; runs are counted from 1.
    pub fn last_run_of(&self, key: &[u8]) -> Option<u64> {
        match self.last_run.is_empty() {
            true => None,
            false => self.last_run.get(&self.hashing.hash_one(key)).copied(),
        }
    }
}

/// What is said of a file whose orders are too far apart.
pub fn too_many(shown: &str, line: u64) -> ReadError {
    ReadError::new(
        shown,
        line,
        "the rows of its orders are scattered too far through the file to put them together",
        "sort the file by order number, so that the rows of an order stand together",
    )
}
