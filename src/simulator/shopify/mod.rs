//! A local Shopify shop: its GraphQL Admin API as far as orders are read in bulk, strict and
//! stateful.
//!
//! It parses queries, filters as Shopify's search does, runs bulk operations over several polls,
//! serves their results from another port without credentials, and notes what a correct client
//! never does.

mod bulk;
mod checkout;
mod graphql;
mod order;
mod schema;
mod search;
mod server;
mod shop;

pub use order::ShopifyOrder;
pub use server::Admin;

use super::any_shop::System;
use super::shop_host::{HostedShop, start, system};
use jiff::tz::TimeZone;

/// The version of the API that it serves.
pub const VERSION: &str = "2026-10";

/// A shop on a loopback port, and its results on another one.
pub type Shopify = HostedShop<Admin>;

pub(super) static SYSTEM: System = system::<Admin>();

/// A shop with clients that read its abandoned checkouts too.
pub(super) static WITH_CHECKOUTS: System = System {
    name: "shopify-checkouts",
    start: |orders, variant| {
        let with_checkouts = |options| ShopifyOptions { has_checkouts: true, ..options };
        start::<Admin>(orders, variant, with_checkouts)
    },
    ..system::<Admin>()
};

/// How the shop behaves.
#[derive(Debug, Clone)]
pub struct ShopifyOptions {
    pub access: Access,
    /// The scopes that the app was granted.
    pub scopes: Vec<&'static str>,
    pub protected: ProtectedData,
    /// The version that it serves in place of the requested one.
    pub served_version: &'static str,
    /// Some orders completed abandoned checkouts.
    pub has_checkouts: bool,
    /// The user who installed the app may manage abandoned checkouts.
    pub manages_checkouts: bool,
    /// Polls that find an operation running.
    pub polls: u32,
    /// Starts that are refused because another operation of the app is running, as before 2026-01.
    pub busy_starts: u32,
    /// Operations of other clients of the app that are running. One of them ends with each start
    /// that is refused because of their number.
    pub foreign_operations: usize,
    /// How long after a change a search finds the order, in seconds.
    pub index_lag_s: i64,
    /// Downloads that are refused because their address is no longer valid.
    pub expired_urls: u32,
    /// The lines of orders come before the orders in results.
    pub children_first: bool,
    /// A search ignores its terms.
    pub ignores_search: bool,
    /// Downloads that are never answered.
    pub stalled_downloads: u32,
    /// The identity of the shop: the number in its id, and its domain.
    pub shop_id: u64,
    pub shop_domain: &'static str,
    /// Points of a full bucket; each request costs ten.
    pub points_max: u32,
    /// Points that come back each second.
    pub points_per_second: u32,
    /// The shop's zone, in which a day of a search begins.
    pub zone: TimeZone,
}

/// How a client is authorised.
#[derive(Debug, Clone)]
pub enum Access {
    Token(String),
    /// Tokens are granted for an app's id and secret, each for this many requests.
    Client {
        id: String,
        secret: String,
        requests_per_token: u32,
        /// The life that it announces of each token, in seconds.
        expires_in: u64,
    },
}

/// Whether the app may see data of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectedData {
    Approved,
    /// Names and e-mail addresses are null.
    NoFields,
    /// No order at all.
    NoOrders,
}

/// How a bulk operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkEnd {
    Completed,
    /// FAILED with TIMEOUT, and a part of the result.
    TimedOut,
    AccessDenied,
    /// CANCELED, as Shopify does with operations that stall.
    Canceled,
    /// COMPLETED, with a file that lacks its last row.
    ShortFile,
    /// COMPLETED, with lines of an order that is not among the orders.
    Orphans,
}

impl Default for ShopifyOptions {
    fn default() -> Self {
        Self {
            access: Access::Token("shpat_simulator".to_owned()),
            scopes: vec!["read_orders", "read_all_orders", "read_customers"],
            protected: ProtectedData::Approved,
            served_version: VERSION,
            has_checkouts: false,
            manages_checkouts: true,
            polls: 1,
            busy_starts: 0,
            foreign_operations: 0,
            index_lag_s: 0,
            expired_urls: 0,
            children_first: false,
            ignores_search: false,
            stalled_downloads: 0,
            shop_id: 1,
            shop_domain: "simulator.myshopify.com",
            points_max: 2000,
            points_per_second: 100,
            zone: TimeZone::UTC,
        }
    }
}
