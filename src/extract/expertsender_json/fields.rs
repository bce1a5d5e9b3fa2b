//! The fields that are read, under the names ExpertSender gives them. All others are passed over.

use crate::extract::ORDER_LINES_MAX;
use crate::extract::json::{List, Object, Raw};
use serde::Deserialize;

/// The most entries kept of an order's attributes; ExpertSender takes ten.
const ATTRIBUTES_MAX: usize = 250;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Order<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub date: Raw<'a>,
    #[serde(borrow)]
    pub time_zone: Raw<'a>,
    #[serde(borrow)]
    pub status: Raw<'a>,
    #[serde(borrow)]
    pub currency: Raw<'a>,
    #[serde(borrow)]
    pub total_value: Raw<'a>,
    #[serde(borrow)]
    pub returns_value: Raw<'a>,
    #[serde(borrow)]
    pub customer: Object<Customer<'a>>,
    #[serde(borrow)]
    pub products: List<Product<'a>, ORDER_LINES_MAX>,
    #[serde(borrow)]
    pub order_attributes: List<Attribute<'a>, ATTRIBUTES_MAX>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Customer<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub email: Raw<'a>,
    #[serde(borrow)]
    pub crm_id: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Product<'a> {
    #[serde(borrow)]
    pub id: Raw<'a>,
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub price: Raw<'a>,
    #[serde(borrow)]
    pub quantity: Raw<'a>,
    #[serde(borrow)]
    pub returned: Raw<'a>,
    #[serde(borrow)]
    pub url: Raw<'a>,
    #[serde(borrow)]
    pub image_url: Raw<'a>,
    #[serde(borrow)]
    pub category: Raw<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Attribute<'a> {
    #[serde(borrow)]
    pub name: Raw<'a>,
    #[serde(borrow)]
    pub value: Raw<'a>,
}
