use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Whether requests may leave under a lease. The time counts from just before the last successful
/// renewal was requested, and never depends on another machine's clock.
#[derive(Debug, Clone)]
pub struct Guard {
    /// No request leaves this long after a renewal.
    valid: Duration,
    validity: Arc<Mutex<Validity>>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Validity {
    #[default]
    NotYet,
    /// Since the last renewal.
    Since(BothClocks),
    /// Permanently: a renewal in progress has no effect.
    Revoked,
}

/// A moment by both clocks: the monotonic one stops while the machine sleeps, the wall clock can be
/// set. The larger elapsed time counts.
#[derive(Debug, Clone, Copy)]
pub struct BothClocks {
    monotonic: Instant,
    wall: SystemTime,
}

impl BothClocks {
    pub fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// The longer of what both clocks measure until `now`; one that went back measures nothing.
    fn until(self, now: Self) -> Duration {
        let wall = now.wall.duration_since(self.wall).unwrap_or_default();
        now.monotonic.saturating_duration_since(self.monotonic).max(wall)
    }
}

impl Guard {
    /// For a lease of this length. `request`: the longest time that a request may take. A request
    /// that left is answered or given up at least `margin` before the lease expires.
    pub fn new(lease: Duration, margin: Duration, request: Duration) -> Self {
        let valid = lease.saturating_sub(margin).saturating_sub(request);
        Self { valid, validity: Arc::default() }
    }

    /// The lease was taken or renewed; `asked`: just before the database was asked for it.
    pub fn renewed(&self, asked: BothClocks) {
        let mut validity = self.validity();
        if !matches!(*validity, Validity::Revoked) {
            *validity = Validity::Since(asked);
        }
    }

    /// The lease was lost or given back: nothing may leave any more.
    pub fn revoke(&self) {
        *self.validity() = Validity::Revoked;
    }

    pub fn is_revoked(&self) -> bool {
        matches!(*self.validity(), Validity::Revoked)
    }

    /// Whether a request may leave now.
    pub fn may_send(&self) -> bool {
        self.may_send_at(BothClocks::now())
    }

    fn may_send_at(&self, now: BothClocks) -> bool {
        match *self.validity() {
            Validity::Since(renewed) => renewed.until(now) < self.valid,
            Validity::NotYet | Validity::Revoked => false,
        }
    }

    fn validity(&self) -> MutexGuard<'_, Validity> {
        self.validity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn later(moment: BothClocks, monotonic: Duration, wall: Duration) -> BothClocks {
        BothClocks { monotonic: moment.monotonic + monotonic, wall: moment.wall + wall }
    }

    #[test]
    fn nothing_leaves_once_a_request_might_outlive_the_lease() {
        let guard = Guard::new(60 * S, 5 * S, 30 * S);
        let start = BothClocks::now();
        assert!(!guard.may_send_at(start), "before the lease is held");
        guard.renewed(start);
        assert!(guard.may_send_at(later(start, 24 * S, 24 * S)));
        assert!(!guard.may_send_at(later(start, 25 * S, 25 * S)));
        guard.renewed(later(start, 20 * S, 20 * S));
        assert!(guard.may_send_at(later(start, 44 * S, 44 * S)));
        guard.revoke();
        guard.renewed(start);
        assert!(!guard.may_send_at(start), "a renewal that was under way comes too late");
    }

    #[test]
    fn a_machine_that_slept_sends_nothing_and_a_clock_that_is_set_back_extends_nothing() {
        let guard = Guard::new(60 * S, 5 * S, 30 * S);
        let start = BothClocks::now();
        guard.renewed(start);
        assert!(!guard.may_send_at(later(start, S, 3600 * S)), "the monotonic clock stood still");
        let set_back = BothClocks { wall: start.wall - 3600 * S, ..later(start, 26 * S, S) };
        assert!(!guard.may_send_at(set_back));
    }

    #[test]
    fn a_lease_too_short_for_one_request_allows_none() {
        let guard = Guard::new(30 * S, 5 * S, 60 * S);
        guard.renewed(BothClocks::now());
        assert!(!guard.may_send());
    }
}
