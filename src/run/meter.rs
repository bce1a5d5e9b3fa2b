use crate::activecampaign::Client;
use crate::state::Requests;
use std::time::Duration;
use tokio::time::Instant;

/// Requests and time since a run began, and since they were last written down.
pub(super) struct Meter {
    client: Client,
    begun: Instant,
    before: Requests,
    written: Requests,
    written_at: Instant,
}

impl Meter {
    pub(super) fn new(client: &Client) -> Self {
        let (now, before) = (Instant::now(), requests(client));
        Self { client: client.clone(), begun: now, before, written: before, written_at: now }
    }

    /// What came since the last call: requests, and milliseconds.
    pub(super) fn take(&mut self) -> (Requests, u64) {
        let now = requests(&self.client);
        let taken = since(self.written, now);
        let active = u64::try_from(self.written_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Only whole milliseconds are taken; what is left over counts next time.
        self.written_at += Duration::from_millis(active);
        self.written = now;
        (taken, active)
    }

    /// Since the run began in this process.
    pub(super) fn total(&self) -> Requests {
        since(self.before, requests(&self.client))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

fn requests(client: &Client) -> Requests {
    let traffic = client.traffic();
    Requests { total: traffic.total, retried: traffic.retried, throttled: traffic.throttled }
}

fn since(before: Requests, now: Requests) -> Requests {
    Requests {
        total: now.total.saturating_sub(before.total),
        retried: now.retried.saturating_sub(before.retried),
        throttled: now.throttled.saturating_sub(before.throttled),
    }
}
