//! The words and numbers of WooCommerce in all its exports.

use crate::domain::{Reason, SourceOrder, Status, Text};
use crate::extract::cells::{Cells, Column};
use crate::extract::statuses::{WOOCOMMERCE, after_refunds};

/// Fees as charges, which are in the total but in no line. Negative fees of a plugin are not
/// charges; the report then says that the order's parts don't add up to its total.
pub fn charges(fees: &str) -> Text {
    if fees.starts_with('-') { Text::default() } else { fees.into() }
}

/// WooCommerce has no word for a partial refund; `None` for a word that it does not have.
pub fn status_of(word: &str, refunded: &str, total: &str) -> Option<Status> {
    WOOCOMMERCE.of(word).map(|status| after_refunds(status, refunded, total))
}

/// Reads the status of an order whose total and refund are known.
pub fn read_status(order: &mut SourceOrder, cells: &mut Cells<'_>, column: &Column) {
    let word = cells.text(column);
    order.status = status_of(&word, &order.refunded, &order.total);
    if order.status.is_none() {
        cells.fault(Reason::UnknownStatus, column);
    }
    order.status_word = word;
}

/// WooCommerce writes 0 for no account, product or variation.
pub fn id(text: Text) -> Text {
    if text == "0" { Text::default() } else { text }
}

/// Whether a text states an amount other than zero.
pub fn is_some_amount(text: &str) -> bool {
    text.bytes().any(|b| !matches!(b, b'0' | b'.' | b'-'))
}
