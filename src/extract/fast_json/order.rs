//! The order in one of Fast's documents.

use crate::domain::{Reason, SourceDiscount, SourceLine, SourceOrder, Status, Text};
use crate::extract::decimal;
use crate::extract::json::{Record, text_or};
use crate::extract::stating::unstated;
use crate::extract::statuses::after_refunds;

/// Placeholders that are not ids.
const PLACEHOLDERS: [&str; 2] = ["me", "string"];

/// Fast's names for the type of an order, in the order of their numbers.
const TYPES: [&str; 7] = ["UNSPECIFIED", "CART", "ORDER", "RETURN", "EXCHANGE", "CREDIT", "REFUND"];
/// Fast's names for an order's status, in the order of their numbers.
const STATUSES: [&str; 10] = [
    "UNSPECIFIED",
    "CART",
    "PENDING",
    "HOLD",
    "BOOKED",
    "PENDING_FULFILLMENT",
    "FULFILLED",
    "COMPLETE",
    "CANCELED",
    "DELETED",
];

/// What a document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DocumentKind {
    Cart,
    Order(Status),
    /// A return, an exchange, a credit or a refund: it refers to an order, but is not one.
    Other,
}

/// The order of a document, which wraps it in `order` twice; or a bare order.
pub fn order(document: &Record<'_>) -> SourceOrder {
    let mut wrappings = vec![*document];
    let mut record = *document;
    while let Some(inner) = Some(record.object("order")).filter(Record::exists) {
        record = inner;
        wrappings.push(record);
    }
    let record = &record;
    let kind = kind(record, wrappings.iter().any(|outer| outer.is_true("is_cart")));
    let (email, customer_id) = customer(&wrappings, record);
    let lines = record.lines("lines");
    let mut order = SourceOrder {
        number: record.text("short_order_id"),
        email,
        customer_id,
        currency: record.text("currency_code"),
        total: record.amount("total_amount"),
        shipping: record.amount("total_shipping"),
        tax: record.amount("total_tax"),
        discount: record.amount("total_discounts"),
        discounts: discounts(record, &lines),
        refunded: refunded(record),
        shipping_method: shipping_method(record),
        lines: without_choices(lines.iter().map(line)),
        ..SourceOrder::default()
    };
    let id = text_or(unless_placeholder(record.id("external_id")), || own_id(record, "id"));
    match kind {
        Some(DocumentKind::Cart) => (order.checkout_id, order.is_undated_cart) = (id, true),
        Some(DocumentKind::Order(status)) => {
            order.id = id;
            let word = word(&record.text("status"), "ORDER_STATUS_", &STATUSES);
            order.unstated = unstated("fast-json", |_| word != STATUSES.first().copied());
            order.status = Some(after_refunds(status, &order.refunded, &order.total));
        }
        Some(DocumentKind::Other) => {
            // It is not an order and has no order total: a job that includes cancelled orders gets
            // it as invalid, not as revenue.
            (order.id, order.total, order.status) = (id, Text::default(), Some(Status::Cancelled));
        }
        None => order.id = id,
    }
    order
}

/// `None`, with an error, if the word is unknown.
///
/// Booked orders wait for payment and fraud checks; an order is paid from `PENDING_FULFILLMENT` on.
/// An order without a status counts as placed.
fn kind(record: &Record<'_>, is_cart: bool) -> Option<DocumentKind> {
    let order_type = word(&record.text("order_type"), "ORDER_TYPE_", &TYPES);
    let status = word(&record.text("status"), "ORDER_STATUS_", &STATUSES);
    let (Some(order_type), Some(status)) = (order_type, status) else {
        let field = if order_type.is_none() { "order_type" } else { "status" };
        record.fault(Reason::UnknownStatus, field);
        return None;
    };
    Some(match (order_type, status) {
        ("RETURN" | "EXCHANGE" | "CREDIT" | "REFUND", _) => DocumentKind::Other,
        (_, "CANCELED" | "DELETED") => DocumentKind::Order(Status::Cancelled),
        (_, "CART") => DocumentKind::Cart,
        (_, "PENDING" | "HOLD" | "BOOKED") => DocumentKind::Order(Status::Pending),
        (_, "PENDING_FULFILLMENT" | "FULFILLED" | "COMPLETE") => DocumentKind::Order(Status::Paid),
        ("CART", _) => DocumentKind::Cart,
        ("ORDER", _) => DocumentKind::Order(Status::Paid),
        _ if is_cart => DocumentKind::Cart,
        _ => DocumentKind::Order(Status::Paid),
    })
}

/// The name of a value that is stated as a name (`ORDER_STATUS_CART`) or as a number; the first
/// name if none is stated.
fn word(text: &str, prefix: &str, names: &[&'static str]) -> Option<&'static str> {
    if text.is_empty() {
        return names.first().copied();
    }
    if let Ok(number) = text.parse::<usize>() {
        return names.get(number).copied();
    }
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix(prefix).unwrap_or(&upper);
    names.iter().copied().find(|name| *name == bare)
}

/// The customer's e-mail address and id, wherever in the document they are. A `user` may be wrapped
/// in another one.
fn customer(wrappings: &[Record<'_>], record: &Record<'_>) -> (Text, Text) {
    let (mut email, mut id) = (Text::default(), own_id(record, "user_id"));
    for wrapping in wrappings {
        let mut user = wrapping.object("user");
        while user.exists() {
            email = text_or(email, || user.text("email"));
            id = text_or(id, || own_id(&user, "id"));
            user = user.object("user");
        }
    }
    (text_or(email, || record.object("bill_to").text("email")), id)
}

/// An id of Fast, which may be written `{"value": "…"}`; blank if it is a placeholder.
fn own_id(record: &Record<'_>, name: &'static str) -> Text {
    let is_wrapped = record.value(name).is_some_and(|value| value.is_object());
    let id = if is_wrapped { record.object(name).id("value") } else { record.id(name) };
    unless_placeholder(id)
}

fn unless_placeholder(id: Text) -> Text {
    if PLACEHOLDERS.contains(&id.as_str()) { Text::default() } else { id }
}

/// Coupons and the discounts of lines that were applied; a coupon that is repeated at several lines
/// counts once.
fn discounts(record: &Record<'_>, lines: &[Record<'_>]) -> Vec<SourceDiscount> {
    let mut found: Vec<SourceDiscount> =
        record.list("coupons").iter().filter_map(applied).collect();
    let coupons: Vec<Text> = found.iter().map(|coupon| coupon.name.clone()).collect();
    for line in lines {
        let own = line.list("discounts");
        let applied = own.iter().filter_map(applied);
        found.extend(applied.filter(|discount| !coupons.contains(&discount.name)));
    }
    found
}

fn applied(discount: &Record<'_>) -> Option<SourceDiscount> {
    let amount = discount.amount("total_amount");
    if !discount.is_true("applied") || amount.is_empty() {
        return None;
    }
    let name = discount.first(["code", "description"]);
    let kind = discount.text("type");
    let of_shipping = kind.eq_ignore_ascii_case("DISCOUNT_TYPE_SHIPPING") || kind == "3";
    Some(SourceDiscount::named(name, amount, of_shipping))
}

/// The refunded amount. Fast does not say whether it includes tax and shipping: if they are stated,
/// the sum stays unknown, which `net` refuses.
fn refunded(record: &Record<'_>) -> Text {
    let mut amounts = Vec::new();
    for refund in record.list("refunds") {
        for part in ["tax", "shipping"] {
            let part = refund.amount(part);
            if !part.is_empty() && decimal::parse(&part) != Some(0) {
                return "unknown".into();
            }
        }
        amounts.push(refund.amount("amount"));
    }
    decimal::sum_reductions(amounts)
}

/// The method of each shipment, each once.
fn shipping_method(record: &Record<'_>) -> Text {
    let mut names: Vec<Text> = Vec::new();
    for plan in record.list("shipment_plans") {
        let name = plan.object("selected_option").free_text("name");
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ").into()
}

/// A Magento shop states a configurable product as two lines: the product with its price, and then
/// the chosen variant with price 0, named after the product and the choice (`Tee`,
/// `Tee-XS-Orange`). The second does not count as a line; a gift under another name does.
fn without_choices(all: impl Iterator<Item = SourceLine>) -> Vec<SourceLine> {
    let mut lines: Vec<SourceLine> = Vec::new();
    for line in all {
        if !lines.last().is_some_and(|parent| is_choice(parent, &line)) {
            lines.push(line);
        }
    }
    lines
}

fn is_choice(parent: &SourceLine, line: &SourceLine) -> bool {
    let is_zero = |amount: &str| decimal::parse(amount) == Some(0);
    let choice = line.name.strip_prefix(parent.name.as_str());
    let is_named_after =
        !parent.name.is_empty() && choice.is_some_and(|choice| choice.starts_with('-'));
    is_named_after
        && is_zero(&line.unit_price)
        && !is_zero(&parent.unit_price)
        && line.quantity == parent.quantity
}

fn line(item: &Record<'_>) -> SourceLine {
    let unit_price = item.amount("unit_price");
    // If only the total of all units is stated, the price of one is computed later.
    let total =
        if unit_price.is_empty() { item.amount("subtotal_amount") } else { Text::default() };
    SourceLine {
        id: text_or(item.id("external_product_id"), || item.id("external_variant_id")),
        name: item.first_free_text(["name", "description"]),
        total,
        unit_price,
        // Fast's own documentation misspells it in places.
        quantity: item.first_amount(["quantity", "quanity"]),
        discount: item.amount("line_discount_amount"),
        image_url: item.text("image_url"),
        at_line: item.line(),
        ..SourceLine::default()
    }
}
