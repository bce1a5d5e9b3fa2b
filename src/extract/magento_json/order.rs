//! From an order's fields to what is sent of it.

use super::fields::{Item, Order};
use super::status::status;
use crate::domain::{SourceDiscount, SourceLine, SourceOrder};
use crate::extract::decimal;
use crate::extract::json::{Document, Fields, is_true};

/// # Errors
/// When the text is no JSON, no object, or says one thing twice.
pub fn read(document: &Document<'_>) -> serde_json::Result<SourceOrder> {
    let stated: Order<'_> = serde_json::from_str(document.text)?;
    let mut fields = Fields::new(document.has_bad_bytes);
    let refunded = fields.text(stated.total_refunded, "total_refunded");
    let discount = taken_off(&fields.text(stated.discount_amount, "discount_amount"));
    let mut order = SourceOrder {
        id: fields.id(stated.entity_id, "entity_id"),
        number: fields.text(stated.increment_id, "increment_id"),
        email: fields.text(stated.customer_email, "customer_email"),
        customer_id: match is_true(stated.customer_is_guest) {
            true => String::new(),
            false => fields.id(stated.customer_id, "customer_id"),
        },
        created_at: in_utc(fields.text(stated.created_at, "created_at")),
        updated_at: in_utc(fields.text(stated.updated_at, "updated_at")),
        currency: fields.text(stated.order_currency_code, "order_currency_code"),
        total: fields.text(stated.grand_total, "grand_total"),
        shipping: fields.first([
            (stated.shipping_incl_tax, "shipping_incl_tax"),
            (stated.shipping_amount, "shipping_amount"),
        ]),
        tax: fields.text(stated.tax_amount, "tax_amount"),
        discounts: discounts(&stated, &discount, &mut fields),
        discount,
        shipping_method: fields.text(stated.shipping_description, "shipping_description"),
        status: status(&stated, &refunded, &mut fields),
        refunded,
        lines: lines(&stated, document.line, &mut fields),
        ..SourceOrder::default()
    };
    if order.status.is_none() {
        order.status_word = fields.first([(stated.state, "state"), (stated.status, "status")]);
    }
    order.faults = fields.faults;
    Ok(order)
}

/// Magento states dates in UTC and without an offset. One that has an offset all the same keeps it.
fn in_utc(text: String) -> String {
    let is_bare = text.len() >= "2024-01-31 10:11".len()
        && text.bytes().all(|b| b.is_ascii_digit() || b"-: T.".contains(&b))
        && text.bytes().filter(|b| *b == b'-').count() == 2;
    if is_bare { format!("{text}+00:00") } else { text }
}

/// An order's discount is a negative number: what it takes off is that without the sign. A positive
/// one would be a surcharge, which is never turned into a discount, but refused for its sign.
fn taken_off(stated: &str) -> String {
    match stated.strip_prefix('-') {
        Some(amount) => amount.to_owned(),
        None if decimal::parse(stated) == Some(0) || stated.is_empty() => stated.to_owned(),
        None => format!("-{stated}"),
    }
}

/// The order's discount, and apart from it what of that lowered the shipping price.
fn discounts(stated: &Order<'_>, discount: &str, fields: &mut Fields) -> Vec<SourceDiscount> {
    let named = [
        (stated.coupon_code, "coupon_code"),
        (stated.discount_description, "discount_description"),
    ];
    let name = match fields.first(named) {
        unnamed if unnamed.is_empty() => "Discount".to_owned(),
        name => name,
    };
    let of_shipping = fields.text(stated.shipping_discount_amount, "shipping_discount_amount");
    let part = |amount: &str, of_shipping| SourceDiscount {
        name: name.clone(),
        amount: amount.to_owned(),
        of_shipping,
    };
    match (decimal::parse(discount), decimal::parse(&of_shipping)) {
        (Some(0), _) => Vec::new(),
        (Some(all), Some(shipping)) if shipping > 0 && shipping == all => {
            vec![part(discount, true)]
        }
        (Some(all), Some(shipping)) if shipping > 0 && shipping < all => {
            vec![part(&decimal::excess(discount, &of_shipping), false), part(&of_shipping, true)]
        }
        _ if discount.is_empty() => Vec::new(),
        _ => vec![part(discount, false)],
    }
}

/// The rows that stand on their own. A child says which article a parent was ordered as, and its
/// price is in the parent's: so the parent is the line, and takes the child's sku where it has one
/// child only.
fn lines(stated: &Order<'_>, line: u64, fields: &mut Fields) -> Vec<SourceLine> {
    let items = fields.list(&stated.items, "items");
    let ids: Vec<String> = items.iter().map(|item| fields.text(item.item_id, "item_id")).collect();
    let parents: Vec<String> = items.iter().map(|item| parent_of(item, fields)).collect();
    let is_child = |parent: &String| !parent.is_empty() && ids.contains(parent);
    let mut lines = Vec::new();
    for ((item, id), parent) in items.iter().zip(&ids).zip(&parents) {
        if is_child(parent) {
            continue;
        }
        let mut children =
            items.iter().zip(&parents).filter(|(_, parent)| *parent == id && !id.is_empty());
        let article = match (children.next(), children.next()) {
            (Some((child, _)), None) => fields.text(child.sku, "sku"),
            _ => String::new(),
        };
        lines.push(line_of(item, article, line, fields));
    }
    lines
}

fn parent_of(item: &Item<'_>, fields: &mut Fields) -> String {
    let parent = fields.object(&item.parent_item, "parent_item").and_then(|parent| parent.item_id);
    fields.first([(item.parent_item_id, "parent_item_id"), (parent, "parent_item")])
}

fn line_of(item: &Item<'_>, article: String, line: u64, fields: &mut Fields) -> SourceLine {
    SourceLine {
        id: fields.id(item.product_id, "product_id"),
        name: fields.text(item.name, "items.name"),
        quantity: fields.text(item.qty_ordered, "qty_ordered"),
        unit_price: fields.text(item.price, "price"),
        discount: fields.text(item.discount_amount, "items.discount_amount"),
        sku: if article.is_empty() { fields.text(item.sku, "sku") } else { article },
        at_line: line,
        ..SourceLine::default()
    }
}
