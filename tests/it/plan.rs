//! The dry run shows what a run does, and does nothing itself.

use crate::world::World;
use ordersync::samples::{Expected, GeneratorOptions, generate_json};

#[test]
fn the_plan_is_the_truth_about_the_export() {
    let generated = GeneratorOptions {
        orders: 2_000,
        seed: 8,
        defects_permille: 40,
        ..GeneratorOptions::default()
    };
    let world = World::new();
    let truth = world.generate(&generated);
    assert_shows_the_truth(&world, &truth);
    let world = World::new();
    let mut text = Vec::new();
    let same_truth = generate_json(&generated, &mut text).unwrap();
    assert_eq!(Expected { rows: truth.rows, ..same_truth.clone() }, truth);
    world.export("orders.jsonl", text);
    assert_shows_the_truth(&world, &same_truth);
}

fn assert_shows_the_truth(world: &World, truth: &Expected) {
    let output = world.run(&["--json", "plan"]);
    assert_eq!(output.code, 0, "{}", output.err);
    let plan = output.json()["plans"][0].clone();
    assert_eq!(plan["read"], truth.orders);
    assert_eq!(plan["create"], truth.valid);
    assert_eq!(plan["invalid"], truth.orders - truth.valid);
    assert_eq!(plan["customers"]["new"], truth.customers);
    assert_eq!(plan["products"], truth.lines);
    assert_eq!(plan["first_order"].as_str(), truth.first_order.as_deref());
    assert_eq!(plan["last_order"].as_str(), truth.last_order.as_deref());
    assert_eq!(plan["source_not_historical"], 0);
    assert_eq!(plan["forecast"]["requests"], truth.valid + truth.customers);
    let totals = plan["totals"].as_array().unwrap();
    assert_eq!(totals.len(), truth.totals.len());
    for total in totals {
        let expected = truth.totals[total["currency"].as_str().unwrap()];
        assert_eq!(
            (&total["orders"], &total["minor_units"]),
            (&expected.orders.into(), &expected.minor_units.into())
        );
    }
    for (reason, count) in &truth.invalid {
        let output = plan["invalid_reasons"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["reason"] == *reason);
        assert_eq!(output.map(|entry| &entry["count"]), Some(&(*count).into()), "{reason}");
    }
}

#[test]
fn the_plan_sends_nothing_and_changes_nothing() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 100, seed: 8, ..GeneratorOptions::default() });
    assert_eq!(world.run(&["plan"]).code, 0);
    assert!(world.state_files().is_empty(), "no state is made by looking");
    world.load("backfill", 0);
    let (state, requests) = (world.state_files(), world.summary().requests);
    let output = world.run(&["--json", "dry-run"]);
    assert_eq!(output.json()["plans"][0]["unchanged"], 100);
    assert_eq!(world.summary().requests, requests);
    let names = |files: &[(std::path::PathBuf, Vec<u8>)]| {
        files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&world.state_files()), names(&state));
    assert!(world.state_files() == state, "the state is as it was");
}

#[test]
fn the_plan_needs_neither_token_nor_network() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 10, seed: 8, ..GeneratorOptions::default() });
    std::fs::remove_file(world.path("token")).unwrap();
    let output = world.run(&["plan"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.contains("create     10"), "{}", output.out);
    assert_eq!(world.run(&["backfill"]).code, 2);
}

#[test]
fn the_forecast_is_what_the_run_takes() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 300, seed: 21, ..GeneratorOptions::default() });
    let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    let run = world.load("backfill", 0);
    let connection = 2;
    assert_eq!(
        plan["forecast"]["requests"].as_u64().unwrap() + connection,
        run["requests"]["total"].as_u64().unwrap()
    );
}

#[test]
fn money_is_what_will_be_sent_apart_from_what_is_unchanged() {
    let export = |totals: &[(u32, &str)]| {
        let order = |(id, total): &(u32, &str)| {
            serde_json::json!({
                "id": id, "name": format!("#{id}"), "email": "ann@example.com", "currency": "USD",
                "created_at": format!("2024-0{id}-01T10:11:12Z"), "total_price": total,
                "financial_status": "paid", "line_items": [{ "name": "Mug", "price": total, "quantity": 1 }],
            })
        };
        serde_json::json!({ "orders": totals.iter().map(order).collect::<Vec<_>>() }).to_string()
    };
    let world = World::new();
    world.export("o.json", export(&[(1, "1.00"), (2, "20.00"), (3, "300.00")]));
    world.load("backfill", 0);
    world.export("o.json", export(&[(1, "1.00"), (2, "21.00"), (3, "300.00"), (4, "4000.00")]));
    let plan = world.run(&["--json", "plan", "--html", "plan.html"]).json()["plans"][0].clone();
    let total = |key: &str| (plan[key][0]["orders"].clone(), plan[key][0]["minor_units"].clone());
    assert_eq!(total("totals"), (2.into(), 402_100.into()));
    assert_eq!(total("totals_unchanged"), (2.into(), 30_100.into()));
    let months: Vec<&serde_json::Value> =
        plan["months"].as_array().unwrap().iter().map(|month| &month["month"]).collect();
    assert_eq!(months, ["2024-02", "2024-04"]);
    let page = std::fs::read_to_string(world.path("plan.html")).unwrap();
    let text = world.run(&["plan"]).out;
    for said in [&page, &text] {
        let (sent, rest) = said.split_at(said.find("4,021.00").unwrap());
        assert!(sent.to_lowercase().contains("to be sent"), "{said}");
        assert!(rest.to_lowercase().contains("unchanged, not sent"), "{said}");
        assert!(rest.contains("301.00") && !said.contains("4,322.00"), "{said}");
    }
}
