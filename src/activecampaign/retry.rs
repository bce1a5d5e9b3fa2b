//! How often, and after what delay, one record is tried again. The only file that names backoff,
//! and only as a generator of delays: the loop, the attempts and the budget are ours.

use super::circuit_breaker::CircuitBreaker;
use super::counters::Counters;
use super::failure::Failure;
use super::verdict::{Stop, Verdict};
use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use std::sync::Arc;
use std::time::Duration;

const DELAY_FIRST: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(60);
/// Each delay is this share of itself to one more.
const SPREAD_MIN: f64 = 0.5;

/// The delays of one record's request.
pub struct Retry {
    health: Arc<CircuitBreaker>,
    counters: Arc<Counters>,
    delays: ExponentialBackoff,
    attempts_left: u32,
}

/// What comes after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Wait this long, then do what the verdict says: send again, or look up first.
    In(Duration),
    /// This record has had its attempts.
    Exhausted,
    /// The run must end.
    Stop(Stop),
}

impl Retry {
    pub(super) fn new(
        health: Arc<CircuitBreaker>,
        counters: Arc<Counters>,
        attempts_max: u32,
    ) -> Self {
        let delays = ExponentialBackoff {
            current_interval: DELAY_FIRST,
            initial_interval: DELAY_FIRST,
            // The chance is ours, so that a rehearsal can be repeated.
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: DELAY_MAX,
            // Attempts bound the tries; time does not, or a long Retry-After would use it up.
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Self { health, counters, delays, attempts_left: attempts_max }
    }

    /// Counts a failed attempt and says what comes next.
    ///
    /// Being throttled is free, as the whole account pauses already. Only a failure of the target
    /// or of the way to it has a delay and costs of the account's budget; when that is empty the
    /// run ends.
    pub fn after(&mut self, failure: &Failure) -> Next {
        match failure.verdict {
            Verdict::Throttled => return Next::In(Duration::ZERO),
            Verdict::Stop(stop) => return Next::Stop(stop),
            Verdict::Refused => return Next::Exhausted,
            _ => {}
        }
        self.attempts_left = self.attempts_left.saturating_sub(1);
        if self.attempts_left == 0 {
            return Next::Exhausted;
        }
        if !matches!(failure.verdict, Verdict::Again | Verdict::LookUp) {
            return Next::In(Duration::ZERO);
        }
        if !self.health.spend_retry() {
            let stop = Stop::Away { retry_after: None };
            self.health.stop(stop);
            return Next::Stop(stop);
        }
        self.counters.retried();
        let delay = self.delays.next_backoff().unwrap_or(DELAY_MAX);
        Next::In(delay.mul_f64(SPREAD_MIN + self.health.chance()).min(DELAY_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(attempts_max: u32) -> Retry {
        let health = Arc::new(CircuitBreaker::new(Duration::from_secs(900), Some(1)));
        Retry::new(health, Arc::new(Counters::default()), attempts_max)
    }

    fn failure(verdict: Verdict) -> Failure {
        Failure { verdict, ..Failure::undecided("create_order") }
    }

    #[test]
    fn delays_double_around_half_a_second_up_to_a_minute() {
        let mut retry = retry(12);
        for step in 0..11_u32 {
            let Next::In(delay) = retry.after(&failure(Verdict::LookUp)) else {
                panic!("gave up at {step}")
            };
            let middle = (DELAY_FIRST * 2_u32.pow(step)).min(DELAY_MAX);
            assert!(delay >= middle / 2 && delay <= DELAY_MAX, "{step}: {delay:?}");
        }
        assert_eq!(retry.after(&failure(Verdict::LookUp)), Next::Exhausted);
    }

    #[test]
    fn eight_attempts_are_seven_retries() {
        let mut retry = retry(8);
        let tries = (0..20)
            .filter(|_| matches!(retry.after(&failure(Verdict::Again)), Next::In(_)))
            .count();
        assert_eq!(tries, 7);
    }

    #[test]
    fn being_throttled_is_free_however_often() {
        let mut retry = retry(2);
        for _ in 0..1000 {
            assert_eq!(retry.after(&failure(Verdict::Throttled)), Next::In(Duration::ZERO));
        }
        assert!(matches!(retry.after(&failure(Verdict::Again)), Next::In(_)));
    }

    #[test]
    fn an_empty_budget_ends_the_run_for_everyone() {
        let health = Arc::new(CircuitBreaker::new(Duration::from_secs(900), Some(1)));
        let away = Stop::Away { retry_after: None };
        for record in 0..21 {
            let mut retry = Retry::new(Arc::clone(&health), Arc::new(Counters::default()), 8);
            let next = retry.after(&failure(Verdict::Again));
            assert_eq!(next == Next::Stop(away), record == 20, "{record}");
        }
        assert_eq!(health.stopped(), Some(away));
    }

    #[test]
    fn what_another_try_cannot_change_is_not_tried_again() {
        assert_eq!(retry(8).after(&failure(Verdict::Refused)), Next::Exhausted);
        let stop = Stop::Payment;
        assert_eq!(retry(8).after(&failure(Verdict::Stop(stop))), Next::Stop(stop));
    }
}
