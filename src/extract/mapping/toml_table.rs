//! Reads TOML strictly: every key is known or a fault, with its line.

use crate::domain::line_and_column;
use crate::extract::error::ReadError;
use std::cell::RefCell;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A document being read, and what is wrong with it so far.
pub struct Document<'t> {
    pub file: &'t str,
    pub text: &'t str,
    pub faults: RefCell<Vec<ReadError>>,
}

/// A table of it, under its full name.
pub struct Table<'t> {
    document: &'t Document<'t>,
    table: &'t DeTable<'t>,
    pub path: String,
    span: Range<usize>,
}

/// A value of it.
pub struct Value<'t> {
    document: &'t Document<'t>,
    value: &'t Spanned<DeValue<'t>>,
    pub path: String,
}

impl<'t> Document<'t> {
    pub fn table(&'t self, table: &'t DeTable<'t>, path: &str, span: Range<usize>) -> Table<'t> {
        Table { document: self, table, path: path.to_owned(), span }
    }

    pub fn fault(&self, span: Range<usize>, key: &str, what: &str, expected: &str) {
        let (line, column) = line_and_column(self.text, span.start);
        let what = format!("{key}: {what}");
        let fault = ReadError::new(self.file, line as u64, what, format!("expected {expected}"));
        self.faults.borrow_mut().push(fault.at_column(column as u64));
    }
}

impl<'t> Table<'t> {
    /// Reports every key other than these.
    pub fn only(&self, keys: &[&str]) {
        for (name, value) in self.table {
            if !keys.contains(&name.get_ref().as_ref()) {
                let key = format!("{}.{}", self.path, name.get_ref());
                self.document.fault(
                    value.span(),
                    &key,
                    "unknown key",
                    &format!("one of: {}", keys.join(", ")),
                );
            }
        }
    }

    pub fn get(&self, key: &str) -> Option<Value<'t>> {
        let value = self.table.get(key)?;
        Some(Value { document: self.document, value, path: format!("{}.{key}", self.path) })
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'t str, Value<'t>)> {
        self.table.iter().map(|(name, value)| {
            let name: &str = name.get_ref();
            (name, Value { document: self.document, value, path: format!("{}.{name}", self.path) })
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

    pub fn fault(&self, what: &str, expected: &str) {
        self.document.fault(self.span.clone(), &self.path, what, expected);
    }
}

impl<'t> Value<'t> {
    pub fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    pub fn table(&self) -> Option<Table<'t>> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Some(self.document.table(table, &self.path, self.value.span()))
            }
            _ => {
                self.fault("no table", "a table");
                None
            }
        }
    }

    /// A list of tables.
    pub fn tables(&self) -> Vec<Table<'t>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .enumerate()
                .filter_map(|(at, value)| {
                    let path = format!("{}[{at}]", self.path);
                    Value { document: self.document, value, path }.table()
                })
                .collect(),
            _ => {
                self.fault("no list", "a list of tables");
                Vec::new()
            }
        }
    }

    pub fn text(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.fault("no text", "a text in quotes");
                None
            }
        }
    }

    pub fn flag(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.fault("no flag", "true or false");
                None
            }
        }
    }

    /// A text, or a list of them.
    pub fn texts(&self) -> Option<Vec<String>> {
        let DeValue::Array(items) = self.value.get_ref() else {
            return match self.value.get_ref() {
                DeValue::String(text) => Some(vec![text.to_string()]),
                _ => {
                    self.fault("no text", "a text in quotes, or a list of texts");
                    None
                }
            };
        };
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        if texts.is_none() {
            self.fault("not all of the list are texts", "a list of texts");
        }
        texts
    }

    /// The items of a list, or the value itself.
    pub fn items(&self) -> Vec<Value<'t>> {
        match self.value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|value| Value { document: self.document, value, path: self.path.clone() })
                .collect(),
            _ => {
                vec![Value { document: self.document, value: self.value, path: self.path.clone() }]
            }
        }
    }

    pub fn fault(&self, what: &str, expected: &str) {
        self.document.fault(self.value.span(), &self.path, what, expected);
    }
}
