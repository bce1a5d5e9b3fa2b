//! A whole history is loaded once, to the cent, and a second run sends nothing.

use crate::schema::assert_fits;
use crate::world::{Finished, World, assert_adds_up};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::{Fault, Kind, Options, RetryAfter};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn assert_target_is(world: &World, truth: &Expected) {
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
    let connection = 2; // looked up and created
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
fn a_canary_is_a_separate_finished_run_and_the_backfill_loads_the_rest() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 100, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["--json", "backfill", "--canary", "7"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let canary: Value = output.json()["runs"][0].clone();
    assert_eq!((&canary["created"], &canary["outcome"]), (&7.into(), &"finished".into()));
    assert_eq!((&canary["kind"], &canary["read"]), (&"canary".into(), &7.into()));
    assert_eq!(canary["orders"], json!({ "loaded": 7, "to_go": truth.valid - 7 }));
    assert_adds_up(&canary);
    let status = world.run(&["--json", "status"]).json();
    let kept = &status["jobs"][0]["last_verification"];
    assert_eq!((&kept["canary"], &kept["matching"]), (&canary["run"], &7.into()), "{status}");
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
    let rest = world.run(&["--json", "--quiet", "backfill", "--yes"]).json()["runs"][0].clone();
    assert_ne!(rest["run"], canary["run"]);
    assert_eq!((&rest["created"], &rest["unchanged"]), (&(truth.valid - 7).into(), &7.into()));
    assert_adds_up(&rest);
    assert_target_is(&world, &truth);
    let undo = world.run(&["--json", "undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(undo.code, 0, "{}", undo.err);
    assert_eq!(world.summary().orders as u64, truth.valid - 7, "the canary alone is taken back");
}

#[test]
fn a_canary_of_everything_leaves_nothing_to_load() {
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
        output.out.contains("5 of 5 orders loaded, 0 to go.\nLook at them in ActiveCampaign."),
        "{}",
        output.out
    );
    assert_eq!(world.summary().orders as u64, truth.valid);
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 1, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill", "--canary", "1"]).out;
    assert!(
        output.contains("1 order, read back") && output.contains("1 of 1 order loaded, 0 to go."),
        "{output}"
    );
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 9, seed: 9, ..GeneratorOptions::default() });
    let output = world.run(&["backfill", "--canary", "1"]).out;
    let rest = "1 of 9 orders loaded, 8 to go: `ordersync backfill shop` loads the rest.";
    assert!(output.contains(rest), "{output}");
    assert!(output.contains("`ordersync undo shop --run 1` takes the canary back"), "{output}");
}

#[test]
fn without_a_terminal_the_first_write_needs_a_yes_and_so_does_the_rest_after_a_canary() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 40, seed: 9, ..GeneratorOptions::default() });
    let run = |args: &[&str]| Finished::of(world.unconfirmed(args).output().unwrap());
    for args in [&["backfill"][..], &["backfill", "--canary", "3"]] {
        let output = run(args);
        assert_eq!(output.code, 2, "{}", output.err);
        assert!(output.err.contains("Nothing has been written to http://127.0.0.1:"));
        assert!(
            output.err.contains("so nothing was sent\n  hint: --yes answers"),
            "{}",
            output.err
        );
        assert_eq!(world.summary().writes, 0);
    }
    assert_eq!(run(&["backfill", "--canary", "3", "--yes"]).code, 0);
    let output = run(&["backfill"]);
    assert_eq!(output.code, 2, "{}", output.err);
    let question =
        "Of shop only a canary was loaded: 3 of 40 orders loaded, 37 to go. Load 37 orders?";
    assert!(output.err.contains(question), "{}", output.err);
    assert_eq!(world.summary().orders, 3);
    assert_eq!(run(&["backfill", "--yes"]).code, 0);
    assert_eq!(run(&["backfill"]).code, 0, "once");
}

#[test]
fn a_stopped_backfill_reports_how_many_orders_are_loaded_and_left() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 400, seed: 9, ..GeneratorOptions::default() });
    world.run(&["backfill", "--canary", "5"]);
    let away = Kind::Status { code: 403, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(away).on("POST", "/ecomOrders").nth(20).forever());
    let output = world.run(&["--json", "backfill", "--yes"]);
    assert_eq!(output.code, 5, "{}", output.err);
    let (loaded, run) = (world.summary().orders as u64, &output.json()["runs"][0]);
    assert_eq!(run["orders"], json!({ "loaded": loaded, "to_go": 400 - loaded }), "{run}");
    let text = format!("shop: {loaded} of 400 orders loaded, {} to go", 400 - loaded);
    assert!(output.err.contains(&text), "{text}: {}", output.err);
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
