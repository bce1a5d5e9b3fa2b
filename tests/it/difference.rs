//! Which orders would change since a run: fields, old and new values, and causes.

mod against;
mod killed;

use crate::world::World;
use ordersync::samples::GeneratorOptions;
use serde_json::{Value, json};

/// A mug of 20.00 and shipping of 5.00.
fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "customer": { "id": id * 100 },
        "created_at": "2024-01-31T10:11:12-05:00", "currency": "USD", "total_price": "25.00",
        "financial_status": "paid", "shipping_lines": [{ "title": "Post", "price": "5.00" }],
        "line_items": [{ "name": "Mug", "price": "10.00", "quantity": 2 }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

fn plain(ids: std::ops::RangeInclusive<u64>) -> Vec<Value> {
    ids.map(|id| order(id, json!({}))).collect()
}

fn difference(world: &World, run: &str) -> Value {
    let output = world.run(&["--json", "plan", "--since-run", run]);
    assert_eq!(output.code, 0, "{}", output.err);
    output.json()["plans"][0]["difference"].clone()
}

/// Counts by a name.
fn counts(list: &Value, name: &str) -> Vec<(String, u64)> {
    let of_one = |entry: &Value| {
        (entry[name].as_str().unwrap().to_owned(), entry["count"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(of_one).collect()
}

fn one(name: &str, count: u64) -> (String, u64) {
    (name.to_owned(), count)
}

#[test]
fn each_changed_field_is_reported_from_what_to_what_and_why() {
    let world = World::new();
    put(&world, &plain(1..=6));
    world.load("backfill", 0);
    let mug = json!({ "name": "Mug", "price": "10.00", "quantity": 2 });
    let mut orders = plain(1..=6);
    orders[0] = order(1, json!({ "total_price": "26.00", "total_tax": "1.00" }));
    orders[1] = order(2, json!({ "email": "someone.else@example.com" }));
    orders[2] =
        order(3, json!({ "line_items": [mug, { "name": "Cup", "price": "0.00", "quantity": 1 }] }));
    orders[3] = order(4, json!({ "financial_status": "pending" }));
    orders.remove(4);
    orders.push(order(7, json!({})));
    put(&world, &orders);
    let output = difference(&world, "1");
    assert_eq!(
        (&output["known"], &output["unchanged"], &output["changed"]),
        (&6.into(), &1.into(), &3.into())
    );
    assert_eq!((&output["new"], &output["written_later"]), (&1.into(), &0.into()));
    let fields =
        [one("totalPrice", 1), one("taxAmount", 1), one("orderProducts", 1), one("email", 1)];
    assert_eq!(counts(&output["by_field"], "field"), fields);
    assert_eq!(counts(&output["by_why"], "why"), [one("source_changed", 3)]);
    assert_eq!(
        output["left_out"],
        json!([{ "is": "filtered", "reason": "status_pending", "count": 1 }])
    );
    assert_eq!((&output["gone"], &output["gone_examples"]), (&1.into(), &json!(["5"])));
    assert_eq!(output["settings"], json!([]), "no setting changed");
    let examples = output["examples"].as_array().unwrap();
    let changes = json!([
        { "field": "totalPrice", "from": 2500, "to": 2600, "kept": true },
        { "field": "taxAmount", "from": null, "to": 100, "kept": true },
    ]);
    let first = examples.iter().find(|example| example["order"] == "#1").unwrap();
    assert_eq!((&first["changes"], &first["why"]), (&changes, &"source_changed".into()));
    let text = world.run(&["plan", "--since-run", "1"]).out;
    assert!(
        text.contains("total 25.00 USD → 26.00 USD, tax none → 1.00 USD (source_changed)"),
        "{text}"
    );
    assert!(text.contains("number of products 1 → 2"), "{text}");
    assert!(text.contains("e-mail address (the old value is not kept)"), "{text}");
    assert!(!text.contains("@example.com"), "{text}");
}

#[test]
fn a_changed_setting_is_reported_apart_from_a_changed_shop() {
    let refunded = json!({ "financial_status": "partially_refunded", "refunds": [
        { "transactions": [{ "kind": "refund", "status": "success", "amount": "5.00" }] }] });
    let world = World::new();
    put(&world, &[order(1, refunded.clone()), order(2, refunded.clone()), order(3, json!({}))]);
    world.load("backfill", 0);
    let world = world.policy("refunds = \"net\"\n");
    let mut more = refunded.clone();
    more["line_items"] = json!([{ "name": "Cup", "price": "10.00", "quantity": 2 }]);
    put(&world, &[order(1, refunded), order(2, more), order(3, json!({}))]);
    let output = difference(&world, "1");
    assert_eq!(
        counts(&output["by_why"], "why"),
        [one("mapping_changed", 1), one("source_and_mapping_changed", 1)]
    );
    assert_eq!(output["settings"], json!([{ "name": "refunds", "from": "original", "to": "net" }]));
    let example = &output["examples"][0];
    assert_eq!((&example["order"], &example["why"]), (&"#1".into(), &"mapping_changed".into()));
    assert_eq!(
        example["changes"],
        json!([{ "field": "totalPrice", "from": 2500, "to": 2000, "kept": true }])
    );
    let text = world.run(&["plan", "--since-run", "1"]).out;
    assert!(text.contains("refunds: original → net"), "{text}");
    world.load("sync", 0);
    let output = difference(&world, "1");
    assert_eq!(
        (&output["written_later"], &output["unchanged"], &output["changed"]),
        (&2.into(), &1.into(), &0.into())
    );
    let output = difference(&world, "2");
    assert_eq!(
        (&output["known"], &output["unchanged"]),
        (&3.into(), &3.into()),
        "that run, or one before it"
    );
}

#[test]
fn an_order_that_left_the_export_and_returned_is_unchanged() {
    let world = World::new();
    put(&world, &plain(1..=3));
    world.load("backfill", 0);
    put(&world, &plain(2..=3));
    assert_eq!(difference(&world, "1")["gone"], 1);
    world.load("sync", 0);
    put(&world, &plain(1..=3));
    let output = difference(&world, "1");
    assert_eq!(
        (&output["gone"], &output["unchanged"], &output["changed"]),
        (&0.into(), &3.into(), &0.into())
    );
}

#[test]
fn orders_without_a_digest_are_reported_as_not_known() {
    let world = World::new();
    put(&world, &plain(1..=3));
    world.load("backfill", 0);
    forget_digests(&world);
    let mut orders = plain(1..=3);
    orders[1] = order(2, json!({ "total_price": "26.00" }));
    put(&world, &orders);
    let output = difference(&world, "1");
    assert_eq!(
        (&output["changed"], &output["fields_unknown"], &output["unchanged"]),
        (&1.into(), &1.into(), &2.into())
    );
    assert_eq!(counts(&output["by_why"], "why"), [one("not_kept", 1)]);
    assert_eq!((&output["by_field"], &output["settings"]), (&json!([]), &Value::Null));
    world.load("sync", 0);
    orders[1] = order(2, json!({ "total_price": "27.00" }));
    put(&world, &orders);
    assert_eq!(
        counts(&difference(&world, "2")["by_field"], "field"),
        [one("totalPrice", 1)],
        "kept from then on"
    );
}

/// Turns the state into one of a program version without digests.
fn forget_digests(world: &World) {
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    db.execute_batch(
        "DELETE FROM order_digests; UPDATE runs SET mapping = NULL;
         DELETE FROM currencies_sent; DELETE FROM connections_asked;",
    )
    .unwrap();
}

#[test]
fn an_update_that_was_cut_off_is_reported_as_such() {
    let world = World::new();
    put(&world, &plain(1..=2));
    world.load("backfill", 0);
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    db.execute("UPDATE orders SET state = 2, fingerprint = 7 WHERE key = 2", []).unwrap();
    drop(db);
    put(&world, &[order(1, json!({})), order(2, json!({ "total_price": "26.00" }))]);
    let output = difference(&world, "1");
    assert_eq!((&output["changed"], &output["unchanged"]), (&1.into(), &1.into()));
    assert_eq!(counts(&output["by_why"], "why"), [one("interrupted", 1)]);
    assert_eq!(output["fields_unknown"], 1, "nobody knows which of the two the target holds");
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    db.execute("UPDATE orders SET state = 0, fingerprint = NULL WHERE key = 2", []).unwrap();
    drop(db);
    assert_eq!(
        counts(&difference(&world, "1")["by_why"], "why"),
        [one("doubted", 1)],
        "as after a repair"
    );
}

#[test]
fn every_line_of_the_records_file_shows_its_changes() {
    let world = World::new();
    put(&world, &plain(1..=30));
    world.load("backfill", 0);
    let orders: Vec<Value> =
        (1..=30).map(|id| order(id, json!({ "total_price": format!("{id}.00") }))).collect();
    put(&world, &orders);
    let file = world.path("plan.jsonl");
    let output = world.run(&["plan", "--since-run", "1", "--jsonl", file.to_str().unwrap()]);
    assert_eq!(output.code, 0, "{}", output.err);
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 30);
    for line in lines.iter().filter(|line| line["order"] != "#25") {
        assert_eq!(
            (&line["action"], &line["why"]),
            (&"update".into(), &"source_changed".into()),
            "{line}"
        );
        let id: i64 = line["key"].as_str().unwrap().parse().unwrap();
        let expected =
            json!([{ "field": "totalPrice", "from": 2500, "to": id * 100, "kept": true }]);
        assert_eq!(line["changes"], expected);
    }
    assert_eq!(lines[24]["action"], "unchanged");
}

#[test]
fn a_plan_without_a_comparison_lists_its_updates() {
    let world = World::new();
    put(&world, &plain(1..=3));
    assert!(!world.run(&["plan"]).out.contains("orders that changed"));
    world.load("backfill", 0);
    put(
        &world,
        &[
            order(1, json!({ "total_price": "1.00" })),
            order(2, json!({ "total_price": "2.00", "note": "x" })),
        ],
    );
    let output = world.run(&["plan"]);
    assert!(output.out.contains("orders that changed: total 2\n"), "{}", output.out);
    let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!(plan["changes"]["by_field"], json!([{ "field": "totalPrice", "count": 2 }]));
    assert!(plan.get("difference").is_none(), "nothing was held against anything");
}

#[test]
fn a_run_that_is_not_of_the_job_is_wrong_usage_and_nothing_is_written_over() {
    let world = World::new();
    put(&world, &plain(1..=2));
    world.load("backfill", 0);
    let file = world.path("kept.jsonl");
    std::fs::write(&file, "kept").unwrap();
    let output = world.run(&["plan", "--since-run", "9", "--jsonl", file.to_str().unwrap()]);
    assert_eq!(output.code, 2);
    assert!(
        output.err.contains("no run 9 of shop") && output.err.contains("hint:"),
        "{}",
        output.err
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
}

#[test]
fn orders_that_were_undone_are_new_and_not_changed() {
    let world = World::new();
    put(&world, &plain(1..=3));
    world.load("backfill", 0);
    assert_eq!(world.run(&["undo", "shop", "--run", "1", "--yes"]).code, 0);
    let output = difference(&world, "1");
    assert_eq!((&output["new"], &output["known"]), (&3.into(), &0.into()));
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    let left: i64 =
        db.query_row("SELECT count(*) FROM order_digests", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "what is not in the ledger leaves nothing behind");
}

#[test]
fn adopted_orders_are_compared_too() {
    let world = World::new();
    let truth =
        world.generate(&GeneratorOptions { orders: 20, seed: 5, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    assert_eq!(world.run(&["adopt", "shop"]).code, 0);
    world.load("sync", 0);
    let output = difference(&world, "1");
    assert_eq!(
        (&output["known"], &output["unchanged"]),
        (&truth.valid.into(), &truth.valid.into())
    );
    let text = std::fs::read_to_string(world.path("exports/orders.csv")).unwrap();
    let world = world.policy("category = \"Shop\"\n");
    world.export("orders.csv", text);
    let output = difference(&world, "1");
    assert_eq!(counts(&output["by_why"], "why"), [one("mapping_changed", truth.valid)]);
    assert_eq!(counts(&output["by_field"], "field"), [one("orderProducts.category", truth.valid)]);
}
