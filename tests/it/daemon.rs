//! The daemon in production: the real program, real signals, and a schedule of every second.

mod harness;
mod notices;
mod paused;
mod signals;
mod trouble;
mod verification;

use crate::process::Process;
use crate::world::World;
use jiff::Zoned;
use ordersync::samples::GeneratorOptions;
use serde_json::Value;

pub const EVERY_SECOND: &str = "schedule = \"* * * * * *\"\n";

/// A schedule with the next start in months, and the last one months ago.
pub fn months_away() -> String {
    let month = (Zoned::now().month() + 5) % 12 + 1;
    format!("schedule = \"0 0 1 {month} *\"\n")
}

fn runs(world: &World) -> Vec<Value> {
    let status = world.run(&["status", "--json", "--runs", "1000"]);
    assert_eq!(status.code, 0, "{}", status.err);
    status.json()["jobs"][0]["runs"].as_array().unwrap().clone()
}

#[test]
fn a_job_runs_when_it_is_due_and_again_and_again() {
    let world = World::new().job(EVERY_SECOND);
    let truth =
        world.generate(&GeneratorOptions { orders: 30, seed: 3, ..GeneratorOptions::default() });
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("finished: 30 records read", 1);
    let writes = world.summary().writes;
    daemon.wait_for_log("finished: 30 records read, 0 created", 2);
    let log = daemon.stop(0);
    assert_eq!(world.summary().orders as u64, truth.valid);
    assert_eq!(world.summary().writes, writes, "later runs write nothing");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    assert!(log.contains("daemon stopped"), "{log}");
    assert!(
        log.lines().any(|line| line.contains("account=\"main\"") || line.contains("account=main")),
        "{log}"
    );
    let runs = runs(&world);
    assert!(runs.iter().all(|run| run["kind"] == "sync"), "{runs:?}");
    // The newest may have been in progress when the daemon was stopped.
    assert!(runs.iter().skip(1).all(|run| run["outcome"] == "finished"), "{runs:?}");
}

#[test]
fn without_a_schedule_there_is_nothing_to_run() {
    let output = World::new().run(&["daemon"]);
    assert_eq!(output.code, 2);
    assert!(
        output.err.contains("no job has a schedule") && output.err.contains("hint: set one"),
        "{}",
        output.err
    );
}

#[test]
fn a_missing_token_is_reported_immediately() {
    let world = World::new().job(&months_away());
    std::fs::remove_file(world.path("token")).unwrap();
    let output = world.run(&["daemon"]);
    assert_eq!(output.code, 2, "{}", output.err);
    assert!(output.err.contains("accounts.main"), "{}", output.err);
}

#[test]
fn a_job_that_never_ran_waits_for_its_time() {
    let world = World::new().job(&months_away());
    world.generate(&GeneratorOptions { orders: 5, seed: 3, ..GeneratorOptions::default() });
    let daemon = Process::daemon(&world);
    let log = daemon.stop(0);
    assert!(log.contains("shop next at 20"), "{log}");
    assert_eq!(runs(&world).len(), 0);
}

#[test]
fn a_job_that_was_never_loaded_waits_for_a_manual_load() {
    let world = World::new().job(&format!("{EVERY_SECOND}first_run = \"refuse\"\n"));
    world.generate(&GeneratorOptions { orders: 20, seed: 3, ..GeneratorOptions::default() });
    let scheduled = world.run(&["sync", "--scheduled"]);
    assert_eq!(scheduled.code, 2, "{}", scheduled.err);
    assert!(scheduled.err.contains("set jobs.shop.first_run = \"load\""), "{}", scheduled.err);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop was never loaded, and a schedule does not load a whole history", 1);
    daemon.stop(0);
    assert_eq!(world.run(&["backfill", "--canary", "3"]).code, 0);
    assert_eq!(world.run(&["sync", "--scheduled"]).code, 2, "a canary is no consent to the rest");
    world.load("backfill", 0);
    assert_eq!(world.run(&["sync", "--scheduled"]).code, 0);
    Process::daemon(&world).wait_for_log("of shop finished: 20 records read, 0 created", 1);
}

#[test]
fn however_many_runs_were_missed_one_is_caught_up() {
    // Each month, and not these days.
    let day = if (10..=20).contains(&Zoned::now().day()) { 1 } else { 15 };
    let world = World::new().job(&format!("schedule = \"0 0 {day} * *\"\n"));
    world.generate(&GeneratorOptions { orders: 20, seed: 3, ..GeneratorOptions::default() });
    world.load("sync", 0);
    // The host was off for seventy days, and so over two or three starts.
    let state = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    state.execute("UPDATE runs SET started_ms = started_ms - 70 * 86400000", []).unwrap();
    drop(state);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is caught up", 1);
    daemon.wait_for_log("finished: 20 records read, 0 created", 1);
    daemon.stop(0);
    assert_eq!(runs(&world).len(), 2);
    let again = Process::daemon(&world);
    again.stop(0);
    assert_eq!(runs(&world).len(), 2, "and by a restart not once more");
}
