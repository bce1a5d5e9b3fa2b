use super::listing::{self, Listing};
use super::{connections, customers, orders};
use crate::simulator::call::{Call, Resource, Route};
use crate::simulator::faults::Kind;
use crate::simulator::graphql;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;
use serde_json::{Map, Value, json};

/// Answers a request with a known path and an allowed method, struck by this fault.
pub(in crate::simulator) fn answer(
    world: &mut World,
    call: &Call,
    route: &Route,
    fault: Option<&Kind>,
) -> Reply {
    let id = route.id_number();
    let empty = Map::new();
    let sent = call.sent().unwrap_or(&empty);
    match (route.resource, call.method.as_str(), &route.id, route.sub.as_deref()) {
        (Resource::Graphql, ..) => graphql::answer(world, call, fault),
        (Resource::Root, ..) => Reply::json(200, json!({})),
        (Resource::User, ..) => Reply::json(200, json!({"user": user(call)})),
        (resource, "GET", None, _) => {
            let unfiltered = fault == Some(&Kind::IgnoreFilters) || world.options.ignore_filters;
            listing::list(world, call, resource, Listing::of(call, unfiltered))
        }
        (Resource::Connection, "GET", Some(_), None) => connections::read(world, call, id),
        (Resource::Connection, "GET", Some(_), Some(sub)) => {
            connections::part(world, call, id, sub)
        }
        (Resource::Connection, "POST", ..) => connections::create(world, call, sent),
        (Resource::Connection, "PUT", ..) => connections::update(world, call, id, sent),
        (Resource::Connection, ..) => connections::delete(world, id),
        (Resource::Customer, "GET", Some(_), None) => customers::read(world, call, id),
        (Resource::Customer, "GET", Some(_), Some(sub)) => customers::part(world, call, id, sub),
        (Resource::Customer, "POST", ..) => customers::create(world, call, sent),
        (Resource::Customer, "PUT", ..) => customers::update(world, call, id, sent),
        (Resource::Customer, ..) => customers::delete(world, id),
        (Resource::Order, "GET", Some(_), None) => orders::read(world, call, id),
        (Resource::Order, "GET", Some(_), Some(sub)) => orders::part(world, call, id, sub),
        (Resource::Order, "POST", ..) => orders::create(world, call, sent),
        (Resource::Order, "PUT", ..) => orders::update(world, call, id, sent),
        (Resource::Order, ..) => orders::delete(world, id),
        (Resource::Contact, "DELETE", ..) => listing::delete_contact(world, id),
        (Resource::Contact, ..) => listing::contact(world, call, id),
        (Resource::Product, ..) => listing::product(world, call, id, route.sub.is_some()),
    }
}

/// The user that the token belongs to.
fn user(call: &Call) -> Value {
    json!({
        "id": "1",
        "username": "simulator",
        "firstName": "",
        "lastName": "",
        "email": "simulator@example.com",
        "links": {"userGroup": format!("{}/users/1/userGroup", call.base)},
    })
}
