//! The customers by key, on disk.

use crate::domain::Text;
use crate::scratch::KeyValues;
use std::io;

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Customer,
    Order,
}

/// The entry of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub email: Text,
    pub accepts_marketing: Option<bool>,
    /// Another e-mail address was found for the same key.
    pub is_ambiguous: bool,
}

/// The longest key and the longest address kept, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;

pub struct Index {
    entries: KeyValues,
}

impl Index {
    pub fn new() -> io::Result<Self> {
        Ok(Self { entries: KeyValues::new()? })
    }

    pub fn get(&self, space: Space, key: &str) -> io::Result<Option<Entry>> {
        let found = self.entries.get(&bytes_of(space, key))?;
        found.map(|bytes| Entry::from_bytes(&bytes)).transpose()
    }

    /// Stores an address under a key. A second e-mail address makes the key ambiguous; consent
    /// counts only if all entries of the key state the same.
    pub fn put(&self, space: Space, key: &str, entry: &Entry) -> io::Result<()> {
        let mut entry = entry.clone();
        if let Some(known) = self.get(space, key)? {
            entry.accepts_marketing =
                known.accepts_marketing.filter(|known| entry.accepts_marketing == Some(*known));
            entry.is_ambiguous = known.is_ambiguous || known.email != entry.email;
            entry.email = known.email;
        }
        self.entries.put(&bytes_of(space, key), &entry.to_bytes())
    }
}

fn bytes_of(space: Space, key: &str) -> Vec<u8> {
    [&[space as u8], key.as_bytes()].concat()
}

impl Entry {
    /// The consent, whether it is ambiguous, and the address.
    fn to_bytes(&self) -> Vec<u8> {
        let consent = self.accepts_marketing.map_or(2, u8::from);
        [&[consent, u8::from(self.is_ambiguous)], self.email.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let [consent, is_ambiguous, email @ ..] = bytes else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let email = String::from_utf8(email.to_vec()).map_err(io::Error::other)?;
        let accepts_marketing = (*consent < 2).then_some(*consent == 1);
        Ok(Self { email: email.into(), accepts_marketing, is_ambiguous: *is_ambiguous == 1 })
    }
}
