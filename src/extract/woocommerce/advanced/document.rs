//! The same export as JSON: one object per order, with products and coupons in lists.

use super::orders::is_short;
use crate::domain::{Reason, RecordError, SourceDiscount, SourceLine, SourceOrder};
use crate::extract::json::{JsonFormat, Record, text_or};
use crate::extract::woocommerce::words::{id, status_of};

pub static ORDERS: JsonFormat = JsonFormat {
    name: "advanced-order-export-json",
    title: "WooCommerce orders of Advanced Order Export",
    description: "WooCommerce: Advanced Order Export, JSON",
    how: "WordPress admin: WooCommerce > Export Orders, format JSON, all statuses.",
    wrappers: &["orders"],
    needs: &[
        &["Order Number", "Order ID"],
        &["Order Status"],
        &["Order Date"],
        &["Order Total Amount"],
        &["Email (Billing)", "Customer User Email"],
        &["Products"],
    ],
    read: order,
    keys_of_dated: &["Order ID", "Order Number"],
    has_html_entities: true,
    ..JsonFormat::USUAL
};

fn order(record: &Record<'_>) -> SourceOrder {
    let refunded = record.amount("Order Refund Amount");
    let total = record.amount("Order Total Amount");
    let word = record.text("Order Status");
    let mut order = SourceOrder {
        id: record.id("Order ID"),
        number: record.id("Order Number"),
        email: record.first(["Email (Billing)", "Customer User Email"]),
        customer_id: id(record.id("Customer User ID")),
        created_at: record.text("Order Date"),
        updated_at: record.text("Modification Date"),
        currency: record.text("Currency"),
        shipping: record.amount("Order Shipping Amount"),
        tax: record.amount("Order Total Tax Amount"),
        discount: record.amount("Cart Discount Amount"),
        discounts: discounts(record),
        shipping_method: record.free_text("Shipping Method Title"),
        lines: record.lines("Products").iter().map(line).collect(),
        status: status_of(&word, &refunded, &total),
        total,
        refunded,
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        record.fault(Reason::UnknownStatus, "Order Status");
    }
    order.status_word = word;
    if is_short(&order, &record.amount("Order Subtotal Amount")) {
        order.faults.push(RecordError::new(Reason::Truncated));
    }
    order
}

fn discounts(record: &Record<'_>) -> Vec<SourceDiscount> {
    let coupons = record.list("Coupons");
    let discounts = coupons.iter().map(|coupon| SourceDiscount {
        name: coupon.text("Coupon Code"),
        amount: coupon.amount("Discount Amount"),
        of_shipping: false,
    });
    discounts.filter(|one| !one.name.is_empty() && !one.amount.is_empty()).collect()
}

fn line(product: &Record<'_>) -> SourceLine {
    SourceLine {
        id: text_or(id(product.id("Variation Id")), || id(product.id("Product Id"))),
        name: product.first_free_text(["Item Name", "Product Name"]),
        quantity: product.first_amount(["Quantity", "Quantity (- Refund)"]),
        unit_price: product.first_amount(["Item Cost Before Discount", "Item Cost"]),
        sku: product.text("SKU"),
        category: product.free_text("Category"),
        image_url: product.text("Image URL"),
        product_url: product.text("Product URL"),
        at_line: product.line(),
        ..SourceLine::default()
    }
}
