//! The account's limit holds, whatever else happens.

use crate::world::World;
use ordersync::samples::Generated;
use ordersync::simulator::{Fault, Kind, Latency, Options, RetryAfter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Watches how long this machine keeps a thread from running that asks for a millisecond. The pace keeps a margin of 40 ms in a
/// second; a machine that stands still for longer moves requests closer together on their way, which no sender sees.
struct Stalls {
    end: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Stalls {
    fn watch() -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&end);
        let thread = std::thread::spawn(move || {
            let mut worst = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::park_timeout(Duration::from_millis(1));
                worst = worst.max(begun.elapsed());
            }
            worst
        });
        Self { end, thread }
    }

    /// Whether the machine stood still for as long as the margin is.
    fn were_long(self) -> bool {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().unwrap() > Duration::from_millis(30)
    }
}

#[test]
fn no_window_of_a_second_ever_holds_more_than_five() {
    let latency = Latency::Lognormal { median_ms: 440, sigma: 0.35 };
    let world = World::with(Options { latency, jitter_ms: 5, ..Options::default() });
    let truth = world.generate(&Generated { orders: 60, seed: 6, ..Generated::default() });
    let stalls = Stalls::watch();
    let run = world.load("backfill", 0);
    let summary = world.summary();
    assert_eq!(run["created"], truth.valid);
    if stalls.were_long() {
        assert!(summary.refused_429 <= 5, "{}", summary.refused_429);
        return;
    }
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
    let stalls = Stalls::watch();
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
    if stalls.were_long() {
        assert!(summary.refused_429 <= 5, "{}", summary.refused_429);
        return;
    }
    assert_eq!((summary.refused_429, summary.violations.len()), (0, 0));
    assert!(summary.peak_in_one_second <= 5, "{}", summary.peak_in_one_second);
}

#[test]
fn a_pause_is_kept_by_the_process_after_the_one_that_was_asked_for_it() {
    let world = World::new();
    world.generate(&Generated { orders: 20, seed: 6, ..Generated::default() });
    let retry_after = RetryAfter::Seconds(2);
    let busy = Kind::Status { code: 429, retry_after, html: false };
    world.simulator.inject(Fault::new(busy).on("POST", "/ecomOrders").nth(5));
    let mut child = world.start(&["--quiet", "backfill"]);
    let noted = || std::fs::metadata(world.path("state/main.lock")).is_ok_and(|meta| meta.len() > 0);
    while !noted() {
        assert_eq!(child.try_wait().unwrap(), None, "it waits, and is alive");
        std::thread::park_timeout(std::time::Duration::from_micros(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = world.summary().requests;
    assert_eq!(world.load("backfill", 0)["outcome"], "finished");
    let log = world.simulator.requests();
    let at = |request: &serde_json::Value| request["at_ms"].as_u64().unwrap();
    let refused = log.as_array().unwrap().iter().find(|request| request["status"] == 429).map(at).unwrap();
    let first = at(&log[usize::try_from(before).unwrap()]);
    assert!(first >= refused + 1_990, "asked at {refused}, sent at {first}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}
