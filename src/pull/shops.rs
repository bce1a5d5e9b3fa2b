//! The shop systems that can be pulled. To add one, add a line here, and a file or folder next to
//! this one.

use super::options::ShopSystem;
use super::{bigcommerce, by_id, magento, shopify, squarespace, woocommerce};

pub const SHOPS: [&ShopSystem; 8] = [
    &woocommerce::SYSTEM,
    &shopify::SYSTEM,
    &shopify::WITH_CHECKOUTS,
    &bigcommerce::SYSTEM,
    &magento::SYSTEM,
    &squarespace::SYSTEM,
    &by_id::EXPERTSENDER,
    &by_id::FAST,
];

/// Their names, for settings.
pub const SHOP_NAMES: [&str; SHOPS.len()] = {
    let mut names = [""; SHOPS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = SHOPS[n].name;
        n += 1;
    }
    names
};

pub fn shop_named(name: &str) -> Option<&'static ShopSystem> {
    SHOPS.into_iter().find(|system| system.name == name)
}
