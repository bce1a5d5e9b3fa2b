//! One valid export of each format, for the tests that cover all of them. To add a format, add a
//! file to `fixtures/`, named `FORMAT.WHAT.EXTENSION`, and a line to [`ALL`]. `tests/it/golden.rs`
//! plans every file there.

use super::*;

/// A whole export in UTF-8: at least three orders that can be sent, some of several lines, with
/// discounts, and in several currencies if the format states them.
pub struct Fixture {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! fixtures {
    ($($name:literal,)*) => {
        &[$(Fixture { name: $name, text: include_str!(concat!("fixtures/", $name)) },)*]
    };
}

pub const ALL: &[Fixture] = fixtures![
    "shopify-graphql.json",
    "bigcommerce-json.json",
    "shopify-csv.csv",
    "shopify-csv.without-names.csv",
    "shopify-csv.quoted-again.csv",
    "shopify-json.lines.jsonl",
    "shopify-json.pages.json",
    "shopify-checkouts-json.json",
    "shopify-checkouts-graphql.jsonl",
    "webtoffee-csv.csv",
    "webtoffee-csv.in-columns.csv",
    "webtoffee-csv.in-rows.csv",
    "advanced-order-export-csv.csv",
    "squarespace-csv.csv",
    "wix-csv.csv",
    "tiendanube-csv.csv",
    "bigcommerce-csv.csv",
    "etsy-csv.csv",
    "amazon-csv.tsv",
    "square-csv.csv",
    "matrixify-csv.csv",
    "woocommerce-json.json",
    "advanced-order-export-json.json",
    "magento-json.json",
    "squarespace-json.json",
    "fast-json.json",
    "expertsender-json.json",
    "singer.jsonl",
    "airbyte.jsonl",
    "warehouse-csv.csv",
    "json-cells-csv.csv",
];

#[test]
fn every_fixture_is_read_and_every_format_has_one() {
    let mut met = std::collections::BTreeSet::new();
    for fixture in ALL {
        let folder = Folder::with("export", fixture.text);
        let export =
            folder.open(&["export"]).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(!export.files()[0].why.is_empty(), "{}", fixture.name);
        met.insert(export.files()[0].format.clone());
        let format = &export.files()[0].format;
        assert!(
            fixture.name.split('.').next() == Some(format),
            "{} was taken for {format}",
            fixture.name
        );
        let orders: Vec<SourceOrder> = export.read().unboxed().map(Result::unwrap).collect();
        assert!(orders.len() >= 3, "{}", fixture.name);
        for order in &orders {
            assert!(order.faults.is_empty(), "{}: {:?}", fixture.name, order.faults);
        }
    }
    for format in crate::extract::formats() {
        // Its tables are several files; `fivetran_csv` tests them against damage.
        let is_of_files = format.name() == "fivetran-csv";
        assert!(is_of_files || met.contains(format.name()), "{} has no fixture", format.name());
    }
}

/// Keys of orders that look like words for totals or counts.
pub(in crate::extract) const KEYS_LIKE_LABELS: &[&str] = &[
    "#1001",
    "1001",
    "Order 1001",
    "SO-1",
    "1001-DE",
    "1001-US",
    "#1005-EUR",
    "1002-CA",
    "1001R",
    "1001 DE",
    "SUM-1",
    "SUMA/2024/1",
    "Total-2",
    "Total 2",
    "MUG-1",
    "TOTAL-EUR",
    "50 EUR",
    "12-orders",
];
