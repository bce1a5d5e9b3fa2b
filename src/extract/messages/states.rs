//! Singer's STATE messages, each to be passed on once what stands before it is settled.

use super::streams::{Part, Streams, part_of};
use super::superseded::{Fate, Places};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{Document, Texts};
use std::sync::Arc;

/// The STATE messages of a file, in its order.
pub struct States {
    texts: Texts,
    streams: Arc<Streams>,
    superseded: Places,
    /// Orders that stand before where the reading is.
    records: u64,
    /// How many must be settled for all of them to be at the target: where one of them is
    /// superseded, that which takes its place too.
    needed: u64,
    /// The next message, as it stands in the file.
    waiting: Option<Vec<u8>>,
}

impl States {
    pub(in crate::extract) fn open(
        source: Source,
        streams: Arc<Streams>,
    ) -> Result<Self, ReadError> {
        let superseded = streams.superseded.places();
        let texts = Texts::open(source, &[])?;
        Ok(Self { texts, streams, superseded, records: 0, needed: 0, waiting: None })
    }

    /// The next message, where no more than the first `settled` records must be settled for it;
    /// byte for byte, without a line end.
    ///
    /// # Errors
    /// When the file can't be read on, or is no JSON from here on.
    pub fn next_within(&mut self, settled: u64) -> Result<Option<Vec<u8>>, ReadError> {
        while self.waiting.is_none() {
            let Streams { envelope, taken, .. } = &*self.streams;
            let read = |document: &Document<'_>| match part_of(document, *envelope, taken) {
                Part::Order(..) | Part::Damaged => Some(None),
                Part::State => Some(Some(document.bytes.to_vec())),
                Part::Other => None,
            };
            match self.texts.next(read)? {
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
