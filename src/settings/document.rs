//! Reads the files of settings strictly by the table of keys, and notes where each key is.

use super::draft::Draft;
use super::schema::{self, Key, ROOT, SettingKind};
use super::search::{DROP_INS, FoundFiles, SettingsText};
use super::value::{self, EMPTY, Wrong};
use super::{FaultKind, Place, SettingsError};
use crate::domain::{did_you_mean, line_and_column, toml_kind};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads the files into the draft and reports every fault. False if one is not TOML: then the rest
/// can't be checked.
pub(super) fn read(found: &FoundFiles, draft: &mut Draft) -> bool {
    let mut names = BTreeMap::new();
    let mut is_toml = true;
    for file in found.files() {
        let is_drop_in = !std::ptr::eq(file, &found.main);
        is_toml &= read_file(file, is_drop_in, &mut names, draft);
    }
    is_toml
}

/// Names that variables can't distinguish: by table and the name with `_` for `-`.
type AmbiguousNames = BTreeMap<(String, String), String>;

fn read_file(
    file: &SettingsText,
    is_drop_in: bool,
    names: &mut AmbiguousNames,
    draft: &mut Draft,
) -> bool {
    let text = file.text.as_str();
    draft.reading.clone_from(&file.shown);
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        let (line, column) = line_and_column(text, fault.span().map_or(0, |span| span.start));
        let file = file.shown.clone();
        let fault = SettingsError::new(
            Place::Line { file, line, column },
            "",
            format!("invalid TOML: {}", fault.message()),
            "lines such as [accounts.main] or key = \"value\"",
        );
        draft.push(fault.of_kind(FaultKind::Syntax));
    }
    if faults.is_empty() {
        Walk { text, is_drop_in, names, draft }.table(table.get_ref(), ROOT, "");
    }
    faults.is_empty()
}

struct Walk<'a> {
    text: &'a str,
    is_drop_in: bool,
    names: &'a mut AmbiguousNames,
    draft: &'a mut Draft,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, keys: &'static [Key], path: &str) {
        for (name, value) in table {
            let at = schema::join(path, name.get_ref());
            self.note(&at, name.span());
            match keys.iter().find(|key| key.name == name.get_ref()) {
                Some(key) if self.is_drop_in && path.is_empty() && !key.kind.is_named() => {
                    let expected = "accounts, jobs and mappings; the rest is in the settings file";
                    self.draft.report(&at, format!("set in a file of {DROP_INS}"), expected, None);
                }
                Some(key) => self.value(value, key, &at),
                None => {
                    let expected =
                        format!("one of: {}", schema::names(keys).collect::<Vec<_>>().join(", "));
                    let hint = did_you_mean(name.get_ref(), schema::names(keys));
                    self.draft.unknown(&at, expected, hint);
                }
            }
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, key: &Key, at: &str) {
        match (&key.kind, value.get_ref()) {
            (SettingKind::Table(keys), DeValue::Table(table)) => {
                return self.table(table, keys, at);
            }
            (SettingKind::Named(keys), DeValue::Table(table)) => {
                return self.named(table, Some(keys), at);
            }
            (SettingKind::Mappings, DeValue::Table(table)) => return self.named(table, None, at),
            _ => self.note(at, value.span()),
        }
        match value::from_toml(&key.kind, value.get_ref()) {
            Ok(value) => self.draft.file.set(at, value),
            Err(Wrong { found, hint }) => {
                let is_needless = found == EMPTY && !key.is_required();
                let hint = hint.or_else(|| is_needless.then(|| "leave the key out".to_owned()));
                self.draft.report(at, found, key.kind.expected(), hint);
            }
        }
    }

    /// Without keys, others check what the tables contain.
    fn named(&mut self, table: &DeTable<'_>, keys: Option<&'static [Key]>, path: &str) {
        for (name, value) in table {
            let at = schema::join(path, name.get_ref());
            let place = self.place(name.span());
            let alike = (path.to_owned(), name.get_ref().replace('-', "_"));
            let twin = self.names.insert(alike, name.get_ref().to_string());
            if twin.as_deref() == Some(name.get_ref()) {
                self.repeated(&at, place);
                continue;
            }
            self.draft.record_place(&at, place);
            match value.get_ref() {
                _ if !schema::is_name(name.get_ref()) => {
                    let lower = name.get_ref().to_lowercase();
                    let hint = schema::is_name(&lower).then(|| format!("did you mean `{lower}`?"));
                    self.draft.report(&at, "invalid name", schema::NAME_EXPECTED, hint);
                }
                DeValue::Table(_) if twin.is_some() => {
                    let found = format!("too similar to `{}`", twin.unwrap_or_default());
                    let expected =
                        "names that differ in more than - and _, which are the same in a variable";
                    self.draft.report(&at, found, expected, None);
                }
                DeValue::Table(table) => {
                    if let Some(keys) = keys {
                        self.table(table, keys, &at);
                    }
                }
                other => {
                    let found = format!("found {}", toml_kind(other));
                    self.draft.report(&at, found, format!("a table [{at}]"), None);
                }
            }
        }
    }

    /// A table that another file has too: which one counts would depend on their names.
    fn repeated(&mut self, at: &str, place: Place) {
        let found = format!("also set at {}", self.draft.places.nearest(at));
        let expected = format!("[{at}] in one file");
        self.draft.push(SettingsError::new(place, at, found, expected));
    }

    fn note(&mut self, at: &str, span: Range<usize>) {
        let place = self.place(span);
        self.draft.record_place(at, place);
    }

    fn place(&self, span: Range<usize>) -> Place {
        let (line, column) = line_and_column(self.text, span.start);
        Place::Line { file: self.draft.reading.clone(), line, column }
    }
}
