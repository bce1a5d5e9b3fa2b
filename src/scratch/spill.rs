//! Collects entries by key in a temporary database, and returns them key by key; the entries of a
//! key may be added at any time. Memory does not grow with the number of entries.

use super::temp_db;
use rusqlite::{Connection, params};
use std::collections::VecDeque;
use std::io;

/// Entries of one key beyond this are dropped, and the key is marked.
const KEY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes that are read ahead.
const WINDOW_BYTES: usize = 256 * 1024;

/// Entries being collected.
pub struct Spill {
    db: Connection,
}

impl Spill {
    pub fn new() -> io::Result<Self> {
        let schema = "CREATE TABLE entries (key BLOB NOT NULL, body BLOB NOT NULL)";
        Ok(Self { db: temp_db::open(schema).map_err(io::Error::other)? })
    }

    pub fn add(&self, key: &[u8], body: &[u8]) -> io::Result<()> {
        let added = self
            .db
            .prepare_cached("INSERT INTO entries VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![key, body]));
        added.map(|_| ()).map_err(io::Error::other)
    }

    /// Ends the collecting.
    pub fn groups(self) -> io::Result<Groups> {
        // Sorted by the database, which also does that with a bounded memory.
        let sort = "CREATE TABLE sorted AS SELECT key, body FROM entries ORDER BY key, rowid";
        self.db.execute_batch(sort).map_err(io::Error::other)?;
        Ok(Groups { db: self.db, last_read: 0, window: VecDeque::new() })
    }
}

/// The entries key by key, in the order of the keys.
pub struct Groups {
    db: Connection,
    /// The row of `sorted` that was read last.
    last_read: i64,
    window: VecDeque<SpilledEntry>,
}

struct SpilledEntry {
    key: Vec<u8>,
    body: Vec<u8>,
}

/// The entries of one key, in the order they were added.
pub struct Group {
    pub key: Vec<u8>,
    pub entries: Vec<Vec<u8>>,
    /// There were more, which are dropped.
    pub is_overlong: bool,
}

impl Groups {
    /// The entries of the next key; `None` at the end.
    pub fn advance(&mut self) -> io::Result<Option<Group>> {
        let Some(SpilledEntry { key, body }) = self.next_if(|_| true)? else { return Ok(None) };
        let mut bytes = key.len() + body.len();
        let mut group = Group { key, entries: vec![body], is_overlong: false };
        while let Some(entry) = self.next_if(|entry| entry.key == group.key)? {
            bytes += entry.key.len() + entry.body.len();
            if bytes > KEY_BYTES_MAX {
                group.is_overlong = true;
            } else {
                group.entries.push(entry.body);
            }
        }
        Ok(Some(group))
    }

    fn next_if(
        &mut self,
        is_wanted: impl Fn(&SpilledEntry) -> bool,
    ) -> io::Result<Option<SpilledEntry>> {
        if self.window.is_empty() {
            self.read_window().map_err(io::Error::other)?;
        }
        Ok(self.window.pop_front_if(|entry| is_wanted(entry)))
    }

    fn read_window(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT rowid, key, body FROM sorted WHERE rowid > ?1 ORDER BY rowid";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([self.last_read])?;
        let mut bytes = 0;
        while bytes < WINDOW_BYTES
            && let Some(row) = rows.next()?
        {
            let entry = SpilledEntry { key: row.get(1)?, body: row.get(2)? };
            bytes += entry.key.len() + entry.body.len();
            self.last_read = row.get(0)?;
            self.window.push_back(entry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn groups_of(spill: Spill) -> Vec<Group> {
        let mut groups = spill.groups().unwrap();
        std::iter::from_fn(|| groups.advance().unwrap()).collect()
    }

    #[test]
    fn entries_of_a_key_are_returned_together_in_order() {
        const KEYS: u32 = 20_000;
        let spill = Spill::new().unwrap();
        for round in 0..4_u8 {
            for key in 0..KEYS {
                spill.add(key.to_string().as_bytes(), &[round; 300]).unwrap();
            }
        }
        let groups = groups_of(spill);
        assert_eq!(groups.len(), KEYS as usize);
        assert!(groups.is_sorted_by(|a, b| a.key < b.key));
        for group in groups {
            let rounds: Vec<u8> = group.entries.iter().map(|entry| entry[0]).collect();
            assert_eq!((rounds, group.is_overlong), (vec![0, 1, 2, 3], false));
        }
    }

    #[test]
    fn a_key_with_more_than_any_order_has_is_cut_and_marked_and_no_other_is() {
        let spill = Spill::new().unwrap();
        let body = vec![b'x'; 100_000];
        spill.add(b"small", b"1").unwrap();
        for _ in 0..400 {
            spill.add(b"huge", &body).unwrap();
        }
        let [huge, small] = <[Group; 2]>::try_from(groups_of(spill)).ok().unwrap();
        let bytes: usize = huge.entries.iter().map(Vec::len).sum();
        assert!((KEY_BYTES_MAX / 2..=KEY_BYTES_MAX).contains(&bytes), "{bytes}");
        assert!(huge.is_overlong && !small.is_overlong);
        assert_eq!((small.key, small.entries), (b"small".to_vec(), vec![b"1".to_vec()]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_invented(
            entries in prop::collection::vec((0_u8..20, prop::collection::vec(any::<u8>(), 0..40)), 0..200),
        ) {
            let spill = Spill::new().unwrap();
            let mut expected: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
            for (key, body) in entries {
                let key = vec![key; usize::from(key % 3)];
                spill.add(&key, &body).unwrap();
                expected.entry(key).or_default().push(body);
            }
            let found = groups_of(spill).into_iter().map(|group| (group.key, group.entries));
            prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
        }
    }
}
