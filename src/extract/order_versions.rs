//! Decides whether two records are versions of one order, and which of them is the newer one.

use crate::domain::{Moment, OrderKey, Reason, SourceOrder};
use foldhash::quality::{FixedState, FoldHasher};
use jiff::tz::TimeZone;
use std::hash::{BuildHasher, Hash, Hasher};

/// Whether the records of a table say which of two copies of an order is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyTimes {
    Unstated,
    /// By the time of their last modification.
    Stated,
    /// They do, and the copies within one table were compared when it was read.
    Compared,
}

impl CopyTimes {
    pub fn stated_if(is_stated: bool) -> Self {
        if is_stated { Self::Stated } else { Self::Unstated }
    }
}

/// Whether the fields of a record are unreliable, including its key.
pub fn is_damaged(order: &SourceOrder) -> bool {
    let damage = [Reason::MalformedRow, Reason::BadEncoding];
    order.faults.iter().any(|fault| damage.contains(&fault.reason))
}

/// What an order's versions have in common: its key, or its number if the id is not usable. Such an
/// order is still sent if orders are identified by their numbers, and then it must be the newest
/// version.
pub fn key_of(order: &SourceOrder) -> Option<OrderKey> {
    match order.key() {
        Ok(key) => Some(key),
        Err(_) if order.is_cart() => None,
        Err(_) => OrderKey::parse(&order.number).ok(),
    }
}

/// A hash of what an order states, wherever it is: equal for identical copies.
pub fn content_of(order: &SourceOrder) -> u64 {
    let mut hasher = WithoutPlace(FixedState::default().build_hasher());
    order.hash(&mut hasher);
    hasher.finish()
}

/// Skips the numbers of records, files and lines, the only `u64` and `u32` in an order.
struct WithoutPlace(FoldHasher<'static>);

impl Hasher for WithoutPlace {
    fn write_u32(&mut self, _: u32) {}

    fn write_u64(&mut self, _: u64) {}

    fn write_u8(&mut self, byte: u8) {
        self.0.write_u8(byte);
    }

    fn write_usize(&mut self, number: usize) {
        self.0.write_usize(number);
    }

    fn write(&mut self, bytes: &[u8]) {
        // Most texts are empty. The byte that ends each is enough to tell them apart.
        if !bytes.is_empty() {
            self.0.write(bytes);
        }
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// Marks those of an order's copies that do not count: the older ones, and of identical ones all
/// but the first.
pub fn mark_superseded(copies: &mut [SourceOrder]) {
    if copies.len() < 2 {
        return;
    }
    let known: Vec<(u64, u64)> = copies
        .iter()
        .map(|copy| (stamp(&copy.updated_at, &TimeZone::UTC), content_of(copy)))
        .collect();
    let newest = known.iter().map(|(modified, _)| *modified).max().unwrap_or_default();
    for (at, (copy, own)) in copies.iter_mut().zip(&known).enumerate() {
        let is_older = own.0 > 0 && own.0 < newest;
        copy.is_superseded = is_older || known[..at].contains(own);
    }
}

/// A moment in microseconds since 1970, plus one: a date with its fraction (in `zone` where it has
/// no offset), or a count of seconds, milliseconds, microseconds or nanoseconds, by its length. 0
/// for anything else.
pub fn stamp(text: &str, zone: &TimeZone) -> u64 {
    let text = text.trim();
    let of_number = |number: u64| {
        Some(match text.len() {
            ..=11 => number.checked_mul(1_000_000)?,
            12..=14 => number.checked_mul(1_000)?,
            15..=17 => number,
            _ => number / 1_000,
        })
    };
    let micros = match text.parse::<u64>() {
        Ok(number) => of_number(number),
        Err(_) => Moment::parse(text, zone).ok().and_then(|moment| {
            u64::try_from(moment.timestamp().as_second())
                .ok()?
                .checked_mul(1_000_000)?
                .checked_add(fraction(text))
        }),
    };
    micros.map_or(0, |micros| micros.saturating_add(1))
}

/// The fraction of a date in microseconds, which [`Moment`] drops.
fn fraction(date: &str) -> u64 {
    let Some((_, behind)) = date.split_once('.') else { return 0 };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).chain(std::iter::repeat(b'0'));
    digits.take(6).fold(0, |micros, digit| micros * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_one_stamp_in_whatever_form_it_is_written() {
        let stamp = |text: &str| stamp(text, &TimeZone::UTC);
        let expected = 1_704_067_200_123_000 + 1;
        for text in [
            "2024-01-01T00:00:00.123Z",
            "2024-01-01T00:00:00.123000+00:00",
            "2024-01-01 00:00:00.123",
            "2024-01-01 00:00:00.123 UTC",
            "2024-01-01 01:00:00.123+01",
            "1704067200123",
            "1704067200123000",
            "1704067200123000999",
        ] {
            assert_eq!(stamp(text), expected, "{text}");
        }
        assert_eq!(stamp("1704067200"), 1_704_067_200_000_001);
        for none in ["", "yesterday", "1.70407E+12", "-5", "01/02/2024 00:00"] {
            assert_eq!(stamp(none), 0, "{none}");
        }
    }

    #[test]
    fn a_version_read_a_microsecond_later_is_newer() {
        let stamp = |text: &str| stamp(text, &TimeZone::UTC);
        assert!(stamp("2024-01-01T00:00:00.000002Z") > stamp("2024-01-01T00:00:00.000001Z"));
        assert!(stamp("2024-01-01T00:00:00.1Z") > stamp("2024-01-01T00:00:00.09Z"));
    }
}
