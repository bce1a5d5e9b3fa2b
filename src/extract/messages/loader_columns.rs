//! The columns that extractors and loaders add to a row: when it was read at its source, and
//! whether it was deleted there.

use crate::domain::RecordError;
use crate::extract::blank;
use crate::extract::decisive;
use crate::extract::json::{RepeatedKey, Value};
use crate::extract::order_versions::stamp;
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

/// These columns of one row, without those that are `null`.
#[derive(Debug, Default)]
pub struct LoaderColumns<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> LoaderColumns<'a> {
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

    /// The whole record, if it is in one column.
    pub fn data(&self) -> Option<Value<'a>> {
        self.get("_airbyte_data")
    }

    pub fn is_of_airbyte(&self) -> bool {
        self.has_any(&OF_AIRBYTE)
    }

    pub fn is_of_singer(&self) -> bool {
        self.has_any(&OF_SINGER)
    }

    /// Whether the record was deleted at its source. Some targets write a blank if it was not.
    pub fn says_deleted(&self) -> Result<bool, RecordError> {
        for name in ["_sdc_deleted_at", "_ab_cdc_deleted_at"] {
            let is_dated = decisive::is_dated(&self.text(name));
            if is_dated.map_err(|reason| RecordError::of(reason, name))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// When the row was read at its source; 0 if it does not say, or in an unknown form.
    pub fn extracted_at(&self) -> u64 {
        let stated = EXTRACTED_AT.iter().find(|name| self.get(name).is_some());
        stated.map_or(0, |name| stamp(&self.text(name), &TimeZone::UTC))
    }

    /// Orders rows that were read at the same moment: the loader's counter, or the time of the
    /// change.
    pub fn sequence(&self) -> u64 {
        match self.text("_sdc_sequence").parse::<u64>() {
            Ok(number) => number.saturating_add(1),
            Err(_) => stamp(&self.text("_ab_cdc_updated_at"), &TimeZone::UTC),
        }
    }
}
