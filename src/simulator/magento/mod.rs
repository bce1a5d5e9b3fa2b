//! A local Magento shop: its REST API as far as orders are read, strict and stateful.
//!
//! It verifies signatures itself, from the bytes that it received, selects and pages as Magento
//! does, fails as real shops fail, and notes what a correct client never does.

mod order;
mod search;
mod shop;
mod signature;

pub use order::MagentoOrder;
pub use shop::MagentoMemory;

use super::any_shop::System;
use super::shop_host::{HostedShop, system};
use std::collections::BTreeSet;

/// A shop on a loopback port.
pub type Magento = HostedShop<MagentoMemory>;

pub(super) static SYSTEM: System = system::<MagentoMemory>();

/// The credentials, with characters that signatures encode.
pub const CONSUMER_KEY: &str = "ck+simulator";
pub const CONSUMER_SECRET: &str = "cs/simulator";
pub const TOKEN: &str = "at_simulator";
pub const TOKEN_SECRET: &str = "ts&simulator";

/// How the shop and its host behave.
#[derive(Debug, Clone)]
pub struct MagentoOptions {
    pub token: &'static str,
    /// The token alone is accepted too, as before 2.4.4.
    pub takes_bearer: bool,
    /// The integration may read orders.
    pub has_resource: bool,
    /// The most orders on a page; more are refused with 400.
    pub page_size_max: u64,
    /// More orders than this on a page take too long: 504.
    pub orders_at_once_max: u64,
    /// Any list that contains one of these fails with 500; the order by its id does not.
    pub unlistable: BTreeSet<u64>,
    /// Any list that contains one of these is answered with 200 and a message.
    pub unshowable: BTreeSet<u64>,
    /// These fail with 500 by their id too.
    pub broken: BTreeSet<u64>,
    /// An extension takes these out of pages, and they are counted.
    pub left_out: BTreeSet<u64>,
    /// Every request for one order is answered with this one.
    pub echoes: Option<u64>,
    /// Filters of this field do not count.
    pub ignores: Option<&'static str>,
    /// It answers in English; else in German.
    pub is_english: bool,
}

/// How a list fails once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFault {
    /// 500 with the number of a report.
    Report,
    /// 200 with a message and no orders.
    NoItems,
    /// It counts an order more than it has.
    OneMore,
}

impl Default for MagentoOptions {
    fn default() -> Self {
        Self {
            token: TOKEN,
            takes_bearer: false,
            has_resource: true,
            page_size_max: 300,
            orders_at_once_max: 300,
            unlistable: BTreeSet::new(),
            unshowable: BTreeSet::new(),
            broken: BTreeSet::new(),
            left_out: BTreeSet::new(),
            echoes: None,
            ignores: None,
            is_english: true,
        }
    }
}
