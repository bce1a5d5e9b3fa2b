//! An order with Squarespace's field names.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status, Text};
use crate::extract::json::{Record, text_or};
use crate::extract::stating::unstated;
use crate::extract::statuses::{SQUARESPACE, after_refunds};

pub fn order(record: &Record<'_>) -> SourceOrder {
    let (total, refunded) = (amount(record, "grandTotal"), amount(record, "refundedTotal"));
    let mut order = SourceOrder {
        id: record.id("id"),
        number: record.text("orderNumber"),
        email: record.text("customerEmail"),
        created_at: record.text("createdOn"),
        updated_at: record.text("modifiedOn"),
        currency: record.object("grandTotal").text("currency"),
        shipping: amount(record, "shippingTotal"),
        tax: amount(record, "taxTotal"),
        discount: amount(record, "discountTotal"),
        discounts: record.list("discountLines").iter().map(discount).collect(),
        shipping_method: shipping_method(record),
        status: status(record, &refunded, &total),
        unstated: unstated("squarespace-json", |key| record.states(key)),
        total,
        refunded,
        lines: record.lines("lineItems").iter().map(line).collect(),
        ..SourceOrder::default()
    };
    order.status_word = record.first(["paymentState", "fulfillmentStatus"]);
    order
}

/// Money is `{value, currency}`.
fn amount(record: &Record<'_>, name: &'static str) -> Text {
    record.object(name).amount("value")
}

/// An order is placed by its payment, so unless `paymentState` says otherwise it is paid, whether
/// or not it was shipped.
fn status(record: &Record<'_>, refunded: &str, total: &str) -> Option<Status> {
    if record.is_true("testmode") {
        return Some(Status::Test);
    }
    let (payment, fulfilment) = (record.text("paymentState"), record.text("fulfillmentStatus"));
    let status = match (payment.as_str(), fulfilment.to_ascii_lowercase().as_str()) {
        (_, "canceled" | "cancelled") => Some(Status::Cancelled),
        ("", "pending" | "fulfilled") => Some(Status::Paid),
        ("", _) => None,
        (payment, _) => SQUARESPACE.of(payment),
    };
    if status.is_none() {
        let at = if payment.is_empty() { "fulfillmentStatus" } else { "paymentState" };
        record.fault(Reason::UnknownStatus, at);
    }
    status.map(|status| after_refunds(status, refunded, total))
}

fn discount(line: &Record<'_>) -> SourceDiscount {
    SourceDiscount::named(line.first(["promoCode", "name"]), amount(line, "amount"), false)
}

fn shipping_method(record: &Record<'_>) -> Text {
    let lines = record.list("shippingLines");
    let methods: Vec<Text> = lines.iter().map(|line| line.free_text("method")).collect();
    methods.into_iter().filter(|method| !method.is_empty()).collect::<Vec<_>>().join(", ").into()
}

/// A custom amount at a point of sale has no product, and is named by its type.
fn line(item: &Record<'_>) -> SourceLine {
    let options = item.list("variantOptions");
    let options = options.iter().map(|option| option.free_text("value"));
    let options: Vec<Text> = options.filter(|option| !option.is_empty()).collect();
    SourceLine {
        id: text_or(item.id("variantId"), || item.id("productId")),
        name: text_or(item.free_text("productName"), || item.text("lineItemType")),
        variant: options.join(" / ").into(),
        quantity: item.amount("quantity"),
        unit_price: amount(item, "unitPricePaid"),
        sku: item.text("sku"),
        image_url: item.text("imageUrl"),
        at_line: item.line(),
        ..SourceLine::default()
    }
}
