//! Several daemons share an account through a real PostgreSQL, which the test starts: the work of a
//! node that is lost with its disk is recovered, and nothing is duplicated.

mod accounts;
mod active;
mod clocks;
#[path = "../../src/simulator/tests/encrypted.rs"]
mod encrypted;
mod link;
mod lost;
mod pace;
#[path = "../../src/fleet/tests/postgres.rs"]
pub mod postgres;
mod proof;

use crate::daemon::EVERY_SECOND;
use crate::process::Process;
use crate::random::{Rng, number};
use crate::world::{World, until};
use link::Link;
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::Options;
use pace::Lag;
use postgres::Postgres;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const LEASE_S: u64 = 5;
/// Kills of the quick suite; `ORDERSYNC_PROOF_FLEET_KILLS` sets another number.
const KILLS: u64 = 3;
const SEED: u64 = 20_261_129;

/// A shop and an account that a fleet works on.
struct Fleet {
    world: World,
    lag: Lag,
    postgres: Postgres,
    nodes: u64,
}

impl Fleet {
    /// At ActiveCampaign's own limit.
    fn new() -> Self {
        Self::with(Options { requests_per_second: Some(5), ..Options::default() }, "")
    }

    /// With these lines in the job's table.
    fn with(options: Options, job: &str) -> Self {
        let postgres = Postgres::start();
        let table = format!("\n[fleet]\nurl_file = \"fleet.url\"\nlease_s = {LEASE_S}\n");
        let world = World::with(options).job(EVERY_SECOND).job(job).policy(&table);
        std::fs::write(world.path("fleet.url"), postgres.url()).unwrap();
        Self { world, lag: Lag::watch(), postgres, nodes: 0 }
    }

    fn generate(&self, orders: u64) -> Expected {
        self.world.generate(&generated(orders))
    }

    /// A node with a separate, empty disk.
    fn node(&mut self) -> Node {
        self.nodes += 1;
        let dir = format!("node-{}", self.nodes);
        let mut command = self.daemon(&dir);
        Node { process: Process::daemon_by(&mut command), dir }
    }

    fn daemon(&self, dir: &str) -> Command {
        self.command(&["daemon", "--color", "never", "--grace", "5s"], dir)
    }

    fn command(&self, args: &[&str], dir: &str) -> Command {
        let mut command = self.world.command(args);
        command.env("ORDERSYNC_STATE__DIR", self.world.path(dir));
        command
    }

    /// Kills a node, and deletes its disk.
    fn lose(&self, node: Node) {
        node.process.kill();
        self.world.settle();
        std::fs::remove_dir_all(self.world.path(&node.dir)).unwrap();
    }

    fn wait_for_requests(&self, requests: u64) {
        until("requests are sent", || self.world.summary().requests >= requests);
    }

    /// Waits until the holder's ledger was copied: without a copy, everything is looked up as after
    /// a lost state.
    fn wait_for_copy(&self) {
        until("the ledger is copied", || self.column("copy_fence = fence") == "t");
    }

    fn column(&self, column: &str) -> String {
        self.postgres.psql(&format!("SELECT {column} FROM ordersync.accounts")).unwrap()
    }

    /// Each order and customer exists once, without violations, and never faster than the account
    /// allows. Returns the number of requests above the minimum.
    fn assert_exactly_once(&self, truth: &Expected) -> u64 {
        let summary = self.world.summary();
        assert!(summary.violations.is_empty(), "{:?}", summary.violations);
        assert_eq!(summary.orders as u64, truth.valid);
        assert_eq!(summary.customers as u64, truth.customers);
        assert_eq!(summary.duplicate_orders_refused, 0, "nothing was sent twice without looking");
        pace::assert_kept("main", &self.world.simulator, 5, self.lag.longest());
        summary.requests - (truth.valid + truth.customers + 2)
    }
}

struct Node {
    process: Process,
    dir: String,
}

fn generated(orders: u64) -> GeneratorOptions {
    GeneratorOptions { orders, seed: 5, ..GeneratorOptions::default() }
}

/// The socket of a server at this address.
fn socket_of(postgres: &Postgres) -> PathBuf {
    let url = postgres.url();
    let dir = url.split(['@', '/']).nth(3).unwrap().replace("%2F", "/");
    PathBuf::from(dir).join(".s.PGSQL.5432")
}

#[test]
fn after_the_loss_of_any_node_each_order_arrives_once() {
    let kills = number("ORDERSYNC_PROOF_FLEET_KILLS").unwrap_or(KILLS);
    // Only a lookup prevents an order from being stored twice.
    let options = Options { uniqueness_lag_ms: u32::MAX, ..Options::default() };
    let mut fleet = Fleet::with(options, "");
    let truth = fleet.generate(20 + kills * 40);
    let mut rng = Rng::new(SEED);
    let mut slowest = Duration::ZERO;
    let mut node = fleet.node();
    for _ in 0..kills {
        fleet.wait_for_copy();
        fleet.wait_for_requests(fleet.world.summary().requests + 8 + rng.below(16));
        fleet.lose(node);
        let lost = Instant::now();
        node = fleet.node();
        node.process.wait_for_log("of account main was taken", 1);
        slowest = slowest.max(lost.elapsed());
    }
    node.process.wait_for_log("of shop finished", 1);
    node.process.stop(0);
    let extra = fleet.assert_exactly_once(&truth);
    println!(
        "seed {SEED}: {kills} kills with the disk, {kills} takeovers within {slowest:?}, {} orders once, {extra} extra requests",
        truth.valid
    );
    assert_eq!(fleet.column("holder IS NULL, is_exact"), "t|t", "the lease was given back");
}

#[test]
fn a_node_that_is_asked_to_stop_hands_over_its_ledger_and_its_pace() {
    let mut fleet = Fleet::new();
    let truth = fleet.generate(40);
    let (first, second) = (fleet.node(), fleet.node());
    fleet.wait_for_requests(20);
    let (holder, other) =
        if first.process.log().contains("was taken") { (first, second) } else { (second, first) };
    let begun = Instant::now();
    holder.process.stop(0);
    std::fs::remove_dir_all(fleet.world.path(&holder.dir)).unwrap();
    other.process.wait_for_log("of account main was taken", 1);
    assert!(
        begun.elapsed() < Duration::from_secs(LEASE_S),
        "it did not wait for the lease to expire"
    );
    other.process.wait_for_log("of shop finished", 1);
    let log = other.process.stop(0);
    assert!(!log.contains("are looked up before"), "all that was sent is recorded: {log}");
    let extra = fleet.assert_exactly_once(&truth);
    // Each of them looks up the connection and the orders in flight.
    assert!(extra <= 20, "{extra} extra requests");
}

#[test]
fn a_node_that_cannot_renew_its_lease_stops_though_it_reaches_activecampaign() {
    let mut fleet = Fleet::new();
    let truth = fleet.generate(60);
    let link = Link::to(socket_of(&fleet.postgres));
    std::fs::write(fleet.world.path("fleet.url"), link.url()).unwrap();
    let node = fleet.node();
    fleet.wait_for_requests(10);
    link.cut();
    node.process.wait_for_log("was stopped; it resumes later", 1);
    let stopped = fleet.world.summary().requests;
    until("the lease expires", || fleet.column("expires_at < clock_timestamp()") == "t");
    assert_eq!(fleet.world.summary().requests, stopped, "nothing left after it stopped");
    link.mend();
    node.process.wait_for_log("of shop finished", 1);
    node.process.stop(0);
    fleet.assert_exactly_once(&truth);
}

#[test]
fn only_the_daemons_write_to_an_account_of_a_fleet() {
    let fleet = Fleet::new();
    fleet.generate(5);
    for args in [
        vec!["backfill"],
        vec!["sync"],
        vec!["adopt", "shop"],
        vec!["verify", "shop"],
        vec!["connection", "ensure", "shop"],
        vec!["dead-letters", "retry", "shop"],
        vec!["dead-letters", "accept", "shop"],
        vec!["plan", "--ask"],
    ] {
        let output = fleet.world.run(&args);
        assert_eq!(output.code, 2, "{args:?}: {}", output.err);
        assert!(
            output.err.contains("account main is shared by a fleet"),
            "{args:?}: {}",
            output.err
        );
    }
    assert_eq!(fleet.world.run(&["plan"]).code, 0);
    let checked = fleet.world.run(&["check"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    assert!(!checked.out.contains("ordersync@"), "{}", checked.out);
    assert!(!fleet.world.path("state/fleet/main.db").exists());
}

#[test]
fn the_address_of_the_database_is_in_no_log() {
    let fleet = Fleet::new();
    fleet.generate(5);
    std::fs::write(fleet.world.path("fleet.url"), "postgres://me:hunter2@127.0.0.1:1/db").unwrap();
    let node = Process::daemon_by(&mut fleet.world.command(&["daemon", "-v", "--color", "never"]));
    node.wait_for_log("the fleet's database can't be reached", 1);
    let log = node.stop(0);
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn an_unavailable_database_is_awaited_at_the_start_and_a_refusing_one_ends_it() {
    let mut fleet = Fleet::new();
    let truth = fleet.generate(10);
    fleet.postgres.halt();
    let node = fleet.node();
    node.process.wait_for_log("the fleet's database can't be reached", 1);
    fleet.postgres.resume();
    node.process.wait_for_log("the fleet's database is back", 1);
    node.process.wait_for_log("of shop finished", 1);
    node.process.stop(0);
    fleet.assert_exactly_once(&truth);

    let unknown = fleet.postgres.url().replace("/postgres", "/nothing");
    std::fs::write(fleet.world.path("fleet.url"), unknown).unwrap();
    let refused = fleet.world.run(&["daemon"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("the fleet's database refused"), "{}", refused.err);
}

#[test]
fn another_database_is_not_followed_without_a_restart() {
    let mut fleet = Fleet::new();
    fleet.generate(5);
    let node = fleet.node();
    node.process.wait_for_log("of shop finished", 1);
    let url = fleet.postgres.url();
    std::fs::write(fleet.world.path("fleet.url"), format!("{url}?application_name=other")).unwrap();
    node.process.signal("HUP");
    node.process.wait_for_log("the previous settings stay in effect", 1);
    node.process.wait_for_log("takes a restart of the daemon", 1);
    std::fs::write(fleet.world.path("fleet.url"), url).unwrap();
    node.process.signal("HUP");
    node.process.wait_for_log("settings reloaded", 1);
    node.process.stop(0);
}

#[test]
fn a_ledger_in_the_database_holds_neither_addresses_nor_tokens() {
    let mut fleet = Fleet::new();
    let truth = fleet.generate(10);
    let node = fleet.node();
    node.process.wait_for_log("of shop finished", 1);
    node.process.stop(0);
    fleet.assert_exactly_once(&truth);
    let settled: Value =
        serde_json::from_str(&fleet.column("json_build_array(copy_chunks, copy_bytes, is_exact)"))
            .unwrap();
    assert_eq!((&settled[0], &settled[2]), (&1.into(), &true.into()), "{settled}");
    let rows = fleet.postgres.psql("SELECT row_to_json(a) FROM ordersync.accounts AS a").unwrap();
    assert!(!rows.contains('@') && !rows.contains(crate::world::TOKEN), "{rows}");
}
