//! The account's limit, in paused time: over every way a server may count a second.

use crate::random::number;
use crate::rehearsal::{End, KillPoint, LastSend, ProcessOptions, Rehearsal, in_paused_time};
use ordersync::domain::LoadPath;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Latency, Options, RetryAfter, Summary, Window};
use ordersync::state::Kind;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const WINDOWS: [Window; 3] = [Window::Sliding, Window::FixedSecond, Window::TokenBucket];
const LATENCY: Latency = Latency::Lognormal { median_ms: 440, sigma: 0.6 };

/// A shop with an account that answers like the real one.
fn shop(options: Options, orders: u64) -> Rehearsal {
    let shop = Rehearsal::new(Options { latency: LATENCY, ..options });
    shop.export(&GeneratorOptions { orders, seed: 7, ..GeneratorOptions::default() });
    shop
}

async fn load(shop: &Rehearsal) -> Summary {
    let report = shop.run(Kind::Backfill).await;
    assert!(report.error.is_none(), "{:?}", report.error);
    shop.simulator.summary()
}

fn a_long_backfill(window: Window, jitter_ms: u32, seed: u64) -> Summary {
    in_paused_time(async {
        let summary =
            load(&shop(Options { window, jitter_ms, seed, ..Options::default() }, 700)).await;
        assert!(summary.requests >= 1_000);
        assert_eq!(summary.violations, []);
        summary
    })
}

fn output(summary: &Summary) -> String {
    let used = summary.utilisation.unwrap() * 100.0;
    format!("{} requests, {} refused, {used:.1} % used", summary.requests, summary.refused_429)
}

#[test]
fn under_little_jitter_the_limit_is_used_up_and_never_broken() {
    for window in WINDOWS {
        for seed in 1..=3 {
            let summary = a_long_backfill(window, 5, seed);
            println!("{window:?}: {}", output(&summary));
            assert_eq!(summary.refused_429, 0, "{window:?}");
            assert!(summary.utilisation.unwrap() >= 0.97, "{window:?}: {:?}", summary.utilisation);
        }
    }
}

#[test]
fn under_much_jitter_the_limit_is_nearly_used_up_and_hardly_broken() {
    for window in WINDOWS {
        for seed in 1..=3 {
            let summary = a_long_backfill(window, 20, seed);
            println!("{window:?}: {}", output(&summary));
            let refused = summary.refused_429 as f64 / summary.requests as f64;
            assert!(refused <= 0.005, "{window:?}: {} refused", summary.refused_429);
            assert!(summary.utilisation.unwrap() >= 0.91, "{window:?}: {:?}", summary.utilisation);
        }
    }
}

/// When each request came, in milliseconds.
fn arrivals(shop: &Rehearsal) -> Vec<u64> {
    let log = shop.simulator.requests();
    log.as_array().unwrap().iter().map(|request| request["at_ms"].as_u64().unwrap()).collect()
}

fn a_429_that_asks_for(seconds: u32) -> Fault {
    let retry_after = RetryAfter::Seconds(seconds);
    Fault::new(ordersync::simulator::Kind::Status { code: 429, retry_after, html: false }).nth(50)
}

#[test]
fn a_429_stops_every_worker_for_as_long_as_it_asks() {
    in_paused_time(async {
        let shop = shop(Options::default(), 100);
        shop.simulator.inject(a_429_that_asks_for(30));
        let summary = load(&shop).await;
        let arrivals = arrivals(&shop);
        let quiet: Vec<u64> =
            arrivals.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 2_000).collect();
        assert_eq!(quiet.len(), 1, "one pause, for everyone: {quiet:?}");
        assert!((29_000..32_000).contains(&quiet[0]), "{quiet:?}");
        assert_eq!(summary.orders, 100);
    });
}

#[test]
fn a_pause_outlives_its_process() {
    in_paused_time(async {
        let shop = shop(Options::default(), 100);
        shop.simulator.inject(a_429_that_asks_for(60));
        let killed = ProcessOptions {
            kind: Kind::Backfill,
            end: End::KilledAt(Duration::from_secs(20)),
            last_send: LastSend::LongAgo,
            grace: Duration::ZERO,
        };
        assert!(shop.live(killed).await.is_none());
        let before = arrivals(&shop);
        load(&shop).await;
        let after = arrivals(&shop)[before.len()];
        assert!(after >= before.last().unwrap() + 60_000, "{before:?}, {after}");
    });
}

#[test]
fn a_crash_loop_keeps_the_limit() {
    in_paused_time(async {
        let shop = shop(Options::default(), 100);
        for number in 1..=40 {
            let life = ProcessOptions {
                kind: Kind::Backfill,
                end: End::Killed(KillPoint::OnItsWay, number % 3 + 1),
                last_send: LastSend::InTheFuture(Duration::from_secs(600)),
                grace: Duration::ZERO,
            };
            assert!(shop.live(life).await.is_none());
        }
        sleep(Duration::from_secs(1)).await;
        let summary = load(&shop).await;
        assert_eq!(summary.refused_429, 0);
        assert!(summary.peak_in_one_second <= 5, "{}", summary.peak_in_one_second);
    });
}

#[test]
fn when_others_use_half_of_the_budget_the_rate_falls_fast_and_rises_slowly() {
    in_paused_time(async {
        let shop = Arc::new(shop(Options { jitter_ms: 5, ..Options::default() }, 2_500));
        let others = tokio::spawn(spend_half(Arc::clone(&shop), 60..360));
        load(&shop).await;
        others.await.unwrap();
        let (ours, others) = arrivals_apart(&shop);
        let rate = |seconds: Range<u64>| {
            let within = seconds.start * 1000..seconds.end * 1000;
            let count = ours.iter().filter(|(at, _)| within.contains(at)).count();
            count as f64 / (seconds.end - seconds.start) as f64
        };
        let refused = |all: &[(u64, bool)]| all.iter().filter(|(_, refused)| *refused).count();
        let [before, soon, during, after, later] =
            [30..60, 70..90, 90..360, 360..390, 1260..1290].map(rate);
        println!(
            "a second: {before:.2} before, {soon:.2} soon, {during:.2} during, {after:.2} after, {later:.2} a quarter of \
             an hour later; refused {} of ours, {} of theirs",
            refused(&ours),
            refused(&others)
        );
        assert!(before > 4.8, "{before}");
        assert!(soon < 3.0 && during < 2.6, "half is theirs: {soon}, {during}");
        assert!(during > 1.2, "and half is ours: {during}");
        assert!(after < during + 0.5, "up slowly: {after}");
        assert!(later > during + 1.0, "but up: {later}");
        assert!(refused(&ours) <= 10, "{}", refused(&ours));
    });
}

/// Another integration of the account: two and a half requests a second, in this span of seconds.
async fn spend_half(shop: Arc<Rehearsal>, seconds: Range<u64>) {
    sleep(Duration::from_secs(seconds.start)).await;
    for _ in 0..(seconds.end - seconds.start) * 5 / 2 {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move { shop.request_as_another_client().await });
        sleep(Duration::from_millis(400)).await;
    }
}

/// When requests came, in milliseconds, and whether they were refused for the rate.
type Arrivals = Vec<(u64, bool)>;

/// Ours and those of others.
fn arrivals_apart(shop: &Rehearsal) -> (Arrivals, Arrivals) {
    let log = shop.simulator.requests();
    let output = |request: &Value| (request["at_ms"].as_u64().unwrap(), request["status"] == 429);
    let of = |theirs: bool| {
        let all = log.as_array().unwrap().iter();
        all.filter(|request| (request["path"] == "/users/me") == theirs).map(output).collect()
    };
    (of(false), of(true))
}

/// Orders of the quick suite; `ORDERSYNC_PROOF_ORDERS` sets another number.
const BATCHED: u64 = 2_400;
/// For any number of orders: the connection, the schema, the canary, and batches that are not full.
const FIXED: u64 = 50;

#[test]
fn batches_take_a_fraction_of_the_requests_and_use_up_the_limit() {
    in_paused_time(async {
        let orders = number("ORDERSYNC_PROOF_ORDERS").unwrap_or(BATCHED);
        let mut shop = shop(Options { jitter_ms: 5, ..Options::default() }, orders);
        let by_rest = shop.plan().forecast.requests;
        shop.load = LoadPath::Bulk;
        let report = shop.run(Kind::Backfill).await;
        assert!(report.error.is_none(), "{:?}", report.error);
        let not_visible = report.read_back.map(|read| read.not_visible);
        assert_eq!((report.row.counts.created, not_visible), (orders, Some(0)));
        let (sent, took) = (report.sent.total, report.elapsed.as_secs_f64());
        let used = 100.0 * sent as f64 / (5.0 * took);
        let ratio = by_rest as f64 / sent as f64;
        println!(
            "{orders} orders: {sent} requests, {by_rest} by REST ({ratio:.1} times as many), {took:.0} s, {used:.1} % of the limit"
        );
        // A page of the list for each hundred, to read every copy.
        assert!(sent <= orders / 40 + orders / 100 + FIXED, "{sent} requests");
        assert!(took <= sent as f64 / (5.0 * 0.9) + 30.0, "{took} s for {sent} requests");
    });
}
