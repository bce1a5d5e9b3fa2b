//! How many requests an account got in a second, with real processes on a shared machine: stalls of
//! the machine let requests arrive closer together than they left.

use jiff::Timestamp;
use ordersync::simulator::Simulator;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const TICK: Duration = Duration::from_millis(10);
/// Shorter delays are those of any timer.
const NOTED_MIN: Duration = Duration::from_millis(5);
/// How long after a delay a request may arrive that it has held up.
const MARGIN: Duration = Duration::from_secs(1);

/// Delays of a thread that was due on this machine, or of a task of a watched runtime.
pub struct Lag(Arc<Mutex<Vec<Delay>>>);

#[derive(Clone, Copy)]
struct Delay {
    until: Timestamp,
    length: Duration,
}

fn note_late(delays: &Mutex<Vec<Delay>>, asked: Instant) {
    let length = asked.elapsed().saturating_sub(TICK);
    if length >= NOTED_MIN {
        delays.lock().unwrap().push(Delay { until: Timestamp::now(), length });
    }
}

impl Lag {
    /// Measures until it is dropped.
    pub fn watch() -> Self {
        let delays = Arc::default();
        let noted = Arc::downgrade(&delays);
        thread::spawn(move || {
            while let Some(delays) = noted.upgrade() {
                let asked = Instant::now();
                thread::park_timeout(TICK);
                note_late(&delays, asked);
            }
        });
        Self(delays)
    }

    /// Also measures the tasks of a runtime: those of a simulator note a request this much late.
    pub fn watch_tasks(&self, runtime: &Runtime) {
        let noted = Arc::downgrade(&self.0);
        runtime.spawn(async move {
            while let Some(delays) = noted.upgrade() {
                let asked = Instant::now();
                tokio::time::sleep(TICK).await;
                note_late(&delays, asked);
            }
        });
    }

    pub fn longest(&self) -> Duration {
        self.longest_of(|_| true)
    }

    /// The longest delay that may have held up a request that arrived in this time.
    pub fn between(&self, first: Timestamp, last: Timestamp) -> Duration {
        self.longest_of(|delay| delay.until + MARGIN >= first && delay.until - delay.length <= last)
    }

    fn longest_of(&self, is_meant: impl Fn(&Delay) -> bool) -> Duration {
        let delays = self.0.lock().unwrap();
        let lengths = delays.iter().filter(|delay| is_meant(delay)).map(|delay| delay.length);
        lengths.max().unwrap_or_default()
    }
}

/// Fails if more than `allowed` requests left within one second, or if over ten seconds more left
/// than an account allows. Each may have been delayed by `lag`.
pub fn assert_kept(account: &str, simulator: &Simulator, allowed: usize, lag: Duration) {
    let found = too_close(simulator, allowed, |_, _| lag);
    assert!(found.is_empty(), "{account}: {found:?}; lag {lag:?}");
}

/// When requests arrived that left too close to each other, in milliseconds. Each may have been
/// delayed by the lag between the first and the last of them.
pub fn too_close(
    simulator: &Simulator,
    allowed: usize,
    lag: impl Fn(u64, u64) -> Duration,
) -> Vec<Vec<u64>> {
    let log = simulator.requests();
    let arrivals = log.as_array().unwrap().iter();
    let arrivals: Vec<u64> = arrivals.map(|request| request["at_ms"].as_u64().unwrap()).collect();
    judge(&arrivals, allowed, lag)
}

fn judge(arrivals: &[u64], allowed: usize, lag: impl Fn(u64, u64) -> Duration) -> Vec<Vec<u64>> {
    let within = |count: usize, least_ms: u64| {
        let is_close = |some: &&[u64]| {
            let (first, last) = (some[0], some[count]);
            let missing_ms = least_ms.saturating_sub(last - first + 1);
            missing_ms > 0 && u128::from(missing_ms) > 2 * lag(first, last).as_millis()
        };
        arrivals.windows(count + 1).filter(is_close).map(<[u64]>::to_vec).collect::<Vec<_>>()
    };
    [within(allowed, 1_000), within(50 + allowed, 10_000)].concat()
}

#[test]
fn a_sixth_request_in_one_second_is_one_too_many() {
    let kept: Vec<u64> = (0..200).map(|n| n * 204).collect();
    let lag = |_, _| Duration::from_millis(100);
    assert_eq!(judge(&kept, 5, lag), [[0_u64; 0]; 0]);
    let mut two_nodes = kept;
    two_nodes.extend((0..10).map(|n| 20_050 + n * 204));
    two_nodes.sort_unstable();
    assert!(!judge(&two_nodes, 5, lag).is_empty());
}

#[test]
fn a_delay_excuses_only_what_it_may_have_held_up() {
    let at = |second: i64| Timestamp::from_second(1_780_000_000 + second).unwrap();
    let length = Duration::from_millis(300);
    let lag = Lag(Arc::new(Mutex::new(vec![Delay { until: at(100), length }])));
    let found = |first, last| lag.between(at(first), at(last));
    assert_eq!((found(98, 99), found(102, 103)), (Duration::ZERO, Duration::ZERO));
    assert_eq!((found(98, 100), found(101, 102), lag.longest()), (length, length, length));
}
