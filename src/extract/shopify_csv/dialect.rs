use super::columns::{Columns, Judgement, known_names};
use super::orders::Orders;
use crate::extract::rows::Rows;
use crate::extract::sheet_dialect::{Head, Layout, Records, SheetDialect, Verdict};
use csv::ByteRecord;
use std::sync::Arc;

/// The orders export of Shopify's admin.
#[derive(Debug)]
pub struct ShopifyCsv;

pub static DIALECT: ShopifyCsv = ShopifyCsv;

impl SheetDialect for ShopifyCsv {
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

    fn known(&self, header: &ByteRecord) -> usize {
        known_names(header)
    }

    fn judge(&self, head: &Head<'_>) -> Verdict {
        let judgement = match head.is_named {
            true => Columns::judge_named(head.header),
            false => Columns::judge(head.header),
        };
        match judgement {
            Judgement::Complete(columns) => Verdict::Complete(Arc::new(columns)),
            Judgement::Missing(names) => Verdict::Missing {
                columns: names.into_iter().map(str::to_owned).collect(),
                hint: "export again from Orders > Export in Shopify's admin, and keep all columns"
                    .to_owned(),
            },
            Judgement::Sibling(kind) => Verdict::Unusable {
                what: format!("looks like Shopify's {kind} export, expected the orders export"),
                hint: "take Orders > Export in Shopify's admin".to_owned(),
            },
            Judgement::Foreign => Verdict::Foreign,
        }
    }
}

impl Layout for Columns {
    fn width(&self) -> usize {
        Self::width(self)
    }

    fn begins_with_key(&self) -> bool {
        self.begins_with_name()
    }

    fn read(self: Arc<Self>, rows: Rows) -> Box<dyn Records> {
        Box::new(Orders::new(rows, (*self).clone()))
    }
}
