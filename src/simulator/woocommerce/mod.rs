//! A local WooCommerce shop: its REST API v3 as far as orders are read, strict and stateful.
//!
//! It compares dates as WooCommerce does, counts and pages as WordPress does, fails as real hosts
//! fail, and notes what a correct client never does. Orders may change between two requests, so
//! that a client that pages forward loses some.

mod list;
mod order;
mod server;

pub use order::ShopOrder;
pub use server::WooCache;

use super::any_shop::System;
use super::shop_host::{HostedShop, system};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A shop on a loopback port.
pub type WooCommerce = HostedShop<WooCache>;

pub(super) static SYSTEM: System = system::<WooCache>();

/// How the shop and its host behave.
#[derive(Debug, Clone)]
pub struct WooOptions {
    pub key: String,
    pub secret: String,
    pub permalinks: Permalinks,
    /// The folder of the site that WordPress is in, without slashes; empty for none.
    pub folder: String,
    /// The host removes the Authorization header, so that only keys in the query count.
    pub strips_authorization: bool,
    /// A version before 5.8, which ignores `modified_after` and `modified_before`.
    pub is_old: bool,
    /// A proxy removes `X-WP-Total` and `X-WP-TotalPages`.
    pub hides_totals: bool,
    /// PHP prints a notice before the JSON.
    pub prints_notice: bool,
    /// More orders than this on a page take too long: 504.
    pub orders_at_once_max: u64,
    /// Any list that contains one of these fails with 500; the order by its id does not.
    pub unlistable: BTreeSet<u64>,
    /// These fail with 500 by their id too.
    pub broken: BTreeSet<u64>,
    /// Every request for a single order is answered with this one.
    pub echoes: Option<u64>,
    /// The key's user may not read these: they are left out of pages, and counted.
    pub unreadable: BTreeSet<u64>,
    /// The site's zone: dates without `dates_are_gmt` are compared in it.
    pub zone: TimeZone,
    pub cache: Cache,
}

/// Whether a cache in front of the shop repeats an answer, whatever changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cache {
    #[default]
    None,
    /// To a request with the same parameters.
    ByAddress,
    /// To any request with the same path.
    ByPath,
}

/// The site's form of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permalinks {
    /// `/wp-json/wc/v3/orders`
    #[default]
    Pretty,
    /// `/?rest_route=/wc/v3/orders`; every other address is the home page.
    Plain,
    /// `/index.php/wp-json/wc/v3/orders`
    Index,
}

impl Default for WooOptions {
    fn default() -> Self {
        Self {
            key: "ck_simulator".to_owned(),
            secret: "cs_simulator".to_owned(),
            permalinks: Permalinks::default(),
            folder: String::new(),
            strips_authorization: false,
            is_old: false,
            hides_totals: false,
            prints_notice: false,
            orders_at_once_max: 100,
            unlistable: BTreeSet::new(),
            broken: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            echoes: None,
            zone: TimeZone::UTC,
            cache: Cache::default(),
        }
    }
}
