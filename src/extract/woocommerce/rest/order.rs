//! From an order's fields to what is sent of it.

use super::fields::{Image, Line, Order};
use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder};
use crate::extract::decimal;
use crate::extract::json::{Document, Fields, Raw, is_true};
use crate::extract::woocommerce::cells::{charges, id, is_some_amount};
use crate::extract::woocommerce::status;

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let mut order = SourceOrder {
        id: fields.id(stated.id, "id"),
        number: fields.first([(stated.number, "number"), (stated.order_number, "order_number")]),
        email: email(&stated, &mut fields),
        customer_id: id(fields.id(stated.customer_id, "customer_id")),
        created_at: moment(stated.date_created_gmt, stated.date_created, &mut fields),
        updated_at: moment(stated.date_modified_gmt, stated.date_modified, &mut fields),
        currency: fields.text(stated.currency, "currency"),
        total: fields.text(stated.total, "total"),
        shipping: fields.first([
            (stated.shipping_total, "shipping_total"),
            (stated.total_shipping, "total_shipping"),
        ]),
        tax: fields.text(stated.total_tax, "total_tax"),
        discount: fields.first([
            (stated.discount_total, "discount_total"),
            (stated.total_discount, "total_discount"),
        ]),
        charges: charges(&fees(&stated, &mut fields)),
        refunded: refunded(&stated, &mut fields),
        discounts: discounts(&stated, &mut fields),
        shipping_method: shipping_method(&stated, &mut fields),
        ..SourceOrder::default()
    };
    if order.created_at.is_empty() {
        order.created_at = fields.text(stated.created_at, "created_at");
        order.updated_at = fields.text(stated.updated_at, "updated_at");
    }
    for item in fields.list(&stated.line_items, "line_items") {
        order.lines.push(line_of(item, document.line, &mut fields));
    }
    let word = fields.text(stated.status, "status");
    order.status = status::of_slug(&word, is_some_amount(&order.refunded));
    if order.status.is_none() {
        fields.add(Reason::UnknownStatus, "status");
        order.status_word = word;
    }
    order.faults = fields.faults;
    Ok(order)
}

fn email(stated: &Order<'_>, fields: &mut Fields) -> String {
    let billing = fields.object(&stated.billing, "billing").and_then(|billing| billing.email);
    let old =
        fields.object(&stated.billing_address, "billing_address").and_then(|billing| billing.email);
    fields.first([(billing, "billing.email"), (old, "billing_address.email")])
}

/// The time in UTC, which WooCommerce writes without saying so; else the shop's own time, in the
/// zone of the job.
fn moment(utc: Raw<'_>, local: Raw<'_>, fields: &mut Fields) -> String {
    let stated = fields.text(utc, "date_created_gmt");
    match stated.as_str() {
        "" => fields.text(local, "date_created"),
        text if says_offset(text) => stated,
        _ => stated + "Z",
    }
}

fn says_offset(text: &str) -> bool {
    let time = text.split_once(['T', ' ']).map_or("", |(_, time)| time);
    time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

/// What the line's units cost together, before coupons: WooCommerce rounds their price for its own
/// use only, and what one cost is often no whole number of cents.
fn line_of(item: &Line<'_>, line: u64, fields: &mut Fields) -> SourceLine {
    let variation = id(fields.id(item.variation_id, "variation_id"));
    SourceLine {
        id: match variation.is_empty() {
            true => id(fields.id(item.product_id, "product_id")),
            false => variation,
        },
        name: fields
            .first([(item.name, "line_items.name"), (item.parent_name, "line_items.parent_name")]),
        quantity: fields.text(item.quantity, "quantity"),
        total: fields.text(item.subtotal, "subtotal"),
        sku: fields.text(item.sku, "sku"),
        image_url: image(item, fields),
        at_line: line,
        ..SourceLine::default()
    }
}

/// Where there is no image, `src` is blank or `false`, and some shops have no object there at all.
fn image(item: &Line<'_>, fields: &mut Fields) -> String {
    let image = item.image.and_then(|raw| serde_json::from_str::<Image<'_>>(raw.get()).ok());
    let src = image.and_then(|image| image.src).filter(|raw| raw.get().starts_with("\"http"));
    fields.text(src, "image")
}

/// The fees added up, each with its sign.
fn fees(stated: &Order<'_>, fields: &mut Fields) -> String {
    let (mut added, mut taken) = (Vec::new(), Vec::new());
    for fee in fields.list(&stated.fee_lines, "fee_lines") {
        let amount = fields.text(fee.total, "fee_lines");
        match amount.strip_prefix('-') {
            Some(less) => taken.push(less.to_owned()),
            None if !amount.is_empty() => added.push(amount),
            None => {}
        }
    }
    let added = decimal::sum(added);
    match taken.is_empty() {
        true => added,
        false => decimal::excess(&added, &decimal::sum(taken)),
    }
}

/// The refunds added up. They are stated below zero.
fn refunded(stated: &Order<'_>, fields: &mut Fields) -> String {
    let mut amounts = Vec::new();
    for refund in fields.list(&stated.refunds, "refunds") {
        let amount = fields.text(refund.total, "refunds");
        amounts.push(amount.strip_prefix('-').map_or(amount.clone(), str::to_owned));
    }
    decimal::sum(amounts)
}

/// The coupons, each with what it took off; one that only made shipping free took nothing off any
/// price.
fn discounts(stated: &Order<'_>, fields: &mut Fields) -> Vec<SourceDiscount> {
    let mut discounts = Vec::new();
    for coupon in fields.list(&stated.coupon_lines, "coupon_lines") {
        let name = fields.text(coupon.code, "coupon_lines");
        let amount =
            fields.first([(coupon.discount, "coupon_lines"), (coupon.amount, "coupon_lines")]);
        let of_shipping = is_true(coupon.free_shipping) && !is_some_amount(&amount);
        if !amount.is_empty() {
            let name = if name.is_empty() { "Discount".to_owned() } else { name };
            discounts.push(SourceDiscount { name, amount, of_shipping });
        }
    }
    discounts
}

fn shipping_method(stated: &Order<'_>, fields: &mut Fields) -> String {
    let mut titles = Vec::new();
    for line in fields.list(&stated.shipping_lines, "shipping_lines") {
        titles.push(fields.text(line.method_title, "shipping_lines"));
    }
    titles.retain(|title| !title.is_empty());
    titles.join(", ")
}
