//! The formats that can be read. A new shop is one line here: the name of a profile in
//! `mapping/builtin.rs`, or a format that is written in Rust.

use super::format::{CsvFormat, Format, Syntax};
use super::json::{JsonFormat, JsonFormats};
use super::mapping::BUILT_IN;
use super::messages::{self, Envelope};
use super::{
    bigcommerce_json, expertsender_json, fast_json, fivetran_csv, json_cells, magento_json,
    shopify_csv, shopify_graphql, shopify_json, woocommerce,
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
    &bigcommerce_json::ORDERS,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::About;

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
