//! From the cells of a row to the fields of an order or a line.

use super::columns::{Columns, Field};
use super::discount;
use super::status::{self, Words};
use crate::domain::{Fault, Reason, SourceLine, SourceOrder, Status};
use crate::extract::rows::Row;

/// Makes an order of the row that begins it; its lines stay, and say nothing any more. The status
/// is left unsaid by a row that is not whole: its cells may be another's.
pub fn fill_order(order: &mut SourceOrder, row: &Row<'_>, columns: &Columns) {
    let mut lines = std::mem::take(&mut order.lines);
    order.clear();
    lines.iter_mut().for_each(SourceLine::clear);
    order.lines = lines;
    let faults = &mut order.faults;
    for (field, text) in [
        (Field::Id, &mut order.id),
        (Field::Name, &mut order.number),
        (Field::Email, &mut order.email),
        (Field::CreatedAt, &mut order.created_at),
        (Field::Currency, &mut order.currency),
        (Field::Total, &mut order.total),
        (Field::Subtotal, &mut order.subtotal),
        (Field::Shipping, &mut order.shipping),
        (Field::Taxes, &mut order.tax),
        (Field::DiscountAmount, &mut order.discount),
        (Field::RefundedAmount, &mut order.refunded),
        (Field::Duties, &mut order.charges),
        (Field::ShippingMethod, &mut order.shipping_method),
    ] {
        fill(text, row, columns, field, faults);
    }
    let mut code = String::new();
    fill(&mut code, row, columns, Field::DiscountCode, faults);
    order.discounts.extend(discount::of(order, code));
    if let Some(before) = discount::goods_before(order) {
        order.goods = before;
    }
    // `Shipping` is before the discount; what was paid for it is sent, here nothing.
    if order.discounts.iter().any(|discount| discount.of_shipping) {
        order.shipping.clear();
        order.shipping.push('0');
    }
    order.position.line = row.line;
    order.accepts_marketing = consent(row.cell(columns.at(Field::AcceptsMarketing)));
    if row.is_whole {
        order.status = status(row, columns);
        if order.status.is_none() {
            let fault = Fault::of(Reason::UnknownStatus, Field::FinancialStatus.name());
            order.faults.push(fault);
            let word = row.text(columns.at(Field::FinancialStatus)).unwrap_or_default();
            order.status_word.push_str(word);
        }
    }
}

/// Whether any of the row's cells names a product.
pub fn has_line(row: &Row<'_>, columns: &Columns) -> bool {
    let stated = [Field::LineName, Field::LinePrice, Field::LineQuantity, Field::LineSku];
    stated.iter().any(|field| !row.cell(columns.at(*field)).is_empty())
}

/// Makes the order's line at `at`, which says nothing yet, of the row.
pub fn fill_line(order: &mut SourceOrder, at: usize, row: &Row<'_>, columns: &Columns) {
    let Some(line) = order.lines.get_mut(at) else { return };
    let mut faults = Vec::new();
    for (field, text) in [
        (Field::LineName, &mut line.name),
        (Field::LineQuantity, &mut line.quantity),
        (Field::LinePrice, &mut line.unit_price),
        (Field::LineDiscount, &mut line.discount),
        (Field::LineSku, &mut line.sku),
    ] {
        fill(text, row, columns, field, &mut faults);
    }
    line.at_line = row.line;
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

/// Puts the text of a cell where nothing is yet. Bytes that are no UTF-8 are replaced, and said to
/// be.
fn fill(
    text: &mut String,
    row: &Row<'_>,
    columns: &Columns,
    field: Field,
    faults: &mut Vec<Fault>,
) {
    match row.text(columns.at(field)) {
        Ok(cell) => text.push_str(cell),
        Err(cell) => {
            faults.push(Fault::of(Reason::BadEncoding, field.name()));
            text.push_str(&String::from_utf8_lossy(cell));
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
