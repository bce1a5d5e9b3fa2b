//! Reads the tables of an export one after the other, one order at a time.

use super::error::ReadError;
use super::json::Documents;
use super::rows::Rows;
use super::shopify_csv::Orders;
use super::table::{Layout, Table};
use crate::domain::SourceOrder;
use std::sync::Arc;

/// The orders of an export. After an error it ends: what follows a fault in a file can't be trusted.
pub struct Reader {
    tables: Arc<[Table]>,
    next_table: usize,
    current: Option<Records>,
    record: u64,
    has_failed: bool,
    /// One that was given back, to be filled again.
    spare: Box<SourceOrder>,
}

/// The orders of one table.
enum Records {
    Csv(Box<Orders>),
    Json(Box<Documents>),
}

impl Records {
    fn open(table: &Table) -> Result<Self, ReadError> {
        let source = table.source.clone();
        Ok(match &table.layout {
            Layout::Csv(sheet) => {
                let rows = Rows::open(source, sheet.clone())?;
                Self::Csv(Box::new(Orders::new(rows, sheet.columns.clone())))
            }
            Layout::Json(dialect) => Self::Json(Box::new(Documents::open(source, dialect)?)),
        })
    }

    /// Puts the next order in place of what is there; `false` at the end.
    fn pull_into(&mut self, order: &mut Box<SourceOrder>) -> Result<bool, ReadError> {
        match self {
            Self::Csv(orders) => orders.pull_into(order),
            Self::Json(documents) => {
                let Some(pulled) = documents.pull()? else { return Ok(false) };
                **order = pulled;
                Ok(true)
            }
        }
    }
}

impl Reader {
    pub(super) fn new(tables: Arc<[Table]>) -> Self {
        Self { tables, next_table: 0, current: None, record: 0, has_failed: false, spare: Box::default() }
    }

    /// The next order; whoever is done with it gives it back.
    ///
    /// # Errors
    /// When the export can't be read on.
    pub fn advance(&mut self) -> Option<Result<Box<SourceOrder>, ReadError>> {
        if self.has_failed {
            return None;
        }
        let pulled = self.pull();
        self.has_failed = pulled.is_err();
        pulled.transpose()
    }

    /// Takes an order back that is done with, for the room of its texts.
    pub fn give_back(&mut self, order: Box<SourceOrder>) {
        self.spare = order;
    }

    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        loop {
            if let Some(records) = &mut self.current {
                if records.pull_into(&mut self.spare)? {
                    let mut order = std::mem::take(&mut self.spare);
                    order.position.record = self.record;
                    order.position.file = u32::try_from(self.next_table - 1).unwrap_or(u32::MAX);
                    self.record += 1;
                    return Ok(Some(order));
                }
                self.current = None;
            }
            let Some(table) = self.tables.get(self.next_table) else {
                return Ok(None);
            };
            self.current = Some(Records::open(table)?);
            self.next_table += 1;
        }
    }
}

impl Iterator for Reader {
    type Item = Result<SourceOrder, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().map(|pulled| pulled.map(|order| *order))
    }
}
