//! The state of an account over all workers: failures in a row, the retry budget, and whether the
//! run must end.

use super::disposition::{BreakerState, FailureClass, FatalError, OUTAGES_MAX};
use fastrand::Rng;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Tokens for retries: storms end instead of growing.
const BUDGET_MAX: u32 = 100;
const RETRY_COST: u32 = 5;
/// What each success gives back.
const SUCCESS_REFUND: u32 = 1;
/// From this many failures in a row on, everyone pauses before the next try.
const OUTAGES_BEFORE_PAUSE: u32 = 3;
/// The first such pause, in periods of the pace (half a second at 5 a second); doubled each time,
/// up to the last.
const OUTAGE_PAUSE_PERIODS: f64 = 2.5;
const OUTAGE_PAUSE_MAX: Duration = Duration::from_secs(16);
/// How long a stop blocks all sends: it ends the run; a later run starts afresh.
const STOP_LASTS: Duration = Duration::from_secs(60);

pub(super) struct CircuitBreaker {
    state: Mutex<FailureCounts>,
    wait_max: Duration,
    forbidden_max: u32,
    /// Spreads retries, so that workers that failed together don't come back together.
    rng: Mutex<Rng>,
}

#[derive(Default)]
struct FailureCounts {
    outages: u32,
    /// Of the first of those outages.
    unanswered_since: Option<Instant>,
    /// Failures of requests that left before this belong to the outage already counted.
    outage_paused_at: Option<Instant>,
    forbidden: u32,
    is_known: bool,
    throttled_since: Option<Instant>,
    /// Of [`BUDGET_MAX`].
    spent: u32,
    stopped: Option<(FatalError, Instant)>,
}

impl CircuitBreaker {
    pub(super) fn new(wait_max: Duration, forbidden_max: u32, seed: Option<u64>) -> Self {
        let rng = Mutex::new(seed.map_or_else(Rng::new, Rng::with_seed));
        Self { state: Mutex::default(), wait_max, forbidden_max, rng }
    }

    /// Uniformly distributed in 0 <= x < 1.
    pub(super) fn chance(&self) -> f64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// Counts a successful request.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.is_known = true;
        state.outages = 0;
        state.unanswered_since = None;
        state.forbidden = 0;
        state.throttled_since = None;
        state.spent = state.spent.saturating_sub(SUCCESS_REFUND);
    }

    /// Counts an answer, or the lack of one, to a request that left at `left_at`.
    pub(super) fn note(&self, class: FailureClass, left_at: Instant) -> BreakerState {
        let mut state = self.state();
        state.is_known |= class != FailureClass::Outage;
        match class {
            FailureClass::Outage => _ = state.unanswered_since.get_or_insert_with(Instant::now),
            _ => state.unanswered_since = None,
        }
        match class {
            FailureClass::Rejected => {
                state.outages = 0;
                state.forbidden = 0;
                state.throttled_since = None;
            }
            FailureClass::Throttled => {
                state.throttled_since.get_or_insert_with(Instant::now);
            }
            FailureClass::Forbidden => state.forbidden += 1,
            FailureClass::Outage if state.outage_paused_at.is_none_or(|at| left_at >= at) => {
                state.outages += 1
            }
            FailureClass::Outage => {}
        }
        BreakerState {
            outages: state.outages,
            forbidden: state.forbidden,
            forbidden_max: self.forbidden_max,
            is_known: state.is_known,
            throttled_for: state.throttled_since.map_or(Duration::ZERO, |since| since.elapsed()),
            wait_max: self.wait_max,
        }
    }

    /// How long there has been no answer, after more than a failure or two.
    pub(super) fn unanswered_for(&self) -> Option<Duration> {
        let state = self.state();
        let since = state.unanswered_since.filter(|_| state.outages >= OUTAGES_BEFORE_PAUSE)?;
        Some(since.elapsed())
    }

    /// How long everyone should wait after a failure of a request that left at `left_at`: nothing
    /// at first, then longer and longer, so that a short outage costs few requests and does not end
    /// the run.
    pub(super) fn outage_pause(&self, left_at: Instant, period: Duration) -> Option<Duration> {
        let mut state = self.state();
        let counted = state.outage_paused_at.is_none_or(|at| left_at >= at);
        if !counted || !(OUTAGES_BEFORE_PAUSE..OUTAGES_MAX).contains(&state.outages) {
            return None;
        }
        state.outage_paused_at = Some(Instant::now());
        let doublings = state.outages - OUTAGES_BEFORE_PAUSE;
        Some((period.mul_f64(OUTAGE_PAUSE_PERIODS) * 2_u32.pow(doublings)).min(OUTAGE_PAUSE_MAX))
    }

    /// Takes the cost of a retry from the budget; `false` if too little is left.
    pub(super) fn spend_retry(&self) -> bool {
        let mut state = self.state();
        let has_left = state.spent + RETRY_COST <= BUDGET_MAX;
        if has_left {
            state.spent += RETRY_COST;
        }
        has_left
    }

    /// Blocks all sends. A deleted connection concerns the jobs of that connection only.
    pub(super) fn stop(&self, stop: FatalError) {
        let lasts = match stop {
            FatalError::ConnectionGone => return,
            FatalError::Unavailable { retry_after: Some(wait), .. } => wait,
            _ => STOP_LASTS,
        };
        let mut state = self.state();
        if state.stopped.is_none() {
            state.stopped = Some((stop, Instant::now() + lasts));
        }
    }

    /// Why nothing may be sent now. A stop that has expired clears every count.
    pub(super) fn stopped(&self) -> Option<FatalError> {
        let mut state = self.state();
        let (stop, until) = state.stopped?;
        if Instant::now() < until {
            return Some(stop);
        }
        *state = FailureCounts::default();
        None
    }

    fn state(&self) -> MutexGuard<'_, FailureCounts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activecampaign::disposition::FORBIDDEN_MAX;
    use tokio::time::{advance, pause};

    const PERIOD: Duration = Duration::from_millis(200);

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::new(Duration::from_secs(900), FORBIDDEN_MAX, Some(1))
    }

    #[tokio::test]
    async fn failures_count_in_a_row_and_a_success_clears_them() {
        pause();
        let breaker = breaker();
        let now = Instant::now();
        assert_eq!(breaker.note(FailureClass::Outage, now).outages, 1);
        assert_eq!(breaker.note(FailureClass::Outage, now).outages, 2);
        assert_eq!(breaker.note(FailureClass::Forbidden, now).outages, 2);
        breaker.succeeded();
        assert_eq!(breaker.note(FailureClass::Outage, now).outages, 1);
    }

    #[tokio::test]
    async fn an_outage_is_sat_out_with_growing_pauses() {
        pause();
        let breaker = breaker();
        let mut pauses = Vec::new();
        for _ in 0..OUTAGES_MAX {
            advance(Duration::from_secs(1)).await;
            let left_at = Instant::now();
            breaker.note(FailureClass::Outage, left_at);
            pauses.extend(breaker.outage_pause(left_at, PERIOD).map(|pause| pause.as_millis()));
        }
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
    }

    #[tokio::test]
    async fn an_outage_is_as_old_as_its_first_failure_and_over_with_an_answer() {
        pause();
        let breaker = breaker();
        let fail = || breaker.note(FailureClass::Outage, Instant::now());
        fail();
        advance(Duration::from_secs(30)).await;
        fail();
        assert_eq!(breaker.unanswered_for(), None, "a failure or two are no outage");
        fail();
        assert_eq!(breaker.unanswered_for(), Some(Duration::from_secs(30)));
        breaker.note(FailureClass::Forbidden, Instant::now());
        assert_eq!(breaker.unanswered_for(), None);
        fail();
        assert_eq!(breaker.unanswered_for(), Some(Duration::ZERO));
        breaker.succeeded();
        assert_eq!(breaker.unanswered_for(), None);
    }

    #[tokio::test]
    async fn requests_that_were_in_flight_together_fail_as_one() {
        pause();
        let breaker = breaker();
        let left_at = Instant::now();
        for _ in 0..20 {
            advance(Duration::from_millis(1)).await;
            breaker.note(FailureClass::Outage, left_at);
            breaker.outage_pause(left_at, PERIOD);
        }
        assert_eq!(breaker.note(FailureClass::Outage, left_at).outages, 3);
    }

    #[tokio::test]
    async fn twenty_retries_without_a_success_use_up_the_budget() {
        let breaker = breaker();
        assert_eq!((0..30).filter(|_| breaker.spend_retry()).count(), 20);
        (0..5).for_each(|_| breaker.succeeded());
        assert!(breaker.spend_retry());
        assert!(!breaker.spend_retry());
    }

    #[tokio::test]
    async fn a_stop_holds_everyone_for_its_time_and_then_clears() {
        pause();
        let breaker = breaker();
        breaker.stop(FatalError::ConnectionGone);
        assert_eq!(breaker.stopped(), None);
        breaker.stop(FatalError::Credentials);
        breaker.stop(FatalError::Payment);
        assert_eq!(
            breaker.stopped(),
            Some(FatalError::Credentials),
            "the first reason is the reason"
        );
        advance(STOP_LASTS).await;
        assert_eq!(breaker.stopped(), None);
        let hour = Duration::from_secs(3600);
        let unavailable = FatalError::Unavailable { retry_after: Some(hour), cause: "" };
        breaker.stop(unavailable);
        advance(hour - Duration::from_secs(1)).await;
        assert_eq!(breaker.stopped(), Some(unavailable));
    }
}
