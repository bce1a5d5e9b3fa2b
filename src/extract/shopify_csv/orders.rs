//! Groups rows into orders.

use super::cells;
use super::columns::{Columns, Layout};
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::order_errors::add_error;
use crate::extract::rows::{Row, Rows};
use crate::extract::{ORDER_BYTES_MAX, ORDER_LINES_MAX};
use std::sync::Arc;

/// The orders of one table, in the order of its rows.
///
/// A row with an id, or with a status, currency or total, begins an order, unless it repeats those
/// of the order right above it, which is then marked. One without any of them continues the order
/// right above it if it has the same `Name`; otherwise it is an orphan, and orphans of one name
/// that follow each other are one record. An order that is repeated further down is another record.
pub struct Orders {
    rows: Rows,
    layout: Arc<Layout>,
    /// The order read last; more of its rows may follow.
    current: Option<Group>,
}

/// An order, with what identifies its further rows.
struct Group {
    order: Box<SourceOrder>,
    /// The cells that its rows have in common, as in the file.
    key: [Vec<u8>; 2],
    is_orphan: bool,
    bytes: usize,
}

impl Orders {
    pub fn new(rows: Rows, layout: Arc<Layout>) -> Self {
        Self { rows, layout, current: None }
    }
}

impl Records for Orders {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        let columns = &self.layout.columns;
        while let Some(row) = self.rows.advance()? {
            match &mut self.current {
                Some(group) if group.owns(&row, columns) => group.add(&row, columns),
                current => {
                    if let Some(ended) = current.replace(Group::begun_by(&row, &self.layout)) {
                        return Ok(Some(ended.order));
                    }
                }
            }
        }
        Ok(self.current.take().map(|group| group.order))
    }
}

impl Group {
    fn begun_by(row: &Row<'_>, layout: &Layout) -> Self {
        let columns = &layout.columns;
        let mut order = Box::new(cells::order_of(row, columns, layout.unstated));
        let is_orphan = row.is_whole && !begins_order(row, columns);
        if is_orphan {
            // The status is on the missing first row; no rule about statuses may filter this one.
            order.status = None;
            add_error(&mut order, RecordError::new(Reason::OrphanRow), row.line);
        }
        if !row.is_whole {
            add_error(&mut order, RecordError::new(Reason::MalformedRow), row.line);
        }
        let key = key(row, columns).map(<[u8]>::to_vec);
        let mut group = Self { order, key, is_orphan, bytes: row.len() };
        group.add_line(row, columns);
        group
    }

    /// Adds the row's product, if it has one.
    fn add_line(&mut self, row: &Row<'_>, columns: &Columns) {
        if cells::has_line(row, columns) {
            cells::add_line(&mut self.order, row, columns);
        }
    }

    /// Whether the row is one more of this order. An incomplete row belongs to the order that it
    /// names, whatever its other cells contain: they may be shifted.
    fn owns(&self, row: &Row<'_>, columns: &Columns) -> bool {
        if row.is_whole && begins_order(row, columns) && !self.is_repeated_by(row, columns) {
            return false;
        }
        let is_named = key(row, columns).iter().any(|cell| !cell.is_empty());
        (is_named || (self.is_orphan && row.is_whole)) && self.has_key_of(row, columns)
    }

    fn has_key_of(&self, row: &Row<'_>, columns: &Columns) -> bool {
        let key = key(row, columns);
        // Byte by byte: for such short texts, calling `memcmp` costs more.
        let is_same = |cell: &[u8], own: &[u8]| cell.len() == own.len() && cell.iter().eq(own);
        key.iter().zip(&self.key).all(|(cell, own)| is_same(cell, own))
    }

    /// Whether the row repeats this order's own cells with another product: they were filled down.
    /// Such rows may be products or something else, so the order is neither split nor joined, but
    /// marked. With the same product the whole order is repeated.
    fn is_repeated_by(&self, row: &Row<'_>, columns: &Columns) -> bool {
        let id = columns.id.cell(row);
        id == self.order.id.as_bytes()
            && self.has_key_of(row, columns)
            && !self.is_orphan
            && !self.begins_with_product_of(row, columns)
    }

    fn begins_with_product_of(&self, row: &Row<'_>, columns: &Columns) -> bool {
        self.order.lines.first().is_some_and(|line| {
            row.free_text(columns.line_name.at()) == Ok(line.name.as_str())
                && columns.line_quantity.cell(row) == line.quantity.as_bytes()
                && columns.line_price.cell(row) == line.unit_price.as_bytes()
        })
    }

    fn add(&mut self, row: &Row<'_>, columns: &Columns) {
        if row.is_whole && begins_order(row, columns) {
            add_error(&mut self.order, RecordError::new(Reason::RepeatedRow), row.line);
        }
        if !row.is_whole {
            add_error(&mut self.order, RecordError::new(Reason::MalformedRow), row.line);
        }
        self.bytes = self.bytes.saturating_add(row.len());
        if self.order.lines.len() >= ORDER_LINES_MAX || self.bytes > ORDER_BYTES_MAX {
            let fault = RecordError::of(Reason::FieldTooLong, columns.line_name.name);
            add_error(&mut self.order, fault, row.line);
        } else {
            self.add_line(row, columns);
        }
    }
}

/// Product rows leave the cells of the whole order blank.
fn begins_order(row: &Row<'_>, columns: &Columns) -> bool {
    let Columns { id, financial_status, currency, total, .. } = columns;
    let stated = [id, financial_status, currency, total];
    stated.iter().any(|column| !column.cell(row).is_empty())
}

/// What the rows of one order have in common: the name, or, in a file without names, the address
/// and the date.
fn key<'a>(row: &'a Row<'_>, columns: &Columns) -> [&'a [u8]; 2] {
    if columns.name.is_there() {
        [columns.name.cell(row), b""]
    } else {
        [columns.email.cell(row), columns.created_at.cell(row)]
    }
}
