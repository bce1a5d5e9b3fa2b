//! Copies of an order in an export: which of them counts.
//!
//! Of copies that state when they were modified, the newest counts, in whichever file it is. Of
//! copies that are identical in all that is read, the first in reading order counts. The run
//! decides about the rest: the last file wins, and a repeat within a file is an error.
//!
//! The older copy may come first, so it has to be known before the first record is returned. Only
//! exports that state modification times are searched for it, and JSON of one format first by the
//! keys alone, as copies are rare. For other exports a run detects identical copies by the hashes
//! that it stores with its keys.

mod marks;
mod repeats;

pub(super) use marks::Marks;

use super::error::ReadError;
use super::join::Input;
use super::order_versions::CopyTimes;
use super::record_stream::RecordStream;
use jiff::tz::TimeZone;
use marks::MarkBuilder;
use std::sync::Arc;

/// Finds the copies in an export.
#[derive(Debug, Clone)]
pub struct Copies {
    inputs: Arc<[Input]>,
    /// Time zone of modification times without an offset.
    zone: TimeZone,
}

impl Copies {
    pub(super) fn of(inputs: Arc<[Input]>, zone: TimeZone) -> Self {
        Self { inputs, zone }
    }

    /// The records that are older or identical copies, if there may be older ones.
    pub(super) fn older(&self) -> Result<Marks, ReadError> {
        if self.may_hold_older() { self.all() } else { Ok(Marks::none()) }
    }

    /// The records that are older or identical copies. Reads the whole export.
    pub fn all(&self) -> Result<Marks, ReadError> {
        let mut marks = MarkBuilder::new(&self.zone);
        let mut records = RecordStream::new(Arc::clone(&self.inputs));
        // Damage ends this pass as it ends the reading of orders, which reports it. If the reading
        // gets further, as after a transient disk error, it ends with this error.
        let fault = loop {
            match records.pull() {
                Ok(Some(order)) => marks.add(&order)?,
                Ok(None) => break None,
                Err(fault) => break Some(fault),
            }
        };
        marks.finish(fault)
    }

    fn may_hold_older(&self) -> bool {
        let times: Vec<CopyTimes> = self.inputs.iter().map(Input::copy_times).collect();
        let stating = times.iter().filter(|times| **times != CopyTimes::Unstated).count();
        (stating > 1 || times.contains(&CopyTimes::Stated)) && repeats::may_hold(&self.inputs)
    }
}
