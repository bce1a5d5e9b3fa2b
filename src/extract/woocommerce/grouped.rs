//! Orders out of rows: a row is an order, or rows that follow each other and name the same one are.

use super::cells::add_fault;
use crate::domain::{Fault, Reason, SourceOrder};
use crate::extract::error::ReadError;
use crate::extract::rows::{Row, Rows};
use crate::extract::sheet_dialect::Records;
use crate::extract::{ORDER_BYTES_MAX, ORDER_LINES_MAX};
use std::sync::Arc;

/// How the rows of a table are read.
pub trait RowForm: Send + Sync {
    /// The order with what its first row says, its lines included.
    fn begin(&self, row: &Row<'_>) -> SourceOrder;

    /// Whether this row is one more of the order that began with a row of `key`.
    fn continues(&self, row: &Row<'_>, key: &[u8]) -> bool;

    /// Adds what a further row says.
    fn add(&self, order: &mut SourceOrder, row: &Row<'_>);

    /// Looks at the order once its last row was read.
    fn close(&self, order: &mut SourceOrder);

    /// What a row names its order by.
    fn key<'a>(&self, row: &'a Row<'_>) -> &'a [u8];
}

/// The orders of one table, in the order of its rows. An order whose rows come apart is several records, of which the
/// first counts only if its lines add up.
pub struct Grouped<F> {
    rows: Rows,
    form: Arc<F>,
    current: Option<Group>,
}

/// The order being put together.
struct Group {
    order: SourceOrder,
    key: Vec<u8>,
    bytes: usize,
}

impl<F: RowForm> Grouped<F> {
    pub fn new(rows: Rows, form: Arc<F>) -> Self {
        Self { rows, form, current: None }
    }

    fn close(form: &F, group: Group) -> SourceOrder {
        let mut order = group.order;
        form.close(&mut order);
        order
    }
}

impl<F: RowForm> Records for Grouped<F> {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let form = &*self.form;
        while let Some(row) = self.rows.advance()? {
            match &mut self.current {
                Some(group) if form.continues(&row, &group.key) => group.add(form, &row),
                current => {
                    if let Some(group) = current.replace(Group::begun_by(form, &row)) {
                        return Ok(Some(Self::close(form, group)));
                    }
                }
            }
        }
        Ok(self.current.take().map(|group| Self::close(form, group)))
    }
}

impl Group {
    fn begun_by(form: &impl RowForm, row: &Row<'_>) -> Self {
        let mut order = form.begin(row);
        if !row.is_whole {
            add_fault(&mut order, Fault::new(Reason::MalformedRow), row.line);
            // The cells of such a row may be another's: no rule about statuses may take it away.
            order.status = None;
        }
        Self { order, key: form.key(row).to_vec(), bytes: row.len() }
    }

    fn add(&mut self, form: &impl RowForm, row: &Row<'_>) {
        if !row.is_whole {
            add_fault(&mut self.order, Fault::new(Reason::MalformedRow), row.line);
        }
        self.bytes = self.bytes.saturating_add(row.len());
        if self.order.lines.len() >= ORDER_LINES_MAX || self.bytes > ORDER_BYTES_MAX {
            add_fault(&mut self.order, Fault::new(Reason::FieldTooLong), row.line);
        } else {
            form.add(&mut self.order, row);
        }
    }
}
