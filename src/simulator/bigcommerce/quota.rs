use axum::http::{HeaderMap, HeaderName};
use std::time::Duration;
use tokio::time::Instant;

const PERIOD: Duration = Duration::from_secs(30);
/// One in this many requests is reserved for the store's other apps.
const RESERVED_PART: u64 = 5;

/// The requests that a store allows.
pub struct Quota {
    quota: u64,
    used: u64,
    ends: Instant,
    /// The client was shown that only the part reserved for other apps is left.
    is_warned: bool,
}

/// The remaining quota when a request came.
pub(super) struct Admission {
    pub is_admitted: bool,
    /// The client could have known that it should wait.
    pub is_too_soon: bool,
}

impl Quota {
    pub(super) fn new() -> Self {
        Self { quota: 0, used: 0, ends: Instant::now(), is_warned: false }
    }

    pub(super) fn admit(&mut self, quota: u64, taken_by_others: u64) -> Admission {
        let now = Instant::now();
        if now >= self.ends {
            *self = Self { quota, used: taken_by_others, ends: now + PERIOD, is_warned: false };
        }
        let is_admitted = self.used < quota;
        self.used += u64::from(is_admitted);
        Admission { is_admitted, is_too_soon: self.is_warned }
    }

    /// Notes what the client knows after an answer.
    pub(super) fn note_answer(&mut self, is_seen: bool) {
        self.is_warned |= is_seen && self.left() < self.quota.div_ceil(RESERVED_PART);
    }

    /// A client that begins knows nothing.
    pub(super) fn begin_client(&mut self) {
        self.is_warned = false;
    }

    fn left(&self) -> u64 {
        self.quota.saturating_sub(self.used)
    }

    pub(super) fn show(&self, headers: &mut HeaderMap) {
        let reset = self.ends.duration_since(Instant::now()).as_millis() as u64 + 1;
        let shown = [
            ("x-rate-limit-time-window-ms", PERIOD.as_millis() as u64),
            ("x-rate-limit-time-reset-ms", reset),
            ("x-rate-limit-requests-quota", self.quota),
            ("x-rate-limit-requests-left", self.left()),
        ];
        headers.extend(shown.map(|(name, value)| (HeaderName::from_static(name), value.into())));
    }
}
