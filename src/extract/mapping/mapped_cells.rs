//! Tables that a mapping of JSON reads: each row is a record, with JSON in its cells.

use super::profile::Profile;
use super::records::{missing_in, order_of};
use crate::domain::SourceOrder;
use crate::extract::error::ReadError;
use crate::extract::format::{CsvHead, CsvLayout, CsvMatch, Records};
use crate::extract::json_cells::RowObjects;
use crate::extract::rows::Rows;
use std::sync::Arc;

pub fn detect(profile: &Arc<Profile>, head: &CsvHead<'_>) -> CsvMatch {
    let objects = RowObjects::of(head.header);
    let columns = missing_in(objects.first(head.rows), profile);
    if columns.is_empty() {
        let profile = Arc::clone(profile);
        return CsvMatch::Complete(Arc::new(MappedCells { objects, profile }));
    }
    match head.is_named {
        true => CsvMatch::MissingColumns { columns, hint: profile.hint.clone() },
        false => CsvMatch::NotThisFormat,
    }
}

#[derive(Debug)]
struct MappedCells {
    objects: RowObjects,
    profile: Arc<Profile>,
}

impl CsvLayout for MappedCells {
    fn begins_with_key(&self) -> bool {
        false
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(MappedCellRows { rows, table: self })
    }
}

struct MappedCellRows {
    rows: Rows,
    table: Arc<MappedCells>,
}

impl Records for MappedCellRows {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        let MappedCells { objects, profile } = &*self.table;
        let row = self.rows.advance()?;
        Ok(row.map(|row| Box::new(objects.order(&row, |document| order_of(profile, document)))))
    }
}
