//! One failing account, and healthy ones.

use super::{EVERY_SECOND, runs};
use crate::process::Process;
use crate::resume::wait_for_requests;
use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use std::net::TcpListener;

/// Another account with its own job, at this address, with this time-out.
fn another(url: &str, timeout_s: u64) -> String {
    format!(
        r#"
[accounts.other]
url = "{url}"
token_file = "token"
timeout_s = {timeout_s}

[jobs.other]
account = "other"
export = ["exports/*"]
schedule = "* * * * * *"
first_run = "load"

[jobs.other.connection]
service = "shopify"
externalid = "other-store"
"#
    )
}

#[test]
fn an_account_that_never_answers_slows_no_other() {
    // Connections are accepted into its queue, but never read.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let world = World::new().job(EVERY_SECOND).policy(&another(&url, 600));
    let truth =
        world.generate(&GeneratorOptions { orders: 30, seed: 3, ..GeneratorOptions::default() });
    let daemon =
        Process::daemon_by(&mut world.command(&["daemon", "--color", "never", "--grace", "1s"]));
    daemon.wait_for_log("other begins", 1);
    daemon.wait_for_log("of shop finished: ", 3);
    assert_eq!(world.summary().orders as u64, truth.valid);
    let log = daemon.stop(0);
    assert!(!log.contains("of other finished"), "{log}");
    assert_eq!(log.matches("other begins").count(), 1, "a running job is not started again: {log}");
}

#[test]
fn a_refused_token_is_reported_once_and_the_account_is_left_alone() {
    let refusing = World::new();
    let world = World::new()
        .job(EVERY_SECOND)
        .policy(&another(&refusing.simulator.url(), 600).replace("\"token\"", "\"other-token\""));
    std::fs::write(world.path("other-token"), "wrong-token-99").unwrap();
    world.generate(&GeneratorOptions { orders: 10, seed: 3, ..GeneratorOptions::default() });
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("of other was refused: ActiveCampaign does not accept the token", 1);
    let requests = refusing.summary().requests;
    let so_far = daemon.log().matches("of shop finished: ").count();
    daemon.wait_for_log("of shop finished: ", so_far + 3);
    let log = daemon.stop(0);
    assert_eq!(refusing.summary().requests, requests, "it is not asked again each second");
    assert_eq!(log.matches("was refused").count(), 1, "{log}");
    assert!(!log.contains("wrong-token-99"));
}

#[test]
fn it_waits_while_another_process_uses_the_account_and_reports_it() {
    let world = World::new().job(EVERY_SECOND);
    let truth =
        world.generate(&GeneratorOptions { orders: 40, seed: 3, ..GeneratorOptions::default() });
    world.hold_from(10);
    let mut backfill = world.start(&["--quiet", "backfill"]);
    assert!(wait_for_requests(&world, &mut backfill, 10));
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is due and waits: another process is writing to the account", 1);
    world.simulator.release();
    assert!(backfill.wait().unwrap().success());
    daemon.wait_for_log("finished: ", 1);
    daemon.stop(0);
    assert_eq!(world.summary().orders as u64, truth.valid);
    let kinds: Vec<_> = runs(&world).iter().rev().map(|run| run["kind"].clone()).take(2).collect();
    assert_eq!(kinds, ["backfill", "sync"]);
}

#[test]
fn a_missing_export_is_reported_and_the_job_is_tried_again_when_it_is_due() {
    let world = World::new().job(EVERY_SECOND);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop could not begin: ", 1);
    let trouble = || world.run(&["status", "--json"]).json()["jobs"][0]["trouble"].clone();
    until("the reason", || trouble()["kind"] == "failed");
    assert!(trouble()["reason"].as_str().unwrap().contains("exports/*"), "{}", trouble());
    let text = world.run(&["status"]).out;
    assert!(text.contains("the last attempt failed at 20"), "{text}");
    let truth =
        world.generate(&GeneratorOptions { orders: 10, seed: 3, ..GeneratorOptions::default() });
    daemon.wait_for_log("finished: 10 records read", 1);
    until("its end", || trouble().is_null());
    let log = daemon.stop(0);
    assert!(log.contains("exports/*"), "{log}");
    assert_eq!(world.summary().orders as u64, truth.valid);
}
