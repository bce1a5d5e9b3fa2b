//! The only file that names governor: one send a period, and no more credit than for what a timer
//! rings late.

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Timers ring up to two milliseconds late. So much, this part of the period, is not lost from one
/// send to the next; it is a tenth of the margin, and never adds up.
const CELLS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// Governor on tokio's clock, which tests can stop.
#[derive(Clone)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

pub(super) struct Limiter(
    RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<std::time::Instant>>,
);

impl Limiter {
    /// A send takes a period's cells, and one more is held: governor's bookkeeping then gives the
    /// credit of that one, and none for idle time beyond it. `None` where nothing is paced.
    pub(super) fn new(period: Duration) -> Option<Self> {
        let quota = Quota::with_period(period / CELLS.get())?.allow_burst(CELLS.saturating_add(1));
        Some(Self(RateLimiter::direct_with_clock(quota, TokioClock)))
    }

    /// Admits one send, or says how much too early it is.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        match self.0.check_n(CELLS) {
            Ok(Err(early)) => Err(early.wait_time_from(TokioClock.now())),
            // The error can't be: it holds more than it is asked for.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}
