//! The forecast of a plan equals the duration of the run: on tokio's clock, on which only the
//! account's limit and ActiveCampaign's answers take time.

use crate::rehearsal::{End, KillPoint, LastSend, ProcessOptions, Rehearsal, in_paused_time};
use ordersync::domain::{Deleted, LoadPath};
use ordersync::plan::{Assumptions, Forecast};
use ordersync::run::{Progress, RunReport};
use ordersync::simulator::{Latency, Options};
use ordersync::state::Kind;
use std::fmt::Write;
use std::time::Duration;

/// How the real account answers: half a second on average.
const LATENCY: Latency = Latency::Lognormal { median_ms: 440, sigma: 0.6 };
const ORDERS: u64 = 240;

fn shop() -> Rehearsal {
    Rehearsal::new(Options { latency: LATENCY, jitter_ms: 5, ..Options::default() })
}

/// An export of Shopify: each order with its customer, its total in dollars, and so many lines.
fn export(orders: impl Iterator<Item = (u64, u64)>, lines: u64) -> String {
    let mut text = "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Id\n".to_owned();
    for (number, (customer, total)) in orders.enumerate() {
        let (name, email) = (format!("#{}", 1001 + number), format!("c{customer}@example.com"));
        let sum = total * lines;
        let at = "2024-01-31 10:11:12 -0500";
        let id = 5001 + number;
        writeln!(text, "{name},{email},paid,USD,{sum}.00,{sum}.00,{at},1,Mug 0,{total}.00,{id}")
            .unwrap();
        for line in 1..lines {
            writeln!(text, "{name},{email},,,,,{at},1,Mug {line},{total}.00,").unwrap();
        }
    }
    text
}

/// Every `per` orders have a customer; the total is stated for each order.
fn orders(per: u64, total: impl Fn(u64) -> u64) -> String {
    export((0..ORDERS).map(|n| (n / per, total(n))), 1)
}

/// Plans, runs, and compares both: the number of requests and the time.
async fn assert_forecast(shop: &Rehearsal, requests: u64) -> RunReport {
    let forecast = shop.plan().forecast;
    assert_eq!((forecast.requests, forecast.unsure), (requests, 0));
    let report = finished(shop).await;
    assert_eq!(report.sent.total, forecast.total(), "to the request");
    assert_within_5_percent(&forecast, &report);
    report
}

async fn finished(shop: &Rehearsal) -> RunReport {
    let report = shop.run(Kind::Backfill).await;
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn assert_within_5_percent(forecast: &Forecast, report: &RunReport) {
    let (foretold, took) = (forecast.duration().as_secs_f64(), report.elapsed.as_secs_f64());
    let sent = report.sent;
    assert_eq!((sent.throttled, sent.retried), (0, 0));
    assert!((foretold - took).abs() <= 0.05 * took, "foretold {foretold} s, took {took} s");
}

#[test]
fn for_any_spread_over_customers_the_forecast_equals_the_run() {
    for (per, customers) in [(ORDERS, 1), (1, ORDERS), (3, ORDERS / 3), (2, ORDERS / 2)] {
        in_paused_time(async {
            let shop = shop();
            shop.put(&orders(per, |_| 20));
            let report = assert_forecast(&shop, ORDERS + customers).await;
            assert_eq!(report.row.customers_created, customers);
        });
    }
}

#[test]
fn customers_that_come_again_late_are_counted_once() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&export((0..ORDERS).map(|n| (n % 50, 20)), 12));
        assert_forecast(&shop, ORDERS + 50).await;
    });
}

#[test]
fn updates_and_unchanged_orders_are_reported_apart() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(3, |_| 20));
        finished(&shop).await;
        shop.put(&orders(3, |_| 21));
        let report = assert_forecast(&shop, ORDERS).await;
        assert_eq!(report.row.counts.updated, ORDERS, "all updates");
        shop.put(&orders(3, |n| 21 + n % 2));
        let report = assert_forecast(&shop, ORDERS / 2).await;
        assert_eq!(report.row.counts.unchanged, ORDERS / 2, "half of them");
        let forecast = shop.plan().forecast;
        assert_eq!(forecast.total(), 0);
        assert_eq!(finished(&shop).await.sent.total, 0, "and nothing to send is nothing sent");
    });
}

#[test]
fn updated_orders_keep_their_customers_and_bring_no_new_ones() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(3, |_| 20));
        finished(&shop).await;
        shop.put(&export((0..ORDERS).map(|n| (1000 + n / 2, 20)), 1));
        let report = assert_forecast(&shop, ORDERS).await;
        assert_eq!(report.row.counts.updated, ORDERS);
    });
}

#[test]
fn of_a_run_that_was_killed_the_rest_is_foretold_look_ups_included() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(2, |_| 20));
        let (end, grace) = (End::KilledAt(Duration::from_secs(30)), Duration::ZERO);
        let life =
            ProcessOptions { kind: Kind::Backfill, end, last_send: LastSend::LongAgo, grace };
        assert!(shop.live(life).await.is_none());
        // Long enough that the killed process' requests no longer count.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let forecast = shop.plan().forecast;
        assert!(forecast.unsure > 0, "something was on its way: {forecast:?}");
        assert!((200..300).contains(&forecast.requests), "{forecast:?}");
        let report = finished(&shop).await;
        let sent = report.sent.total;
        // A request that did not arrive is looked up five times while lists may lag.
        let range = forecast.total() - forecast.unsure..=forecast.total() + 4 * forecast.unsure;
        assert!(range.contains(&sent), "{sent} of {range:?}");
        assert_within_5_percent(&forecast, &report);
    });
}

#[test]
fn updates_that_were_cut_off_are_sent_again_and_not_unsure() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(3, |_| 20));
        finished(&shop).await;
        shop.put(&orders(3, |_| 21));
        let (end, grace) = (End::Killed(KillPoint::BeforeItLeaves, 100), Duration::ZERO);
        let life =
            ProcessOptions { kind: Kind::Backfill, end, last_send: LastSend::LongAgo, grace };
        assert!(shop.live(life).await.is_none());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let plan = shop.plan();
        assert!(plan.summary.look_up > 0, "an update was on its way: {:?}", plan.forecast);
        assert_eq!(plan.forecast.unsure, 0);
        assert_eq!(finished(&shop).await.sent.total, plan.forecast.total());
    });
}

#[test]
fn at_another_pace_it_takes_as_long_as_the_table_says() {
    for allowed in [1_u32, 2] {
        in_paused_time(async {
            let options = Options { requests_per_second: Some(allowed), ..Options::default() };
            let mut shop = Rehearsal::new(Options { latency: LATENCY, ..options });
            shop.put(&orders(3, |_| 20));
            let forecast = shop.plan().forecast.at(allowed.into());
            shop.allowed_per_second = allowed.into();
            assert_within_5_percent(&forecast, &finished(&shop).await);
        });
    }
}

#[test]
fn slow_answers_with_few_in_flight_reduce_the_rate_below_the_limit() {
    let paces = [(8, 2_000, 4.0), (16, 2_000, 4.9), (2, 1_000, 2.0), (1, 500, 2.0)];
    for (in_flight_max, ms, expected) in paces {
        in_paused_time(async {
            let options = Options { latency: Latency::Fixed { ms }, ..Options::default() };
            let mut shop = Rehearsal::new(options);
            shop.in_flight_max = in_flight_max;
            shop.put(&orders(1, |_| 20));
            let forecast = shop.plan().forecast;
            let round_trip = Duration::from_millis(ms.into());
            let forecast =
                Forecast { terms: Assumptions { round_trip, ..forecast.terms }, ..forecast };
            assert!((forecast.requests_per_second() - expected).abs() < 1e-9);
            assert_within_5_percent(&forecast, &finished(&shop).await);
        });
    }
}

/// The reported time left at each settlement, with the time since the beginning, in seconds.
async fn lefts(mut shop: Rehearsal) -> (RunReport, Vec<(f64, f64)>) {
    let forecast = shop.plan().forecast;
    let output = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = std::sync::Arc::clone(&output);
    shop.watch = Box::new(move |progress: &Progress| {
        let output = ordersync::report::progress_json(progress, Some(&forecast));
        let left = output["progress"]["left_ms"].as_f64().unwrap() / 1000.0;
        note.lock().unwrap().push((progress.elapsed.as_secs_f64(), left));
    });
    let report = finished(&shop).await;
    let output = std::mem::take(&mut *output.lock().unwrap());
    (report, output)
}

#[test]
fn the_end_that_is_expected_is_the_forecast_at_first_and_stays_right() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(3, |_| 20));
        let (report, lefts) = lefts(shop).await;
        let took = report.elapsed.as_secs_f64();
        for (elapsed, left) in lefts {
            let ends = elapsed + left;
            assert!((ends - took).abs() <= 0.06 * took, "after {elapsed} s: {ends} of {took}");
        }
    });
}

#[test]
fn a_slow_beginning_does_not_upset_the_expected_end() {
    in_paused_time(async {
        let options = Options { latency: Latency::Fixed { ms: 2_000 }, ..Options::default() };
        let shop = Rehearsal::new(options);
        shop.put(&orders(1, |_| 20));
        let (report, lefts) = lefts(shop).await;
        let took = report.elapsed.as_secs_f64();
        for (elapsed, left) in lefts {
            let (ends, share) = (elapsed + left, if elapsed < took / 2.0 { 0.15 } else { 0.05 });
            assert!((ends - took).abs() <= share * took, "after {elapsed} s: {ends} of {took}");
        }
    });
}

#[test]
fn the_expected_end_adapts_if_everything_is_in_activecampaign_already() {
    in_paused_time(async {
        let shop = shop();
        shop.put(&orders(3, |_| 20));
        finished(&shop).await;
        shop.forget();
        let forecast = shop.plan().forecast;
        let (report, lefts) = lefts(shop).await;
        assert_eq!(report.row.counts.adopted, ORDERS);
        assert_eq!(report.sent.total, forecast.total(), "a lookup for each order and customer");
        let took = report.elapsed.as_secs_f64();
        for (elapsed, left) in lefts.into_iter().filter(|(elapsed, _)| *elapsed >= took / 2.0) {
            let ends = elapsed + left;
            assert!((ends - took).abs() <= 0.10 * took, "after {elapsed} s: {ends} of {took}");
        }
    });
}

/// A latency at which the copies of a canary always arrive between the same two reads of it.
const STEADY_MS: u32 = 440;

fn steady_shop() -> Rehearsal {
    let latency = Latency::Fixed { ms: STEADY_MS };
    let mut shop = Rehearsal::new(Options { latency, ..Options::default() });
    shop.load = LoadPath::Bulk;
    shop
}

/// Loads an export in batches, and asserts the requests of the forecast and approximately its time.
async fn assert_batches_forecast(shop: &Rehearsal, text: &str) {
    shop.put(text);
    let forecast = shop.plan().forecast;
    let report = finished(shop).await;
    let row = &report.row.counts;
    let what = format!("{} created, {} updated", row.created, row.updated);
    assert_eq!(report.sent.total, forecast.total(), "{what}");
    let round_trip = Duration::from_millis(STEADY_MS.into());
    let forecast = Forecast { terms: Assumptions { round_trip, ..forecast.terms }, ..forecast };
    let (foretold, took) = (forecast.duration().as_secs_f64(), report.elapsed.as_secs_f64());
    // The last answers of the batches and of the lists come after the last request.
    let answers = 2.0 * round_trip.as_secs_f64();
    let is_near = (foretold - took).abs() <= answers + 0.05 * took;
    assert!(is_near, "{what}: foretold {foretold} s, took {took} s");
}

#[test]
fn batches_take_what_is_foretold_however_few_the_orders() {
    for orders in [1, 7, 100, 399, 1000, 3000] {
        for deleted in [Deleted::Create, Deleted::Leave] {
            in_paused_time(async {
                let mut shop = steady_shop();
                shop.rules.policy.deleted = deleted;
                let text = |total: fn(u64) -> u64| export((0..orders).map(|n| (n, total(n))), 2);
                assert_batches_forecast(&shop, &text(|_| 20)).await;
                assert_batches_forecast(&shop, &text(|n| 20 + u64::from(n % 6 == 0))).await;
            });
        }
    }
}

/// An export of Shopify's REST API: carts, with a customer for every two.
fn carts(carts: u64, total: u64) -> String {
    let cart = |n: u64| {
        format!(
            r#"{{"id":{n},"token":"tok-{n}","cart_token":"c{n}","email":"c{c}@example.com","currency":"USD","presentment_currency":"USD",
"created_at":"2024-06-01T10:00:00Z","updated_at":"2024-06-01T10:00:00Z","abandoned_checkout_url":"https://shop.example.com/r/{n}",
"total_price":"{total}.00","subtotal_price":"{total}.00","customer":{{"id":{c},"email":"c{c}@example.com"}},
"line_items":[{{"product_id":1,"variant_id":2,"title":"Mug","quantity":1,"price":"{total}.00"}}]}}"#,
            c = n / 2 + 1
        )
    };
    let all: Vec<String> = (1..=carts).map(cart).collect();
    format!(r#"{{"checkouts":[{}]}}"#, all.join(","))
}

#[test]
fn carts_of_the_bulk_path_are_forecast_as_separate_requests() {
    in_paused_time(async {
        let shop = steady_shop();
        assert_batches_forecast(&shop, &carts(200, 20)).await;
        assert_batches_forecast(&shop, &carts(200, 21)).await;
    });
}
