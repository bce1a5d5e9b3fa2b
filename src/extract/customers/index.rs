//! From a key to what is known under it, on disk: a table of slots, each with the key's hash and
//! where its entry is.

use crate::scratch::temp_file;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Customer,
    Order,
}

/// What is known under a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub email: String,
    pub accepts_marketing: Option<bool>,
    /// Another address was found under the same key.
    pub is_ambiguous: bool,
}

pub struct Index {
    hashing: RandomState,
    slots: File,
    /// A power of two.
    capacity: u64,
    len: u64,
    entries: File,
    /// Where the next entry goes.
    end: u64,
}

const SLOT_BYTES: u64 = 16;
const CAPACITY_MIN: u64 = 1 << 12;
/// Kind of key, flags, length of the key, length of the address.
const HEAD_BYTES: usize = 6;
/// The longest key and the longest address kept, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;

const ACCEPTS: u8 = 1;
const DECLINES: u8 = 2;
const AMBIGUOUS: u8 = 4;

impl Index {
    /// # Errors
    /// If temporary files can't be created.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hashing: RandomState::new(),
            slots: slots(CAPACITY_MIN)?,
            capacity: CAPACITY_MIN,
            len: 0,
            entries: temp_file::create()?,
            end: 0,
        })
    }

    /// What is known under a key.
    ///
    /// # Errors
    /// When the temporary files can't be read.
    pub fn get(&self, space: Space, key: &str) -> io::Result<Option<Entry>> {
        let (_, found) = self.find(space, key)?;
        Ok(found.map(|(_, entry)| entry))
    }

    /// Stores an address under a key. A second address makes the key ambiguous; contradictory
    /// consent counts as not stated.
    ///
    /// # Errors
    /// When the temporary files can't be written, or a text is longer than [`TEXT_BYTES_MAX`].
    pub fn put(&mut self, space: Space, key: &str, entry: &Entry) -> io::Result<()> {
        if key.len() > TEXT_BYTES_MAX || entry.email.len() > TEXT_BYTES_MAX {
            return Err(io::Error::other("a key or an address is too long"));
        }
        match self.find(space, key)? {
            (_, Some((at, known))) => {
                let accepts =
                    known.accepts_marketing.filter(|known| entry.accepts_marketing == Some(*known));
                let is_ambiguous = known.is_ambiguous || known.email != entry.email;
                let flags = flags_of(accepts, is_ambiguous);
                self.entries.write_all_at(&[flags], at + 1)
            }
            (slot, None) => {
                let at = self.append(space, key, entry)?;
                self.write_slot(slot, self.hash(space, key), at)?;
                self.len += 1;
                if self.len * 2 > self.capacity { self.grow() } else { Ok(()) }
            }
        }
    }

    fn hash(&self, space: Space, key: &str) -> u64 {
        self.hashing.hash_one((space as u8, key))
    }

    /// The slot of a key, or the free one it would take; and the entry there with its place.
    fn find(&self, space: Space, key: &str) -> io::Result<(u64, Option<(u64, Entry)>)> {
        let hash = self.hash(space, key);
        let mut slot = hash & (self.capacity - 1);
        loop {
            let (other, at) = read_slot(&self.slots, slot)?;
            let Some(at) = at else { return Ok((slot, None)) };
            if other == hash
                && let Some(entry) = self.entry_of(at, space, key)?
            {
                return Ok((slot, Some((at, entry))));
            }
            slot = (slot + 1) & (self.capacity - 1);
        }
    }

    /// The entry at a place, if it is of this key.
    fn entry_of(&self, at: u64, space: Space, key: &str) -> io::Result<Option<Entry>> {
        let mut head = [0; HEAD_BYTES];
        self.entries.read_exact_at(&mut head, at)?;
        let [kind, flags, k0, k1, e0, e1] = head;
        let (key_len, email_len) = (u16::from_le_bytes([k0, k1]), u16::from_le_bytes([e0, e1]));
        let mut texts = vec![0; usize::from(key_len) + usize::from(email_len)];
        self.entries.read_exact_at(&mut texts, at + HEAD_BYTES as u64)?;
        let email = texts.split_off(usize::from(key_len));
        if kind != space as u8 || texts != key.as_bytes() {
            return Ok(None);
        }
        let accepts_marketing = match (flags & ACCEPTS != 0, flags & DECLINES != 0) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let email = String::from_utf8(email)
            .map_err(|_| io::Error::other("a temporary file was changed"))?;
        Ok(Some(Entry { email, accepts_marketing, is_ambiguous: flags & AMBIGUOUS != 0 }))
    }

    fn append(&mut self, space: Space, key: &str, entry: &Entry) -> io::Result<u64> {
        let len = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
        let mut bytes = vec![space as u8, flags_of(entry.accepts_marketing, entry.is_ambiguous)];
        bytes.extend(len(key));
        bytes.extend(len(&entry.email));
        bytes.extend(key.as_bytes());
        bytes.extend(entry.email.as_bytes());
        let at = self.end;
        self.entries.write_all_at(&bytes, at)?;
        self.end += bytes.len() as u64;
        Ok(at)
    }

    fn write_slot(&self, slot: u64, hash: u64, at: u64) -> io::Result<()> {
        write_slot(&self.slots, slot, hash, at)
    }

    /// Twice as many slots.
    fn grow(&mut self) -> io::Result<()> {
        let capacity = self.capacity * 2;
        let wider = slots(capacity)?;
        for slot in 0..self.capacity {
            let (hash, Some(at)) = read_slot(&self.slots, slot)? else { continue };
            let mut free = hash & (capacity - 1);
            while read_slot(&wider, free)?.1.is_some() {
                free = (free + 1) & (capacity - 1);
            }
            write_slot(&wider, free, hash, at)?;
        }
        (self.slots, self.capacity) = (wider, capacity);
        Ok(())
    }
}

fn flags_of(accepts_marketing: Option<bool>, is_ambiguous: bool) -> u8 {
    let consent = match accepts_marketing {
        Some(true) => ACCEPTS,
        Some(false) => DECLINES,
        None => 0,
    };
    consent | if is_ambiguous { AMBIGUOUS } else { 0 }
}

fn slots(capacity: u64) -> io::Result<File> {
    let file = temp_file::create()?;
    file.set_len(capacity * SLOT_BYTES)?;
    Ok(file)
}

/// The hash in a slot, and the entry's place; none in a free slot.
fn read_slot(slots: &File, slot: u64) -> io::Result<(u64, Option<u64>)> {
    let (mut hash, mut place) = ([0; 8], [0; 8]);
    let mut bytes = [0; SLOT_BYTES as usize];
    slots.read_exact_at(&mut bytes, slot * SLOT_BYTES)?;
    hash.copy_from_slice(&bytes[..8]);
    place.copy_from_slice(&bytes[8..]);
    Ok((u64::from_le_bytes(hash), u64::from_le_bytes(place).checked_sub(1)))
}

fn write_slot(slots: &File, slot: u64, hash: u64, at: u64) -> io::Result<()> {
    let mut bytes = [0; SLOT_BYTES as usize];
    bytes[..8].copy_from_slice(&hash.to_le_bytes());
    bytes[8..].copy_from_slice(&(at + 1).to_le_bytes());
    slots.write_all_at(&bytes, slot * SLOT_BYTES)
}
