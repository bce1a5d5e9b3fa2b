//! The interface between the client and what carries its requests: the network, or in rehearsals a
//! target in the same process. The head of an answer is read here for both.

use super::rate_limiter::RateLimitHeaders;
use crate::domain::{NotConnectedCause, interned};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::pin::Pin;
use std::time::Duration;

/// The longest Retry-After accepted, so that no sum of instants overflows; far above any
/// `wait_max_ms`.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A request in flight. Dropping it closes the connection; what was sent may still arrive.
pub type ResponseFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Carries single requests; it neither retries nor classifies.
pub trait Transport: Send + Sync {
    /// Sends once. `path` follows `/api/3`, begins with a slash and is encoded already. The
    /// transport handles time-outs.
    fn send<'a>(&'a self, method: Method, path: &str, body: Option<Vec<u8>>) -> ResponseFuture<'a>;
}

/// An answer whose head has arrived.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// Or why it could not be read completely.
    pub body: Result<Vec<u8>, &'static str>,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportError {
    /// No connection: nothing left this machine.
    NotSent(NotConnected),
    /// The certificate is not trusted, and why.
    Untrusted(&'static str),
    TimedOut,
    ConnectionLost,
}

/// Why there is no connection, and to which host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotConnected {
    pub why: NotConnectedCause,
    pub host: &'static str,
}

impl NotConnected {
    /// For people.
    pub(super) fn text(self) -> &'static str {
        interned(&self.why.text(self.host))
    }
}

impl Response {
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }

    pub(super) fn budget(&self) -> Option<RateLimitHeaders> {
        let number = |name| self.headers.get(name)?.to_str().ok()?.trim().parse().ok();
        Some(RateLimitHeaders {
            limit: number("ratelimit-limit")?,
            remaining: number("ratelimit-remaining")?,
        })
    }
}

/// Seconds, or a date. A date is measured against the answer's own, as clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let until = date(text)?;
    let now = headers
        .get(DATE)
        .and_then(|value| date(value.to_str().ok()?))
        .unwrap_or_else(Timestamp::now);
    let wait = until.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default().min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn wait(pairs: &[(HeaderName, &'static str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_read_as_seconds_and_as_a_date() {
        assert_eq!(wait(&[(RETRY_AFTER, "30")]), Some(30));
        assert_eq!(wait(&[(RETRY_AFTER, " 0 ")]), Some(0));
        assert_eq!(wait(&[(RETRY_AFTER, "99999999999999999999999")]), Some(31_536_000));
        let date = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(
            wait(&[date.clone(), (RETRY_AFTER, "Wed, 21 Oct 2026 07:30:00 GMT")]),
            Some(120)
        );
        assert_eq!(wait(&[date, (RETRY_AFTER, "Wed, 21 Oct 2026 07:00:00 GMT")]), Some(0));
        for unread in ["", "soon", "-5", "1.5"] {
            assert_eq!(wait(&[(RETRY_AFTER, unread)]), None, "{unread}");
        }
        assert_eq!(wait(&[]), None);
    }
}
