//! The orders of one file of messages.

use super::streams::{Part, Streams, part_of};
use super::versions::Fates;
use crate::domain::SourceOrder;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::json::{Document, JsonFile, Wrappers, malformed};
use std::sync::Arc;

/// The orders of one file of messages, in its order.
pub struct Messages {
    file: JsonFile,
    streams: Arc<Streams>,
    superseded: Fates,
    /// The number of the next order in the file, from 0.
    next: u64,
}

impl Messages {
    pub fn open(source: Source, streams: Arc<Streams>) -> Result<Self, ReadError> {
        let superseded = streams.superseded.fates();
        Ok(Self {
            file: JsonFile::open(source, Wrappers::default())?,
            streams,
            superseded,
            next: 0,
        })
    }
}

impl Records for Messages {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        loop {
            let Streams { envelope, taken, .. } = &*self.streams;
            let read = |document: &Document<'_>| match part_of(document, *envelope, taken) {
                Part::Order(format, row) => Some(row.order(format, document)),
                Part::Damaged => Some(malformed()),
                Part::State | Part::Other => None,
            };
            match self.file.next(read)? {
                None => return Ok(None),
                Some((None, _)) => {}
                Some((Some(mut order), line)) => {
                    order.position.line = line;
                    self.superseded.mark(&mut order, self.next)?;
                    self.next += 1;
                    return Ok(Some(Box::new(order)));
                }
            }
        }
    }
}
