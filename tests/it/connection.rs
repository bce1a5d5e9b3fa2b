//! The connection of a job: listed, found, or made.

use crate::world::World;
use ordersync::simulator::{Edit, Fault, Kind};

#[test]
fn ensure_makes_it_once_and_prints_its_id() {
    let world = World::new();
    let told = world.run(&["connection", "ensure", "shop"]);
    assert_eq!((told.code, told.out.as_str()), (0, "1\n"), "{}", told.err);
    assert!(told.err.contains("created"), "{}", told.err);
    let told = world.run(&["--json", "connection", "ensure", "shop"]).json()["connection"].clone();
    assert_eq!((&told["id"], &told["created"]), (&"1".into(), &false.into()));
    assert_eq!((world.summary().connections, world.summary().writes), (1, 1));
}

#[test]
fn ensure_makes_it_again_where_it_was_deleted() {
    let world = World::new();
    world.run(&["connection", "ensure", "shop"]);
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    let told = world.run(&["connection", "ensure", "shop"]);
    assert_eq!((told.code, told.out.as_str()), (0, "2\n"), "{}", told.err);
}

#[test]
fn the_list_shows_all_of_the_account_and_marks_native_ones() {
    let world = World::new();
    let (service, externalid, name) = ("shopify".into(), "native".into(), "Own".into());
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: true }).unwrap();
    world.run(&["connection", "ensure", "shop"]);
    let lines = world.run(&["--json", "connection", "list"]).json()["connections"].clone();
    assert_eq!(lines.as_array().unwrap().len(), 2);
    assert_eq!((&lines[0]["native"], &lines[0]["jobs"]), (&true.into(), &serde_json::json!([])));
    assert_eq!((&lines[1]["name"], &lines[1]["jobs"][0]), (&"Test Store".into(), &"shop".into()));
    let text = world.run(&["connection", "list", "shop"]).out;
    assert!(text.contains("native") && text.contains("test-store"), "{text}");
}

#[test]
fn a_native_one_is_not_ours_and_a_bad_token_is_told() {
    let world = World::new();
    let (service, externalid, name) = ("shopify".into(), "test-store".into(), "Native".into());
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: true }).unwrap();
    let told = world.run(&["connection", "ensure", "shop"]);
    assert_eq!(told.code, 2, "{}", told.err);
    world.simulator.inject(Fault::new(Kind::Forbidden).forever());
    assert_eq!(world.run(&["connection", "list"]).code, 5);
}
