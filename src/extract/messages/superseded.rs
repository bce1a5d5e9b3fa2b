//! Which records of a file a later one takes the place of.

use super::envelope::Envelope;
use super::pairs::{Iter, Pair, Pairs, Sorter};
use super::reader::order_of;
use super::streams::{Part, part_of};
use crate::domain::{Reason, SourceOrder};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{Dialect, Texts};

/// The records that later ones of the same order take the place of, each with that which does. Kept on disk where
/// there are many, so that memory does not grow with the file.
#[derive(Debug)]
pub struct Superseded {
    pairs: Pairs,
    shown: String,
}

impl Superseded {
    /// Reads the whole file, and notes which record of each order is its last. Damage ends it, as it does the reading.
    ///
    /// # Errors
    /// When the file can't be opened, or what was noted can't be kept.
    pub fn find(
        source: &Source,
        envelope: Envelope,
        taken: &[(String, &'static Dialect)],
    ) -> Result<Self, ReadError> {
        let shown = source.shown();
        let mut texts = Texts::open(source.clone(), &[])?;
        let mut keys = Sorter::new();
        let (mut record, mut failure) = (0_u64, None);
        while failure.is_none() && !taken.is_empty() {
            let noted = texts.next(
                |document, _| {
                    match part_of(document, envelope, taken)? {
                        Part::Order(dialect, data) => {
                            let key = hash_of(&order_of(dialect, &data, document));
                            failure = key.and_then(|key| keys.push((key, u64::MAX - record)).err());
                            record += 1;
                        }
                        Part::Damaged => record += 1,
                        Part::State | Part::Other => {}
                    }
                    Ok(true)
                },
                || false,
            );
            match noted {
                Ok(Some((true, _))) => {}
                Ok(Some((false, _))) => record += 1,
                Ok(None) | Err(_) => break,
            }
        }
        let paired = failure.map_or_else(|| keys.sort().and_then(|keys| pair(&keys)), Err);
        let pairs = paired.map_err(|error| ReadError::from_io(&shown, 0, &error))?;
        Ok(Self { pairs, shown })
    }

    /// Goes through them from the beginning.
    pub fn places(&self) -> Places {
        Places { pairs: self.pairs.iter(), next: None, shown: self.shown.clone() }
    }
}

/// From keys with their records, to records with that which takes their place. Records are counted down from the
/// largest number, so that of each key the last comes first.
fn pair(keys: &Pairs) -> std::io::Result<Pairs> {
    let mut superseded = Sorter::new();
    let mut last: Option<Pair> = None;
    for pair in keys.iter() {
        let (key, ahead) = pair?;
        match last {
            Some((of, winner)) if of == key => superseded.push((u128::from(u64::MAX - ahead), winner))?,
            _ => last = Some((key, u64::MAX - ahead)),
        }
    }
    superseded.sort()
}

/// The identity of an order; `None` for a record that has none, or whose fields can't be trusted.
fn hash_of(order: &SourceOrder) -> Option<u128> {
    let damage = [Reason::MalformedRow, Reason::BadEncoding];
    if order.faults.iter().any(|fault| damage.contains(&fault.reason)) {
        return None;
    }
    let hash = blake3::hash(order.key().ok()?.ledger_text().as_bytes());
    hash.as_bytes().first_chunk().map(|bytes| u128::from_le_bytes(*bytes))
}

/// A way through the superseded records, in the order of the file.
pub struct Places {
    pairs: Iter,
    next: Option<(u64, u64)>,
    shown: String,
}

impl Places {
    /// The last record of the same order, where this is an earlier one. Asked for one record after the other.
    ///
    /// # Errors
    /// When what was noted can't be read.
    pub fn winner_of(&mut self, record: u64) -> Result<Option<u64>, ReadError> {
        while self.next.is_none_or(|(place, _)| place < record) {
            let Some(pair) = self.pairs.next() else { return Ok(None) };
            let (place, winner) = pair.map_err(|error| ReadError::from_io(&self.shown, 0, &error))?;
            self.next = Some((u64::try_from(place).unwrap_or(u64::MAX), winner));
        }
        Ok(self.next.filter(|(place, _)| *place == record).map(|(_, winner)| winner))
    }
}
