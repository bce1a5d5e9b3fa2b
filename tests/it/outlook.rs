//! The forecast as the program shows it, and the actual duration.

use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use serde_json::{Value, json};

fn generated(orders: u64) -> GeneratorOptions {
    GeneratorOptions { orders, seed: 21, ..GeneratorOptions::default() }
}

/// The forecasts of these jobs' plans, and the sums by account.
fn planned(world: &World, jobs: &[&str]) -> (Vec<Value>, Value) {
    let output = world.run(&[&["--json", "plan"], jobs].concat());
    assert_eq!(output.code, 0, "{}", output.err);
    let plan = output.json();
    let forecasts = plan["plans"].as_array().unwrap().iter().map(|plan| plan["forecast"].clone());
    (forecasts.collect(), plan["accounts"].clone())
}

#[test]
fn the_plan_states_its_assumptions_and_what_another_pace_would_change() {
    let world = World::new().account("in_flight_max = 8\n");
    world.generate(&generated(300));
    let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    let real = settings.replace("requests_per_second = 100000", "requests_per_second = 5");
    std::fs::write(world.path("ordersync.toml"), real).unwrap();
    let (forecasts, accounts) = planned(&world, &[]);
    let forecast = &forecasts[0];
    assert_eq!(forecast["requests_per_second"], 4.9);
    assert_eq!(
        (&forecast["connection_requests"], &forecast["unsure_requests"]),
        (&2.into(), &0.into())
    );
    assert_eq!(
        (&forecast["round_trip_ms"], &forecast["round_trip_max_ms"]),
        (&500.into(), &1632.into())
    );
    let requests = forecast["requests"].as_u64().unwrap();
    assert_eq!(forecast["connection_ms"], 1000, "the two for the connection wait for each other");
    let expected_ms = requests as f64 / 4.9 * 1000.0;
    assert!((forecast["duration_ms"].as_f64().unwrap() - expected_ms).abs() <= 1.0, "{forecast}");
    let allowed: Vec<_> =
        forecast["paces"].as_array().unwrap().iter().map(|p| &p["allowed_per_second"]).collect();
    assert_eq!(allowed, [1.0, 2.0, 5.0]);
    let ends = forecast["ends"].as_str().unwrap();
    assert!(ends.ends_with("-05:00") || ends.ends_with("-04:00"), "New York: {ends}");
    assert_eq!(accounts[0]["account"], "main");
    assert_eq!(accounts[0]["requests"], requests);
    let text = world.run(&["plan"]).out;
    for expected in [
        "requests_per_second  kept",
        "5 (as set)",
        "in flight (in_flight_max)",
        "(America/New_York",
        "to find or make the connection",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(world.run(&["plan", "--html", "plan.html"]).code, 0);
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    assert!(page.contains("At other rates, and assumptions") && page.contains("5 (as set)"));
}

#[test]
fn a_backfill_shows_what_it_was_forecast_and_what_it_took() {
    let world = World::new();
    world.generate(&generated(40));
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let sent = world.summary().requests;
    assert!(output.out.contains(&format!("forecast {sent} requests in ")), "{}", output.out);
    assert!(output.out.contains(&format!(", took {sent} in ")), "{}", output.out);
    world.export("orders.csv", "");
    world.generate(&generated(45));
    let run = world.load("backfill", 0);
    assert_eq!(run["forecast"]["requests"], run["forecast"]["requests_taken"], "{run}");
    assert_eq!(world.load("sync", 0)["forecast"], Value::Null, "a sync is not planned");
}

#[test]
fn a_canary_is_reported_what_its_own_orders_take() {
    let world = World::new();
    world.generate(&generated(300));
    let output = world.run(&["backfill", "--canary", "10"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.err.contains("Canary: 10 orders in up to 22 requests"), "{}", output.err);
    assert!(output.err.contains("then 31 to read back"), "{}", output.err);
    assert!(world.summary().requests <= 53, "{:?}", world.summary().by_route);
}

#[test]
fn a_verification_of_many_pages_says_beforehand_how_long_it_takes() {
    let world = World::new();
    world.generate(&generated(60));
    world.load("backfill", 0);
    let output = |args: &[&str]| -> Finished { world.run(args) };
    assert!(!output(&["verify", "shop"]).err.contains("reading"), "a few pages are over at once");
    let before = world.summary().requests;
    let sampled = output(&["verify", "shop", "--sample", "1/1"]);
    assert!(
        sampled.err.contains(
            "shop: reading 60 orders back, 60 of them line by line, takes about 122 requests"
        ),
        "{}",
        sampled.err
    );
    assert_eq!(world.summary().requests - before, 122, "as it said");
    assert!(!output(&["--quiet", "verify", "shop", "--sample", "1/1"]).err.contains("reading"));
}

/// A shop's orders, and its abandoned carts, in one job for each and on one account.
fn orders_and_carts() -> World {
    let line = json!({ "variant_id": 31, "sku": "S", "title": "Mug", "name": "Mug", "quantity": 1, "price": "12.50" });
    let record = |id: u64, customer: u64| {
        json!({
            "id": id, "name": format!("#{id}"), "email": format!("c{customer}@example.com"), "currency": "USD",
            "created_at": "2024-02-01T12:00:00-05:00", "updated_at": "2024-02-01T12:00:00-05:00",
            "total_price": "12.50", "subtotal_price": "12.50", "total_tax": "0.00", "total_discounts": "0.00",
            "line_items": [line], "customer": { "id": customer, "email": format!("c{customer}@example.com") },
        })
    };
    let order = |n: u64| {
        let mut order = record(5000 + n, n % 10);
        order["financial_status"] = "paid".into();
        order["checkout_token"] = format!("tok-{n}").into();
        order
    };
    let cart = |n: u64| {
        let mut cart = record(900 + n, n % 15);
        cart["token"] = format!("tok-{n}").into();
        cart["completed_at"] = Value::Null;
        cart["abandoned_checkout_url"] = "https://shop.example.com/recover".into();
        cart
    };
    let world = World::new().policy(
        "statuses = [\"paid\"]\n[jobs.carts]\naccount = \"main\"\nexport = [\"carts/*\"]\n\
        [jobs.carts.connection]\nservice = \"shopify\"\nexternalid = \"test-store\"\nname = \"Test Store\"\n\
        link_url = \"https://shop.example.com\"\nlogo_url = \"https://shop.example.com/logo.png\"\n",
    );
    world.export(
        "orders.json",
        json!({ "orders": (0..30).map(order).collect::<Vec<_>>() }).to_string(),
    );
    std::fs::create_dir_all(world.path("carts")).unwrap();
    let carts = json!({ "checkouts": (20..50).map(cart).collect::<Vec<_>>() });
    std::fs::write(world.path("carts/checkouts.json"), carts.to_string()).unwrap();
    world
}

#[test]
fn two_jobs_of_one_account_are_forecast_together_to_the_request() {
    // Orders are sent first, whatever the sequence of the jobs, and replace ten carts. Customers
    // are shared.
    let requests = [40, 25];
    for jobs in [["shop", "carts"], ["carts", "shop"]] {
        let world = orders_and_carts();
        let (forecasts, accounts) = planned(&world, &jobs);
        let output = forecasts.iter().map(|forecast| forecast["requests"].as_u64().unwrap());
        assert_eq!(output.collect::<Vec<_>>(), requests, "{jobs:?}");
        assert_eq!(accounts[0]["requests"], requests.iter().sum::<u64>());
        let together = world.run(&[&["plan"], jobs.as_slice()].concat()).out;
        assert!(
            together.contains("Together: 2 jobs write to main, one after the other"),
            "{together}"
        );
        let output = world.run(&[&["backfill"], jobs.as_slice()].concat());
        assert_eq!(output.code, 0, "{}", output.err);
        assert_eq!(
            world.summary().requests,
            requests.iter().sum::<u64>() + 2,
            "and two for the connection"
        );
    }
}
