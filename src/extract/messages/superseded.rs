//! Which records of a file another one takes the place of.

use super::version::{VERSION_BYTES, Version};
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::error::ReadError;
use crate::scratch::{Sorted, SortedEntries, Sorter};
use std::io;

/// A record's place, and that of the record that takes its place.
const FATE_BYTES: usize = 16;
/// In place of a record: nothing tells which version of the order is the newest.
const CONTESTED: u64 = u64::MAX;

/// The records that others of the same order take the place of, each with that which does. Kept on
/// disk where there are many, so that memory does not grow with the file.
#[derive(Debug)]
pub struct Superseded {
    fates: Sorted<FATE_BYTES>,
    shown: String,
}

/// What becomes of a record that is not the only one of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// This other record takes its place.
    Superseded(u64),
    /// Another version says something else, and nothing tells which is the newer one.
    Contested,
}

impl Superseded {
    /// Takes in the versions of all records of a file, named `shown`.
    ///
    /// # Errors
    /// When what is noted can't be kept.
    pub fn among(versions: Versions, shown: String) -> Result<Self, ReadError> {
        let settled = match versions.failure {
            Some(error) => Err(error),
            None => versions.sorter.sort().and_then(|versions| settle(&versions)),
        };
        let fates = settled.map_err(|error| ReadError::from_io(&shown, 0, &error))?;
        Ok(Self { fates, shown })
    }

    /// Goes through them from the beginning.
    pub fn places(&self) -> Places {
        Places { fates: self.fates.iter(), next: None, shown: self.shown.clone() }
    }
}

/// The versions of a file, being collected.
pub struct Versions {
    sorter: Sorter<VERSION_BYTES>,
    failure: Option<io::Error>,
}

impl Versions {
    pub fn new() -> Self {
        Self { sorter: Sorter::new(), failure: None }
    }

    /// Notes one; once that failed, no further one, and [`Superseded::among`] says why.
    pub fn note(&mut self, version: Option<Version>) {
        if let (Some(version), None) = (version, &self.failure) {
            self.failure = self.sorter.push(version.to_bytes()).err();
        }
    }

    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }
}

/// From versions in order, of each order the newest first, to the fates of records.
fn settle(versions: &Sorted<VERSION_BYTES>) -> io::Result<Sorted<FATE_BYTES>> {
    let mut fates = Sorter::new();
    let mut note = |record: u64, fate: u64| fates.push(fate_bytes(record, fate));
    let mut newest: Option<Version> = None;
    let mut is_contested = false;
    for bytes in versions.iter() {
        let version = Version::from_bytes(&bytes?);
        match newest.filter(|newest| newest.is_of_order_of(&version)) {
            None => (newest, is_contested) = (Some(version), false),
            Some(newest) if newest.takes_place_of(&version) => note(version.record, newest.record)?,
            Some(newest) => {
                if !std::mem::replace(&mut is_contested, true) {
                    note(newest.record, CONTESTED)?;
                }
                note(version.record, CONTESTED)?;
            }
        }
    }
    fates.sort()
}

fn fate_bytes(record: u64, fate: u64) -> [u8; FATE_BYTES] {
    ((u128::from(record) << 64) | u128::from(fate)).to_be_bytes()
}

/// A way through the fates, in the order of the file.
pub struct Places {
    fates: SortedEntries<FATE_BYTES>,
    next: Option<(u64, u64)>,
    shown: String,
}

impl Places {
    /// What becomes of a record, where that is told by another one. Asked for one record after the
    /// other.
    ///
    /// # Errors
    /// When what was noted can't be read.
    pub fn fate_of(&mut self, record: u64) -> Result<Option<Fate>, ReadError> {
        while self.next.is_none_or(|(place, _)| place < record) {
            let Some(bytes) = self.fates.next() else { return Ok(None) };
            let both = u128::from_be_bytes(
                bytes.map_err(|error| ReadError::from_io(&self.shown, 0, &error))?,
            );
            self.next = Some(((both >> 64) as u64, both as u64));
        }
        Ok(self.next.filter(|(place, _)| *place == record).map(|(_, fate)| match fate {
            CONTESTED => Fate::Contested,
            winner => Fate::Superseded(winner),
        }))
    }

    /// Marks an order with what becomes of it.
    ///
    /// # Errors
    /// As [`Self::fate_of`].
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
