//! No format treats an unknown status as a paid order.

use super::example::{assert_none, example, examples, usual};

/// The columns and keys that state a status.
const STATUSES: [(&str, &str); 28] = [
    ("advanced-order-export-csv.csv", "Order Status"),
    ("advanced-order-export-json.json", "Order Status"),
    ("airbyte.jsonl", "financial_status"),
    ("amazon-csv.tsv", "order-status"),
    ("amazon-csv.tsv", "item-status"),
    ("bigcommerce-csv.csv", "Order Status"),
    ("bigcommerce-json.json", "status_id"),
    ("expertsender-json.json", "status"),
    ("fast-json.json", "status"),
    ("fivetran-csv", "financial_status"),
    ("json-cells-csv.csv", "financial_status"),
    ("magento-json.json", "state"),
    ("matrixify-csv.csv", "Payment: Status"),
    ("shopify-csv.csv", "Financial Status"),
    ("shopify-graphql.json", "displayFinancialStatus"),
    ("shopify-json.lines.jsonl", "financial_status"),
    ("shopify-json.pages.json", "financial_status"),
    ("singer.jsonl", "financial_status"),
    ("square-csv.csv", "Event Type"),
    ("squarespace-csv.csv", "Financial Status"),
    ("squarespace-json.json", "fulfillmentStatus"),
    ("tiendanube-csv.csv", "Estado del pago"),
    ("warehouse-csv.csv", "financial_status"),
    ("webtoffee-csv.csv", "status"),
    ("webtoffee-csv.in-columns.csv", "status"),
    ("webtoffee-csv.in-rows.csv", "status"),
    ("wix-csv.csv", "Payment status"),
    ("woocommerce-json.json", "status"),
];

/// They have no field for it.
const WITHOUT: [&str; 4] = [
    "etsy-csv.csv",
    "shopify-checkouts-graphql.jsonl",
    "shopify-checkouts-json.json",
    "shopify-csv.without-names.csv",
];

#[test]
fn every_format_is_in_the_table() {
    for example in examples() {
        let is_there = STATUSES.iter().any(|(name, _)| *name == example.name);
        assert!(is_there || WITHOUT.contains(&&*example.name), "{}", example.name);
    }
}

#[test]
fn an_unknown_status_is_a_fault_in_every_format() {
    let mut wrong = Vec::new();
    for (name, column) in STATUSES {
        let example = example(name);
        for word in ["Sonderfall", "paid?", "as good as paid", "99"] {
            let new = |cell: &str| (!cell.is_empty()).then(|| word.to_owned());
            let read = example.with(column, new).outcomes(&usual());
            let is_fault = read.iter().all(|outcome| outcome.has_reason("unknown_status"));
            if !is_fault {
                wrong.push(format!("{name}: {word}\n{read:?}"));
            }
        }
    }
    assert_none(&wrong);
}
