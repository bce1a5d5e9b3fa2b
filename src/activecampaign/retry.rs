//! How often, and after which delays, one record is retried. The only file that uses backoff, which
//! only generates delays: the loop, the attempts and the budget are ours.

use super::circuit_breaker::CircuitBreaker;
use super::counters::Counters;
use super::disposition::{Disposition, FatalError};
use super::failure::Failure;
use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use std::sync::Arc;
use std::time::Duration;

const DELAY_FIRST: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(60);
/// Each delay is multiplied by a random factor from this to this plus one.
const SPREAD_MIN: f64 = 0.5;

/// The delays of one record's request.
pub struct Retry {
    breaker: Arc<CircuitBreaker>,
    counters: Arc<Counters>,
    delays: ExponentialBackoff,
    attempts_left: u32,
}

/// What comes after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// Wait this long, then follow the disposition: send again, or look up first.
    After(Duration),
    /// The attempts of this record are used up.
    Exhausted,
    /// The run must end.
    Stop(FatalError),
}

impl Retry {
    pub(super) fn new(
        breaker: Arc<CircuitBreaker>,
        counters: Arc<Counters>,
        attempts_max: u32,
    ) -> Self {
        let delays = ExponentialBackoff {
            current_interval: DELAY_FIRST,
            initial_interval: DELAY_FIRST,
            // The jitter is added in `after`, from a seed that tests can set.
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: DELAY_MAX,
            // Attempts bound the tries; time does not, or a long Retry-After would use it up.
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Self { breaker, counters, delays, attempts_left: attempts_max }
    }

    /// Counts a failed attempt and says what comes next.
    ///
    /// A throttled attempt does not count, as the whole account pauses already. Only a failure of
    /// ActiveCampaign or of the network has a delay and uses the account's budget; the run ends
    /// when that is exhausted.
    pub fn after(&mut self, failure: &Failure) -> RetryDecision {
        match failure.disposition {
            Disposition::Throttled => return RetryDecision::After(Duration::ZERO),
            Disposition::Stop(stop) => return RetryDecision::Stop(stop),
            Disposition::Refused => return RetryDecision::Exhausted,
            _ => {}
        }
        self.attempts_left = self.attempts_left.saturating_sub(1);
        if self.attempts_left == 0 {
            return RetryDecision::Exhausted;
        }
        if !matches!(failure.disposition, Disposition::Again | Disposition::LookUp) {
            return RetryDecision::After(Duration::ZERO);
        }
        if !self.breaker.spend_retry() {
            let stop = FatalError::Unavailable { retry_after: None, cause: failure.cause };
            self.breaker.stop(stop);
            return RetryDecision::Stop(stop);
        }
        self.counters.count(|traffic| traffic.retried += 1);
        let delay = self.delays.next_backoff().unwrap_or(DELAY_MAX);
        RetryDecision::After(delay.mul_f64(SPREAD_MIN + self.breaker.chance()).min(DELAY_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activecampaign::disposition::FORBIDDEN_MAX;

    fn retry(attempts_max: u32) -> Retry {
        let breaker =
            Arc::new(CircuitBreaker::new(Duration::from_secs(900), FORBIDDEN_MAX, Some(1)));
        Retry::new(breaker, Arc::new(Counters::default()), attempts_max)
    }

    fn failure(disposition: Disposition) -> Failure {
        Failure { disposition, ..Failure::undecided("create_order") }
    }

    #[test]
    fn delays_double_around_half_a_second_up_to_a_minute() {
        let mut retry = retry(12);
        for step in 0..11_u32 {
            let RetryDecision::After(delay) = retry.after(&failure(Disposition::LookUp)) else {
                panic!("gave up at {step}")
            };
            let middle = (DELAY_FIRST * 2_u32.pow(step)).min(DELAY_MAX);
            assert!(delay >= middle / 2 && delay <= DELAY_MAX, "{step}: {delay:?}");
        }
        assert_eq!(retry.after(&failure(Disposition::LookUp)), RetryDecision::Exhausted);
    }

    #[test]
    fn eight_attempts_are_seven_retries() {
        let mut retry = retry(8);
        let tries = (0..20)
            .filter(|_| {
                matches!(retry.after(&failure(Disposition::Again)), RetryDecision::After(_))
            })
            .count();
        assert_eq!(tries, 7);
    }

    #[test]
    fn being_throttled_is_free_however_often() {
        let mut retry = retry(2);
        for _ in 0..1000 {
            assert_eq!(
                retry.after(&failure(Disposition::Throttled)),
                RetryDecision::After(Duration::ZERO)
            );
        }
        assert!(matches!(retry.after(&failure(Disposition::Again)), RetryDecision::After(_)));
    }

    #[test]
    fn an_empty_budget_ends_the_run_for_everyone() {
        let breaker =
            Arc::new(CircuitBreaker::new(Duration::from_secs(900), FORBIDDEN_MAX, Some(1)));
        let unavailable = FatalError::Unavailable { retry_after: None, cause: "" };
        for record in 0..21 {
            let mut retry = Retry::new(Arc::clone(&breaker), Arc::new(Counters::default()), 8);
            let next = retry.after(&failure(Disposition::Again));
            assert_eq!(next == RetryDecision::Stop(unavailable), record == 20, "{record}");
        }
        assert_eq!(breaker.stopped(), Some(unavailable));
    }

    #[test]
    fn a_permanent_failure_is_not_retried() {
        assert_eq!(retry(8).after(&failure(Disposition::Refused)), RetryDecision::Exhausted);
        let stop = FatalError::Payment;
        assert_eq!(retry(8).after(&failure(Disposition::Stop(stop))), RetryDecision::Stop(stop));
    }
}
