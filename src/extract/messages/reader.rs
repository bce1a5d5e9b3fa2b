//! The orders of one file of messages.

use super::marks::Marks;
use super::streams::{Part, Streams, part_of};
use super::superseded::Places;
use crate::domain::SourceOrder;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{Dialect, Document, Texts, malformed};
use crate::extract::sheet_dialect::Records;
use std::sync::Arc;

/// The orders of one file of messages, in its order.
pub struct Messages {
    texts: Texts,
    streams: Arc<Streams>,
    superseded: Places,
    /// The number of the next order in the file, from 0.
    next: u64,
}

impl Messages {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, streams: Arc<Streams>) -> Result<Self, ReadError> {
        let superseded = streams.superseded.places();
        Ok(Self { texts: Texts::open(source, &[])?, streams, superseded, next: 0 })
    }
}

impl Records for Messages {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        loop {
            let Streams { envelope, taken, .. } = &*self.streams;
            let read = |document: &Document<'_>, _: &[u8]| {
                Ok(match part_of(document, *envelope, taken)? {
                    Part::Order(dialect, row) => Some(order_of(dialect, &row.data, document)),
                    Part::Damaged => Some(malformed()),
                    Part::State | Part::Other => None,
                })
            };
            match self.texts.next(read, || Some(malformed()))? {
                None => return Ok(None),
                Some((None, _)) => {}
                Some((Some(mut order), line)) => {
                    order.position.line = line;
                    self.superseded.mark(&mut order, self.next)?;
                    self.next += 1;
                    return Ok(Some(order));
                }
            }
        }
    }
}

/// What a record says; that it is no object spoils nothing but itself.
pub fn order_of(dialect: &Dialect, data: &str, document: &Document<'_>) -> SourceOrder {
    let inner = Document { text: data, line: document.line, has_bad_bytes: document.has_bad_bytes };
    // A list would be taken for the fields in their order.
    if !data.trim_ascii_start().starts_with('{') {
        return malformed();
    }
    let mut order = (dialect.read)(&inner).unwrap_or_else(|_| malformed());
    let marks = Marks::of(data).ok().flatten();
    order.is_deleted = marks.is_some_and(|marks| marks.says_deleted());
    order
}
