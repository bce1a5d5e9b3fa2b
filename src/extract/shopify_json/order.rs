//! From an order's fields to what is sent of it.

use super::fields::{Customer, Line, Order};
use super::refund;
use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status};
use crate::extract::decimal;
use crate::extract::json::{Document, Fields, is_true};
use crate::extract::shopify_csv::Words;

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let mut order = shared(&stated, document.line, &mut fields);
    order.id = fields.id(stated.id, "id");
    order.number = fields.text(stated.name, "name");
    order.updated_at = fields.text(stated.updated_at, "updated_at");
    order.current_total = fields.text(stated.current_total_price, "current_total_price");
    order.charges = charges(&stated, &mut fields);
    order.refunded = refund::refunded(&stated, &order.total, &order.currency, &mut fields);
    // The token is what the abandoned checkout was known by.
    let tokens = [
        (stated.checkout_token, "checkout_token"),
        (stated.cart_token, "cart_token"),
        (stated.checkout_id, "checkout_id"),
    ];
    order.checkout_id = fields.first(tokens);
    order.status = status(&stated, &mut fields);
    if order.status.is_none() {
        order.status_word = fields.text(stated.financial_status, "financial_status");
    }
    order.faults = fields.faults;
    Ok(order)
}

/// What orders and checkouts have in common. The subtotal is left out on purpose: it tells of rows
/// that are missing, and here a record is whole or refused, while an edited order's lines need not
/// add up to it.
pub fn shared(stated: &Order<'_>, line: u64, fields: &mut Fields) -> SourceOrder {
    let customer = fields.object(&stated.customer, "customer");
    let address = customer.and_then(|customer| customer.email);
    SourceOrder {
        email: fields.first([
            (stated.email, "email"),
            (stated.contact_email, "contact_email"),
            (address, "customer.email"),
        ]),
        customer_id: fields.id(customer.and_then(|customer| customer.id), "customer.id"),
        accepts_marketing: consent(stated, customer, fields),
        created_at: fields.text(stated.created_at, "created_at"),
        currency: fields.text(stated.currency, "currency"),
        paid_currency: fields.text(stated.presentment_currency, "presentment_currency"),
        total: fields.text(stated.total_price, "total_price"),
        shipping: shipping(stated, fields),
        tax: fields.text(stated.total_tax, "total_tax"),
        discount: fields.text(stated.total_discounts, "total_discounts"),
        discounts: discounts(stated, fields),
        shipping_method: shipping_method(stated, fields),
        lines: fields
            .list(&stated.line_items, "line_items")
            .iter()
            .map(|item| line_of(item, line, fields))
            .collect(),
        ..SourceOrder::default()
    }
}

fn line_of(item: &Line<'_>, line: u64, fields: &mut Fields) -> SourceLine {
    let variant = fields.id(item.variant_id, "variant_id");
    SourceLine {
        id: match variant.is_empty() {
            true => fields.id(item.product_id, "product_id"),
            false => variant,
        },
        name: fields.first([(item.name, "line_items.name"), (item.title, "line_items.title")]),
        quantity: fields.text(item.quantity, "quantity"),
        unit_price: fields.text(item.price, "price"),
        discount: fields.text(item.total_discount, "total_discount"),
        sku: fields.text(item.sku, "sku"),
        at_line: line,
        ..SourceLine::default()
    }
}

/// Consent to mail, as it is now; else what the buyer ticked at this order.
fn consent(
    stated: &Order<'_>,
    customer: Option<&Customer<'_>>,
    fields: &mut Fields,
) -> Option<bool> {
    let consent = customer.and_then(|customer| {
        fields.object(&customer.email_marketing_consent, "email_marketing_consent")
    });
    let state = fields.text(consent.and_then(|consent| consent.state), "email_marketing_consent");
    match state.as_str() {
        "" => stated.buyer_accepts_marketing.map(|_| is_true(stated.buyer_accepts_marketing)),
        state => Some(state.eq_ignore_ascii_case("subscribed")),
    }
}

fn shipping(stated: &Order<'_>, fields: &mut Fields) -> String {
    let set = fields.object(&stated.total_shipping_price_set, "total_shipping_price_set");
    let money = set.and_then(|set| fields.object(&set.shop_money, "total_shipping_price_set"));
    let total = fields.text(money.and_then(|money| money.amount), "total_shipping_price_set");
    if !total.is_empty() {
        return total;
    }
    let lines = fields.list(&stated.shipping_lines, "shipping_lines");
    let prices = lines.iter().map(|line| fields.text(line.price, "shipping_lines"));
    decimal::sum(prices.filter(|price| !price.is_empty()).collect())
}

/// The tip and the duties: in the total, and in no line.
fn charges(stated: &Order<'_>, fields: &mut Fields) -> String {
    let duties = fields.object(&stated.original_total_duties_set, "original_total_duties_set");
    let duties = duties.and_then(|set| fields.object(&set.shop_money, "original_total_duties_set"));
    let charges = [
        fields.text(stated.total_tip_received, "total_tip_received"),
        fields.text(duties.and_then(|money| money.amount), "original_total_duties_set"),
    ];
    decimal::sum(charges.into_iter().filter(|amount| !amount.is_empty()).collect())
}

fn shipping_method(stated: &Order<'_>, fields: &mut Fields) -> String {
    let first = fields.list(&stated.shipping_lines, "shipping_lines").first();
    fields.text(first.and_then(|line| line.title), "shipping_lines")
}

/// The codes, each with what it took off; one that states no amount took nothing that could be
/// told.
fn discounts(stated: &Order<'_>, fields: &mut Fields) -> Vec<SourceDiscount> {
    let mut discounts = Vec::new();
    for code in fields.list(&stated.discount_codes, "discount_codes") {
        let name = fields.text(code.code, "discount_codes");
        let amount = fields.text(code.amount, "discount_codes");
        let of_shipping = fields.text(code.kind, "discount_codes") == "shipping";
        if !amount.is_empty() {
            let name = if name.is_empty() { "Discount".to_owned() } else { name };
            discounts.push(SourceDiscount { name, amount, of_shipping });
        }
    }
    discounts
}

fn status(stated: &Order<'_>, fields: &mut Fields) -> Option<Status> {
    let cancelled_at = fields.text(stated.cancelled_at, "cancelled_at");
    let financial = stated.financial_status.map(|raw| fields.text(Some(raw), "financial_status"));
    let source = fields.text(stated.source_name, "source_name");
    let words = Words {
        is_test: is_true(stated.test),
        cancelled_at: cancelled_at.as_bytes(),
        financial: financial.as_ref().map(|word| word.as_bytes()),
        source: source.as_bytes(),
    };
    let status = words.status();
    if status.is_none() {
        fields.add(Reason::UnknownStatus, "financial_status");
    }
    status
}
