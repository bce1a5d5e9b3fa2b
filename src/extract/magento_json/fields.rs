//! The fields that are read, under the names Magento gives them. All others are passed over.

use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{List, Object, Raw};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub entity_id: Raw<'a>,
    #[serde(borrow)]
    pub increment_id: Raw<'a>,
    #[serde(borrow)]
    pub customer_email: Raw<'a>,
    #[serde(borrow)]
    pub customer_id: Raw<'a>,
    #[serde(borrow)]
    pub customer_is_guest: Raw<'a>,
    #[serde(borrow)]
    pub created_at: Raw<'a>,
    #[serde(borrow)]
    pub updated_at: Raw<'a>,
    #[serde(borrow)]
    pub order_currency_code: Raw<'a>,
    #[serde(borrow)]
    pub grand_total: Raw<'a>,
    #[serde(borrow)]
    pub shipping_incl_tax: Raw<'a>,
    #[serde(borrow)]
    pub shipping_amount: Raw<'a>,
    #[serde(borrow)]
    pub shipping_discount_amount: Raw<'a>,
    #[serde(borrow)]
    pub tax_amount: Raw<'a>,
    #[serde(borrow)]
    pub discount_amount: Raw<'a>,
    #[serde(borrow)]
    pub discount_description: Raw<'a>,
    #[serde(borrow)]
    pub coupon_code: Raw<'a>,
    #[serde(borrow)]
    pub shipping_description: Raw<'a>,
    #[serde(borrow)]
    pub total_refunded: Raw<'a>,
    #[serde(borrow)]
    pub state: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub items: List<Item<'a>, ORDER_LINES_MAX>,
}

/// A row of an order. A product with a choice has two: the parent carries the price, the child the
/// article chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Item<'a> {
    #[serde(borrow)]
    pub item_id: Raw<'a>,
    #[serde(borrow)]
    pub parent_item_id: Raw<'a>,
    #[serde(borrow)]
    pub parent_item: Object<Parent<'a>>,
    #[serde(borrow)]
    pub product_id: Raw<'a>,
    #[serde(borrow)]
    pub sku: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub price: Raw<'a>,
    #[serde(borrow)]
    pub qty_ordered: Raw<'a>,
    #[serde(borrow)]
    pub discount_amount: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Parent<'a> {
    #[serde(borrow)]
    pub item_id: Raw<'a>,
}
