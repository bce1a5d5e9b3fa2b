//! The passing of time: written orders become visible, and are copied to the records of the REST
//! API.

use super::amount::{decimals, minor};
use super::options::{CopiedTax, CopiedUnits, PriceReading, RestOrder};
use super::orders::{Fields, lines, text};
use super::state::{OrderKey, take_due};
use crate::simulator::fields::moment_of;
use crate::simulator::store::{Age, Discount, Order, Product};
use crate::simulator::world::{Trigger, World};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Applies everything that is due.
pub(in crate::simulator) fn settle(world: &mut World) {
    let now = world.clock();
    let lag = Duration::from_millis(world.options.graphql.v3_lag_ms.into());
    while let Some((due, key)) = take_due(&mut world.graphql.arriving, now) {
        let Some(object) = world.graphql.objects.get_mut(&key) else { continue };
        object.visible = Some(object.latest.clone());
        if object.is_copied {
            world.graphql.copying.push_back((due + lag, key));
        }
    }
    while let Some((_, key)) = take_due(&mut world.graphql.copying, now) {
        copy(world, &key);
    }
}

/// Copies an order to the REST API: to the record it was copied to before, to the cart it was, to
/// the order of its key, or to a new record.
fn copy(world: &mut World, key: &OrderKey) {
    let Some(object) = world.graphql.objects.get(key).cloned() else { return };
    let Some(fields) = object.visible else { return };
    // The connection was deleted meanwhile.
    if world.store.connections.get(key.0).is_none() {
        return;
    }
    world.graphql.copies += 1;
    let exists = |id: &u64| world.store.orders.get(*id).is_some();
    let age = Age { lag: Duration::ZERO, now: world.clock() };
    let like = |field, value: &str| world.store.order_like(field, value, key.0, age);
    let of_rest = || match world.options.graphql.rest_order {
        RestOrder::Updated => like("externalid", &key.1),
        RestOrder::Doubled => None,
    };
    let cart = || {
        let id = like("externalcheckoutid", text(&fields, "cartId")?)?;
        world.store.orders.get(id).is_some_and(|row| row.externalid.is_none()).then_some(id)
    };
    let known = object.copy.filter(exists).or_else(cart).or_else(of_rest);
    let order = order_of(world, key, object.customer, &fields, known);
    let id = order.id;
    if order.source == 1 {
        let (at_request, name) = (object.at_request, "Makes a purchase");
        world.triggers.push(Trigger { at_request, name, order: key.1.clone() });
    }
    match known {
        Some(id) => world.store.change_order(id, |row| *row = order),
        None => world.store.add_order(order),
    }
    if let Some(object) = world.graphql.objects.get_mut(key) {
        object.copy = Some(id);
    }
}

/// The record of the REST API for an order.
fn order_of(
    world: &mut World,
    key: &OrderKey,
    customer: u64,
    fields: &Fields,
    known: Option<u64>,
) -> Order {
    let id = known.unwrap_or_else(|| world.store.orders.take_id());
    let old = known.and_then(|id| world.store.orders.get(id)).cloned();
    let now = Timestamp::now();
    let owned = |name| text(fields, name).map(str::to_owned);
    let moment = |name| moment_of(text(fields, name)?, &world.zone);
    let currency = owned("currency").unwrap_or_default().to_ascii_uppercase();
    let units = match world.options.graphql.copied_units {
        CopiedUnits::Currency => decimals(&currency),
        CopiedUnits::Hundredths => 2,
    };
    let amount = |fields: &Fields, name: &str| minor(fields.get(name)?, units);
    let discount_field = &world.options.graphql.discount_field;
    let products: Vec<Product> = lines(fields).map(|line| product(world, line, units)).collect();
    let total = amount(fields, "finalAmount").unwrap_or_default();
    let (shipping, discount) = (amount(fields, "shippingAmount"), amount(fields, discount_field));
    let tax = match world.options.graphql.tax {
        CopiedTax::Absent => None,
        CopiedTax::Derived => {
            let of_lines: i64 = products.iter().map(|line| line.price * line.quantity).sum();
            Some(total - of_lines - shipping.unwrap_or(0) + discount.unwrap_or(0))
        }
    };
    let was_cart = old.as_ref().is_some_and(|row| row.externalcheckoutid.is_some());
    Order {
        id,
        connectionid: key.0,
        customerid: customer,
        externalid: Some(key.1.clone()),
        externalcheckoutid: owned("cartId"),
        source: i64::from(text(fields, "creationSource") != Some("HISTORICAL")),
        email: owned("email").unwrap_or_default(),
        total,
        shipping,
        tax,
        discount,
        order_url: owned("orderUrl").unwrap_or_default(),
        shipping_method: owned("shippingMethod").unwrap_or_default(),
        order_number: owned("orderNumber").unwrap_or_default(),
        placed: moment("storeCreatedDate").unwrap_or(now),
        changed: moment("storeModifiedDate"),
        abandoned: old.as_ref().and_then(|row| row.abandoned),
        state: if was_cart { 3 } else { state(text(fields, "normalizedStatus")) },
        discounts: discounts(fields, units),
        created: old.map_or(now, |row| row.created),
        updated: now,
        currency,
        products,
    }
}

/// The state of a record of the REST API, which has none for cancelled or refunded orders.
fn state(status: Option<&str>) -> u8 {
    match status {
        Some("PENDING") => 0,
        Some("ABANDONED") => 2,
        Some("RECOVERED") => 3,
        Some("WAITING" | "PENDING_PAYMENT") => 4,
        _ => 1,
    }
}

fn discounts(fields: &Fields, units: usize) -> Vec<Discount> {
    let entries = fields.get("discounts").and_then(Value::as_array).into_iter().flatten();
    let discount = |entry: &Fields| Discount {
        id: 0,
        name: text(entry, "name").map(str::to_owned),
        kind: text(entry, "type").map(str::to_ascii_lowercase),
        amount: entry.get("discountAmount").and_then(|it| minor(it, units)).unwrap_or_default(),
    };
    entries.filter_map(Value::as_object).map(discount).collect()
}

fn product(world: &World, line: &Fields, units: usize) -> Product {
    let owned = |name| text(line, name).map(str::to_owned);
    let quantity = line.get("quantity").and_then(Value::as_i64).unwrap_or(1);
    let amount =
        line.get("priceAmount").and_then(|amount| minor(amount, units)).unwrap_or_default();
    let per_piece = amount / quantity.max(1);
    let price = match world.options.graphql.price {
        PriceReading::Unit => amount,
        PriceReading::LineTotal => per_piece,
        PriceReading::Alternating if world.graphql.copies % 2 == 1 => amount,
        PriceReading::Alternating => per_piece,
        PriceReading::Multiplied => amount.saturating_mul(quantity),
    };
    Product {
        id: 0,
        externalid: owned("storeBaseProductId").or_else(|| owned("productStorePrimaryId")),
        name: owned("name").unwrap_or_default(),
        price,
        quantity,
        category: owned("category"),
        sku: owned("sku"),
        description: None,
        image_url: owned("imageUrl"),
        product_url: owned("productUrl"),
    }
}
