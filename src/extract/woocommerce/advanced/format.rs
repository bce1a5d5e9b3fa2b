use super::columns::Columns;
use crate::extract::blank::value_bytes;
use crate::extract::error::NoMatch;
use crate::extract::format::{About, CsvHead, CsvLayout};
use crate::extract::shop_csv::ShopCsv;
use csv::ByteRecord;
use std::sync::Arc;

/// The CSV of Advanced Order Export.
pub static FORMAT: ShopCsv = ShopCsv {
    about: About {
        name: "advanced-order-export-csv",
        title: "WooCommerce export of Advanced Order Export",
        description: "WooCommerce: Advanced Order Export, CSV",
        how: "WordPress admin: WooCommerce > Export Orders, format CSV (not XLSX), all statuses, order columns filled on all rows.",
    },
    // The status is needed because the export may hold cancelled orders; the currency is not, as
    // the plugin leaves it out unless asked.
    needed: &[
        &["order number", "order id"],
        &["order status"],
        &["order date"],
        &["order total amount"],
        &["email (billing)", "customer user email"],
        &["item name", "product name"],
        &["quantity", "quantity (- refund)"],
        &["item cost before discount", "item cost"],
    ],
    also_needed: None,
    known: &[
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
    ],
    identifying: &[],
    is_near: |it| it.missing <= 4 && it.known >= 6,
    hint: "export again from Advanced Order Export with these fields, under the names the plugin gives them, and with all \
           order statuses",
    others: &[],
    instead: "",
    layout,
};

/// With an option of the plugin, only the first row has the order's own cells: only its place in
/// the file then shows to which order a further row belongs.
fn layout(head: &CsvHead<'_>) -> Result<Arc<dyn CsvLayout>, NoMatch> {
    let columns = Columns::of(head.header);
    let is_blank =
        |row: &ByteRecord, at: usize| value_bytes(row.get(at).unwrap_or_default()).is_empty();
    let is_part = |row: &ByteRecord| {
        is_blank(row, columns.key().at()) && !is_blank(row, columns.line_name.at())
    };
    if head.rows.iter().any(|row| row.len() == head.header.len() && is_part(row)) {
        return Err(NoMatch::new(
            "its further rows of an order don't name the order",
            "export again with the option to fill the order's columns on all rows",
        ));
    }
    Ok(Arc::new(columns))
}
