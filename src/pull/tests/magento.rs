use super::super::manifest::Counted;
use super::super::options::PullRequest;
use super::super::*;
use super::{Pulls, moment};
use crate::simulator::host_faults::HostFault;
use crate::simulator::magento::{
    CONSUMER_KEY, CONSUMER_SECRET, Magento, MagentoOptions, MagentoOrder, TOKEN, TOKEN_SECRET,
};
use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeMap;
use std::fs::File;

/// Orders with ids from 1, an hour apart.
pub(super) fn orders(n: u64) -> Vec<MagentoOrder> {
    let first = moment("2026-01-01T00:00:00Z");
    (1..=n).map(|id| MagentoOrder::new(id, first + (id as i64).hours())).collect()
}

fn signed() -> Access {
    Access::default()
        .with("consumer_key", CONSUMER_KEY)
        .with_secret("secret", CONSUMER_SECRET)
        .with_secret("token", TOKEN)
        .with_secret("token_secret", TOKEN_SECRET)
}

impl Pulls<Magento> {
    async fn magento(options: MagentoOptions, orders: Vec<MagentoOrder>) -> Self {
        let shop = Magento::start(options, orders).await.unwrap();
        let url = shop.url();
        Self::from(shop, url, &magento::SYSTEM, signed())
    }

    async fn whole(&self) -> PulledWindow {
        let window = self.pull(PullRequest::Full).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    /// The error of a refused pull.
    async fn refusal(&self) -> PullError {
        let error = self.pull(PullRequest::Full).await.unwrap_err();
        assert!(self.folder().windows().unwrap().is_empty());
        error
    }

    /// The total of each order, of its copy in the last file.
    fn totals(&self) -> BTreeMap<u64, String> {
        let mut all = BTreeMap::new();
        for window in self.folder().export().unwrap() {
            window.verify().unwrap();
            for file in window.files() {
                let page: serde_json::Value =
                    serde_json::from_reader(GzDecoder::new(File::open(file).unwrap())).unwrap();
                for row in page["items"].as_array().unwrap() {
                    all.insert(row["entity_id"].as_u64().unwrap(), row["grand_total"].to_string());
                }
            }
        }
        all
    }

    /// The orders of the shop, as the export should contain them.
    fn truth_of_magento(&self) -> BTreeMap<u64, String> {
        let shown = |order: &MagentoOrder| format!("{:?}", order.total as f64 / 100.0);
        self.shop.orders().iter().map(|order| (order.id, shown(order))).collect()
    }
}

#[tokio::test]
async fn a_full_pull_is_the_whole_shop_with_every_request_signed() {
    let pulls = Pulls::magento(MagentoOptions::default(), orders(250)).await;
    let window = pulls.whole().await;
    assert_eq!(pulls.totals(), pulls.truth_of_magento());
    let counted = Some(Counted { before: 250, after: 250 });
    assert_eq!((window.manifest.orders, window.manifest.counted), (250, counted));
    // One request to find the API, the pages, and one to count again.
    assert_eq!((pulls.shop.requests().len(), window.manifest.requests), (5, 5));
}

#[tokio::test]
async fn a_shop_without_orders_has_an_export_too() {
    let pulls = Pulls::magento(MagentoOptions::default(), Vec::new()).await;
    let window = pulls.whole().await;
    assert_eq!((window.manifest.orders, window.files().count()), (0, 1));
}

#[tokio::test]
async fn a_token_alone_is_accepted_if_the_shop_allows_it() {
    let host = MagentoOptions { takes_bearer: true, ..MagentoOptions::default() };
    let mut pulls = Pulls::magento(host, orders(3)).await;
    pulls.options.access = Access::default().with_secret("token", TOKEN);
    pulls.whole().await;
    assert_eq!(pulls.totals(), pulls.truth_of_magento());
    pulls.shop.set(|options| options.takes_bearer = false);
    let error = pulls.pull(PullRequest::Full).await.unwrap_err();
    assert!(matches!(error, PullError::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("2.4.4") && text.contains("Magento_Sales::actions_view"), "{text}");
}

#[tokio::test]
async fn a_wrong_signature_or_missing_permission_is_refused() {
    let mut pulls = Pulls::magento(MagentoOptions::default(), orders(3)).await;
    for secret in ["secret", "token", "token_secret"] {
        pulls.options.access = signed().with_secret(secret, "another");
        let error = pulls.refusal().await;
        assert!(matches!(error, PullError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("with 401"), "{error}");
    }
    pulls.options.access = signed();
    pulls.shop.set(|options| options.has_resource = false);
    let error = pulls.refusal().await.to_string();
    assert!(error.contains("Sales, Operations, Orders"), "{error}");
}

/// Magento refuses repeated requests, and those from the future.
#[tokio::test(start_paused = true)]
async fn a_request_is_signed_again_for_each_attempt_and_by_the_shops_clock() {
    for ahead_s in [0, 3600, -3600] {
        let pulls = Pulls::magento(MagentoOptions::default(), orders(150)).await;
        pulls.shop.set_clock(ahead_s);
        for fault in [HostFault::Page(502), HostFault::Reset, HostFault::Cut] {
            pulls.shop.fail_at(2, fault);
            pulls.whole().await;
            assert_eq!(pulls.totals(), pulls.truth_of_magento(), "{ahead_s}");
        }
    }
}

#[tokio::test]
async fn orders_that_leave_the_window_while_it_is_read_cost_no_other() {
    for request in 2..=6 {
        for is_deleted in [true, false] {
            let pulls = Pulls::magento(MagentoOptions::default(), orders(350)).await;
            pulls.shop.change_before(request, move |orders| {
                if is_deleted {
                    orders.remove(&5);
                } else {
                    orders.get_mut(&5).unwrap().updated = Timestamp::now();
                }
            });
            pulls.whole().await;
            let (mut export, mut truth) = (pulls.totals(), pulls.truth_of_magento());
            export.remove(&5);
            truth.remove(&5);
            assert_eq!(export, truth, "before request {request}");
        }
    }
}

#[tokio::test]
async fn orders_that_changed_in_the_same_second_are_all_there() {
    let pulls = Pulls::magento(MagentoOptions::default(), orders(450)).await;
    let end = pulls.whole().await.manifest.window.to;
    pulls.shop.change(|orders| {
        orders.values_mut().for_each(|order| (order.total, order.updated) = (77_700, end));
    });
    pulls.shop.set_clock(600);
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!((window.manifest.orders, window.manifest.requests), (450, 7));
    assert_eq!(pulls.totals(), pulls.truth_of_magento());
}

#[tokio::test]
async fn a_night_reaches_two_hours_back_and_takes_two_requests() {
    let pulls = Pulls::magento(MagentoOptions::default(), orders(120)).await;
    let end = pulls.whole().await.manifest.window.to;
    pulls.shop.set_clock(600);
    pulls.shop.change(|orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.total, order.updated) = (77_777, end - 119.minutes());
    });
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!((window.manifest.orders, window.manifest.requests), (1, 2));
    assert_eq!(pulls.totals(), pulls.truth_of_magento());
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_too_large_are_made_smaller() {
    for (at_once, page_size_max) in [(7, 300), (300, 20), (7, 20)] {
        let host = MagentoOptions {
            orders_at_once_max: at_once,
            page_size_max,
            ..MagentoOptions::default()
        };
        let pulls = Pulls::magento(host, orders(120)).await;
        pulls.whole().await;
        assert_eq!(pulls.totals(), pulls.truth_of_magento(), "{at_once} {page_size_max}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_breaks_its_list_is_read_by_its_id_or_named() {
    // Before it there are orders, no order, and ids that no order has.
    let mut shop = orders(130);
    shop.retain(|order| !(61..100).contains(&order.id));
    let host = MagentoOptions {
        unlistable: [1, 17, 18, 100].into(),
        unshowable: [60, 130].into(),
        broken: [18].into(),
        ..MagentoOptions::default()
    };
    let pulls = Pulls::magento(host, shop).await;
    let window = pulls.whole().await;
    assert_eq!(window.manifest.failed, ["18"]);
    assert_eq!(window.manifest.warnings, ["order 18: answered 500"]);
    assert!(window.manifest.requests < 120, "{}", window.manifest.requests);
    let mut truth = pulls.truth_of_magento();
    truth.remove(&18);
    assert_eq!(pulls.totals(), truth);

    pulls.shop.set(|options| options.broken.clear());
    let window = pulls.pull(PullRequest::Since(window.manifest.window.to)).await.unwrap();
    assert_eq!(window.manifest.failed, [""; 0]);
    assert_eq!(pulls.totals(), pulls.truth_of_magento());
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_delivers_no_order_at_all_is_unavailable() {
    let all: std::collections::BTreeSet<u64> = (1..=30).collect();
    let host = MagentoOptions { unlistable: all.clone(), broken: all, ..MagentoOptions::default() };
    let pulls = Pulls::magento(host, orders(30)).await;
    let error = pulls.refusal().await;
    assert!(matches!(error, PullError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn orders_that_are_counted_and_not_listed_end_the_pull() {
    let host = MagentoOptions { left_out: [3].into(), ..MagentoOptions::default() };
    let error = Pulls::magento(host, orders(20)).await.refusal().await.to_string();
    assert!(error.contains("counts 20 orders and lists 19, 3 times"), "{error}");
}

#[tokio::test]
async fn a_shop_that_ignores_what_is_asked_ends_the_pull() {
    let host = MagentoOptions { ignores: Some("entity_id"), ..MagentoOptions::default() };
    let error = Pulls::magento(host, orders(20)).await.refusal().await.to_string();
    assert!(error.contains("a list of no order with orders"), "{error}");
    let pulls = Pulls::magento(MagentoOptions::default(), orders(20)).await;
    let end = pulls.whole().await.manifest.window.to;
    pulls.shop.set(|options| options.ignores = Some("updated_at"));
    let error = pulls.pull(PullRequest::Since(end)).await.unwrap_err().to_string();
    assert!(error.contains("ignores updated_at"), "{error}");
    let examined = examine(&pulls.options, Default::default()).await.unwrap();
    assert!(!examined.is_filtered);
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_order_ends_the_pull() {
    let host =
        MagentoOptions { unlistable: [7].into(), echoes: Some(8), ..MagentoOptions::default() };
    let error = Pulls::magento(host, orders(20)).await.refusal().await.to_string();
    assert!(error.contains("order 8 to a question about order 7"), "{error}");
}

#[tokio::test]
async fn store_views_are_selected_by_their_ids_and_changing_them_is_another_export() {
    let mut shop = orders(30);
    shop.iter_mut().for_each(|order| order.store_id = 1 + order.id % 3);
    let mut pulls = Pulls::magento(MagentoOptions::default(), shop).await;
    let window = pulls.whole().await;
    assert_eq!(window.manifest.orders, 30);
    pulls.options.access = signed().with("store_ids", "1,3");
    let next = pull(&pulls.options, false, &pulls.folder(), Default::default()).await.unwrap();
    assert_eq!((next.manifest.window.extent, next.manifest.orders), (Extent::Full, 20));
    assert_eq!(next.manifest.gone, [0; 0]);
    assert_eq!(pulls.shop.violations(), [""; 0]);
}

/// Whatever the shop's language.
#[tokio::test]
async fn a_full_pull_names_the_orders_that_are_gone() {
    for is_english in [true, false] {
        let host = MagentoOptions { is_english, ..MagentoOptions::default() };
        let pulls = Pulls::magento(host, orders(120)).await;
        pulls.whole().await;
        pulls.shop.change(|orders| {
            orders.remove(&30);
            orders.get_mut(&31).unwrap().updated = Timestamp::now();
        });
        let window = pulls.whole().await;
        assert_eq!((window.manifest.orders, window.manifest.gone), (118, vec![30.into()]));
    }
}

#[tokio::test]
async fn an_address_without_the_api_and_a_firewall_are_named() {
    let mut pulls = Pulls::magento(MagentoOptions::default(), orders(3)).await;
    let url = pulls.options.url.clone();
    pulls.options.url += "/shop";
    let error = pulls.refusal().await.to_string();
    assert!(error.contains("has no Magento REST API") && error.contains("index.php"), "{error}");
    pulls.options.url = url;
    pulls.shop.fail_next(HostFault::Page(200));
    let error = pulls.refusal().await.to_string();
    assert!(error.contains("200 and \"Service unavailable"), "{error}");
    pulls.shop.fail_next(HostFault::Page(403));
    let error = pulls.refusal().await;
    assert!(matches!(error, PullError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn orders_placed_before_a_day_are_left_out() {
    let mut pulls = Pulls::magento(MagentoOptions::default(), orders(48)).await;
    pulls.options.since = Some(moment("2026-01-02T00:00:00Z"));
    assert_eq!(pulls.whole().await.manifest.orders, 25);
}

#[tokio::test]
async fn an_examination_shows_what_a_pull_would_find() {
    let pulls = Pulls::magento(MagentoOptions::default(), orders(12)).await;
    let examined = examine(&pulls.options, Default::default()).await.unwrap();
    assert_eq!(examined.orders, Some(12));
    assert_eq!(examined.oldest, Some(moment("2026-01-01T01:00:00Z")));
    assert_eq!((examined.is_filtered, examined.shows_email), (true, Some(true)));
    assert!(examined.clock_ahead.unwrap().abs() < SignedDuration::from_secs(60));
    assert_eq!((pulls.shop.requests().len(), pulls.shop.violations().len()), (3, 0));
}
