use super::StateError;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// Which keys a reading of an export has met, and in which of its files. Holds a bounded number in memory and
/// the rest in a temporary database that the system deletes, so that memory does not grow with the export.
#[derive(Debug)]
pub struct Seen {
    in_memory: HashMap<[u8; 16], u32>,
    in_memory_max: usize,
    spilled: Option<Connection>,
}

impl Seen {
    /// Keys held in memory, at about 22 bytes each: a table of a million slots, filled to seven eighths.
    pub const IN_MEMORY_MAX: usize = 900_000;

    pub fn new(in_memory_max: usize) -> Self {
        Self { in_memory: HashMap::new(), in_memory_max, spilled: None }
    }

    /// Notes a key as met in `file`; where it was met before, the file that was in.
    ///
    /// # Errors
    /// When the temporary database can't be written.
    pub fn meet(&mut self, key: [u8; 16], file: u32) -> Result<Option<u32>, StateError> {
        if let Some(before) = self.in_memory.get(&key) {
            return Ok(Some(*before));
        }
        if self.in_memory.len() < self.in_memory_max {
            self.in_memory.insert(key, file);
            return Ok(None);
        }
        let db = match self.spilled.take() {
            Some(db) => db,
            None => temporary()?,
        };
        let met = meet_spilled(&db, &key, file);
        self.spilled = Some(db);
        met
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        if let Some(db) = &self.spilled {
            // Nobody needs what was in it: closing without this would first write it out.
            let _ = db.execute_batch("ROLLBACK");
        }
    }
}

/// A database of its own that lives in a file without a name once it outgrows its cache of 8 MiB.
pub(super) fn temporary() -> Result<Connection, StateError> {
    let db = Connection::open("")?;
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
         CREATE TABLE seen (key BLOB PRIMARY KEY, file INTEGER NOT NULL) WITHOUT ROWID;
         BEGIN",
    )?;
    Ok(db)
}

fn meet_spilled(db: &Connection, key: &[u8; 16], file: u32) -> Result<Option<u32>, StateError> {
    let added = db
        .prepare_cached("INSERT INTO seen (key, file) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![&key[..], file])?;
    if added == 1 {
        return Ok(None);
    }
    let before =
        db.prepare_cached("SELECT file FROM seen WHERE key = ?1")?.query_row([&key[..]], |row| row.get(0))?;
    Ok(Some(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_again_wherever_it_is_kept() {
        let mut seen = Seen::new(10);
        let key = |n: u32| {
            let mut key = [0; 16];
            key[..4].copy_from_slice(&n.to_le_bytes());
            key
        };
        for n in 0..1000 {
            assert_eq!(seen.meet(key(n), n).unwrap(), None);
        }
        for n in 0..1000 {
            assert_eq!(seen.meet(key(n), 7777).unwrap(), Some(n), "{n}");
        }
    }
}
