//! The same export as JSON: an object for each order, with its products and coupons in lists.

use super::orders::is_short;
use crate::domain::{Reason, RecordError, SourceDiscount, SourceLine, SourceOrder};
use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{Dialect, Document, Fields, List, Raw};
use crate::extract::woocommerce::cells::{id, is_some_amount};
use crate::extract::woocommerce::status;
use serde::Deserialize;

pub static ORDERS: Dialect = Dialect {
    name: "advanced-order-export-json",
    title: "WooCommerce orders of Advanced Order Export",
    description: "WooCommerce: Advanced Order Export, JSON",
    wrappers: &["orders"],
    needs: &[
        &["Order Number", "Order ID"],
        &["Order Status"],
        &["Order Date"],
        &["Order Total Amount"],
        &["Email (Billing)", "Customer User Email"],
        &["Products"],
    ],
    siblings: &[],
    read,
};

/// The most coupons kept of an order.
const COUPONS_MAX: usize = 250;

/// The fields that are read, under the labels the plugin gives them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Order<'a> {
    #[serde(borrow, rename = "Order ID")]
    id: Raw<'a>,
    #[serde(borrow, rename = "Order Number")]
    number: Raw<'a>,
    #[serde(borrow, rename = "Order Status")]
    status: Raw<'a>,
    #[serde(borrow, rename = "Order Date")]
    date: Raw<'a>,
    #[serde(borrow, rename = "Modification Date")]
    updated: Raw<'a>,
    #[serde(borrow, rename = "Email (Billing)")]
    email: Raw<'a>,
    #[serde(borrow, rename = "Customer User Email")]
    user_email: Raw<'a>,
    #[serde(borrow, rename = "Customer User ID")]
    customer: Raw<'a>,
    #[serde(borrow, rename = "Currency")]
    currency: Raw<'a>,
    #[serde(borrow, rename = "Order Total Amount")]
    total: Raw<'a>,
    #[serde(borrow, rename = "Order Subtotal Amount")]
    subtotal: Raw<'a>,
    #[serde(borrow, rename = "Order Shipping Amount")]
    shipping: Raw<'a>,
    #[serde(borrow, rename = "Order Total Tax Amount")]
    tax: Raw<'a>,
    #[serde(borrow, rename = "Cart Discount Amount")]
    discount: Raw<'a>,
    #[serde(borrow, rename = "Order Refund Amount")]
    refunded: Raw<'a>,
    #[serde(borrow, rename = "Shipping Method Title")]
    shipping_method: Raw<'a>,
    #[serde(borrow, rename = "Products")]
    products: List<Product<'a>, ORDER_LINES_MAX>,
    #[serde(borrow, rename = "Coupons")]
    coupons: List<Coupon<'a>, COUPONS_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Product<'a> {
    #[serde(borrow, rename = "Item Name")]
    name: Raw<'a>,
    #[serde(borrow, rename = "Product Name")]
    product_name: Raw<'a>,
    #[serde(borrow, rename = "Product Id")]
    product: Raw<'a>,
    #[serde(borrow, rename = "Variation Id")]
    variation: Raw<'a>,
    #[serde(borrow, rename = "SKU")]
    sku: Raw<'a>,
    #[serde(borrow, rename = "Quantity")]
    quantity: Raw<'a>,
    #[serde(borrow, rename = "Quantity (- Refund)")]
    net_quantity: Raw<'a>,
    #[serde(borrow, rename = "Item Cost Before Discount")]
    price: Raw<'a>,
    #[serde(borrow, rename = "Item Cost")]
    net_price: Raw<'a>,
    #[serde(borrow, rename = "Category")]
    category: Raw<'a>,
    #[serde(borrow, rename = "Image URL")]
    image: Raw<'a>,
    #[serde(borrow, rename = "Product URL")]
    url: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Coupon<'a> {
    #[serde(borrow, rename = "Coupon Code")]
    code: Raw<'a>,
    #[serde(borrow, rename = "Discount Amount")]
    amount: Raw<'a>,
}

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let mut order = SourceOrder {
        id: fields.id(stated.id, "Order ID"),
        number: fields.id(stated.number, "Order Number"),
        email: fields
            .first([(stated.email, "Email (Billing)"), (stated.user_email, "Customer User Email")]),
        customer_id: id(fields.id(stated.customer, "Customer User ID")),
        created_at: fields.text(stated.date, "Order Date"),
        updated_at: fields.text(stated.updated, "Modification Date"),
        currency: fields.text(stated.currency, "Currency"),
        total: fields.text(stated.total, "Order Total Amount"),
        shipping: fields.text(stated.shipping, "Order Shipping Amount"),
        tax: fields.text(stated.tax, "Order Total Tax Amount"),
        discount: fields.text(stated.discount, "Cart Discount Amount"),
        refunded: fields.text(stated.refunded, "Order Refund Amount"),
        shipping_method: fields.text(stated.shipping_method, "Shipping Method Title"),
        ..SourceOrder::default()
    };
    for product in fields.list(&stated.products, "Products") {
        order.lines.push(line_of(product, document.line, &mut fields));
    }
    for coupon in fields.list(&stated.coupons, "Coupons") {
        let (name, amount) =
            (fields.text(coupon.code, "Coupons"), fields.text(coupon.amount, "Coupons"));
        if !name.is_empty() && !amount.is_empty() {
            order.discounts.push(SourceDiscount { name, amount, of_shipping: false });
        }
    }
    let word = fields.text(stated.status, "Order Status");
    order.status = status::of_label(&word, is_some_amount(&order.refunded));
    if order.status.is_none() {
        fields.add(Reason::UnknownStatus, "Order Status");
        order.status_word = word;
    }
    let subtotal = fields.text(stated.subtotal, "Order Subtotal Amount");
    order.faults = fields.faults;
    if is_short(&order, &subtotal) {
        order.faults.push(RecordError::new(Reason::Truncated));
    }
    Ok(order)
}

fn line_of(product: &Product<'_>, line: u64, fields: &mut Fields) -> SourceLine {
    let variation = id(fields.id(product.variation, "Variation Id"));
    SourceLine {
        id: match variation.is_empty() {
            true => id(fields.id(product.product, "Product Id")),
            false => variation,
        },
        name: fields.first([(product.name, "Item Name"), (product.product_name, "Product Name")]),
        quantity: fields
            .first([(product.quantity, "Quantity"), (product.net_quantity, "Quantity (- Refund)")]),
        unit_price: fields.first([
            (product.price, "Item Cost Before Discount"),
            (product.net_price, "Item Cost"),
        ]),
        sku: fields.text(product.sku, "SKU"),
        category: fields.text(product.category, "Category"),
        image_url: fields.text(product.image, "Image URL"),
        product_url: fields.text(product.url, "Product URL"),
        at_line: line,
        ..SourceLine::default()
    }
}
