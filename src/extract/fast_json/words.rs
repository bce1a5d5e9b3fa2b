//! Fast's words for what an order is and what became of it: as names (`ORDER_STATUS_CART`) or as
//! their numbers.

use super::fields::Node;
use crate::domain::{Reason, Status};
use crate::extract::json::{Fields, is_true};

/// In the order of their numbers.
const TYPES: [&str; 7] = ["UNSPECIFIED", "CART", "ORDER", "RETURN", "EXCHANGE", "CREDIT", "REFUND"];
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

/// What a document is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cart,
    Order(Status),
    /// A return, an exchange, a credit or a refund: it tells of an order, but is none.
    Other,
}

/// What the document is of; `None` where its word for that is not known, which a fault then says.
///
/// Booked orders wait for payment and fraud checks; it is paid from `PENDING_FULFILLMENT` on. An
/// order that states no status is one that was made.
pub fn kind_of(stated: &Node<'_>, is_cart: bool, fields: &mut Fields) -> Option<Kind> {
    let order_type = word(&fields.text(stated.order_type, "order_type"), "ORDER_TYPE_", &TYPES);
    let status = word(&fields.text(stated.status, "status"), "ORDER_STATUS_", &STATUSES);
    let (Some(order_type), Some(status)) = (order_type, status) else {
        let field = if order_type.is_none() { "order_type" } else { "status" };
        fields.add(Reason::UnknownStatus, field);
        return None;
    };
    Some(match (order_type, status) {
        ("RETURN" | "EXCHANGE" | "CREDIT" | "REFUND", _) => Kind::Other,
        (_, "CANCELED" | "DELETED") => Kind::Order(Status::Cancelled),
        (_, "CART") => Kind::Cart,
        (_, "PENDING" | "HOLD" | "BOOKED") => Kind::Order(Status::Pending),
        (_, "PENDING_FULFILLMENT" | "FULFILLED" | "COMPLETE") => Kind::Order(Status::Paid),
        ("CART", _) => Kind::Cart,
        ("ORDER", _) => Kind::Order(Status::Paid),
        _ if is_cart => Kind::Cart,
        _ => Kind::Order(Status::Paid),
    })
}

/// Whether any wrapping says that it is a cart.
pub fn says_cart(node: &Node<'_>) -> bool {
    is_true(node.is_cart)
}

/// The name of a value, in whichever way it is spelled; the first where none is stated.
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
