//! Reads the tables of an export one after the other, one order at a time.

use super::customers::Customers;
use super::error::ReadError;
use super::join::Joined;
use super::json::Documents;
use super::mapping::MappedRecords;
use super::messages::Messages;
use super::rows::Rows;
use super::sheet_dialect::Records;
use super::table::{Layout, Table};
use crate::domain::SourceOrder;
use std::sync::Arc;

/// The orders of an export. After an error it ends: what follows a fault in a file can't be
/// trusted.
pub struct Reader {
    tables: Arc<[Table]>,
    customers: Option<Arc<Customers>>,
    next_table: usize,
    /// Place of the current table's first file among those of the export.
    file: u32,
    current: Option<Box<dyn Records>>,
    record: u64,
    has_failed: bool,
}

pub(super) fn records_of(table: &Table) -> Result<Box<dyn Records>, ReadError> {
    let source = table.source.clone();
    Ok(match &table.layout {
        Layout::Csv(sheet) => Arc::clone(&sheet.layout).read(Rows::open(source, sheet.clone())?),
        Layout::Mapped(profile) => Box::new(MappedRecords::open(source, profile)?),
        Layout::Json(dialect) => Box::new(Documents::open(source, dialect)?),
        Layout::Messages(streams) => Box::new(Messages::open(source, Arc::clone(streams))?),
        Layout::Set(set) => Box::new(Joined::open(Arc::clone(set))),
    })
}

impl Reader {
    pub(super) fn new(tables: Arc<[Table]>, customers: Option<Arc<Customers>>) -> Self {
        Self {
            tables,
            customers,
            next_table: 0,
            file: 0,
            current: None,
            record: 0,
            has_failed: false,
        }
    }

    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
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
                let read = self.next_table.checked_sub(1).and_then(|at| self.tables.get(at));
                let files = read.map_or(0, |table| table.members().len());
                self.file += u32::try_from(files).unwrap_or(u32::MAX);
            }
            let Some(table) = self.tables.get(self.next_table) else {
                return Ok(None);
            };
            self.current = Some(records_of(table)?);
            self.next_table += 1;
        }
    }
}

impl Iterator for Reader {
    type Item = Result<SourceOrder, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let pulled = self.pull();
        self.has_failed = pulled.is_err();
        pulled.transpose()
    }
}
