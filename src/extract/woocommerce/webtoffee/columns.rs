//! The columns of a file, determined once by its header.

use super::dates::DateReading;
use crate::extract::cells::{Column, columns, places};
use crate::extract::header::Header;

columns! {
    /// The order's own columns.
    OrderColumns {
        id: ["order_id"];
        number: ["order_number"];
        date: ["order_date"];
        status: ["status"];
        shipping: ["shipping_total"];
        tax: ["tax_total"];
        fees: ["fee_total"];
        discount: ["discount_total"];
        total: ["order_total"];
        subtotal: ["order_subtotal"];
        currency: ["order_currency"];
        shipping_method: ["shipping_method"];
        customer: ["customer_id", "customer_user"];
        billing_email: ["billing_email"];
        customer_email: ["customer_email"];
        coupons: ["coupon_items"];
        refunds: ["refund_items"];
    }
}

/// The columns of one file.
#[derive(Debug)]
pub struct Columns {
    pub order: OrderColumns,
    pub lines: Lines,
    pub dates: DateReading,
}

/// How the lines of an order are laid out.
#[derive(Debug)]
pub enum Lines {
    /// `line_item_1` and so on: a whole line in one cell.
    Packed(Vec<Column>),
    /// `Product Item 1 Name` and so on.
    Columns(Vec<LineColumns>),
    /// A row per line, which repeats the order's own cells.
    Rows(Box<LineColumns>),
}

#[derive(Debug)]
pub struct LineColumns {
    pub name: Column,
    pub product: Column,
    pub sku: Column,
    pub quantity: Column,
    pub subtotal: Column,
}

impl Lines {
    /// The layout of a header; `None` if it has no columns of lines. If lines are both packed and
    /// in separate columns, as with the plugin's option "separate columns", they are read packed:
    /// only the packed form states the variation.
    pub fn of(header: &Header) -> Option<Self> {
        let packed = (1..=header.len())
            .map(|n| Column::numbered(header, &format!("line_item_{n}"), "line_item"));
        let packed: Vec<Column> = packed.take_while(Column::is_there).collect();
        if !packed.is_empty() {
            return Some(Self::Packed(packed));
        }
        let rows = LineColumns::of(header, |what| match what {
            "id" => "item_product_id".to_owned(),
            what => format!("item_{what}"),
        });
        if rows.is_complete() {
            return Some(Self::Rows(Box::new(rows)));
        }
        let columns = (1..=header.len())
            .map(|n| LineColumns::of(header, |what| format!("product item {n} {what}")));
        let columns: Vec<LineColumns> = columns.take_while(LineColumns::is_complete).collect();
        (!columns.is_empty()).then_some(Self::Columns(columns))
    }
}

impl Lines {
    /// The columns of product names and ids.
    pub fn products(&self) -> Vec<usize> {
        let of = |line: &LineColumns| places(&[&line.name, &line.product, &line.sku]);
        match self {
            Self::Packed(lines) => places(&lines.iter().collect::<Vec<_>>()),
            Self::Columns(lines) => lines.iter().flat_map(of).collect(),
            Self::Rows(line) => of(line),
        }
    }
}

impl LineColumns {
    fn of(header: &Header, name_of: impl Fn(&str) -> String) -> Self {
        let column = |what: &str, name| Column::numbered(header, &name_of(what), name);
        Self {
            name: column("name", "item_name"),
            product: column("id", "item_product_id"),
            sku: column("sku", "item_sku"),
            quantity: column("quantity", "item_quantity"),
            subtotal: column("subtotal", "item_subtotal"),
        }
    }

    fn is_complete(&self) -> bool {
        [&self.name, &self.quantity, &self.subtotal].iter().all(|column| column.is_there())
    }
}

impl OrderColumns {
    /// The column that names an order in each of its rows.
    pub fn key(&self) -> &Column {
        if self.id.is_there() { &self.id } else { &self.number }
    }
}
