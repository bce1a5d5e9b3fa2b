//! A lost ledger is rebuilt from the records at ActiveCampaign, without a single write there.

use crate::bulk;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Options};
use serde_json::Value;

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 260,
    seed: 21,
    defects_permille: 20,
    changed_permille: 0,
    extra_orders: 0,
};

fn adopted(world: &World) -> Value {
    let output = world.run(&["--json", "adopt", "shop"]);
    assert_eq!(output.code, 0, "{}{}", output.out, output.err);
    output.json()["adoption"].clone()
}

fn lose_the_ledger(world: &World) {
    std::fs::remove_dir_all(world.path("state")).unwrap();
}

#[test]
fn a_connection_loaded_by_bulk_stays_on_bulk() {
    let world = bulk::world(bulk::at_once());
    let truth = world.generate(&GeneratorOptions { orders: 60, defects_permille: 0, ..SHOP });
    world.load("backfill", 0);
    lose_the_ledger(&world);
    assert_eq!(adopted(&world)["adopted"], truth.valid);
    assert_eq!(world.load("sync", 0)["unchanged"], truth.valid);
}

#[test]
fn a_connection_loaded_by_rest_stays_on_rest_whatever_the_settings_say() {
    let world = bulk::world_of("rest", bulk::at_once());
    world.generate(&GeneratorOptions { orders: 60, defects_permille: 0, ..SHOP });
    world.load("backfill", 0);
    lose_the_ledger(&world);
    let world = world.replace_job("load = \"bulk\"\n");
    adopted(&world);
    let ended = world.run(&["sync"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("came by `rest`"), "{}", ended.err);
}

fn key_at(world: &World, place: usize) -> String {
    world.target()["ecomOrders"][place]["externalid"].as_str().unwrap().to_owned()
}

#[test]
fn after_it_a_backfill_sends_nothing() {
    let world = World::new();
    let truth = world.generate(&SHOP);
    world.load("backfill", 3);
    lose_the_ledger(&world);
    let before = world.summary();
    let adoption = adopted(&world);
    assert_eq!(adoption["adopted"], truth.valid, "{adoption}");
    assert_eq!(
        (&adoption["customers"], &adoption["read"]),
        (&truth.customers.into(), &truth.orders.into())
    );
    let rest =
        ["differing", "absent", "known", "extra", "left_out_at_target"].map(|name| &adoption[name]);
    assert!(rest.iter().all(|n| **n == 0), "{adoption}");
    assert_eq!(world.summary().writes, before.writes, "no write");
    let pages = (truth.valid.div_ceil(100)) + (truth.customers.div_ceil(100));
    assert_eq!(world.summary().requests - before.requests, 1 + pages);
    let requests = world.summary().requests;
    let run = world.load("backfill", 3);
    assert_eq!(run["unchanged"], truth.valid);
    assert_eq!(world.summary().requests, requests, "nothing at all is sent");
    let again = adopted(&world);
    assert_eq!(
        (&again["known"], &again["adopted"]),
        (&truth.valid.into(), &0.into()),
        "it only adds"
    );
}

#[test]
fn different_orders_are_updated_and_absent_ones_created_by_the_next_run() {
    let world = World::new();
    let truth = world.generate(&GeneratorOptions { defects_permille: 0, ..SHOP });
    world.load("backfill", 0);
    world.simulator.edit(Edit::SetTotal { externalid: key_at(&world, 20), total: 1 }).unwrap();
    world.simulator.edit(Edit::DeleteOrder { externalid: key_at(&world, 40) }).unwrap();
    lose_the_ledger(&world);
    let adoption = adopted(&world);
    assert_eq!((&adoption["differing"], &adoption["absent"]), (&1.into(), &1.into()), "{adoption}");
    assert_eq!(adoption["adopted"], truth.valid - 2);
    assert_eq!(
        adoption["differences_by_kind"],
        serde_json::json!([{ "kind": "total", "count": 1 }])
    );
    let before = world.summary().writes;
    let run = world.load("sync", 0);
    assert_eq!((&run["updated"], &run["created"]), (&1.into(), &1.into()));
    assert_eq!(world.summary().writes - before, 2);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn customers_under_another_key_are_known_by_their_address() {
    let world = World::new();
    world.generate(&SHOP);
    world.run(&["backfill"]);
    let customer = world.target()["ecomCustomers"][0]["email"].as_str().unwrap().to_owned();
    world.simulator.edit(Edit::DeleteCustomer { externalid: format!("guest:{customer}") }).unwrap();
    let (connectionid, externalid) = (1, "crm-17".to_owned());
    world.simulator.edit(Edit::AddCustomer { connectionid, externalid, email: customer }).unwrap();
    lose_the_ledger(&world);
    let adoption = adopted(&world);
    assert_eq!(adoption["differing"], 0, "no update moves the orders of the customer that is gone");
    let before = world.summary();
    world.load("sync", 3);
    let after = world.summary();
    assert_eq!((after.writes, after.customers), (before.writes, before.customers));
}

#[test]
fn orders_a_lost_ledger_does_not_know_are_hinted_at() {
    let world = World::new();
    world.generate(&SHOP);
    let first = world.run(&["backfill"]);
    assert!(!first.err.contains("adopt"), "{}", first.err);
    lose_the_ledger(&world);
    let output = world.run(&["backfill"]);
    assert!(output.err.contains("ordersync adopt JOB"), "{}", output.err);
}

#[test]
fn without_a_connection_there_is_nothing_to_adopt() {
    let world = World::new();
    world.generate(&SHOP);
    let output = world.run(&["adopt", "shop"]);
    assert_eq!(output.code, 2, "{}", output.err);
    assert!(output.err.contains("no connection shopify/test-store"), "{}", output.err);
    assert_eq!(world.summary().writes, 0);
}

#[test]
fn a_list_that_ignores_the_offset_ends_it() {
    let options = Options { requests_per_second: None, ignore_offset: true, ..Options::default() };
    let world = World::with(options);
    world.generate(&SHOP);
    world.load("backfill", 3);
    lose_the_ledger(&world);
    let requests = world.summary().requests;
    let ended = world.run(&["--json", "adopt", "shop"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert!(ended.err.contains("list_endless"), "{}", ended.err);
    assert_eq!(ended.json()["error"]["code"], "away");
    assert!(world.summary().requests - requests < 10);
}
