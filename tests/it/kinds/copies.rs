//! An earlier record of an order counts instead of a later one only if it is valid itself, in every
//! format.

use super::example::{Content, Example, assert_none, examples, export_of, usual};
use crate::mutations::job;
use ordersync::run::preview;
use ordersync::state::View;
use ordersync::transform::Rules;

/// The column or key of the total, or of its summands.
const TOTALS: [(&str, &str); 26] = [
    ("advanced-order-export-csv.csv", "Order Total Amount"),
    ("advanced-order-export-json.json", "Order Total Amount"),
    ("airbyte.jsonl", "total_price"),
    ("amazon-csv.tsv", "item-price"),
    ("bigcommerce-csv.csv", "Order Total (inc tax)"),
    ("etsy-csv.csv", "Item Total"),
    ("expertsender-json.json", "totalValue"),
    ("fast-json.json", "total_amount"),
    ("json-cells-csv.csv", "total_price"),
    ("magento-json.json", "grand_total"),
    ("matrixify-csv.csv", "Price: Total"),
    ("shopify-checkouts-json.json", "total_price"),
    ("shopify-csv.csv", "Total"),
    ("shopify-csv.without-names.csv", "Total"),
    ("shopify-json.lines.jsonl", "total_price"),
    ("shopify-json.pages.json", "total_price"),
    ("singer.jsonl", "total_price"),
    ("square-csv.csv", "Net Sales"),
    ("squarespace-csv.csv", "Total"),
    ("tiendanube-csv.csv", "Total"),
    ("warehouse-csv.csv", "total_price"),
    ("webtoffee-csv.csv", "order_total"),
    ("webtoffee-csv.in-columns.csv", "order_total"),
    ("webtoffee-csv.in-rows.csv", "order_total"),
    ("wix-csv.csv", "Total"),
    ("woocommerce-json.json", "total"),
];

/// Their total has its value in an object, or their records are joined over all files.
const WITHOUT: [&str; 5] = [
    "bigcommerce-json.json",
    "fivetran-csv",
    "shopify-checkouts-graphql.jsonl",
    "shopify-graphql.json",
    "squarespace-json.json",
];

/// Their rows of one order are collected wherever they are, or the newest of a stream counts.
const COLLECTED: [&str; 13] = [
    "advanced-order-export-csv.csv",
    "airbyte.jsonl",
    "amazon-csv.tsv",
    "etsy-csv.csv",
    "matrixify-csv.csv",
    "shopify-csv.without-names.csv",
    "singer.jsonl",
    "square-csv.csv",
    "squarespace-csv.csv",
    "tiendanube-csv.csv",
    "warehouse-csv.csv",
    "webtoffee-csv.in-rows.csv",
    "wix-csv.csv",
];

/// How many orders would be created, are invalid and are filtered.
fn counts(files: &[(&str, &Example)]) -> (u64, u64, u64) {
    let texts: Vec<(String, Vec<u8>)> = files
        .iter()
        .flat_map(|(prefix, example)| {
            example.texts().into_iter().map(move |(name, text)| (format!("{prefix}-{name}"), text))
        })
        .collect();
    let (dir, options) = export_of(&texts, None);
    let export = ordersync::extract::Export::open(&options).unwrap();
    let rules = Rules { policy: usual(), ..Rules::default() };
    let job = ordersync::run::Job { rules, ..job(options) };
    let view = View::open(&dir.path().join("state"), "main").unwrap();
    let plan = preview(&job, &export, view, 5.0).unwrap();
    (plan.summary.create, plan.summary.invalid, plan.summary.filtered)
}

/// The rows, or documents, of one file after those of the other.
fn together(first: &Example, second: &Example) -> Example {
    let mut both = first.clone();
    for ((_, content), (_, other)) in both.files.iter_mut().zip(&second.files) {
        match (content, other) {
            (Content::Table { rows, .. }, Content::Table { rows: others, .. }) => {
                rows.extend(others[1..].iter().cloned());
            }
            (Content::Documents(documents), Content::Documents(others)) => {
                documents.extend(others.iter().cloned());
            }
            _ => unreachable!("both are of one format"),
        }
    }
    both
}

/// With rows that lack their last cell, as if a file was truncated and appended to.
fn cut(example: &Example) -> Option<Example> {
    let mut changed = example.clone();
    for (_, content) in &mut changed.files {
        let Content::Table { rows, .. } = content else { return None };
        rows[1..].iter_mut().for_each(|row| row.truncate(row.len() - 1));
    }
    Some(changed)
}

#[test]
fn every_format_is_in_the_table() {
    for example in examples() {
        let is_there = TOTALS.iter().any(|(name, _)| *name == example.name);
        assert!(is_there || WITHOUT.contains(&&*example.name), "{}", example.name);
    }
}

#[test]
fn an_earlier_record_counts_only_if_it_is_valid_in_every_format() {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, name: &str, files: &[(&str, &Example)], expected| {
        let counts = counts(files);
        if counts != expected {
            wrong.push(format!("{name}, {what}: {counts:?}, expected {expected:?}"));
        }
    };
    for (name, total) in TOTALS {
        let good = super::example::example(name);
        let bad = good.with(total, |cell| (!cell.is_empty()).then(|| "ten".to_owned()));
        let (orders, 0, 0) = counts(&[("a", &good)]) else { panic!("{name} is not valid") };
        assert_eq!(counts(&[("a", &bad)]), (0, orders, 0), "{name}");
        if !COLLECTED.contains(&name) {
            let valid = (orders, orders, 0);
            expect("invalid, valid", name, &[("a", &together(&bad, &good))], valid);
            expect("valid, invalid", name, &[("a", &together(&good, &bad))], valid);
        }
        let is_replaced = (orders, 0, orders);
        expect("identical", name, &[("a", &good), ("b", &good)], is_replaced);
        expect("invalid in an older file", name, &[("a", &bad), ("b", &good)], is_replaced);
        let is_current = (0, orders, orders);
        expect("invalid in a newer file", name, &[("a", &good), ("b", &bad)], is_current);
        // Nothing is read from a truncated loader's table.
        if let Some(cut) = cut(&good).filter(|_| name != "warehouse-csv.csv") {
            let is_whole = (orders, orders, 0);
            expect("cut in a newer file", name, &[("a", &good), ("b", &cut)], is_whole);
        }
    }
    assert_none(&wrong);
}
