use super::StateError;
use rusqlite::{Connection, params};
use std::hash::{BuildHasher, RandomState};

/// Which keys a reading of an export has met, and in which of its files. Holds a bounded number in
/// memory and the rest in a temporary database that the system deletes, so that memory does not
/// grow with the export.
///
/// Of a key only a hash is kept, under keys of this process alone: not even the temporary file
/// tells anybody.
#[derive(Debug)]
pub struct Seen {
    hashes: [RandomState; 2],
    in_memory: Table,
    in_memory_max: usize,
    spilled: Option<Connection>,
}

impl Seen {
    /// Keys held in memory, at 15 bytes each: 12 in a table that is filled to four fifths.
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
        // Nothing is noted here any more once something was noted elsewhere: it might be there
        // already.
        let has_room = self.spilled.is_none() && self.in_memory.len < self.in_memory_max;
        let short = u16::try_from(file).ok().filter(|file| has_room && *file <= Table::FILE_MAX);
        match self.in_memory.meet(&key, short) {
            Met::Before(file) => return Ok(Some(u32::from(file))),
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
/// Of a key 80 bits are kept. Among ten million keys, two have the same by chance once in 10^10
/// exports.
#[derive(Debug, Default)]
struct Table {
    /// Two words and a half of a key, and one more than its file; all zero where free.
    slots: Vec<Slot>,
    len: usize,
}

type Slot = [u32; 3];

enum Met {
    Before(u16),
    /// Now, for the first time.
    Noted,
    /// And it is not noted.
    Never,
}

impl Table {
    /// Four times and again this comes to four fifths filled by [`Seen::IN_MEMORY_MAX`]. It grows
    /// so fast because the table before it leaves a gap in memory that is not always given back.
    const SLOTS_MIN: usize = 1_280;

    /// The last file that a slot can name; keys first met in a later one are kept elsewhere.
    const FILE_MAX: u16 = u16::MAX - 1;

    /// Looks for a key, and notes it where it is new and a file up to [`Self::FILE_MAX`] is given.
    fn meet(&mut self, key: &[u8; 16], file: Option<u16>) -> Met {
        if file.is_some() && (self.len + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let [a, b, c] = slot_of(key);
        for at in self.places(a, b) {
            match self.slots[at] {
                [x, y, z] if [x, y, z & KEY_BITS] == [a, b, c] && file_in(z) > 0 => {
                    return Met::Before(file_in(z) - 1);
                }
                [.., z] if file_in(z) == 0 => {
                    let Some(file) = file else { return Met::Never };
                    self.slots[at] = [a, b, c | u32::from(file.saturating_add(1))];
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
        let (first, len) = (self.first_place(a, b), self.slots.len());
        (first..len).chain(0..first)
    }

    fn first_place(&self, a: u32, b: u32) -> usize {
        let bits = (u128::from(a) << 32) | u128::from(b);
        ((bits * self.slots.len() as u128) >> 64) as usize
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); (self.slots.len() * 4).max(Self::SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            let [a, b, z] = slot;
            if file_in(z) == 0 {
                continue;
            }
            if let Some(at) = self.places(a, b).find(|at| file_in(self.slots[*at][2]) == 0) {
                self.slots[at] = slot;
            }
        }
    }
}

/// Of a slot's last word, those that are the key's; the others say its file.
const KEY_BITS: u32 = 0xffff_0000;

/// One more than the file that a slot's last word says; 0 of a free slot.
fn file_in(word: u32) -> u16 {
    (word & !KEY_BITS) as u16
}

/// The bits of a key as they lie in a slot, without a file.
fn slot_of(key: &[u8; 16]) -> Slot {
    let mut slot = Slot::default();
    for (word, bytes) in slot.iter_mut().zip(key.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    slot[2] &= KEY_BITS;
    slot
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
    let before = db
        .prepare_cached("SELECT file FROM seen WHERE key = ?1")?
        .query_row([&key[..]], |row| row.get(0))?;
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
    fn a_file_too_far_down_for_the_table_is_told_as_well() {
        for in_memory_max in [0, 10] {
            let mut seen = Seen::new(in_memory_max);
            let last = u32::from(Table::FILE_MAX);
            for file in [last - 1, last, last + 1, last + 2, u32::MAX - 1] {
                assert_eq!(seen.meet(&file.to_string(), file).unwrap(), None);
                assert_eq!(seen.meet(&file.to_string(), 0).unwrap(), Some(file));
            }
        }
    }

    #[test]
    fn a_key_that_fills_the_last_places_is_found_from_the_first() {
        let mut table = Table::default();
        let late = |n: u8| {
            let mut key = [0xff; 16];
            key[9] = n;
            key
        };
        for n in 0..200 {
            assert!(matches!(table.meet(&late(n), Some(7)), Met::Noted));
        }
        for n in 0..200 {
            assert!(matches!(table.meet(&late(n), None), Met::Before(7)));
        }
        assert!(
            matches!(table.meet(&[0; 16], None), Met::Never),
            "a key of zeros is no free place"
        );
        assert!(matches!(table.meet(&[0; 16], Some(0)), Met::Noted));
        assert!(matches!(table.meet(&[0; 16], Some(3)), Met::Before(0)));
    }
}
