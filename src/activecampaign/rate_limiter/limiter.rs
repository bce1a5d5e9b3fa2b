//! The only file that names governor: one send per period, with credit only for the lateness of
//! timers.

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Cells per period. Timers are up to two milliseconds late; a credit of one cell makes up for that
/// at the next send. It is a tenth of the margin, and does not accumulate.
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
    /// A send takes the cells of one period, and the burst is one cell more: governor then gives
    /// the credit of that cell, and none for longer idle time. `None` if the rate is not limited.
    pub(super) fn new(period: Duration) -> Option<Self> {
        let quota = Quota::with_period(period / CELLS.get())?.allow_burst(CELLS.saturating_add(1));
        Some(Self(RateLimiter::direct_with_clock(quota, TokioClock)))
    }

    /// Admits one send, or says how much too early it is.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        match self.0.check_n(CELLS) {
            Ok(Err(early)) => Err(early.wait_time_from(TokioClock.now())),
            // The error cannot occur: the burst is larger than the request.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}
