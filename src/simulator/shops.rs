//! The shop systems that can be simulated, by their names in settings. To add one, add a line here,
//! and a file or folder next to this one.

use super::any_shop::System;
use super::{bigcommerce, magento, shopify, squarespace, woocommerce};

pub const SHOPS: [&System; 6] = [
    &woocommerce::SYSTEM,
    &shopify::SYSTEM,
    &shopify::WITH_CHECKOUTS,
    &bigcommerce::SYSTEM,
    &magento::SYSTEM,
    &squarespace::SYSTEM,
];

pub fn shop_named(name: &str) -> Option<&'static System> {
    SHOPS.into_iter().find(|system| system.name == name)
}
