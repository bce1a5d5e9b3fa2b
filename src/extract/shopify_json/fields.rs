//! The fields that are read, under the names Shopify gives them. All others are passed over.

use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{List, Object, Raw, even_null};
use serde::Deserialize;

/// The most entries kept of a list other than an order's lines; one that is longer marks its order.
const ENTRIES_MAX: usize = 250;

/// An order or a checkout: they share most of their fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
    #[serde(borrow)]
    pub contact_email: Raw<'a>,
    #[serde(borrow)]
    pub customer: Object<Customer<'a>>,
    #[serde(borrow)]
    pub buyer_accepts_marketing: Raw<'a>,
    #[serde(borrow)]
    pub created_at: Raw<'a>,
    #[serde(borrow)]
    pub updated_at: Raw<'a>,
    #[serde(borrow)]
    pub cancelled_at: Raw<'a>,
    #[serde(borrow)]
    pub completed_at: Raw<'a>,
    #[serde(borrow)]
    pub currency: Raw<'a>,
    #[serde(borrow)]
    pub presentment_currency: Raw<'a>,
    #[serde(borrow)]
    pub total_price: Raw<'a>,
    #[serde(borrow)]
    pub current_total_price: Raw<'a>,
    #[serde(borrow)]
    pub total_shipping_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_tax: Raw<'a>,
    #[serde(borrow)]
    pub total_discounts: Raw<'a>,
    #[serde(borrow)]
    pub total_tip_received: Raw<'a>,
    #[serde(borrow)]
    pub original_total_duties_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub discount_codes: List<DiscountCode<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub shipping_lines: List<ShippingLine<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub refunds: List<Refund<'a>, ENTRIES_MAX>,
    #[serde(borrow, deserialize_with = "even_null")]
    pub financial_status: Raw<'a>,
    #[serde(borrow)]
    pub source_name: Raw<'a>,
    #[serde(borrow)]
    pub test: Raw<'a>,
    #[serde(borrow)]
    pub checkout_token: Raw<'a>,
    #[serde(borrow)]
    pub cart_token: Raw<'a>,
    #[serde(borrow)]
    pub checkout_id: Raw<'a>,
    /// Of a checkout: what an order calls its `checkout_token`.
    #[serde(borrow)]
    pub token: Raw<'a>,
    #[serde(borrow)]
    pub abandoned_checkout_url: Raw<'a>,
    #[serde(borrow)]
    pub line_items: List<Line<'a>, ORDER_LINES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Customer<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
    #[serde(borrow)]
    pub email_marketing_consent: Object<Consent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Consent<'a> {
    #[serde(borrow)]
    pub state: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct PriceSet<'a> {
    #[serde(borrow)]
    pub shop_money: Object<Money<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Money<'a> {
    #[serde(borrow)]
    pub amount: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct DiscountCode<'a> {
    #[serde(borrow)]
    pub code: Raw<'a>,
    #[serde(borrow)]
    pub amount: Raw<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ShippingLine<'a> {
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub price: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Refund<'a> {
    #[serde(borrow)]
    pub transactions: List<Transaction<'a>, ENTRIES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Transaction<'a> {
    #[serde(borrow)]
    pub kind: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub amount: Raw<'a>,
    #[serde(borrow)]
    pub currency: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Line<'a> {
    #[serde(borrow)]
    pub variant_id: Raw<'a>,
    #[serde(borrow)]
    pub product_id: Raw<'a>,
    #[serde(borrow)]
    pub sku: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub price: Raw<'a>,
    #[serde(borrow)]
    pub quantity: Raw<'a>,
    #[serde(borrow)]
    pub total_discount: Raw<'a>,
}
