//! The path of a loaded connection changes only when ActiveCampaign keeps one record of each order.

use crate::backfill::assert_target_is;
use crate::bulk::{at_once, fault_of, orders, world_of};
use crate::rehearsal::{Rehearsal, in_paused_time};
use crate::terminal::OnTerminal;
use crate::world::{World, until};
use ordersync::domain::LoadPath;
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::{Edit, Fault, GraphqlOptions, Kind, Options, RestOrder, RetryAfter};
use ordersync::state::{Kind as RunKind, RunEnd};
use serde_json::Value;

const SHOP: fn() -> GeneratorOptions =
    || GeneratorOptions { defects_permille: 0, ..orders(14, 11) };

/// A shop that was loaded by REST.
fn loaded(graphql: GraphqlOptions) -> (World, Expected) {
    loaded_by("rest", graphql)
}

fn loaded_by(path: &str, graphql: GraphqlOptions) -> (World, Expected) {
    let world = world_of(path, graphql);
    let truth = world.generate(&SHOP());
    world.load("backfill", 0);
    announce(&world);
    (world, truth)
}

/// The simulator counts it as a violation if both APIs write to one connection, unless that is
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
fn a_loaded_shop_switches_to_bulk_and_back() {
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

/// A shop that was loaded in batches, and then by REST with five further orders and others changed.
fn back_at_rest(graphql: GraphqlOptions) -> (World, Expected) {
    let (world, _) = loaded_by("bulk", graphql);
    switch(&world, "rest", 0);
    let world = world.replace_job("load = \"rest\"\n");
    let truth =
        world.generate(&GeneratorOptions { extra_orders: 5, changed_permille: 500, ..SHOP() });
    assert_eq!(world.load("sync", 0)["created"], 5);
    announce(&world);
    (world, truth)
}

#[test]
fn an_order_in_graphql_proves_nothing_about_those_loaded_by_rest() {
    let (world, truth) = back_at_rest(doubled());
    let refused = switch(&world, "bulk", 5);
    assert_eq!(refused["second_record"]["deleted"], true, "{refused}");
    announce(&world);
    world.load("sync", 0);
    assert_target_is(&world, &truth);
    assert_verified(&world);
}

#[test]
fn orders_updated_by_rest_are_sent_again_after_a_switch_to_bulk() {
    let (world, truth) = back_at_rest(at_once());
    switch(&world, "bulk", 0);
    let world = world.replace_job("load = \"bulk\"\n");
    let run = world.load("sync", 0);
    let target = world.target();
    for order in target["graphqlOrders"].as_array().unwrap() {
        let of_key = |copy: &&Value| copy["externalid"] == order["storeOrderId"];
        let copy = target["ecomOrders"].as_array().unwrap().iter().find(of_key).unwrap();
        let is_whole = order["currency"] == "JPY";
        let units = if is_whole { 1.0 } else { 100.0 };
        let total = (order["finalAmount"].as_f64().unwrap() * units).round().to_string();
        assert_eq!(total.as_str(), copy["totalPrice"], "{order}");
    }
    assert!(run["updated"].as_u64().unwrap() > 1, "{run}");
    assert_target_is(&world, &truth);
    assert_verified(&world);
}

#[test]
fn records_that_the_switch_did_not_create_are_left_alone() {
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

/// Kills a switch at one of its requests; returns a world with an interrupted switch, or `None` if
/// it ended.
fn cut_off(
    (from, to): (&str, &str),
    graphql: &GraphqlOptions,
    nth: u64,
) -> Option<(World, Expected)> {
    let (world, truth) = loaded_by(from, graphql.clone());
    world.hold_from(nth);
    let args = ["connection", "switch", "shop", "--to", to, "--yes"];
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
fn after_any_kill_it_resumes_or_rolls_back() {
    for (path, graphql, code, step) in [
        (("rest", "bulk"), at_once(), 0, 1),
        (("rest", "bulk"), doubled(), 5, 1),
        (("bulk", "rest"), at_once(), 0, 3),
    ] {
        let (from, to) = path;
        for (nth, resumes) in (1..40).step_by(step).map(|nth| (nth, nth % 2 == 0)) {
            let Some((world, truth)) = cut_off(path, &graphql, nth) else {
                assert!(nth > 6, "{nth} requests are too few");
                break;
            };
            let sync = world.run(&["sync"]);
            let is_open = sync.code == 2;
            if is_open {
                let hint = format!("connection switch shop --to {to}");
                assert!(sync.err.contains(&hint), "{}", sync.err);
            }
            if resumes {
                let ended = switch(&world, to, code);
                assert_eq!(ended["resumes"], is_open, "{nth}: {ended}");
            } else {
                let outcome = switch(&world, from, 0)["outcome"].clone();
                assert_eq!(outcome, if is_open { "went_back" } else { "nothing_to_do" }, "{nth}");
            }
            assert_target_is(&world, &truth);
            announce(&world);
            let load = if resumes && code == 0 { to } else { from };
            let world = world.replace_job(&format!("load = \"{load}\"\n"));
            world.load("sync", 0);
            assert_target_is(&world, &truth);
            assert_verified(&world);
        }
    }
}

#[test]
fn an_order_that_a_resumed_switch_sent_again_leaves_no_later_copy() {
    let graphql = GraphqlOptions { v3_lag_ms: 1_000, ..doubled() };
    let mut cut = (1..40).filter_map(|nth| cut_off(("rest", "bulk"), &graphql, nth));
    let is_sent = |world: &World| {
        let log = world.simulator.requests();
        log.as_array().unwrap().iter().any(|request| request["operation"] == "bulkUpsertOrders")
    };
    let (world, truth) = cut.find(|(world, _)| is_sent(world)).expect("an order that was sent");
    let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    let lagging = settings.replace("list_lag_s = 0", "list_lag_s = 3");
    std::fs::write(world.path("ordersync.toml"), lagging).unwrap();
    assert_eq!(switch(&world, "bulk", 5)["second_record"]["deleted"], true);
    announce(&world);
    world.load("sync", 0);
    assert_target_is(&world, &truth);
    assert_verified(&world);
}

/// A switch that was interrupted while it was open, and the key of its order.
fn open_switch() -> (World, String) {
    let mut cut = (1..40).filter_map(|nth| cut_off(("rest", "bulk"), &at_once(), nth));
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
    // Only orders of another shop: none of them is at ActiveCampaign.
    world.generate(&GeneratorOptions { seed: 77, ..SHOP() });
    let ended = world.run(&["connection", "switch", "shop", "--to", "bulk", "--yes"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}

#[test]
fn another_order_of_the_same_address_is_not_a_second_record() {
    let (world, canary) = open_switch();
    let orders = world.target()["ecomOrders"].clone();
    let of_key = |order: &&Value| order["externalid"] == canary.as_str();
    let mut order = orders.as_array().unwrap().iter().find(of_key).unwrap().clone();
    order["externalid"] = "bought-meanwhile".into();
    order["orderNumber"] = "bought-meanwhile".into();
    order["totalPrice"] = 77_777.into();
    order["orderProducts"] =
        serde_json::json!([{ "name": "x", "price": 77_777, "quantity": 1, "externalid": "x" }]);
    world.simulator.edit(Edit::AddOrder { order: order.as_object().unwrap().clone() }).unwrap();
    let ended = switch(&world, "bulk", 0);
    assert_eq!((&ended["outcome"], &ended["resumes"]), (&"switched".into(), &true.into()));
}

#[test]
fn an_open_switch_refuses_what_rewrites_the_ledger() {
    let (world, _) = open_switch();
    let requests = world.summary().by_route.get("GET /ecomOrders").copied();
    for args in [&["adopt", "shop"][..], &["verify", "shop", "--repair"]] {
        let ended = world.run(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.err);
        assert!(ended.err.contains("was interrupted"), "{}", ended.err);
    }
    assert_eq!(world.summary().by_route.get("GET /ecomOrders").copied(), requests);
    let status = world.run(&["status"]).out;
    assert!(status.contains("ordersync connection switch shop --to bulk"), "{status}");
    world.run(&["verify", "shop"]);
    assert_ne!(world.summary().by_route.get("GET /ecomOrders").copied(), requests);
}

#[test]
fn a_search_that_fails_for_good_does_not_hold_a_switch_open() {
    in_paused_time(async {
        let shop = Rehearsal::new(Options { graphql: at_once(), ..Options::default() });
        shop.export(&SHOP());
        shop.run(RunKind::Backfill).await;
        shop.simulator.edit(Edit::SwitchPath { id: 1 }).unwrap();
        let fails =
            Fault::new(Kind::Status { code: 500, retry_after: RetryAfter::None, html: false })
                .operation("searchOrder");
        shop.simulator.inject(fails.forever());
        let report = shop.switch(LoadPath::Bulk).await;
        assert_eq!(report.end(), RunEnd::Paused, "{:?}", report.error);
        let text = report.error.unwrap().to_string();
        for word in ["the same switch, run again, resumes", "the other direction goes back"] {
            assert!(text.contains(word), "{text}");
        }
        let path = || {
            let view = shop.view();
            let (id, _) = view.connection("shopify", "test-store").unwrap().unwrap();
            view.connection_path(id).unwrap()
        };
        assert_eq!(path().open_switch, Some(LoadPath::Bulk));
        let report = shop.switch(LoadPath::Rest).await;
        assert_eq!(report.end(), RunEnd::Finished, "{:?}", report.error);
        assert_eq!((path().open_switch, path().load), (None, Some(LoadPath::Rest)));
        let run = shop.run(RunKind::Sync).await;
        assert!(run.error.is_none(), "{:?}", run.error);
    });
}

/// An order of one line, as Shopify's API gives it.
fn order(id: u32, email: &str, quantity: u32) -> Value {
    let total = format!("{}.00", 20 * quantity);
    serde_json::json!({
        "id": id, "name": format!("#{id}"), "email": email, "created_at": "2024-02-01T12:00:00-05:00",
        "updated_at": "2024-02-01T12:00:00-05:00", "currency": "USD", "total_price": total,
        "subtotal_price": total, "total_tax": "0.00", "total_discounts": "0.00",
        "financial_status": "paid", "test": false, "cancelled_at": null,
        "line_items": [
            { "variant_id": 31, "title": "Mug", "name": "Mug", "quantity": quantity, "price": "20.00" }
        ],
    })
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", serde_json::json!({ "orders": orders }).to_string());
}

#[test]
fn an_order_that_stays_with_another_customer_is_not_sent_to_try_a_path() {
    let world = world_of("rest", at_once());
    put(&world, &[order(1, "ann@example.com", 1), order(2, "cy@example.com", 2)]);
    world.load("backfill", 0);
    put(&world, &[order(1, "bob@example.com", 1), order(2, "cy@example.com", 2)]);
    world.load("sync", 0);
    announce(&world);
    assert_eq!(switch(&world, "bulk", 0)["canary"], "2");
    let world = world.replace_job("load = \"bulk\"\n");
    world.load("sync", 0);
    let mut emails: Vec<String> = world.target()["ecomOrders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["email"].as_str().unwrap().to_owned())
        .collect();
    emails.sort();
    assert_eq!(emails, ["ann@example.com", "cy@example.com"]);
}

#[test]
fn orders_changed_while_the_question_was_open_are_not_sent() {
    let world = world_of("rest", at_once());
    put(&world, &[order(1, "ann@example.com", 1), order(2, "cy@example.com", 1)]);
    world.load("backfill", 0);
    let writes = world.summary().writes;
    let mut command = world.command(&["connection", "switch", "shop", "--to", "bulk"]);
    let mut terminal = OnTerminal::start(&mut command, 100);
    terminal.shows("[y/N]");
    put(&world, &[order(1, "ann@example.com", 3), order(2, "cy@example.com", 1)]);
    terminal.answer("", "y");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("has changed since the switch was planned"), "{screen}");
    assert_eq!(world.summary().writes, writes);
}

#[test]
fn orders_in_doubt_and_a_run_at_work_keep_the_path() {
    let world = world_of("rest", at_once());
    world.generate(&SHOP());
    let held = fault_of("rest", Kind::Slow { ms: 86_400_000 });
    world.simulator.inject(held.forever());
    let child = world.start(&["backfill"]);
    until("an order is held", || !world.summary().faults_struck.is_empty());
    let args = ["connection", "switch", "shop", "--to", "bulk", "--yes"];
    let meanwhile = world.run(&args);
    assert_eq!(meanwhile.code, 2, "{}", meanwhile.err);
    assert!(meanwhile.err.contains("was cut off"), "{}", meanwhile.err);
    world.simulator.clear_faults();
    world.kill(child);
    world.simulator.release();
    let ended = world.run(&args);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("was cut off"), "{}", ended.err);
    world.load("backfill", 0);
    announce(&world);
    world.hold_from(1);
    let before = world.simulator.summary().requests;
    let child = world.start(&["sync"]);
    until("a request is held", || world.simulator.summary().requests > before);
    let locked = world.run(&args);
    assert_eq!(locked.code, 4, "{}", locked.err);
    world.kill(child);
}
