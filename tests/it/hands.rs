//! Edits by other programs in the account: deletions are noticed, and additions are not duplicated.

use crate::rehearsal::{Rehearsal, in_paused_time};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, Latency, Options};
use ordersync::state;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const ORDERS: GeneratorOptions = GeneratorOptions {
    orders: 30,
    seed: 5,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn shop() -> Arc<Rehearsal> {
    let latency = Latency::Fixed { ms: 300 };
    let shop = Rehearsal::new(Options { latency, ..Options::default() });
    shop.export(&ORDERS);
    Arc::new(shop)
}

#[test]
fn an_order_of_a_deleted_customer_is_updated_and_no_customer_is_created_for_it() {
    in_paused_time(async {
        let shop = shop();
        shop.run(state::Kind::Backfill).await;
        let before = shop.simulator.summary();
        let state = shop.simulator.state();
        let shops_own = |c: &&serde_json::Value| c["connectionid"] != "0";
        for customer in state["ecomCustomers"].as_array().unwrap().iter().filter(shops_own).take(5)
        {
            let externalid = customer["externalid"].as_str().unwrap().to_owned();
            shop.simulator.edit(Edit::DeleteCustomer { externalid }).unwrap();
        }
        shop.export(&GeneratorOptions { changed_permille: 1_000, ..ORDERS });
        let report = shop.run(state::Kind::Sync).await;
        assert!(report.error.is_none(), "{:?}", report.error);
        assert_eq!(report.row.counts.updated, 30);
        assert_eq!(report.row.customers_created, 0, "it would have no order");
        let after = shop.simulator.summary();
        assert_eq!((after.orders, after.customers), (before.orders, before.customers - 5));
        assert_eq!(after.violations, []);
        assert_eq!(shop.run(state::Kind::Sync).await.row.counts.unchanged, 30);
        assert_eq!(shop.simulator.summary().writes, after.writes);
    });
}

#[test]
fn an_order_refused_as_a_duplicate_and_then_deleted_is_sent_again() {
    in_paused_time(async {
        let shop = shop();
        shop.simulator
            .inject(Fault::new(Kind::CreateDuplicateFirst).on("POST", "/ecomOrders").nth(7));
        let other = Arc::clone(&shop);
        let other = tokio::spawn(async move {
            while other.simulator.summary().duplicate_orders_refused == 0 {
                sleep(Duration::from_millis(1)).await;
            }
            let log = other.simulator.requests();
            let last = log
                .as_array()
                .unwrap()
                .iter()
                .rfind(|request| request["method"] == "POST")
                .unwrap();
            let externalid = last["order"].as_str().unwrap().to_owned();
            other.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
        });
        let report = shop.run(state::Kind::Backfill).await;
        other.await.unwrap();
        assert_eq!(
            (report.row.counts.created, report.row.counts.refused),
            (30, 0),
            "{:?}",
            report.row
        );
        assert_eq!(shop.simulator.summary().orders, 30);
    });
}
