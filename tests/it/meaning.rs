//! The effects of the policy on an export: shown before anything is sent, and equal to what is
//! sent.

use crate::world::{World, assert_adds_up};
use serde_json::{Value, json};

/// A mug of 20.00 and shipping of 5.00.
fn order(id: u64, more: Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "customer": { "id": id * 100 },
        "created_at": "2024-01-31T10:11:12-05:00", "currency": "USD", "total_price": "25.00",
        "financial_status": "paid", "cancelled_at": null, "test": false, "shipping_lines": [{ "title": "Post", "price": "5.00" }],
        "line_items": [{ "name": "Mug", "price": "10.00", "quantity": 2 }],
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

fn put(world: &World, orders: &[Value]) {
    world.export("orders.json", json!({ "orders": orders }).to_string());
}

fn plan(world: &World) -> Value {
    let output = world.run(&["--json", "plan"]);
    assert_eq!(output.code, 0, "{}", output.err);
    output.json()["plans"][0].clone()
}

/// The totals in ActiveCampaign, by the orders' ids.
fn totals(world: &World) -> Vec<(String, String)> {
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut totals: Vec<_> =
        orders.iter().map(|o| (text(&o["externalid"]), text(&o["totalPrice"]))).collect();
    totals.sort();
    totals
}

#[test]
fn a_shop_paid_on_delivery_is_reported_which_setting_leaves_its_orders_out() {
    let pending = json!({ "financial_status": "pending" });
    let orders = [
        order(1, pending.clone()),
        order(2, pending.clone()),
        order(3, json!({ "cancelled_at": "2024-02-01" })),
    ];
    let world = World::new();
    put(&world, &orders);
    let output = world.run(&["plan"]);
    assert!(
        output.out.contains("Warning    2 of 3 orders are pending, and jobs.shop.policy.statuses"),
        "{}",
        output.out
    );
    assert!(
        output.out.contains("none that counts; left out: pending 2, cancelled 1"),
        "{}",
        output.out
    );
    let output = plan(&world);
    assert_eq!(output["warnings"][0]["code"], "pending_left_out");
    assert_eq!(output["warnings"][0]["setting"], "jobs.shop.policy.statuses");
    assert_eq!(
        output["statuses"],
        json!([
            { "status": "pending", "count": 2, "counts": false, "words": [{ "word": "pending", "count": 2 }] },
            { "status": "cancelled", "count": 1, "counts": false, "words": [{ "word": "paid", "count": 1 }] },
        ])
    );
    let world = World::new().policy("statuses = [\"pending\"]\n");
    put(&world, &orders);
    let codes: Vec<Value> = plan(&world)["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].clone())
        .collect();
    assert_eq!(codes, ["connection_unknown", "contacts"]);
    assert_eq!(world.load("backfill", 0)["created"], 2);
}

#[test]
fn an_order_in_several_files_counts_once_and_by_its_newest_status() {
    let world = World::new();
    let page = |status: &str| json!([order(1, json!({ "financial_status": status }))]).to_string();
    world.export("orders_1.json", page("pending"));
    world.export("orders_2.json", page("paid"));
    let output = plan(&world);
    assert_eq!((&output["read"], &output["filtered"]), (&2.into(), &1.into()));
    assert_eq!(
        output["statuses"],
        json!([{ "status": "paid", "count": 1, "counts": true, "words": [{ "word": "paid", "count": 1 }] }])
    );
}

#[test]
fn the_plan_shows_the_policy_in_force() {
    let world = World::new()
        .policy("refunds = \"skip\"\ncurrency = \"EUR\"\nstatuses = [\"paid\", \"refunded\"]\n");
    put(&world, &[order(1, json!({})), order(2, json!({ "financial_status": "refunded" }))]);
    let output = plan(&world);
    assert_eq!(
        output["policy"],
        json!({
            "statuses": ["paid", "refunded"], "refunds": "skip", "total": "original", "missing_email": "invalid",
            "rounding": "refuse", "order_key": "id", "customers": "id", "currency": "EUR", "default_date": null, "category": null,
            "deleted": "create", "refused_max": 25, "webtoffee_date_shift": "auto", "time_zone": "America/New_York",
            "fractional_quantity": "one", "moved_customer": "keep", "gone": "report", "gone_max_percent": 5,
        })
    );
    let refunded = &output["statuses"][1];
    assert_eq!(
        (&refunded["status"], &refunded["count"], &refunded["counts"]),
        (&"refunded".into(), &1.into(), &false.into())
    );
    let filtered = &output["filtered_reasons"][0];
    assert_eq!((&filtered["reason"], &filtered["count"]), (&"fully_refunded".into(), &1.into()));
    assert!(filtered["advice"].as_str().unwrap().contains("policy.refunds"), "{filtered}");
    let text = world.run(&["plan"]).out;
    let line = "Policy     statuses paid, refunded; refunds skip; total original; missing_email invalid; \
                currency EUR; rounding refuse; customers id";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_total_that_is_not_the_sum_of_its_parts_is_sent_as_stated_and_reported() {
    let world = World::new();
    put(
        &world,
        &[
            order(1, json!({})),
            order(2, json!({ "total_price": "34.99" })),
            order(3, json!({ "total_price": "24.00", "currency": "EUR" })),
            order(4, json!({ "total_price": "27.00", "total_tax": "2.00" })),
            order(5, json!({ "total_price": "25.00", "total_tax": "2.00" })),
            order(6, json!({ "total_price": "28.00", "total_tip_received": "3.00" })),
        ],
    );
    let output = plan(&world);
    assert_eq!((&output["create"], &output["totals_differ"]["count"]), (&6.into(), &2.into()));
    assert_eq!(
        output["totals_differ"]["currencies"],
        json!([
            { "currency": "EUR", "orders": 1, "largest_minor_units": -100 },
            { "currency": "USD", "orders": 1, "largest_minor_units": 999 },
        ])
    );
    let example = &output["totals_differ"]["examples"][0];
    assert_eq!((&example["order"], &example["minor_units"]), (&"#2".into(), &999.into()));
    assert!(
        example["file"].as_str().unwrap().ends_with("orders.json") && example["line"] == 1,
        "{example}"
    );
    let text = world.run(&["plan"]).out;
    assert!(text.contains("EUR 1 order by -1.00; USD 1 order by +9.99"), "{text}");
    assert!(text.contains("(#2 at record 2 of orders.json)"), "{text}");
    assert_eq!(world.load("backfill", 0)["created"], 6);
    assert_eq!(totals(&world)[1], ("2".to_owned(), "3499".to_owned()));
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
}

/// As ordered 25.00, of which 10.00 was refunded; the third states no current total.
fn refunded() -> Vec<Value> {
    let refund =
        json!([{ "transactions": [{ "kind": "refund", "status": "success", "amount": "10.00" }] }]);
    vec![
        order(
            1,
            json!({ "financial_status": "partially_refunded", "current_total_price": "15.00", "refunds": refund }),
        ),
        order(
            2,
            json!({ "financial_status": "partially_refunded", "current_total_price": "25.00", "refunds": refund }),
        ),
        order(3, json!({ "financial_status": "partially_refunded", "refunds": refund })),
    ]
}

#[test]
fn refunds_are_taken_once_whatever_totals_the_export_states() {
    for (policy, expected) in [
        ("", ["2500", "2500", "2500"]),
        ("total = \"current\"\n", ["1500", "2500", "2500"]),
        ("refunds = \"net\"\n", ["1500", "1500", "1500"]),
        ("refunds = \"net\"\ntotal = \"current\"\n", ["1500", "1500", "1500"]),
        ("refunds = \"skip\"\n", ["2500", "2500", "2500"]),
    ] {
        let world = World::new().policy(policy);
        put(&world, &refunded());
        assert_eq!(plan(&world)["totals_differ"]["count"], 0, "held against the total as ordered");
        world.load("backfill", 0);
        let arrived: Vec<String> = totals(&world).into_iter().map(|(_, total)| total).collect();
        assert_eq!(arrived, expected, "{policy}");
        let sync = world.load("sync", 0);
        assert_eq!((&sync["updated"], &sync["created"]), (&0.into(), &0.into()), "{policy}");
    }
}

#[test]
fn a_changed_policy_updates_what_it_changes() {
    let world = World::new();
    put(&world, &refunded());
    world.load("backfill", 0);
    let world = world.policy("refunds = \"net\"\n");
    let run = world.load("sync", 0);
    assert_eq!((&run["updated"], &run["unchanged"]), (&3.into(), &0.into()));
    assert!(totals(&world).iter().all(|(_, total)| total == "1500"), "{:?}", totals(&world));
}

#[test]
fn assumptions_and_roundings_are_counted() {
    let world = World::new().policy(
        "currency = \"EUR\"\ndefault_date = \"2020-01-01\"\nrounding = \"half_even\"\nmissing_email = \"filter\"\n\
         category = \"Shop\"\n",
    );
    put(
        &world,
        &[
            order(1, json!({})),
            order(2, json!({ "currency": null })),
            order(3, json!({ "created_at": null })),
            order(4, json!({ "total_price": "25.0050", "total_tax": "0.0001" })),
            order(5, json!({ "email": "", "contact_email": null })),
            order(6, json!({ "currency": "EURO" })),
            order(7, json!({ "created_at": "02/11/2023 08:35" })),
        ],
    );
    let output = plan(&world);
    assert_eq!(
        (&output["create"], &output["filtered"], &output["invalid"]),
        (&4.into(), &1.into(), &2.into())
    );
    assert_eq!((&output["currency_assumed"], &output["date_assumed"]), (&1.into(), &1.into()));
    assert_eq!(output["rounded"], json!({ "orders": 1, "amounts": 2 }));
    assert_eq!(output["first_order"], "2020-01-01T00:00:00-05:00");
    let text = world.run(&["plan"]).out;
    for line in [
        "the currency EUR for 1 order whose export names none",
        "the date 2020-01-01T00:00:00-05:00 for 1 order whose export states none",
        "2 amounts of 1 order rounded to the minor unit, half to even",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let run = world.load("backfill", 3);
    assert_adds_up(&run);
    assert_eq!(
        (&run["created"], &run["filtered"], &run["invalid"]),
        (&4.into(), &1.into(), &2.into())
    );
    assert_eq!(world.summary().by_currency["EUR"].orders, 1);
    assert_eq!(world.target()["ecomOrders"][0]["ecomOrderProducts"][0]["category"], "Shop");
}

#[test]
fn customers_by_email_are_one_each_when_exports_gain_ids() {
    let world = World::new().policy("customers = \"email\"\n");
    let address = json!({ "email": "ann@example.com", "customer": null });
    put(&world, &[order(1, address)]);
    assert_eq!(world.load("backfill", 0)["customers"]["created"], 1);
    let address = json!({ "email": "Ann@Example.com" });
    put(&world, &[order(2, address)]);
    let run = world.load("sync", 0);
    assert_eq!((&run["created"], &run["customers"]["created"]), (&1.into(), &0.into()));
}
