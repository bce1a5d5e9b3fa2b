//! The fields that a policy depends on are stated by the export, or the plan says that they are
//! not; assumptions are counted. One row per format.

use crate::kinds::example::CUSTOMERS;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use serde_json::{Value, json};
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/extract/tests/fixtures");

const ALL: &[&str] = &["status_assumed", "cancelled_unknown", "test_unknown"];
const STATUS: &[&str] = &["status_assumed"];
const TEST: &[&str] = &["test_unknown"];
const CANCELLED: &[&str] = &["cancelled_unknown", "test_unknown"];

/// The fields that the fixture of a format lacks.
struct Row {
    fixture: &'static str,
    /// Dates have no offset.
    is_local: bool,
    /// Codes for any policy.
    codes: &'static [&'static str],
    /// No order states a refund.
    lacks_refunds: bool,
    lacks_current: bool,
}

fn row(
    fixture: &'static str,
    is_local: bool,
    codes: &'static [&'static str],
    [lacks_refunds, lacks_current]: [bool; 2],
) -> Row {
    Row { fixture, is_local, codes, lacks_refunds, lacks_current }
}

fn rows() -> Vec<Row> {
    let (offset, local) = (false, true);
    vec![
        row("advanced-order-export-csv.csv", local, &[], [false, true]),
        row("advanced-order-export-json.json", local, &[], [false, true]),
        row("airbyte.jsonl", offset, &[], [false, false]),
        row("amazon-csv.tsv", offset, &[], [true, true]),
        row("bigcommerce-csv.csv", local, &[], [true, true]),
        row("bigcommerce-json.json", offset, TEST, [true, true]),
        row("etsy-csv.csv", local, STATUS, [true, true]),
        row("expertsender-json.json", offset, &[], [false, true]),
        row("fast-json.json", offset, &[], [true, true]),
        row("fivetran-csv", offset, &[], [true, true]),
        row("json-cells-csv.csv", offset, TEST, [false, false]),
        row("magento-json.json", offset, &[], [true, true]),
        row("matrixify-csv.csv", offset, &[], [true, true]),
        row("shopify-checkouts-graphql.jsonl", offset, &[], [false, false]),
        row("shopify-checkouts-json.json", offset, &[], [false, false]),
        row("shopify-csv.csv", offset, &[], [false, true]),
        row("shopify-csv.quoted-again.csv", offset, ALL, [true, true]),
        row("shopify-csv.without-names.csv", offset, ALL, [true, true]),
        row("shopify-graphql.json", offset, CANCELLED, [true, true]),
        row("shopify-json.lines.jsonl", offset, &[], [false, false]),
        row("shopify-json.pages.json", offset, &[], [false, false]),
        row("singer.jsonl", offset, &[], [false, false]),
        row("square-csv.csv", offset, STATUS, [false, true]),
        row("squarespace-json.json", offset, &[], [false, true]),
        row("squarespace-csv.csv", offset, &[], [false, true]),
        row("tiendanube-csv.csv", local, &[], [true, true]),
        row("warehouse-csv.csv", offset, CANCELLED, [true, true]),
        row("webtoffee-csv.csv", local, &[], [true, true]),
        row("webtoffee-csv.in-columns.csv", local, &[], [true, true]),
        row("webtoffee-csv.in-rows.csv", local, &[], [true, true]),
        row("wix-csv.csv", local, &[], [false, true]),
        row("woocommerce-json.json", offset, &[], [true, true]),
    ]
}

/// A world with only this file, or folder of files.
fn world_of(fixture: &Path) -> World {
    let world = World::new();
    let files = if fixture.is_dir() {
        std::fs::read_dir(fixture).unwrap().map(|file| file.unwrap().path()).collect()
    } else {
        vec![fixture.to_owned()]
    };
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        world.export(name, std::fs::read(&file).unwrap());
    }
    std::fs::create_dir(world.path("customers")).unwrap();
    for (at, text) in CUSTOMERS.iter().enumerate() {
        std::fs::write(world.path(&format!("customers/{at}.csv")), text).unwrap();
    }
    world
}

/// Writes the settings with this zone, if any, and this policy.
fn set(world: &World, zone: Option<&str>, policy: &str) {
    let zone = zone.map(|zone| format!("time_zone = \"{zone}\"\n")).unwrap_or_default();
    let file = world.path("ordersync.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, _) = text.split_once("[jobs.shop.policy]").unwrap();
    let is_set = |line: &&str| line.starts_with("time_zone = ") || line.starts_with("customers = ");
    let lines = head.lines().filter(|line| !is_set(line));
    let head: String = lines.map(|line| format!("{line}\n")).collect();
    let export = "export = [\"exports/*\"]\n";
    let customers =
        if world.path("customers").exists() { "customers = [\"customers/*\"]\n" } else { "" };
    let head = head.replace(export, &format!("{export}{customers}{zone}"));
    let usual = "currency = \"USD\"\ndefault_date = \"2024-01-31\"\n";
    std::fs::write(file, format!("{head}[jobs.shop.policy]\n{usual}{policy}")).unwrap();
}

fn plan(world: &World) -> Value {
    world.run(&["--json", "plan"]).json()["plans"][0].clone()
}

/// The codes that say what the policy lacks.
fn codes(plan: &Value) -> Vec<&str> {
    let known = [ALL, &["refunds_unknown", "current_total_assumed"]].concat();
    let codes = plan["warnings"].as_array().unwrap().iter();
    codes
        .map(|warning| warning["code"].as_str().unwrap())
        .filter(|code| known.contains(code))
        .collect()
}

#[test]
fn every_format_is_in_the_table() {
    let rows = rows();
    for entry in std::fs::read_dir(FIXTURES).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_there = rows.iter().any(|row| row.fixture == name);
        assert!(is_there, "{name}");
    }
}

#[test]
fn a_policy_has_its_data_or_says_so_in_every_format() {
    for row in rows() {
        let Row { fixture, is_local, codes: usual, lacks_refunds, lacks_current } = row;
        let world = world_of(&Path::new(FIXTURES).join(fixture));
        let is_assumed = |plan: &Value| plan["zone_assumed"].as_u64().unwrap() > 0;
        set(&world, None, "");
        let assumed = plan(&world);
        assert!(assumed["create"].as_u64() > Some(0), "{fixture}: {assumed}");
        assert_eq!(
            (is_assumed(&assumed), codes(&assumed)),
            (is_local, usual.to_vec()),
            "{fixture}"
        );
        let check = world.run(&["check", "--offline"]);
        assert_eq!(check.code, 0, "{fixture}: {}", check.out);
        assert_eq!(check.out.contains("assumed: UTC"), is_local, "{fixture}: {}", check.out);
        for zone in ["UTC", "Europe/Berlin"] {
            set(&world, Some(zone), "");
            assert!(!is_assumed(&plan(&world)), "{fixture}: {zone} is set");
        }
        for (policy, code, is_lacking) in [
            ("refunds = \"net\"\n", "refunds_unknown", lacks_refunds),
            ("refunds = \"skip\"\n", "refunds_unknown", lacks_refunds),
            ("total = \"current\"\n", "current_total_assumed", lacks_current),
        ] {
            set(&world, Some("UTC"), policy);
            let plan = plan(&world);
            let mut expected = usual.to_vec();
            expected.extend(is_lacking.then_some(code));
            assert_eq!(codes(&plan), expected, "{fixture} by {policy}");
        }
    }
}

#[test]
fn unstated_fields_are_counted_and_shown_by_check_too() {
    let order = |id: u32, more: Value| {
        let mut order = json!({
            "id": id, "name": format!("#{id}"), "email": "ann@example.com", "total_price": "20.00",
            "line_items": [{ "name": "Mug", "price": "20.00", "quantity": 1 }],
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let stated = json!({ "financial_status": "paid", "cancelled_at": null, "test": false, "currency": "EUR" });
    let world = World::new();
    let orders = [order(1, stated), order(2, json!({ "created_at": "2024-01-31T10:11:12" }))];
    world.export("o.json", json!({ "orders": orders }).to_string());
    set(&world, None, "");
    let plan = plan(&world);
    for key in
        ["status_assumed", "test_unknown", "currency_assumed", "zone_assumed", "date_assumed"]
    {
        assert_eq!(plan[key], 1, "{key}: {plan}");
    }
    assert_eq!(codes(&plan), ["status_assumed", "cancelled_unknown", "test_unknown"]);
    let check = world.run(&["check", "--offline"]).out;
    for said in [
        "for 1 order the export has no status",
        "for 1 order the export has no field that says whether they are tests",
        "assumed: the currency USD for 1 order",
        "assumed: the date 2024-01-31",
        "assumed: UTC was assumed for 1 order",
        "2 records read, 0 filtered, 0 invalid",
    ] {
        assert!(check.contains(said), "{said}\n{check}");
    }
    set(
        &world,
        None,
        "statuses = [\"pending\", \"paid\", \"partially_refunded\", \"refunded\", \"cancelled\", \"test\"]\n",
    );
    assert_eq!(codes(&self::plan(&world)), ["status_assumed"], "the others are sent anyway");
}

#[test]
fn an_export_that_cannot_be_read_to_its_end_is_a_fault_of_check() {
    let world = World::new();
    world.export("o.json", "{\"orders\": [{\"id\": 1, \"line_items\": [");
    let check = world.run(&["check", "--offline"]);
    assert_eq!(check.code, 2, "{}", check.out);
    assert!(check.out.contains("FAULT jobs.shop: "), "{}", check.out);
}

#[test]
fn rows_that_are_passed_over_are_counted_and_named_by_plan_check_and_the_log() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 5, seed: 1, ..GeneratorOptions::default() });
    let file = world.path("exports/orders.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let end = text.lines().count() + 1;
    world.export("orders.csv", format!("Orders\n{header}\n{rows}{header}\n{header}\nTotal\n"));
    let shown = file.display().to_string();
    let plan = plan(&world);
    let expected = json!([
        { "kind": "above_header", "rows": 1, "file": shown, "line": 1, "list": null },
        { "kind": "header", "rows": 2, "file": shown, "line": end + 1, "list": null },
        { "kind": "footer", "rows": 1, "file": shown, "line": end + 3, "list": null },
    ]);
    assert_eq!(plan["passed_over"], expected);
    let texts = [
        "1 row passed over above the header, as a title, at orders.csv:1".to_owned(),
        format!("2 rows passed over as the header repeated, the first at orders.csv:{}", end + 1),
        format!("1 row passed over as a footer, at orders.csv:{}", end + 3),
    ];
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for verb in [&["plan"][..], &["check", "--offline"]] {
        let out = joined(&world.run(verb).out);
        for text in &texts {
            assert!(out.contains(text), "{text}\n{out}");
        }
    }
    let log = world.run(&["backfill"]).err;
    for (kind, line) in [("above_header", 1), ("header", end + 1), ("footer", end + 3)] {
        let said = format!("line={line}");
        let is_said = log.lines().any(|logged| logged.contains(kind) && logged.contains(&said));
        assert!(is_said, "{kind} {said}\n{log}");
    }
}
