//! Orders and abandoned checkouts, which share most of their fields.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status, Text};
use crate::extract::decimal;
use crate::extract::json::{Record, text_or};
use crate::extract::shopify_csv::Words;
use crate::extract::stating::unstated;

pub fn order(record: &Record<'_>) -> SourceOrder {
    let mut order = SourceOrder {
        id: record.id("id"),
        number: record.text("name"),
        updated_at: record.text("updated_at"),
        current_total: record.amount("current_total_price"),
        charges: charges(record),
        // The token identified the abandoned checkout.
        checkout_id: record.first(["checkout_token", "cart_token", "checkout_id"]),
        status: status(record, "financial_status", "cancelled_at", "source_name"),
        unstated: unstated("shopify-json", |key| record.states(key)),
        ..shared(record)
    };
    order.refunded = refunded(record, &order);
    order.status_word = record.text("financial_status");
    order
}

/// An abandoned checkout is not an order and has no status: its token is its id, and the time of
/// its abandonment is stated. A completed one has become an order, and counts as a draft here.
pub fn checkout(record: &Record<'_>) -> SourceOrder {
    let mut cart = SourceOrder {
        checkout_id: record.text("token"),
        updated_at: record.text("updated_at"),
        order_url: record.text("abandoned_checkout_url"),
        ..shared(record)
    };
    leave_or_complete(&mut cart, record.is_dated("completed_at"));
    cart
}

/// Makes a checkout an abandoned cart; or a draft, if it was completed.
pub fn leave_or_complete(cart: &mut SourceOrder, is_completed: bool) {
    if is_completed {
        cart.status = Some(Status::Draft);
    } else {
        let last_change =
            if cart.updated_at.is_empty() { &cart.created_at } else { &cart.updated_at };
        cart.abandoned_at = last_change.clone();
    }
}

/// The subtotal is left out: it serves to detect missing rows, but a record here is complete or
/// refused, and an edited order's lines need not add up to it.
fn shared(record: &Record<'_>) -> SourceOrder {
    let customer = record.object("customer");
    let shipping_lines = record.list("shipping_lines");
    SourceOrder {
        email: text_or(record.first(["email", "contact_email"]), || customer.text("email")),
        customer_id: customer.id("id"),
        accepts_marketing: consent(record, &customer),
        created_at: record.text("created_at"),
        currency: record.text("currency"),
        paid_currency: record.text("presentment_currency"),
        total: record.amount("total_price"),
        shipping: shipping(record, &shipping_lines),
        tax: record.amount("total_tax"),
        discount: record.amount("total_discounts"),
        discounts: discounts(record),
        shipping_method: shipping_lines
            .first()
            .map(|line| line.free_text("title"))
            .unwrap_or_default(),
        lines: record.lines("line_items").iter().map(line).collect(),
        ..SourceOrder::default()
    }
}

fn line(item: &Record<'_>) -> SourceLine {
    SourceLine {
        id: text_or(item.id("variant_id"), || item.id("product_id")),
        name: item.first_free_text(["name", "title"]),
        quantity: item.amount("quantity"),
        unit_price: item.amount("price"),
        discount: item.amount("total_discount"),
        sku: item.text("sku"),
        at_line: item.line(),
        ..SourceLine::default()
    }
}

/// The current consent to e-mail marketing; else the consent given with this order.
fn consent(record: &Record<'_>, customer: &Record<'_>) -> Option<bool> {
    match customer.object("email_marketing_consent").text("state").as_str() {
        "" => record.flag("buyer_accepts_marketing"),
        state => Some(state.eq_ignore_ascii_case("subscribed")),
    }
}

fn shop_money(record: &Record<'_>, set: &'static str) -> Text {
    record.object(set).object("shop_money").amount("amount")
}

fn shipping(record: &Record<'_>, shipping_lines: &[Record<'_>]) -> Text {
    text_or(shop_money(record, "total_shipping_price_set"), || {
        decimal::sum_stated(shipping_lines.iter().map(|line| line.amount("price")))
    })
}

/// Tip and duties, which are in the total but in no line.
fn charges(record: &Record<'_>) -> Text {
    let duties = shop_money(record, "original_total_duties_set");
    decimal::sum_stated([record.amount("total_tip_received"), duties])
}

/// The codes, each with its amount; a code without one is left out.
fn discounts(record: &Record<'_>) -> Vec<SourceDiscount> {
    let mut discounts = Vec::new();
    for code in record.list("discount_codes") {
        let (name, amount) = (code.text("code"), code.amount("amount"));
        if !amount.is_empty() {
            let of_shipping = code.text("type") == "shipping";
            discounts.push(SourceDiscount::named(name, amount, of_shipping));
        }
    }
    discounts
}

/// The sum of the successful refunds; if none is listed, the reduction of the total.
///
/// A refund may be stated in the currency the buyer paid in. Such an amount is never added to one
/// in the shop's: the reduced total is used then, and if that is not stated, the amount stays
/// unknown, which `net` refuses.
fn refunded(record: &Record<'_>, order: &SourceOrder) -> Text {
    let mut amounts = Vec::new();
    let mut is_foreign = false;
    for refund in record.list("refunds") {
        for transaction in refund.list("transactions") {
            if transaction.text("kind").eq_ignore_ascii_case("refund")
                && transaction.text("status").eq_ignore_ascii_case("success")
            {
                let currency = transaction.text("currency");
                is_foreign |=
                    !currency.is_empty() && !currency.eq_ignore_ascii_case(&order.currency);
                amounts.push(transaction.amount("amount"));
            }
        }
    }
    if !is_foreign && !amounts.is_empty() {
        return decimal::sum_reductions(amounts);
    }
    match decimal::excess(&order.total, &order.current_total) {
        unknown if unknown.is_empty() && is_foreign => "unknown".into(),
        lowered => lowered,
    }
}

/// The status by the fields that state it, which the two APIs name differently.
pub fn status(
    record: &Record<'_>,
    financial: &'static str,
    cancelled_at: &'static str,
    source: &'static str,
) -> Option<Status> {
    let word = record.has(financial).then(|| record.text(financial));
    let source = record.text(source);
    let words = Words {
        is_test: record.is_true("test"),
        is_cancelled: record.is_dated(cancelled_at),
        financial: word.as_ref().map(|word| word.as_bytes()),
        source: source.as_bytes(),
    };
    let status = words.status();
    if status.is_none() {
        record.fault(Reason::UnknownStatus, financial);
    }
    status
}
