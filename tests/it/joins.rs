//! Orders with lines in other records, from the file to ActiveCampaign.

use crate::world::{World, assert_adds_up};

fn order(id: u32) -> String {
    format!(
        r##"{{"id":"gid://shopify/Order/{id}","name":"#{id}","email":"ann{id}@example.com","createdAt":"2024-01-31T10:11:12Z",
        "currencyCode":"USD","totalPriceSet":{{"shopMoney":{{"amount":"20.00"}}}},"subtotalLineItemsQuantity":2,
        "displayFinancialStatus":"PAID"}}"##
    )
    .replace("\n        ", "")
}

fn line(order: u32, item: u32) -> String {
    format!(
        r#"{{"id":"gid://shopify/LineItem/{order}{item}","name":"Mug {item}","quantity":1,
        "originalUnitPriceSet":{{"shopMoney":{{"amount":"10.00"}}}},"__parentId":"gid://shopify/Order/{order}"}}"#
    )
    .replace("\n        ", "")
}

/// All orders first, then the first line of each, then the second.
fn scattered(orders: u32) -> Vec<String> {
    let lines = (0..2).flat_map(|item| (1..=orders).map(move |id| line(id, item)));
    (1..=orders).map(order).chain(lines).collect()
}

#[test]
fn orders_with_lines_far_below_them_arrive_complete_and_once() {
    let world = World::new();
    world.export("bulk.jsonl", scattered(40).join("\n"));
    let run = world.load("backfill", 0);
    assert_eq!((&run["read"], &run["created"]), (&40.into(), &40.into()));
    assert_adds_up(&run);
    let summary = world.summary();
    assert_eq!((summary.orders, summary.by_currency["USD"].total_minor), (40, 80_000));
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    let target = world.target();
    let orders = target["ecomOrders"].as_array().expect("the target lists its orders");
    let products =
        |order: &serde_json::Value| order["ecomOrderProducts"].as_array().map_or(0, Vec::len);
    assert!(orders.iter().all(|order| products(order) == 2), "{}", orders[0]);
    assert_eq!(world.load("sync", 0)["unchanged"], 40);
}

#[test]
fn after_a_canary_the_rest_is_loaded() {
    let world = World::new();
    world.export("bulk.jsonl", scattered(30).join("\n"));
    let output = world.run(&["--json", "--quiet", "backfill", "--canary", "10"]);
    assert_eq!(output.code, 0, "{}\n{}", output.out, output.err);
    assert_eq!(world.summary().orders, 10);
    let rest = world.load("backfill", 0);
    assert_eq!((&rest["unchanged"], &rest["created"]), (&10.into(), &20.into()), "{rest}");
    assert_adds_up(&rest);
    assert_eq!(world.summary().orders, 30);
    assert!(world.summary().violations.is_empty());
}

#[test]
fn of_a_result_that_was_cut_nothing_is_sent() {
    let world = World::new();
    let text = scattered(10).join("\n");
    world.export("bulk.jsonl", &text[..text.len() - 5]);
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 1, "{}\n{}", output.out, output.err);
    let said = format!("{}{}", output.out, output.err);
    assert!(
        said.contains("bulk.jsonl, line 30, column 1: ends within the record that begins here"),
        "{said}"
    );
    assert_eq!(world.summary().orders, 0);
    world.export("bulk.jsonl", text);
    assert_eq!(world.load("backfill", 0)["created"], 10);
}

#[test]
fn a_line_of_no_order_is_a_dead_letter_and_spoils_nothing_else() {
    let world = World::new();
    let mut rows = scattered(3);
    rows.insert(0, line(99, 0));
    world.export("bulk.jsonl", rows.join("\n"));
    let run = world.load("backfill", 3);
    assert_eq!((&run["read"], &run["created"], &run["invalid"]), (&4.into(), &3.into(), &1.into()));
    assert_adds_up(&run);
    let letters = world.run(&["dead-letters", "list"]);
    assert!(letters.out.contains("orphan_row"), "{}", letters.out);
}

#[test]
fn check_names_the_table_that_is_missing_and_the_parts_of_a_set() {
    let world = World::new();
    let order = r#"{"id":100,"status_id":10,"date_created":"Tue, 05 Mar 2019 21:40:11 +0000","total_inc_tax":"20.0000",
        "currency_code":"USD","billing_address":{"email":"ann@example.com"},"products":{"url":"u","resource":"r"}}"#;
    world.export("orders.json", order);
    let output = world.run(&["check", "--offline"]);
    assert_eq!(output.code, 2);
    assert!(
        output.out.contains("the table bigcommerce-json/products is missing"),
        "{}",
        output.out
    );
    let product = |id: u32| {
        format!(
            r#"{{"id":{id},"order_id":100,"product_id":{id},"name":"Mug","quantity":1,"price_inc_tax":"10.0000"}}"#
        )
    };
    world.export("products.json", format!("[{},{}]", product(1), product(2)));
    let output = world.run(&["check", "--offline"]);
    assert!(output.out.contains("products.json, bigcommerce-json/products,"), "{}", output.out);
    assert!(
        !output.out.contains("if an order is in several files"),
        "only one of the files holds orders: {}",
        output.out
    );
    assert_eq!(world.load("backfill", 0)["created"], 1);
}
