//! One order end to end, for whoever is asked what became of it.

use crate::world::{Told, World};
use ordersync::samples::Generated;

fn loaded() -> World {
    let world = World::new();
    world.generate(&Generated { orders: 60, seed: 31, defects_permille: 200, ..Generated::default() });
    world.load("backfill", 3);
    world
}

fn explained(world: &World, order: &str, more: &[&str]) -> Told {
    world.run(&[&["explain", "shop", order], more].concat())
}

#[test]
fn a_loaded_order_is_told_from_its_line_to_its_id_at_the_target() {
    let world = loaded();
    let target = world.target()["ecomOrders"][7].clone();
    let (key, number) = (target["externalid"].as_str().unwrap(), target["orderNumber"].as_str().unwrap());
    for asked in [key, number, number.trim_start_matches('#')] {
        let told = explained(&world, asked, &["--json"]);
        assert_eq!(told.code, 0, "{}", told.err);
        let value = told.json();
        let record = &value["records"][0];
        assert!(
            record["file"].as_str().unwrap().ends_with("orders.csv") && record["line"].as_u64() > Some(1)
        );
        let fate = &record["fate"];
        assert_eq!((&fate["is"], &fate["key"]), (&"valid".into(), &key.into()));
        assert_eq!(fate["remote_id"].as_str().unwrap(), target["id"].as_str().unwrap());
        assert_eq!(
            (&fate["last_write"]["run"], &fate["last_write"]["outcome"]),
            (&1.into(), &"created".into())
        );
        let payload = &fate["payload"]["ecomOrder"];
        assert_eq!(payload["source"], 0);
        assert_eq!(payload["totalPrice"].to_string(), target["totalPrice"].as_str().unwrap());
    }
    let text = explained(&world, key, &[]).out;
    assert!(text.contains("created, by run 1") && text.contains("next sync: nothing"), "{text}");
}

#[test]
fn the_address_is_masked_unless_it_is_asked_for() {
    let world = loaded();
    let target = world.target()["ecomOrders"][7].clone();
    let (key, email) = (target["externalid"].as_str().unwrap(), target["email"].as_str().unwrap());
    for form in [&["--json"][..], &[]] {
        let told = explained(&world, key, form);
        assert!(!told.out.contains(email) && told.out.contains("***@"), "{}", told.out);
    }
    assert!(explained(&world, key, &["--reveal"]).out.contains(email));
}

#[test]
fn an_invalid_order_is_told_with_its_reasons_and_its_dead_letter() {
    let world = loaded();
    let letters = world.run(&["--json", "dead-letters", "list"]).json();
    let letter = &letters["dead_letters"].as_array().unwrap().iter().find(|l| l["number"] != "").unwrap();
    let value = explained(&world, letter["number"].as_str().unwrap(), &["--json"]).json();
    let is_there = |record: &serde_json::Value| {
        record["fate"]["is"] == "invalid"
            && record["fate"]["reasons"][0]["reason"] == letter["reasons"][0]["reason"]
    };
    assert!(value["records"].as_array().unwrap().iter().any(is_there), "{value}");
    assert_eq!(value["dead_letters"][0]["order"], letter["order"]);
}

#[test]
fn an_order_nobody_knows_is_wrong_usage() {
    let told = explained(&loaded(), "#no-such-order", &[]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("#no-such-order") && told.err.contains("hint:"), "{}", told.err);
}
