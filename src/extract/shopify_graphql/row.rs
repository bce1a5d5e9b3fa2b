//! One row of a bulk operation's result, told by its global id: an order, something of an order, or
//! of no use.

use super::fields::{Line, ShippingLine};
use super::order::Stated;
use super::{discount, gid, line, order};
use crate::domain::SourceOrder;
use crate::extract::join::{Piece, Role};
use crate::extract::json::{Document, Fields, Raw};
use serde::Deserialize;
use serde::de::Error as _;

/// What tells a row's type, and, of one whose query did not ask for an id, its shape.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Head<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow, rename = "__parentId")]
    parent_id: Raw<'a>,
    #[serde(borrow)]
    name: Raw<'a>,
    #[serde(borrow)]
    title: Raw<'a>,
    #[serde(borrow)]
    quantity: Raw<'a>,
    #[serde(borrow)]
    original_unit_price_set: Raw<'a>,
    #[serde(borrow)]
    original_unit_price: Raw<'a>,
}

/// What a row is.
enum Kind {
    Order,
    /// A line of the order with this number.
    Line(String),
    ShippingLine(String),
    Other,
}

/// Reads one row, or one order of a page.
///
/// # Errors
/// When the text is no JSON, no object, says one thing twice, or is a line that does not say of
/// which order.
pub fn read(document: &Document<'_>) -> serde_json::Result<Piece> {
    // Most of a file is orders, and most of them name no parent: they are parsed once.
    if !document.text.contains("\"__parentId\"") {
        return order_of(document);
    }
    let head: Head<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let id = fields.text(head.id, "id");
    let parent = fields.text(head.parent_id, "__parentId");
    if !fields.faults.is_empty() {
        return Err(serde_json::Error::custom("an id that can't be read"));
    }
    Ok(match kind(&head, &id, &parent)? {
        Kind::Order => order_of(document)?,
        Kind::Line(order) => part(order, &id, line_of(document)?),
        Kind::ShippingLine(order) => part(order, &id, shipping_of(document)?),
        Kind::Other => Piece { role: Role::Other, ..Piece::default() },
    })
}

fn lost() -> serde_json::Error {
    serde_json::Error::custom("a line without the order it belongs to")
}

fn order_of(document: &Document<'_>) -> serde_json::Result<Piece> {
    let Stated { order, quantity, kind } = order::stated(document)?;
    match kind.as_deref() {
        None | Some("Order") => {
            let key = order.id.clone();
            Ok(Piece { role: Role::Order, key, id: String::new(), quantity, stated: order })
        }
        Some("LineItem" | "ShippingLine") => Err(lost()),
        Some(_) => Ok(Piece { role: Role::Other, ..Piece::default() }),
    }
}

fn kind(head: &Head<'_>, id: &str, parent: &str) -> serde_json::Result<Kind> {
    let of_order = match gid::parts(parent) {
        Some(("Order", order)) if !order.is_empty() => Some(order.to_owned()),
        _ => None,
    };
    match (gid::parts(id).map(|(kind, _)| kind), of_order) {
        (Some("Order"), _) => Ok(Kind::Order),
        (Some("LineItem"), order) => order.map(Kind::Line).ok_or_else(lost),
        (Some("ShippingLine"), order) => order.map(Kind::ShippingLine).ok_or_else(lost),
        (Some(_), _) => Ok(Kind::Other),
        // Without a global id: an order's line by its shape, or an order that is known by its
        // number.
        (None, Some(order)) if looks_like_line(head) => Ok(Kind::Line(order)),
        (None, _) if parent.is_empty() => Ok(Kind::Order),
        (None, _) => Ok(Kind::Other),
    }
}

/// Lines of refunds and fulfillments have quantities too, but neither a name nor a unit price of
/// their own.
fn looks_like_line(head: &Head<'_>) -> bool {
    let has_price = head.original_unit_price_set.or(head.original_unit_price).is_some();
    head.quantity.is_some() && has_price && head.name.or(head.title).is_some()
}

fn part(order: String, id: &str, stated: SourceOrder) -> Piece {
    let id = match gid::parts(id) {
        Some((kind, id)) => format!("{kind}:{id}"),
        None => String::new(),
    };
    Piece { role: Role::Part, key: order, id, quantity: None, stated }
}

fn line_of(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Line<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    Ok(SourceOrder {
        discounts: discount::of_line(&stated, &mut fields),
        lines: vec![line::read(&stated, document.line, &mut fields)],
        faults: fields.faults,
        ..SourceOrder::default()
    })
}

fn shipping_of(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: ShippingLine<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    Ok(SourceOrder {
        shipping: order::price_of(&stated, &mut fields),
        shipping_method: fields.text(stated.title, "shippingLines"),
        discounts: discount::of_shipping(&stated, &mut fields),
        faults: fields.faults,
        ..SourceOrder::default()
    })
}
