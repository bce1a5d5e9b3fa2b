//! What is not sent is as visible as what is sent, and similar cases are distinguished.

use crate::world::World;
use ordersync::simulator::Edit;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "currency": "USD",
        "created_at": "2024-01-31T10:11:12-05:00", "total_price": "25.00", "financial_status": "paid",
        "line_items": [{ "name": "Mug", "price": "25.00", "quantity": 1, "sku": "M-1" }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn put(world: &World, name: &str, orders: &[Value]) {
    world.export(name, json!({ "orders": orders }).to_string());
}

fn plan(world: &World) -> Value {
    world.run(&["--json", "plan"]).json()["plans"][0].clone()
}

fn codes(plan: &Value) -> Vec<&str> {
    let warnings = plan["warnings"].as_array().unwrap();
    warnings.iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

#[test]
fn a_newer_export_next_to_old_ones_gives_no_warning_and_older_copies_have_their_own_line() {
    let world = World::new();
    let orders: Vec<Value> = (1..=40).map(|id| order(id, json!({}))).collect();
    put(&world, "orders_1.json", &orders[..30]);
    world.load("backfill", 0);
    put(&world, "orders_2.json", &orders);
    let plan = plan(&world);
    assert_eq!(
        (&plan["read"], &plan["superseded"], &plan["filtered"]),
        (&70.into(), &30.into(), &30.into())
    );
    assert!(!codes(&plan).contains(&"far_more_records"), "{plan}");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("older      30  copies of orders"), "{text}");
    assert!(text.contains("filtered    0") && !text.contains("superseded"), "{text}");
    // The double number of orders is a warning.
    let many: Vec<Value> = (1..=80).map(|id| order(id, json!({}))).collect();
    put(&world, "orders_2.json", &many);
    assert!(codes(&self::plan(&world)).contains(&"far_more_records"));
}

#[test]
fn left_out_records_have_their_number_and_value() {
    let world = World::new();
    let orders = [
        order(1, json!({})),
        order(2, json!({ "financial_status": "pending", "total_price": "100.50" })),
        order(3, json!({ "financial_status": "pending", "total_price": "7", "currency": "JPY" })),
        order(4, json!({ "email": "", "contact_email": null, "total_price": "9.99" })),
        order(5, json!({ "financial_status": "authorized" })),
    ];
    put(&world, "orders.json", &orders);
    let plan = plan(&world);
    let pending = &plan["filtered_reasons"][0];
    assert_eq!(pending["reason"], "status_pending");
    let usd = pending["totals"].as_array().unwrap().iter().find(|t| t["currency"] == "USD");
    assert_eq!(usd.unwrap()["minor_units"], 12_550, "{pending}");
    let missing = &plan["invalid_reasons"][0];
    assert_eq!(missing["totals"], json!([{ "currency": "USD", "orders": 1, "minor_units": 999 }]));
    let message = world.run(&["plan", "--html", "plan.html"]).out;
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    for shown in [&message, &page] {
        assert!(shown.contains("USD 9.99") && shown.contains("JPY 7"), "{shown}");
    }
    assert!(message.contains("`authorized` 1"), "the shop's word beside ours: {message}");
}

#[test]
fn refunds_that_are_not_taken_off_are_a_warning_and_net_has_none() {
    let refund =
        json!([{ "transactions": [{ "kind": "refund", "status": "success", "amount": "5.00" }] }]);
    let orders = [
        order(1, json!({})),
        order(2, json!({ "financial_status": "partially_refunded", "refunds": refund })),
        order(3, json!({ "financial_status": "refunded", "refunds": [] })),
    ];
    let world = World::new();
    put(&world, "orders.json", &orders);
    let plan = plan(&world);
    assert_eq!(
        plan["refunds_ignored"],
        json!([{ "currency": "USD", "orders": 2, "minor_units": 3_000 }])
    );
    assert!(codes(&plan).contains(&"refunds_ignored"));
    let loaded = World::new();
    put(&loaded, "orders.json", &orders);
    loaded.load("backfill", 0);
    assert_eq!(self::plan(&loaded)["refunds_ignored"], json!([]), "of orders to send alone");
    let text = world.run(&["plan"]).out;
    assert!(text.contains("2 orders were refunded, USD 30.00 in all"), "{text}");
    let world = world.policy("refunds = \"net\"\n");
    let net = self::plan(&world);
    assert!(!codes(&net).contains(&"refunds_ignored") && net["refunds_ignored"] == json!([]));
}

#[test]
fn a_refund_that_is_stated_as_a_negative_amount_is_counted_too() {
    let world = World::new();
    let header = "Name,Email,Financial Status,Currency,Total,Refunded Amount,Created at,\
        Lineitem quantity,Lineitem name,Lineitem price,Id\n";
    let row = "#1,ann@example.com,partially_refunded,USD,25.00,-5.00,2024-01-31 10:11:12 -0500,\
        1,Mug,25.00,1\n";
    world.export("orders.csv", format!("{header}{row}"));
    let expected = json!([{ "currency": "USD", "orders": 1, "minor_units": 500 }]);
    assert_eq!(plan(&world)["refunds_ignored"], expected);
}

#[test]
fn an_amount_in_an_unknown_currency_is_not_one_in_the_currency_of_the_policy() {
    let world = World::new().policy("currency = \"USD\"\n");
    put(&world, "orders.json", &[order(1, json!({})), order(2, json!({ "currency": "EURO" }))]);
    let plan = plan(&world);
    let unknown = &plan["invalid_reasons"][0];
    assert_eq!((&unknown["reason"], &unknown["count"]), (&"unknown_currency".into(), &1.into()));
    assert_eq!(unknown["totals"], json!([]), "{unknown}");
}

#[test]
fn the_consent_of_new_customers_is_counted() {
    let world = World::new();
    let orders = [
        order(1, json!({ "buyer_accepts_marketing": true })),
        order(2, json!({ "buyer_accepts_marketing": false })),
        order(3, json!({ "buyer_accepts_marketing": true, "email": "ann1@example.com" })),
        order(4, json!({})),
    ];
    put(&world, "orders.json", &orders);
    let customers = plan(&world)["customers"].clone();
    assert_eq!(
        customers,
        json!({ "new": 3, "accepts_marketing": 1, "declines_marketing": 1, "consent_unstated": 1 })
    );
    let text = world.run(&["plan"]).out;
    assert!(text.contains("given by 1 of 3 new customers"), "{text}");
    assert!(text.contains("up to 3 customers would be created"), "{text}");
    world.load("backfill", 0);
    assert_eq!(plan(&world)["customers"]["accepts_marketing"], 0, "of new ones alone");
}

#[test]
fn unused_fields_are_named() {
    let world = World::new();
    let more = json!({
        "note": "call first", "shipping_address": { "city": "Ghent" }, "browser_ip": null,
        "ann@example.com": "odd",
        "line_items": [{ "name": "Mug", "price": "25.00", "quantity": 1, "vendor": "Potter" }],
    });
    put(&world, "orders.json", &[order(1, json!({})), order(2, more)]);
    let unplaced = plan(&world)["unplaced"].clone();
    assert_eq!(
        unplaced,
        json!([{ "format": "shopify-json", "count": 4, "fields": [
            "(a name with an address)", "line_items.vendor", "note", "shipping_address",
        ] }])
    );
    let text = world.run(&["plan", "--html", "plan.html"]).out;
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    for shown in [&text, &page] {
        assert!(shown.contains("shopify-json: 4 fields are not sent"), "{shown}");
        assert!(shown.contains("line_items.vendor"), "{shown}");
        assert!(!shown.contains("ann@example.com"), "{shown}");
    }
    let table = World::new();
    let header =
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity";
    let row = "#1,a@example.com,2024-01-31 10:11:12 +0000,USD,25.00,Mug,25.00,1,Ghent,gift";
    table.export("orders.csv", format!("{header},Billing City,My Field\n{row}\n"));
    assert_eq!(
        plan(&table)["unplaced"],
        json!([{ "format": "shopify-csv", "count": 2, "fields": ["Billing City", "My Field"] }])
    );
}

const MAPPED: &str = r#"
[mappings.erp]
source = "json"
lines = ["/rows"]
dates = ["%Y-%m-%d"]
[mappings.erp.order]
id = "no"
email = "/buyer/mail"
created_at = "day"
total = "sum"
currency = { value = "EUR" }
[mappings.erp.line]
name = "title"
quantity = "count"
unit_price = "each"
[[mappings.erp.status]]
column = "no"
filled = "paid"
"#;

#[test]
fn fields_of_mapped_json_and_of_json_in_cells_are_named_too() {
    let rows = r#"[{ "title": "Mug", "count": 1, "each": "25.00", "rack": "B7" }]"#;
    let record = json!({
        "no": 1, "buyer": { "mail": "a@example.com", "fax": "0" }, "day": "2024-01-31", "sum": "25.00",
        "rows": serde_json::from_str::<Value>(rows).unwrap(), "clerk": "7", "parcel": { "weight": 2 },
    });
    let missing = json!(["buyer.fax", "clerk", "parcel", "rows.rack"]);
    let expected = json!([{ "format": "erp", "count": 4, "fields": missing }]);
    let mapped = World::new().policy(MAPPED);
    put(&mapped, "orders.json", &[record]);
    assert_eq!(plan(&mapped)["unplaced"], expected);

    let quoted = |json: &str| format!("\"{}\"", json.replace('"', "\"\""));
    let buyer = quoted(r#"{"mail":"a@example.com","fax":"0"}"#);
    let parcel = quoted(r#"{"weight":2}"#);
    let cells = World::new().policy(MAPPED);
    let row = format!("1,{buyer},2024-01-31,25.00,{},7,{parcel}", quoted(rows));
    cells.export("cells.csv", format!("no,buyer,day,sum,rows,clerk,parcel\n{row}\n"));
    assert_eq!(plan(&cells)["unplaced"], expected);

    let known = order(1, json!({ "note": "call", "shipping_address": { "city": "Ghent" } }));
    let names: Vec<&str> = known.as_object().unwrap().keys().map(String::as_str).collect();
    let cell = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => quoted(&other.to_string()),
    };
    let row: Vec<String> = known.as_object().unwrap().values().map(cell).collect();
    let table = World::new();
    table.export("cells.csv", format!("{}\n{}\n", names.join(","), row.join(",")));
    let fields = json!(["note", "shipping_address"]);
    let cells = |format: &str| json!([{ "format": format, "count": 2, "fields": fields }]);
    assert_eq!(plan(&table)["unplaced"], cells("json-cells-csv"));

    let warehouse = World::new();
    let (names, row) = (names.join(","), row.join(","));
    let loaded = "_airbyte_raw_id,_airbyte_extracted_at";
    let table = format!("{loaded},{names}\nr1,2024-02-01T00:00:00Z,{row}\n");
    warehouse.export("orders.csv", table);
    assert_eq!(plan(&warehouse)["unplaced"], cells("warehouse-csv"));

    let whole = World::new();
    let row = format!("note to self,{}", quoted(&known.to_string()));
    whole.export("whole.csv", format!("remark,record\n{row}\n"));
    let fields = json!(["note", "remark", "shipping_address"]);
    assert_eq!(plan(&whole)["unplaced"][0]["fields"], fields);
}

#[test]
fn unchanged_orders_show_since_when_and_the_last_verification() {
    let world = World::new();
    put(&world, "orders.json", &[order(1, json!({})), order(2, json!({}))]);
    world.load("backfill", 0);
    let text = world.run(&["plan"]).out;
    assert!(text.contains("no change since 20") && text.contains("not verified since"), "{text}");
    world.simulator.edit(Edit::SetTotal { externalid: "1".into(), total: 1 }).unwrap();
    assert_eq!(world.run(&["verify", "shop"]).code, 7);
    let text = world.run(&["plan"]).out;
    assert!(text.contains(": 1 difference"), "{text}");
    assert_eq!(plan(&world)["verified"]["differences"], 1);
}

#[test]
fn no_file_with_personal_data_can_be_read_by_others() {
    let world = World::new();
    put(&world, "orders.json", &[order(1, json!({})), order(2, json!({ "email": "" }))]);
    let files = ["p.html", "p.jsonl", "b.jsonl", "l.csv"];
    for name in files {
        std::fs::write(world.path(name), "old").unwrap();
    }
    let args = ["plan", "--html", files[0], "--jsonl", files[1], "--payloads", files[2]];
    assert_eq!(world.run(&args).code, 0);
    world.run(&["backfill"]);
    let export = world.run(&["dead-letters", "export", "--format", "csv", "--out", files[3]]);
    assert_eq!(export.code, 0, "{}", export.err);
    files.iter().for_each(|name| assert_private(&world.path(name)));
    let demo = world.run(&["demo", "--orders", "3", "--dir", "demo"]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    for name in ["exports/orders_export_1.csv", "ordersync.toml", "token"] {
        assert_private(&world.path("demo").join(name));
    }
}

fn assert_private(path: &Path) {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{}", path.display());
}
