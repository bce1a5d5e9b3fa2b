//! From rows to orders.

use super::columns::{Columns, LineColumns, Lines};
use super::lists;
use crate::domain::{Reason, RecordError, SourceLine, SourceOrder};
use crate::extract::format::{CsvLayout, Records};
use crate::extract::order_errors::add_error;
use crate::extract::rows::{Row, Rows};
use crate::extract::woocommerce::cells::{Cells, charges, id, status_of};
use crate::extract::woocommerce::grouped::{Grouped, RowForm};
use crate::extract::woocommerce::sums;
use std::sync::Arc;

impl CsvLayout for Columns {
    fn begins_with_key(&self) -> bool {
        self.key_column() == 0
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(Grouped::new(rows, self))
    }
}

impl RowForm for Columns {
    fn begin(&self, row: &Row<'_>) -> SourceOrder {
        let mut cells = Cells::of(row);
        let mut order = SourceOrder {
            id: cells.text(self.id, "order_id"),
            number: cells.text(self.number, "order_number"),
            email: cells.text(self.billing_email, "billing_email"),
            customer_id: id(cells.text(self.customer, "customer_id")),
            created_at: self.created_at(&mut cells),
            currency: cells.text(self.currency, "order_currency"),
            total: cells.text(self.total, "order_total"),
            shipping: cells.text(self.shipping, "shipping_total"),
            tax: cells.text(self.tax, "tax_total"),
            discount: cells.text(self.discount, "discount_total"),
            shipping_method: cells.free_text(self.shipping_method, "shipping_method"),
            ..SourceOrder::default()
        };
        order.charges = charges(&cells.text(self.fees, "fee_total"));
        order.position.line = row.line;
        if order.email.is_empty() {
            order.email = cells.text(self.customer_email, "customer_email");
        }
        let coupons = cells.text(self.coupons, "coupon_items");
        order.discounts = lists::coupons(&coupons).unwrap_or_else(|| {
            cells.add(RecordError::of(Reason::MalformedRow, "coupon_items"));
            Vec::new()
        });
        let refunds = cells.text(self.refunds, "refund_items");
        // No number, so that a rule that needs it refuses the order.
        order.refunded = lists::refunded(&refunds).unwrap_or_else(|| "unknown".to_owned());
        let word = cells.text(self.status, "status");
        order.status = status_of(&word, &order.refunded, &order.total);
        if order.status.is_none() {
            cells.add(RecordError::of(Reason::UnknownStatus, "status"));
            order.status_word = word;
        }
        self.add_lines(&mut order, &mut cells);
        cells.settle(&mut order);
        order
    }

    fn key_at(&self) -> Option<usize> {
        matches!(self.lines, Lines::Rows(_)).then(|| self.key_column())
    }

    fn add(&self, order: &mut SourceOrder, row: &Row<'_>) {
        let mut cells = Cells::of(row);
        self.add_lines(order, &mut cells);
        cells.settle(order);
    }

    fn own(&self) -> Vec<(usize, &'static str)> {
        vec![
            (self.id, "order_id"),
            (self.number, "order_number"),
            (self.date, "order_date"),
            (self.status, "status"),
            (self.total, "order_total"),
            (self.currency, "order_currency"),
            (self.billing_email, "billing_email"),
            (self.customer_email, "customer_email"),
        ]
    }

    fn close(&self, order: &mut SourceOrder) {
        let subtotal = std::mem::take(&mut order.subtotal);
        if matches!(self.lines, Lines::Rows(_)) {
            check_sum(order, &subtotal);
        }
    }
}

/// Whether the lines add up to the stated subtotal. Lines state all their digits, the subtotal is
/// rounded.
fn check_sum(order: &mut SourceOrder, subtotal: &str) {
    let sum: Option<i128> = order.lines.iter().map(|line| sums::parse(&line.total)).sum();
    let (Some(stated), Some(sum)) = (sums::parse(subtotal), sum) else { return };
    let apart = i128::try_from(order.lines.len() + 1).unwrap_or(i128::MAX);
    let tolerance = sums::rounding(&[subtotal, &order.total]) * apart;
    let line = order.position.line;
    if stated - sum > tolerance {
        add_error(order, RecordError::new(Reason::Truncated), line);
    } else if sum - stated > tolerance {
        add_error(order, RecordError::new(Reason::RepeatedRow), line);
    }
}

impl Columns {
    fn created_at(&self, cells: &mut Cells<'_>) -> String {
        let stated = cells.text(self.date, "order_date");
        self.dates.read(&stated).unwrap_or_else(|| {
            cells.add(RecordError::of(Reason::BadDate, "order_date"));
            stated
        })
    }

    fn add_lines(&self, order: &mut SourceOrder, cells: &mut Cells<'_>) {
        match &self.lines {
            Lines::Packed(columns) => {
                for at in columns {
                    let cell = cells.text(*at, "line_item");
                    match lists::line(&cell) {
                        _ if cell.is_empty() => {}
                        Some(line) => {
                            order.lines.push(SourceLine { at_line: cells.row.line, ..line })
                        }
                        None => cells.add(RecordError::of(Reason::MalformedRow, "line_item")),
                    }
                }
            }
            Lines::Columns(columns) => {
                for columns in columns {
                    add_line(order, cells, columns);
                }
            }
            Lines::Rows(columns) => {
                add_line(order, cells, columns);
                self.note_subtotal(order, cells.row);
            }
        }
    }

    /// Kept with the order while its rows are read.
    fn note_subtotal(&self, order: &mut SourceOrder, row: &Row<'_>) {
        order.subtotal = String::from_utf8_lossy(row.cell(self.subtotal)).into_owned();
    }
}

/// Adds a line, if any of its cells says something.
fn add_line(order: &mut SourceOrder, cells: &mut Cells<'_>, columns: &LineColumns) {
    let all = [columns.name, columns.quantity, columns.subtotal, columns.sku];
    if all.iter().all(|at| cells.row.cell(*at).is_empty()) {
        return;
    }
    let line = SourceLine {
        id: id(cells.text(columns.product, "item_product_id")),
        name: cells.free_text(columns.name, "item_name"),
        quantity: cells.text(columns.quantity, "item_quantity"),
        total: cells.text(columns.subtotal, "item_subtotal"),
        sku: cells.text(columns.sku, "item_sku"),
        at_line: cells.row.line,
        ..SourceLine::default()
    };
    order.lines.push(line);
}
