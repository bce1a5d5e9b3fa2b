//! The warnings of a plan: each with its stable code, and in the text and on the page too.

use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::Edit;
use serde_json::{Value, json};

fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "customer": { "id": id * 100 },
        "created_at": "2024-01-31T10:11:12-05:00", "currency": "USD", "total_price": "20.00",
        "financial_status": "paid", "cancelled_at": null, "test": false, "line_items": [{ "name": "Mug", "price": "20.00", "quantity": 1 }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

fn warnings(world: &World) -> Vec<Value> {
    let output = world.run(&["--json", "plan", "--html", "plan.html"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let warnings = output.json()["plans"][0]["warnings"].as_array().unwrap().clone();
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    let text = world.run(&["plan"]).out;
    for warning in &warnings {
        let said = warning["text"].as_str().unwrap();
        let escaped = said.replace('&', "&amp;").replace('"', "&quot;");
        assert!(text.contains(&format!("Warning    {said}")), "{said}\n{text}");
        assert!(page.contains(&escaped), "{said}");
    }
    warnings
}

fn codes(world: &World) -> Vec<String> {
    warnings(world).iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

fn of<'a>(warnings: &'a [Value], code: &str) -> &'a Value {
    warnings
        .iter()
        .find(|warning| warning["code"] == code)
        .unwrap_or_else(|| panic!("{code}: {warnings:?}"))
}

#[test]
fn an_unchecked_connection_is_reported_until_it_is_checked() {
    let world = World::new();
    put(&world, &[order(1, json!({}))]);
    let output = warnings(&world);
    assert_eq!(output[0]["code"], "connection_unknown");
    assert!(output[0]["text"].as_str().unwrap().contains("`ordersync check shop`"), "{output:?}");
    assert_eq!(world.run(&["check", "--offline"]).code, 0);
    assert_eq!(codes(&world), ["connection_unknown", "contacts"], "nobody was asked");
    assert_eq!(world.run(&["check"]).code, 0);
    assert_eq!(
        codes(&world),
        ["contacts"],
        "it does not exist yet, so it is neither native nor on a list"
    );
    let world = World::new();
    put(&world, &[order(1, json!({}))]);
    world.load("backfill", 0);
    put(&world, &[order(1, json!({})), order(2, json!({}))]);
    assert_eq!(codes(&world), ["contacts"], "a run has asked");
}

#[test]
fn a_native_connection_is_known_to_the_plan_once_it_was_met() {
    for args in [&["check"][..], &["backfill"], &["connection", "ensure", "shop"]] {
        let world = World::new();
        put(&world, &[order(1, json!({}))]);
        let (service, externalid, name) = ("shopify".into(), "test-store".into(), "Native".into());
        world
            .simulator
            .edit(Edit::AddConnection { service, externalid, name, native: true })
            .unwrap();
        assert_eq!(world.run(args).code, 2);
        let output = warnings(&world);
        assert_eq!(output[0]["code"], "native_connection", "{args:?}");
        assert_eq!(output[0]["setting"], "jobs.shop.connection.externalid");
        // Created again under the same names, and checked again.
        world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
        assert_eq!(world.run(&["check"]).code, 0);
        assert_eq!(codes(&world), ["contacts"]);
    }
}

#[test]
fn a_list_that_new_contacts_join_is_reported_with_its_id() {
    let world = World::new();
    put(&world, &[order(1, json!({}))]);
    world.run(&["connection", "ensure", "shop"]);
    assert_eq!(codes(&world), ["contacts"]);
    world.simulator.edit(Edit::SetList { id: 1, list: "7".into() }).unwrap();
    let check = world.run(&["check"]);
    assert!(check.out.contains("join the list with id 7"), "{}", check.out);
    let output = warnings(&world);
    assert!(
        of(&output, "contacts_join_list")["text"]
            .as_str()
            .unwrap()
            .contains("the list with id 7, as of 2")
    );
    world.load("backfill", 0);
    assert!(codes(&world).is_empty(), "nobody new joins it");
}

#[test]
fn a_currency_is_new_only_to_a_job_that_has_sent_others() {
    let world = World::new();
    put(
        &world,
        &[order(1, json!({})), order(2, json!({ "currency": "JPY", "total_price": "20" }))],
    );
    assert!(!codes(&world).contains(&"currency_new".to_owned()), "of a first load all are");
    assert_eq!(world.run(&["backfill", "--canary", "1"]).code, 0);
    assert!(!codes(&world).contains(&"currency_new".to_owned()), "of the rest of it too");
    world.load("backfill", 0);
    put(
        &world,
        &[
            order(3, json!({ "currency": "EUR" })),
            order(4, json!({})),
            order(5, json!({ "currency": "EUR" })),
        ],
    );
    let output = warnings(&world);
    let text = of(&output, "currency_new")["text"].as_str().unwrap().to_owned();
    assert!(text.contains("EUR (2 orders)") && !text.contains("USD"), "{text}");
    world.load("sync", 0);
    put(
        &world,
        &[
            order(6, json!({ "currency": "EUR" })),
            order(7, json!({ "currency": "JPY", "total_price": "20" })),
        ],
    );
    assert!(
        !codes(&world).contains(&"currency_new".to_owned()),
        "each was sent before, by some run"
    );
    // A rebuilt ledger has sent nothing, but knows the existing orders.
    std::fs::remove_dir_all(world.path("state")).unwrap();
    put(&world, &[order(3, json!({ "currency": "EUR" })), order(4, json!({}))]);
    assert_eq!(world.run(&["adopt", "shop"]).code, 0);
    put(&world, &[order(3, json!({ "currency": "EUR" })), order(8, json!({ "currency": "CHF" }))]);
    assert!(
        of(&warnings(&world), "currency_new")["text"].as_str().unwrap().contains("CHF (1 order)")
    );
}

#[test]
fn far_fewer_or_far_more_records_than_the_last_run_read_are_reported() {
    let world = World::new();
    let shop = GeneratorOptions { orders: 100, seed: 7, ..GeneratorOptions::default() };
    world.generate(&shop);
    assert!(!codes(&world).iter().any(|code| code.starts_with("far_")), "there was no run");
    world.load("backfill", 0);
    for (orders, expected) in [(60, None), (150, None), (210, Some("far_more_records"))] {
        world.generate(&GeneratorOptions { orders, ..shop });
        let far = codes(&world).into_iter().find(|code| code.starts_with("far_"));
        assert_eq!(far.as_deref(), expected, "{orders}");
    }
    world.generate(&GeneratorOptions { orders: 40, ..shop });
    // As large as before, but with fewer orders.
    let mut text = std::fs::read_to_string(world.path("exports/orders.csv")).unwrap();
    text.push_str(&"\n".repeat(100_000));
    world.export("orders.csv", text);
    let output = warnings(&world);
    let text = of(&output, "far_fewer_records")["text"].as_str().unwrap();
    assert!(text.contains("40 records") && text.contains("read 100"), "{text}");
}

#[test]
fn anomalies_of_single_orders_are_counted_with_the_first_of_them() {
    let world = World::new();
    let other = json!({ "customer": { "id": 100 }, "email": "other@example.com" });
    put(
        &world,
        &[
            order(1, json!({})),
            order(2, json!({ "created_at": "2098-01-31T10:11:12-05:00" })),
            order(3, json!({ "created_at": "2099-01-31T10:11:12-05:00" })),
            order(4, json!({ "total_price": "21.00" })),
            order(5, other.clone()),
            order(6, other),
            order(7, json!({ "customer": { "id": 100 }, "email": "ANN1@example.com" })),
            order(1, json!({ "total_price": "21.00" })),
        ],
    );
    let output = warnings(&world);
    let all: Vec<&str> = output.iter().map(|warning| warning["code"].as_str().unwrap()).collect();
    let expected = [
        "connection_unknown",
        "future_dates",
        "duplicates",
        "totals_differ",
        "two_addresses",
        "contacts",
    ];
    assert_eq!(all, expected);
    for (code, says, first) in [
        (
            "future_dates",
            "2 orders are dated in the future, the latest 2099-01-31T10:11:12-05:00",
            "#2",
        ),
        ("duplicates", "1 record repeats an order", "#1"),
        (
            "totals_differ",
            "1 order has a total that is not the sum of the parts (USD 1 order by +1.00)",
            "#4",
        ),
        (
            "two_addresses",
            "2 orders have another address than an earlier order of the same customer",
            "#5",
        ),
    ] {
        let warning = of(&output, code);
        assert!(warning["text"].as_str().unwrap().starts_with(says), "{warning}");
        assert_eq!(warning["examples"][0]["order"], first);
        assert!(warning["examples"][0]["line"].as_u64() > Some(0));
    }
    let text = world.run(&["plan"]).out;
    assert!(text.contains("(#5 at record 5 of orders.json)") && !text.contains("other@"), "{text}");
    let by_address = World::new().policy("customers = \"email\"\n");
    put(&by_address, &[order(1, json!({})), order(2, json!({ "customer": { "id": 100 } }))]);
    assert!(
        !codes(&by_address).contains(&"two_addresses".to_owned()),
        "each address is a customer then"
    );
}

#[test]
fn an_invalid_record_does_not_hide_a_valid_copy_of_its_order() {
    let world = World::new();
    let [broken, whole, other] =
        ["x", "20.00", "30.00"].map(|total| order(1, json!({ "total_price": total })));
    put(&world, &[broken, whole, other]);
    let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!((&plan["create"], &plan["invalid"]), (&json!(1), &json!(2)), "{plan}");
}
