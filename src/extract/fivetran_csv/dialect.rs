//! Tells the tables by their columns.

use super::columns::{bare, place_of};
use super::table::{SHAPES, Shape, Table};
use crate::extract::sheet_dialect::{Head, SheetDialect, Verdict};
use csv::ByteRecord;
use std::sync::Arc;

/// Shopify's tables in a warehouse of Fivetran's.
#[derive(Debug)]
pub struct FivetranCsv;

pub static DIALECT: FivetranCsv = FivetranCsv;

/// Columns that Fivetran adds to each table; one of them is enough.
const MARKS: [&str; 2] = ["_fivetran_synced", "_fivetran_deleted"];

/// Columns that no other table has: what has one of them is the table `order`, also where it lacks
/// others.
const OF_ORDERS: &[&str] = &[
    "financial_status",
    "display_financial_status",
    "subtotal_price",
    "subtotal_price_set_shop_amount",
];

impl SheetDialect for FivetranCsv {
    fn name(&self) -> &str {
        "fivetran-csv"
    }

    fn title(&self) -> &str {
        "table of Fivetran's"
    }

    fn description(&self) -> &str {
        "Fivetran: the tables order, order_line and those around them of a Shopify connector, a CSV file each"
    }

    fn needs(&self) -> Vec<String> {
        let groups =
            SHAPES.iter().filter(|shape| is_order(shape)).take(1).flat_map(|shape| shape.needs);
        let columns = groups.map(|group| group.join(" or "));
        std::iter::once(MARKS.join(" or ")).chain(columns).collect()
    }

    fn known(&self, header: &ByteRecord) -> usize {
        // Its columns have everyday names; without the mark they tell nothing.
        if !MARKS.iter().any(|mark| place_of(header, mark).is_some()) {
            return 0;
        }
        let is_known = |cell: &&[u8]| {
            let name = bare(cell);
            let of_shapes = SHAPES.iter().flat_map(|shape| shape.needs.iter().copied().flatten());
            of_shapes.chain(&MARKS).any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        };
        header.iter().filter(is_known).count()
    }

    fn judge(&self, head: &Head<'_>) -> Verdict {
        let is_marked = MARKS.iter().any(|mark| place_of(head.header, mark).is_some());
        if !is_marked && !head.is_named {
            return Verdict::Foreign;
        }
        let candidates = SHAPES.iter().filter(|shape| !has_any(head.header, shape.lacks));
        let mut lacking: Vec<(&Shape, Vec<String>)> =
            candidates.map(|shape| (shape, missing(head.header, shape))).collect();
        lacking.sort_by_key(|(_, missing)| missing.len());
        match lacking.into_iter().next() {
            Some((shape, missing)) if missing.is_empty() => {
                Verdict::Complete(Arc::new(Table::of(head.header, Some(shape))))
            }
            Some((shape, columns))
                if !is_marked || (is_order(shape) && has_any(head.header, OF_ORDERS)) =>
            {
                Verdict::Missing {
                    columns,
                    hint: format!(
                        "write the table {} to a CSV file again, with all its columns",
                        shape.label
                    ),
                }
            }
            _ => Verdict::Complete(Arc::new(Table::of(head.header, None))),
        }
    }
}

/// Other tables share columns with those around an order, so one that lacks some may be any; not so
/// that of the orders.
fn is_order(shape: &Shape) -> bool {
    shape.label.ends_with("/order")
}

fn has_any(header: &ByteRecord, names: &[&str]) -> bool {
    names.iter().any(|name| place_of(header, name).is_some())
}

fn missing(header: &ByteRecord, shape: &Shape) -> Vec<String> {
    let groups = shape.needs.iter().filter(|group| !has_any(header, group));
    groups.map(|group| group.join(" or ")).collect()
}
