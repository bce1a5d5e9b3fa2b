//! From a document to what is sent of the order in it.

use super::discounts::{discounts, refunded};
use super::fields::{Id, Node, User};
use super::lines::lines;
use super::words::{Kind, kind_of, says_cart};
use crate::domain::{SourceOrder, Status};
use crate::extract::decimal;
use crate::extract::json::{Document, Fields, Raw};

/// Ids that stand in for one.
const PLACEHOLDERS: [&str; 2] = ["me", "string"];

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Node<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let mut wrappings = vec![&stated];
    while let Some(inner) = wrappings.last().and_then(|node| fields.object(&node.order, "order")) {
        wrappings.push(inner);
    }
    let mut order = order_of(&wrappings, document.line, &mut fields);
    order.faults = fields.faults;
    Ok(order)
}

/// `wrappings` from the document to the order; the order alone may be all there is.
fn order_of(wrappings: &[&Node<'_>], line: u64, fields: &mut Fields) -> SourceOrder {
    let Some(stated) = wrappings.last().copied() else { return SourceOrder::default() };
    let kind = kind_of(stated, wrappings.iter().any(|node| says_cart(node)), fields);
    let (email, customer_id) = customer(wrappings, stated, fields);
    let mut order = SourceOrder {
        number: fields.text(stated.short_order_id, "short_order_id"),
        email,
        customer_id,
        currency: fields.text(stated.currency_code, "currency_code"),
        total: fields.text(stated.total_amount, "total_amount"),
        shipping: fields.text(stated.total_shipping, "total_shipping"),
        tax: fields.text(stated.total_tax, "total_tax"),
        discount: fields.text(stated.total_discounts, "total_discounts"),
        discounts: discounts(stated, fields),
        refunded: refunded(stated, fields),
        shipping_method: shipping_method(stated, fields),
        lines: lines(stated, line, fields),
        ..SourceOrder::default()
    };
    let id = match fields.id(stated.external_id, "external_id") {
        none if none.is_empty() || is_placeholder(&none) => own_id(stated.id, "id", fields),
        id => id,
    };
    match kind {
        Some(Kind::Cart) => (order.checkout_id, order.is_undated_cart) = (id, true),
        Some(Kind::Order(status)) => {
            order.id = id;
            order.status = Some(after_refunds(status, &order));
        }
        Some(Kind::Other) => {
            // It is no order, so it states no order's total: a job that takes what was cancelled as
            // well gets it as invalid, not as revenue.
            (order.id, order.total, order.status) = (id, String::new(), Some(Status::Cancelled));
        }
        None => order.id = id,
    }
    order
}

fn after_refunds(status: Status, order: &SourceOrder) -> Status {
    match (status, decimal::parse(&order.refunded), decimal::parse(&order.total)) {
        (Status::Paid, Some(refunded), Some(total)) if refunded >= total && refunded > 0 => {
            Status::Refunded
        }
        (Status::Paid, Some(0), _) => Status::Paid,
        (Status::Paid, _, _) if !order.refunded.is_empty() => Status::PartiallyRefunded,
        _ => status,
    }
}

/// The customer's address and id, wherever in the document they are.
fn customer(wrappings: &[&Node<'_>], stated: &Node<'_>, fields: &mut Fields) -> (String, String) {
    let (mut email, mut id) = (String::new(), own_id(stated.user_id, "user_id", fields));
    for node in wrappings {
        let mut user: Option<&User<'_>> = fields.object(&node.user, "user");
        while let Some(one) = user {
            if email.is_empty() {
                email = fields.text(one.email, "user.email");
            }
            if id.is_empty() {
                id = own_id(one.id, "user.id", fields);
            }
            user = fields.object(&one.user, "user").map(|inner| &**inner);
        }
    }
    if email.is_empty() {
        let address = fields.object(&stated.bill_to, "bill_to").and_then(|address| address.email);
        email = fields.text(address, "bill_to.email");
    }
    (email, id)
}

/// An id of Fast's own, blank where a placeholder stands for it.
fn own_id(raw: Raw<'_>, field: &'static str, fields: &mut Fields) -> String {
    let object = raw.map(|raw| raw.get()).filter(|text| text.starts_with('{'));
    let wrapped = object.and_then(|text| serde_json::from_str::<Id<'_>>(text).ok());
    let id = match wrapped {
        Some(wrapped) => fields.id(wrapped.value, field),
        None => fields.id(raw, field),
    };
    if is_placeholder(&id) { String::new() } else { id }
}

fn is_placeholder(id: &str) -> bool {
    PLACEHOLDERS.contains(&id)
}

/// The way of each shipment, each once.
fn shipping_method(stated: &Node<'_>, fields: &mut Fields) -> String {
    let mut names: Vec<String> = Vec::new();
    for plan in fields.list(&stated.shipment_plans, "shipment_plans") {
        let chosen = fields.object(&plan.selected_option, "selected_option");
        let name = fields.text(chosen.and_then(|option| option.name), "selected_option");
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
