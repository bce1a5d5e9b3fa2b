//! Orders whose customer changed: ActiveCampaign doesn't move them.

use crate::bulk::{at_once, world_of};
use crate::world::{World, assert_adds_up};
use ordersync::simulator::{Edit, Ending, Fault, Kind, RetryAfter};
use serde_json::{Value, json};

const RECREATE: &str = "moved_customer = \"recreate\"\n";

/// An order of a guest, or of the shop's customer 77.
fn order(email: &str, total: &str, customer: Option<u64>) -> Value {
    json!({
        "id": 5001, "name": "#5001", "email": email, "created_at": "2024-02-01T12:00:00-05:00",
        "updated_at": "2024-02-01T12:00:00-05:00", "currency": "USD", "total_price": total,
        "subtotal_price": total, "total_tax": "0.00", "total_discounts": "0.00",
        "financial_status": "paid", "test": false, "cancelled_at": null,
        "line_items": [{ "variant_id": 31, "title": "Mug", "name": "Mug", "quantity": 1, "price": total }],
        "customer": customer.map(|id| json!({ "id": id, "email": email })),
    })
}

fn put(world: &World, order: Value) {
    world.export("orders.json", json!({ "orders": [order] }).to_string());
}

/// Loaded as an order of Ann, and changed to one of Bob.
fn moved(policy: &str) -> World {
    let world = World::new().policy(policy);
    put(&world, order("ann@example.com", "20.00", None));
    world.load("backfill", 0);
    put(&world, order("bob@example.com", "25.00", None));
    world
}

fn plan(world: &World) -> Value {
    world.run(&["--json", "plan"]).json()["plans"][0].clone()
}

fn warning<'a>(plan: &'a Value, code: &str) -> &'a Value {
    let mut all = plan["warnings"].as_array().unwrap().iter();
    all.find(|warning| warning["code"] == code).unwrap_or_else(|| panic!("no {code}: {plan}"))
}

fn only_order(world: &World) -> Value {
    let all = world.target()["ecomOrders"].as_array().unwrap().clone();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    all[0].clone()
}

#[test]
fn an_order_keeps_its_customer_and_no_other_one_is_created() {
    let world = moved("");
    let before = only_order(&world);
    let plan = plan(&world);
    let text = warning(&plan, "customer_address")["text"].as_str().unwrap();
    assert!(text.starts_with("1 order") && text.contains("keep their customer"), "{text}");
    assert_eq!((&plan["update"], &plan["customers"]["new"]), (&1.into(), &0.into()));
    let writes = world.summary().writes;
    let run = world.load("sync", 0);
    assert_eq!((&run["updated"], &run["customers"]["created"]), (&1.into(), &0.into()));
    assert_eq!((world.summary().writes - writes, world.summary().customers), (1, 1));
    let after = only_order(&world);
    assert_eq!((&after["customerid"], &after["email"]), (&before["customerid"], &before["email"]));
    assert_eq!(after["totalPrice"], "2500");
    // Once is enough.
    assert!(!world.run(&["plan"]).out.contains("keep their customer"));
    assert_eq!(world.load("sync", 0)["unchanged"], 1);
    let verified = world.run(&["--json", "verify", "shop", "--repair"]);
    assert_eq!(verified.code, 7);
    let verified = verified.json()["verifications"][0].clone();
    assert_eq!(verified["differences_by_kind"], json!([{ "kind": "customer", "count": 1 }]));
    assert_eq!(verified["queued_for_sync"], 0, "no update mends it");
    assert_eq!(world.load("sync", 0)["unchanged"], 1);
    assert_eq!(world.summary().writes - writes, 1);
}

#[test]
fn an_export_with_other_customer_keys_is_distinguished() {
    let world = World::new();
    put(&world, order("ann@example.com", "20.00", None));
    world.load("backfill", 0);
    put(&world, order("ann@example.com", "25.00", Some(77)));
    let plan = plan(&world);
    let text = warning(&plan, "customer_key")["text"].as_str().unwrap();
    assert!(text.contains("identifies customers in another way"), "{text}");
    assert_eq!(world.load("sync", 0)["updated"], 1);
    assert_eq!(world.summary().customers, 1);
}

#[test]
fn the_order_is_created_again_if_the_policy_says_so() {
    for fault in [None, Some("DELETE"), Some("POST")] {
        let world = moved(RECREATE);
        let before = only_order(&world);
        let plan = plan(&world);
        let text = warning(&plan, "customer_address")["text"].as_str().unwrap();
        assert!(text.contains("deleted and created again"), "{text}");
        assert_eq!(plan["forecast"]["requests"], 4, "customer, read, delete, create");
        if let Some(method) = fault {
            let lost = Kind::Stored { then: Ending::Reset };
            world.simulator.inject(Fault::new(lost).on(method, "/ecomOrders"));
        }
        let writes = world.summary().writes;
        let run = world.load("sync", 0);
        assert_adds_up(&run);
        assert_eq!((&run["created"], &run["customers"]["created"]), (&1.into(), &1.into()));
        let repeated = u64::from(fault == Some("DELETE"));
        assert_eq!(world.summary().writes - writes, 3 + repeated, "{fault:?}");
        let after = only_order(&world);
        assert_ne!(after["id"], before["id"]);
        assert_eq!(
            (&after["email"], &after["totalPrice"]),
            (&"bob@example.com".into(), &"2500".into())
        );
        assert_eq!(world.run(&["verify", "shop"]).code, 0);
        assert_eq!(world.load("sync", 0)["unchanged"], 1);
        assert_eq!(world.run(&["undo", "shop", "--run", "2", "--yes"]).code, 0);
        assert_eq!(world.summary().orders, 0, "the run created it");
    }
}

/// The order was deleted, and the run ended before it learned about it.
fn interrupted_after_the_delete(policy: &str) -> World {
    let world = moved(policy);
    let lost = Kind::Stored { then: Ending::Reset };
    world.simulator.inject(Fault::new(lost).on("DELETE", "/ecomOrders"));
    world.simulator.inject(Fault::new(Kind::PaymentRequired).on("DELETE", "/ecomOrders").nth(2));
    assert_eq!(world.run(&["sync"]).code, 5);
    assert_eq!(world.summary().orders, 0);
    world.simulator.clear_faults();
    world
}

#[test]
fn an_order_that_was_deleted_to_be_created_again_is_created_whatever_the_policies_say() {
    let policy = "moved_customer = \"recreate\"\ndeleted = \"leave\"\n";
    for email in ["bob@example.com", "ann@example.com"] {
        let world = interrupted_after_the_delete(policy);
        put(&world, order(email, "25.00", None));
        assert_eq!(world.load("sync", 0)["created"], 1, "{email}");
        assert_eq!(only_order(&world)["email"], email);
        assert_eq!(world.load("sync", 0)["unchanged"], 1);
    }
}

#[test]
fn a_list_that_shows_a_deleted_order_ends_in_doubt_and_not_in_a_loop() {
    let world = moved(RECREATE);
    let gone = Kind::Status { code: 404, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(gone).on("GET", "/ecomOrders/").forever());
    let before = world.summary().requests;
    assert_eq!(world.load("sync", 3)["refused"], 1);
    assert!(world.summary().requests - before < 20, "{:?}", world.summary().by_route);
    world.simulator.clear_faults();
    assert_eq!(world.load("sync", 0)["created"], 1);
    assert_eq!(only_order(&world)["email"], "bob@example.com");
}

#[test]
fn an_order_that_cannot_be_deleted_is_tried_again() {
    let world = moved(RECREATE);
    let refused = Fault::new(Kind::ErrorsMissing).on("DELETE", "/ecomOrders");
    world.simulator.inject(refused);
    assert_eq!(world.load("sync", 3)["refused"], 1);
    assert_eq!(world.load("sync", 0)["created"], 1);
    assert_eq!(only_order(&world)["email"], "bob@example.com");
}

#[test]
fn adopt_knows_an_order_that_keeps_its_customer() {
    let world = moved("");
    world.load("sync", 0);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    let adopted = world.run(&["--json", "adopt", "shop"]).json()["adoption"].clone();
    assert_eq!((&adopted["adopted"], &adopted["differing"]), (&1.into(), &0.into()), "{adopted}");
    let writes = world.summary().writes;
    assert_eq!(world.load("sync", 0)["unchanged"], 1);
    assert_eq!(world.summary().writes, writes);
}

/// The ledger is lost after the export has changed the customer, by a plain backfill or by `adopt`.
fn recovered(policy: &str, verbs: &[&[&str]]) -> World {
    let world = moved(policy);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    for verb in verbs {
        assert_eq!(world.run(verb).code, 0, "{verb:?}");
    }
    let writes = world.summary().writes;
    assert_eq!(world.load("sync", 0)["unchanged"], 1);
    assert_eq!(world.summary().writes, writes);
    world
}

#[test]
fn after_a_lost_ledger_a_plain_backfill_does_what_adopt_and_a_backfill_do() {
    let plain: &[&[&str]] = &[&["backfill", "--yes"]];
    let adopted: &[&[&str]] = &[&["adopt", "shop"], &["backfill", "--yes"]];
    for verbs in [plain, adopted] {
        let world = recovered("", verbs);
        let order = only_order(&world);
        assert_eq!(
            (&order["email"], &order["totalPrice"]),
            (&"ann@example.com".into(), &"2500".into())
        );
        assert_eq!(world.summary().customers, 1, "no customer without an order");
        put(&world, order_of_bob("26.00"));
        assert_eq!(world.load("sync", 0)["updated"], 1);
        assert_eq!(only_order(&world)["email"], "ann@example.com");
        assert_eq!(world.summary().customers, 1);

        let order = only_order(&recovered(RECREATE, verbs));
        assert_eq!(
            (&order["email"], &order["totalPrice"]),
            (&"bob@example.com".into(), &"2500".into())
        );
    }
}

fn order_of_bob(total: &str) -> Value {
    order("bob@example.com", total, None)
}

/// With an order of Ann; her customer was deleted after the order was loaded.
fn with_deleted_customer(policy: &str) -> World {
    let world = World::new().policy(policy);
    put(&world, order("ann@example.com", "20.00", None));
    world.load("backfill", 0);
    let externalid = "guest:ann@example.com".to_owned();
    world.simulator.edit(Edit::DeleteCustomer { externalid }).unwrap();
    world
}

#[test]
fn an_order_whose_customer_was_deleted_gets_a_new_one_only_if_it_is_created_again() {
    let adopt: &[&str] = &["adopt", "shop"];
    for (policy, customers, lost) in
        [("", 0, false), ("", 0, true), (RECREATE, 1, false), (RECREATE, 1, true)]
    {
        let world = with_deleted_customer(policy);
        let before = only_order(&world);
        if lost {
            std::fs::remove_dir_all(world.path("state")).unwrap();
            assert_eq!(world.run(adopt).code, 0);
        }
        put(&world, order("ann@example.com", "25.00", None));
        let run = world.load("sync", 0);
        assert_eq!(run["customers"]["created"], customers, "{policy} {lost}");
        assert_eq!(world.summary().customers, customers, "{policy} {lost}");
        let after = only_order(&world);
        assert_eq!(after["totalPrice"], "2500");
        assert_eq!(after["id"] == before["id"], policy.is_empty(), "{policy} {lost}");
        let writes = world.summary().writes;
        assert_eq!(world.load("sync", 0)["unchanged"], 1);
        assert_eq!(world.summary().writes, writes);
    }
}

#[test]
fn an_order_is_not_deleted_for_the_customer_that_it_has() {
    for path in ["rest", "bulk"] {
        let world = world_of(path, at_once()).policy(RECREATE);
        put(&world, order("ann@example.com", "20.00", None));
        world.load("backfill", 0);
        let before = only_order(&world);
        std::fs::remove_dir_all(world.path("state")).unwrap();
        world.simulator.inject(Fault::new(Kind::EmptyList).on("GET", "/ecomCustomers"));
        assert_eq!(world.run(&["adopt", "shop"]).code, 0);
        put(&world, order("ann@example.com", "25.00", None));
        world.load("sync", 0);
        let after = only_order(&world);
        assert_eq!((&after["id"], &after["totalPrice"]), (&before["id"], &"2500".into()), "{path}");
        assert_eq!(world.summary().customers, 1);
        let writes = world.summary().writes;
        assert_eq!(world.load("sync", 0)["unchanged"], 1);
        assert_eq!(world.summary().writes, writes);
    }
}
