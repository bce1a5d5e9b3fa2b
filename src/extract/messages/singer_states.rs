//! Singer's STATE messages, each to be passed on once the records before it are settled.

use super::streams::{Part, Streams, part_of};
use super::versions::{Fate, Fates};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{Document, JsonFile, Wrappers};
use std::sync::Arc;

/// The STATE messages of a file, in its order.
pub struct States {
    file: JsonFile,
    streams: Arc<Streams>,
    superseded: Fates,
    /// Orders that were read.
    records: u64,
    /// How many orders must be settled so that all of them are loaded: if one is superseded, up to
    /// the one that replaces it.
    needed: u64,
    /// The next message, as written in the file.
    waiting: Option<Vec<u8>>,
}

impl States {
    pub(in crate::extract) fn open(
        source: Source,
        streams: Arc<Streams>,
    ) -> Result<Self, ReadError> {
        let superseded = streams.superseded.fates();
        let file = JsonFile::open(source, Wrappers::default())?;
        Ok(Self { file, streams, superseded, records: 0, needed: 0, waiting: None })
    }

    /// The next message, if it only needs the first `settled` records; byte for byte, without a
    /// line end.
    pub fn next_within(&mut self, settled: u64) -> Result<Option<Vec<u8>>, ReadError> {
        while self.waiting.is_none() {
            let Streams { envelope, taken, .. } = &*self.streams;
            let read = |document: &Document<'_>| match part_of(document, *envelope, taken) {
                Part::Order(..) | Part::Damaged => Some(None),
                Part::State => Some(Some(document.bytes.to_vec())),
                Part::Other => None,
            };
            match self.file.next(read)? {
                None => return Ok(None),
                Some((None, _)) => {}
                Some((Some(None), _)) => self.pass_record()?,
                Some((Some(state), _)) => self.waiting = state,
            }
        }
        Ok(if self.needed <= settled { self.waiting.take() } else { None })
    }

    fn pass_record(&mut self) -> Result<(), ReadError> {
        let last = match self.superseded.fate_of(self.records)? {
            Some(Fate::Superseded(winner)) => winner.max(self.records),
            Some(Fate::Contested) | None => self.records,
        };
        self.records += 1;
        self.needed = self.needed.max(last + 1);
        Ok(())
    }
}
