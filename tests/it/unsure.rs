//! Ambiguous exports: unknown statuses, ids shortened by a spreadsheet, versions without an order.

use crate::world::{World, assert_adds_up};
use serde_json::{Value, json};

/// A mug of 20.00.
fn order(id: &str, more: Value) -> Value {
    let mut order = json!({
        "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "created_at": "2024-01-31T10:11:12-05:00",
        "currency": "USD", "total_price": "20.00", "financial_status": "paid",
        "line_items": [{ "name": "Mug", "price": "10.00", "quantity": 2 }],
    });
    order["id"] = serde_json::from_str(id).unwrap();
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

/// Rows of a loader's raw table.
fn table(rows: &[(&str, Value)]) -> String {
    let row = |(at, data): &(&str, Value)| {
        json!({ "_airbyte_raw_id": "r", "_airbyte_extracted_at": at, "_airbyte_data": data })
            .to_string()
            + "\n"
    };
    rows.iter().map(row).collect()
}

fn plan(world: &World) -> Value {
    let output = world.run(&["--json", "plan"]);
    assert_eq!(output.code, 0, "{}", output.err);
    output.json()["plans"][0].clone()
}

/// The totals in ActiveCampaign, by the orders' ids.
fn totals(world: &World) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    let mut totals: Vec<_> = orders
        .iter()
        .map(|order| (text(&order["externalid"]), text(&order["totalPrice"])))
        .collect();
    totals.sort();
    totals
}

#[test]
fn a_status_that_is_not_known_is_shown_in_the_exports_own_word() {
    let world = World::new();
    let odd = |id, word| order(id, json!({ "financial_status": word }));
    let orders = [
        odd("1", "on layaway"),
        odd("2", "on layaway"),
        odd("3", "paid"),
        odd("4", "eve@example.com, 5"),
    ];
    world.export("orders.json", json!({ "orders": orders }).to_string());
    let output = world.run(&["plan"]);
    assert!(output.out.contains("paid 1; unknown 3, invalid: `on layaway` 2\n"), "{}", output.out);
    assert!(output.out.contains("policy.statuses = [\"all\"]"), "{}", output.out);
    assert!(!output.out.contains("eve@"), "what has not the look of a status is not shown");
    let output = plan(&world);
    assert_eq!(output["unknown_statuses"], json!([{ "word": "on layaway", "count": 2 }]));
    assert_eq!(output["invalid"], 3);
}

#[test]
fn orders_paid_in_another_currency_are_counted_and_the_shops_money_is_sent() {
    let world = World::new();
    let paid = |id, currency| order(id, json!({ "presentment_currency": currency }));
    world.export(
        "orders.json",
        json!({ "orders": [paid("1", "CAD"), paid("2", "usd"), order("3", json!({}))] })
            .to_string(),
    );
    let output = world.run(&["plan"]);
    assert!(
        output.out.contains(
            "the shop's own money, as in its reports, for 1 order paid in another currency"
        ),
        "{}",
        output.out
    );
    assert_eq!(plan(&world)["paid_in_other_currency"], 1);
    assert_eq!(world.load("backfill", 0)["created"], 3);
    assert!(totals(&world).iter().all(|(_, total)| total == "2000"));
}

#[test]
fn orders_whose_ids_a_spreadsheet_cut_are_refused_unless_they_are_to_be_known_by_their_numbers() {
    let header =
        "Id,Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity";
    let row = |name: &str| {
        format!(
            "5.37518E+12,{name},ann@example.com,2024-01-31 10:11:12 -0500,USD,10.00,Mug,10.00,1\n"
        )
    };
    let text = format!("{header}\n{}{}", row("#1001"), row("#1002"));
    let world = World::new();
    world.export("orders.csv", &text);
    let output = plan(&world);
    assert_eq!(
        (&output["invalid"], &output["invalid_reasons"][0]["reason"]),
        (&json!(2), &json!("bad_id"))
    );
    assert!(
        output["invalid_reasons"][0]["advice"]
            .as_str()
            .unwrap()
            .contains("policy.order_key = \"number\"")
    );
    let world = World::new().policy("order_key = \"number\"\n");
    world.export("orders.csv", &text);
    assert_eq!(world.load("backfill", 0)["created"], 2);
    let by_number =
        [("#1001", "1000"), ("#1002", "1000")].map(|(id, total)| (id.to_owned(), total.to_owned()));
    assert_eq!(totals(&world), by_number);
    // The shop's own export has the full ids again: they are the same orders.
    world.export(
        "orders.csv",
        text.replacen("5.37518E+12", "5375180000001", 1).replacen(
            "5.37518E+12",
            "5375180000002",
            1,
        ),
    );
    assert_eq!(world.load("sync", 0)["unchanged"], 2);
}

#[test]
fn of_a_loaders_table_the_newest_version_is_sent_and_what_is_gone_is_reported() {
    let (old, new) = ("2024-02-01T00:00:00Z", "2024-02-02T00:00:00Z");
    let gone = json!({ "_ab_cdc_deleted_at": "2024-02-02T00:00:00Z" });
    let rows = [
        (new, order("1", json!({ "total_price": "18.00" }))),
        (old, order("1", json!({}))),
        (new, order("2", gone)),
        (old, order("2", json!({}))),
        (old, order("3", json!({ "total_price": "18.00" }))),
        (old, order("3", json!({ "total_price": "19.00" }))),
    ];
    let world = World::new().policy("statuses = [\"all\"]\n");
    world.export("orders.jsonl", table(&rows));
    let output = plan(&world);
    let reasons: Vec<_> = output["filtered_reasons"].as_array().unwrap().iter().collect();
    let reasons: Vec<_> =
        reasons.into_iter().map(|reason| (&reason["reason"], &reason["count"])).collect();
    assert_eq!(
        reasons,
        [(&json!("deleted_at_source"), &json!(1)), (&json!("superseded"), &json!(2))]
    );
    assert_eq!(output["invalid_reasons"][0]["reason"], "conflicting_versions");
    assert_eq!(
        output["invalid_reasons"][0]["count"], 2,
        "neither of them is a repeat of the other"
    );
    let run = world.load("backfill", 3);
    assert_adds_up(&run);
    assert_eq!(totals(&world), [("1".to_owned(), "1800".to_owned())]);
}

#[test]
fn of_an_order_known_by_its_number_the_newest_version_is_sent_though_its_id_was_rewritten() {
    let (old, new) = ("2024-02-01T00:00:00Z", "2024-02-02T00:00:00Z");
    let version = |total: &str| order("1", json!({ "id": "5.37518E+12", "total_price": total }));
    let other = || order("2", json!({ "id": "5.37518E+12" }));
    for rows in [
        [(old, version("20.00")), (new, version("18.00"))],
        [(new, version("18.00")), (old, version("20.00"))],
    ] {
        let world = World::new().policy("order_key = \"number\"\n");
        let text = table(&rows) + &table(&[(old, other())]);
        world.export("orders.jsonl", text);
        let output = plan(&world);
        assert_eq!(output["filtered_reasons"][0]["reason"], "superseded");
        assert_eq!(world.load("backfill", 0)["created"], 2);
        let sent =
            [("#1", "1800"), ("#2", "2000")].map(|(id, total)| (id.to_owned(), total.to_owned()));
        assert_eq!(totals(&world), sent, "an id that two orders share is not what ranks them");
    }
}
