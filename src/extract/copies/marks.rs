//! The records of an export that do not count because of a copy.

use crate::domain::{Reason, SourceOrder};
use crate::extract::error::ReadError;
use crate::extract::join::Input;
use crate::extract::order_versions::{content_of, is_damaged, key_of, stamp};
use crate::extract::record_stream::RecordStream;
use crate::scratch::{Sorted, SortedEntries, Sorter};
use jiff::tz::TimeZone;
use std::io;
use std::sync::Arc;

const COPY_BYTES: usize = 40;
const RECORD_BYTES: usize = 8;

/// What is stored of one record to compare it with others of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OrderCopy {
    /// A hash of the order's key.
    key: u128,
    /// When it was modified; 0 if it does not say.
    modified: u64,
    /// A hash of its content.
    content: u64,
    record: u64,
}

impl OrderCopy {
    /// `None` for a record that is not known to be a copy: one without a key, with unreliable
    /// fields, or already left out.
    fn of(order: &SourceOrder, zone: &TimeZone) -> Option<Self> {
        let is_part = order.faults.iter().any(|fault| fault.reason == Reason::OrphanRow);
        if order.is_superseded || is_part || is_damaged(order) {
            return None;
        }
        // An id and a number with the same text are two orders.
        let by_number = [u8::from(order.key().is_err())];
        let key = key_of(order)?;
        let hash = blake3::hash(&[&by_number[..], key.ledger_text().as_bytes()].concat());
        Some(Self {
            key: hash.as_bytes().first_chunk().map(|bytes| u128::from_be_bytes(*bytes))?,
            modified: stamp(&order.updated_at, zone),
            record: order.position.record,
            content: content_of(order),
        })
    }

    /// In byte order, the copies of an order are next to each other, the newest first, and of
    /// identical ones the first read.
    fn to_bytes(self) -> [u8; COPY_BYTES] {
        let mut bytes = [0; COPY_BYTES];
        let (key, rest) = bytes.split_at_mut(16);
        key.copy_from_slice(&self.key.to_be_bytes());
        let numbers = [u64::MAX - self.modified, self.content, self.record];
        for (place, number) in rest.as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
            *place = number.to_be_bytes();
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; COPY_BYTES]) -> Self {
        let (key, rest) = bytes.split_first_chunk().unwrap_or((&[0; 16], &[]));
        let mut numbers = rest.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
        let mut next = || numbers.next().unwrap_or_default();
        let (modified, content, record) = (u64::MAX - next(), next(), next());
        Self { key: u128::from_be_bytes(*key), modified, content, record }
    }

    /// Whether another copy counts: the newest, or the one before it in byte order.
    fn is_replaced_by(&self, newest: &Self, before: &Self) -> bool {
        let is_older = self.modified > 0 && self.modified < newest.modified;
        let is_same = (self.modified, self.content) == (before.modified, before.content);
        is_older || is_same
    }
}

/// The records that are older or identical copies. Reads the whole export.
pub fn all(inputs: &Arc<[Input]>, zone: &TimeZone) -> Result<Marks, ReadError> {
    let mut copies = Sorter::new();
    let mut records = RecordStream::new(Arc::clone(inputs));
    let mut examined = 0;
    // Damage ends this pass as it ends the reading of orders, which reports it. If the reading
    // gets further, as after a transient disk error, it ends with this error.
    let fault = loop {
        match records.pull() {
            Ok(Some(order)) => {
                examined = order.position.record + 1;
                if let Some(copy) = OrderCopy::of(&order, zone) {
                    copies.push(copy.to_bytes()).map_err(no_room)?;
                }
            }
            Ok(None) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let replaced = copies.sort().and_then(|copies| replaced(&copies));
    let replaced = Some(replaced.map_err(no_room)?.iter());
    Ok(Marks { replaced, next: None, end: fault.map(|fault| (examined, fault)) })
}

/// The records that another copy replaces.
fn replaced(copies: &Sorted<COPY_BYTES>) -> io::Result<Sorted<RECORD_BYTES>> {
    let mut replaced = Sorter::new();
    let mut met: Option<(OrderCopy, OrderCopy)> = None;
    for bytes in copies.iter() {
        let copy = OrderCopy::from_bytes(&bytes?);
        let newest = match met.filter(|(newest, _)| newest.key == copy.key) {
            None => copy,
            Some((newest, before)) => {
                if copy.is_replaced_by(&newest, &before) {
                    replaced.push(copy.record.to_be_bytes())?;
                }
                newest
            }
        };
        met = Some((newest, copy));
    }
    replaced.sort()
}

/// The records that do not count because of a copy, in reading order.
pub struct Marks {
    replaced: Option<SortedEntries<RECORD_BYTES>>,
    next: Option<u64>,
    /// The first record that was not examined, and why.
    end: Option<(u64, ReadError)>,
}

impl Marks {
    pub fn none() -> Self {
        Self { replaced: None, next: None, end: None }
    }

    /// Whether a record is one of them. Has to be called with ascending record numbers.
    ///
    /// # Errors
    /// When the temporary file can't be read, or the search for copies did not reach the record.
    pub fn has(&mut self, record: u64) -> Result<bool, ReadError> {
        if let Some((_, fault)) = self.end.as_ref().filter(|(end, _)| record >= *end) {
            return Err(fault.clone());
        }
        let Some(replaced) = &mut self.replaced else { return Ok(false) };
        while self.next.is_none_or(|next| next < record) {
            let Some(bytes) = replaced.next() else {
                self.replaced = None;
                return Ok(false);
            };
            self.next = Some(u64::from_be_bytes(bytes.map_err(no_room)?));
        }
        Ok(self.next == Some(record))
    }
}

/// An error of the temporary file.
fn no_room(error: io::Error) -> ReadError {
    ReadError::no_room("copies of orders can't be compared here", "50 bytes", &error)
}
