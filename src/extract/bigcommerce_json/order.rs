//! An order with BigCommerce's field names, and the records that belong to it.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status, Text};
use crate::extract::decimal;
use crate::extract::join::{self, Piece, Role};
use crate::extract::json::{Record, text_or};
use crate::extract::stating::unstated;
use crate::extract::statuses::BIGCOMMERCE;
use compact_str::{ToCompactString, format_compact};
use jiff::fmt::rfc2822::DateTimeParser;

/// The mark where BigCommerce omits lines of an answer, after fifty of a consignment.
const WARNING: &str = "__warning__";
/// The gateway with which a store tests its checkout.
const TEST_GATEWAY: &str = "Test Payment Gateway";

/// An order as stated by its record alone.
pub fn order(record: &Record<'_>) -> SourceOrder {
    let (order, quantity) = stated(record);
    if quantity.is_some_and(|quantity| join::is_short(&order, quantity)) {
        record.fault(Reason::Truncated, "items_total");
    }
    order
}

/// An order that waits for the records that it links to. One with a list of products in place of
/// the link is complete.
pub fn order_piece(record: &Record<'_>) -> Option<Piece> {
    let is_whole = record.value("products").is_some_and(|value| value.is_list());
    let (stated, quantity) = if is_whole { (order(record), None) } else { stated(record) };
    let key = stated.id.clone();
    Some(Piece { role: Role::Order, key, id: Text::default(), quantity, stated })
}

pub fn product_piece(record: &Record<'_>) -> Option<Piece> {
    part(record, "product", SourceOrder { lines: vec![line(record)], ..SourceOrder::default() })
}

pub fn coupon_piece(record: &Record<'_>) -> Option<Piece> {
    let discounts = vec![discount(record)];
    part(record, "coupon", SourceOrder { discounts, ..SourceOrder::default() })
}

/// Only the method of a shipping address is read.
pub fn address_piece(record: &Record<'_>) -> Option<Piece> {
    let shipping_method = record.free_text("shipping_method");
    part(record, "address", SourceOrder { shipping_method, ..SourceOrder::default() })
}

/// A part of an order; `None` if it does not say of which.
fn part(record: &Record<'_>, kind: &str, stated: SourceOrder) -> Option<Piece> {
    let key = Some(record.id("order_id")).filter(|order| !order.is_empty())?;
    let mut id = record.id("id");
    if !id.is_empty() {
        id = format_compact!("{kind}:{id}");
    }
    Some(Piece { role: Role::Part, key, id, quantity: None, stated })
}

/// An order, and the number of items that it states.
fn stated(record: &Record<'_>) -> (SourceOrder, Option<u64>) {
    let id = record.id("id");
    let mut order = SourceOrder {
        number: id.clone(),
        id,
        email: record.object("billing_address").text("email"),
        customer_id: unless_zero(record.id("customer_id")),
        accepts_marketing: record.flag("is_email_opt_in"),
        created_at: from_rfc2822(record.text("date_created")),
        updated_at: from_rfc2822(record.text("date_modified")),
        currency: currency(record),
        total: record.amount("total_inc_tax"),
        shipping: decimal::sum_stated(amounts(
            record,
            ["shipping_cost_inc_tax", "handling_cost_inc_tax"],
        )),
        tax: record.amount("total_tax"),
        discount: decimal::sum_reductions(amounts(record, ["discount_amount", "coupon_discount"])),
        refunded: record.amount("refunded_amount"),
        status: status(record),
        unstated: unstated("bigcommerce-json", |key| record.states(key)),
        lines: lines(record).iter().map(line).collect(),
        discounts: inline(record, "coupons", Record::list).iter().map(discount).collect(),
        ..SourceOrder::default()
    };
    if decimal::parse(&order.refunded) == Some(0) {
        order.refunded.clear();
    }
    order.status_word = record.first(["status", "status_id"]);
    let addresses = inline(record, "shipping_addresses", Record::list);
    let shipping = consignments(record).into_iter().flat_map(|all| all.list("shipping"));
    if let Some(address) = addresses.into_iter().chain(shipping).next() {
        order.shipping_method = address.free_text("shipping_method");
    }
    (order, record.text("items_total").parse().ok())
}

/// A test is a test whatever else the record says, and an order that was deleted (or archived,
/// which is the same there) counts as cancelled. `None`, with a fault, for a status that is not
/// known.
fn status(record: &Record<'_>) -> Option<Status> {
    if record.text("payment_method").eq_ignore_ascii_case(TEST_GATEWAY) {
        return Some(Status::Test);
    }
    if record.is_true("is_deleted") {
        return Some(Status::Cancelled);
    }
    let known = BIGCOMMERCE.of(&record.first(["status_id", "status"]));
    if known.is_none() {
        record.fault(Reason::UnknownStatus, "status_id");
    }
    known
}

/// The lines within an order: its products, or those of its consignments, unless a warning says
/// that some are missing.
fn lines<'a>(record: &Record<'a>) -> Vec<Record<'a>> {
    if record.value("products").is_some_and(|value| value.is_list()) {
        return record.lines("products");
    }
    let mut lines = Vec::new();
    for all in consignments(record) {
        let certificates = all.object("email").list("gift_certificates");
        let goods =
            ["shipping", "pickups", "downloads"].into_iter().flat_map(|kind| all.list(kind));
        for consignment in goods.chain(certificates) {
            if consignment.has(WARNING) {
                return Vec::new();
            }
            if consignment.value("line_items").is_some_and(|value| value.is_list()) {
                lines.extend(consignment.lines("line_items"));
            }
        }
    }
    if lines.iter().any(|line| line.has(WARNING)) {
        return Vec::new();
    }
    // What is not included is a link.
    lines.retain(|line| line.has("quantity"));
    lines
}

/// `include=consignments`: an object, or without `consignment_structure=object` a list of them.
fn consignments<'a>(record: &Record<'a>) -> Vec<Record<'a>> {
    match record.value("consignments") {
        Some(value) if value.is_list() => record.list("consignments"),
        Some(_) => vec![record.object("consignments")],
        None => Vec::new(),
    }
}

fn line(product: &Record<'_>) -> SourceLine {
    SourceLine {
        id: text_or(unless_zero(product.id("variant_id")), || {
            unless_zero(product.id("product_id"))
        }),
        name: product.free_text("name"),
        quantity: product.amount("quantity"),
        unit_price: product.first_amount(["price_inc_tax", "base_price"]),
        sku: product.text("sku"),
        at_line: product.line(),
        ..SourceLine::default()
    }
}

/// `discount` is the amount deducted; `amount` is the nominal value, which may be a percentage.
fn discount(coupon: &Record<'_>) -> SourceDiscount {
    let kind = coupon.text("type");
    SourceDiscount {
        name: coupon.text("code"),
        amount: coupon.amount("discount"),
        // 3 is a discount of the shipping, 4 is free shipping.
        of_shipping: matches!(kind.as_str(), "3" | "4" | "shipping_discount" | "free_shipping"),
    }
}

/// A list that other programs put in place of a link; nothing where the link is.
fn inline<'a>(
    record: &Record<'a>,
    name: &'static str,
    entries: fn(&Record<'a>, &'static str) -> Vec<Record<'a>>,
) -> Vec<Record<'a>> {
    let is_list = record.value(name).is_some_and(|value| value.is_list());
    if is_list { entries(record, name) } else { Vec::new() }
}

/// The currency that was paid in, as all amounts are: `default_currency_code`. `currency_code` is
/// the one that prices were shown in; it is the same unless the order says otherwise.
fn currency(record: &Record<'_>) -> Text {
    text_or(record.text("default_currency_code"), || {
        let (shown, paid) = (record.text("currency_id"), record.text("default_currency_id"));
        let rate = record.amount("currency_exchange_rate");
        let is_other = !shown.is_empty() && !paid.is_empty() && shown != paid;
        let is_converted = !rate.is_empty() && decimal::parse(&rate) != decimal::parse("1");
        if is_other || is_converted { Text::default() } else { record.text("currency_code") }
    })
}

fn amounts(record: &Record<'_>, names: [&'static str; 2]) -> [Text; 2] {
    names.map(|name| record.amount(name))
}

/// BigCommerce writes 0 if there is no such record.
fn unless_zero(id: Text) -> Text {
    if id == "0" { Text::default() } else { id }
}

/// A date as in e-mail (`Tue, 05 Mar 2019 21:40:11 +0000`) with its offset, in the form of the
/// other formats; any other text unchanged.
fn from_rfc2822(text: Text) -> Text {
    match DateTimeParser::new().parse_zoned(&text) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S %z").to_compact_string(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_offset_and_other_text_is_unchanged() {
        let read = |text: &str| from_rfc2822(text.into());
        assert_eq!(read("Tue, 05 Mar 2019 21:40:11 +0000"), "2019-03-05 21:40:11 +0000");
        assert_eq!(read("Tue, 05 Mar 2019 21:40:11 -0530"), "2019-03-05 21:40:11 -0530");
        for odd in ["", "Wed, 05 Mar 2019 21:40:11 +0000", "05/03/2019", "2019-03-05T21:40:11Z"] {
            assert_eq!(read(odd), odd);
        }
    }
}
