//! The status of a run in another process.

use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, RetryAfter};
use serde_json::Value;
use std::process::Child;
use std::time::{Duration, Instant};

fn first_run(world: &World) -> Value {
    world.run(&["status", "--json"]).json()["jobs"][0]["runs"][0].clone()
}

/// A backfill of 60 orders that ActiveCampaign has asked to wait for an hour, after 20 of them.
fn waiting() -> (World, Child, Value) {
    let world = World::new().account("wait_max_s = 7200\n");
    world.generate(&GeneratorOptions { orders: 60, seed: 13, ..GeneratorOptions::default() });
    let wait = Kind::Status { code: 429, retry_after: RetryAfter::Seconds(3600), html: false };
    world.simulator.inject(Fault::new(wait).on("POST", "/ecomOrders").nth(20).forever());
    let mut child = world.start(&["--quiet", "backfill"]);
    let begun = Instant::now();
    loop {
        let run = first_run(&world);
        if run["progress"]["waits_until"].is_string() && run["created"].as_u64() >= Some(19) {
            return (world, child, run);
        }
        assert!(child.try_wait().unwrap().is_none(), "it waits for an hour");
        assert!(begun.elapsed() < Duration::from_secs(120), "{run}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn instant(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_run_in_progress_shows_its_progress_wait_and_expected_end_and_a_killed_one_that_it_resumes() {
    let (world, mut child, run) = waiting();
    assert_eq!(
        (&run["at_work"], &run["goes_on"], &run["outcome"]),
        (&true.into(), &false.into(), &Value::Null)
    );
    let progress = &run["progress"];
    assert_eq!(progress["records_expected"], 60, "by its plan: {run}");
    assert!(
        progress["settled"].as_u64() < Some(60)
            && progress["requests_per_second"].as_f64() > Some(0.0)
    );
    let (until, end) = (instant(&progress["waits_until"]), instant(&run["expected_end"]));
    assert!(end >= until, "what is left comes after the wait: {run}");
    let text = world.run(&["status"]).out;
    for expected in ["running", "of 60 records settled", "as ActiveCampaign asked", "done about 20"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = first_run(&world);
    assert_eq!((&run["at_work"], &run["goes_on"]), (&false.into(), &true.into()), "{run}");
    assert!(run["expected_end"].is_null() && run["progress"].is_null(), "{run}");
    let text = world.run(&["status"]).out;
    for expected in
        ["interrupted (killed); the next backfill resumes it", "ActiveCampaign asked to wait until"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn a_killed_run_is_not_shown_as_running_while_another_process_holds_the_account() {
    let (world, mut child, _) = waiting();
    child.kill().unwrap();
    child.wait().unwrap();
    // A process that takes the account's lock knows that the other one is gone.
    let held = ordersync::state::Store::open(&world.path("state"), "main").unwrap();
    let run = first_run(&world);
    drop(held);
    assert_eq!(
        (&run["at_work"], &run["outcome"], &run["goes_on"]),
        (&false.into(), &"interrupted".into(), &true.into())
    );
    world.simulator.clear_faults();
    // The wait outlives processes, but a test can't wait for an hour.
    std::fs::write(world.path("state/main.lock"), "").unwrap();
    let rest = world.load("backfill", 0);
    assert_eq!(
        (&rest["run"], &rest["outcome"]),
        (&run["run"], &"finished".into()),
        "it is the same run"
    );
    assert_eq!(first_run(&world)["goes_on"], false);
}

#[test]
fn a_job_without_a_run_says_so() {
    let world = World::new();
    let output = world.run(&["status"]);
    assert!(output.code == 0 && output.out.contains("no run yet"), "{}{}", output.out, output.err);
    let job = world.run(&["status", "--json"]).json()["jobs"][0].clone();
    assert_eq!((&job["runs"], &job["last_verification"]), (&serde_json::json!([]), &Value::Null));
}
