use super::text::trim;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, civil};
use std::fmt;

mod mail;

/// An instant with the UTC offset that its source states, to the second, as in RFC 3339.
///
/// Equality and order are those of the instant alone.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    timestamp: Timestamp,
    offset: Offset,
}

/// Why a text is not a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    #[error(
        "expected a date and time such as 2024-01-31 10:11:12 -0500 or 2024-01-31T10:11:12-05:00"
    )]
    Malformed,
    #[error("expected a date from 1970 on and before 2100")]
    Range,
}

impl Moment {
    pub const EPOCH: Self = Self { timestamp: Timestamp::UNIX_EPOCH, offset: Offset::UTC };

    /// Reads `2024-01-31 10:11:12 -0500`, RFC 3339, RFC 2822 (`Wed, 31 Jan 2024 10:11:12 -0500`),
    /// and any of them without an offset, which is then taken from `zone`. Seconds are optional.
    ///
    /// A local time that a clock change skips is read with the offset before the change, so it
    /// moves forward by the gap; one that it repeats is the first of the two, which is the offset
    /// before the change as well. Fractions of a second are dropped: ActiveCampaign doesn't store
    /// them. `-00:00` (RFC 3339: the local offset is not known) is UTC.
    ///
    /// # Errors
    /// When the text has another form (day-first and month-first dates are never guessed),
    /// is not a calendar date, or is outside 1970 to 2099.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, MomentError> {
        let text = trim(text);
        let (civil, rest) =
            split_civil(text).or_else(|| mail::split(text)).ok_or(MomentError::Malformed)?;
        let offset = match split_offset(rest).ok_or(MomentError::Malformed)? {
            Some(offset) => offset,
            None => local_offset(civil, zone),
        };
        let timestamp = offset.to_timestamp(civil).map_err(|_| MomentError::Range)?;
        Self::new(timestamp, offset)
    }

    /// Whether a text that [`Self::parse`] reads states its offset.
    pub fn states_offset(text: &str) -> bool {
        const DATE_BYTES: usize = 10;
        let time = trim(text).get(DATE_BYTES..).unwrap_or_default();
        time.contains(['Z', 'z', '+', '-']) || time.ends_with("UTC") || time.ends_with("GMT")
    }

    /// An offset with seconds, as some zones had until 1972, is truncated to the minute, as RFC
    /// 3339 can't express them; the instant stays.
    ///
    /// # Errors
    /// When the year at the offset is outside 1970 to 2099, or the instant is before 1970.
    pub fn new(timestamp: Timestamp, offset: Offset) -> Result<Self, MomentError> {
        let offset =
            Offset::from_seconds(offset.seconds() / 60 * 60).map_err(|_| MomentError::Range)?;
        let year = offset.to_datetime(timestamp).year();
        if !(1970..2100).contains(&year) || timestamp < Timestamp::UNIX_EPOCH {
            return Err(MomentError::Range);
        }
        Ok(Self { timestamp, offset })
    }

    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Year and month (1 to 12) of the calendar at its offset.
    pub fn month(&self) -> (i16, i8) {
        let civil = self.offset.to_datetime(self.timestamp);
        (civil.year(), civil.month())
    }
}

/// The leading `YYYY-MM-DD?HH:MM[:SS[.fff]]` of a text, and what follows it.
fn split_civil(text: &str) -> Option<(civil::DateTime, &str)> {
    let bytes = text.as_bytes();
    let number = |from: usize, len: usize| -> Option<i16> {
        let digits = bytes.get(from..from + len)?;
        digits
            .iter()
            .try_fold(0_i16, |n, b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
    };
    let sign =
        |at: usize, expected: &[u8]| bytes.get(at).filter(|b| expected.contains(b)).map(|_| ());
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute) = (number(11, 2)?, number(14, 2)?);
    sign(4, b"-")?;
    sign(7, b"-")?;
    sign(10, b" T")?;
    sign(13, b":")?;
    let (second, mut end) = match bytes.get(16) {
        Some(b':') => (number(17, 2)?, 19),
        _ => (0, 16),
    };
    if end == 19 && bytes.get(19) == Some(&b'.') {
        let digits = bytes.get(20..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        end = (digits > 0).then_some(20 + digits)?;
    }
    let small = |n: i16| i8::try_from(n).ok();
    let civil = civil::DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()?;
    Some((civil, text.get(end..)?))
}

/// Reads nothing, `Z`, `UTC`, `GMT`, `±HH:MM`, `±HHMM` or `±HH`, with or without a space before it.
/// The outer `None` means something else.
fn split_offset(text: &str) -> Option<Option<Offset>> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let (sign, digits) = match text.as_bytes() {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(Offset::UTC)),
        [b'U', b'T', b'C'] | [b'G', b'M', b'T'] => return Some(Some(Offset::UTC)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hour, minute) = match digits {
        [a, b, b':', c, d] | [a, b, c, d] => ([*a, *b], [*c, *d]),
        [a, b] => ([*a, *b], [b'0', b'0']),
        _ => return None,
    };
    let two = |[a, b]: [u8; 2]| {
        (a.is_ascii_digit() && b.is_ascii_digit())
            .then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(())?;
    Offset::from_seconds(sign * (hour * 3600 + minute * 60)).ok().map(Some)
}

fn local_offset(civil: civil::DateTime, zone: &TimeZone) -> Offset {
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    }
}

impl Moment {
    /// In the form of RFC 3339, which always has this length for these years and offsets.
    fn text(&self) -> [u8; 25] {
        let civil = self.offset.to_datetime(self.timestamp);
        let digits = |n: i32| [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        let two = |n: i8| digits(i32::from(n));
        let [a, b] = digits(i32::from(civil.year()) / 100);
        let [c, d] = digits(i32::from(civil.year()));
        let ([e, f], [g, h]) = (two(civil.month()), two(civil.day()));
        let ([i, j], [k, l], [m, n]) =
            (two(civil.hour()), two(civil.minute()), two(civil.second()));
        let (sign, seconds) = match self.offset.seconds() {
            s if s < 0 => (b'-', -s),
            s => (b'+', s),
        };
        let ([o, p], [q, r]) = (digits(seconds / 3600), digits(seconds / 60 % 60));
        [
            a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n, sign, o, p,
            b':', q, r,
        ]
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.timestamp == other.timestamp
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.timestamp.cmp(&other.timestamp)
    }
}

/// Without an offset it is UTC.
impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, &TimeZone::UTC).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .serialize_str(std::str::from_utf8(&self.text()).map_err(serde::ser::Error::custom)?)
    }
}

#[cfg(test)]
mod tests;
