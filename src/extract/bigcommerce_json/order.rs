//! From an order's fields to what is sent of it.

use super::fields::{Coupon, Order, Product, ShippingAddress};
use super::{coupon, date, product, status};
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::join::{self, Piece, Role};
use crate::extract::json::{Document, Fields, List, Raw, is_true};
use crate::extract::{ORDER_LINES_MAX, decimal};
use serde::Deserialize;

/// An order as its record alone states it.
///
/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let Piece { mut stated, quantity, .. } = piece(document)?;
    if quantity.is_some_and(|quantity| join::is_short(&stated, quantity)) {
        stated.faults.push(RecordError::of(Reason::Truncated, "items_total"));
    }
    Ok(stated)
}

/// An order that waits for what it only links to.
///
/// # Errors
/// As [`read`].
pub fn piece(document: &Document<'_>) -> serde_json::Result<Piece> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let fields = &mut Fields::new(document.has_bad_bytes);
    let billing = fields.object(&stated.billing_address, "billing_address");
    let id = fields.id(stated.id, "id");
    let mut order = SourceOrder {
        number: id.clone(),
        id: id.clone(),
        email: fields.text(billing.and_then(|address| address.email), "billing_address.email"),
        customer_id: unless_none(fields.id(stated.customer_id, "customer_id")),
        accepts_marketing: stated.is_email_opt_in.map(|_| is_true(stated.is_email_opt_in)),
        created_at: date::from_rfc2822(fields.text(stated.date_created, "date_created")),
        updated_at: date::from_rfc2822(fields.text(stated.date_modified, "date_modified")),
        currency: currency(&stated, fields),
        total: fields.text(stated.total_inc_tax, "total_inc_tax"),
        tax: fields.text(stated.total_tax, "total_tax"),
        status: status::read(&stated, fields),
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        order.status_word =
            fields.first([(stated.status, "status"), (stated.status_id, "status_id")]);
    }
    order.shipping = sum(
        [
            (stated.shipping_cost_inc_tax, "shipping_cost_inc_tax"),
            (stated.handling_cost_inc_tax, "handling_cost_inc_tax"),
        ],
        fields,
    );
    order.discount = sum(
        [(stated.discount_amount, "discount_amount"), (stated.coupon_discount, "coupon_discount")],
        fields,
    );
    order.refunded = match fields.text(stated.refunded_amount, "refunded_amount") {
        zero if decimal::parse(&zero) == Some(0) => String::new(),
        amount => amount,
    };
    add_inline(&stated, &mut order, document.line, fields)?;
    let quantity = fields.text(stated.items_total, "items_total").parse().ok();
    order.faults = std::mem::take(&mut fields.faults);
    Ok(Piece { role: Role::Order, key: id, id: String::new(), quantity, stated: order })
}

/// What other programs put in place of the links.
fn add_inline(
    stated: &Order<'_>,
    order: &mut SourceOrder,
    at_line: u64,
    fields: &mut Fields,
) -> serde_json::Result<()> {
    let products: List<Product<'_>, ORDER_LINES_MAX> = inline(stated.products)?;
    for one in fields.list(&products, "products") {
        order.lines.push(product::line(one, at_line, fields));
    }
    let coupons: List<Coupon<'_>, ENTRIES_MAX> = inline(stated.coupons)?;
    for one in fields.list(&coupons, "coupons") {
        order.discounts.push(coupon::discount(one, fields));
    }
    let addresses: List<ShippingAddress<'_>, ENTRIES_MAX> = inline(stated.shipping_addresses)?;
    let first = fields.list(&addresses, "shipping_addresses").first();
    order.shipping_method =
        fields.text(first.and_then(|one| one.shipping_method), "shipping_method");
    Ok(())
}

const ENTRIES_MAX: usize = 250;

/// The list that stands here; an empty one where it is a link.
fn inline<'a, T: Deserialize<'a>, const MAX: usize>(
    raw: Raw<'a>,
) -> serde_json::Result<List<T, MAX>> {
    match raw.map(serde_json::value::RawValue::get) {
        Some(list) if list.starts_with('[') => serde_json::from_str(list),
        _ => Ok(List::default()),
    }
}

/// The currency the buyer paid in, as all amounts are; that of the store is the same only where the
/// order says so.
fn currency(stated: &Order<'_>, fields: &mut Fields) -> String {
    let code = fields.text(stated.currency_code, "currency_code");
    let (own, default) = (
        fields.text(stated.currency_id, "currency_id"),
        fields.text(stated.default_currency_id, "default_currency_id"),
    );
    match code.is_empty() && !own.is_empty() && own == default {
        true => fields.text(stated.default_currency_code, "default_currency_code"),
        false => code,
    }
}

/// Two amounts as one; where one of them is nothing, the other as it stands.
fn sum(amounts: [(Raw<'_>, &'static str); 2], fields: &mut Fields) -> String {
    let texts = amounts.map(|(raw, field)| fields.text(raw, field));
    let [first, _] = &texts;
    let blank = first.clone();
    let told: Vec<String> = texts
        .into_iter()
        .filter(|text| !text.is_empty() && decimal::parse(text) != Some(0))
        .collect();
    match told.is_empty() {
        true => blank,
        false => decimal::sum(told),
    }
}

/// BigCommerce writes 0 where there is no such record.
pub fn unless_none(id: String) -> String {
    if id == "0" { String::new() } else { id }
}
