use super::columns::{Columns, NEEDED};
use crate::extract::blank::value_bytes;
use crate::extract::error::NoMatch;
use crate::extract::format::{CsvFormat, CsvHead, CsvMatch, Format, Syntax};
use crate::extract::header::{Header, is_same};
use csv::ByteRecord;
use std::sync::Arc;

/// The CSV of Advanced Order Export.
#[derive(Debug)]
pub struct AdvancedOrderExport;

pub static FORMAT: AdvancedOrderExport = AdvancedOrderExport;

/// Columns that identify this export, besides those that are needed.
const TELLING: &[&str] = &[
    "customer note",
    "first name (billing)",
    "last name (billing)",
    "company (billing)",
    "address 1&2 (billing)",
    "city (billing)",
    "state code (billing)",
    "postcode (billing)",
    "country code (billing)",
    "phone (billing)",
    "first name (shipping)",
    "last name (shipping)",
    "address 1&2 (shipping)",
    "city (shipping)",
    "postcode (shipping)",
    "payment method title",
    "cart discount amount",
    "cart discount amount(inc. tax)",
    "order subtotal amount",
    "shipping method title",
    "order shipping amount",
    "order refund amount",
    "order total tax amount",
    "sku",
    "item #",
    "coupon code",
    "discount amount",
    "discount amount tax",
];

impl Format for AdvancedOrderExport {
    fn name(&self) -> &str {
        "advanced-order-export-csv"
    }

    fn title(&self) -> &str {
        "WooCommerce export of Advanced Order Export"
    }

    fn description(&self) -> &str {
        "WooCommerce: Advanced Order Export, CSV"
    }

    fn needs(&self) -> Vec<String> {
        NEEDED.iter().map(|group| group.join(" or ")).collect()
    }

    fn how(&self) -> String {
        "WordPress admin: WooCommerce > Export Orders, format CSV (not XLSX), all statuses, order columns filled on all rows."
            .to_owned()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for AdvancedOrderExport {
    fn known_columns(&self, header: &Header) -> usize {
        let known = || NEEDED.iter().copied().flatten().chain(TELLING);
        header.count(|name| known().any(|known| is_same(name, known)))
    }

    fn column_names(&self) -> Vec<&str> {
        NEEDED.iter().copied().flatten().chain(TELLING).copied().collect()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let missing = head.header.missing(NEEDED);
        if missing.is_empty() {
            return complete(head, Columns::of(head.header));
        }
        let is_ours = missing.len() <= 4 && self.known_columns(head.header) >= 6;
        if !head.is_named && !is_ours {
            return CsvMatch::NotThisFormat;
        }
        CsvMatch::MissingColumns {
            columns: missing,
            hint: "export again from Advanced Order Export with these fields, under the names the plugin gives them, and \
                   with all order statuses"
                .to_owned(),
        }
    }
}

/// An option of the plugin states the order's own cells on its first row only: to which order a
/// further row belongs is then known only by its place in the file.
fn complete(head: &CsvHead<'_>, columns: Columns) -> CsvMatch {
    let is_blank =
        |row: &ByteRecord, at: usize| value_bytes(row.get(at).unwrap_or_default()).is_empty();
    let is_part =
        |row: &ByteRecord| is_blank(row, columns.key_column()) && !is_blank(row, columns.line.name);
    if head.rows.iter().any(|row| row.len() == head.header.len() && is_part(row)) {
        return CsvMatch::Unusable(NoMatch::new(
            "its further rows of an order don't name the order",
            "export again with the option to fill the order's columns on all rows",
        ));
    }
    CsvMatch::Complete(Arc::new(columns))
}
