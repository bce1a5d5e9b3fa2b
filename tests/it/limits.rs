//! The account's limit holds, whatever else happens. How close to each other requests arrive
//! depends on the machine, so that is tested in paused time (`pace`); here it is their total time,
//! which no delay shortens.

use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, Latency, Options, RetryAfter};
use std::time::{Duration, Instant};

/// Compares the number of requests in this time with five per second.
fn assert_kept(world: &World, begun: Instant) {
    let (took, requests) = (begun.elapsed(), world.summary().requests);
    let least = Duration::from_millis(200) * u32::try_from(requests - 1).unwrap();
    assert!(took >= least, "{requests} requests in {took:?}");
}

#[test]
fn a_backfill_takes_the_time_that_five_a_second_take() {
    let latency = Latency::Lognormal { median_ms: 440, sigma: 0.35 };
    let world = World::with(Options { latency, jitter_ms: 5, ..Options::default() });
    let truth =
        world.generate(&GeneratorOptions { orders: 30, seed: 6, ..GeneratorOptions::default() });
    let begun = Instant::now();
    let run = world.load("backfill", 0);
    assert_kept(&world, begun);
    assert_eq!(run["created"], truth.valid);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_crash_loop_keeps_its_distance_too() {
    let world = World::with(Options::default());
    world.generate(&GeneratorOptions { orders: 40, seed: 6, ..GeneratorOptions::default() });
    let begun = Instant::now();
    for lives in 0..12 {
        let before = world.summary().requests;
        world.hold_from(1);
        let mut child = world.start(&["--quiet", "backfill"]);
        until("it sends something", || {
            assert_eq!(child.try_wait().unwrap(), None, "after {lives} lives");
            world.summary().requests > before
        });
        world.kill(child);
        world.simulator.release();
    }
    assert!(world.summary().requests >= 12);
    assert_kept(&world, begun);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_pause_is_kept_by_the_next_process() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 20, seed: 6, ..GeneratorOptions::default() });
    let retry_after = RetryAfter::Seconds(2);
    let busy = Kind::Status { code: 429, retry_after, html: false };
    world.simulator.inject(Fault::new(busy).on("POST", "/ecomOrders").nth(5));
    // It does not finish when the pause is over either.
    let held = Kind::Slow { ms: 86_400_000 };
    world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders").nth(5).forever());
    let mut child = world.start(&["--quiet", "backfill"]);
    until("the pause is noted", || {
        assert_eq!(child.try_wait().unwrap(), None, "it waits, and is alive");
        std::fs::metadata(world.path("state/main.lock")).is_ok_and(|meta| meta.len() > 0)
    });
    world.kill(child);
    world.simulator.release();
    let before = world.summary().requests;
    assert_eq!(world.load("backfill", 0)["outcome"], "finished");
    let log = world.simulator.requests();
    let at = |request: &serde_json::Value| request["at_ms"].as_u64().unwrap();
    let refused =
        log.as_array().unwrap().iter().find(|request| request["status"] == 429).map(at).unwrap();
    let first = at(&log[usize::try_from(before).unwrap()]);
    assert!(first >= refused + 1_990, "asked at {refused}, sent at {first}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}
