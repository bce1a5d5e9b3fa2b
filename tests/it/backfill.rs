//! A whole history goes in once, to the cent, and a second time sends nothing.

use crate::schema::assert_fits;
use crate::world::{World, assert_adds_up};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::Options;
use serde_json::Value;
use std::collections::BTreeSet;

fn assert_target_is(world: &World, truth: &Expected) {
    let summary = world.summary();
    assert_eq!(summary.orders as u64, truth.valid, "each valid order once");
    assert_eq!(summary.customers as u64, truth.customers, "each customer once");
    assert_eq!(summary.connections, 1);
    let sums: Vec<_> = summary
        .by_currency
        .iter()
        .map(|(code, t)| (code.as_str(), t.orders, t.total_minor))
        .collect();
    let expected: Vec<_> =
        truth.totals.iter().map(|(code, t)| (*code, t.orders, t.minor_units as i64)).collect();
    assert_eq!(sums, expected, "to the minor unit");
    assert_eq!(summary.triggers_fired, 0, "no automation fires for an old order");
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
}

#[test]
fn every_valid_order_arrives_once_and_to_the_cent() {
    let world = World::new();
    let truth = world.generate(&GeneratorOptions {
        orders: 1_000,
        seed: 7,
        defects_permille: 30,
        ..GeneratorOptions::default()
    });
    let run = world.load("backfill", 3);
    assert_eq!(run["outcome"], "finished");
    assert_eq!(run["created"], truth.valid);
    assert_eq!(run["read"], truth.orders);
    assert_eq!(run["invalid"], truth.orders - truth.valid);
    assert_eq!(run["customers"]["created"], truth.customers);
    assert_adds_up(&run);
    assert_target_is(&world, &truth);
}

#[test]
fn it_takes_one_request_for_each_new_customer_and_each_order() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 500, seed: 3, ..GeneratorOptions::default() });
    let run = world.load("backfill", 0);
    let connection = 2; // looked for, and made
    assert_eq!(run["requests"]["total"], truth.valid + truth.customers + connection);
    assert_eq!(world.summary().requests, truth.valid + truth.customers + connection);
}

#[test]
fn a_second_backfill_sends_nothing() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 200, seed: 1, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    let before = world.summary().requests;
    let second = world.load("backfill", 0);
    assert_eq!(second["unchanged"], truth.valid);
    assert_eq!(world.summary().requests, before);
    assert_adds_up(&second);
}

#[test]
fn a_sync_sends_the_changes_and_nothing_else() {
    let world = World::new();
    let day_one = GeneratorOptions { orders: 400, seed: 5, ..GeneratorOptions::default() };
    let first = world.generate(&day_one);
    world.load("backfill", 0);
    let before = world.summary();
    let second =
        world.generate(&GeneratorOptions { changed_permille: 50, extra_orders: 20, ..day_one });
    let run = world.load("sync", 0);
    assert_eq!(run["kind"], "sync");
    assert_eq!(run["updated"], second.changed);
    assert_eq!(run["created"], 20);
    let new_customers = second.customers - first.customers;
    assert_eq!(world.summary().requests - before.requests, second.changed + 20 + new_customers);
    assert_adds_up(&run);
    assert_target_is(&world, &second);
}

#[test]
fn an_update_brings_its_products_along() {
    let world = World::new();
    let day_one = GeneratorOptions { orders: 50, seed: 5, ..GeneratorOptions::default() };
    world.generate(&day_one);
    world.load("backfill", 0);
    let truth = world.generate(&GeneratorOptions { changed_permille: 1000, ..day_one });
    assert_eq!(truth.changed, 50);
    world.load("sync", 0);
    let target = world.target();
    let lines: usize = target["ecomOrders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["ecomOrderProducts"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(lines as u64, truth.lines);
}

#[test]
fn a_canary_loads_a_few_and_the_backfill_resumes_from_there() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 100, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["--json", "backfill", "--canary", "7"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let canary: Value = output.json()["runs"][0].clone();
    assert_eq!((&canary["created"], &canary["outcome"]), (&7.into(), &"interrupted".into()));
    assert_adds_up(&canary);
    assert_eq!(world.summary().orders, 7);
    let verified = &output.json()["verifications"][0];
    assert_eq!((&verified["matching"], &verified["differences"]), (&7.into(), &0.into()));
    let target = world.target()["ecomOrders"].as_array().unwrap().clone();
    let lines = |order: &Value| order["ecomOrderProducts"].as_array().map_or(0, Vec::len);
    assert!(
        target.iter().any(|order| lines(order) > 1) && target.iter().any(|order| lines(order) == 1)
    );
    let currencies: BTreeSet<_> =
        target.iter().map(|order| order["currency"].to_string()).collect();
    assert!(currencies.len() > 1, "of different kinds: {currencies:?}");
    let rest = world.load("backfill", 0);
    assert_eq!(rest["run"], canary["run"], "the same run goes on");
    assert_eq!(rest["created"], truth.valid);
    assert_adds_up(&rest);
    assert_target_is(&world, &truth);
}

#[test]
fn a_canary_of_everything_is_the_whole_backfill() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 5, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill", "--canary", "50"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(
        output.out.contains("the same on both sides") && output.out.contains("finished"),
        "{}",
        output.out
    );
    assert!(
        output.out.contains("They are all there are, so nothing is left to load"),
        "{}",
        output.out
    );
    assert_eq!(world.summary().orders as u64, truth.valid);
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 1, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill", "--canary", "1"]).out;
    assert!(
        output.contains("1 order, read back") && output.contains("It is the only one"),
        "{output}"
    );
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 9, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill", "--canary", "1"]).out;
    assert!(output.contains("`ordersync backfill shop` loads the rest"), "{output}");
}

#[test]
fn a_backfill_shows_its_plan_before_the_first_write() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 40, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill"]);
    assert!(
        output.err.contains("40 are to be created") && output.err.contains("Forecast:"),
        "{}",
        output.err
    );
    assert!(!world.run(&["--quiet", "backfill"]).err.contains("Forecast"));
    // Damage is found by it, before anything is sent.
    let other = World::new();
    other.generate(&GeneratorOptions { orders: 40, seed: 9, ..GeneratorOptions::default() });
    let path = other.path("exports/orders.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\"#9999,{}", "x".repeat(17 << 20))).unwrap();
    let output = other.run(&["backfill"]);
    assert_eq!(output.code, 1, "{}", output.err);
    assert!(output.err.contains("nothing was sent"), "{}", output.err);
    assert_eq!(other.summary().writes, 0);
}

#[test]
fn progress_can_be_followed_by_a_program() {
    let world = World::with(Options::default());
    world.generate(&GeneratorOptions { orders: 9, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["--json", "backfill", "--progress", "json"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(output.json()["runs"][0]["created"], 9);
    let lines: Vec<Value> =
        output.err.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!lines.is_empty(), "{}", output.err);
    for line in &lines {
        assert_fits("progress", line);
        let at = &line["progress"];
        assert_eq!((&at["job"], &at["kind"]), (&"shop".into(), &"backfill".into()));
        assert!(at["requests"]["planned"].as_u64() > Some(9) && at["left_ms"].is_u64(), "{at}");
    }
}

#[test]
fn dates_limit_what_is_loaded() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 100, seed: 2, ..GeneratorOptions::default() });
    let output = world.run(&["--json", "backfill", "--from", "2100-01-01"]);
    assert_eq!(output.code, 2, "a day beyond what is accepted: {}", output.err);
    let output = world.run(&["--json", "backfill", "--to", "1990-01-01"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(output.json()["runs"][0]["filtered"], 100);
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn orders_of_a_later_file_win_over_those_of_an_earlier_one() {
    let world = World::new();
    let day_one = GeneratorOptions { orders: 60, seed: 5, ..GeneratorOptions::default() };
    let mut text = Vec::new();
    ordersync::samples::generate_csv(&day_one, &mut text).unwrap();
    world.export("orders_1.csv", &text);
    text.clear();
    let truth = ordersync::samples::generate_csv(
        &GeneratorOptions { changed_permille: 500, extra_orders: 5, ..day_one },
        &mut text,
    )
    .unwrap();
    world.export("orders_2.csv", &text);
    let run = world.load("backfill", 0);
    assert_eq!((&run["created"], &run["filtered"]), (&65.into(), &60.into()));
    assert_target_is(&world, &truth);
    assert_eq!(
        world.load("sync", 0)["unchanged"],
        65,
        "and the older file does not win the next night"
    );
}

#[test]
fn orders_the_account_has_already_are_adopted_not_doubled() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 40, seed: 4, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    let run = world.load("backfill", 0);
    assert_eq!((&run["adopted"], &run["created"]), (&40.into(), &0.into()));
    assert_eq!(run["customers"]["adopted"], truth.customers);
    assert_target_is(&world, &truth);
}
