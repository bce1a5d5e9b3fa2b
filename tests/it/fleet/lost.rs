//! Orders that a node sent after the last copy of its ledger, before it was lost with its disk.

use super::Fleet;
use crate::world::until;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Options, Summary};

const ORDERS: u64 = 20;
const LOST: u64 = 8;

#[test]
fn exactly_what_was_sent_after_the_last_copy_is_looked_up() {
    // The account accepts an order or a customer twice: only a lookup prevents it.
    let options =
        Options { requests_per_second: None, uniqueness_lag_ms: u32::MAX, ..Options::default() };
    let (before, after) = orders_are_lost(options, "");
    assert_eq!(after.writes, before.writes, "nothing was written again");
    assert_eq!(lookups(&after), lookups(&before) + LOST, "{:?}", after.by_route);
}

#[test]
fn an_order_that_was_sent_in_a_batch_after_the_last_copy_is_looked_up_too() {
    let options = Options {
        requests_per_second: None,
        graphql: crate::bulk::at_once(),
        ..Options::default()
    };
    let (before, after) = orders_are_lost(options, "load = \"bulk\"\n");
    // In the end, a list shows the outcome of the batch.
    assert_eq!(lookups(&after), lookups(&before) + LOST + 1, "{:?}", after.by_route);
}

fn lookups(summary: &Summary) -> u64 {
    summary.by_route.get("GET /ecomOrders").copied().unwrap_or_default()
}

/// Makes a node send orders that no copy contains, loses it, and lets another one finish. Returns
/// the state before the other one started, and in the end.
fn orders_are_lost(options: Options, job: &str) -> (Summary, Summary) {
    let mut fleet = Fleet::with(options, job);
    fleet.generate(ORDERS);
    let node = fleet.node();
    until("the ledger holds all that was sent", || {
        fleet.world.summary().orders as u64 == ORDERS
            && fleet.column("holder IS NULL AND is_exact") == "t"
    });
    let refuse = "ALTER TABLE ordersync.copy_chunks ADD CONSTRAINT refused CHECK (false) NOT VALID";
    fleet.postgres.psql(refuse).unwrap();
    // Some belong to customers in the copy, and some to new ones.
    let generated = GeneratorOptions { extra_orders: LOST, ..super::generated(ORDERS) };
    let truth = fleet.world.generate(&generated);
    until("the orders are sent", || fleet.world.summary().orders as u64 == ORDERS + LOST);
    fleet.lose(node);
    fleet.postgres.psql("ALTER TABLE ordersync.copy_chunks DROP CONSTRAINT refused").unwrap();
    let before = fleet.world.summary();
    let node = fleet.node();
    node.process.wait_for_log("of shop finished", 1);
    node.process.stop(0);
    let summary = fleet.world.summary();
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    assert_eq!((summary.orders as u64, summary.customers as u64), (truth.valid, truth.customers));
    (before, summary)
}
