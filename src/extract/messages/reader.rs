//! The orders of one file of messages.

use super::streams::{Part, Streams, part_of};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::json::{Document, JsonFile, Wrappers, malformed};
use std::sync::Arc;

/// The orders of one file of messages, in its order.
pub fn orders(source: Source, streams: Arc<Streams>) -> Result<Box<dyn Records>, ReadError> {
    let mut file = JsonFile::open(source, Wrappers::default())?;
    let mut superseded = streams.superseded.fates();
    // The number of the next order in the file.
    let mut next = 0;
    Ok(Box::new(move || {
        let Streams { envelope, taken, .. } = &*streams;
        let read = |document: &Document<'_>| match part_of(document, *envelope, taken) {
            Part::Order(format, row) => Some(row.order(format, document)),
            Part::Damaged => Some(malformed()),
            Part::State | Part::Other => None,
        };
        while let Some((order, line)) = file.next(read)? {
            let Some(mut order) = order else { continue };
            order.position.line = line;
            superseded.mark(&mut order, next)?;
            next += 1;
            return Ok(Some(Box::new(order)));
        }
        Ok(None)
    }))
}
