//! Carts that were left at the checkout.

use super::fields::Order;
use super::order;
use crate::domain::{SourceOrder, Status};
use crate::extract::json::{Document, Fields};

/// An abandoned checkout is no order and has no status: its token is its id, and the time it was
/// abandoned is stated. One that was completed is an order by now, which the orders tell of. It
/// gets neither, and counts as a draft.
///
/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let mut cart = order::shared(&stated, document.line, &mut fields);
    cart.checkout_id = fields.text(stated.token, "token");
    cart.updated_at = fields.text(stated.updated_at, "updated_at");
    cart.order_url = fields.text(stated.abandoned_checkout_url, "abandoned_checkout_url");
    if fields.text(stated.completed_at, "completed_at").is_empty() {
        cart.abandoned_at = match cart.updated_at.is_empty() {
            true => cart.created_at.clone(),
            false => cart.updated_at.clone(),
        };
    } else {
        cart.status = Some(Status::Draft);
    }
    cart.faults = fields.faults;
    Ok(cart)
}
