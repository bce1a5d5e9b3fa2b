//! Ledgers on their way from a machine into a fleet and back: nothing is loaded twice, and wherever
//! a move is interrupted, machine and fleet never both work on the account.

use crate::daemon::EVERY_SECOND;
use crate::fleet::postgres::Postgres;
use crate::process::Process;
use crate::schema::assert_fits;
use crate::world::{Finished, World, until};
use ordersync::samples::{Expected, GeneratorOptions};
use serde_json::Value;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// A machine that works alone, and a fleet that it may join.
struct Both {
    world: World,
    postgres: Postgres,
}

impl Both {
    fn new() -> Self {
        let postgres = Postgres::start();
        let world = World::new().job(EVERY_SECOND);
        std::fs::write(world.path("fleet.url"), postgres.url()).unwrap();
        Self { world, postgres }
    }

    fn generate(&self, orders: u64) -> Expected {
        self.world.generate(&GeneratorOptions { orders, seed: 7, ..GeneratorOptions::default() })
    }

    /// A verb on the machine without the fleet.
    fn alone(&self, args: &[&str]) -> Finished {
        self.world.run(args)
    }

    /// The program with the fleet in its settings, on the same machine.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command
            .env("ORDERSYNC_FLEET__URL_FILE", self.world.path("fleet.url"))
            .env("ORDERSYNC_FLEET__LEASE_S", "60");
        command
    }

    fn fleet(&self, verb: &str) -> Finished {
        Process::start(&mut self.command(&["--json", "fleet", verb, "main"])).ended()
    }

    fn moved(&self, verb: &str) -> Value {
        let moved = self.fleet(verb);
        assert_eq!(moved.code, 0, "{verb}: {}{}", moved.out, moved.err);
        assert_fits("fleet", &moved.json());
        moved.json()
    }

    fn refused(&self, verb: &str, why: &str) {
        let refused = self.fleet(verb);
        assert_eq!(refused.code, 2, "{verb}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains(why), "{verb}: {}", refused.err);
    }

    /// A node that works until its job finished, on a separate disk.
    fn node_finishes(&self) {
        let mut command = self.command(&["daemon", "--color", "never"]);
        command.env("ORDERSYNC_STATE__DIR", self.world.path("node"));
        let node = Process::daemon_by(&mut command);
        node.wait_for_log("of shop finished", 1);
        node.stop(0);
    }

    fn column(&self, column: &str) -> String {
        self.postgres.psql(&format!("SELECT {column} FROM ordersync.accounts")).unwrap()
    }

    /// Whether the machine works on the account, which it then does.
    fn is_machines(&self) -> bool {
        let sync = self.alone(&["sync"]);
        let is_refused = sync.code == 2 && sync.err.contains("was handed to a fleet");
        assert!(is_refused || sync.code == 0, "{}{}", sync.out, sync.err);
        !is_refused
    }

    /// Whether a new node takes the account.
    fn is_fleets(&self) -> bool {
        self.column("exported IS NULL") == "t"
    }

    fn assert_exactly_once(&self, truth: &Expected) {
        let summary = self.world.summary();
        assert!(summary.violations.is_empty(), "{:?}", summary.violations);
        assert_eq!(summary.orders as u64, truth.valid);
        assert_eq!(summary.customers as u64, truth.customers);
        assert_eq!(summary.duplicate_orders_refused, 0, "nothing was sent twice");
    }

    /// Kills a move just before, or just after, the database does what `step` describes.
    fn cut_off(&self, verb: &str, step: &str, is_done: bool) {
        let mut lock = self.locked();
        self.postgres
            .psql(&format!(
                "CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
                     'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END';
                 CREATE TRIGGER wait_here BEFORE UPDATE ON ordersync.accounts
                     FOR EACH ROW WHEN ({step}) EXECUTE FUNCTION wait_here();"
            ))
            .unwrap();
        let moving = Process::start(&mut self.command(&["fleet", verb, "main"]));
        until("it reaches the step", || self.waits("NOT granted") == "1");
        moving.kill();
        if !is_done {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            self.postgres.psql(end).unwrap();
        }
        // Releases the lock.
        lock.kill().unwrap();
        lock.wait().unwrap();
        until("the step is over", || self.waits("true") == "0");
        // The lease of the killed node need not expire first.
        self.postgres
            .psql(
                "DROP TRIGGER wait_here ON ordersync.accounts; DROP FUNCTION wait_here;
                 UPDATE ordersync.accounts SET expires_at = now() - interval '1 s' WHERE holder IS NOT NULL",
            )
            .unwrap();
    }

    /// A session that holds what a step waits for.
    fn locked(&self) -> Child {
        let mut session = Command::new("psql")
            .args(["-Atq", &self.postgres.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = session.stdin.as_mut().unwrap();
        stdin.write_all(b"SELECT pg_advisory_lock(42);\n").unwrap();
        until("the lock is held", || self.waits("granted") == "1");
        session
    }

    fn waits(&self, which: &str) -> String {
        let sql = format!("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND {which}");
        self.postgres.psql(&sql).unwrap()
    }
}

#[test]
fn the_fleet_continues_what_a_machine_loaded_and_the_machine_again() {
    let both = Both::new();
    let truth = both.generate(40);
    let begun = both.alone(&["backfill", "--canary", "20", "--yes"]);
    assert_eq!(begun.code, 0, "{}{}", begun.out, begun.err);
    let half = both.world.summary().orders;
    assert!(half > 0 && (half as u64) < truth.valid, "{half}");

    let imported = both.moved("import");
    assert_eq!(imported["imported"][0]["account"], "main");
    assert!(!both.is_machines() && both.is_fleets());
    both.refused("import", "in the fleet already");
    both.node_finishes();
    both.assert_exactly_once(&truth);
    let looked_up = both.world.summary().requests;

    assert_eq!(both.moved("export")["exported"][0]["account"], "main");
    both.refused("export", "is on this machine already");
    assert!(!both.is_fleets());
    let status = Process::start(&mut both.command(&["--json", "fleet", "status"])).ended();
    assert_eq!(status.json()["accounts"][0]["state"], "exported");
    let synced = both.alone(&["--json", "sync"]);
    assert_eq!(synced.code, 0, "{}", synced.err);
    assert_eq!(synced.json()["runs"][0]["unchanged"], truth.valid);
    let sent = both.world.summary().requests - looked_up;
    assert!(sent <= 1, "{sent} requests, where one looks for the connection");
    // And again, now with an older copy on the other side.
    both.moved("import");
    both.moved("export");
    both.assert_exactly_once(&truth);
}

#[test]
fn a_ledger_that_is_not_an_older_copy_is_never_replaced() {
    let both = Both::new();
    both.refused("import", "no ledger of it on this machine");
    both.refused("export", "the fleet has no ledger of it");
    let truth = both.generate(10);
    both.node_finishes();
    // A separate ledger, which contains the same orders.
    assert_eq!(both.alone(&["adopt", "shop"]).code, 0);
    both.refused("import", "the fleet has a ledger of it");
    both.refused("export", "was not handed to the fleet");
    assert!(both.is_machines() && both.is_fleets(), "as it was before");
    std::fs::remove_file(both.world.path("state/main.db")).unwrap();
    both.moved("export");
    assert!(both.is_machines() && !both.is_fleets());

    // The same account on another machine, with a ledger restored from an old backup.
    let before = std::fs::read(both.world.path("state/main.db")).unwrap();
    both.moved("import");
    both.node_finishes();
    both.moved("export");
    std::fs::write(both.world.path("state/main.db"), before).unwrap();
    both.refused("import", "newer there");
    both.assert_exactly_once(&truth);
}

#[test]
fn a_move_that_is_killed_at_any_step_leaves_one_owner_at_most_and_is_completed() {
    let both = Both::new();
    let truth = both.generate(30);
    assert_eq!(both.alone(&["backfill", "--canary", "10", "--yes"]).code, 0);
    both.refused("export", "the fleet has no ledger of it");
    for (step, is_done) in [
        ("NEW.copy_fence IS DISTINCT FROM OLD.copy_fence", false),
        ("NEW.copy_fence IS DISTINCT FROM OLD.copy_fence", true),
        ("NEW.exported > 0 AND OLD.exported = 0", false),
        ("NEW.exported > 0 AND OLD.exported = 0", true),
        // The copy that has the number is replaced.
        ("NEW.copy_fence IS DISTINCT FROM OLD.copy_fence", true),
    ] {
        both.cut_off("import", step, is_done);
        assert!(!both.is_fleets(), "{step}: the machine works with its ledger");
    }
    assert!(both.is_machines());
    let activated = "NEW.exported IS NULL AND OLD.exported IS NOT NULL";
    both.cut_off("import", activated, false);
    assert!(!both.is_machines() && !both.is_fleets(), "it was about to be the fleet's");
    both.cut_off("import", activated, true);
    assert!(!both.is_machines() && both.is_fleets());
    both.refused("import", "in the fleet already");
    both.node_finishes();

    let handed_over = "NEW.exported IS NOT NULL AND OLD.exported IS NULL";
    both.cut_off("export", handed_over, false);
    assert!(!both.is_machines() && both.is_fleets());
    both.cut_off("export", handed_over, true);
    assert!(!both.is_machines() && !both.is_fleets(), "it was about to be the machine's");
    both.moved("export");
    assert!(both.is_machines() && !both.is_fleets());
    both.assert_exactly_once(&truth);
}
