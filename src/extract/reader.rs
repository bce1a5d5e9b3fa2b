//! Reads the tables of an export one after the other, one order at a time.

use super::customers::Customers;
use super::error::ReadError;
use super::format::Records;
use super::join::{Input, Joined};
use crate::domain::SourceOrder;
use std::sync::Arc;

/// The orders of an export. After an error it ends: what follows a fault in a file can't be
/// trusted.
pub struct Reader {
    inputs: Arc<[Input]>,
    customers: Option<Arc<Customers>>,
    next: usize,
    /// Place of the current input's first file among those of the export.
    file: u32,
    current: Option<Box<dyn Records>>,
    record: u64,
    has_failed: bool,
}

impl Reader {
    pub(super) fn new(inputs: Arc<[Input]>, customers: Option<Arc<Customers>>) -> Self {
        Self { inputs, customers, next: 0, file: 0, current: None, record: 0, has_failed: false }
    }

    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        loop {
            if let Some(records) = &mut self.current {
                if let Some(mut order) = records.pull()? {
                    order.position.record = self.record;
                    order.position.file += self.file;
                    self.record += 1;
                    if let Some(customers) = &self.customers {
                        customers.join(&mut order)?;
                    }
                    return Ok(Some(order));
                }
                self.current = None;
                let read = self.next.checked_sub(1).and_then(|at| self.inputs.get(at));
                let files = read.map_or(0, |input| input.tables().len());
                self.file += u32::try_from(files).unwrap_or(u32::MAX);
            }
            self.current = Some(match self.inputs.get(self.next) {
                None => return Ok(None),
                Some(Input::Table(table)) => table.read()?,
                Some(Input::Set(set)) => Box::new(Joined::open(Arc::clone(set))),
            });
            self.next += 1;
        }
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
