//! One version of an order in a file, and which of two is the newer.

use super::loader_columns::stamp;
use crate::domain::{OrderKey, Position, Reason, SourceOrder};
use crate::extract::error::ReadError;

/// Bytes of a version when versions are sorted.
pub const VERSION_BYTES: usize = 56;

/// When a row of a table was read at its source, as stated by the row; see
/// [`super::loader_columns::LoaderColumns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    pub extracted_at: u64,
    pub sequence: u64,
}

/// What is kept of one record to compare it with others of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// A hash of the order's key.
    key: u128,
    /// The first number that differs decides which version is newer; 0 if it is not known.
    rank: [u64; 3],
    /// Its place among the records of the file.
    pub record: u64,
    /// A hash of what it says.
    content: u64,
}

impl Version {
    /// With the stamps of a row of a table, whose rows have no order; without, of a record of a stream,
    /// where the later one is newer. `None` for a record that has neither a key nor a number, or whose
    /// fields can't be trusted.
    pub fn of(order: SourceOrder, stamps: Option<Stamps>, record: u64) -> Option<Self> {
        if is_damaged(&order) {
            return None;
        }
        let hash = blake3::hash(key_of(&order)?.ledger_text().as_bytes());
        let key = hash.as_bytes().first_chunk().map(|bytes| u128::from_be_bytes(*bytes))?;
        let (rank, content) = match stamps {
            None => ([record.saturating_add(1), 0, 0], 0),
            Some(Stamps { extracted_at, sequence }) => {
                ([extracted_at, sequence, stamp(&order.updated_at)], content_of(order))
            }
        };
        Some(Self { key, rank, record, content })
    }

    /// In byte order, the versions of an order are next to each other, the newest first.
    pub fn to_bytes(self) -> [u8; VERSION_BYTES] {
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

    pub fn from_bytes(bytes: &[u8; VERSION_BYTES]) -> Self {
        let (key, rest) = bytes.split_first_chunk().unwrap_or((&[0; 16], &[]));
        let mut numbers = rest.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
        let mut next = || numbers.next().unwrap_or_default();
        let rank = [next(), next(), next()].map(|number| u64::MAX - number);
        let record = u64::MAX - next();
        Self { key: u128::from_be_bytes(*key), rank, record, content: next() }
    }

    pub fn is_of_order_of(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether it replaces a version that sorts after it: it is newer, or equal in content. If one of
    /// them does not state when it was read, it is not known which is newer.
    pub fn takes_place_of(&self, other: &Self) -> bool {
        let differing = self.rank.iter().zip(other.rank).find(|(own, other)| **own != *other);
        differing.is_some_and(|(_, other)| other > 0) || self.content == other.content
    }
}

/// Whether the fields of a record can't be trusted, its key among them.
pub fn is_damaged(order: &SourceOrder) -> bool {
    let damage = [Reason::MalformedRow, Reason::BadEncoding];
    order.faults.iter().any(|fault| damage.contains(&fault.reason))
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

/// What an order's versions have in common: its key, or its number if the id is not usable. Such an
/// order is still sent where orders are known by their numbers, and then it has to be the newest
/// version.
fn key_of(order: &SourceOrder) -> Option<OrderKey> {
    match order.key() {
        Ok(key) => Some(key),
        Err(_) if order.is_cart() => None,
        Err(_) => OrderKey::parse(&order.number).ok(),
    }
}

/// A hash of an order's content without its place in the file.
fn content_of(mut order: SourceOrder) -> u64 {
    order.position = Position::default();
    order.lines.iter_mut().for_each(|line| line.at_line = 0);
    order.faults.iter_mut().for_each(|fault| fault.line = 0);
    let hash = blake3::hash(format!("{order:?}").as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_version_comes_back_from_its_bytes_and_the_newest_comes_first(
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
