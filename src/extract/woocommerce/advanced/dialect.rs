use super::columns::{Columns, NEEDED};
use crate::extract::sheet_dialect::{Head, SheetDialect, Verdict};
use crate::extract::woocommerce::names::Names;
use csv::ByteRecord;
use std::sync::Arc;

/// The CSV of Advanced Order Export.
#[derive(Debug)]
pub struct AdvancedOrderExport;

pub static DIALECT: AdvancedOrderExport = AdvancedOrderExport;

/// Columns that tell that it is this export, besides those that are needed.
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

impl SheetDialect for AdvancedOrderExport {
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

    fn known(&self, header: &ByteRecord) -> usize {
        known(&Names::of(header))
    }

    fn judge(&self, head: &Head<'_>) -> Verdict {
        let names = Names::of(head.header);
        let missing = names.missing(NEEDED);
        let is_ours = head.is_named || (missing.len() <= 4 && known(&names) >= 6);
        match missing.is_empty() {
            true => complete(head, Columns::of(&names)),
            false if is_ours => Verdict::Missing {
                columns: missing,
                hint: "export again from Advanced Order Export with these fields, under the names the plugin gives them, and \
                       with all order statuses"
                    .to_owned(),
            },
            false => Verdict::Foreign,
        }
    }
}

/// An option of the plugin states the order's own cells on its first row only: to which order a
/// further row belongs then rests on nothing but where it stands.
fn complete(head: &Head<'_>, columns: Columns) -> Verdict {
    let is_blank =
        |row: &ByteRecord, at: usize| row.get(at).unwrap_or_default().trim_ascii().is_empty();
    let is_part = |row: &&ByteRecord| {
        is_blank(row, columns.key_column()) && !is_blank(row, columns.line.name)
    };
    match head.rows.iter().filter(|row| row.len() == columns.width).any(|row| is_part(&row)) {
        false => Verdict::Complete(Arc::new(columns)),
        true => Verdict::Unusable {
            what: "its further rows of an order don't name the order".to_owned(),
            hint: "export again with the option to fill the order's columns on all rows".to_owned(),
        },
    }
}

fn known(names: &Names) -> usize {
    let is_needed = |name: &str| NEEDED.iter().any(|group| group.contains(&name));
    names.known(|name| is_needed(name) || TELLING.contains(&name))
}
