use crate::report::duration;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A moment with its offset, so that it is unambiguous.
pub(super) fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

pub(super) fn instant_ms(ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| "not known".to_owned(), |at| instant(at, zone))
}

/// A length of time; a negative one counts as zero.
pub(super) fn span(length: SignedDuration) -> String {
    duration(Duration::try_from(length).unwrap_or_default())
}

/// A moment, and the time until it or since it.
pub(super) fn coming(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at_text, left) = (instant(at, zone), at.duration_since(now));
    if left.is_negative() {
        format!("{at_text}, {} ago", span(-left))
    } else {
        format!("{at_text}, in {}", span(left))
    }
}
