//! The connection of a job: listed, found, or created.

use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, RetryAfter};

#[test]
fn ensure_makes_it_once_and_prints_its_id() {
    let world = World::new();
    let output = world.run(&["connection", "ensure", "shop"]);
    assert_eq!((output.code, output.out.as_str()), (0, "1\n"), "{}", output.err);
    assert!(output.err.contains("created"), "{}", output.err);
    let output =
        world.run(&["--json", "connection", "ensure", "shop"]).json()["connection"].clone();
    assert_eq!((&output["id"], &output["created"]), (&"1".into(), &false.into()));
    assert_eq!((world.summary().connections, world.summary().writes), (1, 1));
}

#[test]
fn ensure_makes_it_again_where_it_was_deleted() {
    let world = World::new();
    world.run(&["connection", "ensure", "shop"]);
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    let output = world.run(&["connection", "ensure", "shop"]);
    assert_eq!((output.code, output.out.as_str()), (0, "2\n"), "{}", output.err);
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
fn a_native_one_is_not_ours_and_a_bad_token_is_reported() {
    let world = World::new();
    let (service, externalid, name) = ("shopify".into(), "test-store".into(), "Native".into());
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: true }).unwrap();
    let output = world.run(&["connection", "ensure", "shop"]);
    assert_eq!(output.code, 2, "{}", output.err);
    world.simulator.inject(Fault::new(Kind::Forbidden).forever());
    assert_eq!(world.run(&["connection", "list"]).code, 5);
}

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 30,
    seed: 4,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

/// A loaded shop, with a connection that was deleted afterwards.
fn without_connection() -> World {
    let world = World::new();
    world.generate(&SHOP);
    world.load("backfill", 0);
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    world
}

#[test]
fn one_that_was_deleted_with_orders_is_a_fault_and_not_created_again() {
    for extra_orders in [0, 3] {
        let world = without_connection();
        let check = world.run(&["--json", "check"]);
        assert_eq!((check.code, &check.json()["faults"]), (5, &1.into()), "{}", check.out);
        assert!(check.out.contains("30 orders") && check.out.contains("connection ensure shop"));
        let verify = world.run(&["--json", "verify", "shop"]);
        assert_eq!((verify.code, &verify.json()["error"]["exit"]), (5, &5.into()));
        world.generate(&GeneratorOptions { extra_orders, ..SHOP });
        for verb in ["sync", "sync", "backfill"] {
            let args = ["--json", "--quiet", verb];
            let output = Finished::of(world.unconfirmed(&args).output().unwrap());
            let run = &output.json()["runs"][0];
            assert_eq!((output.code, &run["outcome"]), (5, &"stopped".into()), "{}", output.err);
        }
        assert_eq!(world.summary().connections, 0);
    }
}

#[test]
fn it_is_only_created_again_with_consent() {
    for verbs in [&["connection", "ensure", "shop"][..], &["backfill", "--yes"]] {
        let world = without_connection();
        world.load("sync", 5);
        assert_eq!(world.run(verbs).code, 0);
        assert_eq!(world.summary().connections, 1);
        let run = world.load("backfill", 0);
        let created = if verbs[0] == "backfill" { 0 } else { 30 };
        assert_eq!(run["created"], created, "{verbs:?}");
        assert_eq!(world.run(&["verify", "shop"]).code, 0);
    }
}

#[test]
fn one_that_another_program_created_in_its_place_is_not_loaded_without_consent() {
    let world = without_connection();
    let (service, externalid) = ("shopify".into(), "test-store".into());
    let name = "Test Store".into();
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: false }).unwrap();
    let writes = world.summary().writes;
    for verb in ["check", "sync", "sync", "check"] {
        let ended = world.run(&[verb]);
        assert_eq!(ended.code, 5, "{verb:?}: {}{}", ended.out, ended.err);
    }
    assert!(world.run(&["check"]).out.contains("created again with id 2"));
    assert_eq!(world.summary().writes, writes);
    assert_eq!(world.run(&["connection", "ensure", "shop"]).out, "2\n");
    assert_eq!(world.load("sync", 0)["created"], 30);
    assert_eq!(world.run(&["check"]).code, 0);
}

#[test]
fn a_sync_without_changes_does_not_fail_while_the_target_is_unavailable() {
    let world = World::new();
    world.generate(&SHOP);
    world.load("backfill", 0);
    let away = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(7_200), html: false };
    world.simulator.inject(Fault::new(away).forever());
    assert_eq!(world.load("sync", 0)["unchanged"], 30);
}

#[test]
fn the_exit_code_of_reading_verbs_distinguishes_refused_from_unavailable() {
    let away = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(7_200), html: false };
    for (kind, exit, word) in [(Kind::PaymentRequired, 5, "refused"), (away, 6, "away")] {
        let world = World::new();
        world.generate(&SHOP);
        world.load("backfill", 0);
        world.simulator.inject(Fault::new(kind).on("GET", "/ecomOrders").forever());
        for args in
            [&["verify", "shop"][..], &["verify", "shop", "--sample", "1/2"], &["adopt", "shop"]]
        {
            let ended = world.run(&[&["--json"], args].concat());
            let error = ended.json()["error"].clone();
            assert_eq!(
                (ended.code, &error["exit"]),
                (exit, &exit.into()),
                "{args:?} {}",
                ended.err
            );
            assert_eq!(error["code"], word, "{args:?}");
        }
        let undo = world.run(&["--json", "undo", "shop", "--run", "1", "--yes"]);
        assert_eq!(undo.code, exit, "{}", undo.err);
        let outcome = if exit == 5 { "stopped" } else { "paused" };
        assert_eq!(undo.json()["undo"]["outcome"], outcome);
        // The requested pause applies to the next process.
        std::fs::remove_dir_all(world.path("state")).unwrap();
    }
}

#[test]
fn a_connection_of_another_shop_is_a_fault_before_anything_is_loaded() {
    let world = World::new();
    world.generate(&SHOP);
    let (service, externalid) = ("shopify".into(), "test-store".into());
    let other = Edit::AddConnection { service, externalid, name: "Other".into(), native: false };
    world.simulator.edit(other).unwrap();
    let check = world.run(&["check"]);
    assert_eq!(check.code, 2, "{}", check.out);
    assert!(check.out.starts_with("1 fault.\n\nFAULT jobs.shop: connection"), "{}", check.out);
    assert!(check.out.contains("exists as \"Other\""), "{}", check.out);
    world.load("backfill", 0);
    assert_eq!(world.run(&["check"]).code, 0, "it is the job's by now");
}
