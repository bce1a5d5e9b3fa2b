//! Five nodes with clocks minutes apart, many accounts, and failures of nodes: killed with their
//! disks, cut off from PostgreSQL, stopped for longer than a lease, replaced; and a PostgreSQL that
//! crashes. Each order of each account arrives once, and no account gets more requests than it
//! allows.

use super::accounts::{Accounts, BrokenPace};
use super::clocks::set_apart;
use super::link::Link;
use super::pace::Lag;
use super::postgres::Postgres;
use super::{LEASE_S, socket_of};
use crate::process::Process;
use crate::random::{Rng, number};
use crate::world::until;
use std::collections::BTreeMap;
use std::time::Duration;

const NODES: usize = 5;
/// One in this many accounts pulls its shop.
const PULLED: u64 = 5;
/// Accounts that load their history, or get new orders, at one time. With more, the delays of a
/// machine with two cores would be measured.
const LOADING_MAX: u64 = 50;
/// The first orders of an account, loaded before its history is there.
const FIRST: u64 = 2;
/// The largest clock difference of a node, in minutes.
const APART_MAX: u64 = 7;
/// How long after its lease expired an account may be without a holder, in seconds.
const TAKEN_WITHIN_S: f64 = 10.0;
/// Only asserted if nothing on this machine was delayed for longer.
const LAG_MAX: Duration = Duration::from_secs(1);
/// The kinds of events, once each; further ones are drawn.
const KINDS: [Event; 6] =
    [Event::Kill, Event::Cut, Event::Freeze, Event::Deploy, Event::Crash, Event::Outage];

/// An event for one of the nodes, or for PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// `kill -9`, and its disk is gone.
    Kill,
    /// It can't reach PostgreSQL until another node has its accounts, but can reach ActiveCampaign.
    Cut,
    /// It is suspended until another node has its accounts, and continues.
    Freeze,
    /// It is asked to stop, and another one starts elsewhere.
    Deploy,
    /// PostgreSQL crashes, and starts again.
    Crash,
    /// No node can reach PostgreSQL until every lease has expired.
    Outage,
}

/// The log of leases that a trigger keeps, by the clock of the database.
const LOG_OF_LEASES: &str = "
    CREATE SCHEMA proof;
    CREATE TABLE proof.takes (name text, fence bigint, at timestamptz);
    CREATE FUNCTION proof.note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO proof.takes VALUES (NEW.name, NEW.fence, clock_timestamp());
        RETURN NEW;
    END $$;
    CREATE TRIGGER proof AFTER UPDATE ON ordersync.accounts
        FOR EACH ROW WHEN (NEW.fence <> OLD.fence) EXECUTE FUNCTION proof.note();
    CREATE FUNCTION proof.wait(names text[], fences bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        WHILE EXISTS (SELECT FROM unnest(names, fences) AS held (name, fence)
                      JOIN ordersync.accounts AS a USING (name) WHERE a.fence = held.fence) LOOP
            PERFORM pg_sleep(0.05);
        END LOOP;
    END $$;";

struct Node {
    process: Process,
    dir: String,
    link: Link,
}

struct Proof {
    postgres: Postgres,
    accounts: Accounts,
    nodes: Vec<Node>,
    started: u64,
    rng: Rng,
    /// Seconds from a loss until the last of its accounts is taken, by the database's clock.
    slowest_s: f64,
    counts: BTreeMap<Event, u64>,
    /// The clocks of nodes differ by minutes.
    are_apart: bool,
}

/// A node with the leases that it holds.
struct Victim {
    node: usize,
    names: Vec<String>,
    fences: Vec<String>,
    /// When it last held them, by the database's clock.
    at_s: f64,
}

impl Proof {
    /// `orders`: as many as an account will have.
    fn new(count: u64, orders: u64, seed: u64) -> Self {
        let (postgres, rng) = (Postgres::start(), Rng::new(seed));
        let accounts = Accounts::new(count, FIRST, seed, PULLED);
        // Four nodes have room for the accounts of five.
        // Each run reads all orders: without pauses, runs without changes would keep this machine
        // busy.
        let every_s = (count * orders / 2_000).clamp(1, 60);
        accounts.write_settings(LEASE_S, (count as usize).div_ceil(NODES - 1), every_s);
        let (nodes, counts) = (Vec::new(), BTreeMap::new());
        let (started, slowest_s, are_apart) = (0, 0.0, false);
        let mut proof =
            Self { postgres, accounts, nodes, started, rng, slowest_s, counts, are_apart };
        let first = proof.node();
        proof.nodes.push(first);
        proof.postgres.psql(LOG_OF_LEASES).unwrap();
        while proof.nodes.len() < NODES {
            let node = proof.node();
            proof.nodes.push(node);
        }
        proof
    }

    /// A node with an empty disk and a separate link to PostgreSQL.
    fn node(&mut self) -> Node {
        self.started += 1;
        let dir = format!("node-{}", self.started);
        let link = Link::to(socket_of(&self.postgres));
        let mut command = self.accounts.node(&dir, &link.url());
        let apart = self.rng.below(2 * APART_MAX + 1) as i64 - APART_MAX as i64;
        self.are_apart = set_apart(&mut command, apart);
        Node { process: Process::daemon_by(&mut command), dir, link }
    }

    fn psql(&self, statement: &str) -> String {
        self.postgres.psql(statement).unwrap()
    }

    /// A node that works on an account.
    fn victim(&mut self) -> Victim {
        let mut found = None;
        until("a node holds an account", || {
            let node = self.rng.below(NODES as u64) as usize;
            let pid = self.nodes[node].process.child().id();
            let held = self.psql(&format!(
                "SELECT string_agg(name, ','), string_agg(fence::text, ','),
                     extract(epoch FROM clock_timestamp())
                 FROM ordersync.accounts WHERE holder LIKE '%-{pid}'"
            ));
            let columns: Vec<&str> = held.split('|').collect();
            let list = |text: &str| text.split(',').map(str::to_owned).collect();
            found = (!columns[0].is_empty()).then(|| Victim {
                node,
                names: list(columns[0]),
                fences: list(columns[1]),
                at_s: columns[2].parse().unwrap(),
            });
            found.is_some()
        });
        found.unwrap()
    }

    /// Waits until the leases of a node have ended and other nodes hold its accounts.
    fn wait_until_taken(&mut self, victim: &Victim) {
        let (names, fences) = (victim.names.join(","), victim.fences.join(","));
        self.psql(&format!(
            "SET statement_timeout = '300s'; SELECT proof.wait('{{{names}}}', '{{{fences}}}')"
        ));
        let last = self.psql(&format!(
            "SELECT extract(epoch FROM max(at)) FROM proof.takes
             JOIN unnest('{{{names}}}'::text[], '{{{fences}}}'::bigint[]) AS held (name, fence)
             ON takes.name = held.name AND takes.fence = held.fence + 1"
        ));
        self.slowest_s = self.slowest_s.max(last.parse::<f64>().unwrap() - victim.at_s);
    }

    fn strike(&mut self, event: Event) {
        *self.counts.entry(event).or_default() += 1;
        match event {
            Event::Kill | Event::Deploy => {
                let next = self.node();
                let victim = self.victim();
                let gone = std::mem::replace(&mut self.nodes[victim.node], next);
                if event == Event::Kill {
                    gone.process.kill();
                } else {
                    gone.process.stop(0);
                }
                self.accounts.remove_dir(&gone.dir);
                self.wait_until_taken(&victim);
            }
            Event::Cut => {
                let victim = self.victim();
                self.nodes[victim.node].link.cut();
                self.wait_until_taken(&victim);
                self.nodes[victim.node].link.mend();
            }
            Event::Freeze => {
                let victim = self.victim();
                self.nodes[victim.node].process.signal("STOP");
                self.accounts.note_frozen(&victim.names);
                self.wait_until_taken(&victim);
                self.nodes[victim.node].process.signal("CONT");
            }
            Event::Outage => {
                self.nodes.iter().for_each(|node| node.link.cut());
                until("all leases expire", || {
                    let valid = "SELECT count(*) FROM ordersync.accounts WHERE expires_at > clock_timestamp()";
                    self.psql(valid) == "0"
                });
                self.nodes.iter().for_each(|node| node.link.mend());
            }
            Event::Crash => {
                self.postgres.halt();
                self.postgres.resume();
            }
        }
    }

    /// Waits until each account had a run with nothing to do, and stops the nodes cleanly.
    fn end(&mut self) {
        self.accounts.wait_until_all_arrived();
        // A change that a lost node sent after its last copy of the ledger is sent once more.
        self.accounts.wait_for_idle_runs();
        let writes = self.accounts.writes();
        self.accounts.wait_for_idle_runs();
        assert_eq!(self.accounts.writes(), writes, "another run has nothing to send");
        for node in self.nodes.drain(..) {
            node.process.stop(0);
        }
        let held =
            "SELECT count(*) FROM ordersync.accounts WHERE holder IS NOT NULL OR NOT is_exact";
        assert_eq!(self.psql(held), "0", "each lease was given back with all that was sent");
    }
}

#[test]
fn under_any_node_failures_each_order_of_each_account_arrives_once() {
    let of = |variable: &str, short| number(variable).unwrap_or(short);
    let seed = of("ORDERSYNC_PROOF_SEED", super::SEED);
    let accounts = of("ORDERSYNC_PROOF_FLEET_ACCOUNTS", 10);
    let orders = of("ORDERSYNC_PROOF_FLEET_ORDERS", 40);
    let events = of("ORDERSYNC_PROOF_FLEET_EVENTS", KINDS.len() as u64);
    let mut proof = Proof::new(accounts, orders, seed);
    let lag = Lag::watch();
    lag.watch_tasks(proof.accounts.runtime());
    let of_event = |number: u64| accounts * number / events;
    for number in 0..events {
        let connected = of_event(number)..of_event(number + 1);
        let before = LOADING_MAX.saturating_sub(connected.end - connected.start);
        proof.accounts.wait_until_loading(before as usize);
        proof.accounts.publish(connected, orders);
        let first = proof.rng.below(accounts);
        proof.accounts.publish(first..first + accounts.min(LOADING_MAX), 10);
        proof.accounts.wait_for_requests(proof.rng.below(accounts * 10));
        let event = KINDS.get(number as usize).copied().unwrap_or_else(|| proof.rng.pick(&KINDS));
        proof.strike(event);
        println!("event {} of {events}: {event:?}, lag {:?}", number + 1, lag.longest());
    }
    proof.end();
    let takes = proof.psql("SELECT count(*) FROM proof.takes");
    let (longest_lag, slowest_s) = (lag.longest(), proof.slowest_s);
    let extra = proof.accounts.assert_exactly_once();
    let clocks =
        if proof.are_apart { "minutes apart" } else { "together, as libfaketime is not installed" };
    println!(
        "seed {seed}: {accounts} accounts, {} orders once, {:?}, {takes} leases, clocks {clocks}, the slowest takeover within {slowest_s:.1} s, {extra:?}, lag {longest_lag:?}",
        proof.accounts.orders(),
        proof.counts,
    );
    let broken = proof.accounts.paces_broken(&lag);
    for BrokenPace { account, at, arrivals_ms, lag } in &broken {
        let leases = proof.psql(&format!(
            "SELECT string_agg(fence || ' at ' || at, ', ' ORDER BY at) FROM proof.takes
             WHERE name = '{account}' AND abs(extract(epoch FROM at - '{at}')) < 30"
        ));
        println!("{account} at {at}: {arrivals_ms:?} ms, lag {lag:?}, leases {leases}");
    }
    assert!(broken.is_empty(), "accounts got more requests in a second than they allow");
    assert!(
        longest_lag > LAG_MAX || slowest_s < LEASE_S as f64 + TAKEN_WITHIN_S,
        "a takeover took {slowest_s} s"
    );
}
