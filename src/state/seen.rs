use super::StateError;
use rusqlite::{Connection, params};
use std::hash::{BuildHasher, RandomState};

/// Which keys a reading of an export has met, and in which of its files. Holds a bounded number in memory and
/// the rest in a temporary database that the system deletes, so that memory does not grow with the export.
///
/// Of a key only a hash is kept, under keys of this process alone: not even the temporary file tells anybody.
#[derive(Debug)]
pub struct Seen {
    hashes: [RandomState; 2],
    in_memory: Table,
    in_memory_max: usize,
    spilled: Option<Connection>,
}

impl Seen {
    /// Keys held in memory, at 20 bytes each: 16 in a table that is filled to four fifths.
    pub const IN_MEMORY_MAX: usize = 1 << 20;

    pub fn new(in_memory_max: usize) -> Self {
        Self {
            hashes: [RandomState::new(), RandomState::new()],
            in_memory: Table::default(),
            in_memory_max,
            spilled: None,
        }
    }

    /// Holds no more than so many in memory from now on.
    pub fn limited_to(mut self, in_memory_max: usize) -> Self {
        self.in_memory_max = in_memory_max;
        self
    }

    /// Notes a key as met in `file`; where it was met before, the file that was in.
    ///
    /// # Errors
    /// When the temporary database can't be written.
    pub fn meet(&mut self, key: &str, file: u32) -> Result<Option<u32>, StateError> {
        let key = self.hash(key);
        let has_room = self.in_memory.len < self.in_memory_max;
        match self.in_memory.meet(&key, has_room.then_some(file)) {
            Met::Before(file) => return Ok(Some(file)),
            Met::Noted => return Ok(None),
            Met::Never => {}
        }
        let db = match self.spilled.take() {
            Some(db) => db,
            None => temporary()?,
        };
        let met = meet_spilled(&db, &key, file);
        self.spilled = Some(db);
        met
    }

    /// SipHash under two keys, 128 bits in all.
    fn hash(&self, key: &str) -> [u8; 16] {
        let [a, b] = self.hashes.each_ref().map(|state| u128::from(state.hash_one(key)));
        ((a << 64) | b).to_be_bytes()
    }
}

/// Keys with a file each: a key's place follows from its bits, and the next free one is taken.
///
/// Of a key 96 bits are kept. Among ten million keys, two have the same by chance once in 10^15 exports.
#[derive(Debug, Default)]
struct Table {
    /// Three words of a key, and one more than its file; all zero where free.
    slots: Vec<[u32; 4]>,
    len: usize,
}

enum Met {
    Before(u32),
    /// Now, for the first time.
    Noted,
    /// And it is not noted.
    Never,
}

impl Table {
    /// Twice and again this comes to four fifths filled by [`Seen::IN_MEMORY_MAX`].
    const SLOTS_MIN: usize = 1_280;

    /// Looks for a key, and notes it where it is new and a file is given.
    fn meet(&mut self, key: &[u8; 16], file: Option<u32>) -> Met {
        if file.is_some() && (self.len + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let [a, b, c, _] = words_of(key);
        for at in self.places(a, b) {
            match self.slots[at] {
                [x, y, z, noted] if noted > 0 && [x, y, z] == [a, b, c] => return Met::Before(noted - 1),
                [.., 0] => {
                    let Some(file) = file else { return Met::Never };
                    self.slots[at] = [a, b, c, file.saturating_add(1)];
                    self.len += 1;
                    return Met::Noted;
                }
                _ => {}
            }
        }
        Met::Never
    }

    /// The slots where a key may be, from the one that its bits name.
    fn places(&self, a: u32, b: u32) -> impl Iterator<Item = usize> + use<> {
        let len = self.slots.len();
        let bits = (u128::from(a) << 32) | u128::from(b);
        let first = ((bits * len as u128) >> 64) as usize;
        (first..len).chain(0..first)
    }

    fn grow(&mut self) {
        let slots = vec![[0; 4]; (self.slots.len() * 2).max(Self::SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            let [a, b, _, noted] = slot;
            let mut places = self.places(a, b).filter(|_| noted > 0);
            if let Some(at) = places.find(|at| self.slots[*at][3] == 0) {
                self.slots[at] = slot;
            }
        }
    }
}

fn words_of(key: &[u8; 16]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(key.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

impl Drop for Seen {
    fn drop(&mut self) {
        if let Some(db) = &self.spilled {
            // Nobody needs what was in it: closing without this would first write it out.
            let _ = db.execute_batch("ROLLBACK");
        }
    }
}

/// A database of its own that lives in a file without a name once it outgrows its cache of 4 MiB.
pub(super) fn temporary() -> Result<Connection, StateError> {
    let db = Connection::open("")?;
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;
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
        for in_memory_max in [0, 10, 900, 5_000] {
            known_again(in_memory_max);
        }
    }

    fn known_again(in_memory_max: usize) {
        let mut seen = Seen::new(in_memory_max);
        let key = |n: u32| format!("#{n}");
        for n in 0..1000 {
            assert_eq!(seen.meet(&key(n), n).unwrap(), None);
        }
        for n in 0..1000 {
            assert_eq!(seen.meet(&key(n), 7777).unwrap(), Some(n), "{n}");
        }
    }
    #[test]
    fn a_key_that_fills_the_last_places_is_found_from_the_first() {
        let mut table = Table::default();
        let late = |n: u8| {
            let mut key = [0xff; 16];
            key[11] = n;
            key
        };
        for n in 0..200 {
            assert!(matches!(table.meet(&late(n), Some(7)), Met::Noted));
        }
        for n in 0..200 {
            assert!(matches!(table.meet(&late(n), None), Met::Before(7)));
        }
        assert!(matches!(table.meet(&[0; 16], None), Met::Never), "a key of zeros is no free place");
        assert!(matches!(table.meet(&[0; 16], Some(0)), Met::Noted));
        assert!(matches!(table.meet(&[0; 16], Some(3)), Met::Before(0)));
    }
}
