use super::draft::Draft;
use super::nearest::did_you_mean;
use crate::domain::{Currency, CurrencyError, Moment, Policy, PolicyValues, Status};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest category, in bytes: the width of ActiveCampaign's text columns.
const CATEGORY_LEN_MAX: usize = 255;

/// The values that are more than a word or a number are read here; the rest by the table.
pub(super) fn read(table: &str, zone: &TimeZone, draft: &mut Draft) -> Policy {
    let key = |leaf: &str| format!("{table}.{leaf}");
    Policy {
        statuses: read_statuses(&key("statuses"), draft),
        currency: read_currency(&key("currency"), draft),
        default_date: read_date(&key("default_date"), zone, draft),
        category: read_category(&key("category"), draft),
        ..read_by_table(table, draft)
    }
}

fn read_by_table(table: &str, draft: &mut Draft) -> Policy {
    let usual = Policy::default();
    let mut values = serde_json::to_value(&usual).unwrap_or_default();
    for setting in Policy::SETTINGS {
        let key = format!("{table}.{}", setting.name);
        let value = match setting.values {
            PolicyValues::Word(words) => read_word(&key, words, draft).map(Value::from),
            PolicyValues::Whole { .. } => draft.get::<u32>(&key).map(Value::from),
            PolicyValues::Words(_) | PolicyValues::Text { .. } => None,
        };
        if let Some(value) = value {
            values[setting.name] = value;
        }
    }
    // Each value was checked, so there is nothing that can't be read.
    serde_json::from_value(values).unwrap_or(usual)
}

fn read_statuses(key: &str, draft: &mut Draft) -> BTreeSet<Status> {
    let Some(words) = draft.get::<Vec<String>>(key) else {
        return Policy::default().statuses;
    };
    if words == ["all"] {
        return Status::ALL.into();
    }
    let known = || Status::ALL.iter().map(|status| status.word());
    let unknown: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| Status::from_word(word).is_none()).collect();
    if let Some(first) = unknown.first() {
        let hint = match *first {
            "all" => Some("`all` stands alone".to_owned()),
            _ => did_you_mean(first, known()),
        };
        let found = format!("no status `{}`", unknown.join("`, `"));
        let expected =
            format!(r#"some of: {}; or ["all"]"#, known().collect::<Vec<_>>().join(", "));
        draft.report(key, found, expected, hint);
    }
    words.iter().filter_map(|word| Status::from_word(word)).collect()
}

/// `None` where no word is set, and where a wrong one was reported.
fn read_word(key: &str, words: &[&'static str], draft: &mut Draft) -> Option<&'static str> {
    let word = draft.text(key)?;
    let found = words.iter().find(|known| **known == word).copied();
    if found.is_none() {
        let hint = did_you_mean(&word, words.iter().copied());
        let expected = words.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>();
        let expected = match expected.as_slice() {
            [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            all => all.concat(),
        };
        draft.report(key, format!("found `{word}`"), expected, hint);
    }
    found
}

fn read_currency(key: &str, draft: &mut Draft) -> Option<Currency> {
    let code = draft.text(key)?;
    Currency::parse(&code)
        .map_err(|error| {
            let found = match error {
                CurrencyError::Unknown => format!("no currency `{code}`"),
                CurrencyError::NoMinorUnit => {
                    format!("`{code}` has no minor unit, so nothing is sold in it")
                }
            };
            draft.report(key, found, "an ISO 4217 code such as EUR", None);
        })
        .ok()
}

/// A day, which begins at midnight of the job's zone, or a moment.
fn read_date(key: &str, zone: &TimeZone, draft: &mut Draft) -> Option<Moment> {
    let text = draft.text(key)?;
    let midnight = || Moment::parse(&format!("{text} 00:00:00"), zone);
    Moment::parse(&text, zone)
        .or_else(|_| midnight())
        .map_err(|_| {
            let expected =
                "a day such as \"2020-01-31\", from 1970 to 2099, or a date and time in that form";
            draft.report(key, format!("found `{text}`"), expected, None);
        })
        .ok()
}

fn read_category(key: &str, draft: &mut Draft) -> Option<String> {
    let category = draft.text(key)?;
    if category.len() > CATEGORY_LEN_MAX {
        let found = format!("found a text of {} bytes", category.len());
        draft.report(key, found, format!("at most {CATEGORY_LEN_MAX} bytes"), None);
    }
    Some(category)
}
