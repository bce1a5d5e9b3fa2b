use super::super::options::PullRequest;
use super::super::*;
use super::{Pulls, moment};
use crate::simulator::host_faults::HostFault;
use crate::simulator::shop_host::SimulatedOrder;
use crate::simulator::squarespace::{Squarespace, SquarespaceOptions, SquarespaceOrder};
use flate2::read::GzDecoder;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;
use std::fs::File;

/// Orders with ids from 1, an hour apart.
fn orders(n: u64) -> Vec<SquarespaceOrder> {
    let first = moment("2026-01-01T00:00:00Z");
    (1..=n).map(|id| SquarespaceOrder::placed(id, first + (id as i64).hours())).collect()
}

impl Pulls<Squarespace> {
    async fn squarespace(options: SquarespaceOptions, orders: Vec<SquarespaceOrder>) -> Self {
        let access = Access::default().with_secret("token", "sq_simulator");
        let shop = Squarespace::start(options, orders).await.unwrap();
        let url = shop.url();
        Self::from(shop, url, &squarespace::SYSTEM, access)
    }

    async fn complete(&self) -> PulledWindow {
        let window = self.pull(PullRequest::Full).await.unwrap();
        assert_eq!(self.shop.violations(), [""; 0]);
        window
    }

    /// The total of each order, of its copy in the last file.
    fn pulled(&self) -> BTreeMap<u64, String> {
        let mut all = BTreeMap::new();
        for window in self.folder().export().unwrap() {
            window.verify().unwrap();
            for file in window.files() {
                let page: serde_json::Value =
                    serde_json::from_reader(GzDecoder::new(File::open(file).unwrap())).unwrap();
                for row in page["result"].as_array().unwrap() {
                    let total = row["grandTotal"]["value"].as_str().unwrap().to_owned();
                    all.insert(row["id"].as_str().unwrap().parse().unwrap(), total);
                }
            }
        }
        all
    }

    /// The orders of the shop, as the export should contain them.
    fn there(&self) -> BTreeMap<u64, String> {
        let shown = |total: u64| format!("{}.{:02}", total / 100, total % 100);
        self.shop.orders().iter().map(|order| (order.id, shown(order.total))).collect()
    }
}

#[tokio::test]
async fn a_full_pull_is_the_whole_shop_by_cursors() {
    let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(120)).await;
    let window = pulls.complete().await;
    assert_eq!(pulls.pulled(), pulls.there());
    // One request to find the API, and the pages twice.
    assert_eq!((window.manifest.orders, window.manifest.requests), (120, 7));
    let none = Pulls::squarespace(SquarespaceOptions::default(), Vec::new()).await;
    assert_eq!(none.complete().await.files().count(), 1);
}

#[tokio::test]
async fn orders_that_leave_the_list_while_it_is_read_cost_no_other() {
    for request in 2..=9 {
        for is_deleted in [true, false] {
            let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(170)).await;
            pulls.shop.change_before(request, move |orders| {
                // The first one of the list.
                if is_deleted {
                    orders.remove(&170);
                } else {
                    orders.get_mut(&170).unwrap().modified = Timestamp::now();
                }
            });
            pulls.complete().await;
            let (mut pulled, mut there) = (pulls.pulled(), pulls.there());
            pulled.remove(&170);
            there.remove(&170);
            assert_eq!(pulled, there, "before request {request}, deleted {is_deleted}");
        }
    }
}

#[tokio::test]
async fn a_night_takes_two_requests_and_holds_what_changed() {
    let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(120)).await;
    let end = pulls.complete().await.manifest.window.to;
    pulls.shop.set_clock(600);
    pulls.shop.change(|orders| orders.get_mut(&7).unwrap().change(77_777, end));
    let window = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!((window.manifest.orders, window.manifest.requests), (1, 2));
    assert_eq!(pulls.pulled(), pulls.there());
    assert_eq!(pulls.shop.violations(), [""; 0]);
}

/// 300 requests in a minute are too many, and the next minute has none.
#[tokio::test(start_paused = true)]
async fn too_many_requests_are_answered_by_a_minutes_pause() {
    let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(9)).await;
    pulls.shop.set(|options| options.throttled = 1);
    let begun = tokio::time::Instant::now();
    pulls.complete().await;
    assert!(begun.elapsed().as_secs() >= 60, "{:?}", begun.elapsed());
    pulls.shop.fail_next(HostFault::Page(502));
    pulls.complete().await;
    assert_eq!(pulls.pulled(), pulls.there());
}

#[tokio::test]
async fn a_full_pull_names_the_orders_that_are_gone() {
    let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(60)).await;
    pulls.complete().await;
    pulls.shop.change(|orders| {
        orders.remove(&30);
        orders.get_mut(&31).unwrap().modified = Timestamp::now();
    });
    let window = pulls.complete().await;
    assert_eq!((window.manifest.orders, window.manifest.gone), (58, vec![30.into()]));
}

#[tokio::test]
async fn a_shop_that_ignores_bounds_or_has_no_end_or_refuses_the_key_ends_the_pull() {
    let usual = SquarespaceOptions::default;
    for (options, said) in [
        (SquarespaceOptions { ignores_bounds: true, ..usual() }, "ignores modifiedAfter"),
        (SquarespaceOptions { repeats_cursors: true, ..usual() }, "a cursor that it gave before"),
        (SquarespaceOptions { token: "another".to_owned(), ..usual() }, "Orders, Read Only"),
    ] {
        let pulls = Pulls::squarespace(options, orders(170)).await;
        let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(pulls.folder().windows().unwrap().is_empty());
    }
    let mut pulls = Pulls::squarespace(usual(), orders(3)).await;
    pulls.options.url += "/shop";
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("https://api.squarespace.com"), "{error}");
}

#[tokio::test]
async fn an_examination_shows_what_a_pull_would_find() {
    let pulls = Pulls::squarespace(SquarespaceOptions::default(), orders(12)).await;
    let examined = examine(&pulls.options, Default::default()).await.unwrap();
    assert_eq!(
        (examined.orders, examined.oldest),
        (Some(12), Some(moment("2026-01-01T01:00:00Z")))
    );
    assert_eq!((examined.is_filtered, examined.shows_email), (true, Some(true)));
    assert_eq!((pulls.shop.requests().len(), pulls.shop.violations().len()), (2, 0));
}
