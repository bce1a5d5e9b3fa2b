//! A simulated shop of any kind, as far as its orders come and go.

use super::host_faults::HostFault;
use super::shopify::{Shopify, ShopifyOrder};
use super::woocommerce::{ShopOrder, WooCommerce};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub enum AnyShop {
    Woo(WooCommerce),
    Shopify(Shopify),
}

/// What happens to an order of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It gets another total, in hundredths; one that is not there is placed.
    Put { id: u64, total: u64, at: Timestamp },
    /// It is deleted for good.
    Delete { id: u64 },
    /// It gets another total without a new time of modification, as by the deletion of a refund.
    Silent { id: u64, total: u64 },
}

impl AnyShop {
    pub fn url(&self) -> String {
        match self {
            Self::Woo(shop) => shop.url(),
            Self::Shopify(shop) => shop.url(),
        }
    }

    /// How many requests it received.
    pub fn requests(&self) -> usize {
        match self {
            Self::Woo(shop) => shop.requests().len(),
            Self::Shopify(shop) => shop.requests().len(),
        }
    }

    /// What no good client does.
    pub fn violations(&self) -> Vec<String> {
        match self {
            Self::Woo(shop) => shop.violations(),
            Self::Shopify(shop) => shop.violations(),
        }
    }

    /// The total of each order, in hundredths.
    pub fn totals(&self) -> BTreeMap<u64, u64> {
        match self {
            Self::Woo(shop) => shop.orders().iter().map(|order| (order.id, order.total)).collect(),
            Self::Shopify(shop) => {
                shop.orders().iter().map(|order| (order.id, order.total)).collect()
            }
        }
    }

    pub fn apply(&self, change: Change) {
        match self {
            Self::Woo(shop) => shop.change(|orders| change_woo(orders, change)),
            Self::Shopify(shop) => shop.change(|orders| change_shopify(orders, change)),
        }
    }

    /// Changes the shop right before it answers its request of this number, counted from 1.
    pub fn apply_before(&self, request: usize, change: Change) {
        match self {
            Self::Woo(shop) => {
                shop.change_before(request, move |orders| change_woo(orders, change));
            }
            Self::Shopify(shop) => {
                shop.change_before(request, move |orders| change_shopify(orders, change));
            }
        }
    }

    /// Calls this right before the shop answers its request of this number, counted from 1.
    pub fn call_before(&self, request: usize, call: impl FnOnce() + Send + 'static) {
        match self {
            Self::Woo(shop) => shop.change_before(request, move |_| call()),
            Self::Shopify(shop) => shop.change_before(request, move |_| call()),
        }
    }

    /// Fails the next request in this way, behind those already announced.
    pub fn fail_next(&self, fault: HostFault) {
        match self {
            Self::Woo(shop) => shop.fail_next(fault),
            Self::Shopify(shop) => shop.fail_next(fault),
        }
    }

    /// How far its clock is ahead, in seconds.
    pub fn set_clock(&self, ahead_s: i64) {
        match self {
            Self::Woo(shop) => shop.set(|options| options.clock_ahead_s = ahead_s),
            Self::Shopify(shop) => shop.set(|options| options.clock_ahead_s = ahead_s),
        }
    }
}

fn change_woo(orders: &mut BTreeMap<u64, ShopOrder>, change: Change) {
    match change {
        Change::Put { id, total, at } => {
            let order = orders.entry(id).or_insert_with(|| ShopOrder::new(id, at));
            (order.total, order.modified) = (total, at);
        }
        Change::Delete { id } => drop(orders.remove(&id)),
        Change::Silent { id, total } => {
            orders.entry(id).and_modify(|order| order.total = total);
        }
    }
}

fn change_shopify(orders: &mut BTreeMap<u64, ShopifyOrder>, change: Change) {
    match change {
        Change::Put { id, total, at } => {
            let order = orders.entry(id).or_insert_with(|| ShopifyOrder::new(id, at));
            (order.total, order.updated, order.lines) = (total, at, 1 + total % 3);
        }
        Change::Delete { id } => drop(orders.remove(&id)),
        Change::Silent { id, total } => {
            orders.entry(id).and_modify(|order| order.total = total);
        }
    }
}
