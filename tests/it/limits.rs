//! The account's limit holds, whatever else happens.

use crate::world::World;
use ordersync::samples::Generated;
use ordersync::simulator::{Latency, Options};

#[test]
fn no_window_of_a_second_ever_holds_more_than_five() {
    let latency = Latency::Lognormal { median_ms: 440, sigma: 0.35 };
    let world = World::with(Options { latency, jitter_ms: 5, ..Options::default() });
    let truth = world.generate(&Generated { orders: 60, seed: 6, ..Generated::default() });
    let run = world.load("backfill", 0);
    let summary = world.summary();
    assert_eq!(run["created"], truth.valid);
    assert_eq!(summary.refused_429, 0);
    assert!(summary.peak_in_one_second <= 5, "{}", summary.peak_in_one_second);
    // Short as it is, with the start and the last answers counted in; the long proof is in docs/TESTING.md.
    let utilisation = summary.utilisation.unwrap();
    assert!(utilisation > 0.85, "{utilisation}");
}

#[test]
fn a_crash_loop_keeps_its_distance_too() {
    let world = World::with(Options::default());
    world.generate(&Generated { orders: 40, seed: 6, ..Generated::default() });
    for _ in 0..8 {
        let before = world.summary().requests;
        let mut child = world.start(&["--quiet", "backfill"]);
        while world.summary().requests == before && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(std::time::Duration::from_micros(300));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let summary = world.summary();
    assert!(summary.requests >= 8);
    assert_eq!((summary.refused_429, summary.violations.len()), (0, 0));
    assert!(summary.peak_in_one_second <= 5, "{}", summary.peak_in_one_second);
}
