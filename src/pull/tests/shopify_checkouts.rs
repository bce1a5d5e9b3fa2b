//! Pulls of orders and abandoned checkouts from a shop at Shopify.

use super::super::options::PullRequest;
use super::super::*;
use super::{Pulls, moment};
use crate::simulator::any_shop::{AnyShop, Change};
use crate::simulator::shopify::{BulkEnd, Shopify, ShopifyOptions};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::collections::BTreeMap;

impl Pulls<Shopify> {
    /// With orders of which every third one was abandoned at the checkout before it was placed.
    async fn with_checkouts(options: ShopifyOptions, orders: u64) -> Self {
        let options = ShopifyOptions { has_checkouts: true, ..options };
        let shop = Shopify::start(options, Vec::new()).await.unwrap();
        let first = moment("2026-01-01T00:00:00Z");
        for id in 1..=orders {
            shop.apply(Change::Put { id, total: 1000 + id, at: first + (id as i64).hours() });
        }
        let access = Access::default().with_secret("token", "shpat_simulator");
        let url = shop.url();
        Self::from(shop, url, &shopify::WITH_CHECKOUTS, access)
    }

    async fn next(&self) -> PulledWindow {
        let last = self.folder().windows().unwrap().pop();
        let request =
            last.map_or(PullRequest::Full, |last| PullRequest::Since(last.manifest.window.to));
        let window = self.pull(request).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    /// A night later, ten minutes before the shop's present.
    fn night(&self) -> Timestamp {
        self.shop.advance_clock(90_000) - 600.seconds()
    }

    /// Sets an order's total; places a new one if it does not exist.
    fn put(&self, id: u64, total: u64, at: Timestamp) {
        self.shop.apply(Change::Put { id, total, at });
    }
}

/// The number in a global id.
fn number(gid: &Value) -> u64 {
    gid.as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

/// The rows of a window with the cart of an order: the orders, with their carts.
fn carts_of_orders(window: &PulledWindow) -> BTreeMap<u64, u64> {
    let rows = window.parts().filter_map(|row| serde_json::from_slice::<Value>(&row).ok());
    let links = rows.filter(|row| {
        let is = |name: &str, kind: &str| row[name].as_str().is_some_and(|gid| gid.contains(kind));
        is("id", "/AbandonedCheckout/") && is("__parentId", "/Order/")
    });
    links.map(|row| (number(&row["__parentId"]), number(&row["id"]))).collect()
}

#[tokio::test]
async fn a_full_pull_has_orders_and_checkouts_and_links_them() {
    let pulls = Pulls::with_checkouts(ShopifyOptions::default(), 12).await;
    let window = pulls.next().await;
    // Next to every third order a checkout is abandoned, and each of those orders from the second
    // on completes one.
    assert_eq!((window.manifest.orders, window.manifest.carts), (12, 4 + 4));
    let known = BTreeMap::from([(6, 10_006), (9, 10_009), (12, 10_012)]);
    assert_eq!((&window.manifest.recovered, carts_of_orders(&window)), (&known, known.clone()));
    // The opening; the start, two polls and the file of each; one search for all.
    assert_eq!(pulls.shop.requests().len(), 1 + 4 + 1 + 4);
    assert_eq!(window.manifest.warnings, [""; 0]);
}

#[tokio::test]
async fn a_night_reads_what_changed_of_either_and_asks_for_no_order_twice() {
    let pulls = Pulls::with_checkouts(ShopifyOptions::default(), 12).await;
    pulls.next().await;
    let quiet = |before: usize| pulls.shop.requests().len() - before;

    pulls.night();
    let before = pulls.shop.requests().len();
    assert_eq!(pulls.next().await.manifest.orders, 0);
    assert_eq!(quiet(before), 1, "nothing changed");

    let now = pulls.night();
    pulls.put(2, 5000, now);
    let before = pulls.shop.requests().len();
    let window = pulls.next().await;
    assert_eq!((window.manifest.orders, window.manifest.carts), (1, 0));
    assert_eq!(quiet(before), 1 + 4, "an order alone");

    let now = pulls.night();
    pulls.put(13, 5000, now);
    pulls.put(14, 5000, now);
    pulls.put(15, 5000, now);
    let window = pulls.next().await;
    assert_eq!(window.manifest.recovered, [(15, 10_015)].into());
    assert_eq!(window.manifest.carts, 1 + 2, "left, completed, and left for the next one");

    pulls.night();
    let before = pulls.shop.requests().len();
    pulls.next().await;
    assert_eq!(quiet(before), 1);
}

/// An order that leaves a window has its cart in the next one, although that doesn't contain the
/// checkout.
#[tokio::test]
async fn an_order_that_changes_later_still_names_its_cart() {
    let pulls = Pulls::with_checkouts(ShopifyOptions::default(), 14).await;
    pulls.next().await;
    let now = pulls.night();
    pulls.put(15, 5000, now);
    let asked = pulls.shop.requests().len();
    // After the checkouts were read, and before the orders are.
    let later = now + 600.seconds();
    pulls.shop.apply_before(asked + 6, Change::Put { id: 15, total: 7000, at: later });
    let window = pulls.next().await;
    assert_eq!((window.manifest.orders, carts_of_orders(&window)), (0, BTreeMap::new()));
    assert_eq!(window.manifest.recovered, [(15, 10_015)].into());
    // The overlap does not reach back to the checkout.
    pulls.night();
    let now = pulls.night();
    pulls.put(15, 8000, now);
    let window = pulls.next().await;
    assert_eq!((window.manifest.carts, carts_of_orders(&window)), (0, [(15, 10_015)].into()));
}

#[tokio::test]
async fn a_checkout_whose_order_is_not_found_is_a_warning() {
    let pulls = Pulls::with_checkouts(ShopifyOptions::default(), 6).await;
    pulls.shop.apply(Change::Delete { id: 6 });
    let window = pulls.next().await;
    assert_eq!(window.manifest.recovered, BTreeMap::new());
    let [warning] = window.manifest.warnings.as_slice() else { panic!("{window:?}") };
    assert!(warning.contains("1 abandoned checkout"), "{warning}");
}

#[tokio::test]
async fn a_result_of_checkouts_is_taken_whole_or_not_at_all() {
    for end in [BulkEnd::TimedOut, BulkEnd::Canceled, BulkEnd::ShortFile, BulkEnd::Orphans] {
        let pulls = Pulls::with_checkouts(ShopifyOptions::default(), 12).await;
        pulls.shop.end_next(end);
        let window = pulls.next().await;
        assert_eq!((window.manifest.orders, window.manifest.carts), (12, 8), "{end:?}");
        assert_eq!(window.manifest.files.len(), 2, "{end:?}");
    }
}

#[tokio::test]
async fn missing_permissions_for_checkouts_are_reported_before_anything_is_pulled() {
    let without = ShopifyOptions { manages_checkouts: false, ..ShopifyOptions::default() };
    let scopes = vec!["read_orders", "read_all_orders"];
    let guests = ShopifyOptions { scopes, ..ShopifyOptions::default() };
    for (options, wanted) in [(without, "manage abandoned checkouts"), (guests, "read_customers")] {
        let pulls = Pulls::with_checkouts(options, 3).await;
        let error = pulls.pull(PullRequest::Full).await.unwrap_err();
        assert!(matches!(error, PullError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
        assert_eq!(pulls.shop.operations(), 0);
    }
}

/// A job that is changed to pull checkouts too has no earlier ones.
#[tokio::test]
async fn another_subject_makes_a_full_pull() {
    let mut pulls = Pulls::with_checkouts(ShopifyOptions::default(), 6).await;
    pulls.options.system = &shopify::SYSTEM;
    let next = async |pulls: &Pulls<Shopify>| {
        let window =
            pull(&pulls.options, false, &pulls.folder(), Default::default()).await.unwrap();
        (window.manifest.window.extent, window.manifest.carts)
    };
    assert_eq!(next(&pulls).await, (Extent::Full, 0));
    assert_eq!(next(&pulls).await.0, Extent::Increment);
    pulls.options.system = &shopify::WITH_CHECKOUTS;
    assert_eq!(next(&pulls).await, (Extent::Full, 4));
}
