//! The disk that the state is on.

use crate::nights::Nights;
use crate::rehearsal::{Rehearsal, in_paused_time};
use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::Options;
use ordersync::state::{Kind, ORDER_BYTES, RunEnd};
use serde_json::Value;

fn orders() -> GeneratorOptions {
    GeneratorOptions { orders: 40, seed: 16, ..GeneratorOptions::default() }
}

/// More than any disk has, in MB.
const NEVER_FREE: &str = "1000000000000";

fn full(world: &World, args: &[&str]) -> Finished {
    let mut command = world.command(args);
    command.env("ORDERSYNC_STATE__FREE_MIN_MB", NEVER_FREE);
    Finished::of(command.output().unwrap())
}

#[test]
fn below_the_floor_nothing_is_sent_and_with_space_everything_is() {
    let world = World::new();
    world.generate(&orders());
    let refused = full(&world, &["backfill"]);
    assert_eq!((refused.code, world.summary().requests), (1, 0), "{}", refused.err);
    for expected in
        ["main.db: ", " MB are free on its disk", "hint: free some space", "state.free_min_mb"]
    {
        assert!(refused.err.contains(expected), "{expected}: {}", refused.err);
    }
    let object = full(&world, &["--json", "backfill"]).json();
    let failed = &object["not_run"][0]["error"];
    assert_eq!(&object["error"], failed);
    assert_eq!((&failed["code"], &failed["exit"]), (&"low_disk".into(), &1.into()), "{failed}");
    let status = world.run(&["status"]).out;
    assert!(status.contains("are free on its disk"), "the last attempt: {status}");
    world.load("backfill", 0);
    assert_eq!(world.summary().orders, 40);
    assert!(!world.run(&["status"]).out.contains("kept free"), "and it is over");
}

#[test]
fn a_plan_says_what_the_state_needs_and_warns_if_it_may_not_have_it() {
    let world = World::new();
    world.generate(&orders());
    let plan = world.run(&["plan", "--json"]).json()["plans"][0].clone();
    let needed = plan["disk"]["bytes"].as_u64().unwrap();
    assert!((40 * 150..40 * 500).contains(&needed), "{needed}");
    assert!(plan["disk"]["usable_bytes"].as_u64() > Some(0));
    let codes = |plan: &Value| {
        let all = plan["warnings"].as_array().unwrap().iter();
        all.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(!codes(&plan).contains(&"low_disk".to_owned()));
    let plan = full(&world, &["plan", "--json"]).json()["plans"][0].clone();
    assert!(plan["disk"]["usable_bytes"] == 0 && codes(&plan).contains(&"low_disk".to_owned()));
    let text = full(&world, &["plan"]).out;
    assert!(
        text.contains("the state grows by about 10.0 kB; its disk has 0 bytes to spare"),
        "{text}"
    );
}

#[test]
fn below_the_floor_check_has_a_fault_and_a_plan_of_updates_a_warning() {
    let world = World::new();
    world.generate(&orders());
    world.load("backfill", 0);
    let well = world.run(&["check"]);
    assert_eq!(well.code, 0, "{}", well.out);
    world.generate(&GeneratorOptions { changed_permille: 200, ..orders() });
    for args in [&["check"][..], &["check", "--offline"]] {
        let check = full(&world, args);
        assert_eq!(check.code, 1, "{}", check.out);
        assert!(check.out.starts_with("1 fault.\n"), "{}", check.out);
        assert!(check.out.contains("FAULT accounts.main: "), "{}", check.out);
        assert!(check.out.contains("nothing new is sent"), "{}", check.out);
    }
    let check = full(&world, &["--json", "check"]).json();
    let fault = &check["findings"].as_array().unwrap().iter().find(|one| one["ok"] == false);
    assert_eq!(fault.unwrap()["fault"]["code"], "low_disk", "{check}");
    let plan = full(&world, &["plan", "--json"]).json()["plans"][0].clone();
    assert!(plan["create"] == 0 && plan["update"].as_u64() > Some(0), "{plan}");
    assert!(plan["warnings"].to_string().contains("no run begins until there is space"), "{plan}");
    assert!(full(&world, &["plan"]).out.contains("no run begins until there is space"));
}

#[test]
fn below_the_floor_nothing_is_deleted_pulled_or_connected() {
    let world = World::new();
    world.generate(&orders());
    let refused = |world: &World, args: &[&str]| {
        let refused = full(world, args);
        assert_eq!(refused.code, 1, "{args:?}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains("nothing new is sent"), "{args:?}: {}", refused.err);
    };
    refused(&world, &["connection", "ensure", "shop"]);
    assert_eq!(world.summary().writes, 0);
    world.load("backfill", 0);
    let requests = world.summary().requests;
    refused(&world, &["undo", "shop", "--run", "1", "--yes"]);
    assert_eq!((world.summary().requests, world.summary().orders), (requests, 40));
    let nights = Nights::of(12);
    for args in [&["pull"][..], &["backfill"]] {
        refused(&nights.world, args);
    }
    assert_eq!(nights.shop.requests(), 0);
    nights.done(&["--quiet", "backfill"]);
    nights.assert_loaded();
}

#[test]
fn an_order_takes_what_a_plan_estimates() {
    let world = World::new();
    let size_of = |orders: u64| {
        world.generate(&GeneratorOptions { orders, ..self::orders() });
        world.load("backfill", 0);
        let state = world.run(&["status", "--json"]).json()["jobs"][0]["state"].clone();
        (state["size_bytes"].as_u64().unwrap(), world.summary().orders as u64)
    };
    let ((before, few), (after, all)) = (size_of(200), size_of(1_000));
    assert!(all - few > 700, "{few} and {all}");
    let measured = (after - before) / (all - few);
    // Rounded up, by at most a half.
    assert!((ORDER_BYTES / 2..=ORDER_BYTES).contains(&measured), "{measured} of {ORDER_BYTES}");
}

#[test]
fn status_and_metrics_show_the_size_of_the_state() {
    let world = World::new();
    world.generate(&orders());
    world.run(&["backfill", "--metrics-file", "shop.prom"]);
    let state = world.run(&["status", "--json"]).json()["jobs"][0]["state"].clone();
    let size = state["size_bytes"].as_u64().unwrap();
    let on_disk: usize = world.state_files().iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size > 0 && size <= on_disk as u64, "{size} of {on_disk}");
    assert!(state["file"].as_str().unwrap().ends_with("state/main.db"), "{state}");
    assert!(state["free_bytes"].as_u64() > Some(0), "{state}");
    let text = world.run(&["status"]).out;
    assert!(text.contains("  state ") && text.contains(" free on its disk"), "{text}");
    let metrics = std::fs::read_to_string(world.path("shop.prom")).unwrap();
    for name in ["ordersync_state_size_bytes", "ordersync_state_free_bytes"] {
        assert!(metrics.contains(&format!("{name}{{account=\"main\"}} ")), "{metrics}");
    }
    let floor = "ordersync_state_free_min_bytes{account=\"main\"} 100000000\n";
    assert!(metrics.contains(floor), "{metrics}");
}

#[test]
fn a_disk_that_fills_up_during_a_run_stops_it_and_the_next_one_resumes() {
    in_paused_time(async {
        let mut shop = Rehearsal::new(Options::default());
        shop.export(&orders());
        shop.disk_full_at = Some(10);
        let stopped = shop.run(Kind::Backfill).await;
        assert_eq!(stopped.end, RunEnd::Failed);
        let error = stopped.error.unwrap().to_string();
        assert!(error.contains("nothing new is sent"), "{error}");
        let sent = shop.simulator.summary().orders;
        assert!((10..30).contains(&sent), "what was in flight is settled: {sent}");
        assert_eq!(stopped.row.counts.created, sent as u64, "and counted");
        assert_eq!(stopped.row.outcome, Some(RunEnd::Interrupted), "it can be resumed");
        shop.disk_full_at = None;
        let resumed = shop.run(Kind::Backfill).await;
        assert!(resumed.error.is_none(), "{:?}", resumed.error);
        assert_eq!((resumed.row.id, resumed.row.counts.created), (stopped.row.id, 40));
        let summary = shop.simulator.summary();
        assert_eq!((summary.orders, summary.violations), (40, vec![]));
    });
}
