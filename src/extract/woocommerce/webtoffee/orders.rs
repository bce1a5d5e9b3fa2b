//! Reads rows as orders.

use super::columns::{Columns, LineColumns, Lines, OrderColumns};
use super::lists;
use crate::domain::{Reason, RecordError, SourceLine, SourceOrder, Text};
use crate::extract::cells::{Cells, Column, places};
use crate::extract::decimal;
use crate::extract::format::{CsvLayout, Records};
use crate::extract::json::text_or;
use crate::extract::order_errors::add_error;
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::{Row, Rows};
use crate::extract::woocommerce::grouped::{self, RowForm};
use crate::extract::woocommerce::words::{charges, id, read_status};
use std::sync::Arc;

impl CsvLayout for Columns {
    fn begins_with_key(&self) -> bool {
        self.order.key().at() == 0
    }

    fn landmarks(&self) -> Landmarks {
        let OrderColumns { id, number, date, total, customer, .. } = &self.order;
        let OrderColumns { billing_email, customer_email, .. } = &self.order;
        Landmarks {
            keys: places(&[id, number]),
            dates: places(&[date]),
            amounts: places(&[total]),
            customers: places(&[customer, billing_email, customer_email]),
            products: self.lines.products(),
        }
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        grouped::orders(rows, self)
    }
}

impl RowForm for Columns {
    fn begin(&self, row: &Row<'_>) -> SourceOrder {
        let mut cells = Cells::of(row);
        let mut order = SourceOrder {
            id: cells.text(&self.order.id),
            number: cells.text(&self.order.number),
            email: text_or(cells.text(&self.order.billing_email), || {
                cells.text(&self.order.customer_email)
            }),
            customer_id: id(cells.text(&self.order.customer)),
            created_at: self.created_at(&mut cells),
            currency: cells.text(&self.order.currency),
            total: cells.text(&self.order.total),
            shipping: cells.text(&self.order.shipping),
            tax: cells.text(&self.order.tax),
            discount: cells.text(&self.order.discount),
            shipping_method: cells.free_text(&self.order.shipping_method),
            ..SourceOrder::default()
        };
        order.charges = charges(&cells.text(&self.order.fees));
        order.position.line = row.line;
        let coupons = cells.text(&self.order.coupons);
        order.discounts = lists::coupons(&coupons).unwrap_or_else(|| {
            cells.fault(Reason::MalformedRow, &self.order.coupons);
            Vec::new()
        });
        let refunds = cells.text(&self.order.refunds);
        // Not a number, so that a rule that needs it refuses the order.
        order.refunded = lists::refunded(&refunds).unwrap_or_else(|| "unknown".into());
        read_status(&mut order, &mut cells, &self.order.status);
        self.add_lines(&mut order, &mut cells);
        cells.settle(&mut order);
        order
    }

    fn key_at(&self) -> Option<usize> {
        matches!(self.lines, Lines::Rows(_)).then(|| self.order.key().at())
    }

    fn add(&self, order: &mut SourceOrder, row: &Row<'_>) {
        let mut cells = Cells::of(row);
        self.add_lines(order, &mut cells);
        cells.settle(order);
    }

    fn own(&self) -> Vec<&Column> {
        let OrderColumns {
            id,
            number,
            date,
            status,
            total,
            currency,
            billing_email,
            customer_email,
            ..
        } = &self.order;
        vec![id, number, date, status, total, currency, billing_email, customer_email]
    }

    fn close(&self, order: &mut SourceOrder) {
        let subtotal = std::mem::take(&mut order.subtotal);
        if matches!(self.lines, Lines::Rows(_)) {
            check_sum(order, &subtotal);
        }
    }
}

/// Checks that the lines add up to the stated subtotal. Lines state all digits; the subtotal is
/// rounded.
fn check_sum(order: &mut SourceOrder, subtotal: &str) {
    let sum: Option<i128> = order.lines.iter().map(|line| decimal::parse_cut(&line.total)).sum();
    let (Some(stated), Some(sum)) = (decimal::parse_cut(subtotal), sum) else { return };
    let apart = i128::try_from(order.lines.len() + 1).unwrap_or(i128::MAX);
    let tolerance = decimal::rounding(&[subtotal, &order.total]) * apart;
    let line = order.position.line;
    if stated - sum > tolerance {
        add_error(order, RecordError::new(Reason::Truncated), line);
    } else if sum - stated > tolerance {
        add_error(order, RecordError::new(Reason::RepeatedRow), line);
    }
}

impl Columns {
    fn created_at(&self, cells: &mut Cells<'_>) -> Text {
        let stated = cells.text(&self.order.date);
        self.dates.read(&stated).unwrap_or_else(|| {
            cells.fault(Reason::BadDate, &self.order.date);
            stated
        })
    }

    fn add_lines(&self, order: &mut SourceOrder, cells: &mut Cells<'_>) {
        match &self.lines {
            Lines::Packed(columns) => {
                for column in columns {
                    let cell = cells.text(column);
                    match lists::line(&cell) {
                        _ if cell.is_empty() => {}
                        Some(line) => {
                            order.lines.push(SourceLine { at_line: cells.row.line, ..line })
                        }
                        None => cells.fault(Reason::MalformedRow, column),
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
                // Kept with the order while its rows are read.
                let subtotal = self.order.subtotal.cell(cells.row);
                order.subtotal = Text::from_utf8_lossy(subtotal);
            }
        }
    }
}

/// Adds a line, unless all of its cells are blank.
fn add_line(order: &mut SourceOrder, cells: &mut Cells<'_>, columns: &LineColumns) {
    let all = [&columns.name, &columns.quantity, &columns.subtotal, &columns.sku];
    if all.iter().all(|column| column.cell(cells.row).is_empty()) {
        return;
    }
    let line = SourceLine {
        id: id(cells.text(&columns.product)),
        name: cells.free_text(&columns.name),
        quantity: cells.text(&columns.quantity),
        total: cells.text(&columns.subtotal),
        sku: cells.text(&columns.sku),
        at_line: cells.row.line,
        ..SourceLine::default()
    };
    order.lines.push(line);
}
