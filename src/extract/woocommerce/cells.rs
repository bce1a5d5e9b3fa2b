//! The text of cells, with what is wrong with it.

use crate::domain::{Reason, RecordError, SourceOrder, Status};
use crate::extract::order_errors::add_error;
use crate::extract::rows::Row;
use crate::extract::statuses::{WOOCOMMERCE, after_refunds};

/// Takes cells out of one row.
pub struct Cells<'r> {
    pub row: &'r Row<'r>,
    pub faults: Vec<RecordError>,
}

impl<'r> Cells<'r> {
    pub fn of(row: &'r Row<'r>) -> Self {
        Self { row, faults: Vec::new() }
    }

    /// The text of a cell; blank for a column that is not there. Bytes that are no UTF-8 are
    /// replaced, and said to be.
    pub fn text(&mut self, at: usize, field: &'static str) -> String {
        self.or_report(self.row.text(at), field)
    }

    /// As [`Self::text`], of a cell with free text.
    pub fn free_text(&mut self, at: usize, field: &'static str) -> String {
        self.or_report(self.row.free_text(at), field)
    }

    fn or_report(&mut self, cell: Result<&str, &[u8]>, field: &'static str) -> String {
        match cell {
            Ok(text) => text.to_owned(),
            Err(cell) => {
                self.add(RecordError::of(Reason::BadEncoding, field));
                String::from_utf8_lossy(cell).into_owned()
            }
        }
    }

    pub fn add(&mut self, fault: RecordError) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Hands what was found wrong to the order, each once; its line is told where it is not the
    /// order's first.
    pub fn settle(self, order: &mut SourceOrder) {
        for fault in self.faults {
            add_error(order, fault, self.row.line);
        }
    }
}

/// Fees as charges: what is in the total and in no line. Fees that a plugin took off are stated
/// below zero and are not a charge; the report then says that the order's parts miss its total.
pub fn charges(fees: &str) -> String {
    if fees.starts_with('-') { String::new() } else { fees.to_owned() }
}

/// WooCommerce has no word for a partial refund; `None` for a word that it does not have.
pub fn status_of(word: &str, refunded: &str, total: &str) -> Option<Status> {
    WOOCOMMERCE.of(word).map(|status| after_refunds(status, refunded, total))
}

/// WooCommerce writes 0 where there is no account, product or variation.
pub fn id(text: String) -> String {
    if text == "0" { String::new() } else { text }
}

/// Whether a text states an amount other than zero.
pub fn is_some_amount(text: &str) -> bool {
    text.bytes().any(|b| !matches!(b, b'0' | b'.' | b'-'))
}
