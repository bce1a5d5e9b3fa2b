//! The formats that can be read. A new shop is one line here: the name of a profile in
//! `mapping/builtin.rs`, or a format that is written in Rust.

use super::format::{CsvFormat, Format, Syntax};
use super::json::{CartKey, JsonFormat, JsonFormats};
use super::mapping::BUILT_IN;
use super::messages::{self, Envelope};
use super::{
    bigcommerce_json, expertsender_json, fast_json, fivetran_csv, json_cells, magento_json,
    shopify_csv, shopify_graphql, shopify_json, squarespace_json, woocommerce,
};
use std::sync::LazyLock;

/// CSV exports of shop systems that need more than a profile can say.
static SHOP_CSV_FORMATS: &[&dyn Format] =
    &[&shopify_csv::FORMAT, &woocommerce::WEBTOFFEE, &woocommerce::ADVANCED_CSV];

static WAREHOUSE_CSV_FORMATS: &[&dyn Format] =
    &[&fivetran_csv::FORMAT, &messages::WAREHOUSE, &json_cells::FORMAT];

static JSON_FORMATS: &[&JsonFormat] = &[
    &shopify_json::ORDERS,
    &shopify_json::CHECKOUTS,
    &woocommerce::REST,
    &woocommerce::ADVANCED_JSON,
    &magento_json::ORDERS,
    &fast_json::ORDERS,
    &expertsender_json::ORDERS,
    &shopify_graphql::ORDERS,
    &shopify_graphql::CHECKOUTS,
    &bigcommerce_json::ORDERS,
    &squarespace_json::ORDERS,
];

static ENVELOPES: &[Envelope] = &[Envelope::Singer, Envelope::Airbyte];

/// Every kind of export that can be read.
pub fn formats() -> &'static [&'static dyn Format] {
    static FORMATS: LazyLock<Vec<&'static dyn Format>> = LazyLock::new(|| {
        let profiles = BUILT_IN.iter().map(|built_in| &built_in.profile as &dyn Format);
        let json = JSON_FORMATS.iter().map(|format| *format as &dyn Format);
        let envelopes = ENVELOPES.iter().map(|envelope| envelope as &dyn Format);
        let csv = SHOP_CSV_FORMATS.iter().copied().chain(profiles);
        let csv = csv.chain(WAREHOUSE_CSV_FORMATS.iter().copied());
        csv.chain(json).chain(envelopes).collect()
    });
    &FORMATS
}

pub fn format_named(name: &str) -> Option<&'static dyn Format> {
    formats().iter().copied().find(|format| format.name() == name)
}

pub fn csv_formats() -> impl Iterator<Item = &'static dyn CsvFormat> {
    formats().iter().filter_map(|format| match format.syntax() {
        Syntax::Csv(format) => Some(format),
        Syntax::Json(_) | Syntax::Messages(_) => None,
    })
}

pub fn json_formats() -> &'static JsonFormats {
    static FORMATS: LazyLock<JsonFormats> = LazyLock::new(|| JsonFormats::new(JSON_FORMATS));
    &FORMATS
}

/// What identifies the carts of a format; `None` for a format of orders.
pub fn cart_key_of(format: &str) -> Option<CartKey> {
    JSON_FORMATS.iter().find(|known| known.name == format)?.cart_key
}

/// The formats that belong to one shop system; the others contain records of any.
const SHOP_SYSTEMS: [(&str, &[&str]); 12] = [
    (
        "shopify",
        &[
            "shopify-csv",
            "matrixify-csv",
            "fivetran-csv",
            "shopify-json",
            "shopify-checkouts-json",
            "shopify-graphql",
            "shopify-checkouts-graphql",
        ],
    ),
    (
        "woocommerce",
        &[
            "webtoffee-csv",
            "advanced-order-export-csv",
            "woocommerce-json",
            "advanced-order-export-json",
        ],
    ),
    ("squarespace", &["squarespace-csv", "squarespace-json"]),
    ("wix", &["wix-csv"]),
    ("tiendanube", &["tiendanube-csv"]),
    ("bigcommerce", &["bigcommerce-csv", "bigcommerce-json"]),
    ("etsy", &["etsy-csv"]),
    ("amazon", &["amazon-csv"]),
    ("square", &["square-csv"]),
    ("magento", &["magento-json"]),
    ("fast", &["fast-json"]),
    ("expertsender", &["expertsender-json"]),
];

/// The shop system that all exports of a format are from, as a word for a connection's `service`;
/// `None` for tables and messages of any shop.
pub fn shop_system_of(format: &str) -> Option<&'static str> {
    let is_of = |(_, formats): &&(_, &[&str])| formats.contains(&format);
    SHOP_SYSTEMS.iter().find(is_of).map(|(system, _)| *system)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::About;

    #[test]
    fn every_format_is_of_a_shop_system_or_of_any() {
        let of_any = ["warehouse-csv", "json-cells-csv", "singer", "airbyte"];
        for format in formats() {
            let name = format.name();
            assert_eq!(shop_system_of(name).is_none(), of_any.contains(&name), "{name}");
        }
        for name in SHOP_SYSTEMS.iter().flat_map(|(_, formats)| *formats) {
            assert!(format_named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_format_says_how_to_get_it_and_what_it_needs() {
        for format in formats() {
            let About { title, description, how, .. } = format.about();
            let texts = [title, description, how].map(str::is_empty);
            assert_eq!(texts, [false; 3], "{} lacks a text", format.name());
            assert!(!format.needs().is_empty(), "{} needs nothing", format.name());
        }
        for (name, need) in [
            ("shopify-csv", "Name or Id"),
            ("etsy-csv", "Order ID"),
            ("bigcommerce-csv", "Product Details"),
            ("webtoffee-csv", "order_id or order_number"),
        ] {
            let needs = format_named(name).unwrap().needs();
            assert!(needs.iter().any(|own| own == need), "{name}: {needs:?}");
        }
    }
}
