//! The fields that are read, under the names BigCommerce gives them. All others are passed over.

use crate::extract::json::{Object, Raw};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub customer_id: Raw<'a>,
    #[serde(borrow)]
    pub date_created: Raw<'a>,
    #[serde(borrow)]
    pub date_modified: Raw<'a>,
    #[serde(borrow)]
    pub status_id: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub is_deleted: Raw<'a>,
    #[serde(borrow)]
    pub payment_method: Raw<'a>,
    #[serde(borrow)]
    pub currency_id: Raw<'a>,
    #[serde(borrow)]
    pub currency_code: Raw<'a>,
    #[serde(borrow)]
    pub default_currency_id: Raw<'a>,
    #[serde(borrow)]
    pub default_currency_code: Raw<'a>,
    #[serde(borrow)]
    pub total_inc_tax: Raw<'a>,
    #[serde(borrow)]
    pub total_tax: Raw<'a>,
    #[serde(borrow)]
    pub shipping_cost_inc_tax: Raw<'a>,
    #[serde(borrow)]
    pub handling_cost_inc_tax: Raw<'a>,
    #[serde(borrow)]
    pub discount_amount: Raw<'a>,
    #[serde(borrow)]
    pub coupon_discount: Raw<'a>,
    #[serde(borrow)]
    pub refunded_amount: Raw<'a>,
    #[serde(borrow)]
    pub items_total: Raw<'a>,
    #[serde(borrow)]
    pub is_email_opt_in: Raw<'a>,
    #[serde(borrow)]
    pub billing_address: Object<Address<'a>>,
    /// A link, or the products themselves.
    #[serde(borrow)]
    pub products: Raw<'a>,
    #[serde(borrow)]
    pub coupons: Raw<'a>,
    #[serde(borrow)]
    pub shipping_addresses: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Address<'a> {
    #[serde(borrow)]
    pub email: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Product<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub order_id: Raw<'a>,
    #[serde(borrow)]
    pub product_id: Raw<'a>,
    #[serde(borrow)]
    pub variant_id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub sku: Raw<'a>,
    #[serde(borrow)]
    pub quantity: Raw<'a>,
    #[serde(borrow)]
    pub price_inc_tax: Raw<'a>,
    #[serde(borrow)]
    pub base_price: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Coupon<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub order_id: Raw<'a>,
    #[serde(borrow)]
    pub code: Raw<'a>,
    #[serde(borrow)]
    pub discount: Raw<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ShippingAddress<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub order_id: Raw<'a>,
    #[serde(borrow)]
    pub shipping_method: Raw<'a>,
}
