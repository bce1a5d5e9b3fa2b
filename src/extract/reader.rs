//! Reads an export one order at a time.

use super::copies::{self, Marks};
use super::customers::Customers;
use super::error::ReadError;
use super::join::Input;
use super::record_stream::RecordStream;
use crate::domain::SourceOrder;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The orders of an export. After an error it ends: the rest of a file after an error is
/// unreliable.
pub struct Reader {
    records: RecordStream,
    pub(super) inputs: Arc<[Input]>,
    /// Time zone of modification times without an offset.
    pub(super) zone: TimeZone,
    /// The records that do not count; absent until the first one is read.
    marks: Option<Marks>,
    customers: Option<Arc<Customers>>,
    has_failed: bool,
}

impl Reader {
    pub(super) fn new(
        inputs: Arc<[Input]>,
        zone: TimeZone,
        customers: Option<Arc<Customers>>,
    ) -> Self {
        let records = RecordStream::new(Arc::clone(&inputs));
        Self { records, inputs, zone, marks: None, customers, has_failed: false }
    }

    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        let marks = match &mut self.marks {
            Some(marks) => marks,
            none => none.insert(copies::older(&self.inputs, &self.zone)?),
        };
        let Some(mut order) = self.records.pull()? else { return Ok(None) };
        order.is_superseded |= marks.has(order.position.record)?;
        if let Some(customers) = &self.customers {
            customers.join(&mut order)?;
        }
        Ok(Some(order))
    }
}

impl Iterator for Reader {
    type Item = Result<Box<SourceOrder>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let pulled = self.pull();
        self.has_failed = pulled.is_err();
        pulled.transpose()
    }
}
