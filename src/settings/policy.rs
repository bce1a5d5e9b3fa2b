use super::draft::Draft;
use super::nearest::{did_you_mean, nearest};
use crate::domain::{
    Currency, CurrencyError, Customers, DateShift, MissingEmail, Moment, OrderId, Refunds,
    Rounding, Status, Total,
};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What a job's orders mean, and what becomes of those that don't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The orders that count; the rest is filtered and counted. Never empty.
    pub statuses: BTreeSet<Status>,
    pub refunds: Refunds,
    pub total: Total,
    pub missing_email: MissingEmail,
    /// Of orders whose export names none.
    pub currency: Option<Currency>,
    pub rounding: Rounding,
    pub order_key: OrderId,
    pub customers: Customers,
    /// Of orders whose export states no date.
    pub default_date: Option<Moment>,
    /// Of products whose export states none.
    pub category: Option<String>,
    pub deleted: Deleted,
    /// Of the last 100 orders sent; a run in which more are refused stops. 1 to 100.
    pub refused_max: u32,
    pub webtoffee_date_shift: DateShift,
}

/// A quarter of what is sent: more than bad records explain.
const REFUSED_MAX: u32 = 25;

/// The longest category, in bytes: the width of the target's text columns.
const CATEGORY_LEN_MAX: usize = 255;

/// What becomes of an order that changed in the shop and that somebody deleted at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is created again.
    Create,
    /// It is left alone, and counted as filtered.
    Leave,
}

impl Deleted {
    const WORDS: &'static [(&'static str, Self)] =
        &[("create", Self::Create), ("leave", Self::Leave)];

    /// The word used in settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Leave => "leave",
        }
    }
}

pub(super) fn read(table: &str, zone: &TimeZone, draft: &mut Draft) -> Policy {
    let key = |leaf: &str| format!("{table}.{leaf}");
    Policy {
        statuses: read_statuses(&key("statuses"), draft),
        refunds: read_word(&key("refunds"), Refunds::WORDS, draft).unwrap_or_default(),
        total: read_word(&key("total"), Total::WORDS, draft).unwrap_or_default(),
        missing_email: read_word(&key("missing_email"), MissingEmail::WORDS, draft)
            .unwrap_or_default(),
        currency: read_currency(&key("currency"), draft),
        rounding: read_word(&key("rounding"), Rounding::WORDS, draft).unwrap_or_default(),
        order_key: read_word(&key("order_key"), OrderId::WORDS, draft).unwrap_or_default(),
        customers: read_word(&key("customers"), Customers::WORDS, draft).unwrap_or_default(),
        default_date: read_date(&key("default_date"), zone, draft),
        category: read_category(&key("category"), draft),
        deleted: read_word(&key("deleted"), Deleted::WORDS, draft).unwrap_or(Deleted::Create),
        refused_max: draft.get(&key("refused_max")).unwrap_or(REFUSED_MAX),
        webtoffee_date_shift: read_word(&key("webtoffee_date_shift"), &DateShift::WORDS, draft)
            .unwrap_or_default(),
    }
}

fn read_statuses(key: &str, draft: &mut Draft) -> BTreeSet<Status> {
    let usual = [Status::Paid, Status::PartiallyRefunded, Status::Refunded];
    let Some(words) = draft.get::<Vec<String>>(key) else {
        return usual.into();
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
fn read_word<T: Copy>(key: &str, words: &[(&'static str, T)], draft: &mut Draft) -> Option<T> {
    let word = draft.text(key)?;
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
    if found.is_none() {
        let known = || words.iter().map(|(known, _)| *known);
        let hint = nearest(&word, known()).map(|near| format!("did you mean `{near}`?"));
        let expected = known().map(|known| format!("`{known}`")).collect::<Vec<_>>();
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
