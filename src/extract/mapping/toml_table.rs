//! Reads TOML strictly: every unknown key is an error with its line.

use crate::domain::{did_you_mean, line_and_column, one_of, toml_kind};
use crate::extract::error::ReadError;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A document being read, and its errors so far.
pub struct TomlDocument<'t> {
    pub file: &'t str,
    pub text: &'t str,
    pub faults: RefCell<Vec<ReadError>>,
}

/// A table of it, under its full name.
pub struct TomlTable<'t> {
    document: &'t TomlDocument<'t>,
    table: &'t DeTable<'t>,
    pub path: String,
    span: Range<usize>,
}

/// A value of it.
pub struct TomlValue<'t> {
    document: &'t TomlDocument<'t>,
    value: &'t Spanned<DeValue<'t>>,
    pub path: String,
}

impl<'t> TomlDocument<'t> {
    pub fn table(
        &'t self,
        table: &'t DeTable<'t>,
        path: &str,
        span: Range<usize>,
    ) -> TomlTable<'t> {
        TomlTable { document: self, table, path: path.to_owned(), span }
    }

    pub fn fault(&self, span: Range<usize>, key: &str, what: &str, expected: &str) {
        let (line, column) = line_and_column(self.text, span.start);
        let (what, hint) = (format!("{key}: {what}"), format!("expected {expected}"));
        let fault = ReadError::new(self.file, line as u64, what, hint);
        self.faults.borrow_mut().push(fault.at_column(column as u64));
    }
}

impl<'t> TomlTable<'t> {
    /// Reports every key other than these.
    pub fn only(&self, keys: &[&str]) {
        for (name, value) in self.table {
            if !keys.contains(&name.get_ref().as_ref()) {
                let key = format!("{}.{}", self.path, name.get_ref());
                let expected = expected_one_of(name.get_ref(), keys.iter().copied());
                self.document.fault(value.span(), &key, "unknown key", &expected);
            }
        }
    }

    pub fn get(&self, key: &str) -> Option<TomlValue<'t>> {
        let value = self.table.get(key)?;
        Some(TomlValue { document: self.document, value, path: format!("{}.{key}", self.path) })
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'t str, TomlValue<'t>)> {
        self.table.iter().map(|(name, value)| {
            let name: &str = name.get_ref();
            (
                name,
                TomlValue { document: self.document, value, path: format!("{}.{name}", self.path) },
            )
        })
    }

    pub fn table(&self, key: &str) -> Option<Self> {
        self.get(key)?.table()
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    pub fn texts(&self, key: &str) -> Vec<String> {
        self.get(key).and_then(|value| value.texts()).unwrap_or_default()
    }

    pub fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(|value| value.flag()).unwrap_or(false)
    }

    /// The words under `words`, each with its meaning.
    pub fn words<T>(&self, read: impl Fn(&TomlValue<'t>) -> Option<T>) -> Vec<(String, T)> {
        let words = self.table("words");
        let entries = words.iter().flat_map(Self::entries);
        entries.filter_map(|(word, value)| Some((word.to_owned(), read(&value)?))).collect()
    }

    /// The name under `column`, which is required.
    pub fn column(&self) -> Option<String> {
        let column = self.text("column");
        if column.is_none() {
            self.fault("names no column", "column = \"…\"");
        }
        column
    }

    pub fn fault(&self, what: &str, expected: &str) {
        self.document.fault(self.span.clone(), &self.path, what, expected);
    }
}

impl<'t> TomlValue<'t> {
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    pub fn table(&self) -> Option<TomlTable<'t>> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Some(self.document.table(table, &self.path, self.value.span()))
            }
            other => {
                self.unexpected(other, "a table");
                None
            }
        }
    }

    /// A list of tables.
    pub fn tables(&self) -> Vec<TomlTable<'t>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .enumerate()
                .filter_map(|(at, value)| {
                    let path = format!("{}[{at}]", self.path);
                    TomlValue { document: self.document, value, path }.table()
                })
                .collect(),
            other => {
                self.unexpected(other, "a list of tables");
                Vec::new()
            }
        }
    }

    pub fn text(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => {
                self.unexpected(other, "a string");
                None
            }
        }
    }

    /// The meaning of one of these words.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let chosen = choices.iter().find(|(word, _)| *word == text);
        if chosen.is_none() {
            let expected = expected_one_of(&text, choices.iter().map(|(word, _)| *word));
            self.fault(&format!("found `{text}`"), &expected);
        }
        chosen.map(|(_, value)| *value)
    }

    pub fn flag(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                self.unexpected(other, "true or false");
                None
            }
        }
    }

    /// A text, or a list of them.
    pub fn texts(&self) -> Option<Vec<String>> {
        const EXPECTED: &str = "a string, or a list of strings";
        let items = match self.value.get_ref() {
            DeValue::String(text) => return Some(vec![text.to_string()]),
            DeValue::Array(items) => items,
            other => {
                self.unexpected(other, EXPECTED);
                return None;
            }
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.to_string()),
                other => {
                    let found = format!("found {} in the list", toml_kind(other));
                    self.fault(&found, EXPECTED);
                    return None;
                }
            }
        }
        Some(texts)
    }

    /// The items of a list, or the value itself.
    pub fn items(&self) -> Vec<TomlValue<'t>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|value| TomlValue { document: self.document, value, path: self.path.clone() })
                .collect(),
            _ => {
                vec![TomlValue {
                    document: self.document,
                    value: self.value,
                    path: self.path.clone(),
                }]
            }
        }
    }

    pub fn fault(&self, what: &str, expected: &str) {
        self.document.fault(self.value.span(), &self.path, what, expected);
    }

    fn unexpected(&self, found: &DeValue<'_>, expected: &str) {
        self.fault(&format!("found {}", toml_kind(found)), expected);
    }
}

/// The accepted words, and the most likely intended one.
fn expected_one_of<'a>(found: &str, words: impl Iterator<Item = &'a str> + Clone) -> String {
    let expected = one_of(words.clone());
    did_you_mean(found, words).map_or(expected.clone(), |hint| format!("{expected}; {hint}"))
}
