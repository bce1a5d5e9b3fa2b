use super::options::Window;
use std::collections::VecDeque;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The rate limit of the account. Times are counted from the start of the simulator and never go
/// back.
#[derive(Debug)]
pub(super) struct RateLimit {
    per_second: Option<u32>,
    window: Window,
    /// Accepted requests: of the trailing second (sliding), or of the current full second (fixed).
    accepted: VecDeque<Duration>,
    /// Nanoseconds of credit in the bucket; a request costs a second divided by the limit.
    credit_ns: u64,
    filled_at: Duration,
}

/// The limiter's answer to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub admitted: bool,
    /// Requests left at this moment; `None` without a limit.
    pub remaining: Option<u32>,
}

impl RateLimit {
    pub fn new(per_second: Option<u32>, window: Window) -> Self {
        let credit_ns = per_second.map_or(0, |n| Self::cost_ns(n) * u64::from(n));
        Self { per_second, window, accepted: VecDeque::new(), credit_ns, filled_at: Duration::ZERO }
    }

    fn cost_ns(per_second: u32) -> u64 {
        1_000_000_000 / u64::from(per_second.max(1))
    }

    pub fn admit(&mut self, at: Duration) -> Allowance {
        let Some(limit) = self.per_second else {
            return Allowance { admitted: true, remaining: None };
        };
        match self.window {
            Window::Sliding => {
                self.admit_counted(limit, at, |earlier| at.saturating_sub(earlier) >= SECOND)
            }
            Window::FixedSecond => {
                self.admit_counted(limit, at, |earlier| earlier.as_secs() < at.as_secs())
            }
            Window::TokenBucket => self.admit_from_bucket(limit, at),
        }
    }

    fn admit_counted(
        &mut self,
        limit: u32,
        at: Duration,
        over: impl Fn(Duration) -> bool,
    ) -> Allowance {
        while self.accepted.front().is_some_and(|earlier| over(*earlier)) {
            self.accepted.pop_front();
        }
        let admitted = self.accepted.len() < limit as usize;
        if admitted {
            self.accepted.push_back(at);
        }
        Allowance { admitted, remaining: Some(limit.saturating_sub(self.accepted.len() as u32)) }
    }

    fn admit_from_bucket(&mut self, limit: u32, at: Duration) -> Allowance {
        let cost = Self::cost_ns(limit);
        let earned =
            u64::try_from(at.saturating_sub(self.filled_at).as_nanos()).unwrap_or(u64::MAX);
        self.credit_ns = self.credit_ns.saturating_add(earned).min(cost * u64::from(limit));
        self.filled_at = at;
        let admitted = self.credit_ns >= cost;
        if admitted {
            self.credit_ns -= cost;
        }
        Allowance { admitted, remaining: Some((self.credit_ns / cost) as u32) }
    }
}

/// The most requests seen in any trailing second.
#[derive(Debug, Default)]
pub(super) struct PeakRate {
    recent: VecDeque<Duration>,
    pub most: u64,
}

impl PeakRate {
    pub fn count(&mut self, at: Duration) {
        while self.recent.front().is_some_and(|earlier| at.saturating_sub(*earlier) >= SECOND) {
            self.recent.pop_front();
        }
        self.recent.push_back(at);
        self.most = self.most.max(self.recent.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(window: Window, at_ms: &[u64]) -> Vec<bool> {
        let mut limiter = RateLimit::new(Some(2), window);
        at_ms.iter().map(|ms| limiter.admit(Duration::from_millis(*ms)).admitted).collect()
    }

    #[test]
    fn a_sliding_second_never_holds_more_than_the_limit() {
        assert_eq!(
            admitted(Window::Sliding, &[900, 950, 1100, 1899, 1900, 1949, 1950]),
            [true, true, false, false, true, false, true]
        );
    }

    #[test]
    fn a_fixed_second_starts_afresh() {
        assert_eq!(
            admitted(Window::FixedSecond, &[900, 950, 999, 1000, 1001]),
            [true, true, false, true, true]
        );
    }

    #[test]
    fn a_bucket_refills_evenly() {
        assert_eq!(
            admitted(Window::TokenBucket, &[0, 0, 499, 500, 999, 1000]),
            [true, true, false, true, false, true]
        );
    }

    #[test]
    fn without_a_limit_everything_is_admitted() {
        let mut limiter = RateLimit::new(None, Window::Sliding);
        assert!((0..1000).all(
            |_| limiter.admit(Duration::ZERO) == Allowance { admitted: true, remaining: None }
        ));
    }

    #[test]
    fn the_allowance_left_counts_down() {
        let mut limiter = RateLimit::new(Some(3), Window::Sliding);
        let left: Vec<_> = (0..4).map(|_| limiter.admit(Duration::ZERO).remaining).collect();
        assert_eq!(left, [Some(2), Some(1), Some(0), Some(0)]);
    }
}
