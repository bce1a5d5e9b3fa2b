use crate::simulator::call::{Call, Resource};
use crate::simulator::render::View;
use crate::simulator::reply::Reply;
use crate::simulator::store::{Age, Row, Selection, Table};
use crate::simulator::world::World;
use serde_json::{Value, json};
use std::time::Duration;

/// Rows of a page when the request doesn't say, and at most.
const PAGE_LEN: usize = 20;
const PAGE_LEN_MAX: usize = 100;

/// The query of a list.
pub(super) struct Listing {
    filters: Vec<(String, String)>,
    sort: Vec<(String, bool)>,
    offset: usize,
    limit: usize,
}

impl Listing {
    pub fn of(call: &Call, unfiltered: bool) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let filters = if unfiltered { Vec::new() } else { call.filters().map(owned).collect() };
        let ascending = |value: &str| !value.eq_ignore_ascii_case("desc");
        let limit = call.number_in_query("limit").filter(|limit| *limit > 0).unwrap_or(PAGE_LEN);
        Self {
            filters,
            sort: call.orders().map(|(name, value)| (name.to_owned(), ascending(value))).collect(),
            offset: call.number_in_query("offset").unwrap_or(0),
            limit: limit.min(PAGE_LEN_MAX),
        }
    }

    /// The records that belong to another one.
    pub fn of_parent(call: &Call, field: &str, id: u64) -> Self {
        let mut listing = Self::of(call, true);
        listing.filters.push((field.to_owned(), id.to_string()));
        listing
    }

    /// A page of a table. Fields that lists don't know are ignored, as the real account does.
    fn reply<R: Row>(
        mut self,
        name: &str,
        table: &mut Table<R>,
        total_as_int: bool,
        age: Age,
        render: impl Fn(&R) -> Value,
    ) -> Reply {
        self.filters.retain(|(name, _)| R::knows(name));
        self.sort.retain(|(name, _)| R::knows(name));
        let selection = Selection { filters: self.filters, sort: self.sort };
        let (rows, total) = table.page(selection, self.offset, self.limit, age);
        page(name, rows.into_iter().map(render).collect(), total, self.offset, total_as_int)
    }
}

/// A page of the records of one kind.
pub(super) fn list(
    world: &mut World,
    call: &Call,
    resource: Resource,
    mut listing: Listing,
) -> Reply {
    if world.options.ignore_offset {
        listing.offset = 0;
    }
    let as_int = world.options.total_as_int;
    let lag = Duration::from_millis(world.options.list_lag_ms.into());
    let age = Age { lag, now: world.clock() };
    // Borrows single tables, because these change: they cache the last list.
    let view =
        View { zone: &world.zone, base: &call.base, total_products: world.options.total_products };
    let store = &mut world.store;
    match resource {
        Resource::Connection => {
            listing.reply("connections", &mut store.connections, as_int, age, |row| {
                view.connection(row)
            })
        }
        Resource::Customer => {
            listing
                .reply("ecomCustomers", &mut store.customers, as_int, age, |row| view.customer(row))
        }
        // Documented as 422, and observed empty: no order belongs to connection 0.
        Resource::Order if call.filter("connectionid") == Some("0") => Reply::json(422, json!({})),
        Resource::Order => {
            listing.reply("ecomOrders", &mut store.orders, as_int, age, |row| view.order(row))
        }
        Resource::Contact => {
            listing.reply("contacts", &mut store.contacts, as_int, age, |row| view.contact(row))
        }
        Resource::Product | Resource::User | Resource::Root | Resource::Graphql => {
            products(world, call, &listing)
        }
    }
}

fn page(name: &str, rows: Vec<Value>, total: usize, offset: usize, total_as_int: bool) -> Reply {
    let ends = offset + rows.len() >= total;
    let total = if total_as_int { json!(total) } else { json!(total.to_string()) };
    let mut reply = Reply::json(200, json!({name: rows, "meta": {"total": total}}));
    reply.list_ends = ends;
    reply
}

/// All lines of all orders; this list has no filters.
fn products(world: &World, call: &Call, listing: &Listing) -> Reply {
    let view = world.view(&call.base);
    let (rows, total) = world.store.product_page(listing.offset, listing.limit);
    let rows = rows.into_iter().map(|(order, product)| view.product(order, product)).collect();
    page("ecomOrderProducts", rows, total, listing.offset, world.options.total_as_int)
}

pub(super) fn contact(world: &World, call: &Call, id: u64) -> Reply {
    let view = world.view(&call.base);
    Reply::one(Resource::Contact, id, world.store.contacts.get(id).map(|row| view.contact(row)))
}

/// Deletes a contact; its customers stay, with an invented address.
pub(super) fn delete_contact(world: &mut World, id: u64) -> Reply {
    let Some(email) = world.store.contacts.get(id).map(|row| row.email.clone()) else {
        return Reply::not_found(Resource::Contact, id);
    };
    world.store.delete_contact(&email);
    Reply::json(200, json!({}))
}

/// One line of an order, or the order it belongs to.
pub(super) fn product(world: &World, call: &Call, id: u64, of_order: bool) -> Reply {
    let view = world.view(&call.base);
    match world.store.product(id) {
        None => Reply::not_found(Resource::Product, id),
        Some((order, _)) if of_order => Reply::json(200, json!({"ecomOrder": view.order(order)})),
        Some((order, product)) => {
            Reply::json(200, json!({"ecomOrderProduct": view.product(order, product)}))
        }
    }
}
