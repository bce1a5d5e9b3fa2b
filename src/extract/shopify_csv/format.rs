use super::columns::{Columns, Layout};
use super::orders::Orders;
use crate::extract::cells::{Named, places};
use crate::extract::format::{About, CsvHead, CsvLayout, Records};
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::Rows;
use crate::extract::shop_csv::{OtherExport, ShopCsv};
use std::sync::Arc;

/// The orders export of Shopify's admin.
pub static FORMAT: ShopCsv = ShopCsv {
    about: About {
        name: "shopify-csv",
        title: "Shopify orders export",
        description: "Shopify: Orders > Export in the admin, CSV with one row per order line",
        how: "Shopify admin: Orders > Export > All orders > Plain CSV file. Don't save it in a spreadsheet.",
    },
    needed: &[
        &["Name", "Id"],
        &["Email"],
        &["Created at"],
        &["Currency"],
        &["Total"],
        &["Lineitem name"],
        &["Lineitem price"],
        &["Lineitem quantity"],
    ],
    also_needed: None,
    known: Columns::NAMES,
    identifying: &[
        "Paid at",
        "Fulfillment Status",
        "Fulfilled at",
        "Lineitem compare at price",
        "Lineitem requires shipping",
        "Lineitem taxable",
        "Lineitem fulfillment status",
        "Billing Name",
        "Billing Street",
        "Billing Company",
        "Billing City",
        "Billing Zip",
        "Billing Province",
        "Billing Country",
        "Billing Phone",
        "Shipping Name",
        "Shipping Street",
        "Shipping Company",
        "Shipping City",
        "Shipping Zip",
        "Shipping Province",
        "Shipping Country",
        "Shipping Phone",
        "Notes",
        "Note Attributes",
        "Payment Reference",
        "Vendor",
        "Outstanding Balance",
        "Employee",
        "Location",
        "Device ID",
        "Tags",
        "Risk Level",
        "Phone",
        "Receipt Number",
    ],
    // Many shops have some of these column names, so enough of the required ones must exist as
    // well.
    is_near: |it| it.missing <= 5 && (it.known >= 8 || it.known * 2 >= it.columns),
    hint: "export again from Orders > Export in Shopify's admin, and keep all columns",
    others: &[
        other(
            &["Kind", "Gateway", "Amount"],
            "looks like Shopify's transactions export, expected the orders export",
        ),
        other(&["First Name", "Last Name", "Total Spent"], CUSTOMERS),
        other(&["Customer ID", "First Name", "Last Name"], CUSTOMERS),
        other(
            &["Handle", "Title", "Vendor"],
            "looks like Shopify's products export, expected the orders export",
        ),
    ],
    instead: "take Orders > Export in Shopify's admin",
    layout: |head: &CsvHead<'_>| Ok(Arc::new(Layout::of(head.header))),
};

const CUSTOMERS: &str = "looks like Shopify's customers export, expected the orders export";

const fn other(marks: &'static [&'static str], what: &'static str) -> OtherExport {
    OtherExport { marks, without: &["Lineitem name", "Lineitem price"], what }
}

impl CsvLayout for Layout {
    /// Whether the order's name is the first column, as Shopify writes it.
    fn begins_with_key(&self) -> bool {
        self.columns.name.at() == 0
    }

    fn landmarks(&self) -> Landmarks {
        let columns = &self.columns;
        Landmarks {
            keys: places(&[&columns.name, &columns.id]),
            dates: places(&[&columns.created_at]),
            amounts: places(&[&columns.total]),
            customers: places(&[&columns.email]),
            products: places(&[&columns.line_name, &columns.line_sku]),
        }
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(Orders::new(rows, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::format::{CsvFormat, CsvMatch};
    use crate::extract::header::Header;
    use crate::extract::registry::json_formats;

    const NEEDED: &str =
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity";

    /// What is missing, or what the file is instead; `None` if it is not an export of Shopify.
    fn detect(names: &str) -> Option<Result<(), String>> {
        let head = CsvHead {
            header: &Header::of(names.split(',').map(str::as_bytes)),
            rows: &[],
            is_named: false,
            zone: &jiff::tz::TimeZone::UTC,
            webtoffee_date_shift: crate::domain::DateShift::Auto,
            json_formats: json_formats(),
        };
        match FORMAT.detect(&head) {
            CsvMatch::Complete(_) => Some(Ok(())),
            CsvMatch::MissingColumns { columns, .. } => Some(Err(columns.join(", "))),
            CsvMatch::Unusable(why) | CsvMatch::Unreadable(why) => Some(Err(why.what)),
            CsvMatch::NotThisFormat => None,
        }
    }

    #[test]
    fn all_missing_columns_are_named() {
        let missing = |names: &str| detect(names).unwrap().unwrap_err();
        assert_eq!(detect(NEEDED), Some(Ok(())));
        assert_eq!(detect(&NEEDED.replace("Name,", "Id,")), Some(Ok(())));
        assert_eq!(missing(&NEEDED.replace("Email,", "").replace("Total,", "")), "Email, Total");
        assert_eq!(
            missing("Paid at,Subtotal,Total,Created at,Currency,Billing City"),
            "Name or Id, Email, Lineitem name, Lineitem price, Lineitem quantity"
        );
    }

    #[test]
    fn other_exports_are_recognised() {
        for (names, kind) in [
            ("Order,Name,Kind,Gateway,Created At,Status,Amount,Currency,Card Type", "transactions"),
            ("Customer ID,First Name,Last Name,Email,Tags,Total Spent,Total Orders", "customers"),
        ] {
            let what = detect(names).unwrap().unwrap_err();
            assert!(what.contains(&format!("Shopify's {kind} export")), "{what}");
        }
        assert_eq!(detect("order_id,mail,amount"), None);
        assert_eq!(detect(""), None);
    }
}
