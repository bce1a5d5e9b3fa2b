use super::draft::Draft;
use crate::domain::{Currency, CurrencyError, Moment, Status, did_you_mean};
use jiff::tz::TimeZone;

/// The longest category, in bytes: the width of ActiveCampaign's text columns.
const CATEGORY_LEN_MAX: usize = 255;

/// Checks the settings that are not just a word or a number.
pub(super) fn check(table: &str, zone: &TimeZone, draft: &mut Draft) {
    let key = |leaf: &str| format!("{table}.{leaf}");
    check_statuses(&key("statuses"), draft);
    check_currency(&key("currency"), draft);
    check_date(&key("default_date"), zone, draft);
    check_category(&key("category"), draft);
}

fn check_statuses(key: &str, draft: &mut Draft) {
    let Some(words) = draft.get::<Vec<String>>(key) else { return };
    if words == ["all"] {
        return draft.resolve(key, Status::WORDS.to_vec());
    }
    let is_unknown = |word: &&str| !Status::WORDS.contains(word);
    let unknown: Vec<&str> = words.iter().map(String::as_str).filter(is_unknown).collect();
    match unknown.first() {
        Some(first) => {
            let hint = match *first {
                "all" => Some("`all` can't be combined with other statuses".to_owned()),
                _ => did_you_mean(first, Status::WORDS.iter().copied()),
            };
            let found = format!("no status `{}`", unknown.join("`, `"));
            let expected = format!(r#"some of: {}; or ["all"]"#, Status::WORDS.join(", "));
            draft.report(key, found, expected, hint);
        }
        // In the order of the documentation, each once.
        None => {
            let is_among = |word: &&&str| words.iter().any(|other| other == **word);
            let sorted: Vec<&str> = Status::WORDS.iter().filter(is_among).copied().collect();
            draft.resolve(key, sorted);
        }
    }
}

fn check_currency(key: &str, draft: &mut Draft) {
    let Some(code) = draft.text(key) else { return };
    let found = match Currency::parse(&code) {
        Ok(currency) => return draft.resolve(key, currency.code()),
        Err(CurrencyError::Unknown) => format!("no currency `{code}`"),
        Err(CurrencyError::NoMinorUnit) => {
            format!("`{code}` has no minor unit, so it is no currency of a shop")
        }
    };
    draft.report(key, found, "an ISO 4217 code such as EUR", None);
}

/// A day, which begins at midnight of the job's zone, or a moment.
fn check_date(key: &str, zone: &TimeZone, draft: &mut Draft) {
    let Some(text) = draft.text(key) else { return };
    let midnight = || Moment::parse(&format!("{text} 00:00:00"), zone);
    match Moment::parse(&text, zone).or_else(|_| midnight()) {
        Ok(date) => draft.resolve(key, date.to_string()),
        Err(_) => {
            let expected =
                "a day such as \"2020-01-31\", from 1970 to 2099, or a date and time in that form";
            draft.report(key, format!("found `{text}`"), expected, None);
        }
    }
}

fn check_category(key: &str, draft: &mut Draft) {
    let Some(category) = draft.text(key) else { return };
    if category.len() > CATEGORY_LEN_MAX {
        let found = format!("found a string of {} bytes", category.len());
        draft.report(key, found, format!("at most {CATEGORY_LEN_MAX} bytes"), None);
    }
}
