//! How many requests an account got in a second, with real processes on a shared machine: stalls of
//! the machine let requests arrive closer together than they left.

use ordersync::simulator::Simulator;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const TICK: Duration = Duration::from_millis(10);

/// The longest delay of a thread, or of a task of a watched runtime, that was due on this machine.
pub struct Lag(Arc<AtomicU64>);

fn note_late(longest: &AtomicU64, asked: Instant) {
    let late = asked.elapsed().saturating_sub(TICK).as_millis();
    longest.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
}

impl Lag {
    /// Measures until it is dropped.
    pub fn watch() -> Self {
        let longest = Arc::new(AtomicU64::new(0));
        let noted = Arc::downgrade(&longest);
        thread::spawn(move || {
            while let Some(longest) = noted.upgrade() {
                let asked = Instant::now();
                thread::park_timeout(TICK);
                note_late(&longest, asked);
            }
        });
        Self(longest)
    }

    /// Also measures the tasks of a runtime: those of a simulator note a request this much late.
    pub fn watch_tasks(&self, runtime: &Runtime) {
        let noted = Arc::downgrade(&self.0);
        runtime.spawn(async move {
            while let Some(longest) = noted.upgrade() {
                let asked = Instant::now();
                tokio::time::sleep(TICK).await;
                note_late(&longest, asked);
            }
        });
    }

    pub fn longest(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Fails if more than `allowed` requests left within one second, or if over ten seconds more left
/// than an account allows. Each may have been delayed by `lag`.
pub fn assert_kept(account: &str, simulator: &Simulator, allowed: usize, lag: Duration) {
    let found = too_close(simulator, allowed, lag);
    assert!(found.is_empty(), "{account}: {found:?}; lag {lag:?}");
}

/// When requests arrived that left too close to each other, in milliseconds.
pub fn too_close(simulator: &Simulator, allowed: usize, lag: Duration) -> Vec<Vec<u64>> {
    let log = simulator.requests();
    let arrivals = log.as_array().unwrap().iter();
    let arrivals: Vec<u64> = arrivals.map(|request| request["at_ms"].as_u64().unwrap()).collect();
    judge(&arrivals, allowed, lag)
}

fn judge(arrivals: &[u64], allowed: usize, lag: Duration) -> Vec<Vec<u64>> {
    let lag_ms = 2 * u64::try_from(lag.as_millis()).unwrap_or(u64::MAX / 4);
    let within = |count: usize, least_ms: u64| {
        let is_close = move |some: &&[u64]| some[count] - some[0] + lag_ms + 1 < least_ms;
        arrivals.windows(count + 1).filter(is_close).map(<[u64]>::to_vec)
    };
    within(allowed, 1_000).chain(within(50 + allowed, 10_000)).collect()
}

#[test]
fn a_sixth_request_in_one_second_is_one_too_many() {
    let kept: Vec<u64> = (0..200).map(|n| n * 204).collect();
    let lag = Duration::from_millis(100);
    assert_eq!(judge(&kept, 5, lag), [[0_u64; 0]; 0]);
    let mut two_nodes = kept;
    two_nodes.extend((0..10).map(|n| 20_050 + n * 204));
    two_nodes.sort_unstable();
    assert!(!judge(&two_nodes, 5, lag).is_empty());
}
