//! Hosts that do something else with answers than hand them on.

use super::super::options::Request;
use super::{Pulls, orders};
use crate::simulator::host_faults::HostFault;
use crate::simulator::woocommerce::{Permalinks, WooOptions};

/// What a host may do to one answer, and whether the pull ends with it.
pub(super) fn host_faults() -> Vec<(HostFault, bool)> {
    let busy =
        |status, retry_after: &str| HostFault::Busy { status, retry_after: retry_after.to_owned() };
    let redirect = |status| HostFault::Redirect { status, to: "https://other.example/".to_owned() };
    let mut faults = vec![
        (HostFault::Reset, false),
        (HostFault::Cut, false),
        (HostFault::Empty, false),
        (busy(429, "7"), false),
        (busy(503, "Fri, 01 Jan 2100 00:00:00 GMT"), true),
        (HostFault::Page(403), true),
    ];
    faults.extend([500, 502, 503, 504].map(|status| (HostFault::Page(status), false)));
    faults.extend([301, 302, 307, 308].map(|status| (redirect(status), true)));
    faults
}

/// Each fault at each request. What ends a pull leaves nothing, and the next one is whole.
#[tokio::test(start_paused = true)]
async fn whatever_an_answer_comes_to_a_window_is_whole_or_nothing() {
    for (fault, is_fatal) in host_faults() {
        for request in 0..4 {
            let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
            pulls.shop.fail_at(request, fault.clone());
            let pulled = pulls.pull(Request::Full).await;
            assert_eq!(pulled.is_err(), is_fatal, "{fault:?} at {request}: {pulled:?}");
            assert_eq!(pulls.folder().windows().unwrap().len(), usize::from(!is_fatal));
            pulls.full().await;
            assert_eq!(pulls.export(), pulls.truth(), "{fault:?} at {request}");
        }
    }
}

#[tokio::test]
async fn whatever_the_host_does_to_answers_every_order_is_there() {
    let hosts = [
        WooOptions { hides_totals: true, ..WooOptions::default() },
        WooOptions { prints_notice: true, ..WooOptions::default() },
        WooOptions { permalinks: Permalinks::Plain, ..WooOptions::default() },
        WooOptions {
            permalinks: Permalinks::Index,
            folder: "shop/de".to_owned(),
            ..WooOptions::default()
        },
        WooOptions { clock_ahead_s: -600, zone_offset_s: 7200, ..WooOptions::default() },
    ];
    for host in hosts {
        let shown = format!("{host:?}");
        let pulls = Pulls::of(host, orders(230)).await;
        pulls.full().await;
        assert_eq!(pulls.export(), pulls.truth(), "{shown}");
    }
}
