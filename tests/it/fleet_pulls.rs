//! A shop that the nodes of a fleet pull, each onto its own disk.

use crate::daemon::{EVERY_SECOND, months_away};
use crate::fleet::postgres::Postgres;
use crate::nights::Nights;
use crate::process::Process;
use crate::world::{World, until};
use serde_json::Value;
use std::net::TcpListener;
use std::process::Command;

/// The program with a state and windows below a folder, which is one node's disk.
fn on_disk(nights: &Nights, args: &[&str], disk: &str) -> Command {
    let mut command = nights.world.command(args);
    command
        .env("ORDERSYNC_FLEET__URL_FILE", nights.world.path("fleet.url"))
        .env("ORDERSYNC_STATE__DIR", nights.world.path(disk))
        .env("ORDERSYNC_JOBS__SHOP__PULL__DIR", nights.world.path(disk).join("pulls"));
    command
}

/// A shop that a fleet pulls, and the fleet's database.
fn pulled_by_a_fleet(world: World, orders: u64) -> (Nights, Postgres) {
    let (nights, postgres) = (Nights::of_woo(world, orders), Postgres::start());
    std::fs::write(nights.world.path("fleet.url"), postgres.url()).unwrap();
    (nights, postgres)
}

fn finishes(nights: &Nights, disk: &str) {
    let node = Process::daemon_by(&mut on_disk(nights, &["daemon", "--color", "never"], disk));
    node.wait_for_log("of shop finished", 1);
    node.stop(0);
}

#[test]
fn a_new_holder_without_windows_pulls_in_full_and_loads_what_is_new() {
    let (nights, _postgres) = pulled_by_a_fleet(World::new().job(EVERY_SECOND), 24);
    finishes(&nights, "one");
    nights.assert_loaded();
    std::fs::remove_dir_all(nights.world.path("one")).unwrap();
    nights.day(3);
    finishes(&nights, "two");
    nights.assert_loaded();
    let listed = Process::start(&mut on_disk(&nights, &["--json", "pulls", "list"], "two")).ends(0);
    let windows: Vec<Value> = listed.json().as_array().unwrap().clone();
    assert_eq!(windows[0]["extent"], "full", "{windows:?}");
    let summary = nights.world.summary();
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    assert_eq!(summary.duplicate_orders_refused, 0);
}

#[test]
fn a_window_that_waited_while_another_node_loaded_newer_orders_reverts_none() {
    let (nights, _postgres) = pulled_by_a_fleet(World::new().job(EVERY_SECOND), 24);
    nights.world.hold_from(12);
    let mut command = on_disk(&nights, &["daemon", "--color", "never"], "one");
    let node = Process::daemon_by(&mut command);
    until("some orders are sent", || nights.world.summary().requests >= 12);
    node.stops_while_held(&nights.world);
    node.ends(0);
    nights.day(3);
    finishes(&nights, "two");
    nights.assert_loaded();
    let writes = nights.world.summary().writes;
    finishes(&nights, "one");
    nights.assert_loaded();
    assert_eq!(nights.world.summary().writes, writes, "nothing changed in the shop");
}

#[test]
fn an_order_that_another_node_deleted_as_gone_stays_deleted() {
    let world = World::new().job(EVERY_SECOND).policy("gone = \"delete\"\n");
    let (nights, _postgres) = pulled_by_a_fleet(world, 60);
    // Each has a window with every order.
    finishes(&nights, "one");
    finishes(&nights, "two");
    nights.delete(3);
    nights.pass(1200);
    finishes(&nights, "one");
    nights.assert_loaded();
    finishes(&nights, "two");
    nights.assert_loaded();
}

#[test]
fn a_node_verifies_what_another_one_has_loaded_since() {
    let (nights, _postgres) = pulled_by_a_fleet(World::new().job(EVERY_SECOND), 24);
    finishes(&nights, "one");
    nights.day(3);
    finishes(&nights, "two");
    nights.set(EVERY_SECOND, &format!("{}verify = \"* * * * * *\"\n", months_away()));
    let node = Process::daemon_by(&mut on_disk(&nights, &["daemon", "--color", "never"], "one"));
    node.wait_for_log("shop is verified", 1);
    node.stop(0);
}

#[test]
fn a_node_that_can_not_pull_verifies_nothing_by_what_it_pulled_earlier() {
    let (nights, _postgres) = pulled_by_a_fleet(World::new().job(EVERY_SECOND), 24);
    finishes(&nights, "one");
    nights.day(3);
    finishes(&nights, "two");
    nights.set(EVERY_SECOND, &format!("{}verify = \"* * * * * *\"\n", months_away()));
    let mut command = on_disk(&nights, &["daemon", "--color", "never"], "one");
    command.env("ORDERSYNC_JOBS__SHOP__PULL__URL", "http://127.0.0.1:1");
    let node = Process::daemon_by(&mut command);
    node.wait_for_log("shop could not be verified: the sync before it failed", 1);
    let log = node.stop(0);
    assert!(!log.contains("differ"), "{log}");
}

#[test]
fn a_node_that_stops_while_it_pulls_for_a_verification_reports_no_failure() {
    let (nights, _postgres) = pulled_by_a_fleet(World::new().job(EVERY_SECOND), 24);
    finishes(&nights, "one");
    nights.set(EVERY_SECOND, &format!("{}verify = \"* * * * * *\"\n", months_away()));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = on_disk(&nights, &["daemon", "--color", "never"], "one");
    let address = format!("http://{}", silent.local_addr().unwrap());
    command.env("ORDERSYNC_JOBS__SHOP__PULL__URL", address);
    let node = Process::daemon_by(&mut command);
    let _held = silent.accept().unwrap();
    let log = node.stop(0);
    assert!(!log.contains("could not be verified"), "{log}");
}
