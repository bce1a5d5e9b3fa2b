//! What the bulk path must not rely on: missing answers, old copies, and misleading errors.

use crate::backfill::assert_target_is;
use crate::bulk::{at_once, fault_of, orders, world};
use crate::process::Process;
use crate::rehearsal::{Rehearsal, in_paused_time};
use crate::world::{World, assert_adds_up, until};
use ordersync::domain::LoadPath;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{
    Edit, Ending, Fault, GraphqlOptions, Kind, Latency, Options, PriceReading,
};
use ordersync::state;
use serde_json::{Value, json};

pub fn order(email: &str, product: &str, price: &str) -> Value {
    json!({
        "id": 5001, "name": "#5001", "email": email, "created_at": "2024-02-01T12:00:00-05:00",
        "updated_at": "2024-02-01T12:00:00-05:00", "currency": "USD", "total_price": price,
        "subtotal_price": price, "total_tax": "0.00", "total_discounts": "0.00",
        "financial_status": "paid", "test": false, "cancelled_at": null,
        "line_items": [{ "variant_id": 31, "title": product, "name": product, "quantity": 1, "price": price }],
    })
}

pub fn put(world: &World, order: &Value) {
    world.export("orders.json", json!({ "orders": [order] }).to_string());
}

pub fn only_order(world: &World) -> Value {
    let all = world.target()["ecomOrders"].as_array().unwrap().clone();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    all[0].clone()
}

fn graphql_error(message: &str) -> Kind {
    Kind::GraphqlError { message: message.to_owned(), classification: None }
}

pub fn assert_lines_agree(world: &World) {
    let verified = world.run(&["verify", "shop", "--lines"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
}

#[test]
fn orders_of_a_canary_that_was_cut_off_are_sent_again_by_what_the_next_one_finds() {
    let world = world(GraphqlOptions { price: PriceReading::LineTotal, ..at_once() });
    let truth = world.generate(&orders(60, 2));
    world.simulator.inject(Fault::new(Kind::PaymentRequired).on("GET", "/ecomOrders"));
    assert_ne!(world.run(&["backfill"]).code, 0);
    assert!(world.summary().orders <= 3, "the canary alone");
    let run = world.load("backfill", 0);
    assert_eq!(run["created"], truth.valid);
    assert_adds_up(&run);
    assert_target_is(&world, &truth);
    assert_lines_agree(&world);
}

/// Six orders with a line of two units, the first three of which are refused.
fn first_canary_refused(world: &World) {
    let several = |id: u64| {
        let mut order = order("ann@example.com", "Mug", "20.00");
        (order["id"], order["line_items"][0]["quantity"]) = (id.into(), 2.into());
        order["line_items"][0]["price"] = "10.00".into();
        order
    };
    let all: Vec<Value> = (5001..5007).map(several).collect();
    world.export("orders.json", json!({ "orders": all }).to_string());
    for id in 5001..5004 {
        let (externalid, text) = (id.to_string(), "finalAmount must not be odd".to_owned());
        world.simulator.edit(Edit::RefuseOrder { externalid, text }).unwrap();
    }
}

#[test]
fn a_price_that_fits_no_reading_is_named_though_too_many_orders_of_its_batch_were_refused() {
    let multiplied = GraphqlOptions { price: PriceReading::Multiplied, ..at_once() };
    let world = world(multiplied).policy("refused_max = 2\n");
    first_canary_refused(&world);
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(ended.err.contains("price of a line of 1000"), "{}", ended.err);
    let letters = world.run(&["--json", "dead-letters", "list", "shop"]).json();
    assert_eq!(letters["total"], 3, "{letters}");
}

#[test]
fn no_batch_leaves_before_a_canary_decided() {
    let world = world(GraphqlOptions { price: PriceReading::LineTotal, ..at_once() });
    first_canary_refused(&world);
    let run = world.load("backfill", 3);
    assert_eq!((&run["refused"], &run["created"]), (&3.into(), &3.into()));
    let verified = world.run(&["--json", "verify", "shop", "--lines"]).json();
    let kinds = &verified["verifications"][0]["differences_by_kind"];
    assert_eq!(kinds, &json!([{ "kind": "missing", "count": 3 }]), "{verified}");
}

#[test]
fn a_canary_of_updates_does_not_read_the_copy_of_an_older_version() {
    let world = world(at_once());
    let day_one = orders(40, 3);
    world.generate(&day_one);
    world.load("backfill", 0);
    let changed = GraphqlOptions {
        price: PriceReading::LineTotal,
        discount_field: "discountAmount".to_owned(),
        v3_lag_ms: 1_500,
        ..at_once()
    };
    world.simulator.configure_graphql(changed);
    world.generate(&GeneratorOptions { changed_permille: 1_000, ..day_one });
    let ended = world.run(&["sync"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("schema has changed"), "{}", ended.err);
    until("all copies have arrived", || world.run(&["verify", "shop", "--lines"]).code == 0);
}

#[test]
fn a_copy_that_arrives_while_a_canary_is_read_is_read_again() {
    in_paused_time(async {
        // It arrives at some point during the three polls, which take 600 ms each.
        for v3_lag_ms in (0..2_400).step_by(150) {
            let day_one = orders(4, 3);
            let latency = Latency::Fixed { ms: 300 };
            let options = Options { latency, graphql: at_once(), ..Options::default() };
            let mut shop = Rehearsal::new(options);
            shop.load = LoadPath::Bulk;
            shop.export(&day_one);
            assert!(shop.run(state::Kind::Backfill).await.error.is_none());
            let discount_field = "discountAmount".to_owned();
            let changed = GraphqlOptions { discount_field, v3_lag_ms, ..at_once() };
            shop.simulator.configure_graphql(changed);
            shop.export(&GeneratorOptions { changed_permille: 1_000, ..day_one });
            let report = shop.run(state::Kind::Sync).await;
            assert!(report.error.is_none(), "{v3_lag_ms} ms: {:?}", report.error);
        }
    });
}

#[test]
fn an_error_about_what_all_orders_share_ends_the_run_and_blames_no_order() {
    for refuse_form in [
        |world: &World| {
            let text = "creationSource must be REAL_TIME".to_owned();
            let externalid = world.keys()[20].clone();
            world.simulator.edit(Edit::RefuseOrder { externalid, text }).unwrap();
        },
        |world: &World| {
            let ended = "Variable 'orders' has an invalid value: 'orders[3]' contains a field not in 'OrderInput': 'foo'";
            world.simulator.inject(fault_of("bulk", graphql_error(ended)).nth(2));
        },
    ] {
        let world = world(at_once());
        world.generate(&orders(60, 2));
        refuse_form(&world);
        let ended = world.run(&["backfill"]);
        assert_eq!(ended.code, 5, "{}", ended.err);
        assert!(ended.err.contains("does not take orders in the form"), "{}", ended.err);
        let letters = world.run(&["--json", "dead-letters", "list", "shop"]).json();
        assert_eq!(letters["dead_letters"], json!([]));
    }
}

#[test]
fn a_deleted_connection_is_detected_and_not_reported_as_bad_orders() {
    let world = world(at_once());
    world.generate(&orders(60, 2));
    world.simulator.inject(fault_of("bulk", Kind::DeleteConnection).nth(2));
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(ended.err.contains("connection"), "{}", ended.err);
    assert!(!ended.err.contains("in the form"), "{}", ended.err);
}

#[test]
fn a_failed_question_is_not_an_answer() {
    let world = world(at_once());
    let truth = world.generate(&orders(60, 6));
    let of_types = Fault::new(graphql_error("Internal error")).operation("__type");
    world.simulator.inject(of_types.times(2));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).nth(3));
    let ended = world.run(&["--json", "backfill"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(!ended.err.contains("introspection"), "{}", ended.err);
    assert!(ended.json()["runs"][0]["not_visible"].as_u64().unwrap() > 0);
    let of_orders = Fault::new(graphql_error("Internal error")).operation("getOrder");
    world.simulator.inject(of_orders);
    let again = world.load("sync", 0);
    assert_eq!(again["unchanged"], truth.valid, "an accepted order is not sent again");
}

#[test]
fn an_undo_looks_for_the_ids_of_accepted_orders_first() {
    let world = world(GraphqlOptions { v3_lag_ms: 2_500, ..at_once() });
    let truth = world.generate(&orders(60, 6));
    let run = world.load("backfill", 0);
    assert!(run["not_visible"].as_u64().unwrap() > 0, "{run}");
    until("all copies have arrived", || world.summary().orders as u64 == truth.valid);
    let undone = world.run(&["undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(undone.code, 0, "{}\n{}", undone.out, undone.err);
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn an_undo_that_does_not_find_an_accepted_order_is_not_clean() {
    let world = world(at_once());
    world.generate(&orders(60, 6));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).nth(3));
    world.load("backfill", 0);
    let undone = world.run(&["undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(undone.code, 7, "{}\n{}", undone.out, undone.err);
}

#[test]
fn a_run_that_loads_again_what_was_undone_does_not_take_what_was_left_for_its_own() {
    let world = world(at_once());
    let truth = world.generate(&orders(60, 6));
    world.load("backfill", 0);
    assert_eq!(world.run(&["undo", "shop", "--run", "1", "--yes"]).code, 0);
    // GraphQL still shows them.
    world.simulator.inject(fault_of("bulk", Kind::ResetBefore).times(2));
    let again = world.load("backfill", 0);
    assert_eq!((&again["created"], &again["not_visible"]), (&truth.valid.into(), &0.into()));
    assert_target_is(&world, &truth);
}

#[test]
fn a_canary_that_waits_follows_an_interruption() {
    let world = world(GraphqlOptions { v3_lag_ms: 3_600_000, ..at_once() });
    world.generate(&orders(60, 6));
    let process = Process::start(&mut world.command(&["backfill"]));
    until("the canary is read", || world.summary().by_route.contains_key("GET /ecomOrders"));
    process.stop(143);
}

#[test]
fn an_answer_that_was_lost_after_a_part_was_stored_costs_no_order() {
    let world = world(at_once());
    let truth = world.generate(&orders(100, 9));
    let in_part = Kind::StoredInPart { orders: 4, then: Ending::Reset };
    world.simulator.inject(fault_of("bulk", in_part).nth(2).times(2));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
    assert_lines_agree(&world);
}

#[test]
fn an_order_that_was_accepted_and_lost_is_sent_again_by_the_next_run() {
    let first = order("ann@example.com", "Mug", "10.00");
    let changed = order("ann@example.com", "Mug", "12.00");
    let mut second = order("ben@example.com", "Mug", "14.00");
    second["id"] = 5002.into();
    for (orders, totals) in
        [(vec![&changed], vec!["1200"]), (vec![&first, &second], vec!["1000", "1400"])]
    {
        let world = world(at_once());
        put(&world, &first);
        world.load("backfill", 0);
        world.export("orders.json", json!({ "orders": orders }).to_string());
        let lost = Kind::AsyncDropsOne { key: None };
        world.simulator.inject(fault_of("bulk", lost));
        let run = world.load("sync", 0);
        assert_eq!(run["not_visible"], 1, "{run}");
        let again = world.load("sync", 0);
        assert_eq!(again["not_visible"], 0, "{again}");
        let stored = world.target()["ecomOrders"].as_array().unwrap().clone();
        let stored: Vec<_> = stored.iter().map(|order| order["totalPrice"].clone()).collect();
        assert_eq!(stored, totals);
    }
}

#[test]
fn an_update_that_was_cut_off_before_the_copy_of_its_order_arrived_is_sent_again() {
    let world = world(at_once());
    let first = order("ann@example.com", "Mug", "10.00");
    put(&world, &first);
    world.load("backfill", 0);
    let second = |product| {
        let mut second = order("ben@example.com", product, "14.00");
        second["id"] = 5002.into();
        json!({ "orders": [first, second] }).to_string()
    };
    world.export("orders.json", second("Mug"));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives));
    assert_eq!(world.load("sync", 0)["not_visible"], 1);
    // GraphQL shows the total and the address, which are the same, and no products.
    world.export("orders.json", second("Cup"));
    world.simulator.inject(fault_of("bulk", Kind::PaymentRequired));
    assert_ne!(world.run(&["sync"]).code, 0);
    let again = world.load("sync", 0);
    assert_eq!(again["not_visible"], 0, "{again}");
    assert_lines_agree(&world);
}

#[test]
fn an_undo_of_the_run_that_repeated_an_update_leaves_the_order_of_an_earlier_one() {
    let world = world(at_once());
    let first = order("ann@example.com", "Mug", "10.00");
    put(&world, &first);
    world.load("backfill", 0);
    let both = |product| {
        let mut second = order("ben@example.com", product, "14.00");
        second["id"] = 5002.into();
        json!({ "orders": [first, second] }).to_string()
    };
    world.export("orders.json", both("Mug"));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives));
    let created = world.load("sync", 0)["run"].to_string();
    world.export("orders.json", both("Cup"));
    world.simulator.inject(fault_of("bulk", Kind::PaymentRequired));
    assert_ne!(world.run(&["sync"]).code, 0);
    let updated = world.load("sync", 0)["run"].to_string();
    assert_ne!(created, updated);
    for (run, left) in [(&updated, 2), (&created, 1)] {
        let undone = world.run(&["undo", "shop", "--run", run, "--yes"]);
        assert_eq!(undone.code, 0, "{}\n{}", undone.out, undone.err);
        assert_eq!(world.summary().orders, left, "after the undo of run {run}");
    }
}

#[test]
fn a_canary_for_the_price_alone_forgets_nothing_of_taxes() {
    let world = world(at_once());
    let mut first = order("ann@example.com", "Mug", "10.00");
    (first["total_tax"], first["total_price"]) = ("1.00".into(), "11.00".into());
    put(&world, &first);
    world.load("backfill", 0);
    let path = || world.run(&["--json", "status"]).json()["jobs"][0]["path"].clone();
    assert_eq!((&path()["price"], &path()["tax_arrives"]), (&Value::Null, &false.into()));
    let mut second = order("ben@example.com", "Mug", "20.00");
    (second["id"], second["line_items"][0]["quantity"]) = (5002.into(), 2.into());
    second["line_items"][0]["price"] = "10.00".into();
    world.export("orders.json", json!({ "orders": [first, second] }).to_string());
    world.load("sync", 0);
    assert_eq!((&path()["price"], &path()["tax_arrives"]), (&"unit".into(), &false.into()));
}
