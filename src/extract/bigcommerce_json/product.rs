//! A product of an order.

use super::fields::Product;
use super::order::unless_none;
use crate::domain::{SourceLine, SourceOrder};
use crate::extract::join::{Piece, Role};
use crate::extract::json::{Document, Fields};
use serde::de::Error as _;

/// What a product's record states of its order.
///
/// # Errors
/// When the text is no JSON, no object, says one thing twice, or does not say of which order it is.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    Ok(piece(document)?.stated)
}

/// # Errors
/// As [`read`].
pub fn piece(document: &Document<'_>) -> serde_json::Result<Piece> {
    let stated: Product<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let order = fields.id(stated.order_id, "order_id");
    let id = fields.id(stated.id, "id");
    let lines = vec![line(&stated, document.line, &mut fields)];
    part(
        "product",
        (order, id),
        SourceOrder { lines, faults: fields.faults, ..SourceOrder::default() },
    )
}

/// `at_line` is where it stands in the file.
pub fn line(product: &Product<'_>, at_line: u64, fields: &mut Fields) -> SourceLine {
    let variant = unless_none(fields.id(product.variant_id, "variant_id"));
    let price = fields
        .first([(product.price_inc_tax, "price_inc_tax"), (product.base_price, "base_price")]);
    SourceLine {
        id: match variant.is_empty() {
            true => unless_none(fields.id(product.product_id, "product_id")),
            false => variant,
        },
        name: fields.text(product.name, "name"),
        quantity: fields.text(product.quantity, "quantity"),
        unit_price: price,
        sku: fields.text(product.sku, "sku"),
        at_line,
        ..SourceLine::default()
    }
}

/// Something that belongs to the order with this id, itself known by another.
///
/// # Errors
/// When it does not say of which order it is.
pub fn part(
    kind: &str,
    (order, id): (String, String),
    stated: SourceOrder,
) -> serde_json::Result<Piece> {
    if order.is_empty() {
        return Err(serde_json::Error::custom("a part without the order it belongs to"));
    }
    let id = if id.is_empty() { id } else { format!("{kind}:{id}") };
    Ok(Piece { role: Role::Part, key: order, id, quantity: None, stated })
}
