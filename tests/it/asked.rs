//! `plan --ask`: how many of the orders and contacts exist already, using only reads.

use crate::schema::assert_fits;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, RetryAfter};
use serde_json::{Value, json};

fn order(id: u64, email: &str) -> Value {
    json!({
        "id": id, "name": format!("#{id}"), "email": email, "currency": "USD",
        "created_at": "2024-01-31T10:11:12-05:00", "total_price": "25.00", "financial_status": "paid",
        "line_items": [{ "name": "Mug", "price": "25.00", "quantity": 1, "sku": "M-1" }],
    })
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

/// Requests that the simulator got, and writes among them.
fn requests(world: &World) -> (u64, u64) {
    let summary = world.summary();
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    (summary.requests, summary.writes)
}

#[test]
fn existing_records_are_counted_and_nothing_is_written() {
    let world = World::new();
    put(&world, &[order(1, "ann@example.com"), order(2, "bob@example.com")]);
    world.load("backfill", 0);
    // The ledger is lost, so everything is created again; one more order of Ann, one of Eve.
    std::fs::remove_dir_all(world.path("state")).unwrap();
    let eve = order(4, "Eve@Example.com");
    put(
        &world,
        &[
            order(1, "ann@example.com"),
            order(2, "bob@example.com"),
            order(3, "ann@example.com"),
            eve,
        ],
    );
    let before = requests(&world);
    let asked = world.run(&["--json", "plan", "--ask", "--html", "plan.html"]);
    assert_eq!(asked.code, 0, "{}", asked.err);
    let document = asked.json();
    assert_fits("plan", &document);
    let plan = &document["plans"][0];
    assert_eq!(
        plan["existing"],
        json!({
            "connection": true,
            "orders": { "to_create": 4, "found": 2, "listed": 2 },
            "contacts": { "to_create": 3, "found": 2, "listed": 2 },
        })
    );
    let warnings = plan["warnings"].to_string();
    assert!(warnings.contains("1 contact would be created"), "{warnings}");
    assert!(!warnings.contains("connection_unknown"), "it was asked: {warnings}");
    assert_eq!(requests(&world), (before.0 + 3, before.1), "a connection and two lists");
    assert!(asked.err.contains("reading only: 3 requests, about"), "{}", asked.err);
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    let text = world.run(&["plan", "--ask"]).out;
    for shown in [&page, &text] {
        assert!(shown.contains("of 4 orders to create, 2 exist already"), "{shown}");
        assert!(shown.contains("of 3 e-mail addresses of new customers, 2 are"), "{shown}");
    }
    let left: Vec<_> = world.state_files().into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().all(|path| path.ends_with("main.lock")), "no state is made: {left:?}");
    let unasked = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!((&unasked["existing"], &unasked["id"]), (&Value::Null, &plan["id"]));
}

#[test]
fn a_hundred_records_take_one_request() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 350, seed: 9, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    let (before, _) = requests(&world);
    let asked = world.run(&["--json", "plan", "--ask"]);
    let existing = asked.json()["plans"][0]["existing"].clone();
    let (orders, contacts) = (&existing["orders"], &existing["contacts"]);
    assert_eq!(
        (&orders["found"], &contacts["found"]),
        (&orders["to_create"], &contacts["to_create"])
    );
    let pages = |list: &Value| list["listed"].as_u64().unwrap().div_ceil(100);
    assert!(pages(orders) >= 3 && pages(contacts) >= 2, "{existing}");
    let sent = requests(&world).0 - before;
    assert_eq!(sent, 1 + pages(orders) + pages(contacts));
    assert!(asked.err.contains(&format!("reading only: {sent} requests, about")), "{}", asked.err);
}

#[test]
fn without_the_connection_no_order_exists_but_contacts_may() {
    let world = World::new();
    put(&world, &[order(1, "ann@example.com")]);
    let text = world.run(&["plan", "--ask"]).out;
    assert!(text.contains("of 1 order to create none exists"), "{text}");
    assert!(text.contains("of 1 e-mail address of new customers, 0 are"), "{text}");
    assert_eq!(requests(&world), (2, 0));
    world.load("backfill", 0);
    let existing = world.run(&["--json", "plan", "--ask"]).json()["plans"][0]["existing"].clone();
    assert_eq!(existing["orders"]["to_create"], 0);
}

#[test]
fn an_account_that_shows_no_contacts_leaves_their_number_unknown() {
    let world = World::new();
    put(&world, &[order(1, "ann@example.com")]);
    let none = Kind::Status { code: 404, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(none).on("GET", "/contacts").forever());
    let asked = world.run(&["--json", "plan", "--ask"]);
    assert_eq!(asked.code, 0, "{}", asked.err);
    assert_eq!(asked.json()["plans"][0]["existing"]["contacts"], Value::Null);
    let text = world.run(&["plan", "--ask"]).out;
    assert!(text.contains("how many exist is unknown"), "{text}");
}

#[test]
fn the_plan_is_shown_also_where_activecampaign_gives_no_answer() {
    let world = World::new().account("wait_max_s = 0\n");
    put(&world, &[order(1, "ann@example.com")]);
    let away = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(60), html: false };
    for (fault, code, word) in [(away, 6, "away"), (Kind::PaymentRequired, 5, "refused")] {
        world.simulator.inject(Fault::new(fault).forever());
        let asked = world.run(&["--json", "plan", "--ask"]);
        assert_eq!(asked.code, code, "{}", asked.err);
        let document = asked.json();
        assert_fits("plan", &document);
        assert_eq!(document["plans"][0]["create"], 1);
        assert_eq!(document["plans"][0]["existing"], Value::Null);
        let error = &document["error"];
        assert_eq!((&error["code"], &error["exit"]), (&word.into(), &code.into()));
        let text = world.run(&["plan", "--ask"]);
        assert_eq!(text.code, code);
        assert!(text.out.contains("Plan of shop") && text.err.contains("error: accounts.main"));
        world.simulator.release();
    }
    std::fs::remove_file(world.path("token")).unwrap();
    assert_eq!(world.run(&["plan", "--ask"]).code, 2, "it needs a token");
    assert_eq!(world.run(&["plan"]).code, 0);
}
