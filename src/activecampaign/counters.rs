use super::disposition::Disposition;
use super::rate_limiter::SendStats;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a client has sent and received since it was created.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traffic {
    /// Requests that left.
    pub total: u64,
    /// Successful ones among them.
    pub succeeded: u64,
    /// Retries, except those after a 429.
    pub retried: u64,
    /// Answers of 429.
    pub throttled: u64,
    /// Answers of 429 that stated how long to wait.
    pub waits_stated: u64,
    /// Answers that stated how many requests are left.
    pub budgets_stated: u64,
    /// Time in which no request was allowed, in milliseconds.
    pub paused_ms: u64,
    /// Batches of orders that left by the bulk path, and the orders in them.
    pub batches: u64,
    pub batch_orders: u64,
    /// Batches that were divided because they were refused, unanswered or longer than the current
    /// limit.
    pub batches_divided: u64,
    /// Failed requests, by the word of their disposition.
    pub dispositions: BTreeMap<&'static str, u64>,
    /// The current rate.
    pub requests_per_second: f64,
    /// Sends per second from the first to the last, as a share of what the account allows; `None`
    /// before the second.
    pub utilisation: Option<f64>,
}

impl Traffic {
    /// The sums of this and an earlier client of the account; the rate is this one's.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        self.total += earlier.total;
        self.succeeded += earlier.succeeded;
        self.retried += earlier.retried;
        self.throttled += earlier.throttled;
        self.waits_stated += earlier.waits_stated;
        self.budgets_stated += earlier.budgets_stated;
        self.paused_ms += earlier.paused_ms;
        self.batches += earlier.batches;
        self.batch_orders += earlier.batch_orders;
        self.batches_divided += earlier.batches_divided;
        for (disposition, count) in &earlier.dispositions {
            *self.dispositions.entry(disposition).or_default() += count;
        }
        self
    }

    /// Requests that left and have not ended, including those that were given up without an answer.
    pub fn in_flight(&self) -> u64 {
        self.total.saturating_sub(self.succeeded + self.dispositions.values().sum::<u64>())
    }
}

/// What is counted while requests are sent; the rate limiter knows the rest.
#[derive(Default)]
pub(super) struct Counters(Mutex<Traffic>);

impl Counters {
    pub(super) fn count(&self, count: impl FnOnce(&mut Traffic)) {
        count(&mut self.counted());
    }

    pub(super) fn traffic(&self, stats: SendStats) -> Traffic {
        let counted = self.counted().clone();
        let throttled = counted.dispositions.get(Disposition::Throttled.word());
        Traffic {
            total: stats.sends,
            throttled: throttled.copied().unwrap_or(0),
            paused_ms: u64::try_from(stats.paused.as_millis()).unwrap_or(u64::MAX),
            requests_per_second: stats.rate_now,
            utilisation: stats.utilisation,
            ..counted
        }
    }

    fn counted(&self) -> MutexGuard<'_, Traffic> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
