//! What extractors and loaders write beside the columns of a row: when it was read at its source,
//! and whether it is gone there.

use crate::domain::Moment;
use crate::extract::json::Raw;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// The names of these columns, and of others that only the tables of such loaders have.
pub const NAMES: &[&str] = &[
    "_airbyte_raw_id",
    "_airbyte_ab_id",
    "_airbyte_extracted_at",
    "_airbyte_emitted_at",
    "_airbyte_loaded_at",
    "_airbyte_normalized_at",
    "_airbyte_data",
    "_airbyte_meta",
    "_airbyte_generation_id",
    "_ab_cdc_updated_at",
    "_ab_cdc_deleted_at",
    "_sdc_extracted_at",
    "_sdc_received_at",
    "_sdc_batched_at",
    "_sdc_sequence",
    "_sdc_deleted_at",
    "_sdc_table_version",
];

/// The marks of one row.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Marks<'a> {
    #[serde(borrow, rename = "_airbyte_data")]
    pub data: Raw<'a>,
    #[serde(borrow)]
    _airbyte_raw_id: Raw<'a>,
    #[serde(borrow)]
    _airbyte_ab_id: Raw<'a>,
    #[serde(borrow)]
    _airbyte_extracted_at: Raw<'a>,
    #[serde(borrow)]
    _airbyte_emitted_at: Raw<'a>,
    #[serde(borrow)]
    _ab_cdc_updated_at: Raw<'a>,
    #[serde(borrow)]
    _ab_cdc_deleted_at: Raw<'a>,
    #[serde(borrow)]
    _sdc_extracted_at: Raw<'a>,
    #[serde(borrow)]
    _sdc_received_at: Raw<'a>,
    #[serde(borrow)]
    _sdc_batched_at: Raw<'a>,
    #[serde(borrow)]
    _sdc_sequence: Raw<'a>,
    #[serde(borrow)]
    _sdc_deleted_at: Raw<'a>,
    #[serde(borrow)]
    _sdc_table_version: Raw<'a>,
}

impl<'a> Marks<'a> {
    /// The marks of an object; `None` of one that can have none, which is told without reading it.
    ///
    /// # Errors
    /// When the text is no object, or says one thing twice.
    pub fn of(text: &'a str) -> serde_json::Result<Option<Self>> {
        let is_marked =
            ["\"_airbyte_", "\"_sdc_", "\"_ab_cdc_"].iter().any(|mark| text.contains(mark));
        if is_marked { serde_json::from_str(text).map(Some) } else { Ok(None) }
    }

    pub fn is_of_airbyte(&self) -> bool {
        let own = [
            self.data,
            self._airbyte_raw_id,
            self._airbyte_ab_id,
            self._airbyte_extracted_at,
            self._airbyte_emitted_at,
        ];
        own.iter().any(Option::is_some)
    }

    pub fn is_of_singer(&self) -> bool {
        let own = [
            self._sdc_extracted_at,
            self._sdc_received_at,
            self._sdc_batched_at,
            self._sdc_sequence,
            self._sdc_table_version,
        ];
        own.iter().any(Option::is_some)
    }

    /// Whether the record is gone at its source. A blank mark is how some targets write none.
    pub fn says_deleted(&self) -> bool {
        [self._sdc_deleted_at, self._ab_cdc_deleted_at]
            .iter()
            .any(|mark| !text_of(*mark).trim().is_empty())
    }

    /// When the row was read at its source; 0 where it does not say, or not in a form that is
    /// known.
    pub fn extracted_at(&self) -> u64 {
        let stated =
            self._airbyte_extracted_at.or(self._airbyte_emitted_at).or(self._sdc_extracted_at);
        stamp(&text_of(stated.or(self._sdc_received_at).or(self._sdc_batched_at)))
    }

    /// What orders rows that were read at one moment: the number that a loader counts, or the
    /// moment of the change.
    pub fn sequence(&self) -> u64 {
        match text_of(self._sdc_sequence).parse::<u64>() {
            Ok(number) => number.saturating_add(1),
            Err(_) => stamp(&text_of(self._ab_cdc_updated_at)),
        }
    }
}

/// The text of a string or a number.
fn text_of(raw: Raw<'_>) -> String {
    let Some(raw) = raw.map(|raw| raw.get()) else { return String::new() };
    serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
}

/// A moment in microseconds since 1970, plus one: a date with its fraction (in UTC where it has no
/// offset), or a count of seconds, milliseconds, microseconds or nanoseconds, which its length
/// tells. 0 for anything else.
pub fn stamp(text: &str) -> u64 {
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
        Err(_) => Moment::parse(text, &TimeZone::UTC).ok().and_then(|moment| {
            u64::try_from(moment.timestamp().as_second())
                .ok()?
                .checked_mul(1_000_000)?
                .checked_add(fraction(text))
        }),
    };
    micros.map_or(0, |micros| micros.saturating_add(1))
}

/// The microseconds behind the point of a date, which [`Moment`] cuts.
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
    fn what_was_read_later_by_a_microsecond_is_newer() {
        assert!(stamp("2024-01-01T00:00:00.000002Z") > stamp("2024-01-01T00:00:00.000001Z"));
        assert!(stamp("2024-01-01T00:00:00.1Z") > stamp("2024-01-01T00:00:00.09Z"));
    }
}
