//! Checks the orders of a mutation against the documentation, whether or not the account accepts
//! them.

use super::amount::{decimals, decimals_of};
use super::orders::{Fields, lines};
use super::request::key_of;
use super::schema::Schema;
use super::state::Path;
use crate::simulator::call::{Call, Resource};
use crate::simulator::judge::TRIED;
use crate::simulator::violations::Rule;
use crate::simulator::world::World;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// The largest batch in the documentation.
const BATCH_LEN_MAX: usize = 100;

/// Fields with more personal data than an order history needs.
const PERSONAL: &[&str] = &["shippingAddress", "billingAddress", "notes"];

/// Adds every violation of a GraphQL request.
pub(in crate::simulator) fn judge(world: &mut World, call: &Call) {
    let Some(Ok(request)) = &call.graphql else { return };
    let mut found = Vec::new();
    let introspections = request.operations().filter(|name| matches!(*name, "__type" | "__schema"));
    let introspections = introspections.count();
    if introspections > 1 {
        found.push((Rule::SeveralIntrospections, format!("{introspections} in one request")));
    }
    if call.orders.len() > BATCH_LEN_MAX {
        found.push((Rule::BatchTooLong, format!("{} orders", call.orders.len())));
    }
    let mut keys = HashSet::new();
    for (connection, id) in call.orders.iter().filter_map(key_of) {
        if !keys.insert((connection, id.clone())) {
            found.push((Rule::SameKeyTwice, format!("order {id}")));
        }
    }
    let schema = Arc::clone(&world.graphql.schema);
    for order in call.orders.iter().filter_map(Value::as_object) {
        judge_types(&schema, "OrderInput", order, &mut found);
        judge_order(order, &mut found);
    }
    let is_trial = world.is_trial(call);
    found.retain(|(rule, _)| !(is_trial && TRIED.contains(rule)));
    for (rule, detail) in found {
        world.violations.add(call.number, rule, detail);
    }
    let connections: HashSet<u64> =
        keys.iter().filter_map(|(connection, _)| connection.parse().ok()).collect();
    for connection in connections {
        note_path(world, call, connection, Path::Graphql);
    }
}

type Found = Vec<(Rule, String)>;

/// Numbers sent as texts and texts sent as numbers, blanks and nulls, by the types of the schema.
fn judge_types(schema: &Schema, type_name: &str, fields: &Fields, found: &mut Found) {
    for (name, value) in fields {
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            found.push((Rule::BlankField, format!("{name} in {type_name}")));
            continue;
        }
        let Some(field) = schema.field(type_name, name) else { continue };
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            let is_wrong = match field.ty.name() {
                "String" => item.is_number() || item.is_boolean(),
                "Int" | "BigDecimal" | "Boolean" => item.is_string(),
                _ => false,
            };
            if is_wrong {
                found.push((Rule::WrongJsonType, format!("{name} in {type_name}")));
            }
            if let Some(fields) = item.as_object() {
                judge_types(schema, field.ty.name(), fields, found);
            }
        }
    }
}

fn judge_order(order: &Fields, found: &mut Found) {
    match order.get("creationSource").and_then(Value::as_str) {
        Some("HISTORICAL") => {}
        Some(_) => found.push((Rule::SourceNotZero, "creationSource is not HISTORICAL".to_owned())),
        None => found.push((Rule::SourceNotZero, "creationSource is missing".to_owned())),
    }
    for name in PERSONAL.iter().filter(|name| order.contains_key(**name)) {
        found.push((Rule::PersonalData, format!("{name} in OrderInput")));
    }
    for name in ["storeCreatedDate", "storeModifiedDate"] {
        let date = order.get(name).and_then(Value::as_str);
        if date.is_some_and(|date| date.parse::<Timestamp>().is_err()) {
            found.push((Rule::DateWithoutOffset, format!("{name} in OrderInput")));
        }
    }
    let currency = order.get("currency").and_then(Value::as_str).unwrap_or_default();
    let allowed = decimals(currency);
    let discounts = order.get("discounts").and_then(Value::as_array).into_iter().flatten();
    let parts = lines(order).chain(discounts.filter_map(Value::as_object)).chain([order]);
    for (name, amount) in parts.flatten().filter(|(name, _)| name.ends_with("Amount")) {
        if decimals_of(amount) > allowed {
            found.push((Rule::AmountTooFine, format!("{name}: {currency} has {allowed} decimals")));
        }
    }
}

/// Notes a write of an order by REST. Carts and deletions have no other way.
pub(in crate::simulator) fn note_rest_write(world: &mut World, call: &Call) {
    let Some(route) = call.route.as_ref().filter(|route| route.resource == Resource::Order) else {
        return;
    };
    let stored = world.store.orders.get(route.id_number());
    let sent = |name| call.sent().and_then(|sent| sent.get(name)).filter(|value| !value.is_null());
    let is_order =
        sent("externalid").is_some() || stored.is_some_and(|row| row.externalid.is_some());
    let number = sent("connectionid").and_then(crate::simulator::fields::integer_of);
    let connection =
        stored.map(|row| row.connectionid).or(number.and_then(|id| u64::try_from(id).ok()));
    if let (true, "POST" | "PUT", Some(connection)) = (is_order, call.method.as_str(), connection) {
        note_path(world, call, connection, Path::Rest);
    }
}

fn note_path(world: &mut World, call: &Call, connection: u64, path: Path) {
    let first = *world.graphql.paths.entry(connection).or_insert(path);
    if first != path && world.options.graphql.one_path && !world.is_trial(call) {
        let detail = format!("orders of connection {connection} were written by the other API");
        world.violations.add(call.number, Rule::MixedPaths, detail);
    }
}
