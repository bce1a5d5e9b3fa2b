//! The spacing of sends, as arithmetic: instants come in as values, nothing waits here.

use std::time::Duration;
use tokio::time::Instant;

/// Slack over the even spacing, as a share of it: about four standard deviations of the one-way
/// delay over one second; 2 % suits 5 ms.
const MARGIN_MIN: f64 = 0.02;
const MARGIN_MAX: f64 = 0.25;
/// Added at a 429: after one of these the margin suits 15 ms.
const MARGIN_WIDEN: f64 = 0.04;
/// Taken off the margin after each quiet minute.
const MARGIN_NARROW: f64 = 0.01;
/// New TCP and TLS connections make the first sends arrive late, and so the later ones too close.
const WIDE: f64 = 1.10;
const WIDE_SENDS: u32 = 8;
/// When others spend the same budget: down by this factor, up by this much a quiet minute.
const SHARE_CUT: f64 = 0.7;
const SHARE_STEP: f64 = 0.1;
/// The pace never falls below this many requests a second (or the account's own rate, if that is
/// lower).
const RATE_MIN: f64 = 0.5;
/// A 429 within this many sends of the last one means that a wider margin was not enough.
const SOON_SENDS: u32 = 10;
/// Sends of others within a second that are not measuring error, and how many times in a row they
/// must be seen.
const OTHERS_MIN: u64 = 2;
const OTHERS_SEEN: u32 = 2;
/// From this rate on, sends are not limited.
const UNPACED_RATE: f64 = 1000.0;

const QUIET: Duration = Duration::from_secs(60);

pub(super) struct RateController {
    rate: f64,
    /// Our share of the rate, while other clients use the rest.
    share: f64,
    margin: f64,
    /// Sends that are still spaced wider.
    wide: u32,
    /// The last time the pace changed, in either direction.
    changed_at: Instant,
    sends_since_throttle: u32,
    others_seen: u32,
}

impl RateController {
    /// `rate` is in requests a second, above 0.
    pub(super) fn new(rate: f64, now: Instant) -> Self {
        Self {
            rate,
            share: 1.0,
            margin: MARGIN_MIN,
            wide: WIDE_SENDS,
            changed_at: now,
            sends_since_throttle: u32::MAX,
            others_seen: 0,
        }
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// The shortest time from one send to the next; zero if sends are not limited.
    pub(super) fn period(&self) -> Duration {
        if self.rate >= UNPACED_RATE {
            return Duration::ZERO;
        }
        let slack = 1.0 + self.margin;
        let pace = (self.rate * self.share / slack).max(RATE_MIN.min(self.rate / slack));
        let wide = if self.wide > 0 { WIDE } else { 1.0 };
        Duration::from_secs_f64(wide / pace)
    }

    /// Counts a send, and relaxes once for each quiet minute.
    pub(super) fn sent(&mut self, now: Instant) {
        self.wide = self.wide.saturating_sub(1);
        self.sends_since_throttle = self.sends_since_throttle.saturating_add(1);
        while now.saturating_duration_since(self.changed_at) >= QUIET {
            if self.margin <= MARGIN_MIN && self.share >= 1.0 {
                self.changed_at = now;
                return;
            }
            self.changed_at += QUIET;
            self.margin = (self.margin - MARGIN_NARROW).max(MARGIN_MIN);
            self.share = (self.share + SHARE_STEP / self.rate).min(1.0);
        }
    }

    /// After a pause the connections are cold again.
    pub(super) fn restart(&mut self) {
        self.wide = WIDE_SENDS;
    }

    /// Counts a 429 to a request that left after the previous 429.
    pub(super) fn throttled(&mut self, now: Instant) {
        if self.sends_since_throttle <= SOON_SENDS {
            self.give_way(0.0, now);
        }
        self.sends_since_throttle = 0;
        self.margin = (self.margin + MARGIN_WIDEN).min(MARGIN_MAX);
        self.changed_at = now;
    }

    /// Sends of other clients in the server's window, while the budget is used up.
    pub(super) fn others(&mut self, others: u64, now: Instant) {
        if others < OTHERS_MIN {
            self.others_seen = 0;
            return;
        }
        self.others_seen += 1;
        if self.others_seen >= OTHERS_SEEN {
            self.others_seen = 0;
            // What they leave is ours: reducing the share further would leave it unused.
            self.give_way(1.0 - others as f64 / self.rate, now);
        }
    }

    /// Down by a step, but not below this share.
    fn give_way(&mut self, share_min: f64, now: Instant) {
        let share_min = share_min.max(RATE_MIN / self.rate);
        self.share = (self.share * SHARE_CUT).max(share_min).min(self.share);
        self.changed_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(rate: f64) -> (RateController, Instant) {
        let now = Instant::now();
        let mut controller = RateController::new(rate, now);
        (0..WIDE_SENDS).for_each(|_| controller.sent(now));
        (controller, now)
    }

    fn millis(controller: &RateController) -> f64 {
        (controller.period().as_secs_f64() * 10_000.0).round() / 10.0
    }

    #[test]
    fn a_small_margin_is_kept_below_the_limit_and_a_larger_one_at_the_start() {
        let mut controller = RateController::new(5.0, Instant::now());
        assert_eq!(millis(&controller), 224.4);
        (0..8).for_each(|_| controller.sent(Instant::now()));
        assert_eq!(millis(&controller), 204.0);
        controller.restart();
        assert_eq!(millis(&controller), 224.4);
    }

    #[test]
    fn each_429_widens_the_margin_and_quiet_minutes_narrow_it() {
        let (mut controller, now) = settled(5.0);
        for expected in [212.0, 220.0, 228.0, 236.0, 244.0, 250.0, 250.0] {
            (0..20).for_each(|_| controller.sent(now));
            controller.throttled(now);
            assert_eq!(millis(&controller), expected);
        }
        controller.sent(now + QUIET);
        assert_eq!(millis(&controller), 248.0);
        controller.sent(now + QUIET * 40);
        assert_eq!(millis(&controller), 204.0);
    }

    #[test]
    fn another_429_soon_after_lowers_the_share_which_recovers_slowly() {
        let (mut controller, now) = settled(5.0);
        controller.throttled(now);
        controller.sent(now);
        controller.throttled(now);
        assert_eq!(millis(&controller), 314.3); // 3.5 a second, 10 % margin
        controller.sent(now + QUIET);
        assert_eq!(millis(&controller), 302.8); // 3.6 a second, 9 % margin
        for _ in 0..50 {
            controller.throttled(now);
        }
        assert_eq!(millis(&controller), 2000.0); // never below 0.5 a second
    }

    #[test]
    fn a_budget_that_others_spend_is_shared() {
        let (mut controller, now) = settled(5.0);
        for others in [2, 1, 3, 0] {
            controller.others(others, now);
        }
        assert_eq!(millis(&controller), 204.0, "a single sight may be an error of measuring");
        controller.others(2, now);
        controller.others(2, now);
        assert_eq!(millis(&controller), 291.4);
        for _ in 0..20 {
            controller.others(3, now);
        }
        assert_eq!(millis(&controller), 510.0, "what they leave is not left to nobody");
    }

    #[test]
    fn rehearsals_are_not_paced() {
        assert_eq!(RateController::new(1000.0, Instant::now()).period(), Duration::ZERO);
    }
}
