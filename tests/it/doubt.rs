//! Creates without a response, where lists lag and keys are checked late.

use crate::rehearsal::{JOB, Rehearsal, in_paused_time};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Ending, Fault, Kind, Latency, Options};
use ordersync::state;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

const ORDERS: GeneratorOptions = GeneratorOptions {
    orders: 60,
    seed: 17,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn shop(list_lag_ms: u32, uniqueness_lag_ms: u32) -> Rehearsal {
    let latency = Latency::Fixed { ms: 300 };
    let options = Options { latency, list_lag_ms, uniqueness_lag_ms, ..Options::default() };
    let shop = Rehearsal::new(options);
    shop.export(&ORDERS);
    shop
}

fn lost(path: &str) -> Fault {
    Fault::new(Kind::Stored { then: Ending::Reset }).on("POST", path)
}

#[test]
fn with_lagging_lists_nothing_is_created_twice() {
    in_paused_time(async {
        for (lists, keys) in [(500, 5_000), (5_000, 5_000), (9_000, 0), (9_000, 60_000)] {
            let shop = shop(lists, keys);
            for path in ["/ecomOrders", "/ecomCustomers"] {
                shop.simulator.inject(lost(path).probability(0.2).forever());
            }
            let report = shop.run(state::Kind::Backfill).await;
            assert!(report.error.is_none(), "{:?}", report.error);
            let plan = shop.plan();
            let summary = shop.simulator.summary();
            assert_eq!(report.row.counts.created, 60, "{lists} {keys}");
            assert_eq!(summary.orders, 60, "lists lag {lists} ms, keys {keys} ms");
            assert_eq!(
                summary.customers as u64, report.row.customers_created,
                "lists lag {lists} ms, keys {keys} ms: {plan:?}"
            );
            assert_eq!(summary.violations, []);
        }
    });
}

#[test]
fn a_rejection_after_a_create_without_response_settles_nothing() {
    in_paused_time(async {
        let mut shop = shop(60_000, 0);
        shop.in_flight_max = 1;
        shop.simulator.inject(lost("/ecomOrders").nth(3));
        let rejected = Kind::ErrorsMissing;
        shop.simulator.inject(Fault::new(rejected).on("POST", "/ecomOrders").nth(4));
        let report = shop.run(state::Kind::Backfill).await;
        assert_eq!((report.row.counts.created, report.row.counts.refused), (59, 1));
        let letters = shop.view().dead_letters(JOB, 10).unwrap();
        assert_eq!(letters[0].reasons.to_string(), "order_http_422 order_unclear");
        sleep(Duration::from_secs(120)).await;
        let report = shop.run(state::Kind::Sync).await;
        assert_eq!((report.row.counts.created, report.row.counts.refused), (1, 0));
        assert_eq!(shop.simulator.summary().orders, 60);
        assert_eq!(shop.simulator.summary().violations, []);
    });
}

/// An order whose payload differs by the name of its product alone.
fn order_of(product: &str) -> String {
    format!(
        "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Id\n\
         #1001,ann@example.com,paid,USD,20.00,20.00,2024-01-31 10:11:12 -0500,1,{product},20.00,5001\n"
    )
}

#[test]
fn a_late_create_of_an_older_content_is_not_taken_for_the_newer_one() {
    in_paused_time(async {
        let shop = shop(600_000, 0);
        shop.put(&order_of("Mug"));
        shop.simulator.inject(lost("/ecomOrders"));
        let report = shop.run(state::Kind::Backfill).await;
        assert_eq!(report.row.counts.refused, 1, "it is there, and no list shows it");
        shop.put(&order_of("Cup"));
        let report = shop.run(state::Kind::Sync).await;
        assert_eq!(report.row.counts.refused, 1, "its key is taken");
        sleep(Duration::from_secs(700)).await;
        let report = shop.run(state::Kind::Sync).await;
        assert_eq!(report.row.counts.refused, 0);
        let orders = shop.simulator.state()["ecomOrders"].clone();
        assert_eq!(orders[0]["ecomOrderProducts"][0]["name"], "Cup", "{orders}");
        assert_eq!((&orders[1], shop.simulator.summary().violations), (&Value::Null, vec![]));
    });
}
