use super::Draft;
use crate::simulator::call::{Call, Resource};
use crate::simulator::render::without;
use crate::simulator::reply::{Problem, Reply};
use crate::simulator::world::{Trigger, World};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) fn read(world: &World, call: &Call, id: u64) -> Reply {
    let view = world.view(&call.base);
    Reply::one(Resource::Order, id, world.store.orders.get(id).map(|row| view.order(row)))
}

pub(super) fn part(world: &World, call: &Call, id: u64, name: &str) -> Reply {
    let Some(order) = world.store.orders.get(id) else {
        return Reply::not_found(Resource::Order, id);
    };
    let view = world.view(&call.base);
    let body = match name {
        "orderProducts" => json!({"ecomOrderProducts": view.products(order)}),
        "orderDiscounts" => json!({"ecomOrderDiscounts": view.discounts(order)}),
        "orderActivities" => json!({"ecomOrderActivities": []}),
        "customer" => {
            let customer = world.store.customers.get(order.customerid);
            json!({"ecomCustomer": customer.map(|row| view.customer(row))})
        }
        _ => {
            let connection = world.store.connections.get(order.connectionid);
            json!({"connection": connection.map(|row| view.connection(row))})
        }
    };
    Reply::json(200, body)
}

pub(super) fn create(world: &mut World, call: &Call, sent: &Map<String, Value>) -> Reply {
    let draft = match Draft::of_new(sent, &world.zone) {
        Ok(draft) => draft,
        Err(problems) => return Reply::problems(&problems),
    };
    let is_taken = || taken(world, &draft, draft.connectionid, None);
    if let Some(problem) = unrelated(world, &draft).or_else(is_taken) {
        return Reply::problems(&[problem]);
    }
    let id = stored(world, draft, call.now);
    let at = world.clock();
    world.store.orders.note_added(id, at);
    let Some(order) = world.store.orders.get(id).cloned() else {
        return Reply::not_found(Resource::Order, id);
    };
    if order.source == 1 {
        let name = if order.externalid.is_some() { "Makes a purchase" } else { "Abandons cart" };
        fire(world, call, name, order.key());
    }
    let has_contact = world.store.has_contact(&order.email);
    if order.source == 1 && !has_contact && world.options.email_mismatch_as_404 {
        let reply = Reply::message(404, "No Result found for Subscriber with id 1");
        return Reply { created: true, ..reply };
    }
    let view = world.view(&call.base);
    let mut rendered = view.written_order(&order, sent);
    for name in
        ["shippingAmount", "taxAmount", "discountAmount", "externalUpdatedDate", "abandonedDate"]
    {
        if !sent.contains_key(name) {
            without(&mut rendered, &[name]);
        }
    }
    let mut body = json!({
        "connections": view.connections(&world.store, order.connectionid),
        "ecomOrderProducts": view.products(&order),
        "ecomOrder": rendered,
    });
    if !order.discounts.is_empty() {
        body["ecomOrderDiscounts"] = view.discounts(&order).into();
    }
    Reply::created(201, body)
}

/// Stores the order that a draft describes, whatever else exists, and returns its id.
pub(in crate::simulator) fn stored(world: &mut World, draft: Draft, now: Timestamp) -> u64 {
    let id = world.store.orders.take_id();
    world.store.add_order(draft.into_order(id, now));
    id
}

pub(super) fn update(world: &mut World, call: &Call, id: u64, sent: &Map<String, Value>) -> Reply {
    let Some(old) = world.store.orders.get(id) else {
        return Reply::not_found(Resource::Order, id);
    };
    let (connectionid, was_cart) = (old.connectionid, old.externalid.is_none());
    let draft = match Draft::of_change(sent, &world.zone) {
        Ok(draft) => draft,
        Err(problems) => return Reply::problems(&problems),
    };
    if world.store.connections.get(connectionid).is_none() {
        return Reply::problems(&[Problem::unrelated(Resource::Connection, "connectionid")]);
    }
    if draft.customerid.is_some_and(|id| world.store.customers.get(id).is_none()) {
        return Reply::problems(&[Problem::unrelated(Resource::Customer, "customerid")]);
    }
    if let Some(problem) = taken(world, &draft, Some(connectionid), Some(id)) {
        return Reply::problems(&[problem]);
    }
    world.store.change_order(id, |order| draft.apply(order, call.now));
    let Some(order) = world.store.orders.get(id).cloned() else {
        return Reply::not_found(Resource::Order, id);
    };
    if was_cart && order.externalid.is_some() && order.source == 1 {
        fire(world, call, "Makes a purchase", order.key());
    }
    let view = world.view(&call.base);
    let mut body = json!({
        "ecomOrderProducts": view.products(&order),
        "ecomOrder": view.written_order(&order, sent),
        "contactConversions": [],
    });
    if !order.discounts.is_empty() {
        body["ecomOrderDiscounts"] = view.discounts(&order).into();
    }
    Reply::json(200, body)
}

pub(super) fn delete(world: &mut World, id: u64) -> Reply {
    if world.store.remove_order(id) {
        if world.options.graphql.v3_delete_deletes {
            world.graphql.delete_original(id);
        }
        Reply::json(200, json!({}))
    } else {
        Reply::not_found(Resource::Order, id)
    }
}

fn fire(world: &mut World, call: &Call, name: &'static str, order: String) {
    world.triggers.push(Trigger { at_request: call.number, name, order });
}

/// Errors of the records that an order names.
fn unrelated(world: &World, draft: &Draft) -> Option<Problem> {
    let connection = draft.connectionid.filter(|id| world.store.connections.get(*id).is_some());
    let Some(connection) = connection else {
        return Some(Problem::unrelated(Resource::Connection, "connectionid"));
    };
    let Some(customer) = draft.customerid.and_then(|id| world.store.customers.get(id)) else {
        return Some(Problem::unrelated(Resource::Customer, "customerid"));
    };
    let is_foreign = customer.connectionid != connection;
    (is_foreign && world.options.foreign_customer_refused)
        .then(|| Problem::invalid(Resource::Order, "customerid"))
}

/// The problem of a key that an order or cart of the connection other than `own` has already.
pub(in crate::simulator) fn taken(
    world: &World,
    draft: &Draft,
    connection: Option<u64>,
    own: Option<u64>,
) -> Option<Problem> {
    let (connection, age) = (connection?, world.uniqueness_age());
    let keys =
        [("externalid", &draft.externalid), ("externalcheckoutid", &draft.externalcheckoutid)];
    keys.into_iter().find_map(|(field, key)| {
        let id = world.store.order_like(field, key.as_ref()?, connection, age)?;
        (Some(id) != own).then(|| Problem::duplicate(Resource::Order, field))
    })
}
