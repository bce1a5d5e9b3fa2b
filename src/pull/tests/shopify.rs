//! Pulls from a shop at Shopify.

use super::super::manifest::Counted;
use super::super::options::PullRequest;
use super::super::*;
use super::hosts::host_faults;
use super::{Pulls, moment};
use crate::simulator::host_faults::HostFault;
use crate::simulator::shopify::{
    Access as Granted, BulkEnd, ProtectedData, Shopify, ShopifyOptions, ShopifyOrder,
};
use jiff::Timestamp;
use jiff::ToSpan;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

pub(super) fn orders(n: u64) -> Vec<ShopifyOrder> {
    let first = moment("2026-01-01T00:00:00Z");
    (1..=n).map(|id| ShopifyOrder::new(id, first + (id as i64).hours())).collect()
}

/// The credentials of an app with an id and a secret.
fn app(id: &str, secret: &str) -> Access {
    Access::default().with("client_id", id).with_secret("client_secret", secret)
}

impl Pulls<Shopify> {
    async fn of_shopify(options: ShopifyOptions, orders: Vec<ShopifyOrder>) -> Self {
        let access = match options.access.clone() {
            Granted::Token(token) => Access::default().with_secret("token", token),
            Granted::Client { id, secret, .. } => app(&id, &secret),
        };
        let shop = Shopify::start(options, orders).await.unwrap();
        let url = shop.url();
        Self::from(shop, url, &shopify::SYSTEM, access)
    }

    async fn full(&self) -> PulledWindow {
        let window = self.pull(PullRequest::Full).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    async fn refused(&self) -> String {
        let error = self.pull(PullRequest::Full).await.unwrap_err();
        assert!(matches!(error, PullError::Refused { .. }), "{error}");
        assert!(self.folder().windows().unwrap().is_empty());
        error.to_string()
    }

    /// Total and number of lines of each order, from the last result that contains it.
    fn export(&self) -> BTreeMap<u64, (String, usize)> {
        let mut all = BTreeMap::new();
        for window in self.folder().export().unwrap() {
            window.verify().unwrap();
            let (mut orders, mut lines) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
            for row in window.parts() {
                let row: serde_json::Value = serde_json::from_slice(&row).unwrap();
                if let Some(parent) = row["__parentId"].as_str() {
                    *lines.entry(parent.to_owned()).or_default() += 1;
                } else if let Some(id) = row["id"].as_str() {
                    let total = &row["totalPriceSet"]["shopMoney"]["amount"];
                    orders.insert(id.to_owned(), total.as_str().unwrap().to_owned());
                }
            }
            for (gid, total) in orders {
                let id = gid.rsplit('/').next().unwrap().parse().unwrap();
                all.insert(id, (total, lines.remove(&gid).unwrap_or_default()));
            }
            assert!(lines.is_empty(), "{lines:?}");
        }
        all
    }

    fn truth(&self) -> BTreeMap<u64, (String, usize)> {
        let shown = |order: &ShopifyOrder| {
            (format!("{}.{:02}", order.total / 100, order.total % 100), order.lines as usize)
        };
        self.shop.orders().iter().map(|order| (order.id, shown(order))).collect()
    }

    /// Advances the shop's clock; returns its time.
    fn pass(&self, seconds: i64) -> Timestamp {
        self.shop.advance_clock(seconds)
    }
}

#[tokio::test]
async fn a_full_pull_is_the_whole_shop_by_one_operation() {
    for children_first in [false, true] {
        let host = ShopifyOptions { children_first, ..ShopifyOptions::default() };
        let pulls = Pulls::of_shopify(host, orders(120)).await;
        let window = pulls.full().await;
        assert_eq!(pulls.export(), pulls.truth());
        assert_eq!(window.manifest.counted, Some(Counted { before: 120, after: 120 }));
        assert_eq!((window.manifest.orders, window.manifest.gone.len()), (120, 0));
        // The opening, the start, two polls, and the file.
        assert_eq!((pulls.shop.requests().len(), window.manifest.requests), (5, 5));
        assert!(!pulls.path().join("operation.json").exists());
    }
}

#[tokio::test]
async fn an_increment_holds_what_changed_and_the_newer_result_counts() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(40)).await;
    let full = pulls.full().await;
    let now = pulls.pass(3000) - 600.seconds();
    pulls.shop.change(|orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.total, order.lines, order.updated) = (90_001, 5, now);
        let order = orders.get_mut(&8).unwrap();
        (order.lines, order.updated) = (1, now);
        orders.insert(41, ShopifyOrder::new(41, now));
    });
    let window = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
    assert_eq!((window.manifest.orders, window.manifest.window.extent), (3, Extent::Increment));
    assert_eq!(pulls.export(), pulls.truth());
    let last = pulls.pass(9000);
    let window = pulls.pull(PullRequest::Since(last - 1.minutes() - 600.seconds())).await;
    assert_eq!(window.unwrap().manifest.orders, 0, "a night without changes");
    assert_eq!(pulls.export(), pulls.truth());
    assert_eq!(pulls.shop.violations(), [""; 0]);
}

/// The start, one or more polls, and the file, after the first query.
#[tokio::test]
async fn a_night_without_changes_takes_one_request_and_any_other_four_and_further_looks() {
    for polls in [0, 1, 4] {
        let host = ShopifyOptions { polls, ..ShopifyOptions::default() };
        let pulls = Pulls::of_shopify(host, orders(40)).await;
        let mut end = pulls.full().await.manifest.window.to;
        let busy = 4 + polls as usize;
        // Some orders change, then one, then more than the first answer shows.
        for (changed, requests) in [(3, busy), (0, 1), (1, busy), (0, 1), (21, busy), (0, busy)] {
            let now = pulls.pass(600) - 400.seconds();
            pulls.shop.change(|orders| {
                for order in orders.values_mut().take(changed) {
                    (order.total, order.updated) = (order.total + 1, now);
                }
            });
            let before = pulls.shop.requests().len();
            let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
            assert_eq!(pulls.shop.requests().len() - before, requests, "{changed}, {polls}");
            assert_eq!(pulls.export(), pulls.truth());
            end = window.manifest.window.to;
        }
        assert_eq!(pulls.shop.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn a_shop_without_orders_has_an_export() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), Vec::new()).await;
    assert_eq!(pulls.full().await.manifest.orders, 0);
    assert_eq!(pulls.export(), BTreeMap::new());
}

#[tokio::test]
async fn missing_permissions_are_reported_before_anything_is_pulled() {
    let with = |scopes: &[&'static str]| ShopifyOptions {
        scopes: scopes.to_vec(),
        ..ShopifyOptions::default()
    };
    let said = Pulls::of_shopify(with(&["read_orders"]), orders(9)).await.refused().await;
    assert!(said.contains("read_all_orders") && said.contains("60 days"), "{said}");
    let said = Pulls::of_shopify(with(&["read_all_orders"]), orders(9)).await.refused().await;
    assert!(said.contains("read_orders"), "{said}");
    for protected in [ProtectedData::NoFields, ProtectedData::NoOrders] {
        let host = ShopifyOptions { protected, ..ShopifyOptions::default() };
        let pulls = Pulls::of_shopify(host, orders(9)).await;
        let said = pulls.refused().await;
        assert!(
            said.contains("not approved") && said.contains("protected customer data"),
            "{said}"
        );
        assert_eq!(pulls.shop.operations(), 0);
    }
}

#[tokio::test]
async fn recent_orders_take_no_further_scope() {
    let host = ShopifyOptions {
        scopes: vec!["read_orders", "read_customers"],
        ..ShopifyOptions::default()
    };
    let now = Timestamp::now();
    let recent = (1..=5).map(|id| ShopifyOrder::new(id, now - (24 * id as i64).hours()));
    let mut pulls = Pulls::of_shopify(host, recent.collect()).await;
    pulls.options.since = Some(now - (30 * 24).hours());
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test]
async fn a_token_is_granted_and_renewed_and_kept_in_memory() {
    let access = Granted::Client {
        id: "app".to_owned(),
        secret: "shpss_canary".to_owned(),
        requests_per_token: 2,
        expires_in: 86_399,
    };
    let pulls =
        Pulls::of_shopify(ShopifyOptions { access, ..ShopifyOptions::default() }, orders(30)).await;
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    let grants = |request: &&String| request.contains("access_token");
    assert_eq!(pulls.shop.requests().iter().filter(grants).count(), 2);
    let mut left = vec![pulls.dir.path().to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for secret in ["shpss_canary", "shpca_granted", "signature-"] {
                assert!(!text.contains(secret), "{secret} in {}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_may_announce_any_life() {
    for (expires_in, granted) in [(299, 4), (3600, 1), (u64::MAX, 1)] {
        let (id, secret) = ("app".to_owned(), "shpss_canary".to_owned());
        let access = Granted::Client { id, secret, requests_per_token: 99, expires_in };
        let host = ShopifyOptions { access, ..ShopifyOptions::default() };
        let pulls = Pulls::of_shopify(host, orders(3)).await;
        pulls.full().await;
        let requests = pulls.shop.requests();
        let grants = requests.iter().filter(|request| request.contains("access_token")).count();
        assert_eq!(grants, granted, "{expires_in}");
    }
}

#[tokio::test]
async fn an_app_that_gets_no_token_is_said_why() {
    let mut pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(3)).await;
    pulls.options.access = app("app", "shpss_canary");
    let said = pulls.refused().await;
    assert!(said.contains("app_not_installed") && said.contains("token_file"), "{said}");
    pulls.options.access = Access::default().with_secret("token", "shpat_other");
    let said = pulls.refused().await;
    assert!(said.contains("401") && !said.contains("shpat_other"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn operations_that_end_badly_are_started_again_and_never_half_taken() {
    for end in [BulkEnd::TimedOut, BulkEnd::Canceled, BulkEnd::ShortFile, BulkEnd::Orphans] {
        let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(30)).await;
        pulls.shop.end_next(end);
        pulls.full().await;
        assert_eq!(pulls.shop.operations(), 2, "{end:?}");
        assert_eq!(pulls.export(), pulls.truth(), "{end:?}");
    }
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(30)).await;
    for (end, fault) in [
        (BulkEnd::ShortFile, "announced 90 rows and wrote 89, 3 times"),
        (BulkEnd::Canceled, "the bulk operation ended with CANCELED, 3 times"),
    ] {
        (0..3).for_each(|_| pulls.shop.end_next(end));
        let error = pulls.pull(PullRequest::Full).await.unwrap_err();
        assert!(error.to_string().contains(fault), "{error}");
        assert!(pulls.folder().windows().unwrap().is_empty());
    }
    pulls.shop.end_next(BulkEnd::AccessDenied);
    assert!(pulls.refused().await.contains("ACCESS_DENIED"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_shop_is_waited_for() {
    let host = ShopifyOptions {
        busy_starts: 4,
        foreign_operations: 6,
        polls: 7,
        expired_urls: 1,
        stalled_downloads: 1,
        points_max: 15,
        points_per_second: 2,
        ..ShopifyOptions::default()
    };
    let pulls = Pulls::of_shopify(host, orders(30)).await;
    pulls.shop.fail_next(HostFault::Page(503));
    pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    assert_eq!(pulls.shop.operations(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_any_fault_a_window_is_complete_or_absent() {
    for (fault, is_fatal) in host_faults() {
        // The last one is for the file, which may be requested again whatever its answer.
        for request in 0..5 {
            let is_fatal = is_fatal && request < 4;
            let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(30)).await;
            pulls.shop.fail_at(request, fault.clone());
            let pulled = pulls.pull(PullRequest::Full).await;
            assert_eq!(pulled.is_err(), is_fatal, "{fault:?} at {request}: {pulled:?}");
            pulls.full().await;
            assert_eq!(pulls.export(), pulls.truth(), "{fault:?} at {request}");
        }
    }
}

/// A search finds a change only minutes later; the end of a window is older than that.
#[tokio::test]
async fn a_change_that_the_search_finds_late_is_in_a_later_window() {
    let host = ShopifyOptions { index_lag_s: 240, ..ShopifyOptions::default() };
    let pulls = Pulls::of_shopify(host, orders(30)).await;
    let full = pulls.full().await;
    let now = pulls.pass(3000);
    pulls.shop.change(|orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.total, order.updated) = (90_001, now);
    });
    let window = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
    assert_eq!(window.manifest.orders, 0);
    pulls.pass(600);
    pulls.pull(PullRequest::Since(window.manifest.window.to)).await.unwrap();
    assert_eq!(pulls.export(), pulls.truth());
}

#[tokio::test]
async fn an_operation_that_is_at_work_after_a_restart_is_waited_for() {
    let pulls =
        Pulls::of_shopify(ShopifyOptions { polls: 3, ..ShopifyOptions::default() }, orders(30))
            .await;
    let cancel = CancellationToken::new();
    let cut = cancel.clone();
    pulls.shop.change_before(4, move |_| cut.cancel());
    let cut = pulls.pull_until(PullRequest::Full, cancel).await;
    assert!(matches!(cut, Err(PullError::Interrupted)));
    let window = pulls.full().await;
    assert_eq!(pulls.shop.operations(), 1);
    assert_eq!(pulls.export(), pulls.truth());

    // A pull that was killed right after its window was complete leaves a note that is ignored.
    let window_to = window.manifest.window.to;
    let note = format!(
        r#"{{"id":"gid://shopify/BulkOperation/1000","shop":"{}","query":"","extent":"full","from":null,"to":"{window_to}"}}"#,
        pulls.shop.url()
    );
    std::fs::write(pulls.path().join("operation.json"), note).unwrap();
    pulls.full().await;
    assert_eq!(pulls.shop.operations(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_does_not_end_is_left_to_the_next_pull() {
    let host = ShopifyOptions { polls: u32::MAX, ..ShopifyOptions::default() };
    let pulls = Pulls::of_shopify(host, orders(3)).await;
    for _ in 0..2 {
        let error = pulls.pull(PullRequest::Full).await.unwrap_err();
        assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("has not finished"), "{error}");
        assert!(pulls.folder().windows().unwrap().is_empty());
    }
    assert_eq!(pulls.shop.operations(), 1);
}

#[tokio::test]
async fn an_order_that_changes_during_an_operation_is_in_the_next_window_and_not_gone() {
    for request in 2..=5 {
        let pulls =
            Pulls::of_shopify(ShopifyOptions { polls: 2, ..ShopifyOptions::default() }, orders(30))
                .await;
        pulls.full().await;
        let now = pulls.pass(3000);
        let asked = pulls.shop.requests().len();
        pulls.shop.change_before(asked + request, move |orders| {
            orders.remove(&5);
            let order = orders.get_mut(&6).unwrap();
            (order.total, order.updated) = (77_777, now);
        });
        let full = pulls.full().await;
        assert!(
            full.manifest.gone == [5] || full.manifest.gone.is_empty() && request == 5,
            "{request}: {:?}",
            full.manifest.gone
        );
        pulls.pass(3000);
        pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
        let mut export = pulls.export();
        export.remove(&5);
        assert_eq!(export, pulls.truth(), "changed before request {request}");
    }
}

#[tokio::test]
async fn a_shop_that_ignores_the_search_is_found_out() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(30)).await;
    let full = pulls.full().await;
    pulls.shop.set(|options| options.ignores_search = true);
    pulls.pass(3000);
    let error = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap_err();
    assert!(error.to_string().contains("ignores the search"), "{error}");
    assert_eq!(pulls.folder().windows().unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_pull_that_gets_orders_from_before_its_beginning_is_refused() {
    let host = ShopifyOptions { ignores_search: true, ..ShopifyOptions::default() };
    let mut pulls = Pulls::of_shopify(host, orders(30)).await;
    pulls.options.since = Some(moment("2026-01-02T00:00:00Z"));
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(error.to_string().contains("ignores the search"), "{error}");
    pulls.shop.set(|options| options.ignores_search = false);
    assert_eq!(pulls.full().await.manifest.orders, 7);
}

/// Shopify shows no e-mail address to an app that is not approved for them.
#[tokio::test]
async fn a_result_without_addresses_is_refused_and_not_used_again() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(25)).await;
    let show = |is_shown: bool, updated: Option<Timestamp>| {
        pulls.shop.change(|orders| {
            for order in orders.values_mut() {
                let email = format!("buyer{}@example.com", order.id);
                order.email = if is_shown { email } else { String::new() };
                order.updated = updated.unwrap_or(order.updated);
            }
        });
    };
    show(false, None);
    let said = pulls.refused().await;
    assert!(said.contains("no e-mail address in any of 25 orders"), "{said}");
    show(true, None);
    let full = pulls.full().await;
    assert_eq!((pulls.shop.operations(), pulls.export()), (2, pulls.truth()));

    let now = pulls.pass(3000) - 600.seconds();
    show(false, Some(now));
    let error = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap_err();
    assert!(error.to_string().contains("in any of 25 orders"), "{error}");
}

#[tokio::test]
async fn another_shop_under_the_same_address_is_refused_and_a_new_name_is_a_warning() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(3)).await;
    let identity = pulls.full().await.manifest.identity.unwrap();
    assert_eq!(identity.id, "gid://shopify/Shop/1");
    assert_eq!(identity.domain, "simulator.myshopify.com");
    pulls.shop.set(|options| options.shop_domain = "renamed.myshopify.com");
    let warnings = pulls.full().await.manifest.warnings;
    assert!(warnings[0].contains("renamed.myshopify.com now"), "{warnings:?}");
    pulls.shop.set(|options| options.shop_id = 2);
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("gid://shopify/Shop/2") && error.contains("Shop/1"), "{error}");
    assert_eq!(pulls.shop.operations(), 2);
}

#[tokio::test]
async fn another_version_than_the_one_that_is_read_is_warned_of() {
    let host = ShopifyOptions { served_version: "2027-01", ..ShopifyOptions::default() };
    let window = Pulls::of_shopify(host, orders(3)).await.full().await;
    assert_eq!(window.manifest.version, "2027-01");
    assert!(window.manifest.warnings[0].contains("2027-01"), "{:?}", window.manifest.warnings);
}

#[tokio::test]
async fn check_asks_what_a_pull_needs() {
    let pulls = Pulls::of_shopify(ShopifyOptions::default(), orders(12)).await;
    let found = examine(&pulls.options, CancellationToken::new()).await.unwrap();
    assert_eq!((found.orders, found.is_filtered, found.shows_email), (Some(12), true, Some(true)));
    assert_eq!(found.oldest, Some(moment("2026-01-01T01:00:00Z")));
    assert_eq!((pulls.shop.requests().len(), pulls.shop.violations().len()), (2, 0));
}
