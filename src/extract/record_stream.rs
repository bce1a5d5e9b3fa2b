//! The records of all files of an export, one after the other.

use super::error::ReadError;
use super::format::Records;
use super::join::{Input, Joined};
use crate::domain::SourceOrder;
use std::sync::Arc;

/// The records of an export, numbered over all its files.
pub struct RecordStream {
    inputs: Arc<[Input]>,
    next: usize,
    /// Place of the current input's first file among those of the export.
    file: u32,
    current: Option<Box<dyn Records>>,
    record: u64,
    /// Records of the current file, where they are numbered.
    in_file: Option<u64>,
}

impl RecordStream {
    pub fn new(inputs: Arc<[Input]>) -> Self {
        Self { inputs, next: 0, file: 0, current: None, record: 0, in_file: None }
    }

    /// The next record; `None` at the end of the last file.
    ///
    /// # Errors
    /// When a file can't be read, changed, or is truncated.
    pub fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        loop {
            if let Some(records) = &mut self.current {
                if let Some(mut order) = records.pull()? {
                    order.position.record = self.record;
                    order.position.file += self.file;
                    self.record += 1;
                    if let Some(in_file) = &mut self.in_file {
                        *in_file += 1;
                        order.position.in_file = *in_file;
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
                Some(Input::Table(table)) => {
                    self.in_file = table.is_json().then_some(0);
                    table.read()?
                }
                Some(Input::Set(set)) => {
                    self.in_file = None;
                    Box::new(Joined::open(Arc::clone(set)))
                }
            });
            self.next += 1;
        }
    }
}
