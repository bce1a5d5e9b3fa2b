//! An order under the names Magento gives its fields.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status};
use crate::extract::decimal;
use crate::extract::json::{Record, text_or};

pub fn order(record: &Record<'_>) -> SourceOrder {
    let refunded = record.text("total_refunded");
    let discount = taken_off(&record.text("discount_amount"));
    let is_guest = record.is_true("customer_is_guest");
    let mut order = SourceOrder {
        id: record.id("entity_id"),
        number: record.text("increment_id"),
        email: record.text("customer_email"),
        customer_id: if is_guest { String::new() } else { record.id("customer_id") },
        created_at: in_utc(record.text("created_at")),
        updated_at: in_utc(record.text("updated_at")),
        currency: record.text("order_currency_code"),
        total: record.text("grand_total"),
        shipping: record.first(["shipping_incl_tax", "shipping_amount"]),
        tax: record.text("tax_amount"),
        discounts: discounts(record, &discount),
        discount,
        shipping_method: record.text("shipping_description"),
        status: status(record, &refunded),
        refunded,
        lines: lines(record),
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        order.status_word = record.first(["state", "status"]);
    }
    order
}

/// `state` is one of a fixed set; `status` is the shop's own text, and asked only where no state is
/// stated. `closed` is what Magento calls an order whose whole amount was refunded; an order of which
/// a part was refunded keeps its state.
fn status(record: &Record<'_>, refunded: &str) -> Option<Status> {
    let word = record.first(["state", "status"]).to_ascii_lowercase();
    let status = match word.as_str() {
        "new" | "pending" | "pending_payment" | "payment_review" | "fraud" | "holded" => {
            Status::Pending
        }
        "processing" | "complete" => match decimal::parse(refunded) {
            Some(amount) if amount > 0 => Status::PartiallyRefunded,
            _ => Status::Paid,
        },
        "closed" => Status::Refunded,
        "canceled" | "cancelled" => Status::Cancelled,
        _ => {
            record.fault(Reason::UnknownStatus, "state");
            return None;
        }
    };
    Some(status)
}

/// Magento states dates in UTC and without an offset. One that has an offset all the same keeps it.
fn in_utc(text: String) -> String {
    let is_bare = text.len() >= "2024-01-31 10:11".len()
        && text.bytes().all(|b| b.is_ascii_digit() || b"-: T.".contains(&b))
        && text.bytes().filter(|b| *b == b'-').count() == 2;
    if is_bare { format!("{text}+00:00") } else { text }
}

/// An order's discount is a negative number: what it takes off is that without the sign. A positive
/// one would be a surcharge, which is never turned into a discount, but refused for its sign.
fn taken_off(stated: &str) -> String {
    match stated.strip_prefix('-') {
        Some(amount) => amount.to_owned(),
        None if decimal::parse(stated) == Some(0) || stated.is_empty() => stated.to_owned(),
        None => format!("-{stated}"),
    }
}

/// The order's discount, and apart from it what of that lowered the shipping price.
fn discounts(record: &Record<'_>, discount: &str) -> Vec<SourceDiscount> {
    let name = record.first(["coupon_code", "discount_description"]);
    let of_shipping = record.text("shipping_discount_amount");
    let part = |amount: &str, of_shipping| {
        SourceDiscount::named(name.clone(), amount.to_owned(), of_shipping)
    };
    match (decimal::parse(discount), decimal::parse(&of_shipping)) {
        (Some(0), _) => Vec::new(),
        (Some(all), Some(shipping)) if shipping > 0 && shipping == all => {
            vec![part(discount, true)]
        }
        (Some(all), Some(shipping)) if shipping > 0 && shipping < all => {
            vec![part(&decimal::excess(discount, &of_shipping), false), part(&of_shipping, true)]
        }
        _ if discount.is_empty() => Vec::new(),
        _ => vec![part(discount, false)],
    }
}

/// A product with a choice has two rows: the parent carries the price, the child the article that was
/// chosen. So the parent is the line, and takes the child's sku where it has one child only.
fn lines(record: &Record<'_>) -> Vec<SourceLine> {
    let items = record.lines("items");
    let ids: Vec<String> = items.iter().map(|item| item.text("item_id")).collect();
    let parents: Vec<String> = items.iter().map(parent_of).collect();
    let is_child = |parent: &String| !parent.is_empty() && ids.contains(parent);
    let mut lines = Vec::new();
    for ((item, id), parent) in items.iter().zip(&ids).zip(&parents) {
        if is_child(parent) {
            continue;
        }
        let mut children =
            items.iter().zip(&parents).filter(|(_, parent)| *parent == id && !id.is_empty());
        let article = match (children.next(), children.next()) {
            (Some((child, _)), None) => child.text("sku"),
            _ => String::new(),
        };
        lines.push(line(item, article));
    }
    lines
}

fn parent_of(item: &Record<'_>) -> String {
    text_or(item.text("parent_item_id"), || item.object("parent_item").text("item_id"))
}

fn line(item: &Record<'_>, article: String) -> SourceLine {
    SourceLine {
        id: item.id("product_id"),
        name: item.text("name"),
        quantity: item.text("qty_ordered"),
        unit_price: item.text("price"),
        discount: item.text("discount_amount"),
        sku: text_or(article, || item.text("sku")),
        at_line: item.line(),
        ..SourceLine::default()
    }
}
