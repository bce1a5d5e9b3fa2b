//! The operations: validate and write a batch, read an order back.

use super::amount::{decimals, minor};
use super::error::GraphqlError;
use super::options::{GraphqlOptions, Update};
use super::parser::Field;
use super::state::{CustomObject, OrderKey};
use crate::simulator::call::Call;
use crate::simulator::faults::Kind;
use crate::simulator::fields::{moment_of, plausible};
use crate::simulator::options::CustomerRule;
use crate::simulator::store::{Age, Customer};
use crate::simulator::world::{Trigger, World};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(super) type Fields = Map<String, Value>;

/// The result of a mutation.
#[derive(Default)]
pub(super) struct Written {
    /// The orders as they are now; null for one that was not stored.
    pub receipts: Vec<Value>,
    /// An error for each null.
    pub errors: Vec<GraphqlError>,
}

/// Writes the orders of one mutation: all of them or none, unless the options say otherwise.
pub(super) fn write(
    world: &mut World,
    call: &Call,
    field: &Field,
    mut orders: Vec<Fields>,
    fault: Option<&Kind>,
) -> Result<Written, GraphqlError> {
    if let Some(Kind::StoredInPart { orders: stored, .. }) = fault {
        orders.truncate(*stored);
    }
    let faults: Vec<Option<String>> = orders.iter().map(|order| fault_of(world, order)).collect();
    let options = &world.options.graphql;
    let is_partial = options.partial_null && field.name == "bulkUpsertOrders";
    if !is_partial && faults.iter().any(Option::is_some) {
        let mut refusal = GraphqlError::of_orders(options, "Validation errors");
        for (n, text) in faults.iter().enumerate() {
            refusal
                .extensions
                .extend(text.as_ref().and_then(|text| named(options, n, &orders[n], text)));
        }
        return Err(refusal);
    }
    let dropped = match fault {
        Some(Kind::AsyncDropsOne { key }) => {
            let named =
                |key: &String| orders.iter().position(|order| order["storeOrderId"] == **key);
            key.as_ref().map_or(orders.len().checked_sub(1), named)
        }
        _ => None,
    };
    let mut written = Written::default();
    for (n, order) in orders.into_iter().enumerate() {
        let receipt = match &faults[n] {
            Some(text) => {
                let mut error =
                    GraphqlError::of_orders(&world.options.graphql, "Validation errors");
                error.path = vec![json!(field.key()), json!(n)];
                error.extensions.extend(named(&world.options.graphql, n, &order, text));
                written.errors.push(error);
                Value::Null
            }
            None if dropped == Some(n) => Value::Object(order),
            None => upsert(world, call, order, fault != Some(&Kind::CopyNeverArrives)),
        };
        written.receipts.push(receipt);
    }
    Ok(written)
}

/// The entry of `extensions` that names an order and what is wrong with it.
fn named(
    options: &GraphqlOptions,
    n: usize,
    order: &Fields,
    text: &str,
) -> Option<(String, Value)> {
    let prefix = options.ext_prefix.as_ref()?.replace("{i}", &n.to_string());
    let id = order["storeOrderId"].as_str().unwrap_or_default();
    Some((format!("{prefix}-storeOrderId-{id}"), json!(text)))
}

pub(super) fn text<'a>(order: &'a Fields, name: &str) -> Option<&'a str> {
    order.get(name).and_then(Value::as_str)
}

/// Connection and id of a coerced order.
pub(super) fn key(order: &Fields) -> OrderKey {
    let connection = order.get("legacyConnectionId").and_then(Value::as_u64).unwrap_or_default();
    (connection, text(order, "storeOrderId").unwrap_or_default().to_owned())
}

/// Why the account refuses an order.
fn fault_of(world: &World, order: &Fields) -> Option<String> {
    let (connection, id) = key(order);
    if let Some(text) = world.graphql.refused.get(&id) {
        return Some(text.clone());
    }
    let currency = text(order, "currency");
    let amount = |fields: &Fields, name: &str| {
        let amount = fields.get(name).filter(|amount| !amount.is_null())?;
        let minor = minor(amount, decimals(currency.unwrap_or_default()));
        let fits = minor.is_some_and(|minor| (0..=i64::from(i32::MAX)).contains(&minor));
        (!fits).then(|| format!("{name} is out of range"))
    };
    let is_date =
        |name| text(order, name).is_none_or(|date| moment_of(date, &world.zone).is_some());
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic());
    let checks = [
        (id.trim().is_empty(), "storeOrderId must not be blank"),
        (world.store.connections.get(connection).is_none(), "legacyConnectionId is unknown"),
        (!text(order, "email").is_some_and(plausible), "email must be a well-formed email address"),
        (currency.is_some_and(|code| !is_code(code)), "currency must be an ISO code"),
        (!is_date("storeCreatedDate"), "storeCreatedDate must be a date"),
        (!is_date("storeModifiedDate"), "storeModifiedDate must be a date"),
    ];
    let found = checks.iter().find(|(fails, _)| *fails).map(|(_, text)| (*text).to_owned());
    let of_order = || {
        let names = ["finalAmount", "shippingAmount", &world.options.graphql.discount_field];
        names.into_iter().find_map(|name| amount(order, name))
    };
    let of_line = || {
        lines(order).find_map(|line| {
            let blank = text(line, "name").is_none_or(|name| name.trim().is_empty());
            let quantity = line.get("quantity").and_then(Value::as_i64).unwrap_or_default();
            let fault = blank.then_some("lineItems.name must not be blank");
            let fault = fault.or((quantity < 1).then_some("lineItems.quantity must be positive"));
            fault.map(str::to_owned).or_else(|| amount(line, "priceAmount"))
        })
    };
    found.or_else(of_order).or_else(of_line)
}

pub(super) fn lines(order: &Fields) -> impl Iterator<Item = &Fields> {
    let lines = order.get("lineItems").and_then(Value::as_array);
    lines.into_iter().flatten().filter_map(Value::as_object)
}

/// Stores an order and returns it as it is now. Contact and customer are there at once.
fn upsert(world: &mut World, call: &Call, order: Fields, is_copied: bool) -> Value {
    let customer = customer_of(world, call, &order);
    let key = key(&order);
    let lag = Duration::from_millis(world.options.graphql.object_lag_ms.into());
    let due = world.clock() + lag;
    let old = world.graphql.objects.remove(&key);
    // The meaning of a missing source is unknown; this is the dangerous reading.
    if text(&order, "creationSource") != Some("HISTORICAL") {
        let name = if old.is_some() { "Order updated" } else { "Order created" };
        world.triggers.push(Trigger { at_request: call.number, name, order: key.1.clone() });
    }
    let old = old.unwrap_or_default();
    let mut latest = match world.options.graphql.update {
        Update::Replace => order,
        Update::Merge => merged(&old.latest, order),
    };
    latest
        .insert("connectionId".to_owned(), json!(format!("00000000-0000-4000-8000-{:012}", key.0)));
    let receipt = Value::Object(latest.clone());
    let object = CustomObject { latest, customer, is_copied, at_request: call.number, ..old };
    world.graphql.objects.insert(key.clone(), object);
    world.graphql.arriving.push_back((due, key));
    receipt
}

/// An order with the fields and lines that an update left out.
fn merged(old: &Fields, new: Fields) -> Fields {
    let name = |line: &Value| {
        let names = ["storeLineItemId", "productStorePrimaryId", "storeBaseProductId", "name"];
        names.into_iter().find_map(|name| line.get(name).filter(|id| !id.is_null()).cloned())
    };
    let mut merged = old.clone();
    for (field, mut value) in new {
        if let (true, Some(Value::Array(before)), Value::Array(lines)) =
            (field == "lineItems", old.get(&field), &mut value)
        {
            let kept =
                before.iter().filter(|line| !lines.iter().any(|new| name(new) == name(line)));
            let kept: Vec<Value> = kept.cloned().collect();
            lines.extend(kept);
        }
        merged.insert(field, value);
    }
    merged
}

/// The customer of an order, created when there is none.
fn customer_of(world: &mut World, call: &Call, order: &Fields) -> u64 {
    let (connection, _) = key(order);
    let email = text(order, "email").unwrap_or_default().to_owned();
    let external = text(order, "storeCustomerId").unwrap_or_default().to_owned();
    let mut row = Customer::new(0, connection, external, email, call.now);
    // Named by customerData, else by an address: that is how a buyer is renamed to the recipient.
    let person =
        ["customerData", "shippingAddress", "billingAddress"].into_iter().find_map(|name| {
            order.get(name)?.as_object().filter(|person| text(person, "firstName").is_some())
        });
    let name = |name| person.and_then(|person| text(person, name)).map(str::to_owned);
    (row.first_name, row.last_name) = (name("firstName"), name("lastName"));
    let rule =
        if row.externalid.is_empty() { CustomerRule::ByEmail } else { world.options.customer_key };
    let age = Age { lag: Duration::ZERO, now: world.clock() };
    if let Some(id) = world.store.customer_like(rule, &row, age) {
        world.store.change_customer(id, |known| {
            known.first_name = row.first_name.or(known.first_name.take());
            known.last_name = row.last_name.or(known.last_name.take());
        });
        return id;
    }
    if order.get("acceptsMarketing") == Some(&Value::Bool(true)) {
        row.accepts_marketing = "1".to_owned();
    }
    row.id = world.store.customers.take_id();
    let id = row.id;
    world.store.add_customer(row);
    id
}
