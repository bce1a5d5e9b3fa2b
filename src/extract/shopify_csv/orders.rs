//! Groups rows into orders.

use super::cells;
use super::columns::{Columns, Field};
use crate::domain::{Fault, Reason, SourceLine, SourceOrder};
use crate::extract::error::ReadError;
use crate::extract::rows::{Row, Rows};
use crate::extract::sheet_dialect::Records;

/// The most lines kept of one order, far above what the shop system allows. Further ones are
/// dropped and the order is marked, so that a file of nothing but product rows costs no memory.
pub const ORDER_LINES_MAX: usize = 10_000;

/// The most bytes of rows kept of one order; see [`ORDER_LINES_MAX`].
pub const ORDER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Lines kept for their room: as many as nearly every order has.
const SPARE_LINES_MAX: usize = 64;

/// The orders of one table, in the order of its rows.
///
/// A row with an id, or with a status, currency or total, begins an order, unless it repeats those
/// of the order right above it, which is then marked. One without any of them continues the order
/// right above it if it has the same `Name`; otherwise it is an orphan, and orphans of one name
/// that follow each other are one record. An order that comes again further down is another record.
pub struct Orders {
    rows: Rows,
    columns: Columns,
    current: Group,
    is_begun: bool,
}

/// The order being put together.
#[derive(Default)]
struct Group {
    order: Box<SourceOrder>,
    /// How many of the order's lines are its own. The others say nothing, and are there to be
    /// filled: nearly always they are as many as are needed, and moving one costs more than filling
    /// it.
    lines: usize,
    /// Lines that an order before did not need, for the room of their texts.
    spare_lines: Vec<SourceLine>,
    /// The cells that its rows have in common, as they stand in the file.
    key: [Vec<u8>; 2],
    is_orphan: bool,
    bytes: usize,
}

impl Orders {
    pub fn new(rows: Rows, columns: Columns) -> Self {
        Self { rows, columns, current: Group::default(), is_begun: false }
    }
}

impl Records for Orders {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let mut order = Box::default();
        Ok(self.pull_into(&mut order)?.then_some(*order))
    }

    fn pull_into(&mut self, order: &mut Box<SourceOrder>) -> Result<bool, ReadError> {
        while let Some(row) = self.rows.advance()? {
            if self.is_begun && self.current.owns(&row, &self.columns) {
                self.current.add(&row, &self.columns);
                continue;
            }
            self.current.end();
            std::mem::swap(order, &mut self.current.order);
            self.current.begin(&row, &self.columns);
            if std::mem::replace(&mut self.is_begun, true) {
                return Ok(true);
            }
        }
        if !std::mem::take(&mut self.is_begun) {
            return Ok(false);
        }
        self.current.end();
        std::mem::swap(order, &mut self.current.order);
        Ok(true)
    }
}

impl Group {
    fn begin(&mut self, row: &Row<'_>, columns: &Columns) {
        let order = &mut *self.order;
        cells::fill_order(order, row, columns);
        self.lines = 0;
        self.is_orphan = row.is_whole && !begins_order(row, columns);
        if self.is_orphan {
            // Without a first row nothing is known of its status; no rule about statuses may take
            // it away.
            order.status = None;
            cells::add_fault(order, Fault::new(Reason::OrphanRow), row.line);
        }
        if !row.is_whole {
            cells::add_fault(order, Fault::new(Reason::MalformedRow), row.line);
        }
        for (own, cell) in self.key.iter_mut().zip(key(row, columns)) {
            own.clear();
            own.extend_from_slice(cell);
        }
        self.bytes = row.len();
        self.add_line(row, columns);
    }

    /// Adds the row's product, if it has one.
    fn add_line(&mut self, row: &Row<'_>, columns: &Columns) {
        if !cells::has_line(row, columns) {
            return;
        }
        if self.lines == self.order.lines.len() {
            self.order.lines.push(self.spare_lines.pop().unwrap_or_default());
        }
        cells::fill_line(&mut self.order, self.lines, row, columns);
        self.lines += 1;
    }

    /// Leaves the order no lines but its own.
    fn end(&mut self) {
        let wanted = SPARE_LINES_MAX.saturating_sub(self.spare_lines.len());
        let own = self.lines.min(self.order.lines.len());
        self.spare_lines.extend(self.order.lines.drain(own..).take(wanted));
    }

    /// Whether the row is one more of this order. A row that is not whole belongs where its name
    /// says, whatever stands in its other cells: they may be shifted.
    fn owns(&self, row: &Row<'_>, columns: &Columns) -> bool {
        if row.is_whole && begins_order(row, columns) && !self.is_repeated_by(row, columns) {
            return false;
        }
        let is_named = key(row, columns).iter().any(|cell| !cell.is_empty());
        (is_named || (self.is_orphan && row.is_whole)) && self.has_key_of(row, columns)
    }

    fn has_key_of(&self, row: &Row<'_>, columns: &Columns) -> bool {
        let key = key(row, columns);
        // Byte by byte: for texts this short the call that compares long ones costs more.
        let is_same = |cell: &[u8], own: &[u8]| cell.len() == own.len() && cell.iter().eq(own);
        key.iter().zip(&self.key).all(|(cell, own)| is_same(cell, own))
    }

    /// Whether the row states this order's own cells again over another product: somebody filled
    /// them down. Whether such rows are products or something else can't be told, so the order is
    /// neither split nor joined but marked. With the same product it is the whole order that stands
    /// there twice.
    fn is_repeated_by(&self, row: &Row<'_>, columns: &Columns) -> bool {
        let id = row.cell(columns.at(Field::Id));
        id == self.order.id.as_bytes()
            && self.has_key_of(row, columns)
            && !self.is_orphan
            && !self.begins_with_product_of(row, columns)
    }

    fn begins_with_product_of(&self, row: &Row<'_>, columns: &Columns) -> bool {
        let cell = |field: Field| row.cell(columns.at(field));
        self.order.lines.first().filter(|_| self.lines > 0).is_some_and(|line| {
            cell(Field::LineName) == line.name.as_bytes()
                && cell(Field::LineQuantity) == line.quantity.as_bytes()
                && cell(Field::LinePrice) == line.unit_price.as_bytes()
        })
    }

    fn add(&mut self, row: &Row<'_>, columns: &Columns) {
        if row.is_whole && begins_order(row, columns) {
            cells::add_fault(&mut self.order, Fault::new(Reason::RepeatedRow), row.line);
        }
        if !row.is_whole {
            cells::add_fault(&mut self.order, Fault::new(Reason::MalformedRow), row.line);
        }
        self.bytes = self.bytes.saturating_add(row.len());
        if self.lines >= ORDER_LINES_MAX || self.bytes > ORDER_BYTES_MAX {
            let fault = Fault::of(Reason::FieldTooLong, Field::LineName.name());
            cells::add_fault(&mut self.order, fault, row.line);
        } else {
            self.add_line(row, columns);
        }
    }
}

/// Product rows leave blank what is said of the order as a whole.
fn begins_order(row: &Row<'_>, columns: &Columns) -> bool {
    [Field::Id, Field::FinancialStatus, Field::Currency, Field::Total]
        .iter()
        .any(|field| !row.cell(columns.at(*field)).is_empty())
}

/// What the rows of one order have in common: the name, or, in a file without names, the address
/// and the date.
fn key<'a>(row: &'a Row<'_>, columns: &Columns) -> [&'a [u8]; 2] {
    match columns.has(Field::Name) {
        true => [row.cell(columns.at(Field::Name)), b""],
        false => [row.cell(columns.at(Field::Email)), row.cell(columns.at(Field::CreatedAt))],
    }
}
