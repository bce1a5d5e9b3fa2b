//! Many accounts that one node works on at the same time.

use super::accounts::Accounts;
use super::postgres::Postgres;
use crate::process::Process;
use crate::random::number;

/// More than a run reads ahead.
const ORDERS: u64 = 300;
/// Threads of one process: its own, and those of the pool.
const THREADS_MAX: u64 = 100;

#[test]
fn a_node_has_no_thread_for_each_account_that_it_works_on() {
    let count = number("ORDERSYNC_PROOF_FLEET_ACTIVE").unwrap_or(60);
    let (postgres, mut accounts) =
        (Postgres::start(), Accounts::new(count, ORDERS, super::SEED, 0));
    accounts.encrypt();
    accounts.write_settings(600, count as usize, 1);
    accounts.hold_orders();
    let mut node = Process::daemon_by(&mut accounts.node("node", &postgres.url()));
    accounts.wait_until_held();
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.child().id())).unwrap();
    let of = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let (threads, resident_kib) = (of("Threads:"), of("VmRSS:"));
    println!("{count} active accounts: {threads} threads, {} MiB", resident_kib / 1024);
    node.kill();
    assert!(threads <= THREADS_MAX, "{threads} threads for {count} accounts");
}
