//! Reads the cells of a row as fields of an order or a line.

use super::columns::{Columns, Field};
use super::discount;
use super::status::{self, Words};
use crate::domain::{Reason, RecordError, SourceLine, SourceOrder, Status, Text};
use crate::extract::decisive;
use crate::extract::order_errors::add_error;
use crate::extract::rows::Row;

/// The order that begins with a row, still without lines. A row with the wrong number of columns
/// gets no status, because its cells may belong to other columns.
pub fn order_of(row: &Row<'_>, columns: &Columns) -> SourceOrder {
    let mut faults = Vec::new();
    let mut text = |field| text(row.text(columns.at(field)), field, &mut faults);
    let mut order = SourceOrder {
        id: text(Field::Id),
        number: text(Field::Name),
        email: text(Field::Email),
        created_at: text(Field::CreatedAt),
        currency: text(Field::Currency),
        total: text(Field::Total),
        subtotal: text(Field::Subtotal),
        shipping: text(Field::Shipping),
        tax: text(Field::Taxes),
        discount: text(Field::DiscountAmount),
        refunded: text(Field::RefundedAmount),
        charges: text(Field::Duties),
        ..SourceOrder::default()
    };
    let code = text(Field::DiscountCode);
    order.shipping_method = free_text(row, columns, Field::ShippingMethod, &mut faults);
    order.faults = faults;
    order.discounts.extend(discount::of(&order, code));
    order.goods = discount::goods_before(&order).unwrap_or_default();
    // `Shipping` is the price before the discount; the amount paid is sent, which is zero.
    if order.discounts.iter().any(|discount| discount.of_shipping) {
        order.shipping = "0".into();
    }
    order.position.line = row.line;
    order.accepts_marketing =
        row.text(columns.at(Field::AcceptsMarketing)).ok().and_then(decisive::flag_of);
    if row.is_whole {
        order.status = status(row, columns, &mut order.faults);
        order.unstated = columns.unstated;
        let word = row.text(columns.at(Field::FinancialStatus)).unwrap_or_default();
        if order.status.is_none() {
            let fault = RecordError::of(Reason::UnknownStatus, Field::FinancialStatus.name());
            order.faults.push(fault.showing(word));
        }
        order.status_word = word.into();
    }
    order
}

/// Whether any of the row's cells names a product.
pub fn has_line(row: &Row<'_>, columns: &Columns) -> bool {
    let stated = [Field::LineName, Field::LinePrice, Field::LineQuantity, Field::LineSku];
    stated.iter().any(|field| !row.cell(columns.at(*field)).is_empty())
}

/// Adds the row's line to the order.
pub fn add_line(order: &mut SourceOrder, row: &Row<'_>, columns: &Columns) {
    let mut faults = Vec::new();
    let name = free_text(row, columns, Field::LineName, &mut faults);
    let mut text = |field| text(row.text(columns.at(field)), field, &mut faults);
    order.lines.push(SourceLine {
        name,
        quantity: text(Field::LineQuantity),
        unit_price: text(Field::LinePrice),
        discount: text(Field::LineDiscount),
        sku: text(Field::LineSku),
        at_line: row.line,
        ..SourceLine::default()
    });
    for fault in faults {
        add_error(order, fault, row.line);
    }
}

fn free_text(
    row: &Row<'_>,
    columns: &Columns,
    field: Field,
    faults: &mut Vec<RecordError>,
) -> Text {
    text(row.free_text(columns.at(field)), field, faults)
}

/// The text of a cell. Bytes that are not UTF-8 are replaced and reported.
fn text(cell: Result<&str, &[u8]>, field: Field, faults: &mut Vec<RecordError>) -> Text {
    match cell {
        Ok(cell) => cell.into(),
        Err(cell) => {
            faults.push(RecordError::of(Reason::BadEncoding, field.name()));
            Text::from_utf8_lossy(cell)
        }
    }
}

fn status(row: &Row<'_>, columns: &Columns, faults: &mut Vec<RecordError>) -> Option<Status> {
    let cell = |field| row.cell(columns.at(field));
    let cancelled_at = row.text(columns.at(Field::CancelledAt)).unwrap_or("?");
    let is_cancelled = decisive::is_dated(cancelled_at).unwrap_or_else(|reason| {
        faults.push(RecordError::of(reason, Field::CancelledAt.name()).showing(cancelled_at));
        false
    });
    let words = Words {
        is_test: status::is_of_test(cell(Field::PaymentMethod)),
        is_cancelled,
        financial: columns.has(Field::FinancialStatus).then(|| cell(Field::FinancialStatus)),
        source: cell(Field::Source),
    };
    words.status()
}
