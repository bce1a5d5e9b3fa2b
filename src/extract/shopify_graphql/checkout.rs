//! Abandoned checkouts and their lines, under the names of the GraphQL API.

use super::{gid, order};
use crate::domain::{Reason, SourceOrder};
use crate::extract::join::{Piece, Role};
use crate::extract::json::{Record, text_or};
use crate::extract::shopify_json::leave_or_complete;

/// A checkout with its lines in it. It states no e-mail address; its customer does, if it has one.
pub fn checkout(record: &Record<'_>) -> SourceOrder {
    let customer = record.object("customer");
    let address = customer.object("defaultEmailAddress");
    let total = record.object("totalPriceSet");
    let mut cart = SourceOrder {
        checkout_id: gid::number(order::id(record)),
        email: text_or(address.text("emailAddress"), || customer.text("email")),
        customer_id: gid::number(customer.id("id")),
        accepts_marketing: order::consent(record, &customer, &address),
        created_at: record.text("createdAt"),
        updated_at: record.text("updatedAt"),
        order_url: record.text("abandonedCheckoutUrl"),
        currency: total.object("shopMoney").text("currencyCode"),
        paid_currency: total.object("presentmentMoney").text("currencyCode"),
        total: order::shop_money(record, "totalPriceSet"),
        tax: order::shop_money(record, "totalTaxSet"),
        discount: order::shop_money(record, "totalDiscountSet"),
        lines: order::connection(record, "lineItems", Record::lines)
            .iter()
            .map(order::line)
            .collect(),
        ..SourceOrder::default()
    };
    if order::is_cut(record, "lineItems") {
        record.fault(Reason::Truncated, "lineItems");
    }
    leave_or_complete(&mut cart, record.is_dated("completedAt"));
    cart
}

/// One row of a bulk operation's result, or one checkout of a page; `None` for a line that does not
/// name its checkout, or an unreadable id.
pub fn piece(record: &Record<'_>) -> Option<Piece> {
    let id = order::id(record);
    let Some(parent) = record.has("__parentId").then(|| record.text("__parentId")) else {
        let stated = checkout(record);
        let key = stated.checkout_id.clone();
        let role = match gid::parts(&id) {
            None | Some(("AbandonedCheckout", _)) => Role::Order,
            Some(_) => Role::Other,
        };
        return Some(Piece { role, key, stated, ..Piece::default() });
    };
    if record.has_faults() {
        return None;
    }
    match gid::parts(&id) {
        Some((kind @ "AbandonedCheckoutLineItem", number)) => {
            let (parent_kind, key) = gid::parts(&parent)?;
            (parent_kind == "AbandonedCheckout").then(|| Piece {
                role: Role::Part,
                key: key.into(),
                id: format!("{kind}:{number}").into(),
                quantity: None,
                stated: SourceOrder { lines: vec![order::line(record)], ..SourceOrder::default() },
            })
        }
        _ => Some(Piece { role: Role::Other, ..Piece::default() }),
    }
}
