//! From rows to orders. An order's products and its coupons are side by side: with one product
//! and two coupons there are two rows, the second of them without a product.

use super::columns::Columns;
use crate::domain::{Reason, RecordError, SourceDiscount, SourceLine, SourceOrder};
use crate::extract::format::{CsvLayout, Records};
use crate::extract::order_errors::add_error;
use crate::extract::rows::{Row, Rows};
use crate::extract::woocommerce::cells::{Cells, id, status_of};
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
            id: cells.text(self.id, "Order ID"),
            number: cells.text(self.number, "Order Number"),
            email: cells.text(self.email, "Email (Billing)"),
            customer_id: id(cells.text(self.customer, "Customer User ID")),
            created_at: cells.text(self.date, "Order Date"),
            updated_at: cells.text(self.updated, "Modification Date"),
            currency: cells.text(self.currency, "Currency"),
            total: cells.text(self.total, "Order Total Amount"),
            subtotal: cells.text(self.subtotal, "Order Subtotal Amount"),
            shipping: cells.text(self.shipping, "Order Shipping Amount"),
            tax: cells.text(self.tax, "Order Total Tax Amount"),
            discount: cells.text(self.discount, "Cart Discount Amount"),
            refunded: cells.text(self.refunded, "Order Refund Amount"),
            shipping_method: cells.free_text(self.shipping_method, "Shipping Method Title"),
            ..SourceOrder::default()
        };
        order.position.line = row.line;
        if order.email.is_empty() {
            order.email = cells.text(self.user_email, "Customer User Email");
        }
        let word = cells.text(self.status, "Order Status");
        order.status = status_of(&word, &order.refunded, &order.total);
        if order.status.is_none() {
            cells.add(RecordError::of(Reason::UnknownStatus, "Order Status"));
            order.status_word = word;
        }
        self.add_parts(&mut order, &mut cells);
        cells.settle(&mut order);
        order
    }

    fn key_at(&self) -> Option<usize> {
        Some(self.key_column())
    }

    fn add(&self, order: &mut SourceOrder, row: &Row<'_>) {
        let mut cells = Cells::of(row);
        self.add_parts(order, &mut cells);
        cells.settle(order);
    }

    fn own(&self) -> Vec<(usize, &'static str)> {
        vec![
            (self.id, "Order ID"),
            (self.number, "Order Number"),
            (self.date, "Order Date"),
            (self.status, "Order Status"),
            (self.total, "Order Total Amount"),
            (self.currency, "Currency"),
            (self.email, "Email (Billing)"),
            (self.user_email, "Customer User Email"),
        ]
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
        let columns = &self.line;
        let has_product = [columns.name, columns.quantity, columns.net_price, columns.price]
            .iter()
            .any(|at| !cells.row.cell(*at).is_empty());
        if has_product {
            self.check_ordinal(order, cells);
            let line = self.line_of(cells);
            order.lines.push(line);
        }
        let name = cells.text(self.coupon, "Coupon Code");
        let amount = cells.text(self.coupon_amount, "Discount Amount");
        if !name.is_empty() && !amount.is_empty() {
            order.discounts.push(SourceDiscount { name, amount, of_shipping: false });
        }
    }

    fn line_of(&self, cells: &mut Cells<'_>) -> SourceLine {
        let columns = &self.line;
        let mut price = cells.text(columns.price, "Item Cost Before Discount");
        if price.is_empty() {
            price = cells.text(columns.net_price, "Item Cost");
        }
        let variation = id(cells.text(columns.variation, "Variation Id"));
        SourceLine {
            id: match variation.is_empty() {
                true => id(cells.text(columns.product, "Product Id")),
                false => variation,
            },
            name: cells.free_text(columns.name, "Item Name"),
            quantity: cells.text(columns.quantity, "Quantity"),
            unit_price: price,
            sku: cells.text(columns.sku, "SKU"),
            category: cells.free_text(columns.category, "Category"),
            image_url: cells.text(columns.image, "Image URL"),
            product_url: cells.text(columns.url, "Product URL"),
            at_line: cells.row.line,
            ..SourceLine::default()
        }
    }

    /// Products are numbered within their order. One that does not come after those above it shows
    /// that the file was sorted, or that an order is repeated.
    fn check_ordinal(&self, order: &SourceOrder, cells: &mut Cells<'_>) {
        let ordinal = cells.row.cell(self.line.ordinal);
        let number = std::str::from_utf8(ordinal).ok().and_then(|text| text.parse::<usize>().ok());
        if number.is_some_and(|number| number <= order.lines.len()) {
            cells.add(RecordError::new(Reason::RepeatedRow));
        }
    }
}

/// Whether products are provably missing: what they cost, with what was refunded and
/// the discount, is less than the stated subtotal. Prices of one unit are rounded, so each unit may
/// be off by half of what the last digit counts.
pub fn is_short(order: &SourceOrder, subtotal: &str) -> bool {
    let blank_is_zero = |text: &str| if text.is_empty() { Some(0) } else { sums::parse(text) };
    let parts = (|| {
        let (mut sum, mut units) = (0_i128, 1_i128);
        for line in &order.lines {
            let quantity: i128 =
                line.quantity.parse().ok().filter(|n| (0..=1_000_000_000).contains(n))?;
            sum += sums::parse(&line.unit_price)? * quantity;
            units += quantity;
        }
        Some((
            sum,
            units,
            sums::parse(subtotal)?,
            blank_is_zero(&order.discount)?,
            blank_is_zero(&order.refunded)?,
        ))
    })();
    let Some((sum, units, subtotal_units, discount, refunded)) = parts else { return false };
    sum + sums::rounding(&[subtotal, &order.total]) * units + discount + refunded < subtotal_units
}
