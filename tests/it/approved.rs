//! `backfill --plan` loads the plan that was approved, or nothing.

use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind};
use serde_json::Value;

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 40,
    seed: 8,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn shop() -> World {
    let world = World::new();
    world.generate(&SHOP);
    world
}

fn plan(world: &World) -> Value {
    world.run(&["--json", "plan"]).json()["plans"][0].clone()
}

fn id(world: &World) -> String {
    plan(world)["id"].as_str().unwrap().to_owned()
}

fn backfill(world: &World, id: &str) -> Finished {
    world.run(&["--json", "backfill", "--plan", id])
}

fn assert_refused(world: &World, id: &str, part: &str) {
    let before = world.summary().writes;
    let ended = backfill(world, id);
    assert_eq!(ended.code, 2, "{}", ended.out);
    let error = ended.json()["error"].clone();
    assert_eq!(
        (&error["code"], &error["where"]["key"]),
        (&"not_approved".into(), &"--plan".into())
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(part), "{part}: {message}");
    assert_eq!(world.summary().writes, before);
}

#[test]
fn a_plan_names_its_destination_time_and_program() {
    let world = shop();
    let plan = plan(&world);
    let host = world.simulator.url().trim_start_matches("http://").to_owned();
    assert_eq!(plan["destination"]["account"], host.as_str());
    assert_eq!(plan["destination"]["externalid"], "test-store");
    let id = plan["id"].as_str().unwrap();
    assert!(id.starts_with("40-"), "{id}");
    let text = world.run(&["plan", "--html", "plan.html"]).out;
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    for shown in [&text, &page] {
        for part in [id, &host, "Test Store", "shopify/test-store", env!("CARGO_PKG_VERSION")] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

#[test]
fn the_approved_plan_is_loaded_and_a_repetition_sends_nothing() {
    let world = shop();
    let approved = id(&world);
    // Neither a check of the connection nor a separate state makes it another plan.
    world.run(&["check"]);
    assert_eq!(id(&world), approved);
    let run = backfill(&world, &approved).json()["runs"][0].clone();
    assert_eq!((&run["created"], &run["plan"]), (&40.into(), &approved.as_str().into()));
    let again = backfill(&world, &approved).json()["runs"][0].clone();
    assert_eq!((&again["unchanged"], &again["created"]), (&40.into(), &0.into()));
}

#[test]
fn another_export_other_settings_or_another_ledger_is_refused_and_named() {
    let world = shop();
    let approved = id(&world);
    world.generate(&GeneratorOptions { extra_orders: 1, ..SHOP });
    assert_refused(&world, &approved, "the export changed");
    assert_refused(&world, &approved, "40 then, 41 now");
    world.generate(&SHOP);
    let world = world.policy("category = \"Shop\"\n");
    assert_refused(&world, &approved, "the settings differ");
    let world = shop();
    let approved = id(&world);
    assert_eq!(world.run(&["backfill", "--canary", "3"]).code, 0);
    assert_refused(&world, &approved, "the ledger differs");
    assert_eq!(world.run(&["backfill", "--plan", "nonsense"]).code, 2);
}

#[test]
fn a_setting_that_chooses_orders_makes_another_plan() {
    let world = shop();
    let approved = id(&world);
    let world = world.policy("moved_customer = \"recreate\"\n");
    assert_refused(&world, &approved, "the settings differ");
}

#[test]
fn a_canary_and_an_interrupted_run_continue_under_the_same_plan() {
    let world = shop();
    let approved = id(&world);
    let canary = world.run(&["--json", "backfill", "--canary", "3", "--plan", &approved]);
    assert_eq!(canary.code, 0, "{}", canary.err);
    world.hold_from(20);
    let child = world.start(&["backfill", "--plan", &approved]);
    crate::world::until("it is half way", || world.summary().orders > 8);
    world.kill(child);
    world.simulator.release();
    assert_ne!(id(&world), approved);
    let ended = backfill(&world, &approved);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(world.summary().orders, 40);
    // Orders that another program loaded since are not part of the plan.
    world.generate(&GeneratorOptions { changed_permille: 300, ..SHOP });
    assert_refused(&world, &approved, "the export changed");
}

#[test]
fn a_plan_is_of_one_job_and_of_all_its_dates() {
    let world = shop();
    let approved = id(&world);
    let ended = world.run(&["backfill", "--plan", &approved, "--from", "2024-01-01"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("--from"), "{}", ended.err);
}

#[test]
fn a_connection_that_is_gone_is_not_loaded_again_under_a_plan_of_less() {
    let world = shop();
    world.load("backfill", 0);
    world.generate(&GeneratorOptions { extra_orders: 3, ..SHOP });
    let approved = id(&world);
    assert!(approved.starts_with("3-"), "{approved}");
    assert_eq!(backfill(&world, &approved).code, 0);
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    world.load("sync", 5);
    assert_refused(&world, &approved, "3 then, 43 now");
}

#[test]
fn an_undo_makes_another_plan() {
    let world = shop();
    let approved = id(&world);
    let run = backfill(&world, &approved).json()["runs"][0]["run"].to_string();
    assert_eq!(world.run(&["undo", "shop", "--run", &run, "--yes"]).code, 0);
    assert_refused(&world, &approved, "the ledger differs");
    let again = id(&world);
    assert_ne!(again, approved);
    assert_eq!(backfill(&world, &again).code, 0);
    assert_eq!(world.summary().orders, 40);
}

#[test]
fn a_repair_makes_another_plan() {
    let world = shop();
    let approved = id(&world);
    assert_eq!(backfill(&world, &approved).code, 0);
    let externalid = world.keys()[0].clone();
    world.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
    assert_eq!(world.run(&["verify", "shop", "--repair"]).code, 7);
    assert_refused(&world, &approved, "the ledger differs");
}

#[test]
fn refused_orders_that_are_sent_again_are_not_of_the_plan() {
    for is_repaired in [false, true] {
        let world = shop();
        let approved = id(&world);
        world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").nth(2));
        assert_eq!(backfill(&world, &approved).json()["runs"][0]["refused"], 1);
        assert_eq!(backfill(&world, &approved).code, 3, "the plan is loaded, less one");
        if is_repaired {
            // As many orders as remain of the approved number.
            let first = world.target()["ecomOrders"][0]["externalid"].clone();
            let externalid = first.as_str().unwrap().to_owned();
            world.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
            assert_eq!(world.run(&["verify", "shop", "--repair"]).code, 7);
        } else {
            assert_eq!(world.run(&["dead-letters", "retry", "shop"]).code, 0);
        }
        assert_refused(&world, &approved, "the ledger differs");
        assert_eq!(backfill(&world, &id(&world)).code, 0);
    }
}

#[test]
fn the_verification_of_a_canary_is_not_one_of_what_was_loaded_after_it() {
    let world = shop();
    assert_eq!(world.run(&["backfill", "--canary", "3", "--yes"]).code, 0);
    world.load("backfill", 0);
    assert_eq!(plan(&world)["verified"], Value::Null);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    world.load("sync", 0);
    assert_eq!(plan(&world)["verified"]["differences"], 0, "a sync that wrote nothing");
}
