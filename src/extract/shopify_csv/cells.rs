//! From the cells of a row to the fields of an order or a line.

use super::columns::{Columns, Field};
use super::discount;
use super::status::{self, Words};
use crate::domain::{Fault, Reason, SourceLine, SourceOrder, Status};
use crate::extract::rows::Row;

/// The order a row begins, with its line if it has one. The status is left unsaid by a row that is not whole:
/// its cells may be another's.
pub fn order(row: &Row<'_>, columns: &Columns) -> SourceOrder {
    let mut faults = Vec::new();
    let mut text = |field| text(row, columns, field, &mut faults);
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
        shipping_method: text(Field::ShippingMethod),
        ..SourceOrder::default()
    };
    let code = text(Field::DiscountCode);
    order.discounts.extend(discount::of(&order, code));
    order.faults = faults;
    order.position.line = row.line;
    order.accepts_marketing = consent(row.cell(columns.at(Field::AcceptsMarketing)));
    if row.is_whole {
        order.status = status(row, columns);
        if order.status.is_none() {
            let fault = Fault::of(Reason::UnknownStatus, Field::FinancialStatus.name());
            order.faults.push(fault);
        }
    }
    add_line(&mut order, row, columns);
    order
}

/// Adds the row's product, if it names one by any of its cells.
pub fn add_line(order: &mut SourceOrder, row: &Row<'_>, columns: &Columns) {
    let stated = [Field::LineName, Field::LinePrice, Field::LineQuantity, Field::LineSku];
    if stated.iter().all(|field| row.cell(columns.at(*field)).is_empty()) {
        return;
    }
    let mut faults = Vec::new();
    let mut text = |field| text(row, columns, field, &mut faults);
    order.lines.push(SourceLine {
        name: text(Field::LineName),
        quantity: text(Field::LineQuantity),
        unit_price: text(Field::LinePrice),
        discount: text(Field::LineDiscount),
        sku: text(Field::LineSku),
        at_line: row.line,
        ..SourceLine::default()
    });
    for fault in faults {
        add_fault(order, fault, row.line);
    }
}

/// Adds a fault once for each reason and field; its line is told where it is not the order's first.
pub fn add_fault(order: &mut SourceOrder, fault: Fault, line: u64) {
    let is_same = |other: &Fault| other.reason == fault.reason && other.field == fault.field;
    if order.faults.iter().any(is_same) {
        return;
    }
    order.faults.push(match line == order.position.line {
        true => fault,
        false => fault.at_line(line),
    });
}

/// The text of a cell. Bytes that are no UTF-8 are replaced, and said to be.
fn text(row: &Row<'_>, columns: &Columns, field: Field, faults: &mut Vec<Fault>) -> String {
    match row.text(columns.at(field)) {
        Ok(text) => text.to_owned(),
        Err(cell) => {
            faults.push(Fault::of(Reason::BadEncoding, field.name()));
            String::from_utf8_lossy(cell).into_owned()
        }
    }
}

fn status(row: &Row<'_>, columns: &Columns) -> Option<Status> {
    let cell = |field| row.cell(columns.at(field));
    let words = Words {
        is_test: status::is_of_test(cell(Field::PaymentMethod)),
        cancelled_at: cell(Field::CancelledAt),
        financial: columns.has(Field::FinancialStatus).then(|| cell(Field::FinancialStatus)),
        source: cell(Field::Source),
    };
    words.status()
}

fn consent(cell: &[u8]) -> Option<bool> {
    let is = |words: [&str; 2]| words.iter().any(|w| cell.eq_ignore_ascii_case(w.as_bytes()));
    match (is(["yes", "true"]), is(["no", "false"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}
