//! A set of keys of any size.

use super::runs::{Merge, Run, prefix, sort, take_similar};
use fastbloom::BloomFilter;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::{HashMap, hash_map};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// The keys read so far from an export, each with a note on the record that has it first.
///
/// Up to a bound, keys are in memory. Beyond it they are written to temporary files in sorted runs,
/// behind a Bloom filter: a key is looked up on disk only if the filter says maybe. Stores only
/// hashes keyed per process, so the temporary files reveal nothing.
#[derive(Debug)]
pub struct SeenKeys {
    hasher: SipHasher13,
    in_memory: Tables,
    in_memory_max: usize,
    on_disk: Option<OnDisk>,
}

impl Default for SeenKeys {
    fn default() -> Self {
        let secret = RandomState::new();
        Self {
            hasher: SipHasher13::new_with_keys(secret.hash_one(0), secret.hash_one(1)),
            in_memory: Tables::default(),
            in_memory_max: Self::IN_MEMORY_MAX,
            on_disk: None,
        }
    }
}

impl SeenKeys {
    /// Keys held in memory, at about 21 bytes each.
    pub const IN_MEMORY_MAX: usize = 570_000;

    /// Sets the number of keys that are held in memory from now on.
    pub fn limited_to(mut self, in_memory_max: usize) -> Self {
        self.in_memory_max = in_memory_max;
        self
    }

    /// Adds a key. Returns the note of its first insertion if it is known. Keeps 56 bits of a note.
    pub fn insert(&mut self, key: &(impl Hash + ?Sized), note: u64) -> io::Result<Option<u64>> {
        let key = self.hash(key);
        let vacant = match self.in_memory.0[key.table()].entry(key) {
            hash_map::Entry::Occupied(first) => return Ok(Some(unpacked(*first.get()))),
            hash_map::Entry::Vacant(vacant) => vacant,
        };
        if let Some(on_disk) = &self.on_disk
            && let Some(first) = on_disk.find(key)?
        {
            return Ok(Some(first));
        }
        vacant.insert(packed(note));
        let max = match self.on_disk {
            Some(_) => self.in_memory_max / BESIDE_FILTER,
            None => self.in_memory_max,
        };
        if self.in_memory.len() > max {
            let room = Tables::with_room_for(self.in_memory_max / BESIDE_FILTER);
            let full = std::mem::replace(&mut self.in_memory, room);
            self.on_disk.get_or_insert_default().add(full)?;
        }
        Ok(None)
    }

    /// Whether a key was added.
    pub fn has(&self, key: &(impl Hash + ?Sized)) -> io::Result<bool> {
        let key = self.hash(key);
        if self.in_memory.find(key).is_some() {
            return Ok(true);
        }
        Ok(match &self.on_disk {
            Some(on_disk) => on_disk.find(key)?.is_some(),
            None => false,
        })
    }

    fn hash(&self, key: &(impl Hash + ?Sized)) -> KeyHash {
        let mut hasher = self.hasher;
        key.hash(&mut hasher);
        let [_, _, _, _, _, _, key @ ..] = hasher.finish128().as_u128().to_be_bytes();
        KeyHash(key)
    }
}

/// With a filter, so many times fewer keys are held in memory.
const BESIDE_FILTER: usize = 8;

/// Keys in memory, by range. A single table that grows would need three times its memory meanwhile.
#[derive(Debug, Default)]
struct Tables([HashMap<KeyHash, Note, Prehashed>; TABLES]);

/// With five tables, [`SeenKeys::IN_MEMORY_MAX`] keys nearly fill tables of 2^17 slots.
const TABLES: usize = 5;

impl Tables {
    fn with_room_for(len: usize) -> Self {
        let table = || HashMap::with_capacity_and_hasher(len / TABLES, Prehashed::default());
        Self(std::array::from_fn(|_| table()))
    }

    fn len(&self) -> usize {
        self.0.iter().map(HashMap::len).sum()
    }

    fn find(&self, key: KeyHash) -> Option<u64> {
        self.0[key.table()].get(&key).copied().map(unpacked)
    }

    fn keys(&self) -> impl Iterator<Item = KeyHash> {
        self.0.iter().flat_map(HashMap::keys).copied()
    }

    /// In the order of their keys, as the tables already are.
    fn sorted(&self) -> impl Iterator<Item = KeyEntry> {
        self.0.iter().flat_map(|table| {
            let mut entries: Vec<KeyEntry> = table.iter().map(entry_of).collect();
            sort(&mut entries);
            entries
        })
    }
}

/// 80 bits of a 128-bit hash: among ten million keys, the chance of a collision is 1 in 10^10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct KeyHash([u8; KEY_BYTES]);

const KEY_BYTES: usize = 10;

impl KeyHash {
    fn table(self) -> usize {
        let [a, b, ..] = self.0;
        (usize::from(u16::from_be_bytes([a, b])) * TABLES) >> 16
    }

    /// The bits that do not select the table.
    fn bits(self) -> u64 {
        let [_, _, rest @ ..] = self.0;
        u64::from_be_bytes(rest)
    }
}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.bits());
    }
}

/// Keys are hashes already.
type Prehashed = BuildHasherDefault<IdentityHasher>;

#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }

    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

const NOTE_BYTES: usize = 7;
const NOTE_MAX: u64 = (1 << (8 * NOTE_BYTES)) - 1;

type Note = [u8; NOTE_BYTES];

fn packed(note: u64) -> Note {
    let [_, kept @ ..] = note.min(NOTE_MAX).to_be_bytes();
    kept
}

fn unpacked([a, b, c, d, e, f, g]: Note) -> u64 {
    u64::from_be_bytes([0, a, b, c, d, e, f, g])
}

/// A key and its note.
type KeyEntry = [u8; ENTRY_BYTES];

const ENTRY_BYTES: usize = KEY_BYTES + NOTE_BYTES;

fn entry_of((KeyHash(key), note): (&KeyHash, &Note)) -> KeyEntry {
    let mut entry = [0; ENTRY_BYTES];
    entry[..KEY_BYTES].copy_from_slice(key);
    entry[KEY_BYTES..].copy_from_slice(note);
    entry
}

fn key_of(entry: &KeyEntry) -> KeyHash {
    KeyHash(*entry.first_chunk().unwrap_or(&[0; KEY_BYTES]))
}

fn note_of(entry: &KeyEntry) -> u64 {
    unpacked(*entry.last_chunk().unwrap_or(&[0; NOTE_BYTES]))
}

#[derive(Debug)]
struct OnDisk {
    filter: BloomFilter,
    /// The longest first.
    runs: Vec<Arc<IndexedRun>>,
    writer: Option<Writer>,
}

/// A thread that writes the last keys, so that the reading of the export need not wait for it.
#[derive(Debug)]
struct Writer {
    keys: Arc<Tables>,
    /// The runs that it does not merge with them.
    kept: Vec<Arc<IndexedRun>>,
    thread: JoinHandle<io::Result<IndexedRun>>,
}

impl Default for OnDisk {
    fn default() -> Self {
        Self { filter: filter_of(filter_bits(0)), runs: Vec::new(), writer: None }
    }
}

/// The size of a filter for so many keys: 8 MiB at most. With ten million keys, one new key in 20
/// is looked up in vain.
fn filter_bits(len: u64) -> usize {
    const BITS_PER_KEY: u64 = 6;
    const BITS_MIN: u64 = 1 << 20;
    const BITS_MAX: u64 = 1 << 26;
    len.saturating_mul(BITS_PER_KEY).clamp(BITS_MIN, BITS_MAX).next_power_of_two() as usize
}

fn filter_of(bits: usize) -> BloomFilter {
    const HASHES: u32 = 3;
    BloomFilter::with_num_bits(bits).hashes(HASHES)
}

impl OnDisk {
    fn add(&mut self, keys: Tables) -> io::Result<()> {
        self.finish_writing()?;
        let len = keys.len() as u64;
        self.grow_filter(len)?;
        for key in keys.keys() {
            self.filter.insert_hash(key.bits());
        }
        let keys = Arc::new(keys);
        let mut kept = self.runs.clone();
        let similar = take_similar(&mut kept, len, |indexed| indexed.run.len());
        let written = Arc::clone(&keys);
        let thread = thread::Builder::new().name("keys".to_owned()).spawn(move || {
            let runs = similar.iter().map(|indexed| &indexed.run);
            let len = len + runs.clone().map(Run::len).sum::<u64>();
            IndexedRun::write(Merge::new(runs, written.sorted())?, len)
        })?;
        self.writer = Some(Writer { keys, kept, thread });
        Ok(())
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        let Some(Writer { kept, thread, .. }) = self.writer.take() else { return Ok(()) };
        let written = thread.join().map_err(|_| io::Error::other("the writing of keys failed"))?;
        self.runs = kept;
        self.runs.push(Arc::new(written?));
        Ok(())
    }

    /// Makes room in the filter for `len` more keys.
    fn grow_filter(&mut self, len: u64) -> io::Result<()> {
        let runs = self.runs.iter().map(|indexed| &indexed.run);
        let bits = filter_bits(len + runs.clone().map(Run::len).sum::<u64>());
        if bits > self.filter.num_bits() {
            self.filter = filter_of(bits);
            for entry in runs.flat_map(Run::entries) {
                self.filter.insert_hash(key_of(&entry?).bits());
            }
        }
        Ok(())
    }

    fn find(&self, key: KeyHash) -> io::Result<Option<u64>> {
        if !self.filter.contains_hash(key.bits()) {
            return Ok(None);
        }
        for run in &self.runs {
            if let Some(note) = run.find(key)? {
                return Ok(Some(note));
            }
        }
        Ok(self.writer.as_ref().and_then(|writer| writer.keys.find(key)))
    }
}

/// A run in which a key is found with one read.
#[derive(Debug)]
struct IndexedRun {
    run: Run<ENTRY_BYTES>,
    /// Where each bucket begins, and where the last one ends. A bucket is the entries whose keys
    /// begin with the same bits.
    bounds: Vec<u32>,
    /// Bits of a key's first 64 that do not select its bucket.
    shift: u32,
}

/// Entries in a bucket, on average at most.
const BUCKET_LEN: u32 = 64;

impl IndexedRun {
    /// Writes `len` entries.
    fn write(entries: impl Iterator<Item = io::Result<KeyEntry>>, len: u64) -> io::Result<Self> {
        let len = u32::try_from(len).map_err(io::Error::other)?;
        let buckets = (len / BUCKET_LEN).next_power_of_two().max(2);
        let shift = u64::BITS - buckets.ilog2();
        let mut bounds = Vec::with_capacity(buckets as usize + 1);
        let mut index = 0;
        let run = Run::write(entries.inspect(|entry| {
            if let Ok(entry) = entry {
                let bucket = (prefix(entry) >> shift) as usize;
                bounds.resize(bounds.len().max(bucket + 1), index);
                index += 1;
            }
        }))?;
        bounds.resize(buckets as usize + 1, index);
        Ok(Self { run, bounds, shift })
    }

    fn find(&self, key: KeyHash) -> io::Result<Option<u64>> {
        const READ_LEN: u32 = 2 * BUCKET_LEN;
        let bucket = (prefix(&key.0) >> self.shift) as usize;
        let (mut start, end) = (self.bounds[bucket], self.bounds[bucket + 1]);
        let mut entries = [[0; ENTRY_BYTES]; READ_LEN as usize];
        while start < end {
            let len = READ_LEN.min(end - start);
            let entries = &mut entries[..len as usize];
            self.run.read_at(start.into(), entries)?;
            if let Ok(at) = entries.binary_search_by_key(&key, key_of) {
                return Ok(Some(note_of(&entries[at])));
            }
            start += len;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_is_known_with_its_first_file_wherever_it_is_kept(
            keys in prop::collection::vec((0..300_u32, 0..NOTE_MAX), 0..600),
            in_memory_max in 0..50_usize,
        ) {
            let mut seen = SeenKeys::default().limited_to(in_memory_max);
            let mut expected: HashMap<u32, u64> = HashMap::new();
            for (key, note) in keys {
                let first = match expected.entry(key) {
                    hash_map::Entry::Occupied(entry) => Some(*entry.get()),
                    hash_map::Entry::Vacant(entry) => {
                        entry.insert(note);
                        None
                    }
                };
                prop_assert_eq!(seen.insert(&key.to_string(), note).unwrap(), first);
            }
        }
    }

    #[test]
    fn keys_are_found_in_every_bucket_and_run_and_after_the_filter_grew() {
        const KEYS: u64 = 200_000;
        let mut seen = SeenKeys::default().limited_to(40_000);
        for n in 0..KEYS {
            assert_eq!(seen.insert(&n.to_string(), n).unwrap(), None);
        }
        let runs = seen.on_disk.as_ref().map_or(0, |on_disk| on_disk.runs.len());
        assert!((1..5).contains(&runs), "{runs} runs");
        for n in 0..KEYS {
            assert_eq!(seen.insert(&n.to_string(), NOTE_MAX).unwrap(), Some(n));
        }
    }
}
