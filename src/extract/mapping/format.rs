//! A mapping, from the settings or built in, as a format.

use super::amounts::AmountForm;
use super::dates::Unsettled;
use super::profile::{MappingSource, Name, Profile, RowLayout};
use super::records::{missing_in, note_uses, order_of};
use super::sheet::{MappedSheet, missing};
use crate::domain::SourceOrder;
use crate::extract::error::NoMatch;
use crate::extract::format::{About, CsvFormat, CsvHead, CsvMatch, Format, Syntax};
use crate::extract::header::{Header, is_same, is_same_if_lossy};
use crate::extract::json::{Document, KeyUses};
use crate::extract::row_objects::{ReadsObjects, RowObjects};
use std::borrow::Cow;
use std::sync::Arc;

impl Format for Arc<Profile> {
    fn about(&self) -> About<'_> {
        let Profile { name, title, description, hint, .. } = &**self;
        About { name, title, description, how: hint }
    }

    /// The hint about missing columns, without the word "again".
    fn how(&self) -> String {
        let hint = self.hint.replacen(" again", "", 1);
        let mut letters = hint.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    }

    fn needs(&self) -> Vec<String> {
        missing(&MappedSheet::resolve(self, &Header::default()))
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for Arc<Profile> {
    fn known_columns(&self, header: &Header) -> usize {
        if matches!(self.source, MappingSource::Json { .. }) {
            return header
                .count(|own| self.names.iter().any(|place| is_same(own, first_key(place))));
        }
        let names = || self.names.iter().chain(&self.also);
        header.count(|own| names().any(|name| is_same_if_lossy(own, name)))
    }

    fn column_names(&self) -> Vec<&str> {
        let is_json = matches!(self.source, MappingSource::Json { .. });
        let names = self.names.iter().map(String::as_str);
        names.map(|name| if is_json { first_key(name) } else { name }).collect()
    }

    fn delimiter(&self) -> Option<u8> {
        match self.source {
            MappingSource::Csv { delimiter, .. } => delimiter,
            MappingSource::Json { .. } | MappingSource::FlatJson { .. } => None,
        }
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        if matches!(self.source, MappingSource::Json { .. }) {
            return of_json_cells(self, head);
        }
        // Cells of a table, even if the mapping is for JSON: a spreadsheet may have rounded them.
        let form = AmountForm { has_exponents: false, ..self.form.clone() };
        let of_cells = Arc::new(Profile { form, ..Profile::clone(self) });
        let mut sheet = MappedSheet::resolve(&of_cells, head.header);
        let columns = missing(&sheet);
        if !columns.is_empty() {
            if head.is_named || is_near(&sheet, head.header) {
                return CsvMatch::MissingColumns { columns, hint: self.hint.clone() };
            }
            return CsvMatch::NotThisFormat;
        }
        let what = match sheet.settle_dates(head.rows) {
            Ok(()) => return CsvMatch::Complete(Arc::new(sheet)),
            Err(Unsettled::Undecided) => "its first dates could all be day first or month first",
            Err(Unsettled::Contradictory) => {
                "some of its dates are day first, and some month first"
            }
        };
        CsvMatch::Unusable(NoMatch::new(
            format!("{}: {what}", self.title),
            format!(
                "copy the mapping into the settings under a name of its own (`ordersync formats --show {}`), keep in \
                 `dates` the one form that is true, and name it as the job's format",
                self.name
            ),
        ))
    }
}

impl ReadsObjects for Arc<Profile> {
    fn order(&self, document: &Document<'_>) -> SourceOrder {
        order_of(self, document)
    }

    fn note_uses(&self, document: &Document<'_>, uses: &mut KeyUses) {
        note_uses(self, document.value, uses);
    }
}

/// A table that a mapping of JSON reads: each row is a record, with JSON in its cells.
fn of_json_cells(profile: &Arc<Profile>, head: &CsvHead<'_>) -> CsvMatch {
    let objects = RowObjects::of(head.header);
    let columns = missing_in(objects.first(head.rows).map(Cow::Owned), profile);
    if columns.is_empty() {
        let profile = Arc::clone(profile);
        let copy_times = profile.copy_times();
        return CsvMatch::Complete(objects.layout(copy_times, Vec::new(), profile));
    }
    if head.is_named {
        return CsvMatch::MissingColumns { columns, hint: profile.hint.clone() };
    }
    CsvMatch::NotThisFormat
}

/// The first key of a path in a record.
fn first_key(place: &str) -> &str {
    place.strip_prefix('/').and_then(|place| place.split('/').next()).unwrap_or(place)
}

/// Whether the key exists, and most of the columns belong to this export.
fn is_near(sheet: &MappedSheet, header: &Header) -> bool {
    let profile = &sheet.profile;
    let key: Vec<Name> = match profile.layout() {
        Some(RowLayout::Lines { key, .. }) => key.clone(),
        Some(RowLayout::Parts(parts)) => vec![parts.cell],
        _ => Vec::new(),
    };
    let known = profile.known_columns(header);
    key.iter().any(|name| sheet.has(*name)) && known >= 4 && known * 2 >= header.len()
}
