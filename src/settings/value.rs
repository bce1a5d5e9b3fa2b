//! Reads a value of the file or of a variable as the right type. Nothing is converted: `5.7` is not
//! a whole number, and `"true"` is not a flag.

use super::schema::SettingKind;
use crate::domain::{did_you_mean, toml_kind};
use config::{Value, ValueKind};
use toml::de::{DeInteger, DeValue};

/// What was found instead of the expected value, and what to try.
pub(super) struct Wrong {
    pub found: String,
    pub hint: Option<String>,
}

impl From<String> for Wrong {
    fn from(found: String) -> Self {
        Self { found, hint: None }
    }
}

pub(super) const EMPTY: &str = "found an empty string";

/// The value of a key in the settings file.
pub(super) fn from_toml(kind: &SettingKind, value: &DeValue<'_>) -> Result<ValueKind, Wrong> {
    match (kind, value) {
        (SettingKind::Number, DeValue::Integer(number)) => match whole(number) {
            Some(number) => Ok(ValueKind::I64(number)),
            None => Err(format!("found {number}").into()),
        },
        (SettingKind::Number, DeValue::Float(number)) => number
            .as_str()
            .parse()
            .map(ValueKind::Float)
            .map_err(|_| format!("found {number}").into()),
        (SettingKind::Whole { .. }, DeValue::Integer(number)) => match whole(number) {
            Some(whole) => check(kind, ValueKind::I64(whole), &number.to_string()),
            None => Err(format!("found {number}").into()),
        },
        (SettingKind::Flag, DeValue::Boolean(flag)) => Ok(ValueKind::Boolean(*flag)),
        (SettingKind::Texts, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                other => Err(Wrong::from(format!("found {} in the list", toml_kind(other)))),
            });
            texts.collect::<Result<Vec<_>, _>>().and_then(list)
        }
        (
            SettingKind::Text | SettingKind::Path | SettingKind::Secret | SettingKind::Word(_),
            DeValue::String(text),
        ) => check(kind, ValueKind::String(text.to_string()), text),
        (_, other) => Err(format!("found {}", toml_kind(other)).into()),
    }
}

/// The value of a key in a variable.
pub(super) fn from_variable(kind: &SettingKind, text: &str) -> Result<ValueKind, Wrong> {
    let quoted = || Wrong::from(format!("found `{text}`"));
    match kind {
        SettingKind::Texts => list(items(text)),
        SettingKind::Flag => text.parse().map(ValueKind::Boolean).map_err(|_| quoted()),
        SettingKind::Number => text.parse().map(ValueKind::Float).map_err(|_| quoted()),
        SettingKind::Whole { .. } => {
            let number = text.parse().map_err(|_| quoted())?;
            check(kind, ValueKind::I64(number), &format!("`{text}`"))
        }
        _ => check(kind, ValueKind::String(text.to_owned()), text),
    }
}

/// `shown` is the value as a message quotes it.
fn check(kind: &SettingKind, value: ValueKind, shown: &str) -> Result<ValueKind, Wrong> {
    let is_in_range = |number: i64| match kind {
        SettingKind::Whole { min, max } => (*min..=*max).contains(&number),
        _ => true,
    };
    match (kind, value) {
        (_, ValueKind::I64(number)) if !is_in_range(number) => Err(format!("found {shown}").into()),
        (SettingKind::Word(words), ValueKind::String(word)) if !words.contains(&word.as_str()) => {
            let hint = did_you_mean(&word, words.iter().copied());
            let found = fault_of(&word).unwrap_or_else(|| format!("found `{word}`"));
            Err(Wrong { found, hint })
        }
        (_, ValueKind::String(text)) => match fault_of(&text) {
            Some(found) => Err(found.into()),
            None => Ok(ValueKind::String(text)),
        },
        (_, value) => Ok(value),
    }
}

fn list(texts: Vec<String>) -> Result<ValueKind, Wrong> {
    if texts.is_empty() {
        return Err("found an empty list".to_owned().into());
    }
    match texts.iter().find_map(|text| fault_of(text)) {
        Some(found) => Err(found.into()),
        None => Ok(texts.into()),
    }
}

/// A list in a variable: `a,b`, or as TOML `["a", "b"]` if an item contains a comma.
fn items(text: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        list: Vec<String>,
    }
    match toml::from_str::<Wrapped>(&format!("list = {text}")) {
        Ok(wrapped) if text.starts_with('[') => wrapped.list,
        _ => text.split(',').map(|item| item.trim().to_owned()).collect(),
    }
}

/// Why a text is unusable for any key.
fn fault_of(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some(EMPTY.to_owned());
    }
    let has_control = text.chars().any(char::is_control);
    has_control.then(|| "found a string with a line break or another control character".to_owned())
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A value as TOML writes it.
pub(super) fn to_toml(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => quoted(text),
        ValueKind::Array(items) => {
            let items: Vec<String> = items.iter().map(|item: &Value| to_toml(&item.kind)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A basic string of TOML. Texts contain no control characters, but the path of their file may.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
