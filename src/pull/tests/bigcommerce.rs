//! Pulls from a store at BigCommerce.

use super::super::manifest::Counted;
use super::super::options::PullRequest;
use super::super::*;
use super::hosts::host_faults;
use super::{Pulls, moment};
use crate::simulator::bigcommerce::{BigCommerce, BigCommerceOptions, BigCommerceOrder};
use flate2::read::GzDecoder;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use tokio::time::Instant;

pub(super) fn orders(n: u64) -> Vec<BigCommerceOrder> {
    let first = moment("2026-01-01T00:00:00Z");
    (1..=n).map(|id| BigCommerceOrder::new(id, first + (id as i64).hours())).collect()
}

/// Total, number of lines and deletion of an order in the export.
type Copy = (String, usize, bool);

impl Pulls<BigCommerce> {
    async fn of_bigcommerce(options: BigCommerceOptions, orders: Vec<BigCommerceOrder>) -> Self {
        let access = Access::default().with_secret("token", options.token.clone());
        let shop = BigCommerce::start(options, orders).await.unwrap();
        let url = shop.url();
        Self::from(shop, url, &bigcommerce::SYSTEM, access)
    }

    async fn full(&self) -> PulledWindow {
        let window = self.pull(PullRequest::Full).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    /// Each order, from its copy in the last file.
    fn export(&self) -> BTreeMap<u64, Copy> {
        let mut all = BTreeMap::new();
        for window in self.folder().export().unwrap() {
            window.verify().unwrap();
            for file in window.files() {
                let mut text = String::new();
                GzDecoder::new(File::open(file).unwrap()).read_to_string(&mut text).unwrap();
                let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
                for row in rows {
                    let total = row["total_inc_tax"].as_str().unwrap().to_owned();
                    let is_deleted = row["is_deleted"].as_bool().unwrap();
                    all.insert(row["id"].as_u64().unwrap(), (total, lines_of(&row), is_deleted));
                }
            }
        }
        all
    }

    /// The orders of the shop, as the export should contain them.
    fn truth(&self) -> BTreeMap<u64, Copy> {
        let shown = |order: &BigCommerceOrder| {
            let total = format!("{}.{:02}00", order.total / 100, order.total % 100);
            (total, order.lines as usize, order.is_deleted)
        };
        self.shop.orders().iter().map(|order| (order.id, shown(order))).collect()
    }

    fn asked(&self, what: &str) -> usize {
        self.shop.requests().iter().filter(|request| request.contains(what)).count()
    }
}

fn lines_of(row: &Value) -> usize {
    if let Some(products) = row["products"].as_array() {
        return products.len();
    }
    let lines =
        |kind: &str| row["consignments"][kind][0]["line_items"].as_array().map_or(0, Vec::len);
    lines("shipping") + lines("downloads")
}

#[tokio::test]
async fn a_full_pull_is_the_whole_shop_as_it_was_received() {
    let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), orders(600)).await;
    let window = pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    assert_eq!(window.manifest.counted, Some(Counted { before: 600, after: 600 }));
    // The count, three pages and the 204 after them, the count again, and two requests for deleted
    // orders.
    assert_eq!(window.manifest.requests, 8);
    assert!(pulls.shop.requests()[2].contains("page=4"), "{:?}", pulls.shop.requests());
    assert_eq!((window.files().count(), window.manifest.warnings.len()), (3, 0));
}

#[tokio::test]
async fn orders_leaving_the_list_while_it_is_read_lose_no_other_order() {
    for request in 2..=9 {
        for is_modified in [false, true] {
            let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), orders(600)).await;
            pulls.shop.change_before(request, move |orders| {
                orders.remove(&4);
                let order = orders.get_mut(&5).unwrap();
                order.is_deleted = true;
                if is_modified {
                    order.modified = Timestamp::now();
                }
            });
            pulls.full().await;
            let (mut export, mut truth) = (pulls.export(), pulls.truth());
            // It was read before it was deleted; the change is in the next window.
            for all in [&mut export, &mut truth] {
                all.remove(&4);
                all.remove(&5);
            }
            assert_eq!(export, truth, "before request {request}");
        }
    }
}

#[tokio::test]
async fn orders_deleted_in_the_admin_are_there_and_only_deleted_for_good_is_gone() {
    let mut all = orders(20);
    all[6].is_deleted = true;
    let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), all).await;
    let end = pulls.full().await.manifest.window.to;
    assert_eq!(pulls.export(), pulls.truth());
    pulls.shop.change(|orders| {
        orders.remove(&3);
        let order = orders.get_mut(&9).unwrap();
        (order.is_deleted, order.modified) = (true, end);
        // Restored.
        let order = orders.get_mut(&7).unwrap();
        (order.is_deleted, order.modified) = (false, end);
    });
    pulls.shop.set_clock(600);
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!(window.manifest.orders, 2);
    let mut export = pulls.export();
    export.remove(&3);
    assert_eq!(export, pulls.truth());
    assert_eq!(pulls.full().await.manifest.gone, [3]);
}

#[tokio::test]
async fn a_quiet_night_takes_four_requests() {
    let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), orders(420)).await;
    let end = pulls.full().await.manifest.window.to;
    pulls.shop.set_clock(600);
    for (changed, requests) in [(0, 4), (1, 6), (250, 6), (251, 7)] {
        pulls.shop.change(|orders| {
            orders.values_mut().take(changed).for_each(|order| order.modified = end);
        });
        let before = pulls.shop.requests().len();
        let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
        assert_eq!(window.manifest.orders, changed as u64);
        assert_eq!(pulls.shop.requests().len() - before, requests, "{changed}");
    }
}

#[tokio::test]
async fn lines_after_the_fiftieth_coupons_and_hidden_lines_are_requested() {
    let mut all = orders(10);
    (all[1].lines, all[2].lines, all[3].lines) = (51, 52, 300);
    all[4].coupon = 150;
    all[5].hides_lines = true;
    (all[6].lines, all[6].coupon) = (60, 99);
    let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), all).await;
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    // Fifty in the shipping and one download are complete; 300 are two pages.
    assert_eq!((pulls.asked("/products"), pulls.asked("/coupons")), (5, 2));
    assert_eq!(pulls.asked("orders/2/products"), 0);
}

#[tokio::test]
async fn an_order_with_lines_on_too_many_pages_is_named_and_never_short() {
    let host =
        BigCommerceOptions { parts_at_once_max: 1, quota: 10_000, ..BigCommerceOptions::default() };
    let mut all = orders(1);
    all[0].lines = 100;
    let pulls = Pulls::of_bigcommerce(host, all).await;
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    pulls.shop.change(|orders| orders.get_mut(&1).unwrap().lines = 101);
    let manifest = pulls.full().await.manifest;
    assert_eq!(manifest.failed, ["1"]);
    assert_eq!(manifest.warnings, ["order 1: has its products on more than 100 pages"]);
    assert!(pulls.export().is_empty());
}

#[tokio::test]
async fn a_wrong_count_ends_no_list() {
    let host = BigCommerceOptions { counts_less: 400, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, orders(600)).await;
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test(start_paused = true)]
async fn a_fifth_of_the_quota_stays_for_other_apps() {
    let mut all = orders(100);
    all.iter_mut().for_each(|order| order.coupon = 100);
    let host =
        BigCommerceOptions { quota: 50, taken_by_others: 5, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, all).await;
    let begun = Instant::now();
    pulls.full().await;
    assert_eq!(pulls.asked("/coupons"), 100);
    // 36 of the 50 in each half minute, the last of which is the first that finds less than a
    // fifth.
    let seconds = begun.elapsed().as_secs();
    assert!((60..=90).contains(&seconds), "{seconds} s for {}", pulls.shop.requests().len());
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_for_with_the_headers_of_the_quota_and_without_them() {
    let host = BigCommerceOptions { overloaded: 3, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, orders(5)).await;
    let begun = Instant::now();
    pulls.full().await;
    assert_eq!(begun.elapsed().as_secs(), 7, "1, 2 and 4 s");
    pulls.shop.set(|options| options.overloaded = 4);
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");

    let host = BigCommerceOptions { quota: 3, taken_by_others: 3, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, orders(5)).await;
    let begun = Instant::now();
    pulls.shop.set(|options| options.quota = 3);
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    // Other apps use the whole quota: each time until it is full again.
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
    assert!(begun.elapsed().as_secs() >= 90, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_breaks_its_list_is_read_by_its_id_or_named() {
    let host = BigCommerceOptions {
        unlistable: [17, 60].into(),
        broken: [60].into(),
        ..BigCommerceOptions::default()
    };
    let pulls = Pulls::of_bigcommerce(host, orders(130)).await;
    assert_eq!(pulls.full().await.manifest.failed, ["60"]);
    let mut truth = pulls.truth();
    truth.remove(&60);
    assert_eq!(pulls.export(), truth);
    pulls.shop.set(|options| {
        options.unlistable.clear();
        options.broken.clear();
    });
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test]
async fn a_shop_that_ignores_the_window_is_pulled_in_full_and_bounds_may_be_exclusive() {
    let host = BigCommerceOptions { ignores_dates: true, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, orders(40)).await;
    let end = pulls.full().await.manifest.window.to;
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!((window.manifest.window.extent, window.manifest.orders), (Extent::Full, 40));
    assert!(window.manifest.warnings[0].contains("ignores min_date_modified"));

    for excludes_bounds in [false, true] {
        let host = BigCommerceOptions { excludes_bounds, ..BigCommerceOptions::default() };
        let pulls = Pulls::of_bigcommerce(host, orders(40)).await;
        let end = pulls.full().await.manifest.window.to;
        pulls.shop.change(|orders| orders.get_mut(&7).unwrap().modified = end);
        pulls.shop.set_clock(600);
        let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
        assert_eq!(window.manifest.orders, 1, "exclusive: {excludes_bounds}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_shop_is_reported_with_a_hint() {
    let host = BigCommerceOptions { lacks_scope: true, ..BigCommerceOptions::default() };
    let mut pulls = Pulls::of_bigcommerce(host, orders(3)).await;
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Refused { .. }));
    assert!(error.to_string().contains("the scope Orders, read-only"), "{error}");
    pulls.options.access = Access::default().with_secret("token", "another");
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("check the token") && !error.contains("another"), "{error}");
    pulls.options.url.push_str("/v3/");
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Settings { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_store_is_unavailable() {
    let host = BigCommerceOptions { is_suspended: true, ..BigCommerceOptions::default() };
    let pulls = Pulls::of_bigcommerce(host, orders(3)).await;
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn check_asks_what_a_pull_needs() {
    let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), orders(30)).await;
    let examination = examine(&pulls.options, tokio_util::sync::CancellationToken::new());
    let found = examination.await.unwrap();
    assert_eq!((found.orders, found.is_filtered, found.shows_email), (Some(30), true, Some(true)));
    assert_eq!(found.oldest, Some(moment("2026-01-01T01:00:00Z")));
    assert_eq!((pulls.shop.requests().len(), pulls.shop.violations().len()), (3, 0));
    pulls.shop.set(|options| options.ignores_dates = true);
    let examination = examine(&pulls.options, tokio_util::sync::CancellationToken::new());
    assert!(!examination.await.unwrap().is_filtered);
}

#[tokio::test(start_paused = true)]
async fn after_any_fault_a_window_is_complete_or_absent() {
    let mut all = orders(12);
    (all[3].lines, all[4].coupon) = (60, 100);
    for (fault, is_fatal) in host_faults() {
        for after in 0..8 {
            let pulls = Pulls::of_bigcommerce(BigCommerceOptions::default(), all.clone()).await;
            pulls.shop.fail_at(after, fault.clone());
            let pulled = pulls.pull(PullRequest::Full).await;
            assert_eq!(pulled.is_err(), is_fatal, "{fault:?} after {after}: {pulled:?}");
            assert_eq!(pulls.folder().windows().unwrap().len(), usize::from(!is_fatal));
            pulls.full().await;
            assert_eq!(pulls.export(), pulls.truth(), "{fault:?} after {after}");
        }
    }
}
