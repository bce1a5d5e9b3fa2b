use jiff::{SignedDuration, Timestamp, Unit};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName};

/// A difference between the clocks that is worth a warning.
const DIFFERENCE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// The shop's clock, by the `Date` of its answers: windows end by the shop's clock, whatever this
/// machine's clock shows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShopClock {
    ahead: Option<SignedDuration>,
    /// Set by an answer of the shop itself.
    is_certain: bool,
}

impl ShopClock {
    /// Compares the clocks by the first success that has a date. Another answer may come from a
    /// host in front of the shop, with another clock; it counts until then.
    pub(super) fn note(&mut self, status: StatusCode, headers: &HeaderMap) {
        let Some(date) = date_of(headers, DATE).filter(|_| !self.is_certain) else { return };
        self.ahead = Some(date.duration_since(Timestamp::now()));
        self.is_certain = status.is_success();
    }

    /// In whole seconds, as the APIs compare.
    pub(super) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let shops = now.checked_add(self.ahead.unwrap_or_default()).unwrap_or(now);
        shops.round(Unit::Second).unwrap_or(shops)
    }

    /// How far it is ahead of this machine's; `None` before an answer has a date.
    pub(super) fn ahead(&self) -> Option<SignedDuration> {
        self.ahead
    }

    pub(super) fn warning(&self) -> Option<String> {
        let ahead = self.ahead.filter(|ahead| ahead.abs() > DIFFERENCE_MAX)?;
        let word = if ahead.is_positive() { "ahead of" } else { "behind" };
        let seconds = ahead.abs().as_secs();
        Some(format!("the shop's clock is {seconds} s {word} this machine's"))
    }
}

/// A header that holds a date.
pub(super) fn date_of(headers: &HeaderMap, name: HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}
