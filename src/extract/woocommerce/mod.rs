//! The dialects of WooCommerce: its REST API's orders, and the exports of the two plugins most
//! shops use. They name the fields; amounts are in the order's currency, as stated.

mod advanced;
mod grouped;
mod others;
mod rest;
mod webtoffee;
mod words;

pub use advanced::{FORMAT as ADVANCED_CSV, ORDERS as ADVANCED_JSON};
pub use rest::ORDERS as REST;
pub use webtoffee::FORMAT as WEBTOFFEE;
