//! When a request may leave: one queue, one clock and one pause for all workers of an account.
//!
//! Sends are spaced from the last send, without bursts, and without catching up except for late
//! timers: whichever window the server counts in, it never contains more sends than the account
//! allows.

mod limiter;

use super::rate_controller::RateController;
use limiter::Limiter;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep, sleep_until};

/// What the next process must know about this one, however this one ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendEvent {
    /// A request leaves.
    Sent(SystemTime),
    /// ActiveCampaign asked for a pause.
    Paused { from: SystemTime, until: SystemTime },
}

/// Records send events. It must not block: a request leaves after it.
pub type SendObserver = Box<dyn Fn(SendEvent) + Send + Sync>;

/// The window ActiveCampaign counts in.
const WINDOW: Duration = Duration::from_secs(1);
/// The distance to the previous process' last send is at most this.
const DISTANCE_MAX: Duration = Duration::from_secs(1);
/// A pause longer than this lets connections go cold.
const PAUSE_SHORT: Duration = Duration::from_secs(2);
/// Our pauses after a 429 without Retry-After: the first is doubled each time, up to the last.
const THROTTLE_PAUSE: Duration = Duration::from_secs(1);
const THROTTLE_PAUSE_MAX: Duration = Duration::from_secs(64);

pub(super) struct RateLimiter {
    /// Fair: first in, first out.
    queue: tokio::sync::Mutex<SendSchedule>,
    shared: Mutex<Shared>,
    started_at: Instant,
    log: SendObserver,
}

/// Only the head of the queue touches it.
struct SendSchedule {
    period: Duration,
    /// `None` if sends are not limited.
    limiter: Option<Limiter>,
    /// Departures of the last second.
    recent: VecDeque<Instant>,
}

struct Shared {
    controller: RateController,
    not_before: Instant,
    /// Until when ActiveCampaign asked us to pause.
    asked_until: Instant,
    throttled_at: Option<Instant>,
    throttles_in_a_row: u32,
    paused: Duration,
    first_send: Option<Instant>,
    last_send: Option<Instant>,
    sends: u64,
}

/// The head of the queue. Dropping it gives the place up and costs nothing.
pub(super) struct Permit<'a> {
    rate_limiter: &'a RateLimiter,
    schedule: tokio::sync::MutexGuard<'a, SendSchedule>,
}

/// One send, as seen by the rate limiter.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentAt {
    pub(super) at: Instant,
    /// Our sends of the last second, this one included; `None` while the previous process' may
    /// still count.
    in_window: Option<u64>,
}

/// What an answer says about the account's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimitHeaders {
    pub(super) limit: u64,
    pub(super) remaining: u64,
}

/// What the rate limiter reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct SendStats {
    pub(super) sends: u64,
    pub(super) paused: Duration,
    pub(super) rate_now: f64,
    pub(super) utilisation: Option<f64>,
}

impl RateLimiter {
    pub(super) fn new(rate: f64, last_send_at: Option<SystemTime>, log: SendObserver) -> Self {
        let now = Instant::now();
        let controller = RateController::new(rate, now);
        let period = controller.period();
        let distance = last_send_at.map_or(Duration::ZERO, |at| {
            // If the clock went backwards, it is in the future and counts as now.
            let since = SystemTime::now().duration_since(at).unwrap_or_default();
            period.min(DISTANCE_MAX).saturating_sub(since)
        });
        Self {
            queue: tokio::sync::Mutex::new(SendSchedule {
                period,
                limiter: Limiter::new(period),
                recent: VecDeque::new(),
            }),
            shared: Mutex::new(Shared {
                controller,
                not_before: now + distance,
                asked_until: now,
                throttled_at: None,
                throttles_in_a_row: 0,
                paused: Duration::ZERO,
                first_send: None,
                last_send: None,
                sends: 0,
            }),
            started_at: now,
            log,
        }
    }

    /// Waits for the head of the queue and for the end of any pause, so that an intent that the
    /// caller makes durable does not stay open throughout a pause.
    pub(super) async fn permit(&self) -> Permit<'_> {
        let schedule = self.queue.lock().await;
        self.wait_out_pause().await;
        Permit { rate_limiter: self, schedule }
    }

    /// Blocks all sends for this long, from now. Pauses do not add up; the one that ends last
    /// counts.
    pub(super) fn pause(&self, length: Duration, why: &str) {
        if length.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut shared = self.shared();
        let until = now + length;
        let begins = shared.not_before <= now;
        if until > shared.not_before {
            let from = shared.not_before.max(now);
            shared.paused += until - from;
            shared.not_before = until;
        }
        if length > PAUSE_SHORT {
            shared.controller.restart();
        }
        drop(shared);
        if begins {
            let pause_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(pause_ms, "{why}; sending resumes in {pause_ms} ms");
        }
    }

    /// Notes a pause that ActiveCampaign asks for, so that it outlives this process.
    pub(super) fn asked_to_wait(&self, wait: Duration) {
        let (now, from) = (Instant::now(), SystemTime::now());
        let mut shared = self.shared();
        if now + wait > shared.asked_until {
            shared.asked_until = now + wait;
            (self.log)(SendEvent::Paused { from, until: from + wait });
        }
    }

    /// A 429: all workers pause, and the rate falls. Answers to requests that left before the last
    /// 429 belong to it: they can lengthen the pause, but do not lower the rate again.
    pub(super) fn throttled(&self, sent: &SentAt, retry_after: Option<Duration>) {
        let now = Instant::now();
        let asked = retry_after.filter(|wait| !wait.is_zero());
        let mut shared = self.shared();
        let is_new_pause = shared.throttled_at.is_none_or(|at| sent.at >= at);
        if is_new_pause {
            shared.throttled_at = Some(now);
            shared.throttles_in_a_row = shared.throttles_in_a_row.saturating_add(1);
            shared.controller.throttled(now);
        }
        let doublings = shared.throttles_in_a_row.saturating_sub(1).min(6);
        drop(shared);
        let own = (THROTTLE_PAUSE * 2_u32.pow(doublings)).min(THROTTLE_PAUSE_MAX);
        match asked {
            Some(wait) => {
                self.pause(wait, "rate-limited by ActiveCampaign (429) with a Retry-After")
            }
            None if is_new_pause => self.pause(own, "rate-limited by ActiveCampaign (429)"),
            None => {}
        }
    }

    /// The remainder of the pause that ends last.
    pub(super) fn pause_left(&self) -> Duration {
        self.shared().not_before.saturating_duration_since(Instant::now())
    }

    /// An answer that was not a 429.
    pub(super) fn accepted(&self) {
        self.shared().throttles_in_a_row = 0;
    }

    /// Slows down if other clients used up the budget.
    pub(super) fn observe(&self, sent: &SentAt, budget: RateLimitHeaders) {
        let Some(own) = sent.in_window else { return };
        let mut shared = self.shared();
        // A limit far above the account's rate is not per second; it is ignored.
        let readable = budget.limit as f64 <= 2.0 * shared.controller.rate().max(5.0);
        let others = match budget.remaining {
            0 if readable => budget.limit.saturating_sub(own),
            _ => 0,
        };
        shared.controller.others(others, Instant::now());
    }

    /// The current spacing of sends; zero if they are not limited.
    pub(super) fn period(&self) -> Duration {
        self.shared().controller.period()
    }

    pub(super) fn stats(&self) -> SendStats {
        let shared = self.shared();
        let period = shared.controller.period().as_secs_f64();
        let rate = shared.controller.rate();
        let span = shared
            .first_send
            .zip(shared.last_send)
            .map(|(first, last)| (last - first).as_secs_f64());
        SendStats {
            sends: shared.sends,
            paused: shared.paused,
            rate_now: if period > 0.0 { 1.0 / period } else { rate },
            utilisation: span
                .filter(|span| *span > 0.0)
                .map(|span| (shared.sends - 1) as f64 / (rate * span)),
        }
    }

    async fn wait_out_pause(&self) {
        loop {
            let until = self.shared().not_before;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Waits for the slot. [`Self::consume`] must follow immediately.
    pub(super) async fn wait(&mut self) {
        loop {
            self.rate_limiter.wait_out_pause().await;
            let Some(limiter) = &self.schedule.limiter else { return };
            match limiter.admit() {
                Ok(()) => return,
                Err(early) => sleep(early).await,
            }
        }
    }

    /// Leaves the queue: the next send's spacing counts from here.
    pub(super) fn consume(mut self) -> SentAt {
        let at = Instant::now();
        (self.rate_limiter.log)(SendEvent::Sent(SystemTime::now()));
        let mut shared = self.rate_limiter.shared();
        shared.controller.sent(at);
        shared.sends += 1;
        shared.first_send.get_or_insert(at);
        shared.last_send = Some(at);
        let period = shared.controller.period();
        drop(shared);
        if period != self.schedule.period {
            self.schedule.period = period;
            self.schedule.limiter = Limiter::new(period);
            // A new limiter would admit the next send immediately: this send is its first.
            let _ = self.schedule.limiter.as_ref().map(Limiter::admit);
        }
        let recent = &mut self.schedule.recent;
        recent.push_back(at);
        while recent.front().is_some_and(|first| at - *first >= WINDOW) {
            recent.pop_front();
        }
        let own = u64::try_from(recent.len()).unwrap_or(u64::MAX);
        let alone = at - self.rate_limiter.started_at >= WINDOW;
        SentAt { at, in_window: alone.then_some(own) }
    }
}
