//! The fields that are read, under the names Shopify gives them. All others are passed over.

use super::connection::Connection;
use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{Object, Raw, even_null};
use serde::Deserialize;

/// The most entries kept of a list other than an order's lines; one that is longer marks its order.
const ENTRIES_MAX: usize = 250;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub legacy_resource_id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
    #[serde(borrow)]
    pub customer: Object<Customer<'a>>,
    #[serde(borrow)]
    pub customer_accepts_marketing: Raw<'a>,
    #[serde(borrow)]
    pub created_at: Raw<'a>,
    #[serde(borrow)]
    pub processed_at: Raw<'a>,
    #[serde(borrow)]
    pub updated_at: Raw<'a>,
    #[serde(borrow)]
    pub cancelled_at: Raw<'a>,
    #[serde(borrow)]
    pub currency_code: Raw<'a>,
    #[serde(borrow)]
    pub presentment_currency_code: Raw<'a>,
    #[serde(borrow)]
    pub total_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_price: Raw<'a>,
    #[serde(borrow)]
    pub current_total_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_tip_received_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub original_total_duties_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub subtotal_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub subtotal_price: Raw<'a>,
    #[serde(borrow)]
    pub subtotal_line_items_quantity: Raw<'a>,
    #[serde(borrow)]
    pub total_shipping_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_shipping_price: Raw<'a>,
    #[serde(borrow)]
    pub total_tax_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_tax: Raw<'a>,
    #[serde(borrow)]
    pub total_discounts_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_discounts: Raw<'a>,
    #[serde(borrow)]
    pub total_refunded_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_refunded: Raw<'a>,
    #[serde(borrow)]
    pub refunds: Connection<Refund<'a>, ENTRIES_MAX>,
    #[serde(borrow)]
    pub shipping_line: Object<ShippingLine<'a>>,
    #[serde(borrow)]
    pub shipping_lines: Connection<ShippingLine<'a>, ENTRIES_MAX>,
    #[serde(borrow, deserialize_with = "even_null")]
    pub display_financial_status: Raw<'a>,
    #[serde(borrow)]
    pub source_name: Raw<'a>,
    #[serde(borrow)]
    pub test: Raw<'a>,
    #[serde(borrow)]
    pub line_items: Connection<Line<'a>, ORDER_LINES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Customer<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
    #[serde(borrow)]
    pub default_email_address: Object<Address<'a>>,
    #[serde(borrow)]
    pub email_marketing_consent: Object<Address<'a>>,
}

/// An e-mail address, or only the consent to mail it: both name the consent alike.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Address<'a> {
    #[serde(borrow)]
    pub email_address: Raw<'a>,
    #[serde(borrow)]
    pub marketing_state: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct PriceSet<'a> {
    #[serde(borrow)]
    pub shop_money: Object<Money<'a>>,
    #[serde(borrow)]
    pub presentment_money: Object<Money<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Money<'a> {
    #[serde(borrow)]
    pub amount: Raw<'a>,
    #[serde(borrow)]
    pub currency_code: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Refund<'a> {
    #[serde(borrow)]
    pub total_refunded_set: Object<PriceSet<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ShippingLine<'a> {
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub original_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub price: Raw<'a>,
    #[serde(borrow)]
    pub discount_allocations: Connection<Allocation<'a>, ENTRIES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Line<'a> {
    #[serde(borrow)]
    pub variant: Object<Reference<'a>>,
    #[serde(borrow)]
    pub product: Object<Reference<'a>>,
    #[serde(borrow)]
    pub sku: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub title: Raw<'a>,
    #[serde(borrow)]
    pub quantity: Raw<'a>,
    #[serde(borrow)]
    pub original_unit_price_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub original_unit_price: Raw<'a>,
    #[serde(borrow)]
    pub original_total_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub original_total: Raw<'a>,
    #[serde(borrow)]
    pub total_discount_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub total_discount: Raw<'a>,
    #[serde(borrow)]
    pub discount_allocations: Connection<Allocation<'a>, ENTRIES_MAX>,
}

/// Another record, of which only the id matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Reference<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
}

/// What a discount took off a line.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Allocation<'a> {
    #[serde(borrow)]
    pub allocated_amount_set: Object<PriceSet<'a>>,
    #[serde(borrow)]
    pub discount_application: Object<Application<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Application<'a> {
    #[serde(borrow)]
    pub code: Raw<'a>,
}
