//! A cart that became an order is one record in ActiveCampaign, never two.

use crate::rehearsal::{End, LastSend, ProcessOptions, Rehearsal, in_paused_time};
use crate::world::{World, assert_adds_up};
use ordersync::simulator::{Edit, Ending, Fault, Kind, Options, RetryAfter};
use ordersync::state;
use serde_json::{Value, json};
use std::time::Duration;

fn line(name: &str) -> Value {
    json!({ "variant_id": 31, "sku": "SKU-1", "title": name, "name": name, "quantity": 2, "price": "12.50" })
}

pub fn checkout(token: &str) -> Value {
    json!({
        "id": 901, "token": token, "email": "ann@example.com", "created_at": "2024-02-01T10:00:00-05:00",
        "updated_at": "2024-02-01T11:00:00-05:00", "completed_at": null, "currency": "USD", "total_price": "25.00",
        "subtotal_price": "25.00", "total_tax": "0.00", "total_discounts": "0.00",
        "abandoned_checkout_url": "https://shop.example.com/checkouts/recover", "line_items": [line("Mug")],
        "customer": { "id": 77, "email": "ann@example.com" },
    })
}

pub fn order(id: u64, token: &str) -> Value {
    json!({
        "id": id, "name": format!("#{id}"), "email": "ann@example.com", "created_at": "2024-02-01T12:00:00-05:00",
        "updated_at": "2024-02-01T12:00:00-05:00", "currency": "USD", "total_price": "30.00",
        "subtotal_price": "25.00", "total_tax": "0.00", "total_discounts": "0.00", "financial_status": "paid",
        "checkout_token": token, "line_items": [line("Mug")], "test": false, "cancelled_at": null,
        "shipping_lines": [{ "title": "Post", "price": "5.00" }],
        "customer": { "id": 77, "email": "ann@example.com" },
    })
}

/// One job for the orders, one for the abandoned checkouts, on one connection.
fn world() -> World {
    world_with("")
}

/// With lines added to the policy of the orders' job.
fn world_with(policy: &str) -> World {
    with_carts(World::new(), policy)
}

/// Adds the job of the abandoned checkouts.
pub fn with_carts(world: World, policy: &str) -> World {
    with_carts_by("rest", world, policy)
}

/// The same, for a connection of this path.
pub fn with_carts_by(path: &str, world: World, policy: &str) -> World {
    let carts = "statuses = [\"paid\"]\n[jobs.carts]\naccount = \"main\"\nexport = [\"carts/*\"]\n\
        [jobs.carts.connection]\nservice = \"shopify\"\nexternalid = \"test-store\"\nname = \"Test Store\"\n\
        link_url = \"https://shop.example.com\"\nlogo_url = \"https://shop.example.com/logo.png\"\n";
    let load = format!("[jobs.carts]\nload = \"{path}\"");
    world.policy(&format!("{policy}{}", carts.replace("[jobs.carts]", &load)))
}

pub fn put_carts(world: &World, carts: &[Value]) {
    std::fs::create_dir_all(world.path("carts")).unwrap();
    std::fs::write(world.path("carts/checkouts.json"), json!({ "checkouts": carts }).to_string())
        .unwrap();
}

pub fn put_orders(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

fn run(world: &World, job: &str) -> Value {
    let output = world.run(&["--json", "--quiet", "sync", job]);
    assert_eq!(output.code, 0, "{}{}", output.out, output.err);
    let run = output.json()["runs"][0].clone();
    assert_adds_up(&run);
    run
}

fn only_record(world: &World) -> Value {
    let records = world.target()["ecomOrders"].as_array().unwrap().clone();
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    assert_eq!(world.summary().triggers_fired, 0);
    records[0].clone()
}

#[test]
fn an_abandoned_cart_is_a_cart_in_activecampaign() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    assert_eq!(run(&world, "carts")["created"], 1);
    let cart = only_record(&world);
    assert_eq!((&cart["externalcheckoutid"], &cart["state"]), (&"tok-1".into(), &"2".into()));
    assert!(cart["externalid"].is_null() || cart["externalid"] == "", "{cart}");
    assert_eq!(run(&world, "carts")["unchanged"], 1);
}

#[test]
fn a_cart_that_became_an_order_is_turned_into_it_with_its_products() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    let cart = only_record(&world);
    put_orders(&world, &[order(5001, "tok-1")]);
    assert_eq!(run(&world, "shop")["updated"], 1);
    let order = only_record(&world);
    assert_eq!(
        (&order["id"], &order["externalid"]),
        (&cart["id"], &"5001".into()),
        "the same record"
    );
    assert_eq!((&order["state"], &order["totalPrice"]), (&"3".into(), &"3000".into()), "recovered");
    assert_eq!(order["ecomOrderProducts"].as_array().unwrap().len(), 1);
    let writes = world.summary().writes;
    assert_eq!(run(&world, "carts")["unchanged"], 1, "and the cart does not come back");
    assert_eq!(run(&world, "shop")["unchanged"], 1);
    assert_eq!(world.summary().writes, writes);
}

#[test]
fn an_order_loaded_before_its_cart_leaves_no_second_record() {
    let world = world();
    put_orders(&world, &[order(5001, "tok-1")]);
    assert_eq!(run(&world, "shop")["created"], 1);
    put_carts(&world, &[checkout("tok-1")]);
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    assert_eq!(only_record(&world)["externalid"], "5001");
}

#[test]
fn a_lost_answer_does_not_double_a_cart_or_its_order() {
    let world = world();
    let lost = || Kind::Stored { then: Ending::Reset };
    world.simulator.inject(Fault::new(lost()).on("POST", "/ecomOrders"));
    world.simulator.inject(Fault::new(lost()).on("PUT", "/ecomOrders"));
    put_carts(&world, &[checkout("tok-1")]);
    assert_eq!(run(&world, "carts")["created"], 1);
    put_orders(&world, &[order(5001, "tok-1")]);
    assert_eq!(run(&world, "shop")["updated"], 1);
    assert_eq!(only_record(&world)["externalid"], "5001");
}

fn changed(token: &str) -> Value {
    let mut cart = checkout(token);
    cart["total_price"] = "26.00".into();
    cart
}

/// Loads a cart, and the order that completed it.
fn converted() -> World {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    put_orders(&world, &[order(5001, "tok-1")]);
    run(&world, "shop");
    world
}

#[test]
fn after_a_lost_ledger_a_changed_cart_does_not_overwrite_its_order() {
    let world = converted();
    let before = only_record(&world);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    put_carts(&world, &[changed("tok-1")]);
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    assert_eq!(run(&world, "shop")["adopted"], 1);
    assert_eq!(only_record(&world), before);
    let writes = world.summary().writes;
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    assert_eq!(run(&world, "shop")["unchanged"], 1);
    assert_eq!(world.summary().writes, writes);
}

/// Loads a cart, and turns it into an order that the ledger does not know.
fn converted_unnoticed(world: &World) {
    put_carts(world, &[checkout("tok-1")]);
    run(world, "carts");
    let old: Vec<_> = world.state_files();
    put_orders(world, &[order(5001, "tok-1")]);
    run(world, "shop");
    std::fs::remove_dir_all(world.path("state")).unwrap();
    std::fs::create_dir(world.path("state")).unwrap();
    for (path, bytes) in old {
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_cart_that_became_an_order_unknown_to_the_ledger_is_left_alone() {
    let world = world();
    converted_unnoticed(&world);
    let before = only_record(&world);
    put_carts(&world, &[changed("tok-1")]);
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    assert_eq!(only_record(&world), before);
}

#[test]
fn a_cart_of_another_customer_does_not_delete_its_order() {
    let world = world().policy("[jobs.carts.policy]\nmoved_customer = \"recreate\"\n");
    converted_unnoticed(&world);
    let before = only_record(&world);
    let mut cart = changed("tok-1");
    (cart["email"], cart["customer"]) = ("bob@example.com".into(), Value::Null);
    put_carts(&world, &[cart]);
    assert_eq!(run(&world, "carts")["unchanged"], 1);
    assert_eq!(only_record(&world), before);
}

#[test]
fn adopt_knows_which_carts_became_orders() {
    for jobs in [["shop", "carts"], ["carts", "shop"]] {
        let world = converted();
        let before = only_record(&world);
        std::fs::remove_dir_all(world.path("state")).unwrap();
        for job in jobs {
            let ended = world.run(&["--json", "adopt", job]);
            assert_eq!(ended.code, 0, "{}", ended.err);
            let adoption = ended.json()["adoption"].clone();
            assert_eq!(adoption["absent"], 0, "{adoption}");
        }
        let writes = world.summary().writes;
        assert_eq!(run(&world, "carts")["unchanged"], 1);
        assert_eq!(run(&world, "shop")["unchanged"], 1);
        put_carts(&world, &[changed("tok-1")]);
        assert_eq!(run(&world, "carts")["unchanged"], 1);
        assert_eq!(world.summary().writes, writes, "nothing is sent");
        assert_eq!(only_record(&world), before);
        assert_eq!(world.run(&["verify", "carts"]).code, 0);
    }
}

#[test]
fn adopt_finds_the_cart_of_an_order_that_was_not_sent() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    std::fs::remove_dir_all(world.path("state")).unwrap();
    put_orders(&world, &[order(5001, "tok-1")]);
    assert_eq!(world.run(&["adopt", "shop"]).code, 0);
    assert_eq!(run(&world, "shop")["updated"], 1);
    assert_eq!(only_record(&world)["externalid"], "5001");
}

fn lose_the_ledger(world: &World) {
    std::fs::remove_dir_all(world.path("state")).unwrap();
}

#[test]
fn after_a_lost_ledger_one_empty_list_creates_no_order_next_to_its_cart() {
    in_paused_time(async {
        let shop = Rehearsal::new(Options::default());
        let process = ProcessOptions {
            kind: state::Kind::Backfill,
            end: End::Done,
            last_send: LastSend::LongAgo,
            grace: Duration::ZERO,
        };
        shop.put_as("carts.json", &json!({ "checkouts": [checkout("tok-1")] }).to_string());
        shop.live_as(&shop.job_of("carts", "carts.json"), process).await;
        shop.forget();
        // The first two lists are those of the connection's orders and of the order's key.
        let empty = Fault::new(Kind::EmptyList).on("GET", "/ecomOrders").nth(3);
        shop.simulator.inject(empty);
        shop.put(&json!({ "orders": [order(5001, "tok-1")] }).to_string());
        shop.run(state::Kind::Backfill).await;
        let records = shop.simulator.state()["ecomOrders"].as_array().unwrap().clone();
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["externalid"], "5001");
    });
}

#[test]
fn after_a_lost_ledger_an_order_that_was_not_sent_is_made_from_its_cart() {
    for is_killed in [false, true] {
        let world = world();
        put_carts(&world, &[checkout("tok-1")]);
        run(&world, "carts");
        let cart = only_record(&world);
        lose_the_ledger(&world);
        put_orders(&world, &[order(5001, "tok-1")]);
        if is_killed {
            world.hold_from(3);
            let child = world.start(&["backfill", "--yes", "shop"]);
            let requests = world.summary().requests;
            crate::world::until("a request is held", || world.summary().requests > requests + 2);
            world.kill(child);
            world.simulator.clear_faults();
            world.simulator.release();
        }
        assert_eq!(run(&world, "shop")["updated"], 1);
        let order = only_record(&world);
        assert_eq!((&order["id"], &order["externalid"]), (&cart["id"], &"5001".into()));
        assert_eq!(run(&world, "carts")["unchanged"], 1);
        assert_eq!(run(&world, "shop")["unchanged"], 1);
    }
}

#[test]
fn carts_that_are_looked_up_are_part_of_the_forecast() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    lose_the_ledger(&world);
    put_orders(&world, &[order(5001, "tok-1"), order(5002, "tok-2"), order(5003, "")]);
    // It learns about the customer and one order.
    assert_eq!(world.run(&["backfill", "--yes", "--canary", "1", "shop"]).code, 0);
    let plan = world.run(&["--json", "plan", "shop"]).json()["plans"][0].clone();
    let before = world.summary().requests;
    run(&world, "shop");
    let requests = world.summary().requests - before;
    assert_eq!(plan["forecast"]["requests"], requests, "{plan}");
    assert_eq!(requests, 3, "two creates and a lookup");
}

#[test]
fn a_connection_that_was_empty_takes_no_lookups_of_carts() {
    for is_there in [false, true] {
        let world = world();
        if is_there {
            assert_eq!(world.run(&["connection", "ensure", "shop"]).code, 0);
            lose_the_ledger(&world);
        }
        put_orders(&world, &[order(5001, "tok-1")]);
        run(&world, "shop");
        let lookups = world.summary().requests - world.summary().writes;
        assert_eq!(
            lookups,
            if is_there { 4 } else { 1 },
            "of the connection, its orders and customers"
        );
    }
}

#[test]
fn an_order_does_not_overwrite_another_one_of_the_same_cart() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    put_orders(&world, &[order(5001, "tok-1")]);
    run(&world, "shop");
    let before = only_record(&world);
    lose_the_ledger(&world);
    put_orders(&world, &[order(5002, "tok-1")]);
    assert_eq!(run(&world, "shop")["created"], 1);
    let records = world.target()["ecomOrders"].as_array().unwrap().clone();
    assert_eq!((&records[0], &records[1]["externalid"]), (&before, &"5002".into()));
}

#[test]
fn an_order_whose_cart_was_deleted_is_created() {
    for policy in ["create", "leave"] {
        let world = world_with(&format!("deleted = \"{policy}\"\n"));
        put_carts(&world, &[checkout("tok-1")]);
        run(&world, "carts");
        world.simulator.edit(Edit::DeleteOrder { externalid: "tok-1".to_owned() }).unwrap();
        put_orders(&world, &[order(5001, "tok-1")]);
        assert_eq!(run(&world, "shop")["created"], 1);
        assert_eq!(only_record(&world)["externalid"], "5001");
    }
}

/// Loads carts and orders in every state that they can be in, and then loses the ledger.
fn everything() -> World {
    let world = world();
    let tokens = ["left", "bought", "late", "changed"];
    put_carts(&world, &tokens.map(cart_of));
    run(&world, "carts");
    put_orders(&world, &[order(5001, "bought"), order(5002, ""), order(5003, "unseen")]);
    run(&world, "shop");
    lose_the_ledger(&world);
    let (mut later, mut cart) = (order(5002, ""), cart_of("changed"));
    (later["total_price"], cart["total_price"]) = ("31.00".into(), "26.00".into());
    put_carts(&world, &[cart_of("left"), cart_of("bought"), cart_of("late"), cart]);
    put_orders(
        &world,
        &[
            order(5001, "bought"),
            later,
            order(5003, "unseen"),
            order(5004, "late"),
            order(5005, ""),
        ],
    );
    world
}

fn cart_of(token: &str) -> Value {
    let mut cart = checkout(token);
    cart["id"] = (token.len() + 900).into();
    cart
}

#[test]
fn a_plain_backfill_and_adopt_end_in_the_same_state() {
    let recovered = |verbs: [&str; 2]| {
        let world = everything();
        for verb in verbs {
            for job in ["shop", "carts"] {
                world.run(&["--quiet", verb, job, "--yes"][..if verb == "adopt" { 3 } else { 4 }]);
            }
        }
        let writes = world.summary().writes;
        for job in ["carts", "shop"] {
            let again = run(&world, job);
            assert_eq!(again["unchanged"], again["read"], "{again}");
            assert_eq!(world.run(&["verify", job]).code, 0);
        }
        assert_eq!(world.summary().writes, writes);
        let records = world.target()["ecomOrders"].as_array().unwrap().clone();
        let fields = ["externalid", "externalcheckoutid", "state", "totalPrice", "customerid"];
        let fields = |record: &Value| fields.map(|name| record[name].to_string());
        let mut records: Vec<_> = records.iter().map(fields).collect();
        records.sort();
        (world.summary().customers, records)
    };
    let (plain, adopted) = (recovered(["backfill", "sync"]), recovered(["adopt", "backfill"]));
    assert_eq!(plain.1.len(), 7, "{:?}", plain.1);
    assert_eq!(plain, adopted);
}

fn not_found() -> Kind {
    Kind::Status { code: 404, retry_after: RetryAfter::None, html: false }
}

#[test]
fn one_404_does_not_make_a_cart_a_deleted_one() {
    let leave = "[jobs.carts.policy]\ndeleted = \"leave\"\n";
    let world = world_with("deleted = \"leave\"\n").policy(leave);
    put_carts(&world, &[checkout("tok-1")]);
    run(&world, "carts");
    world.simulator.inject(Fault::new(not_found()).on("GET", "/ecomOrders/"));
    put_carts(&world, &[changed("tok-1")]);
    assert_eq!(run(&world, "carts")["updated"], 1);
    assert_eq!(only_record(&world)["totalPrice"], "2600");
    // An order is not created next to its cart either.
    world.simulator.inject(Fault::new(not_found()).on("PUT", "/ecomOrders/"));
    world.simulator.inject(Fault::new(not_found()).on("GET", "/ecomOrders/"));
    put_orders(&world, &[order(5001, "tok-1")]);
    assert_eq!(run(&world, "shop")["updated"], 1);
    assert_eq!(only_record(&world)["externalid"], "5001");
}

#[test]
fn orders_are_loaded_before_carts_where_no_job_is_named() {
    let world = world();
    put_carts(&world, &[checkout("tok-1")]);
    put_orders(&world, &[order(1, "tok-1")]);
    let output = world.run(&["--json", "--quiet", "backfill", "--yes"]);
    assert_eq!(output.code, 0, "{}{}", output.out, output.err);
    let created = |job: &str| {
        let runs = output.json()["runs"].as_array().unwrap().clone();
        runs.iter().find(|run| run["job"] == job).unwrap()["created"].clone()
    };
    assert_eq!((created("shop"), created("carts")), (json!(1), json!(0)));
    assert_eq!(only_record(&world)["externalid"], "1");
}
