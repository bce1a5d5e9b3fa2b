//! Which column holds what, decided once per file by its header.

use crate::extract::header::{ABSENT, Header};

/// Without these nothing can be sent: one of each group, in lower case. The status is needed
/// because the export may hold cancelled orders; the currency is not, as the plugin leaves it out
/// unless asked.
pub const NEEDED: &[&[&str]] = &[
    &["order number", "order id"],
    &["order status"],
    &["order date"],
    &["order total amount"],
    &["email (billing)", "customer user email"],
    &["item name", "product name"],
    &["quantity", "quantity (- refund)"],
    &["item cost before discount", "item cost"],
];

/// The columns of one file.
#[derive(Debug, Clone)]
pub struct Columns {
    pub id: usize,
    pub number: usize,
    pub status: usize,
    pub date: usize,
    pub updated: usize,
    pub email: usize,
    pub user_email: usize,
    pub customer: usize,
    pub currency: usize,
    pub total: usize,
    pub subtotal: usize,
    pub shipping: usize,
    pub tax: usize,
    pub discount: usize,
    pub refunded: usize,
    pub shipping_method: usize,
    pub coupon: usize,
    pub coupon_amount: usize,
    pub line: LineColumns,
}

#[derive(Debug, Clone, Copy)]
pub struct LineColumns {
    pub ordinal: usize,
    pub name: usize,
    pub product: usize,
    pub variation: usize,
    pub sku: usize,
    /// As ordered, or less what was refunded where that is all there is.
    pub quantity: usize,
    /// Before coupons.
    pub price: usize,
    /// After coupons.
    pub net_price: usize,
    pub category: usize,
    pub image: usize,
    pub url: usize,
}

impl Columns {
    pub fn of(names: &Header) -> Self {
        Self {
            id: names.at("order id"),
            number: names.at("order number"),
            status: names.at("order status"),
            date: names.at("order date"),
            updated: names.at("modification date"),
            email: names.at("email (billing)"),
            user_email: names.at("customer user email"),
            customer: names.at("customer user id"),
            currency: names.at("currency"),
            total: names.at("order total amount"),
            subtotal: names.at("order subtotal amount"),
            shipping: names.at("order shipping amount"),
            tax: names.at("order total tax amount"),
            discount: names.at("cart discount amount"),
            refunded: names.at("order refund amount"),
            shipping_method: names.at("shipping method title"),
            coupon: names.at("coupon code"),
            coupon_amount: names.at("discount amount"),
            line: LineColumns {
                ordinal: names.at("item #"),
                name: names.first_of(&["item name", "product name"]),
                product: names.at("product id"),
                variation: names.at("variation id"),
                sku: names.at("sku"),
                quantity: names.first_of(&["quantity", "quantity (- refund)"]),
                price: names.at("item cost before discount"),
                net_price: names.at("item cost"),
                category: names.at("category"),
                image: names.at("image url"),
                url: names.at("product url"),
            },
        }
    }

    /// The column that names an order in each of its rows.
    pub fn key_column(&self) -> usize {
        if self.number == ABSENT { self.id } else { self.number }
    }
}
