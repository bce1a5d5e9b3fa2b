//! The digest of an order is settled with the order, or not at all.

use super::difference;
use crate::resume::wait_for_requests;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Latency, Options};

#[test]
fn after_any_kill_each_order_in_the_ledger_has_its_digest() {
    let options = Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 2 },
        ..Options::default()
    };
    let world = World::with(options);
    let truth =
        world.generate(&GeneratorOptions { orders: 200, seed: 17, ..GeneratorOptions::default() });
    let mut requests = 0;
    while {
        let mut child = world.start(&["--quiet", "backfill"]);
        requests += 61;
        let is_at_work = wait_for_requests(&world, &mut child, requests);
        // At any point: between an intent and its request, its answer, its settlement.
        child.kill().unwrap();
        child.wait().unwrap();
        is_at_work
    } {
        assert_eq!(without_digest(&world), 0, "a settled order that lacks its digest");
        requests = world.summary().requests;
    }
    world.load("backfill", 0);
    assert_eq!(without_digest(&world), 0);
    let output = difference(&world, "1");
    assert_eq!(
        (&output["known"], &output["unchanged"]),
        (&truth.valid.into(), &truth.valid.into())
    );
}

fn without_digest(world: &World) -> i64 {
    let db = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    let sql = "SELECT count(*) FROM orders LEFT JOIN order_digests ON order_id = id
               WHERE state = 0 AND digest IS NULL";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}
