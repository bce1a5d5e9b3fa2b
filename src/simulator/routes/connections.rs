use super::listing::{self, Listing};
use crate::simulator::call::{Call, Resource};
use crate::simulator::fields::FieldReader;
use crate::simulator::render::{echo, without};
use crate::simulator::reply::{Problem, Reply};
use crate::simulator::store::Connection;
use crate::simulator::world::World;
use serde_json::{Map, Value, json};

const REQUIRED: &[&str] = &["service", "externalid", "name", "logoUrl", "linkUrl"];

pub(super) fn read(world: &World, call: &Call, id: u64) -> Reply {
    let view = world.view(&call.base);
    Reply::one(
        Resource::Connection,
        id,
        world.store.connections.get(id).map(|row| view.connection(row)),
    )
}

pub(super) fn part(world: &mut World, call: &Call, id: u64, name: &str) -> Reply {
    if world.store.connections.get(id).is_none() {
        return Reply::not_found(Resource::Connection, id);
    }
    if name == "options" {
        return Reply::json(200, json!({"options": []}));
    }
    listing::list(world, call, Resource::Customer, Listing::of_parent(call, "connectionid", id))
}

pub(super) fn create(world: &mut World, call: &Call, sent: &Map<String, Value>) -> Reply {
    let mut sheet = FieldReader::new(Resource::Connection, sent);
    sheet.require(REQUIRED);
    let mut row = Connection::new(0, String::new(), String::new(), call.now);
    fill(&mut row, &mut sheet);
    if !sheet.problems.is_empty() {
        return Reply::problems(&sheet.problems);
    }
    if world.store.connection_like(&row.service, &row.externalid).is_some() {
        return taken();
    }
    row.id = world.store.connections.take_id();
    let mut rendered = world.view(&call.base).connection(&row);
    world.store.connections.insert(row);
    without(
        &mut rendered,
        &[
            "status",
            "syncStatus",
            "sync_request_time",
            "sync_start_time",
            "lastSync",
            "credentialExpiration",
            "disconnectDate",
            "listId",
            "planTier",
        ],
    );
    rendered["isInternal"] = 0.into();
    echo(&mut rendered, sent);
    let status = if world.options.connection_created_as_200 { 200 } else { 201 };
    Reply::created(status, json!({"connection": rendered, "meta": {}}))
}

pub(super) fn update(world: &mut World, call: &Call, id: u64, sent: &Map<String, Value>) -> Reply {
    let Some(mut row) = world.store.connections.get(id).cloned() else {
        return Reply::not_found(Resource::Connection, id);
    };
    let mut sheet = FieldReader::new(Resource::Connection, sent);
    fill(&mut row, &mut sheet);
    if !sheet.problems.is_empty() {
        return Reply::problems(&sheet.problems);
    }
    if world.store.connection_like(&row.service, &row.externalid).is_some_and(|other| other != id) {
        return taken();
    }
    row.updated = call.now;
    let mut rendered = world.view(&call.base).connection(&row);
    world.store.connections.change(id, |old| *old = row);
    without(&mut rendered, &["lastSync", "credentialExpiration"]);
    echo(&mut rendered, sent);
    Reply::json(200, json!({"connection": rendered, "meta": {}}))
}

pub(super) fn delete(world: &mut World, id: u64) -> Reply {
    match world.store.connections.remove(id) {
        Some(_) => Reply::json(200, json!({"meta": {}})),
        None => Reply::not_found(Resource::Connection, id),
    }
}

/// Copies every field that was sent.
fn fill(row: &mut Connection, sheet: &mut FieldReader<'_>) {
    for (name, field) in [
        ("service", &mut row.service),
        ("externalid", &mut row.externalid),
        ("name", &mut row.name),
        ("logoUrl", &mut row.logo_url),
        ("linkUrl", &mut row.link_url),
        ("status", &mut row.status),
        ("syncStatus", &mut row.sync_status),
    ] {
        if let Some(text) = sheet.text(name) {
            *field = text;
        }
    }
    // The documentation has both forms.
    row.list_id = sheet.text("listId").or_else(|| sheet.text("listid")).or(row.list_id.take());
}

/// A second connection of the same shop gets another code than other duplicates.
fn taken() -> Reply {
    let title = "The integration already exists in the system.".to_owned();
    Reply::problems(&[Problem::new("field_invalid", title, "externalid")])
}
