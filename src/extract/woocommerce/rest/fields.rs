//! The fields that are read, under the names WooCommerce gives them. All others are passed over.

use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{List, Object, Raw};
use serde::Deserialize;

/// The most entries kept of a list other than an order's lines; one that is longer marks its order.
const ENTRIES_MAX: usize = 250;

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub number: Raw<'a>,
    /// `number` in the old API.
    #[serde(borrow)]
    pub order_number: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub currency: Raw<'a>,
    /// In the shop's zone, which is not stated.
    #[serde(borrow)]
    pub date_created: Raw<'a>,
    /// In UTC, which is not stated either.
    #[serde(borrow)]
    pub date_created_gmt: Raw<'a>,
    #[serde(borrow)]
    pub date_modified: Raw<'a>,
    #[serde(borrow)]
    pub date_modified_gmt: Raw<'a>,
    /// In UTC, in the old API.
    #[serde(borrow)]
    pub created_at: Raw<'a>,
    #[serde(borrow)]
    pub updated_at: Raw<'a>,
    #[serde(borrow)]
    pub customer_id: Raw<'a>,
    #[serde(borrow)]
    pub billing: Object<Address<'a>>,
    /// `billing` in the old API.
    #[serde(borrow)]
    pub billing_address: Object<Address<'a>>,
    #[serde(borrow)]
    pub total: Raw<'a>,
    #[serde(borrow)]
    pub total_tax: Raw<'a>,
    #[serde(borrow)]
    pub shipping_total: Raw<'a>,
    /// `shipping_total` in the old API.
    #[serde(borrow)]
    pub total_shipping: Raw<'a>,
    #[serde(borrow)]
    pub discount_total: Raw<'a>,
    /// `discount_total` in the old API.
    #[serde(borrow)]
    pub total_discount: Raw<'a>,
    #[serde(borrow)]
    pub line_items: List<Line<'a>, ORDER_LINES_MAX>,
    #[serde(borrow)]
    pub shipping_lines: List<ShippingLine<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub fee_lines: List<Fee<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub coupon_lines: List<Coupon<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub refunds: List<Refund<'a>, ENTRIES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Address<'a> {
    #[serde(borrow)]
    pub email: Raw<'a>,
}

/// A line; `price` is left alone, as it is a float after coupons.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Line<'a> {
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub parent_name: Raw<'a>,
    #[serde(borrow)]
    pub product_id: Raw<'a>,
    #[serde(borrow)]
    pub variation_id: Raw<'a>,
    #[serde(borrow)]
    pub quantity: Raw<'a>,
    /// Of all units, before coupons and tax.
    #[serde(borrow)]
    pub subtotal: Raw<'a>,
    #[serde(borrow)]
    pub sku: Raw<'a>,
    /// An object, or whatever an image plugin makes of it.
    #[serde(borrow)]
    pub image: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Image<'a> {
    #[serde(borrow)]
    pub src: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ShippingLine<'a> {
    #[serde(borrow)]
    pub method_title: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Fee<'a> {
    /// Before tax; below zero where a plugin took something off.
    #[serde(borrow)]
    pub total: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Coupon<'a> {
    #[serde(borrow)]
    pub code: Raw<'a>,
    #[serde(borrow)]
    pub discount: Raw<'a>,
    /// `discount` in the old API.
    #[serde(borrow)]
    pub amount: Raw<'a>,
    #[serde(borrow)]
    pub free_shipping: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Refund<'a> {
    /// Below zero.
    #[serde(borrow)]
    pub total: Raw<'a>,
}
