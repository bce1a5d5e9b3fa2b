//! The fields that are read, under the names Fast gives them. All others are passed over.

use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{List, Object, Raw};
use serde::Deserialize;

/// The most entries kept of a list other than an order's lines; one that is longer marks its order.
const ENTRIES_MAX: usize = 250;

/// A document, what it wraps, or the order in that: each may hold the next under `order`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Node<'a> {
    #[serde(borrow)]
    pub order: Object<Box<Node<'a>>>,
    #[serde(borrow)]
    pub user: Object<User<'a>>,
    #[serde(borrow)]
    pub is_cart: Raw<'a>,
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub external_id: Raw<'a>,
    #[serde(borrow)]
    pub short_order_id: Raw<'a>,
    #[serde(borrow)]
    pub user_id: Raw<'a>,
    #[serde(borrow)]
    pub order_type: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub currency_code: Raw<'a>,
    #[serde(borrow)]
    pub bill_to: Object<Address<'a>>,
    #[serde(borrow)]
    pub total_amount: Raw<'a>,
    #[serde(borrow)]
    pub total_discounts: Raw<'a>,
    #[serde(borrow)]
    pub total_tax: Raw<'a>,
    #[serde(borrow)]
    pub total_shipping: Raw<'a>,
    #[serde(borrow)]
    pub coupons: List<Discount<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub refunds: List<Refund<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub shipment_plans: List<Plan<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub lines: List<Line<'a>, ORDER_LINES_MAX>,
}

/// Who ordered; in documents it is wrapped in another `user`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct User<'a> {
    #[serde(borrow)]
    pub user: Object<Box<User<'a>>>,
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Address<'a> {
    #[serde(borrow)]
    pub email: Raw<'a>,
}

/// An id of Fast's own: `{"value": "…"}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Id<'a> {
    #[serde(borrow)]
    pub value: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Discount<'a> {
    #[serde(borrow)]
    pub code: Raw<'a>,
    #[serde(borrow)]
    pub description: Raw<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub applied: Raw<'a>,
    #[serde(borrow)]
    pub total_amount: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Refund<'a> {
    #[serde(borrow)]
    pub amount: Raw<'a>,
    #[serde(borrow)]
    pub tax: Raw<'a>,
    #[serde(borrow)]
    pub shipping: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Plan<'a> {
    #[serde(borrow)]
    pub selected_option: Object<Choice<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Choice<'a> {
    #[serde(borrow)]
    pub name: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Line<'a> {
    #[serde(borrow)]
    pub external_product_id: Raw<'a>,
    #[serde(borrow)]
    pub external_variant_id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub description: Raw<'a>,
    /// Fast's own documentation misspells it in places.
    #[serde(borrow, alias = "quanity")]
    pub quantity: Raw<'a>,
    #[serde(borrow)]
    pub unit_price: Raw<'a>,
    #[serde(borrow)]
    pub subtotal_amount: Raw<'a>,
    #[serde(borrow)]
    pub line_discount_amount: Raw<'a>,
    #[serde(borrow)]
    pub image_url: Raw<'a>,
    #[serde(borrow)]
    pub discounts: List<Discount<'a>, ENTRIES_MAX>,
}
