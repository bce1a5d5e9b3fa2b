//! An order with WooCommerce's field names: those of the current API, and of the old one where they
//! differ.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Text};
use crate::extract::decimal;
use crate::extract::json::{Record, text_or};
use crate::extract::woocommerce::words::{charges, id, is_some_amount, status_of};

pub fn order(record: &Record<'_>) -> SourceOrder {
    let refunded = refunded(record);
    let total = record.amount("total");
    let mut order = SourceOrder {
        id: record.id("id"),
        number: record.first(["number", "order_number"]),
        email: text_or(record.object("billing").text("email"), || {
            record.object("billing_address").text("email")
        }),
        customer_id: id(record.id("customer_id")),
        created_at: moment(record, "date_created_gmt", "date_created"),
        updated_at: moment(record, "date_modified_gmt", "date_modified"),
        currency: record.text("currency"),
        shipping: record.first_amount(["shipping_total", "total_shipping"]),
        tax: record.amount("total_tax"),
        discount: record.first_amount(["discount_total", "total_discount"]),
        charges: charges(&fees(record)),
        discounts: discounts(record),
        shipping_method: shipping_method(record),
        lines: record.lines("line_items").iter().map(line).collect(),
        status: status_of(&record.text("status"), &refunded, &total),
        total,
        refunded,
        ..SourceOrder::default()
    };
    if order.created_at.is_empty() {
        // The old API states UTC here.
        order.created_at = record.text("created_at");
        order.updated_at = record.text("updated_at");
    }
    if order.status.is_none() {
        record.fault(Reason::UnknownStatus, "status");
    }
    order.status_word = record.text("status");
    order
}

/// The time in UTC, which WooCommerce writes without an offset; else the shop's local time, in the
/// job's zone.
fn moment(record: &Record<'_>, utc: &'static str, local: &'static str) -> Text {
    match record.text(utc) {
        blank if blank.is_empty() => record.text(local),
        text if says_offset(&text) => text,
        text => text + "Z",
    }
}

fn says_offset(text: &str) -> bool {
    let time = text.split_once(['T', ' ']).map_or("", |(_, time)| time);
    time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

/// The price of all units of the line before coupons: `price` is rounded, and the price of one unit
/// is often not a whole number of cents.
fn line(item: &Record<'_>) -> SourceLine {
    SourceLine {
        id: text_or(id(item.id("variation_id")), || id(item.id("product_id"))),
        name: item.first_free_text(["name", "parent_name"]),
        quantity: item.amount("quantity"),
        total: item.amount("subtotal"),
        sku: item.text("sku"),
        image_url: image(item),
        at_line: item.line(),
        ..SourceLine::default()
    }
}

/// Without an image, `src` is blank or `false`; image plugins put other things than an object
/// there.
fn image(item: &Record<'_>) -> Text {
    if !item.value("image").is_some_and(|image| image.is_object()) {
        return Text::default();
    }
    let image = item.object("image");
    let is_url = image.value("src").is_some_and(|src| src.raw().starts_with("\"http"));
    if is_url { image.text("src") } else { Text::default() }
}

/// The fees added up, each with its sign.
fn fees(record: &Record<'_>) -> Text {
    let (mut added, mut taken) = (Vec::new(), Vec::new());
    for fee in record.list("fee_lines") {
        // Before tax; negative if a plugin deducted something.
        let amount = fee.amount("total");
        match amount.strip_prefix('-') {
            Some(less) => taken.push(less.into()),
            None => added.push(amount),
        }
    }
    let added = decimal::sum_stated(added);
    if taken.is_empty() { added } else { decimal::excess(&added, &decimal::sum(taken)) }
}

/// The sum of the refunds, which are stated as negative.
fn refunded(record: &Record<'_>) -> Text {
    decimal::sum_reductions(record.list("refunds").iter().map(|refund| refund.amount("total")))
}

/// The coupons, each with the amount deducted; one that only made shipping free deducted nothing.
fn discounts(record: &Record<'_>) -> Vec<SourceDiscount> {
    let mut discounts = Vec::new();
    for coupon in record.list("coupon_lines") {
        let (name, amount) = (coupon.text("code"), coupon.first_amount(["discount", "amount"]));
        if !amount.is_empty() {
            let of_shipping = coupon.is_true("free_shipping") && !is_some_amount(&amount);
            discounts.push(SourceDiscount::named(name, amount, of_shipping));
        }
    }
    discounts
}

fn shipping_method(record: &Record<'_>) -> Text {
    let lines = record.list("shipping_lines");
    let mut titles: Vec<Text> = lines.iter().map(|line| line.free_text("method_title")).collect();
    titles.retain(|title| !title.is_empty());
    titles.join(", ").into()
}
