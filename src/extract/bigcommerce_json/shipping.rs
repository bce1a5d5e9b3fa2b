//! A shipping address of an order, of which only the method is read.

use super::fields::ShippingAddress;
use super::product::part;
use crate::domain::SourceOrder;
use crate::extract::join::Piece;
use crate::extract::json::{Document, Fields};

/// What an address's record states of its order.
///
/// # Errors
/// When the text is no JSON, no object, says one thing twice, or does not say of which order it is.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    Ok(piece(document)?.stated)
}

/// # Errors
/// As [`read`].
pub fn piece(document: &Document<'_>) -> serde_json::Result<Piece> {
    let stated: ShippingAddress<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let order = fields.id(stated.order_id, "order_id");
    let id = fields.id(stated.id, "id");
    let shipping_method = fields.text(stated.shipping_method, "shipping_method");
    let stated = SourceOrder { shipping_method, faults: fields.faults, ..SourceOrder::default() };
    part("address", (order, id), stated)
}
