use super::rate_limit::PeakRate;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How many requests are kept one by one; older ones only count.
const ENTRIES_MAX: usize = 1_000_000;

/// After a longer pause between two requests the client counts as idle, not slow.
const IDLE: Duration = Duration::from_secs(5);

/// One request as `/__sim/requests` shows it. The query is left out: it can contain e-mail
/// addresses.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Entry {
    pub number: u64,
    pub at_ms: u64,
    pub method: String,
    pub path: String,
    /// `None` while it is being answered, and if it never was.
    pub status: Option<u16>,
    /// Id of the connection it names.
    pub connection: Option<String>,
    /// The shop's key of the order it names.
    pub order: Option<String>,
    /// The first field of a GraphQL request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Orders of a GraphQL mutation.
    #[serde(skip_serializing_if = "is_zero")]
    pub orders: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(orders: &usize) -> bool {
    *orders == 0
}

/// The log of requests, and what was counted over them.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    entries: VecDeque<Entry>,
    pub requests: u64,
    pub writes: u64,
    pub accepted: u64,
    pub refused: u64,
    pub by_route: BTreeMap<String, u64>,
    pub by_status: BTreeMap<u16, u64>,
    pub peak: PeakRate,
    last_at: Option<Duration>,
    busy: Duration,
}

impl RequestLog {
    /// Notes a request and returns its number. `route` is the method with the path, ids left out.
    pub fn arrive(&mut self, at: Duration, method: &str, path: &str, route: String) -> u64 {
        self.requests += 1;
        self.writes += u64::from(method != "GET");
        *self.by_route.entry(route).or_default() += 1;
        self.peak.count(at);
        let gap = at.saturating_sub(self.last_at.unwrap_or(at));
        if gap <= IDLE {
            self.busy += gap;
        }
        self.last_at = Some(at);
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.requests,
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            method: method.to_owned(),
            path: path.to_owned(),
            ..Entry::default()
        });
        self.requests
    }

    /// A request that was noted is refused for the rate: nothing was written by it.
    pub fn refuse(&mut self, method: &str) {
        self.refused += 1;
        self.writes -= u64::from(method != "GET");
    }

    /// The entry of a request, unless it is too old to be kept.
    pub fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.number;
        self.entries.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    pub fn answered(&mut self, number: u64, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
        if let Some(entry) = self.entry(number) {
            entry.status = Some(status);
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Seconds in which the client was active: from the first request to the last, without idle
    /// pauses.
    pub fn busy_s(&self) -> f64 {
        self.busy.as_secs_f64()
    }
}
