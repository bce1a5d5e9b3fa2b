use super::columns::{Columns, Field, known_names};
use super::orders::Orders;
use crate::extract::error::NoMatch;
use crate::extract::format::{CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, Records, Syntax};
use crate::extract::header::Header;
use crate::extract::rows::Rows;
use std::sync::Arc;

/// The orders export of Shopify's admin.
#[derive(Debug)]
pub struct ShopifyCsv;

pub static FORMAT: ShopifyCsv = ShopifyCsv;

impl Format for ShopifyCsv {
    fn name(&self) -> &str {
        "shopify-csv"
    }

    fn title(&self) -> &str {
        "Shopify orders export"
    }

    fn description(&self) -> &str {
        "Shopify: Orders > Export in the admin, CSV with one row per order line"
    }

    fn needs(&self) -> Vec<String> {
        Columns::needed().map(str::to_owned).collect()
    }

    fn how(&self) -> String {
        "Shopify admin: Orders > Export > All orders > Plain CSV file. Don't save it in a spreadsheet.".to_owned()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for ShopifyCsv {
    fn known_columns(&self, header: &Header) -> usize {
        known_names(header)
    }

    fn column_names(&self) -> Vec<&str> {
        Field::ALL.iter().map(|field| field.name()).collect()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let columns = Columns::of(head.header);
        if !head.is_named
            && let Some(kind) = columns.other_export(head.header)
        {
            return CsvMatch::Unusable(NoMatch::new(
                format!("looks like Shopify's {kind} export, expected the orders export"),
                "take Orders > Export in Shopify's admin",
            ));
        }
        let missing = columns.missing();
        if missing.is_empty() {
            return CsvMatch::Complete(Arc::new(columns));
        }
        // Many shops name some columns alike, so enough of the needed ones must be there as well.
        let known = known_names(head.header);
        let is_ours = missing.len() <= 5 && (known >= 8 || known * 2 >= head.header.len());
        if !head.is_named && !is_ours {
            return CsvMatch::NotThisFormat;
        }
        CsvMatch::MissingColumns {
            columns: missing.into_iter().map(str::to_owned).collect(),
            hint: "export again from Orders > Export in Shopify's admin, and keep all columns"
                .to_owned(),
        }
    }
}

impl CsvLayout for Columns {
    fn begins_with_key(&self) -> bool {
        self.begins_with_name()
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(Orders::new(rows, (*self).clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::registry::json_formats;

    const NEEDED: &str =
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity";

    /// What is missing, or what it is instead; nothing where it is no export of Shopify's.
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
            CsvMatch::Unusable(why) => Some(Err(why.what)),
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
