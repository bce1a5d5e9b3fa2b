//! The orders of one file of messages.

use super::envelope::Row;
use super::loader_columns::LoaderColumns;
use super::streams::{Part, Streams, part_of};
use super::superseded::Places;
use crate::domain::SourceOrder;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::json::{Document, JsonFormat, Texts, malformed};
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
            let read = |document: &Document<'_>| match part_of(document, *envelope, taken) {
                Part::Order(dialect, row) => Some(order_of(dialect, &row, document)),
                Part::Damaged => Some(malformed()),
                Part::State | Part::Other => None,
            };
            match self.texts.next(read)? {
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

/// The order that a record is; if it is no object, only that record is malformed.
pub fn order_of(dialect: &JsonFormat, row: &Row<'_>, document: &Document<'_>) -> SourceOrder {
    let order = row.with(|value| {
        let mut order = dialect.order(&Document { value, ..*document });
        order.is_deleted = LoaderColumns::of(value).is_ok_and(|columns| columns.says_deleted());
        order
    });
    order.unwrap_or_else(malformed)
}
