//! The status of a fleet, and the commands for its nodes.

use crate::daemon::EVERY_SECOND;
use crate::fleet::postgres::Postgres;
use crate::process::Process;
use crate::schema::{assert_all_written, assert_fits};
use crate::terminal::OnTerminal;
use crate::world::{Finished, World, until};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::Options;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

/// A shop, and an account that a fleet works on.
pub struct Fleet {
    pub world: World,
    _postgres: Postgres,
}

impl Fleet {
    pub fn new(lease_s: u64) -> Self {
        let postgres = Postgres::start();
        let options = Options { requests_per_second: Some(5), ..Options::default() };
        let table = format!("\n[fleet]\nurl_file = \"fleet.url\"\nlease_s = {lease_s}\n");
        let world = World::with(options).job(EVERY_SECOND).policy(&table);
        std::fs::write(world.path("fleet.url"), postgres.url()).unwrap();
        Self { world, _postgres: postgres }
    }

    pub fn generate(&self, orders: u64) -> Expected {
        self.world.generate(&GeneratorOptions { orders, seed: 5, ..GeneratorOptions::default() })
    }

    /// A node with a separate disk. The folder is part of its name in this test only.
    fn node(&self, dir: &str) -> Process {
        Process::daemon_by(&mut self.daemon(dir))
    }

    pub fn daemon(&self, dir: &str) -> Command {
        let mut command = self.world.command(&["daemon", "--color", "never", "--grace", "5s"]);
        command.env("ORDERSYNC_STATE__DIR", self.world.path(dir));
        command
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.world.run(&[&["--json", "fleet"], args].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        let json = ran.json();
        assert_fits("fleet", &json);
        json
    }

    fn run(&self, args: &[&str]) -> Finished {
        self.world.run(&[&["fleet"], args].concat())
    }

    pub fn wait_for_requests(&self, requests: u64) {
        until("requests are sent", || self.world.summary().requests >= requests);
    }

    fn assert_exactly_once(&self, truth: &Expected) {
        let summary = self.world.summary();
        assert!(summary.violations.is_empty(), "{:?}", summary.violations);
        assert_eq!(summary.orders as u64, truth.valid);
        assert_eq!(summary.customers as u64, truth.customers);
        assert_eq!(summary.duplicate_orders_refused, 0, "nothing was sent twice without looking");
    }
}

/// The name of the node that a daemon is.
pub fn name_of(node: &mut Process) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    format!("{}-{}", host.trim(), node.child().id())
}

/// The node that holds the account.
fn holder(fleet: &Fleet) -> Option<String> {
    fleet.json(&["status"])["accounts"][0]["node"].as_str().map(str::to_owned)
}

fn state_of(fleet: &Fleet, node: &str) -> Value {
    let status = fleet.json(&["status"]);
    let nodes = status["nodes"].as_array().unwrap();
    nodes.iter().find(|of| of["node"] == node).map_or(Value::Null, |of| of["state"].clone())
}

#[test]
fn a_node_that_is_drained_hands_over_and_takes_nothing_until_that_is_undone() {
    let fleet = Fleet::new(6);
    let truth = fleet.generate(60);
    let mut documents = vec![fleet.json(&["status"])];
    let (mut first, mut second) = (fleet.node("one"), fleet.node("two"));
    let names = [name_of(&mut first), name_of(&mut second)];
    fleet.wait_for_requests(10);
    let held = holder(&fleet).unwrap();
    let other = names.iter().find(|name| **name != held).unwrap();
    documents.push(fleet.json(&["drain", &held]));
    assert_eq!(state_of(&fleet, &held), "drained");
    until("the other takes over", || holder(&fleet).as_ref() == Some(other));
    until("the ledger is copied", || {
        documents.push(fleet.json(&["status"]));
        documents.last().unwrap()["accounts"][0]["copy"].is_object()
    });
    assert_lists_fit(&fleet);
    let (taker, drained) = if held == names[0] { (second, first) } else { (first, second) };
    taker.wait_for_log("of shop finished", 1);
    taker.stop(0);
    assert_eq!(holder(&fleet), None, "the drained one takes nothing");
    documents.push(fleet.json(&["drain", &held, "--undo"]));
    drained.wait_for_log("of account main was taken", 2);
    drained.wait_for_log("of shop finished", 1);
    drained.stop(0);
    let over = fleet.json(&["status"]);
    assert_eq!(over["nodes"], Value::Array(Vec::new()), "who ended is not listed");
    assert_eq!(over["accounts"][0]["unrecorded_ms"], 0);
    documents.push(over);
    fleet.assert_exactly_once(&truth);

    let unknown = fleet.run(&["drain", "nobody-1"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("no node nobody-1: no node runs"), "{}", unknown.err);
    // Their own tests write these and compare them with the schema.
    let moved = json!([{ "account": "main", "lease": 1, "bytes": 1 }]);
    documents.push(json!({ "evicted": [{ "account": "main", "node": "n", "left_ms": 1 }] }));
    documents.push(json!({ "imported": moved, "exported": moved }));
    assert_all_written("fleet", &documents);
}

/// The same words at every width, and without a terminal.
fn assert_lists_fit(fleet: &Fleet) {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split([' ', '\n', ':', ';']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let whole = fleet.run(&["status"]).out;
    for columns in [60, 80, 200] {
        let mut command = fleet.world.command(&["fleet", "status"]);
        let screen = OnTerminal::start(command.env("TERM", "xterm"), columns).ends().1;
        for line in screen.lines() {
            assert!(line.chars().count() <= usize::from(columns), "at {columns}: {line}");
        }
        // Ages and sizes vary, and the first columns of a row need no name.
        let is_known = |word: &String| {
            word.starts_with(|c: char| c.is_ascii_digit())
                || ["node", "account", "B", "kB", "ms", "s", "min"].contains(&word.as_str())
        };
        let missing: Vec<String> = words(&whole).difference(&words(&screen)).cloned().collect();
        assert!(missing.iter().all(is_known), "at {columns}: {missing:?}\n{whole}\n{screen}");
    }
}

#[test]
fn a_lease_that_is_taken_from_a_lost_node_is_worked_on_at_once() {
    // The lease is too long to wait for.
    let fleet = Fleet::new(3600);
    let truth = fleet.generate(40);
    let mut lost = fleet.node("one");
    fleet.wait_for_requests(20);
    let name = name_of(&mut lost);
    lost.kill();
    fleet.world.settle();
    std::fs::remove_dir_all(fleet.world.path("one")).unwrap();
    let other = fleet.node("two");
    let unasked = fleet.run(&["evict", &name]);
    assert_eq!(unasked.code, 2);
    for says in ["may still send", "faster than its limit", "no lease was taken", "--yes"] {
        assert!(unasked.err.contains(says), "{says}: {}", unasked.err);
    }
    assert_eq!(holder(&fleet).as_ref(), Some(&name), "nothing was done");
    let evicted = fleet.json(&["evict", &name, "--yes"]);
    assert_eq!(evicted["evicted"][0]["account"], "main");
    assert!(evicted["evicted"][0]["left_ms"].as_u64().unwrap() > 0);
    other.wait_for_log("of account main was taken", 1);
    other.wait_for_log("are looked up before they are created", 1);
    other.wait_for_log("of shop finished", 1);
    other.stop(0);
    fleet.assert_exactly_once(&truth);
    let none = fleet.run(&["evict", "main", "--yes"]);
    assert_eq!((none.code, none.err.contains("no node holds account main")), (2, true));
}

#[test]
fn a_node_that_is_evicted_during_a_run_stops_and_writes_nothing() {
    let fleet = Fleet::new(6);
    let truth = fleet.generate(60);
    let node = fleet.node("one");
    fleet.wait_for_requests(10);
    fleet.json(&["evict", "main", "--yes"]);
    node.wait_for_log("of account main was lost", 1);
    // It may take it again under a new number, and looks up what it had sent meanwhile.
    node.wait_for_log("of account main was taken", 2);
    node.wait_for_log("of shop finished", 1);
    node.stop(0);
    fleet.assert_exactly_once(&truth);
}

#[test]
fn a_check_names_the_folders_that_every_node_has_to_see() {
    let fleet = Fleet::new(60);
    fleet.generate(5);
    let checked = fleet.world.run(&["check", "--offline"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let exports = format!("note  jobs.shop: files in {}", fleet.world.path("exports").display());
    assert!(checked.out.contains(&exports), "{}", checked.out);
    assert!(!World::new().run(&["check", "--offline"]).out.contains("every node"));
}

#[test]
fn fleet_verbs_without_a_fleet_in_the_settings_are_refused() {
    let world = World::new();
    for args in [&["status"][..], &["drain"], &["evict", "main", "--yes"]] {
        let ran = world.run(&[&["fleet"], args].concat());
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("there is no fleet in the settings"), "{args:?}: {}", ran.err);
    }
}
