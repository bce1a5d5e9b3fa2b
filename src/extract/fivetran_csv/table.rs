//! One table of a set: its kind and its rows.

use super::order::Orders;
use super::parts::{Codes, Lines, Refunds, Shipping};
use crate::domain::SourceOrder;
use crate::extract::cells::{Cells, Column, places};
use crate::extract::error::ReadError;
use crate::extract::format::{CsvLayout, Records};
use crate::extract::header::Header;
use crate::extract::join::{Holds, Part, Piece, Pieces, Role, SetKind, lost};
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::{Row, Rows};
use compact_str::format_compact;
use std::sync::Arc;

/// A table that is recognised by its columns.
#[derive(Debug)]
pub struct Shape {
    /// The format's name, and after a slash the table's.
    pub label: &'static str,
    pub holds: Holds,
    /// Its columns: one of each group.
    pub needs: &'static [&'static [&'static str]],
    /// Columns that only other tables have.
    pub lacks: &'static [&'static str],
    content: fn(&Header) -> TableContent,
}

/// The tables that are read, the most specific first.
pub static SHAPES: &[Shape] = &[
    Shape {
        label: "fivetran-csv/order",
        holds: Holds::Orders,
        needs: &[
            &["id"],
            &["email"],
            &["created_at", "processed_at"],
            &["currency", "currency_code", "total_price_set_shop_currency_code"],
            &["total_price", "total_price_set_shop_amount"],
        ],
        lacks: &["abandoned_checkout_url", "invoice_url", "order_id"],
        content: |header| TableContent::Orders(Box::new(Orders::of(header))),
    },
    Shape {
        label: "fivetran-csv/order_line",
        holds: Holds::Parts,
        needs: &[
            &["id"],
            &["order_id"],
            &["quantity"],
            &["name", "title"],
            &["price", "original_unit_price_set_shop_amount", "original_total_set_shop_amount"],
        ],
        lacks: &["refund_id"],
        content: |header| TableContent::Lines(Lines::of(header)),
    },
    Shape {
        label: "fivetran-csv/order_shipping_line",
        holds: Holds::Parts,
        needs: &[
            &["id"],
            &["order_id"],
            &["title"],
            &["price", "original_price_set_shop_amount", "price_set_shop_amount", "price_set"],
        ],
        lacks: &["quantity", "refund_id"],
        content: |header| TableContent::Shipping(Shipping::of(header)),
    },
    Shape {
        label: "fivetran-csv/order_discount_code",
        holds: Holds::Parts,
        needs: &[&["order_id"], &["code"], &["amount"]],
        lacks: &["kind", "carrier_identifier", "refund_id"],
        content: |header| TableContent::Codes(Codes::of(header)),
    },
    Shape {
        label: "fivetran-csv/refund",
        holds: Holds::Parts,
        needs: &[&["id"], &["order_id"], &["total_refunded_set_shop_amount"]],
        lacks: &[],
        content: |header| TableContent::Refunds(Refunds::of(header)),
    },
    Shape {
        label: "fivetran-csv/transaction",
        holds: Holds::Parts,
        needs: &[&["id"], &["order_id"], &["amount"], &["kind"], &["status"]],
        lacks: &[],
        content: |header| TableContent::Refunds(Refunds::of(header)),
    },
];

/// The properties of the set as a whole.
static KIND: SetKind = SetKind {
    name: "fivetran-csv",
    stands_alone: false,
    needs: &[(
        "fivetran-csv/order_line",
        "write the table order_line of the same warehouse to a CSV file too, and name it in the job's export",
    )],
    may_hold_lines: false,
    no_orders: (
        "the table fivetran-csv/order is missing, which all others belong to",
        "write the table order of the same warehouse to a CSV file too, and name it in the job's export",
    ),
    no_lines: (
        "no order has a line: the table order_line has no row",
        "write the table order_line to a CSV file again",
    ),
};

/// Columns that distinguish the schema of Shopify's REST API from that of its GraphQL API.
const REST: &[&str] = &["total_price", "price", "kind"];
const GRAPHQL: &[&str] = &[
    "total_price_set_shop_amount",
    "original_total_set_shop_amount",
    "total_refunded_set_shop_amount",
];

/// The columns of one table.
#[derive(Debug)]
pub struct FivetranTable {
    part: Part,
    id: Column,
    order_id: Column,
    deleted: Column,
    active: Column,
    content: TableContent,
}

#[derive(Debug)]
enum TableContent {
    Orders(Box<Orders>),
    Lines(Lines),
    Codes(Codes),
    Shipping(Shipping),
    Refunds(Refunds),
    /// A table that is not read.
    Nothing,
}

impl FivetranTable {
    /// A table of this shape; without one, a table that is not read.
    pub fn of(header: &Header, shape: Option<&Shape>) -> Self {
        let is_told_apart = shape.is_some_and(|shape| !shape.label.ends_with("_shipping_line"));
        let family = [(REST, "rest"), (GRAPHQL, "graphql")].into_iter();
        let family = family.filter(|_| is_told_apart).find(|(columns, _)| header.has_any(columns));
        let family = family.map(|(_, family)| family);
        let label = shape.map_or("fivetran-csv/other", |shape| shape.label);
        let holds = shape.map_or(Holds::Nothing, |shape| shape.holds);
        Self {
            part: Part { kind: &KIND, label, holds, family },
            id: Column::of(header, &["id", "index"]),
            order_id: Column::of(header, &["order_id"]),
            deleted: Column::of(header, &["_fivetran_deleted"]),
            active: Column::of(header, &["_fivetran_active"]),
            content: shape.map_or(TableContent::Nothing, |shape| (shape.content)(header)),
        }
    }

    /// What a row adds to its order; `None` if its order is unknown.
    fn piece(&self, row: &Row<'_>) -> Option<Piece> {
        if let TableContent::Orders(orders) = &self.content {
            return Some(orders.piece(row));
        }
        let cells = &mut Cells::of(row);
        let (key, id) = (cells.text(&self.order_id), cells.text(&self.id));
        // In a table with history, only the active version of a row counts.
        let is_gone = cells.deciding_flag(&self.deleted) == Some(true)
            || cells.deciding_flag(&self.active) == Some(false);
        if !row.is_whole || key.is_empty() || !cells.faults.is_empty() {
            return None;
        }
        if is_gone {
            return Some(Piece { role: Role::Other, ..Piece::default() });
        }
        let mut stated = match &self.content {
            TableContent::Lines(lines) => lines.read(row),
            TableContent::Codes(codes) => codes.read(row),
            TableContent::Shipping(shipping) => shipping.read(row),
            TableContent::Refunds(refunds) => refunds.read(row),
            TableContent::Orders(_) | TableContent::Nothing => SourceOrder::default(),
        };
        stated.position.line = row.line;
        let id = if id.is_empty() { id } else { format_compact!("{}:{id}", self.part.label) };
        Some(Piece { role: Role::Part, key, id, quantity: None, stated })
    }

    fn next_piece(&self, rows: &mut Rows) -> Result<Option<Piece>, ReadError> {
        let Some(row) = rows.advance()? else { return Ok(None) };
        let line = row.line;
        let piece = self.piece(&row);
        piece.map(Some).ok_or_else(|| lost(&rows.shown(), line))
    }
}

impl CsvLayout for FivetranTable {
    fn landmarks(&self) -> Landmarks {
        match &self.content {
            TableContent::Orders(orders) => Landmarks {
                keys: places(&[&self.id]),
                dates: places(&[&orders.created_at]),
                amounts: places(&[&orders.total]),
                customers: places(&[&orders.customer_id, &orders.email]),
                products: Vec::new(),
            },
            _ => Landmarks { keys: places(&[&self.id, &self.order_id]), ..Landmarks::default() },
        }
    }

    /// The content of the rows alone, without the tables around them.
    fn read(self: Arc<Self>, mut rows: Rows) -> Box<dyn Records> {
        Box::new(move || Ok(self.next_piece(&mut rows)?.map(|piece| Box::new(piece.stated))))
    }

    fn part(&self) -> Option<Part> {
        Some(self.part)
    }

    fn pieces(self: Arc<Self>, mut rows: Rows) -> Option<Box<dyn Pieces>> {
        let is_read = self.part.holds != Holds::Nothing;
        is_read.then(|| Box::new(move || self.next_piece(&mut rows)) as Box<dyn Pieces>)
    }
}
