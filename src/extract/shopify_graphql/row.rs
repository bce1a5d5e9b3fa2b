//! One row of a bulk operation's result, classified by its global id: an order, a part of one, or
//! something else.

use super::{gid, order};
use crate::domain::{SourceOrder, Text};
use crate::extract::join::{Piece, Role};
use crate::extract::json::Record;

/// One row, or one order of a page; `None` for a line that does not name its order, or an
/// unreadable id.
pub fn piece(record: &Record<'_>) -> Option<Piece> {
    if !record.has("__parentId") {
        return order_piece(record);
    }
    let (id, parent) = (record.text("id"), record.text("__parentId"));
    if record.has_faults() {
        return None;
    }
    let of_order = match gid::parts(&parent) {
        Some(("Order", order)) if !order.is_empty() => Some(order.to_owned()),
        _ => None,
    };
    let kind = gid::parts(&id).map(|(kind, _)| kind);
    match kind {
        Some("Order") => order_piece(record),
        Some("LineItem") => Some(part(of_order?, &id, line(record))),
        Some("ShippingLine") => Some(part(of_order?, &id, shipping(record))),
        Some("AbandonedCheckout") => Some(part(of_order?, &id, recovered(&id))),
        Some(_) => Some(other()),
        // Without a global id: an order's line by its shape, or an order that is known by its
        // number.
        None => match of_order.filter(|_| looks_like_line(record)) {
            Some(order) => Some(part(order, &id, line(record))),
            None if parent.is_empty() => order_piece(record),
            None => Some(other()),
        },
    }
}

fn order_piece(record: &Record<'_>) -> Option<Piece> {
    let id = order::id(record);
    match gid::parts(&id).map(|(kind, _)| kind) {
        None | Some("Order") => {
            let (stated, quantity) = order::stated(record);
            let key = stated.id.clone();
            Some(Piece { role: Role::Order, key, id: Text::default(), quantity, stated })
        }
        Some("LineItem" | "ShippingLine") => None,
        Some(_) => Some(other()),
    }
}

fn other() -> Piece {
    Piece { role: Role::Other, ..Piece::default() }
}

/// Lines of refunds and fulfillments have quantities too, but neither a name nor a unit price of
/// their own.
fn looks_like_line(record: &Record<'_>) -> bool {
    let has_any = |names: [&str; 2]| names.iter().any(|name| record.value(name).is_some());
    record.value("quantity").is_some()
        && has_any(["originalUnitPriceSet", "originalUnitPrice"])
        && has_any(["name", "title"])
}

fn part(order: String, id: &str, stated: SourceOrder) -> Piece {
    let id = gid::parts(id).map(|(kind, id)| format!("{kind}:{id}")).unwrap_or_default();
    Piece { role: Role::Part, key: order.into(), id: id.into(), quantity: None, stated }
}

fn line(record: &Record<'_>) -> SourceOrder {
    SourceOrder {
        discounts: order::discounts(record, false),
        lines: vec![order::line(record)],
        ..SourceOrder::default()
    }
}

/// The abandoned checkout that the order completed, as noted by a pull.
fn recovered(checkout: &str) -> SourceOrder {
    SourceOrder { checkout_id: gid::number(checkout.into()), ..SourceOrder::default() }
}

fn shipping(record: &Record<'_>) -> SourceOrder {
    SourceOrder {
        shipping: order::shipping_price(record),
        shipping_method: record.free_text("title"),
        discounts: order::discounts(record, true),
        ..SourceOrder::default()
    }
}
