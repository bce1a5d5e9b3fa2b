//! The columns that extractors and loaders add to a row: when it was read at its source, and whether
//! it was deleted there.

use crate::domain::{Moment, RecordError};
use crate::extract::blank;
use crate::extract::decisive;
use crate::extract::json::{RepeatedKey, Value};
use jiff::tz::TimeZone;

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

/// Columns of [`NAMES`] that prove a loader; those of Airbyte.
const OF_AIRBYTE: [&str; 5] = [
    "_airbyte_data",
    "_airbyte_raw_id",
    "_airbyte_ab_id",
    "_airbyte_extracted_at",
    "_airbyte_emitted_at",
];
/// Those of Singer targets.
const OF_SINGER: [&str; 5] = [
    "_sdc_extracted_at",
    "_sdc_received_at",
    "_sdc_batched_at",
    "_sdc_sequence",
    "_sdc_table_version",
];
/// Stating when a row was read, the most exact first.
const EXTRACTED_AT: [&str; 5] = [
    "_airbyte_extracted_at",
    "_airbyte_emitted_at",
    "_sdc_extracted_at",
    "_sdc_received_at",
    "_sdc_batched_at",
];

/// These columns of one row, those that are `null` left out.
#[derive(Debug, Default)]
pub struct LoaderColumns<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> LoaderColumns<'a> {
    /// # Errors
    /// When the row has one of them twice.
    pub fn of(row: Value<'a>) -> Result<Self, RepeatedKey> {
        let mut columns = Self::default();
        for (key, value) in row.members().filter(|(key, _)| key.starts_with('_')) {
            let Some(name) = NAMES.iter().copied().find(|name| *name == key) else { continue };
            if columns.get(name).is_some() {
                return Err(RepeatedKey);
            }
            columns.0.push((name, value));
        }
        columns.0.retain(|(_, value)| !value.is_null());
        Ok(columns)
    }

    fn get(&self, name: &str) -> Option<Value<'a>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// The text of a string or a number.
    fn text(&self, name: &str) -> String {
        let text = self.get(name).and_then(|value| value.text().ok()).unwrap_or_default();
        blank::value(&text).to_owned()
    }

    /// The whole record, where it is in one column.
    pub fn data(&self) -> Option<Value<'a>> {
        self.get("_airbyte_data")
    }

    pub fn is_of_airbyte(&self) -> bool {
        self.has_any(&OF_AIRBYTE)
    }

    pub fn is_of_singer(&self) -> bool {
        self.has_any(&OF_SINGER)
    }

    /// Whether the record was deleted at its source. Some targets write a blank where it was not.
    ///
    /// # Errors
    /// When a column is neither blank nor a date.
    pub fn says_deleted(&self) -> Result<bool, RecordError> {
        for name in ["_sdc_deleted_at", "_ab_cdc_deleted_at"] {
            let is_dated = decisive::is_dated(&self.text(name));
            if is_dated.map_err(|reason| RecordError::of(reason, name))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// When the row was read at its source; 0 where it does not say, or not in a form that is
    /// known.
    pub fn extracted_at(&self) -> u64 {
        let stated = EXTRACTED_AT.iter().find(|name| self.get(name).is_some());
        stated.map_or(0, |name| stamp(&self.text(name)))
    }

    /// What orders rows that were read at one moment: the number that a loader counts, or the
    /// moment of the change.
    pub fn sequence(&self) -> u64 {
        match self.text("_sdc_sequence").parse::<u64>() {
            Ok(number) => number.saturating_add(1),
            Err(_) => stamp(&self.text("_ab_cdc_updated_at")),
        }
    }
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
