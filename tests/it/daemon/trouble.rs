//! One account in trouble, and the others not.

use super::process::Daemon;
use super::{EVERY_SECOND, runs};
use crate::resume::wait_for_requests;
use crate::world::World;
use ordersync::samples::Generated;
use ordersync::simulator::{Latency, Options};
use std::net::TcpListener;

/// Another account with a job of its own, at this address.
fn another(url: &str) -> String {
    format!(
        r#"
[accounts.other]
url = "{url}"
token_file = "token"
timeout_s = 1

[jobs.other]
account = "other"
export = ["exports/*"]
schedule = "* * * * * *"

[jobs.other.connection]
service = "shopify"
externalid = "other-store"
"#
    )
}

#[test]
fn an_account_that_never_answers_slows_no_other() {
    // Connections are taken into its queue, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let world = World::new().job(EVERY_SECOND).policy(&another(&url));
    let truth = world.generate(&Generated { orders: 30, seed: 3, ..Generated::default() });
    let daemon = Daemon::start(&world);
    daemon.tells("other begins", 1);
    daemon.tells("of shop finished: ", 3);
    assert_eq!(world.summary().orders as u64, truth.valid);
    let log = daemon.stop(0);
    assert!(!log.contains("of other finished"), "{log}");
    assert_eq!(log.matches("other begins").count(), 1, "a running job is not started again: {log}");
}

#[test]
fn a_refused_token_is_told_once_and_the_account_is_left_alone() {
    let refusing = World::new();
    let world = World::new()
        .job(EVERY_SECOND)
        .policy(&another(&refusing.simulator.url()).replace("\"token\"", "\"other-token\""));
    std::fs::write(world.path("other-token"), "wrong-token-99").unwrap();
    world.generate(&Generated { orders: 10, seed: 3, ..Generated::default() });
    let daemon = Daemon::start(&world);
    daemon.tells("of other was refused: the target does not accept the token", 1);
    let requests = refusing.summary().requests;
    let so_far = daemon.log().matches("of shop finished: ").count();
    daemon.tells("of shop finished: ", so_far + 3);
    let log = daemon.stop(0);
    assert_eq!(refusing.summary().requests, requests, "it is not asked again each second");
    assert_eq!(log.matches("was refused").count(), 1, "{log}");
    assert!(!log.contains("wrong-token-99"));
}

#[test]
fn while_another_process_is_at_the_account_it_waits_and_says_so() {
    let latency = Latency::Fixed { ms: 20 };
    let world =
        World::with(Options { requests_per_second: None, latency, ..Options::default() }).job(EVERY_SECOND);
    let truth = world.generate(&Generated { orders: 400, seed: 3, ..Generated::default() });
    let mut backfill = world.start(&["--quiet", "backfill"]);
    assert!(wait_for_requests(&world, &mut backfill, 10));
    let daemon = Daemon::start(&world);
    daemon.tells("shop is due and waits: another process is writing to the account", 1);
    assert!(backfill.wait().unwrap().success());
    daemon.tells("finished: ", 1);
    daemon.stop(0);
    assert_eq!(world.summary().orders as u64, truth.valid);
    let kinds: Vec<_> = runs(&world).iter().rev().map(|run| run["kind"].clone()).take(2).collect();
    assert_eq!(kinds, ["backfill", "sync"]);
}

#[test]
fn a_missing_export_is_told_and_the_job_is_tried_again_when_it_is_due() {
    let world = World::new().job(EVERY_SECOND);
    let daemon = Daemon::start(&world);
    daemon.tells("shop could not begin: ", 1);
    let truth = world.generate(&Generated { orders: 10, seed: 3, ..Generated::default() });
    daemon.tells("finished: ", 1);
    let log = daemon.stop(0);
    assert!(log.contains("exports/*"), "{log}");
    assert_eq!(world.summary().orders as u64, truth.valid);
}
