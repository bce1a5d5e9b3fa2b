use crate::activecampaign::Client;
use crate::state::Requests;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Batches of orders that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Batches {
    pub sent: u64,
    /// Orders in them, including those that were sent again.
    pub orders: u64,
    /// Those that were divided because they were refused, unanswered or too long.
    pub divided: u64,
}

impl Batches {
    /// Orders in one of them, on average.
    pub fn orders_each(&self) -> u64 {
        (self.orders + self.sent / 2).checked_div(self.sent).unwrap_or(0)
    }
}

/// Requests and time since a run began, and since they were last stored.
pub(super) struct Meter {
    client: Client,
    begun: Instant,
    before: Requests,
    batches_before: Batches,
    written: Requests,
    written_at: Instant,
    /// Requests since the run began, at moments of the last minutes: the first is the oldest.
    samples: VecDeque<(Instant, u64)>,
}

/// Between two samples, and how many are kept: five minutes show the current rate.
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
const SAMPLES_MAX: usize = 60;

impl Meter {
    pub(super) fn new(client: &Client) -> Self {
        let (now, before) = (Instant::now(), requests(client));
        let samples = VecDeque::from([(now, 0)]);
        Self {
            client: client.clone(),
            begun: now,
            before,
            batches_before: batches(client),
            written: before,
            written_at: now,
            samples,
        }
    }

    /// Requests and milliseconds since the last call.
    pub(super) fn take(&mut self) -> (Requests, u64) {
        let now = requests(&self.client);
        let taken = since(self.written, now);
        let active = u64::try_from(self.written_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Only whole milliseconds are taken; the remainder counts next time.
        self.written_at += Duration::from_millis(active);
        self.written = now;
        (taken, active)
    }

    /// Since the run began in this process.
    pub(super) fn total(&self) -> Requests {
        since(self.before, requests(&self.client))
    }

    /// The same of batches.
    pub(super) fn batches(&self) -> Batches {
        let (now, before) = (batches(&self.client), self.batches_before);
        Batches {
            sent: now.sent.saturating_sub(before.sent),
            orders: now.orders.saturating_sub(before.orders),
            divided: now.divided.saturating_sub(before.divided),
        }
    }

    /// Requests of the last minutes, and the length of that time.
    pub(super) fn recent(&mut self) -> (u64, Duration) {
        let (now, total) = (Instant::now(), self.total().total);
        if self.samples.back().is_none_or(|(at, _)| now - *at >= SAMPLE_EVERY) {
            self.samples.push_back((now, total));
        }
        if self.samples.len() > SAMPLES_MAX {
            self.samples.pop_front();
        }
        let (at, before) = self.samples.front().copied().unwrap_or((self.begun, 0));
        (total.saturating_sub(before), now - at)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

fn requests(client: &Client) -> Requests {
    let traffic = client.traffic();
    Requests { total: traffic.total, retried: traffic.retried, throttled: traffic.throttled }
}

fn batches(client: &Client) -> Batches {
    let traffic = client.traffic();
    let (sent, orders, divided) = (traffic.batches, traffic.batch_orders, traffic.batches_divided);
    Batches { sent, orders, divided }
}

fn since(before: Requests, now: Requests) -> Requests {
    Requests {
        total: now.total.saturating_sub(before.total),
        retried: now.retried.saturating_sub(before.retried),
        throttled: now.throttled.saturating_sub(before.throttled),
    }
}
