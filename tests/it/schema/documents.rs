//! Every kind of document that the program writes, for shops of every kind.

mod past;

use crate::bulk::at_once;
use crate::nights::Nights;
use crate::world::{Finished, World};
use ordersync::plan::{Assumptions, Forecast};
use ordersync::report;
use ordersync::run::{Batches, Progress};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{self, Edit, Fault, GraphqlOptions};
use ordersync::state::{Counts, Kind, Requests};
use serde_json::{Value, json};
use std::time::Duration;

/// A document with the name of its schema.
pub type Document = (&'static str, Value);

pub fn all() -> Vec<Document> {
    let mut all = Vec::new();
    a_shop_with_faults(&mut all);
    a_shop_that_changes(&mut all);
    a_shop_with_everything(&mut all);
    shops_with_little(&mut all);
    past::a_shop_compared_with_its_past(&mut all);
    past::orders_with_a_past(&mut all);
    past::a_canary_that_dies(&mut all);
    past::a_run_that_waits_and_is_killed(&mut all);
    a_shop_in_batches(&mut all);
    switches_of_a_shop(&mut all);
    probes_of_an_account(&mut all);
    a_shop_that_is_pulled(&mut all);
    progress_of_a_run(&mut all);
    failures(&mut all);
    checks(&mut all);
    all
}

/// A failure of each kind: of arguments, settings, an export, the state and the account.
fn failures(all: &mut Vec<Document>) {
    let world = World::new();
    for args in [
        &["verify", "shop"][..],
        &["frobnicate"],
        &["plan", "--frobnicate"],
        &["undo", "shop"],
        &["connection"],
        &["plan", "shpo"],
        &["plan"],
        &["formats", "--show", "nothing"],
    ] {
        output(all, "error", &world, args);
    }
    world.export("orders.csv", "a,b\n1,2\n");
    output(all, "error", &world, &["plan"]);
    world.simulator.inject(Fault::new(simulator::Kind::PaymentRequired));
    output(all, "error", &world, &["connection", "list"]);
    let broken = World::new().policy("statusses = [\"paid\"]\nrefunds = \"some\"\n");
    output(all, "error", &broken, &["status"]);
    std::fs::remove_file(world.path("token")).unwrap();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    output(all, "error", &world, &["sync"]);
    std::fs::create_dir_all(world.path("state")).unwrap();
    std::fs::write(world.path("state/main.db"), "no database at all".repeat(400)).unwrap();
    output(all, "error", &world, &["status"]);
}

fn a_shop_in_batches(all: &mut Vec<Document>) {
    let options =
        simulator::Options { graphql: at_once(), requests_per_second: None, ..Default::default() };
    let world = World::with(options).job("load = \"bulk\"\n");
    world.generate(&GeneratorOptions { orders: 30, seed: 1, ..GeneratorOptions::default() });
    output(all, "runs", &world, &["backfill"]);
    output(all, "status", &world, &["status"]);
}

fn switches_of_a_shop(all: &mut Vec<Document>) {
    for rest_order in [simulator::RestOrder::Updated, simulator::RestOrder::Doubled] {
        let graphql = GraphqlOptions { rest_order, ..at_once() };
        let options =
            simulator::Options { graphql, requests_per_second: None, ..Default::default() };
        let world = World::with(options);
        world.generate(&GeneratorOptions { orders: 20, seed: 1, ..GeneratorOptions::default() });
        world.run(&["--quiet", "backfill", "--fail-on", "never"]);
        let to_bulk = ["connection", "switch", "shop", "--to", "bulk"];
        output(all, "connection", &world, &[&to_bulk[..], &["--dry-run"]].concat());
        output(all, "connection", &world, &[&to_bulk[..], &["--yes"]].concat());
    }
}

fn probes_of_an_account(all: &mut Vec<Document>) {
    let options =
        simulator::Options { graphql: at_once(), requests_per_second: None, ..Default::default() };
    let world = World::with(options);
    output(all, "probe", &world, &["probe", "main"]);
    // The first request that creates an order.
    let unreadable = Fault::new(simulator::Kind::TruncatedJson).on("POST", "/ecomOrders");
    world.simulator.inject(unreadable);
    output(all, "probe", &world, &["probe", "main", "--write"]);
    world.simulator.inject(Fault::new(simulator::Kind::PaymentRequired).nth(20));
    output(all, "probe", &world, &["probe", "main", "--write"]);
}

fn a_shop_that_is_pulled(all: &mut Vec<Document>) {
    let nights = Nights::of_woo(World::new().policy("gone = \"delete\"\n"), 24);
    output(all, "runs", &nights.world, &["backfill"]);
    for gone in [3..4, 4..16] {
        gone.for_each(|id| nights.delete(id));
        nights.done(&["--quiet", "pull", "--full"]);
        output(all, "runs", &nights.world, &["sync"]);
    }
}

fn checks(all: &mut Vec<Document>) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    let rows = std::fs::read_to_string(world.path("exports/orders.csv")).unwrap();
    let (header, _) = rows.split_once('\n').unwrap();
    let described = header.split(',').map(|_| "text").collect::<Vec<_>>().join(",");
    let more = format!("Orders\n{header}\n{described}\n----,----\nTotal\n{header}\n");
    world.export("more.csv", more);
    output(all, "plan", &world, &["plan"]);
    output(all, "check", &world, &["check"]);
    output(all, "connection", &world, &["connection", "ensure", "shop"]);
    output(all, "connection", &world, &["connection", "list"]);
    output(all, "formats", &world, &["formats"]);
    world.export("broken.json", "{\"orders\": [{]}");
    std::fs::remove_file(world.path("token")).unwrap();
    output(all, "check", &world, &["check"]);
    let world = World::new().job("schedule = \"15 2 * * *\"\nverify = \"@daily\"\n");
    let often = ["schedule", "--next", "400"];
    output(all, "schedule", &world, &often);
    output(all, "schedule", &World::new(), &often);
    two_jobs_of_which_one_fails(all);
    new_settings(all);
}

fn new_settings(all: &mut Vec<Document>) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    output(all, "init", &world, &["init", "new", "--from", "exports/orders.csv"]);
    output(all, "init", &world, &["init", "new"]);
}

fn two_jobs_of_which_one_fails(all: &mut Vec<Document>) {
    let shop = "[jobs.away]\naccount = \"main\"\n[jobs.away.connection]\nservice = \"woocommerce\"\nexternalid = \"away\"\n\
                [jobs.away.pull]\nfrom = \"woocommerce\"\nurl = \"http://127.0.0.1:9\"\nkey = \"ck_1\"\nsecret = \"cs_1\"\n";
    let world = World::new().policy(shop);
    let file = world.path("ordersync.toml");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    let run = output(all, "runs", &world, &["backfill"]);
    assert_eq!((run.code, &run.json()["not_run"][0]["job"]), (6, &"away".into()), "{}", run.out);
}

fn output(all: &mut Vec<Document>, name: &'static str, world: &World, args: &[&str]) -> Finished {
    let output = world.run(&[&["--json", "--quiet"], args].concat());
    assert!(!output.out.is_empty(), "{args:?} message nothing: {}", output.err);
    all.push((name, output.json()));
    output
}

/// A plan in all its forms.
fn planned(all: &mut Vec<Document>, world: &World) {
    planned_with(all, world, &[]);
}

fn planned_with(all: &mut Vec<Document>, world: &World, more: &[&str]) {
    let files = ["plan", "--jsonl", "plan.jsonl", "--payloads", "payloads.jsonl"];
    output(all, "plan", world, &[&files, more].concat());
    for (name, file) in [("plan-step", "plan.jsonl"), ("payload", "payloads.jsonl")] {
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        all.extend(text.lines().map(|line| (name, serde_json::from_str(line).unwrap())));
    }
}

/// Orders of several currencies, a tenth of them with all kinds of defects of the generator.
fn a_shop_with_faults(all: &mut Vec<Document>) {
    let world = World::new();
    world.generate(&GeneratorOptions {
        orders: 400,
        seed: 3,
        defects_permille: 120,
        ..GeneratorOptions::default()
    });
    planned(all, &world);
    planned_with(all, &world, &["--ask"]);
    let plan = world.run(&["--json", "plan"]).json()["plans"][0]["id"].clone();
    let plan = ["--plan", plan.as_str().unwrap()];
    output(all, "runs", &world, &[&["backfill", "--canary", "5"], &plan[..]].concat());
    output(all, "status", &world, &["status"]);
    output(all, "runs", &world, &[&["backfill"], &plan[..]].concat());
    planned(all, &world);
    let letters = output(all, "dead-letters", &world, &["dead-letters", "list"]).json();
    for letter in letters["dead_letters"].as_array().unwrap().iter().take(12) {
        output(all, "explain", &world, &["explain", "shop", letter["order"].as_str().unwrap()]);
    }
    output(all, "explain", &world, &["explain", "shop", &world.keys()[0]]);
    world.run(&["dead-letters", "accept", "--note", "known"]);
    let letters = output(all, "dead-letters", &world, &["dead-letters", "list"]).json();
    let key = letters["dead_letters"][0]["order"].as_str().unwrap();
    output(all, "explain", &world, &["explain", "shop", key]);
    output(all, "verify", &world, &["verify", "shop"]);
    output(all, "verify", &world, &["verify", "shop", "--sample", "1/40"]);
    planned(all, &world);
}

/// Loaded, changed, loaded again, damaged in ActiveCampaign, undone, forgotten and adopted.
fn a_shop_that_changes(all: &mut Vec<Document>) {
    let world = World::new();
    let shop = GeneratorOptions { orders: 60, seed: 4, ..GeneratorOptions::default() };
    world.generate(&shop);
    output(all, "status", &world, &["status"]);
    output(all, "explain", &world, &["explain", "shop", &world.keys()[0]]);
    output(all, "runs", &world, &["backfill"]);
    world.simulator.edit(Edit::SetList { id: 1, list: "7".into() }).unwrap();
    world.run(&["check"]);
    let more = GeneratorOptions { changed_permille: 300, extra_orders: 20, ..shop };
    world.generate(&more);
    planned(all, &world);
    output(all, "verify", &world, &["verify", "shop"]);
    output(all, "runs", &world, &["sync"]);
    output(all, "explain", &world, &["explain", "shop", &world.keys()[0]]);
    output(all, "undo", &world, &["undo", "shop", "--run", "2", "--dry-run"]);
    for verb in [&["sync"][..], &["undo", "shop", "--run", "2", "--yes"]] {
        world.simulator.inject(Fault::new(simulator::Kind::PaymentRequired));
        output(all, if verb[0] == "undo" { "undo" } else { "runs" }, &world, verb);
    }
    output(all, "undo", &world, &["undo", "shop", "--run", "2", "--yes"]);
    output(all, "undo", &world, &["undo", "shop", "--run", "2", "--yes"]);
    output(all, "status", &world, &["status"]);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    world.generate(&shop);
    output(all, "adopt", &world, &["adopt", "shop"]);
    output(all, "status", &world, &["status"]);
    // Another export, less than half of it.
    world.generate(&GeneratorOptions { orders: 20, seed: 99, ..shop });
    output(all, "runs", &world, &["sync"]);
    world.generate(&GeneratorOptions { orders: 60, seed: 99, ..shop });
    planned(all, &world);
    world.generate(&GeneratorOptions { orders: 8, seed: 99, ..shop });
    planned(all, &world);
    output(all, "runs", &world, &["sync"]);
}

/// Two mugs of 10.00 and shipping of 5.00, with further or different fields.
fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "customer": { "id": id * 100 },
        "created_at": "2024-01-31T10:11:12-05:00", "updated_at": "2024-02-01T00:00:00Z", "currency": "USD",
        "total_price": "25.00", "total_tax": "0.00", "financial_status": "paid",
        "shipping_lines": [{ "title": "Post", "price": "5.00" }],
        "line_items": [{ "name": "Mug", "price": "10.00", "quantity": 2, "sku": "M-1" }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

/// One order of each anomaly that a policy setting covers.
fn a_shop_with_everything(all: &mut Vec<Document>) {
    let policy = "currency = \"EUR\"\ndefault_date = \"2020-01-01\"\nrounding = \"half_even\"\ncategory = \"Shop\"\n\
                  missing_email = \"filter\"\nrefunds = \"skip\"\n";
    let world = World::new().policy(policy);
    let orders = [
        order(1, json!({})),
        order(2, json!({ "total_price": "34.99" })),
        order(3, json!({ "currency": "JPY", "total_price": "2500" })),
        order(
            4,
            json!({ "currency": "KWD", "total_price": "25.125", "presentment_currency": "USD" }),
        ),
        order(5, json!({ "currency": null })),
        order(6, json!({ "created_at": null })),
        order(7, json!({ "total_price": "25.0050" })),
        order(8, json!({ "email": "", "contact_email": null })),
        order(9, json!({ "financial_status": "refunded" })),
        order(10, json!({ "cancelled_at": "2024-02-01" })),
        order(11, json!({ "financial_status": "no such word" })),
        order(12, json!({ "created_at": "2099-01-31T10:11:12Z" })),
        order(12, json!({})),
        order(13, json!({ "created_at": "31.12.2023", "currency": "EURO", "email": "nobody" })),
        order(14, json!({ "customer": { "id": 100 }, "email": "other@example.com" })),
    ];
    put(&world, &orders);
    planned(all, &world);
    world.simulator.inject(Fault::new(simulator::Kind::PaymentRequired));
    output(all, "plan", &world, &["plan", "--ask"]);
    output(all, "runs", &world, &["backfill"]);
    output(all, "explain", &world, &["explain", "shop", "13"]);
    output(all, "explain", &world, &["explain", "shop", "9"]);
    output(all, "dead-letters", &world, &["dead-letters", "list"]);
    let refunds = World::new();
    let refund =
        json!({ "transactions": [{ "kind": "refund", "status": "success", "amount": "5.00" }] });
    let refunded = json!({ "financial_status": "partially_refunded", "refunds": [refund] });
    put(
        &refunds,
        &[
            order(1, refunded),
            order(2, json!({ "financial_status": "voided" })),
            order(3, json!({ "email": "" })),
        ],
    );
    planned(all, &refunds);
    let pending = json!({ "currency": "GBP", "financial_status": "pending" });
    let orders =
        [order(20, json!({ "currency": "GBP" })), order(21, pending.clone()), order(22, pending)];
    put(&world, &orders);
    planned(all, &world);
}

/// No orders, only carts, products with images, a filter that leaves out everything.
fn shops_with_little(all: &mut Vec<Document>) {
    let world = World::new();
    world.export("orders.json", json!({ "orders": [] }).to_string());
    planned(all, &world);
    output(all, "runs", &world, &["backfill"]);
    output(all, "verify", &world, &["verify", "shop"]);
    output(all, "dead-letters", &world, &["dead-letters", "list"]);
    let world = World::new();
    let (service, externalid, name) = ("shopify".into(), "test-store".into(), "Native".into());
    world.simulator.edit(Edit::AddConnection { service, externalid, name, native: true }).unwrap();
    world.run(&["check"]);
    let cart = json!({
        "id": 1, "token": "t1", "cart_token": "c1", "email": "ann@example.com", "currency": "USD", "total_price": "10.00",
        "created_at": "2024-01-31T10:11:12-05:00", "updated_at": "2024-01-31T11:11:12-05:00", "completed_at": null,
        "abandoned_checkout_url": "https://shop.example.com/c/1?key=2",
        "line_items": [{ "title": "Mug", "price": "10.00", "quantity": 1, "variant_id": 7 }],
    });
    world.export("checkouts.json", json!({ "checkouts": [cart] }).to_string());
    planned(all, &world);
    let world = World::new();
    let product = json!({
        "id": "p1", "name": "Earbuds", "price": 75.05, "quantity": 2, "returned": 0, "category": "Sound",
        "url": "https://shop.example.com/p1", "imageUrl": "https://shop.example.com/p1.jpg",
    });
    let order = json!({
        "id": "A-12", "date": "2024-11-06T10:10:00Z", "timeZone": "Pacific Standard Time", "websiteId": 1,
        "status": "Completed", "currency": "USD", "totalValue": 150.10, "returnsValue": 0,
        "customer": { "id": 5, "email": "ann@example.com" }, "products": [product], "orderAttributes": [],
    });
    world.export("orders.json", order.to_string());
    planned(all, &world);
    let world = World::new().policy("statuses = [\"draft\"]\norder_key = \"number\"\n");
    world.generate(&GeneratorOptions { orders: 10, seed: 6, ..GeneratorOptions::default() });
    planned(all, &world);
    let lacking = World::new().policy("refunds = \"net\"\ntotal = \"current\"\n");
    lacking.export(
        "orders.csv",
        "Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n\
         #1,ann@example.com,USD,10.00,2024-01-31 10:11:12 -0500,1,Mug,10.00\n",
    );
    planned(all, &lacking);
}

/// Lines of progress depend on the clock, so these are constructed.
fn progress_of_a_run(all: &mut Vec<Document>) {
    let at = Progress {
        job: "shop".to_owned(),
        run: 1,
        kind: Kind::Backfill,
        read: 9,
        settled: 7,
        counts: Counts { created: 7, ..Counts::default() },
        in_flight: 2,
        requests: Requests { total: 9, ..Requests::default() },
        batches: None,
        planned_done: 7,
        recent: (9, Duration::from_millis(1800)),
        elapsed: Duration::from_millis(1800),
    };
    let just_begun = Progress { elapsed: Duration::ZERO, ..at.clone() };
    let forecast = |requests| Forecast::new(requests, Assumptions::new(5.0, 8));
    let batches = Some(Batches { sent: 2, orders: 20, divided: 1 });
    let in_batches = Progress { batches, ..at.clone() };
    all.push(("progress", report::progress_json(&in_batches, None)));
    for planned in [None, Some(forecast(40)), Some(forecast(0))] {
        all.push(("progress", report::progress_json(&at, planned.as_ref())));
        all.push(("progress", report::progress_json(&just_begun, planned.as_ref())));
    }
}
