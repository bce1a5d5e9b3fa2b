//! A local BigCommerce store: its orders API, version 2, as far as orders are read, strict and
//! stateful.
//!
//! It pages, counts and truncates lines as BigCommerce documents it, has a quota that other apps
//! use too, and notes what a correct client never does.

mod list;
mod order;
mod quota;
mod server;

pub use order::BigCommerceOrder;
pub use quota::Quota;

use super::any_shop::System;
use super::shop_host::{HostedShop, system};
use std::collections::BTreeSet;

/// The largest page.
const LIMIT_MAX: u64 = 250;

/// A store on a loopback port.
pub type BigCommerce = HostedShop<Quota>;

pub(super) static SYSTEM: System = system::<Quota>();

/// How the store behaves.
#[derive(Debug, Clone)]
pub struct BigCommerceOptions {
    pub token: String,
    /// The API account lacks the scope: 403.
    pub lacks_scope: bool,
    /// Requests in 30 s, for all apps.
    pub quota: u64,
    /// Requests of other apps in each quota.
    pub taken_by_others: u64,
    /// Requests that are refused with 429 without the headers of the quota.
    pub overloaded: u32,
    /// Every request is refused with 503, as of a store that is suspended.
    pub is_suspended: bool,
    /// Windows are ignored.
    pub ignores_dates: bool,
    /// Bounds of dates are exclusive; nothing documents that they are not.
    pub excludes_bounds: bool,
    /// Counts are too small by this many.
    pub counts_less: u64,
    /// More orders than this on a page take too long: 504.
    pub orders_at_once_max: u64,
    /// Lines or coupons of an order on a page, however many are asked for.
    pub parts_at_once_max: u64,
    /// Any list that contains one of these, with its lines, fails with 500.
    pub unlistable: BTreeSet<u64>,
    /// These fail with 500 by their id too.
    pub broken: BTreeSet<u64>,
}

impl Default for BigCommerceOptions {
    fn default() -> Self {
        Self {
            token: "bc_simulator".to_owned(),
            lacks_scope: false,
            quota: 450,
            taken_by_others: 0,
            overloaded: 0,
            is_suspended: false,
            ignores_dates: false,
            excludes_bounds: false,
            counts_less: 0,
            orders_at_once_max: LIMIT_MAX,
            parts_at_once_max: LIMIT_MAX,
            unlistable: BTreeSet::new(),
            broken: BTreeSet::new(),
        }
    }
}
