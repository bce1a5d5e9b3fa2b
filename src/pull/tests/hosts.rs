//! Hosts that change, delay or drop the answers of the shop.

use super::super::options::PullRequest;
use super::{Pulls, moment, orders};
use crate::simulator::host_faults::HostFault;
use crate::simulator::woocommerce::{Cache, Permalinks, ShopOrder, WooOptions};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Faults of a host for one answer, and whether the fault ends the pull.
pub(super) fn host_faults() -> Vec<(HostFault, bool)> {
    let busy =
        |status, retry_after: &str| HostFault::Busy { status, retry_after: retry_after.to_owned() };
    let redirect = |status| HostFault::Redirect { status, to: "https://other.example/".to_owned() };
    let mut faults = vec![
        (HostFault::Reset, false),
        (HostFault::Cut, false),
        (HostFault::Empty, false),
        (HostFault::Short, false),
        (HostFault::Gzip, false),
        (HostFault::Mark, false),
        (HostFault::Trickle { seconds: 60 }, false),
        (HostFault::Trickle { seconds: 180 }, false),
        (busy(429, "7"), false),
        (busy(503, "Fri, 01 Jan 2100 00:00:00 GMT"), true),
    ];
    faults.extend([200, 402, 403, 423].map(|status| (HostFault::Page(status), true)));
    faults.extend([499, 500, 502, 503, 504, 507].map(|status| (HostFault::Page(status), false)));
    faults.extend([301, 302, 307, 308].map(|status| (redirect(status), true)));
    faults
}

/// A window that ended by the clock of a host in front of the shop would omit changes until then.
#[tokio::test(start_paused = true)]
async fn the_clock_of_a_host_in_front_is_not_mistaken_for_the_shops() {
    for ahead_s in [-100_000, 100_000] {
        for request in 0..3 {
            let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
            pulls.shop.fail_at(request, HostFault::OtherClock { ahead_s });
            let window = pulls.full().await.manifest.window;
            let off = Timestamp::now().duration_since(window.to);
            assert!(off.abs() < SignedDuration::from_hours(12), "{ahead_s} at {request}: {off:?}");
        }
    }
}

/// Each fault at each request. A pull that ends by one leaves nothing, and the next one is
/// complete.
#[tokio::test(start_paused = true)]
async fn after_any_fault_a_window_is_complete_or_absent() {
    for (fault, is_fatal) in host_faults() {
        for request in 0..4 {
            let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
            pulls.shop.fail_at(request, fault.clone());
            let pulled = pulls.pull(PullRequest::Full).await;
            assert_eq!(pulled.is_err(), is_fatal, "{fault:?} at {request}: {pulled:?}");
            assert_eq!(pulls.folder().windows().unwrap().len(), usize::from(!is_fatal));
            pulls.full().await;
            assert_eq!(pulls.export(), pulls.truth(), "{fault:?} at {request}");
        }
    }
}

#[tokio::test]
async fn under_any_fault_of_the_host_every_order_is_pulled() {
    let hosts = [
        WooOptions { hides_totals: true, ..WooOptions::default() },
        WooOptions { prints_notice: true, ..WooOptions::default() },
        WooOptions { permalinks: Permalinks::Plain, ..WooOptions::default() },
        WooOptions {
            permalinks: Permalinks::Index,
            folder: "shop/de".to_owned(),
            ..WooOptions::default()
        },
        WooOptions { zone: TimeZone::get("Asia/Kolkata").unwrap(), ..WooOptions::default() },
    ];
    for (host, ahead_s) in hosts.into_iter().flat_map(|host| [(host.clone(), 0), (host, -600)]) {
        let shown = format!("{host:?}, {ahead_s} s ahead");
        let pulls = Pulls::of(host, orders(230)).await;
        pulls.shop.set_clock(ahead_s);
        pulls.full().await;
        assert_eq!(pulls.export(), pulls.truth(), "{shown}");
    }
}

#[tokio::test]
async fn a_page_of_a_firewall_does_not_count_as_a_wrong_key() {
    let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
    pulls.shop.fail_next(HostFault::Page(403));
    let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("answers 403 with a page") && error.contains("firewall"), "{error}");
}

/// If a connection is too slow for a page, smaller ones are requested.
#[tokio::test(start_paused = true)]
async fn a_page_that_times_out_twice_is_split() {
    let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
    // The last page twice, to measure the list, and then as a page.
    for after in [2, 0, 1, 0] {
        pulls.shop.fail_at(after, HostFault::Trickle { seconds: 180 });
    }
    let window = pulls.full().await;
    assert_eq!(pulls.export(), pulls.truth());
    let requests = pulls.shop.requests();
    assert!(requests.iter().any(|request| request.contains("per_page=50")), "{requests:?}");
    assert_eq!(window.manifest.orders, 120);
}

#[tokio::test]
async fn a_cache_that_knows_addresses_has_no_answer_of_an_earlier_pull() {
    let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
    pulls.shop.set(|options| options.cache = Cache::ByAddress);
    let full = pulls.full().await;
    let later = full.manifest.window.to + 5.minutes();
    pulls.set_clock(later + 10.minutes());
    pulls.shop.change(|orders| {
        orders.remove(&5);
        (orders.get_mut(&6).unwrap().total, orders.get_mut(&6).unwrap().modified) = (77_777, later);
        orders.insert(121, ShopOrder::new(121, later));
    });
    assert_eq!(pulls.full().await.manifest.gone, [5]);
    assert_eq!(pulls.export(), pulls.truth());
    pulls.shop.change(|orders| drop(orders.remove(&6)));
    assert_eq!(pulls.full().await.manifest.gone, [6]);
}

/// Whether or not it passes on the number of orders.
#[tokio::test(start_paused = true)]
async fn a_cache_that_answers_every_page_with_the_first_one_ends_the_pull() {
    for hides_totals in [false, true] {
        let host = WooOptions { hides_totals, ..WooOptions::default() };
        let pulls = Pulls::of(host, orders(250)).await;
        pulls.shop.set(|options| options.cache = Cache::ByPath);
        let error = pulls.pull(PullRequest::Full).await.unwrap_err().to_string();
        assert!(error.contains("exclude /wp-json/ from caches"), "{error}");
        assert!(pulls.folder().windows().unwrap().is_empty());
        assert!(pulls.shop.requests().len() < 20, "{}", pulls.shop.requests().len());
    }
}

/// A bound in the hour that the site's clocks skip is read an hour later: the overlap covers it.
#[tokio::test]
async fn a_change_in_a_night_in_which_the_clocks_change_is_not_lost() {
    for midnight in ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"] {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for minutes in (0..300).step_by(20) {
            let host = WooOptions { zone: zone.clone(), ..WooOptions::default() };
            let pulls = Pulls::of(host, orders(9)).await;
            pulls.set_clock(moment(midnight) + minutes.minutes());
            let end = pulls.full().await.manifest.window.to;
            pulls.shop.change(|orders| {
                let order = orders.get_mut(&7).unwrap();
                (order.total, order.modified) = (77_777, end + 1.seconds());
            });
            pulls.set_clock(moment(midnight) + (minutes + 90).minutes());
            pulls.pull(PullRequest::Since(end)).await.unwrap();
            assert_eq!(pulls.export(), pulls.truth(), "{midnight} and {minutes} min");
        }
    }
}

/// That does not count as a modification.
#[tokio::test]
async fn a_refund_that_was_deleted_is_found_by_a_full_pull() {
    let pulls = Pulls::of(WooOptions::default(), orders(9)).await;
    let refunds = |window: &super::PulledWindow| -> usize {
        let pages = window.parts().map(|page| serde_json::from_slice::<serde_json::Value>(&page));
        let rows = pages.flat_map(|page| page.unwrap().as_array().unwrap().clone());
        rows.map(|order| order["refunds"].as_array().unwrap().len()).sum()
    };
    pulls.shop.change(|orders| orders.get_mut(&7).unwrap().refunds = vec![500]);
    let full = pulls.full().await;
    assert_eq!(refunds(&full), 1);
    pulls.shop.change(|orders| orders.get_mut(&7).unwrap().refunds.clear());
    pulls.set_clock(full.manifest.window.to + SignedDuration::from_hours(1));
    let increment = pulls.pull(PullRequest::Since(full.manifest.window.to)).await.unwrap();
    assert_eq!(increment.manifest.orders, 0);
    assert_eq!(refunds(&pulls.full().await), 0);
}
