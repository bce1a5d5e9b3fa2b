//! Documents of a shop with a history: comparisons of plans, histories of orders, and past runs.

use super::{Document, order, output, planned, planned_with, put};
use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};
use serde_json::{Value, json};
use std::fs;

/// Orders that changed, are gone, new, left out or mapped differently: compared with a run and with
/// saved plans.
pub fn a_shop_compared_with_its_past(all: &mut Vec<Document>) {
    let refunded = json!({ "financial_status": "partially_refunded", "refunds": [
        { "transactions": [{ "kind": "refund", "status": "success", "amount": "5.00" }] }] });
    let world = World::new();
    let mut orders: Vec<Value> = (1..=7).map(|id| order(id, json!({}))).collect();
    orders[1] = order(2, refunded.clone());
    put(&world, &orders);
    planned(all, &world);
    for (written, kept) in
        [("payloads.jsonl", "saved-payloads.jsonl"), ("plan.jsonl", "saved-plan.jsonl")]
    {
        fs::rename(world.path(written), world.path(kept)).unwrap();
    }
    output(all, "runs", &world, &["backfill"]);
    let world = world.policy("refunds = \"net\"\n");
    orders[0] = order(
        1,
        json!({ "total_price": "27.00", "total_tax": "2.00", "email": "other@example.com" }),
    );
    orders[2] = order(3, json!({ "financial_status": "pending" }));
    orders[4] =
        order(5, json!({ "line_items": [{ "name": "Cup", "price": "10.00", "quantity": 2 }] }));
    orders[3] = order(8, json!({}));
    put(&world, &orders);
    for held in [
        ["--since-run", "1"],
        ["--against", "saved-payloads.jsonl"],
        ["--against", "saved-plan.jsonl"],
    ] {
        planned_with(all, &world, &held);
    }
    forget_digests(&world);
    planned_with(all, &world, &["--since-run", "1"]);
}

/// Turns the state into one of a program version without digests.
fn forget_digests(world: &World) {
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    db.execute_batch("DELETE FROM order_digests; UPDATE runs SET mapping = NULL;").unwrap();
}

/// Sent again, refused, compared and not, repaired, undone.
pub fn orders_with_a_past(all: &mut Vec<Document>) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 24, seed: 13, ..GeneratorOptions::default() });
    let keys = world.keys();
    let away = Kind::Status { code: 503, retry_after: RetryAfter::None, html: true };
    world.simulator.inject(Fault::new(away).on("POST", "/ecomOrders").key(&keys[0]));
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").key(&keys[1]).forever());
    output(all, "runs", &world, &["backfill"]);
    world.simulator.clear_faults();
    let explained = |all: &mut Vec<Document>, key: &str| -> String {
        let output = output(all, "explain", &world, &["explain", "shop", key]).json();
        output["ledger"][0]["verification"]["is"].as_str().unwrap().to_owned()
    };
    assert_eq!(explained(all, &keys[0]), "never");
    explained(all, &keys[1]);
    output(all, "verify", &world, &["verify", "shop", "--sample", "1/2"]);
    output(all, "status", &world, &["status"]);
    for is in ["equal", "not_compared"] {
        assert!(keys[2..].iter().any(|key| explained(all, key) == is), "{is}");
    }
    world.simulator.edit(Edit::SetTotal { externalid: keys[2].clone(), total: 1 }).unwrap();
    world.simulator.edit(Edit::DeleteOrder { externalid: keys[3].clone() }).unwrap();
    output(all, "verify", &world, &["verify", "shop", "--repair"]);
    assert_eq!([2, 3].map(|n| explained(all, &keys[n])), ["different", "different"]);
    output(all, "dead-letters", &world, &["dead-letters", "list"]);
    world.run(&["dead-letters", "retry", "shop"]);
    output(all, "runs", &world, &["sync"]);
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("DELETE", "/ecomOrders").key(&keys[4]));
    output(all, "undo", &world, &["undo", "shop", "--run", "1", "--yes"]);
    for key in &keys[..4] {
        explained(all, key);
    }
    output(all, "status", &world, &["status"]);
}

/// ActiveCampaign accepts none of its orders, so none is found when they are read back.
pub fn a_canary_that_dies(all: &mut Vec<Document>) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 10, seed: 13, ..GeneratorOptions::default() });
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").forever());
    let output = output(all, "runs", &world, &["backfill", "--canary", "3"]).json();
    assert_eq!(output["verifications"][0]["differences_by_kind"][0]["kind"], "missing", "{output}");
}

/// The documents of a run while it waits as ActiveCampaign asked, and after it was killed.
pub fn a_run_that_waits_and_is_killed(all: &mut Vec<Document>) {
    let world = World::new().account("wait_max_s = 7200\n");
    world.generate(&GeneratorOptions { orders: 30, seed: 13, ..GeneratorOptions::default() });
    let wait = Kind::Status { code: 429, retry_after: RetryAfter::Seconds(3600), html: false };
    world.simulator.inject(Fault::new(wait).on("POST", "/ecomOrders").nth(10).forever());
    let child = world.start(&["--quiet", "backfill"]);
    until("the run waits", || {
        let status = world.run(&["--json", "status"]).json();
        let waits = status["jobs"][0]["runs"][0]["progress"]["waits_until"].is_string();
        if waits {
            all.push(("status", status));
        }
        waits
    });
    world.kill(child);
    let status = output(all, "status", &world, &["status"]).json();
    assert_eq!(status["jobs"][0]["runs"][0]["goes_on"], true, "{status}");
}
