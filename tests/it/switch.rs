//! The path of a loaded connection changes only when ActiveCampaign keeps one record of each order.

use crate::backfill::assert_target_is;
use crate::bulk::{at_once, orders, world_of};
use crate::world::{World, until};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::{Edit, GraphqlOptions, RestOrder};
use serde_json::Value;

const SHOP: fn() -> GeneratorOptions =
    || GeneratorOptions { defects_permille: 0, ..orders(14, 11) };

/// A shop that was loaded by REST.
fn loaded(graphql: GraphqlOptions) -> (World, Expected) {
    let world = world_of("rest", graphql);
    let truth = world.generate(&SHOP());
    world.load("backfill", 0);
    announce(&world);
    (world, truth)
}

/// The simulator counts it as a violation where both APIs write to one connection, unless that is
/// announced.
fn announce(world: &World) {
    world.simulator.edit(Edit::SwitchPath { id: 1 }).unwrap();
}

fn doubled() -> GraphqlOptions {
    GraphqlOptions { rest_order: RestOrder::Doubled, ..at_once() }
}

fn switch(world: &World, to: &str, code: i32) -> Value {
    let args = ["--json", "--quiet", "connection", "switch", "shop", "--to", to, "--yes"];
    let ended = world.run(&args);
    assert_eq!(ended.code, code, "{}\n{}", ended.out, ended.err);
    ended.json()["switch"].clone()
}

fn assert_verified(world: &World) {
    let verified = world.run(&["verify", "shop", "--lines"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
}

#[test]
fn a_loaded_shop_goes_to_bulk_and_back() {
    let (world, truth) = loaded(at_once());
    let switched = switch(&world, "bulk", 0);
    assert_eq!((&switched["outcome"], &switched["from"]), (&"switched".into(), &"rest".into()));
    assert_eq!(
        (&switched["orders"], &switched["second_record"]),
        (&truth.valid.into(), &Value::Null)
    );
    assert_eq!(world.run(&["sync"]).code, 2, "the settings still say rest");
    let canary = switched["canary"].as_str().unwrap();
    let explained = world.run(&["explain", "shop", canary]).out;
    assert!(explained.contains("connection switch") && explained.contains("queued"), "{explained}");
    let world = world.replace_job("load = \"bulk\"\n");
    let run = world.load("sync", 0);
    assert_eq!((&run["updated"], &run["unchanged"]), (&1.into(), &(truth.valid - 1).into()));
    assert_target_is(&world, &truth);
    assert_verified(&world);
    let truth = world.generate(&GeneratorOptions { extra_orders: 5, ..SHOP() });
    assert_eq!(world.load("sync", 0)["created"], 5);
    announce(&world);
    let back = switch(&world, "rest", 0);
    assert_eq!((&back["outcome"], &back["from"]), (&"switched".into(), &"bulk".into()));
    let world = world.replace_job("load = \"rest\"\n");
    assert_eq!(world.load("sync", 0)["updated"], 1, "the order that was sent to try it");
    assert_target_is(&world, &truth);
    assert_verified(&world);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_second_record_is_deleted_and_the_path_stays() {
    let (world, truth) = loaded(doubled());
    let refused = switch(&world, "bulk", 5);
    assert_eq!(refused["outcome"], "stopped");
    let second = &refused["second_record"];
    assert_eq!((&second["deleted"], &second["in_graphql"]), (&true.into(), &true.into()));
    assert!(refused["error"]["message"].as_str().unwrap().contains("exist twice"), "{refused}");
    assert_target_is(&world, &truth);
    announce(&world);
    world.load("sync", 0);
    assert_verified(&world);
}

#[test]
fn what_the_switch_did_not_make_is_left_alone() {
    let (world, _) = loaded(doubled());
    let dry = world.run(&["--json", "connection", "switch", "shop", "--to", "bulk", "--dry-run"]);
    let canary = dry.json()["switch"]["canary"].as_str().unwrap().to_owned();
    let orders = world.target()["ecomOrders"].clone();
    let of_key = |order: &&Value| order["externalid"] == canary.as_str();
    let mut order = orders.as_array().unwrap().iter().find(of_key).unwrap().clone();
    order["orderProducts"] =
        serde_json::json!([{ "name": "x", "price": 1, "quantity": 1, "externalid": "x" }]);
    let order = order.as_object().unwrap().clone();
    world.simulator.edit(Edit::AddOrder { order }).unwrap();
    let before = world.summary();
    let refused = switch(&world, "bulk", 5);
    assert!(refused["error"]["message"].as_str().unwrap().contains("several records"), "{refused}");
    let after = world.summary();
    assert_eq!((after.orders, after.writes), (before.orders, before.writes));
}

/// Kills the switch at each of its requests in turn; returns a world whose switch was cut off, or
/// `None` where it came to its end.
fn cut_off(graphql: &GraphqlOptions, nth: u64) -> Option<(World, Expected)> {
    let (world, truth) = loaded(graphql.clone());
    world.hold_from(nth);
    let args = ["connection", "switch", "shop", "--to", "bulk", "--yes"];
    let before = world.simulator.summary().requests;
    let mut child = world.start(&args);
    until("a request is held", || {
        child.try_wait().unwrap().is_some() || world.simulator.summary().requests >= before + nth
    });
    let is_over = child.try_wait().unwrap().is_some();
    world.simulator.clear_faults();
    world.kill(child);
    world.simulator.release();
    (!is_over).then_some((world, truth))
}

#[test]
fn however_it_is_killed_it_resumes_or_goes_back() {
    for (graphql, code) in [(at_once(), 0), (doubled(), 5)] {
        for (nth, resumes) in (1..40).map(|nth| (nth, nth % 2 == 0)) {
            let Some((world, truth)) = cut_off(&graphql, nth) else {
                assert!(nth > 6, "{nth} requests are too few");
                break;
            };
            let sync = world.run(&["sync"]);
            let is_open = sync.code == 2;
            if is_open {
                assert!(sync.err.contains("connection switch shop --to bulk"), "{}", sync.err);
            }
            if resumes {
                let ended = switch(&world, "bulk", code);
                assert_eq!(ended["resumes"], is_open, "{nth}: {ended}");
            } else {
                let outcome = switch(&world, "rest", 0)["outcome"].clone();
                assert_eq!(outcome, if is_open { "went_back" } else { "nothing_to_do" }, "{nth}");
            }
            assert_target_is(&world, &truth);
            announce(&world);
            let load = if resumes && code == 0 { "bulk" } else { "rest" };
            let world = world.replace_job(&format!("load = \"{load}\"\n"));
            world.load("sync", 0);
            assert_target_is(&world, &truth);
            assert_verified(&world);
        }
    }
}

/// A switch that was cut off while it was open, and the key of its order.
fn open_switch() -> (World, String) {
    let mut cut = (1..40).filter_map(|nth| cut_off(&at_once(), nth));
    let (world, _) = cut.find(|(world, _)| world.run(&["sync"]).code == 2).expect("an open switch");
    let dry = world.run(&["--json", "connection", "switch", "shop", "--to", "bulk", "--dry-run"]);
    let canary = dry.json()["switch"]["canary"].as_str().unwrap().to_owned();
    (world, canary)
}

#[test]
fn a_switch_whose_order_was_deleted_meanwhile_ends_and_the_path_stays() {
    for to in ["bulk", "rest"] {
        let (world, externalid) = open_switch();
        world.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
        let undo = world.run(&["undo", "shop", "--run", "1", "--yes"]);
        assert_eq!(undo.code, 2, "{}", undo.err);
        assert!(undo.err.contains("was interrupted"), "{}", undo.err);
        let ended = switch(&world, to, if to == "bulk" { 5 } else { 0 });
        assert_eq!(ended["outcome"], if to == "bulk" { "stopped" } else { "went_back" });
        announce(&world);
        world.load("sync", 0);
        assert_verified(&world);
    }
}

#[test]
fn a_wrong_direction_or_an_unsettled_connection_sends_nothing() {
    let world = world_of("rest", at_once());
    world.generate(&SHOP());
    let ended = world.run(&["connection", "switch", "shop", "--to", "bulk", "--yes"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("no order was loaded"), "{}", ended.err);
    let (world, _) = loaded(at_once());
    let writes = world.summary().writes;
    assert_eq!(switch(&world, "rest", 0)["outcome"], "nothing_to_do");
    let dry = world.run(&["connection", "switch", "shop", "--to", "bulk", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("from `rest` to `bulk`"), "{}", dry.out);
    let unasked = world.run(&["connection", "switch", "shop", "--to", "bulk"]);
    assert_eq!(unasked.code, 2, "{}", unasked.err);
    assert!(unasked.err.contains("nothing was sent"), "{}", unasked.err);
    assert_eq!(world.summary().writes, writes);
    // Orders of another shop alone: none of them is at ActiveCampaign.
    world.generate(&GeneratorOptions { seed: 77, ..SHOP() });
    let ended = world.run(&["connection", "switch", "shop", "--to", "bulk", "--yes"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}

#[test]
fn orders_in_doubt_and_a_run_at_work_keep_the_path() {
    let world = world_of("rest", at_once());
    world.generate(&SHOP());
    world.hold_from(12);
    let before = world.simulator.summary().requests;
    let child = world.start(&["backfill"]);
    until("requests are held", || world.simulator.summary().requests >= before + 12);
    let args = ["connection", "switch", "shop", "--to", "bulk", "--yes"];
    let meanwhile = world.run(&args);
    assert!(matches!(meanwhile.code, 2 | 4), "{}", meanwhile.err);
    world.simulator.clear_faults();
    world.kill(child);
    world.simulator.release();
    let ended = world.run(&args);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("was cut off"), "{}", ended.err);
    world.load("backfill", 0);
    announce(&world);
    let child = {
        world.generate(&GeneratorOptions { extra_orders: 3, ..SHOP() });
        world.hold_from(1);
        let before = world.simulator.summary().requests;
        let child = world.start(&["sync"]);
        until("a request is held", || world.simulator.summary().requests > before);
        child
    };
    let locked = world.run(&args);
    assert!(matches!(locked.code, 4 | 2), "{}", locked.err);
    world.kill(child);
}
