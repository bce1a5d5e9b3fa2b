//! A dead letter is removed when its cause is fixed, and all counts of dead letters agree.

use crate::world::World;
use ordersync::simulator::{Fault, Kind, RetryAfter};
use serde_json::{Value, json};

/// A valid order. `more` replaces fields of it.
fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"),
        "created_at": "2024-01-31T10:11:12-05:00", "currency": "USD", "total_price": "20.00",
        "financial_status": "paid", "line_items": [{ "name": "Mug", "price": "20.00", "quantity": 1 }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn valid(id: u64) -> Value {
    order(id, json!({}))
}

fn bad(id: u64) -> Value {
    order(id, json!({ "total_price": "ten" }))
}

fn put(world: &World, file: &str, orders: &[Value]) {
    world.export(file, json!({ "orders": orders }).to_string());
}

fn listed(world: &World) -> Vec<Value> {
    let list = world.run(&["--json", "dead-letters", "list"]).json();
    let letters = list["dead_letters"].as_array().unwrap().clone();
    assert_eq!(list["total"], letters.len());
    let status = world.run(&["--json", "status"]).json()["jobs"][0].clone();
    assert_eq!(status["dead_letters"], letters.len(), "{status}");
    letters
}

/// A sync that reads the whole export: the run, the list, the status and the metrics agree.
fn sync(world: &World) -> Vec<Value> {
    let output = world.run(&["--json", "--quiet", "sync", "--metrics-file", "metrics.prom"]);
    let run = output.json()["runs"][0].clone();
    assert_eq!(run["outcome"], "finished", "{run}");
    let letters = listed(world);
    let dead = run["invalid"].as_u64().unwrap() + run["refused"].as_u64().unwrap();
    assert_eq!(letters.len() as u64, dead, "{run}\n{letters:?}");
    assert_eq!(output.code, if dead > 0 { 3 } else { 0 });
    let metrics = std::fs::read_to_string(world.path("metrics.prom")).unwrap();
    let line = format!("ordersync_dead_letters{{job=\"shop\"}} {dead}");
    assert!(metrics.lines().any(|shown| shown == line), "{line}\n{metrics}");
    letters
}

fn refuse(world: &World, key: &str) {
    let refusal = Kind::Status { code: 400, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(refusal).on("POST", "/ecomOrders").key(key).forever());
}

fn reasons(letters: &[Value]) -> Vec<&str> {
    letters.iter().map(|letter| letter["reasons"][0]["reason"].as_str().unwrap()).collect()
}

#[test]
fn it_is_removed_however_the_cause_was_fixed() {
    type Change = fn(World) -> World;
    let cases: [(&str, Change); 6] = [
        ("mended", |world| {
            put(&world, "a.json", &[valid(1), valid(2)]);
            world
        }),
        ("filtered by a rule", |world| {
            put(&world, "a.json", &[valid(1), order(2, json!({ "email": "" }))]);
            world.policy("missing_email = \"filter\"\n")
        }),
        ("filtered by its status", |world| {
            put(&world, "a.json", &[valid(1), order(2, json!({ "financial_status": "pending" }))]);
            world
        }),
        ("not in the export any more", |world| {
            put(&world, "a.json", &[valid(1)]);
            world
        }),
        ("replaced by a newer file", |world| {
            put(&world, "b.json", &[valid(2)]);
            world
        }),
        ("file removed", |world| {
            put(&world, "b.json", &[valid(1)]);
            std::fs::remove_file(world.path("exports/a.json")).unwrap();
            world
        }),
    ];
    for (case, change) in cases {
        let world = World::new();
        put(&world, "a.json", &[valid(1), bad(2)]);
        assert_eq!(reasons(&sync(&world)), ["bad_money"], "{case}");
        assert_eq!(reasons(&sync(&world)), ["bad_money"], "{case}: while the cause is there");
        let world = change(world);
        assert!(sync(&world).is_empty(), "{case}");
    }
}

#[test]
fn a_refused_order_that_left_the_export_is_sent_again_when_it_returns() {
    let world = World::new();
    put(&world, "a.json", &[valid(1), valid(2)]);
    refuse(&world, "2");
    assert_eq!(reasons(&sync(&world)), ["order_http_400"]);
    put(&world, "a.json", &[valid(1), order(2, json!({ "financial_status": "pending" }))]);
    assert!(sync(&world).is_empty());
    put(&world, "a.json", &[valid(1), valid(2)]);
    assert_eq!(reasons(&sync(&world)), ["order_http_400"], "its reason is known again");
    put(&world, "a.json", &[valid(1), bad(2)]);
    assert_eq!(reasons(&sync(&world)), ["bad_money"]);
    world.simulator.clear_faults();
    put(&world, "a.json", &[valid(1), valid(2)]);
    assert!(sync(&world).is_empty(), "its fault is mended, and it is accepted now");
    assert_eq!(world.summary().orders, 2);
}

#[test]
fn each_record_has_its_own_letter() {
    let world = World::new();
    let keyless = order(0, json!({ "id": null, "name": "" }));
    let copies =
        [bad(2), bad(2), bad(2), keyless.clone(), keyless, valid(3), valid(3), bad(4), valid(4)];
    put(&world, "a.json", &copies);
    refuse(&world, "4");
    // Of identical copies the first counts; the others are filtered.
    let first = sync(&world);
    assert_eq!(first.len(), 5);
    for _ in 0..2 {
        assert_eq!(reasons(&sync(&world)), reasons(&first), "each keeps its reason");
    }
    put(&world, "a.json", &[valid(2), valid(3)]);
    assert!(sync(&world).is_empty());
}

#[test]
fn a_run_that_did_not_read_everything_removes_only_what_it_saw_mended() {
    let world = World::new().account("in_flight_max = 1\n");
    put(&world, "a.json", &[valid(1), bad(2), bad(3), bad(4), valid(5)]);
    assert_eq!(sync(&world).len(), 3);
    let mended = [valid(1), valid(2), order(3, json!({ "financial_status": "pending" })), valid(5)];
    let changed = order(1, json!({ "total_price": "21.00" }));
    put(&world, "a.json", &[changed, mended[1].clone(), mended[2].clone(), mended[3].clone()]);
    let away = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(100_000), html: false };
    world.simulator.inject(Fault::new(away).on("PUT", "/ecomOrders/1").forever());
    assert_eq!(world.run(&["sync"]).code, 6);
    assert_eq!(listed(&world).len(), 3, "it did not get past the first record");
    world.simulator.clear_faults();
    assert_eq!(world.run(&["backfill", "--yes", "--to", "1990-01-01"]).code, 0);
    assert_eq!(listed(&world).len(), 2, "3 is filtered; the others were left out by their date");
    assert!(sync(&world).is_empty());
}
