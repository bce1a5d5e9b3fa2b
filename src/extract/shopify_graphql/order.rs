//! From an order's fields to what is sent of it.

use super::fields::{Customer, Order, Refund, ShippingLine};
use super::{discount, gid, line, money};
use crate::domain::{Reason, RecordError, SourceOrder, Status};
use crate::extract::decimal;
use crate::extract::join;
use crate::extract::json::{Document, Fields, is_true};
use crate::extract::shopify_csv::Words;

/// An order with its lines in it.
///
/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let Stated { mut order, quantity, .. } = stated(document)?;
    if quantity.is_some_and(|quantity| join::is_short(&order, quantity)) {
        order.faults.push(RecordError::of(Reason::Truncated, "lineItems"));
    }
    Ok(order)
}

/// An order as its record states it.
pub struct Stated {
    pub order: SourceOrder,
    /// How many pieces of goods it says it has.
    pub quantity: Option<u64>,
    /// The type in its global id, where it has one: other records may look like orders.
    pub kind: Option<String>,
}

/// # Errors
/// As [`read`].
pub fn stated(document: &Document<'_>) -> serde_json::Result<Stated> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let fields = &mut Fields::new(document.has_bad_bytes);
    let customer = fields.object(&stated.customer, "customer");
    let id = id(&stated, fields);
    let mut order = SourceOrder {
        id: gid::parts(&id).map_or(id.as_str(), |(_, number)| number).to_owned(),
        number: fields.text(stated.name, "name"),
        email: email(&stated, customer, fields),
        customer_id: gid::number(
            fields.id(customer.and_then(|customer| customer.id), "customer.id"),
        ),
        accepts_marketing: consent(&stated, customer, fields),
        created_at: fields
            .first([(stated.created_at, "createdAt"), (stated.processed_at, "processedAt")]),
        updated_at: fields.text(stated.updated_at, "updatedAt"),
        currency: currency(&stated, fields),
        paid_currency: paid_currency(&stated, fields),
        status: status(&stated, fields),
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        order.status_word = fields.text(stated.display_financial_status, "displayFinancialStatus");
    }
    amounts(&stated, &mut order, fields);
    shipping(&stated, &mut order, fields);
    for item in stated.line_items.items("lineItems", fields) {
        order.discounts.extend(discount::of_line(item, fields));
        order.lines.push(line::read(item, document.line, fields));
    }
    order.discounts = join::summed(std::mem::take(&mut order.discounts));
    if stated.line_items.is_cut("lineItems", fields) {
        fields.add(Reason::Truncated, "lineItems");
    }
    let quantity =
        fields.text(stated.subtotal_line_items_quantity, "subtotalLineItemsQuantity").parse().ok();
    order.faults = std::mem::take(&mut fields.faults);
    let kind = gid::parts(&id).map(|(kind, _)| kind.to_owned());
    Ok(Stated { order, quantity, kind })
}

fn id(stated: &Order<'_>, fields: &mut Fields) -> String {
    match fields.id(stated.id, "id") {
        blank if blank.is_empty() => fields.id(stated.legacy_resource_id, "legacyResourceId"),
        id => {
            if id.starts_with("gid") && gid::parts(&id).is_none() {
                fields.add(Reason::BadId, "id");
            }
            id
        }
    }
}

fn email(stated: &Order<'_>, customer: Option<&Customer<'_>>, fields: &mut Fields) -> String {
    let default =
        customer.and_then(|c| fields.object(&c.default_email_address, "defaultEmailAddress"));
    fields.first([
        (stated.email, "email"),
        (default.and_then(|address| address.email_address), "customer.defaultEmailAddress"),
        (customer.and_then(|customer| customer.email), "customer.email"),
    ])
}

/// Consent to mail, as it is now; else what the buyer ticked at this order.
fn consent(
    stated: &Order<'_>,
    customer: Option<&Customer<'_>>,
    fields: &mut Fields,
) -> Option<bool> {
    let address =
        customer.and_then(|c| fields.object(&c.default_email_address, "defaultEmailAddress"));
    let consent =
        customer.and_then(|c| fields.object(&c.email_marketing_consent, "emailMarketingConsent"));
    let state = fields.first([
        (address.and_then(|address| address.marketing_state), "marketingState"),
        (consent.and_then(|consent| consent.marketing_state), "marketingState"),
    ]);
    match state.as_str() {
        "" => stated.customer_accepts_marketing.map(|_| is_true(stated.customer_accepts_marketing)),
        state => Some(state.eq_ignore_ascii_case("subscribed")),
    }
}

fn currency(stated: &Order<'_>, fields: &mut Fields) -> String {
    match fields.text(stated.currency_code, "currencyCode") {
        blank if blank.is_empty() => {
            money::currency(&stated.total_price_set, "totalPriceSet", fields)
        }
        code => code,
    }
}

/// The subtotal is told, as lines that stand apart from their order can get lost: they must not add
/// up to less.
fn amounts(stated: &Order<'_>, order: &mut SourceOrder, fields: &mut Fields) {
    order.total = money::of(&stated.total_price_set, stated.total_price, "totalPriceSet", fields);
    order.current_total =
        money::of_set(&stated.current_total_price_set, "currentTotalPriceSet", fields);
    let charges = [
        money::of_set(&stated.total_tip_received_set, "totalTipReceivedSet", fields),
        money::of_set(&stated.original_total_duties_set, "originalTotalDutiesSet", fields),
    ];
    order.charges = decimal::sum(charges.into_iter().filter(|amount| !amount.is_empty()).collect());
    order.subtotal =
        money::of(&stated.subtotal_price_set, stated.subtotal_price, "subtotalPriceSet", fields);
    order.tax = money::of(&stated.total_tax_set, stated.total_tax, "totalTaxSet", fields);
    order.discount =
        money::of(&stated.total_discounts_set, stated.total_discounts, "totalDiscountsSet", fields);
    order.refunded = refunded(stated, &order.total, fields);
}

/// What was refunded as stated; else the refunds added up; else what the total was lowered by.
/// Blank where that is nothing.
fn refunded(stated: &Order<'_>, total: &str, fields: &mut Fields) -> String {
    let whole =
        money::of(&stated.total_refunded_set, stated.total_refunded, "totalRefundedSet", fields);
    if !whole.is_empty() {
        return money::unless_zero(whole);
    }
    let refunds: Vec<&Refund<'_>> = stated.refunds.items("refunds", fields);
    let amounts =
        refunds.iter().map(|refund| money::of_set(&refund.total_refunded_set, "refunds", fields));
    let amounts: Vec<String> = amounts.filter(|amount| !amount.is_empty()).collect();
    if !amounts.is_empty() {
        return money::unless_zero(decimal::sum(amounts));
    }
    let current = money::of_set(&stated.current_total_price_set, "currentTotalPriceSet", fields);
    decimal::excess(total, &current)
}

fn shipping(stated: &Order<'_>, order: &mut SourceOrder, fields: &mut Fields) {
    let mut lines: Vec<&ShippingLine<'_>> = stated.shipping_lines.items("shippingLines", fields);
    if lines.is_empty() {
        lines.extend(fields.object(&stated.shipping_line, "shippingLine"));
    }
    order.shipping = money::of(
        &stated.total_shipping_price_set,
        stated.total_shipping_price,
        "totalShippingPriceSet",
        fields,
    );
    if order.shipping.is_empty() {
        let prices = lines.iter().map(|line| price_of(line, fields));
        order.shipping = decimal::sum(prices.filter(|price| !price.is_empty()).collect());
    }
    order.shipping_method = fields.text(lines.first().and_then(|line| line.title), "shippingLines");
    for line in lines {
        order.discounts.extend(discount::of_shipping(line, fields));
    }
}

/// The currency that the customer paid in, where the query asked for it.
fn paid_currency(stated: &Order<'_>, fields: &mut Fields) -> String {
    match fields.text(stated.presentment_currency_code, "presentmentCurrencyCode") {
        blank if blank.is_empty() => {
            money::paid_currency(&stated.total_price_set, "totalPriceSet", fields)
        }
        code => code,
    }
}

/// What a shipping line costs before discounts.
pub fn price_of(line: &ShippingLine<'_>, fields: &mut Fields) -> String {
    money::of(&line.original_price_set, line.price, "shippingLines", fields)
}

fn status(stated: &Order<'_>, fields: &mut Fields) -> Option<Status> {
    let cancelled_at = fields.text(stated.cancelled_at, "cancelledAt");
    let financial =
        stated.display_financial_status.map(|raw| fields.text(Some(raw), "displayFinancialStatus"));
    let source = fields.text(stated.source_name, "sourceName");
    let words = Words {
        is_test: is_true(stated.test),
        cancelled_at: cancelled_at.as_bytes(),
        financial: financial.as_ref().map(|word| word.as_bytes()),
        source: source.as_bytes(),
    };
    let status = words.status();
    if status.is_none() {
        fields.add(Reason::UnknownStatus, "displayFinancialStatus");
    }
    status
}
