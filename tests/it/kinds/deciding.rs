//! A field that decides about an order only decides by a value of its type, in every format.

use super::example::{Example, Outcome, assert_none, example, examples, usual};

/// Columns and keys that contain a date if something happened; if the example lacks them, with a
/// column next to which they are added.
const DATES: [(&str, &str, &str); 16] = [
    ("airbyte.jsonl", "cancelled_at", ""),
    ("airbyte.jsonl", "_ab_cdc_deleted_at", "financial_status"),
    ("fivetran-csv", "cancelled_at", ""),
    ("json-cells-csv.csv", "cancelled_at", ""),
    ("matrixify-csv.csv", "Cancelled At", ""),
    ("shopify-checkouts-graphql.jsonl", "completedAt", ""),
    ("shopify-checkouts-json.json", "completed_at", "abandoned_checkout_url"),
    ("shopify-csv.csv", "Cancelled at", ""),
    ("shopify-graphql.json", "cancelledAt", "displayFinancialStatus"),
    ("shopify-json.lines.jsonl", "cancelled_at", ""),
    ("shopify-json.pages.json", "cancelled_at", ""),
    ("singer.jsonl", "cancelled_at", ""),
    ("singer.jsonl", "_sdc_deleted_at", "financial_status"),
    ("squarespace-csv.csv", "Cancelled at", ""),
    ("tiendanube-csv.csv", "Fecha y hora de cancelación", ""),
    ("warehouse-csv.csv", "cancelled_at", "financial_status"),
];

/// The same for yes and no.
const FLAGS: [(&str, &str, &str); 11] = [
    ("airbyte.jsonl", "test", ""),
    ("bigcommerce-json.json", "is_deleted", "status_id"),
    ("fivetran-csv", "_fivetran_deleted", ""),
    ("fivetran-csv", "test", ""),
    ("json-cells-csv.csv", "test", "financial_status"),
    ("shopify-graphql.json", "test", "displayFinancialStatus"),
    ("shopify-json.lines.jsonl", "test", ""),
    ("shopify-json.pages.json", "test", ""),
    ("singer.jsonl", "test", ""),
    ("squarespace-json.json", "testmode", ""),
    ("warehouse-csv.csv", "test", "financial_status"),
];

/// Their statuses are only words.
const WITHOUT: [&str; 15] = [
    "advanced-order-export-csv.csv",
    "advanced-order-export-json.json",
    "amazon-csv.tsv",
    "bigcommerce-csv.csv",
    "etsy-csv.csv",
    "expertsender-json.json",
    "fast-json.json",
    "magento-json.json",
    "shopify-csv.without-names.csv",
    "square-csv.csv",
    "webtoffee-csv.csv",
    "webtoffee-csv.in-columns.csv",
    "webtoffee-csv.in-rows.csv",
    "wix-csv.csv",
    "woocommerce-json.json",
];

/// Words for a missing value in both.
const NOTHING: [&str; 7] = ["", "false", "0", "NaT", "NULL", "None", "n/a"];

/// The outcome of the example with this word in a column.
fn outcomes((name, column, beside): (&str, &str, &str), word: &str) -> Vec<Outcome> {
    let example: Example = example(name);
    let example = if beside.is_empty() { example } else { example.beside(beside, column) };
    example.with(column, |_| Some(word.to_owned())).outcomes(&usual())
}

fn is_sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Sent(..))
}

#[test]
fn every_format_is_in_a_table() {
    for Example { name, .. } in examples() {
        let is_there = DATES.iter().chain(&FLAGS).any(|(own, ..)| *own == name);
        assert!(is_there || WITHOUT.contains(&&*name), "{name}");
    }
}

#[test]
fn only_a_date_says_that_something_happened_in_every_format() {
    let mut wrong = Vec::new();
    for row in DATES {
        for word in NOTHING.into_iter().chain(["0000-00-00 00:00:00", "0001-01-01T00:00:00Z"]) {
            if !outcomes(row, word).iter().any(is_sent) {
                wrong.push(format!("{row:?}: `{word}` is something"));
            }
        }
        for word in ["true", "yes", "customer", "12", "maybe 2024"] {
            let read = outcomes(row, word);
            if !read.iter().all(|outcome| outcome.has_reason("bad_date")) {
                wrong.push(format!("{row:?}: `{word}` is no fault\n{read:?}"));
            }
        }
        // The run filters orders that were deleted at their source, after the whole export was
        // read.
        let is_of_loader = row.1.ends_with("_deleted_at");
        let read = outcomes(row, "2024-02-01T10:00:00Z");
        if !is_of_loader && !read.iter().all(|outcome| matches!(outcome, Outcome::Filtered(_))) {
            wrong.push(format!("{row:?}: a date decides nothing\n{read:?}"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn only_yes_and_no_decide_in_every_format() {
    let mut wrong = Vec::new();
    for row in FLAGS {
        for word in NOTHING.into_iter().chain(["no", "FALSE", "0.0"]) {
            if !outcomes(row, word).iter().any(is_sent) {
                wrong.push(format!("{row:?}: `{word}` is something"));
            }
        }
        for word in ["maybe", "2", "2024-01-31", "customer"] {
            let read = outcomes(row, word);
            if !read.iter().all(|outcome| outcome.has_reason("bad_flag")) {
                wrong.push(format!("{row:?}: `{word}` is no fault\n{read:?}"));
            }
        }
        for word in ["true", "1", "1.0", "Yes"] {
            let read = outcomes(row, word);
            if read.iter().any(is_sent) {
                wrong.push(format!("{row:?}: `{word}` decides nothing\n{read:?}"));
            }
        }
    }
    assert_none(&wrong);
}
