//! Which column holds what, decided once per file by its header.

use super::dates::Dates;
use crate::extract::header::{ABSENT, Header};

/// The columns of one file.
#[derive(Debug, Clone)]
pub struct Columns {
    pub id: usize,
    pub number: usize,
    pub date: usize,
    pub status: usize,
    pub shipping: usize,
    pub tax: usize,
    pub fees: usize,
    pub discount: usize,
    pub total: usize,
    pub subtotal: usize,
    pub currency: usize,
    pub shipping_method: usize,
    pub customer: usize,
    pub billing_email: usize,
    pub customer_email: usize,
    pub coupons: usize,
    pub refunds: usize,
    pub lines: Lines,
    pub dates: Dates,
}

/// How the lines of an order are laid out.
#[derive(Debug, Clone)]
pub enum Lines {
    /// `line_item_1` and so on: all of a line in one cell.
    Packed(Vec<usize>),
    /// `Product Item 1 Name` and so on.
    Columns(Vec<LineColumns>),
    /// A row for each, which repeats the order's own cells.
    Rows(LineColumns),
}

#[derive(Debug, Clone, Copy)]
pub struct LineColumns {
    pub name: usize,
    pub product: usize,
    pub sku: usize,
    pub quantity: usize,
    pub subtotal: usize,
}

impl Lines {
    /// The layout of a header; `None` where it names no lines. Where lines stand packed and in
    /// columns of their own as well, which is what the plugin's "separate columns" means, they are
    /// read packed: only there the variation is told.
    pub fn of(names: &Header) -> Option<Self> {
        let count = names.len();
        let packed =
            (1..=count).map(|n| names.at(&format!("line_item_{n}"))).take_while(|at| *at != ABSENT);
        let packed: Vec<usize> = packed.collect();
        if !packed.is_empty() {
            return Some(Self::Packed(packed));
        }
        let rows = LineColumns {
            name: names.at("item_name"),
            product: names.at("item_product_id"),
            sku: names.at("item_sku"),
            quantity: names.at("item_quantity"),
            subtotal: names.at("item_subtotal"),
        };
        if rows.is_complete() {
            return Some(Self::Rows(rows));
        }
        let columns = (1..=count).map(|n| {
            let at = |what: &str| names.at(&format!("product item {n} {what}"));
            LineColumns {
                name: at("name"),
                product: at("id"),
                sku: at("sku"),
                quantity: at("quantity"),
                subtotal: at("subtotal"),
            }
        });
        let columns: Vec<LineColumns> = columns.take_while(LineColumns::is_complete).collect();
        (!columns.is_empty()).then_some(Self::Columns(columns))
    }
}

impl LineColumns {
    fn is_complete(&self) -> bool {
        [self.name, self.quantity, self.subtotal].iter().all(|at| *at != ABSENT)
    }
}

impl Columns {
    pub fn of(names: &Header, lines: Lines, dates: Dates) -> Self {
        Self {
            id: names.at("order_id"),
            number: names.at("order_number"),
            date: names.at("order_date"),
            status: names.at("status"),
            shipping: names.at("shipping_total"),
            tax: names.at("tax_total"),
            fees: names.at("fee_total"),
            discount: names.at("discount_total"),
            total: names.at("order_total"),
            subtotal: names.at("order_subtotal"),
            currency: names.at("order_currency"),
            shipping_method: names.at("shipping_method"),
            customer: names.first_of(&["customer_id", "customer_user"]),
            billing_email: names.at("billing_email"),
            customer_email: names.at("customer_email"),
            coupons: names.at("coupon_items"),
            refunds: names.at("refund_items"),
            lines,
            dates,
        }
    }

    /// The column that names an order in each of its rows.
    pub fn key_column(&self) -> usize {
        if self.id == ABSENT { self.number } else { self.id }
    }
}
