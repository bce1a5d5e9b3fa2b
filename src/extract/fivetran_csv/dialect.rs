//! Recognises the tables by their columns.

use super::table::{FivetranTable, SHAPES, Shape};
use crate::extract::format::{About, CsvFormat, CsvHead, CsvMatch, Format, Syntax};
use crate::extract::header::{Header, is_same};
use std::sync::Arc;

/// Shopify's tables in a warehouse of Fivetran's.
#[derive(Debug)]
pub struct FivetranCsv;

pub static FORMAT: FivetranCsv = FivetranCsv;

/// Columns that Fivetran adds to each table; one of them is enough.
const MARKS: [&str; 2] = ["_fivetran_synced", "_fivetran_deleted"];

/// Columns that no other table has: a table with one of them is `order`, even if it lacks others.
const OF_ORDERS: &[&str] = &[
    "financial_status",
    "display_financial_status",
    "subtotal_price",
    "subtotal_price_set_shop_amount",
];

impl Format for FivetranCsv {
    fn about(&self) -> About<'_> {
        About {
            name: "fivetran-csv",
            title: "table of Fivetran's",
            description: "Fivetran: the tables order, order_line and those around them of a Shopify connector, a CSV file each",
            how: "The warehouse's tables order and order_line of the Shopify connector (and order_discount_code, refund, ...), each written to a CSV file of its own.",
        }
    }

    fn needs(&self) -> Vec<String> {
        let groups =
            SHAPES.iter().filter(|shape| is_order(shape)).take(1).flat_map(|shape| shape.needs);
        let columns = groups.map(|group| group.join(" or "));
        std::iter::once(MARKS.join(" or ")).chain(columns).collect()
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for FivetranCsv {
    fn known_columns(&self, header: &Header) -> usize {
        // Its columns have everyday names; without the mark they identify nothing.
        if !header.has_any(&MARKS) {
            return 0;
        }
        let known = || SHAPES.iter().flat_map(needed).chain(MARKS);
        header.count(|name| known().any(|known| is_same(name, known)))
    }

    fn column_names(&self) -> Vec<&str> {
        SHAPES.iter().flat_map(needed).collect()
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let is_marked = head.header.has_any(&MARKS);
        if !is_marked && !head.is_named {
            return CsvMatch::NotThisFormat;
        }
        let is_of_other = |shape: &&Shape| {
            head.header.has_any(shape.lacks) || !head.header.near_misses(shape.lacks).is_empty()
        };
        let candidates = SHAPES.iter().filter(|shape| !is_of_other(shape));
        let lacking = candidates.map(|shape| (shape, head.header.missing(shape.needs)));
        match lacking.min_by_key(|(_, missing)| missing.len()) {
            Some((shape, missing)) if missing.is_empty() => {
                CsvMatch::Complete(Arc::new(FivetranTable::of(head.header, Some(shape))))
            }
            Some((shape, columns))
                if !is_marked
                    || (is_order(shape) && head.header.has_any(OF_ORDERS))
                    || is_misspelt(shape, &columns, head.header) =>
            {
                CsvMatch::MissingColumns {
                    columns,
                    hint: format!(
                        "write the table {} to a CSV file again, with all its columns",
                        shape.label
                    ),
                }
            }
            _ => CsvMatch::Complete(Arc::new(FivetranTable::of(head.header, None))),
        }
    }
}

/// The columns of a table, of each group all.
fn needed(shape: &Shape) -> impl Iterator<Item = &'static str> {
    shape.needs.iter().copied().flatten().copied()
}

/// Whether a table lacks only one column, and has one with a similar name.
fn is_misspelt(shape: &Shape, missing: &[String], header: &Header) -> bool {
    let names: Vec<&str> = needed(shape).collect();
    missing.len() == 1 && !header.near_misses(&names).is_empty()
}

/// Other tables share columns with those around an order, so one that lacks some may be anything;
/// the orders' table is distinctive.
fn is_order(shape: &Shape) -> bool {
    shape.label.ends_with("/order")
}
