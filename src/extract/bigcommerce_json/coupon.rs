//! A coupon of an order.

use super::fields::Coupon;
use super::product::part;
use crate::domain::{SourceDiscount, SourceOrder};
use crate::extract::join::Piece;
use crate::extract::json::{Document, Fields};

/// What a coupon's record states of its order.
///
/// # Errors
/// When the text is no JSON, no object, says one thing twice, or does not say of which order it is.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    Ok(piece(document)?.stated)
}

/// # Errors
/// As [`read`].
pub fn piece(document: &Document<'_>) -> serde_json::Result<Piece> {
    let stated: Coupon<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let order = fields.id(stated.order_id, "order_id");
    let id = fields.id(stated.id, "id");
    let discounts = vec![discount(&stated, &mut fields)];
    part(
        "coupon",
        (order, id),
        SourceOrder { discounts, faults: fields.faults, ..SourceOrder::default() },
    )
}

/// `discount` is what it took off; `amount` is what it promises, which may be a percentage.
pub fn discount(coupon: &Coupon<'_>, fields: &mut Fields) -> SourceDiscount {
    let kind = fields.text(coupon.kind, "type");
    SourceDiscount {
        name: fields.text(coupon.code, "code"),
        amount: fields.text(coupon.discount, "discount"),
        // 3 is a discount of the shipping, 4 is free shipping.
        of_shipping: matches!(kind.as_str(), "3" | "4" | "shipping_discount" | "free_shipping"),
    }
}
