//! Reads the cells of a row as fields of an order or a line.

use super::columns::Columns;
use super::discount;
use super::status::{self, Words};
use crate::domain::{Reason, SourceLine, SourceOrder, Status, Unstated};
use crate::extract::cells::Cells;
use crate::extract::decisive;
use crate::extract::rows::Row;

/// The order that begins with a row, still without lines. A row with the wrong number of columns
/// gets no status, because its cells may belong to other columns.
pub fn order_of(row: &Row<'_>, columns: &Columns, unstated: Unstated) -> SourceOrder {
    let mut cells = Cells::of(row);
    let mut order = SourceOrder {
        id: cells.text(&columns.id),
        number: cells.text(&columns.name),
        email: cells.text(&columns.email),
        created_at: cells.text(&columns.created_at),
        currency: cells.text(&columns.currency),
        total: cells.text(&columns.total),
        subtotal: cells.text(&columns.subtotal),
        shipping: cells.text(&columns.shipping),
        tax: cells.text(&columns.taxes),
        discount: cells.text(&columns.discount_amount),
        refunded: cells.text(&columns.refunded_amount),
        charges: cells.text(&columns.duties),
        shipping_method: cells.free_text(&columns.shipping_method),
        accepts_marketing: decisive::flag_of(
            row.text(columns.accepts_marketing.at()).unwrap_or_default(),
        ),
        ..SourceOrder::default()
    };
    order.position.line = row.line;
    order.discounts.extend(discount::of(&order, cells.text(&columns.discount_code)));
    order.goods = discount::goods_before(&order).unwrap_or_default();
    // `Shipping` is the price before the discount; the amount paid is sent, which is zero.
    if order.discounts.iter().any(|discount| discount.of_shipping) {
        order.shipping = "0".into();
    }
    if row.is_whole {
        order.unstated = unstated;
        order.status = status(&mut cells, columns);
        if order.status.is_none() {
            cells.fault(Reason::UnknownStatus, &columns.financial_status);
        }
        order.status_word = row.text(columns.financial_status.at()).unwrap_or_default().into();
    }
    cells.settle(&mut order);
    order
}

/// Whether any of the row's cells names a product.
pub fn has_line(row: &Row<'_>, columns: &Columns) -> bool {
    let Columns { line_name, line_price, line_quantity, line_sku, .. } = columns;
    let stated = [line_name, line_price, line_quantity, line_sku];
    stated.iter().any(|column| !column.cell(row).is_empty())
}

/// Adds the row's line to the order.
pub fn add_line(order: &mut SourceOrder, row: &Row<'_>, columns: &Columns) {
    let mut cells = Cells::of(row);
    order.lines.push(SourceLine {
        name: cells.free_text(&columns.line_name),
        quantity: cells.text(&columns.line_quantity),
        unit_price: cells.text(&columns.line_price),
        discount: cells.text(&columns.line_discount),
        sku: cells.text(&columns.line_sku),
        at_line: row.line,
        ..SourceLine::default()
    });
    cells.settle(order);
}

fn status(cells: &mut Cells<'_>, columns: &Columns) -> Option<Status> {
    let row = cells.row;
    let financial = &columns.financial_status;
    let words = Words {
        is_test: status::is_of_test(columns.payment_method.cell(row)),
        is_cancelled: cells.is_dated(&columns.cancelled_at),
        financial: financial.is_there().then(|| financial.cell(row)),
        source: columns.source.cell(row),
    };
    words.status()
}
