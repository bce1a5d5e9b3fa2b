//! An order with Magento's field names.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status, Text};
use crate::extract::decimal;
use crate::extract::json::{Record, text_or};
use crate::extract::statuses::{MAGENTO, after_refunds};
use compact_str::format_compact;

pub fn order(record: &Record<'_>) -> SourceOrder {
    let (total, refunded) = (record.amount("grand_total"), record.amount("total_refunded"));
    // Mostly stated as negative.
    let discount = Text::from(decimal::magnitude(&record.amount("discount_amount")));
    let is_guest = record.is_true("customer_is_guest");
    let mut order = SourceOrder {
        id: record.id("entity_id"),
        number: record.text("increment_id"),
        email: record.text("customer_email"),
        customer_id: if is_guest { Text::default() } else { record.id("customer_id") },
        created_at: in_utc(record.text("created_at")),
        updated_at: in_utc(record.text("updated_at")),
        currency: record.text("order_currency_code"),
        shipping: record.first_amount(["shipping_incl_tax", "shipping_amount"]),
        tax: record.amount("tax_amount"),
        discounts: discounts(record, &discount),
        discount,
        shipping_method: record.free_text("shipping_description"),
        status: status(record, &refunded, &total),
        total,
        refunded,
        lines: lines(record),
        ..SourceOrder::default()
    };
    order.status_word = record.first(["state", "status"]);
    order
}

/// `status` is the shop's own text, and only used if there is no state. A partially refunded order
/// keeps its state.
fn status(record: &Record<'_>, refunded: &str, total: &str) -> Option<Status> {
    let status = MAGENTO.of(&record.first(["state", "status"]));
    if status.is_none() {
        record.fault(Reason::UnknownStatus, "state");
    }
    status.map(|status| after_refunds(status, refunded, total))
}

/// Magento states dates in UTC without an offset. A date with an offset keeps it.
fn in_utc(text: Text) -> Text {
    let is_bare = text.len() >= "2024-01-31 10:11".len()
        && text.bytes().all(|b| b.is_ascii_digit() || b"-: T.".contains(&b))
        && text.bytes().filter(|b| *b == b'-').count() == 2;
    if is_bare { format_compact!("{text}+00:00") } else { text }
}

/// The order's discount, and separately the part that lowered the shipping price.
fn discounts(record: &Record<'_>, discount: &str) -> Vec<SourceDiscount> {
    let name = record.first(["coupon_code", "discount_description"]);
    let of_shipping = record.amount("shipping_discount_amount");
    let of_shipping = decimal::magnitude(&of_shipping);
    let part =
        |amount: &str, of_shipping| SourceDiscount::named(name.clone(), amount.into(), of_shipping);
    match (decimal::parse(discount), decimal::parse(of_shipping)) {
        (Some(0), _) => Vec::new(),
        (Some(all), Some(shipping)) if shipping > 0 && shipping == all => {
            vec![part(discount, true)]
        }
        (Some(all), Some(shipping)) if shipping > 0 && shipping < all => {
            vec![part(&decimal::excess(discount, of_shipping), false), part(of_shipping, true)]
        }
        _ if discount.is_empty() => Vec::new(),
        _ => vec![part(discount, false)],
    }
}

/// A configurable product has two rows: the parent has the price, the child is the chosen variant.
/// So the parent is the line, with the child's sku if it has only one child.
fn lines(record: &Record<'_>) -> Vec<SourceLine> {
    let items = record.lines("items");
    let ids: Vec<Text> = items.iter().map(|item| item.text("item_id")).collect();
    let parents: Vec<Text> = items.iter().map(parent_of).collect();
    let is_child = |parent: &Text| !parent.is_empty() && ids.contains(parent);
    let mut lines = Vec::new();
    for ((item, id), parent) in items.iter().zip(&ids).zip(&parents) {
        if is_child(parent) {
            continue;
        }
        let mut children =
            items.iter().zip(&parents).filter(|(_, parent)| *parent == id && !id.is_empty());
        let article = match (children.next(), children.next()) {
            (Some((child, _)), None) => child.text("sku"),
            _ => Text::default(),
        };
        lines.push(line(item, article));
    }
    lines
}

fn parent_of(item: &Record<'_>) -> Text {
    text_or(item.text("parent_item_id"), || item.object("parent_item").text("item_id"))
}

/// `row_total` is the price of all units. `price` can be in the base currency, and is only read if
/// no total above zero is stated (the parent of a bundle may have none).
fn line(item: &Record<'_>, article: Text) -> SourceLine {
    let mut total = item.amount("row_total");
    if decimal::parse(&total) == Some(0) {
        total = Text::default();
    }
    SourceLine {
        id: item.id("product_id"),
        name: item.free_text("name"),
        quantity: item.amount("qty_ordered"),
        unit_price: if total.is_empty() { item.amount("price") } else { Text::default() },
        total,
        discount: item.amount("discount_amount"),
        sku: text_or(article, || item.text("sku")),
        at_line: item.line(),
        ..SourceLine::default()
    }
}
