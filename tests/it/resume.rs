//! A run that is killed at any moment is resumed: nothing is lost or duplicated.

use crate::backfill::assert_target_is;
use crate::bulk::at_once;
use crate::process::Process;
use crate::random::{Rng, number};
use crate::world::{World, assert_adds_up, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{GraphqlOptions, Latency, Options, PriceReading};
use serde_json::json;
use std::process::Child;

/// Waits until the account has seen this many requests; gives up when the program ended before.
pub fn wait_for_requests(world: &World, child: &mut Child, requests: u64) -> bool {
    let mut is_over = false;
    until("requests are sent", || {
        // In this order, so that requests sent before its end count.
        is_over = is_over || child.try_wait().unwrap().is_some();
        is_over || world.summary().requests >= requests
    });
    world.summary().requests >= requests
}

/// The most requests of a program before it is killed.
const LIFE_MAX: u64 = 60;
/// Requests that a program may send after the planned kill: enough to be killed at work, and too
/// few to finish if the kill is late.
pub const LATE_MAX: u64 = 16;

/// Kills the program after up to `life_max` requests; `false`: it ended before.
fn kill_at_work(world: &World, args: &[&str], life_max: u64, rng: &mut Rng) -> bool {
    let (before, life) = (world.summary().requests, 1 + rng.below(life_max));
    world.hold_from(life + LATE_MAX);
    let mut child = world.start(&[&["--quiet"], args].concat());
    let is_at_work = wait_for_requests(world, &mut child, before + life);
    // At some point of the following work: between an intent and its request, its answer, its
    // settlement.
    for _ in 0..rng.below(4_000) {
        std::hint::spin_loop();
    }
    world.kill(child);
    world.simulator.clear_faults();
    world.simulator.release();
    is_at_work
}

const SEED: u64 = 20_261_122;
/// Kills of the quick suite; `ORDERSYNC_PROOF_KILLS` sets another number.
const KILLS: u64 = 25;
const KILLS_BY_BATCHES: u64 = 12;

#[test]
fn after_any_kills_nothing_is_lost_or_duplicated() {
    let wanted = number("ORDERSYNC_PROOF_KILLS").unwrap_or(KILLS);
    let options = Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 2 },
        ..Options::default()
    };
    let world = World::with(options);
    let truth = world.generate(&GeneratorOptions {
        orders: wanted * 40,
        seed: 11,
        defects_permille: 10,
        ..GeneratorOptions::default()
    });
    let mut rng = Rng::new(SEED);
    let mut kills = 0_u64;
    while kills < wanted && kill_at_work(&world, &["backfill"], LIFE_MAX, &mut rng) {
        kills += 1;
    }
    let last = world.load("backfill", 3);
    let summary = world.summary();
    let lower_bound = truth.valid + truth.customers + 2;
    let extra = summary.requests - lower_bound;
    let each = extra as f64 / kills as f64;
    println!(
        "seed {SEED}: {kills} kills, {} orders, duplicates 0, missing {}, {extra} extra requests, {each:.2} per kill",
        summary.orders,
        truth.valid - summary.orders as u64
    );
    assert!(kills >= wanted * 4 / 5, "only {kills} kills before it was done");
    assert_eq!(summary.orders as u64, truth.valid);
    assert_eq!(summary.customers as u64, truth.customers);
    assert_eq!(summary.duplicate_orders_refused, 0, "nothing was sent twice without looking");
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    assert_adds_up(&last);
    assert_eq!(last["created"], truth.valid, "one run, whatever killed it");
    // Sixteen that may have arrived, and the next one in turn.
    assert!(
        extra <= kills * 17,
        "at most what was in flight is looked up again: {extra} for {kills} kills"
    );
    let again = world.load("backfill", 3);
    assert_eq!(again["unchanged"], truth.valid);
    assert_eq!(world.summary().requests, summary.requests, "the second run sends nothing");
}

#[test]
fn after_any_kills_batches_lose_and_duplicate_nothing() {
    let wanted = number("ORDERSYNC_PROOF_KILLS").unwrap_or(KILLS_BY_BATCHES);
    let latency = Latency::Fixed { ms: 2 };
    let graphql = GraphqlOptions { price: PriceReading::LineTotal, ..at_once() };
    let options = Options { requests_per_second: None, latency, graphql, ..Options::default() };
    let world = World::with(options).job("load = \"bulk\"\n");
    let truth = world.generate(&GeneratorOptions {
        orders: wanted * 400,
        seed: 11,
        ..GeneratorOptions::default()
    });
    let mut rng = Rng::new(SEED);
    let mut kills = 0_u64;
    while kills < wanted && kill_at_work(&world, &["backfill"], LIFE_MAX / 2, &mut rng) {
        kills += 1;
    }
    let last = world.load("backfill", 0);
    let sent = world.orders_in_batches();
    let (requests, again) = (world.summary().requests, sent - truth.valid);
    println!(
        "seed {SEED}: {kills} kills, {} orders, {requests} requests, {again} orders sent again",
        truth.valid
    );
    assert!(kills >= wanted * 4 / 5, "only {kills} kills before it was done");
    assert_adds_up(&last);
    assert_eq!(last["created"], truth.valid, "one run, whatever killed it");
    assert_target_is(&world, &truth);
    // Sixteen batches in flight, and the canary, which is sent with both readings.
    assert!(again <= kills * 16 * 40 + 6, "{again} for {kills} kills");
    let verified = world.run(&["verify", "shop", "--lines"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
}

/// A shop in which every other cart becomes an order.
fn put_carts(world: &World, carts: u64, are_bought: bool) {
    let token = |n: u64| format!("tok-{n}");
    let checkouts: Vec<_> = (0..carts).map(|n| crate::carts::checkout(&token(n))).collect();
    let bought = (0..carts).filter(|n| are_bought && n % 2 == 0);
    let orders: Vec<_> = bought.map(|n| crate::carts::order(5_000 + n, &token(n))).collect();
    std::fs::create_dir_all(world.path("carts")).unwrap();
    let checkouts = json!({ "checkouts": checkouts }).to_string();
    std::fs::write(world.path("carts/checkouts.json"), checkouts).unwrap();
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

#[test]
fn after_any_kills_a_cart_and_its_order_stay_one_record() {
    let wanted = number("ORDERSYNC_PROOF_KILLS").unwrap_or(KILLS);
    let options = Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 2 },
        ..Options::default()
    };
    let world = crate::carts::with_carts(World::with(options), "");
    let carts = wanted * 12;
    let mut rng = Rng::new(SEED);
    let mut kills = 0;
    for (job, are_bought) in [("carts", false), ("shop", true), ("carts", true)] {
        put_carts(&world, carts, are_bought);
        for _ in 0..wanted.div_ceil(3) {
            kills += u64::from(kill_at_work(&world, &["sync", job], LIFE_MAX / 2, &mut rng));
        }
        let ended = world.run(&["--quiet", "sync", job]);
        assert_eq!(ended.code, 0, "{}", ended.err);
    }
    println!("seed {SEED}: {kills} kills, {carts} carts");
    let summary = world.summary();
    assert_eq!(summary.orders as u64, carts, "one record for each cart");
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    let records = world.target()["ecomOrders"].as_array().unwrap().clone();
    let recovered = records.iter().filter(|record| record["state"] == "3").count();
    assert_eq!(recovered as u64, carts.div_ceil(2));
    for job in ["carts", "shop"] {
        assert_eq!(world.run(&["--quiet", "sync", job]).code, 0);
    }
    assert_eq!(world.summary().writes, summary.writes);
}

#[test]
fn an_orderly_stop_settles_what_was_sent() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 300, seed: 12, ..GeneratorOptions::default() });
    world.hold_from(60);
    let mut backfill = Process::start(&mut world.command(&["--json", "backfill", "--yes"]));
    assert!(wait_for_requests(&world, backfill.child(), 60));
    backfill.stops_while_held(&world);
    let run = backfill.ends(143).json()["runs"][0].clone();
    assert_eq!(run["outcome"], "interrupted");
    assert_adds_up(&run);
    assert_eq!(run["created"], world.summary().orders, "what was sent is settled");
    let requests = world.summary().requests;
    let rest = world.load("backfill", 0);
    assert_eq!(rest["created"], truth.valid);
    let lower_bound = truth.valid + truth.customers + 2;
    assert_eq!(
        world.summary().requests,
        lower_bound,
        "nothing was asked twice; {requests} before the stop"
    );
}

#[test]
fn a_second_process_on_the_account_is_refused() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 300, seed: 12, ..GeneratorOptions::default() });
    world.hold_from(10);
    let mut child = world.start(&["--quiet", "backfill"]);
    assert!(wait_for_requests(&world, &mut child, 10));
    let output = world.run(&["sync"]);
    assert_eq!(output.code, 4, "{}", output.err);
    assert!(output.err.contains("another process is writing to this account"), "{}", output.err);
    let status = world.run(&["status"]);
    assert!(status.out.contains("running"), "{}", status.out);
    child.kill().unwrap();
    child.wait().unwrap();
    let status = world.run(&["status"]);
    assert!(status.out.contains("killed"), "{}", status.out);
}
