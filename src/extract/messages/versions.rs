//! The versions of an order in a file: which one is the newest, and what that means for the others.

use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::error::ReadError;
use crate::extract::order_versions::{content_of, is_damaged, key_of, stamp};
use crate::scratch::{Sorted, SortedEntries, Sorter};
use jiff::tz::TimeZone;
use std::io;

/// Bytes of a version when versions are sorted.
const VERSION_BYTES: usize = 56;
/// A record's number, and that of the record that replaces it.
const FATE_BYTES: usize = 16;
/// In place of the replacing record, if it is not known which version of the order is the newest.
const CONTESTED: u64 = u64::MAX;

/// When a row of a table was read at its source, as stated by the row; see
/// [`super::loader_columns::LoaderColumns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    pub extracted_at: u64,
    pub sequence: u64,
}

/// What is stored of one record to compare it with others of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// A hash of the order's key.
    key: u128,
    /// The first number that differs decides which version is newer; 0 if it is not known.
    rank: [u64; 3],
    /// Its number among the records of the file.
    record: u64,
    /// A hash of its content.
    content: u64,
}

impl Version {
    /// With stamps for a table row, as rows have no order; without for a record of a stream, where
    /// the later one is newer. `None` for a record that has neither a key nor a number, or has
    /// unreliable fields.
    pub fn of(order: SourceOrder, stamps: Option<Stamps>, record: u64) -> Option<Self> {
        if is_damaged(&order) {
            return None;
        }
        let hash = blake3::hash(key_of(&order)?.ledger_text().as_bytes());
        let key = hash.as_bytes().first_chunk().map(|bytes| u128::from_be_bytes(*bytes))?;
        let (rank, content) = match stamps {
            None => ([record.saturating_add(1), 0, 0], 0),
            Some(Stamps { extracted_at, sequence }) => {
                let updated_at = stamp(&order.updated_at, &TimeZone::UTC);
                ([extracted_at, sequence, updated_at], content_of(&order))
            }
        };
        Some(Self { key, rank, record, content })
    }

    /// In byte order, the versions of an order are next to each other, the newest first.
    fn to_bytes(self) -> [u8; VERSION_BYTES] {
        let [a, b, c] = self.rank.map(|number| (u64::MAX - number).to_be_bytes());
        let record = (u64::MAX - self.record).to_be_bytes();
        let parts: [&[u8]; 6] =
            [&self.key.to_be_bytes(), &a, &b, &c, &record, &self.content.to_be_bytes()];
        let mut bytes = [0; VERSION_BYTES];
        for (place, byte) in bytes.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; VERSION_BYTES]) -> Self {
        let (key, rest) = bytes.split_first_chunk().unwrap_or((&[0; 16], &[]));
        let mut numbers = rest.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
        let mut next = || numbers.next().unwrap_or_default();
        let rank = [next(), next(), next()].map(|number| u64::MAX - number);
        let record = u64::MAX - next();
        Self { key: u128::from_be_bytes(*key), rank, record, content: next() }
    }

    fn is_of_same_order(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether it replaces a version that sorts after it: it is newer, or equal in content. If one
    /// of them does not state when it was read, it is not known which is newer.
    fn replaces(&self, other: &Self) -> bool {
        let differing = self.rank.iter().zip(other.rank).find(|(own, other)| **own != *other);
        differing.is_some_and(|(_, other)| other > 0) || self.content == other.content
    }
}

/// A row that can't be read may be the newest version of any order, whose older ones would be sent
/// in its place.
pub fn unreadable_row(shown: String, line: u64) -> ReadError {
    ReadError::new(
        shown,
        line,
        "this row can't be read: it has the wrong number of columns, is cut, or is not valid UTF-8 or JSON; it may be the \
         newest version of any order",
        "export the table again; if the file was edited by hand, look for a quote that is not closed; if it is the last \
         line of a complete file, add the missing line end",
    )
}

/// The records of a file that other records of the same order replace. Many of them are kept on
/// disk, so that memory does not grow with the file.
#[derive(Debug)]
pub struct Superseded {
    fates: Sorted<FATE_BYTES>,
    shown: String,
}

/// The fate of a record that is not the only one of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// This record replaces it.
    Superseded(u64),
    /// Another version differs, and it is not known which one is newer.
    Contested,
}

impl Superseded {
    /// Reads them from the beginning.
    pub fn fates(&self) -> Fates {
        Fates { fates: self.fates.iter(), next: None, shown: self.shown.clone() }
    }
}

/// Collects the versions of a file.
pub struct Versions {
    sorter: Sorter<VERSION_BYTES>,
    failure: Option<io::Error>,
}

impl Versions {
    pub fn new() -> Self {
        Self { sorter: Sorter::new(), failure: None }
    }

    /// Adds one. After a failure nothing is added, and [`Self::finish`] returns the error.
    pub fn add(&mut self, version: Option<Version>) {
        if let (Some(version), None) = (version, &self.failure) {
            self.failure = self.sorter.push(version.to_bytes()).err();
        }
    }

    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// `shown` is the name of the export.
    pub fn finish(self, shown: String) -> Result<Superseded, ReadError> {
        let fates = match self.failure {
            Some(error) => Err(error),
            None => self.sorter.sort().and_then(|versions| decide(&versions)),
        };
        let fates = fates.map_err(|error| ReadError::from_io(&shown, 0, &error))?;
        Ok(Superseded { fates, shown })
    }
}

/// Decides the fate of records. The versions are sorted, for each order the newest first.
fn decide(versions: &Sorted<VERSION_BYTES>) -> io::Result<Sorted<FATE_BYTES>> {
    let mut fates = Sorter::new();
    let mut add = |record: u64, fate: u64| fates.push(fate_bytes(record, fate));
    let mut newest: Option<Version> = None;
    let mut is_contested = false;
    for bytes in versions.iter() {
        let version = Version::from_bytes(&bytes?);
        match newest.filter(|newest| newest.is_of_same_order(&version)) {
            None => (newest, is_contested) = (Some(version), false),
            Some(newest) if newest.replaces(&version) => add(version.record, newest.record)?,
            Some(newest) => {
                if !std::mem::replace(&mut is_contested, true) {
                    add(newest.record, CONTESTED)?;
                }
                add(version.record, CONTESTED)?;
            }
        }
    }
    fates.sort()
}

fn fate_bytes(record: u64, fate: u64) -> [u8; FATE_BYTES] {
    ((u128::from(record) << 64) | u128::from(fate)).to_be_bytes()
}

/// Reads the fates of records in the order of the file.
pub struct Fates {
    fates: SortedEntries<FATE_BYTES>,
    next: Option<(u64, u64)>,
    shown: String,
}

impl Fates {
    /// The fate of a record that is not the only one of its order. Must be called with ascending
    /// record numbers.
    pub fn fate_of(&mut self, record: u64) -> Result<Option<Fate>, ReadError> {
        while self.next.is_none_or(|(number, _)| number < record) {
            let Some(bytes) = self.fates.next() else { return Ok(None) };
            let both = u128::from_be_bytes(
                bytes.map_err(|error| ReadError::from_io(&self.shown, 0, &error))?,
            );
            self.next = Some(((both >> 64) as u64, both as u64));
        }
        Ok(self.next.filter(|(number, _)| *number == record).map(|(_, fate)| match fate {
            CONTESTED => Fate::Contested,
            winner => Fate::Superseded(winner),
        }))
    }

    /// Marks the order of a record with its fate.
    pub fn mark(&mut self, order: &mut SourceOrder, record: u64) -> Result<(), ReadError> {
        match self.fate_of(record)? {
            Some(Fate::Superseded(_)) => order.is_superseded = true,
            Some(Fate::Contested) => {
                order.faults.push(RecordError::new(Reason::ConflictingVersions))
            }
            None => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_version_round_trips_and_the_newest_sorts_first(
            a in (any::<[u64; 3]>(), any::<u64>(), any::<u64>()),
            b in (any::<[u64; 3]>(), any::<u64>(), any::<u64>()),
            key in any::<u128>(),
        ) {
            let [a, b] = [a, b].map(|(rank, record, content)| Version { key, rank, record, content });
            prop_assert_eq!(Version::from_bytes(&a.to_bytes()), a);
            prop_assert_eq!(a.to_bytes() < b.to_bytes(), (b.rank, b.record, a.content) < (a.rank, a.record, b.content));
        }
    }
}
