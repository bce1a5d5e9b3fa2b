//! Reads rows as orders. An order's products and coupons are next to each other: with one product
//! and two coupons there are two rows, the second of them without a product.

use super::columns::Columns;
use crate::domain::{Reason, RecordError, SourceDiscount, SourceLine, SourceOrder};
use crate::extract::cells::{Cells, Column, places};
use crate::extract::decimal;
use crate::extract::format::{CsvLayout, Records};
use crate::extract::json::text_or;
use crate::extract::order_errors::add_error;
use crate::extract::order_versions::CopyTimes;
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::{Row, Rows};
use crate::extract::woocommerce::grouped::{self, RowForm};
use crate::extract::woocommerce::words::{id, read_status};
use std::sync::Arc;

impl CsvLayout for Columns {
    fn begins_with_key(&self) -> bool {
        self.key().at() == 0
    }

    fn copy_times(&self) -> CopyTimes {
        CopyTimes::stated_if(self.updated.is_there())
    }

    fn landmarks(&self) -> Landmarks {
        Landmarks {
            keys: places(&[&self.id, &self.number]),
            dates: places(&[&self.date]),
            amounts: places(&[&self.total]),
            customers: places(&[&self.customer, &self.email, &self.user_email]),
            products: places(&[&self.line_name, &self.product, &self.variation, &self.sku]),
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
            id: cells.text(&self.id),
            number: cells.text(&self.number),
            email: text_or(cells.text(&self.email), || cells.text(&self.user_email)),
            customer_id: id(cells.text(&self.customer)),
            created_at: cells.text(&self.date),
            updated_at: cells.text(&self.updated),
            currency: cells.text(&self.currency),
            total: cells.text(&self.total),
            subtotal: cells.text(&self.subtotal),
            shipping: cells.text(&self.shipping),
            tax: cells.text(&self.tax),
            discount: cells.text(&self.discount),
            refunded: cells.text(&self.refunded),
            shipping_method: cells.free_text(&self.shipping_method),
            ..SourceOrder::default()
        };
        order.position.line = row.line;
        read_status(&mut order, &mut cells, &self.status);
        self.add_parts(&mut order, &mut cells);
        cells.settle(&mut order);
        order
    }

    fn key_at(&self) -> Option<usize> {
        Some(self.key().at())
    }

    fn modified_at(&self) -> usize {
        self.updated.at()
    }

    fn add(&self, order: &mut SourceOrder, row: &Row<'_>) {
        let mut cells = Cells::of(row);
        self.add_parts(order, &mut cells);
        cells.settle(order);
    }

    fn own(&self) -> Vec<&Column> {
        let Self { id, number, date, updated, status, total, currency, email, user_email, .. } =
            self;
        vec![id, number, date, updated, status, total, currency, email, user_email]
    }

    fn close(&self, order: &mut SourceOrder) {
        let subtotal = std::mem::take(&mut order.subtotal);
        if is_short(order, &subtotal) {
            let line = order.position.line;
            add_error(order, RecordError::new(Reason::Truncated), line);
        }
    }
}

impl Columns {
    fn add_parts(&self, order: &mut SourceOrder, cells: &mut Cells<'_>) {
        let of_line = [
            &self.line_name,
            &self.quantity,
            &self.price_after_coupons,
            &self.price_before_coupons,
        ];
        if of_line.iter().any(|column| !column.cell(cells.row).is_empty()) {
            self.check_ordinal(order, cells);
            let line = self.line_of(cells);
            order.lines.push(line);
        }
        let name = cells.text(&self.coupon);
        let amount = cells.text(&self.coupon_amount);
        if !name.is_empty() && !amount.is_empty() {
            order.discounts.push(SourceDiscount { name, amount, of_shipping: false });
        }
    }

    fn line_of(&self, cells: &mut Cells<'_>) -> SourceLine {
        SourceLine {
            id: text_or(id(cells.text(&self.variation)), || id(cells.text(&self.product))),
            name: cells.free_text(&self.line_name),
            quantity: cells.text(&self.quantity),
            unit_price: text_or(cells.text(&self.price_before_coupons), || {
                cells.text(&self.price_after_coupons)
            }),
            sku: cells.text(&self.sku),
            category: cells.free_text(&self.category),
            image_url: cells.text(&self.image),
            product_url: cells.text(&self.url),
            at_line: cells.row.line,
            ..SourceLine::default()
        }
    }

    /// Products are numbered within their order. One that does not come after those above it shows
    /// that the file was sorted, or that an order is repeated.
    fn check_ordinal(&self, order: &SourceOrder, cells: &mut Cells<'_>) {
        let ordinal = self.ordinal.cell(cells.row);
        let number = std::str::from_utf8(ordinal).ok().and_then(|text| text.parse::<usize>().ok());
        if number.is_some_and(|number| number <= order.lines.len()) {
            cells.add(RecordError::new(Reason::RepeatedRow));
        }
    }
}

/// Whether products are provably missing: what they cost, with what was refunded and the discount,
/// is less than the stated subtotal. Unit prices are rounded, so each unit may be off by half of
/// the last digit. Amounts beyond any number that is counted with prove nothing.
pub fn is_short(order: &SourceOrder, subtotal: &str) -> bool {
    let reduction = |text: &str| match decimal::magnitude(text) {
        "" => Some(0),
        amount => decimal::parse_cut(amount),
    };
    let parts = (|| {
        let (mut sum, mut units) = (0_i128, 1_i128);
        for line in &order.lines {
            let quantity: i128 =
                line.quantity.parse().ok().filter(|n| (0..=1_000_000_000).contains(n))?;
            let cost = decimal::parse_cut(&line.unit_price)?.checked_mul(quantity)?;
            sum = sum.checked_add(cost)?;
            units += quantity;
        }
        let slack = decimal::rounding(&[subtotal, &order.total]).checked_mul(units)?;
        let reductions = reduction(&order.discount)? + reduction(&order.refunded)?;
        let most = sum.checked_add(slack)?.checked_add(reductions)?;
        Some((most, decimal::parse_cut(subtotal)?))
    })();
    parts.is_some_and(|(most, subtotal)| most < subtotal)
}
