use super::listing::{self, Listing};
use crate::simulator::call::{Call, Resource};
use crate::simulator::fields::FieldReader;
use crate::simulator::render::{echo, without};
use crate::simulator::reply::{Problem, Reply};
use crate::simulator::store::Customer;
use crate::simulator::world::World;
use serde_json::{Map, Value, json};

pub(super) fn read(world: &World, call: &Call, id: u64) -> Reply {
    let view = world.view(&call.base);
    Reply::one(Resource::Customer, id, world.store.customers.get(id).map(|row| view.customer(row)))
}

pub(super) fn part(world: &mut World, call: &Call, id: u64, name: &str) -> Reply {
    let Some(customer) = world.store.customers.get(id) else {
        return Reply::not_found(Resource::Customer, id);
    };
    if name == "connection" {
        let view = world.view(&call.base);
        let connection = world.store.connections.get(customer.connectionid);
        return Reply::json(200, json!({"connection": connection.map(|row| view.connection(row))}));
    }
    listing::list(world, call, Resource::Order, Listing::of_parent(call, "customerid", id))
}

pub(super) fn create(world: &mut World, call: &Call, sent: &Map<String, Value>) -> Reply {
    let mut row = Customer::new(0, 0, String::new(), String::new(), call.now);
    let mut sheet = FieldReader::new(Resource::Customer, sent);
    sheet.require(&["connectionid", "email"]);
    if world.options.customer_externalid_required {
        sheet.require(&["externalid"]);
    }
    fill(&mut row, &mut sheet);
    check(world, &row, &mut sheet);
    if !sheet.problems.is_empty() {
        return Reply::problems(&sheet.problems);
    }
    row.id = world.store.customers.take_id();
    let at = world.clock();
    world.store.customers.note_added(row.id, at);
    world.store.add_customer(row.clone());
    let view = world.view(&call.base);
    let mut rendered = view.customer(&row);
    without(
        &mut rendered,
        &[
            "totalRevenue",
            "totalOrders",
            "totalProducts",
            "avgRevenuePerOrder",
            "avgProductCategory",
            "tstamp",
            "sms_marketing_state",
            "sms_opt_in_level",
            "sms_consent_updated_at",
        ],
    );
    for name in ["acceptsMarketing", "first_name", "last_name"]
        .iter()
        .filter(|name| !sent.contains_key(**name))
    {
        without(&mut rendered, &[name]);
    }
    echo(&mut rendered, sent);
    let connections = view.connections(&world.store, row.connectionid);
    Reply::created(201, json!({"connections": connections, "ecomCustomer": rendered}))
}

pub(super) fn update(world: &mut World, call: &Call, id: u64, sent: &Map<String, Value>) -> Reply {
    let Some(mut row) = world.store.customers.get(id).cloned() else {
        return Reply::not_found(Resource::Customer, id);
    };
    let mut sheet = FieldReader::new(Resource::Customer, sent);
    fill(&mut row, &mut sheet);
    check(world, &row, &mut sheet);
    if !sheet.problems.is_empty() {
        return Reply::problems(&sheet.problems);
    }
    row.updated = call.now;
    let mut rendered = world.view(&call.base).customer(&row);
    world.store.change_customer(id, |old| *old = row);
    echo(&mut rendered, sent);
    Reply::json(200, json!({"ecomCustomer": rendered}))
}

pub(super) fn delete(world: &mut World, id: u64) -> Reply {
    match world.store.customers.remove(id) {
        Some(_) => Reply::json(200, json!({})),
        None => Reply::not_found(Resource::Customer, id),
    }
}

/// Adds why the account refuses a customer. Only a new one, without an id, needs a connection even
/// if it names none.
fn check(world: &World, row: &Customer, sheet: &mut FieldReader<'_>) {
    let needs_connection = row.id == 0 || !row.is_pseudo();
    if !sheet.problems.is_empty() {
        return;
    }
    if needs_connection && world.store.connections.get(row.connectionid).is_none() {
        sheet.problems.push(Problem::unrelated(Resource::Connection, "connectionid"));
    } else {
        let (rule, age) = (world.options.customer_key, world.uniqueness_age());
        let twin = world.store.customer_like(rule, row, age);
        sheet.problems.extend(twin.map(|_| Problem::duplicate(Resource::Customer, "externalid")));
    }
}

/// Copies every field that was sent.
fn fill(row: &mut Customer, sheet: &mut FieldReader<'_>) {
    row.connectionid = sheet.id("connectionid").unwrap_or(row.connectionid);
    row.externalid = sheet.text("externalid").unwrap_or(std::mem::take(&mut row.externalid));
    row.accepts_marketing =
        sheet.text("acceptsMarketing").unwrap_or(std::mem::take(&mut row.accepts_marketing));
    row.first_name = sheet.text("first_name").or(row.first_name.take());
    row.last_name = sheet.text("last_name").or(row.last_name.take());
    if sheet.has("email") {
        row.email = sheet.email().unwrap_or_default();
    }
}
