//! The status of an order, by the words a mapping declares.

use super::cells::Values;
use super::consistency::agreed_of;
use super::dates::{Dates, Kept};
use super::profile::{FieldAnswer, Name, Profile, RowKind, StatusRule};
use crate::domain::{Reason, RecordError, Status, Text, Unstated, interned};
use crate::extract::blank;
use crate::extract::decisive;
use crate::extract::header::is_same_if_lossy;
use jiff::tz::TimeZone;

/// The word that decides, or that the rules don't know; blank if none is stated.
pub fn word(profile: &Profile, kept: Kept, carriers: &[&dyn Values]) -> Text {
    let decides = |rule: &StatusRule, word: &Text| {
        let answer = answer(rule, word, &profile.dates, kept);
        !word.is_empty() && !matches!(answer, Ok(FieldAnswer::Next))
    };
    let mut words = profile
        .status
        .iter()
        .filter_map(|rule| stated_by(rule, carriers).ok().filter(|word| decides(rule, word)));
    words.next().unwrap_or_default()
}

/// What a table or a record with these names does not state about an order's status.
pub fn unstated(profile: &Profile, has: impl Fn(Name) -> bool) -> Unstated {
    let is_there = |rule: &&StatusRule| {
        rule.cells.alternatives.iter().any(|names| names.iter().all(|name| has(*name)))
    };
    let (there, absent): (Vec<&StatusRule>, Vec<&StatusRule>) =
        profile.status.iter().partition(is_there);
    // The table of a shop system may have a word for it that belongs to another field.
    let is_known = |status: Status| {
        let is_by_field = absent.iter().any(|rule| rule.declares(status));
        let has_words = |rule: &&&StatusRule| {
            rule.declares(status)
                || (!is_by_field && rule.table.is_some_and(|table| table.has(status)))
        };
        there.iter().any(|rule| has_words(&rule))
    };
    let is_of_rows = profile.row_kind.as_ref().is_some_and(|kinds| {
        kinds.table.is_some() || kinds.words.iter().any(|(_, kind)| *kind == RowKind::Cancelled)
    });
    let has_rules = !profile.status.is_empty();
    Unstated {
        status: !has_rules,
        cancelled: has_rules && !is_of_rows && !is_known(Status::Cancelled),
        test: absent.iter().any(|rule| rule.declares(Status::Test)),
    }
}

/// The first rule that has an answer gives it. Without rules every order is paid: what an export
/// does not state is not a reason to reject an order.
///
/// # Errors
/// When a word is not declared, with its column, or no rule has an answer.
pub fn status(
    profile: &Profile,
    kept: Kept,
    carriers: &[&dyn Values],
) -> Result<Status, RecordError> {
    if profile.status.is_empty() {
        return Ok(Status::Paid);
    }
    for rule in &profile.status {
        let fault = |reason| RecordError::of(reason, column(profile, rule, carriers));
        let text = stated_by(rule, carriers).map_err(fault)?;
        let answer = answer(rule, &text, &profile.dates, kept);
        if let FieldAnswer::Status(status) =
            answer.map_err(|reason| fault(reason).showing(&text))?
        {
            return Ok(status);
        }
    }
    let last = profile.status.last().map(|rule| column(profile, rule, carriers));
    Err(RecordError::of(Reason::UnknownStatus, last.unwrap_or("status")))
}

/// The column, of those that a rule names, that states something; else the first.
fn column(profile: &Profile, rule: &StatusRule, carriers: &[&dyn Values]) -> &'static str {
    let is_stated = |name: &&Name| {
        carriers.iter().any(|carrier| carrier.value(**name).is_ok_and(|text| !text.is_empty()))
    };
    let names = || rule.cells.alternatives.iter().flatten();
    let name = names().find(is_stated).or_else(|| names().next());
    let column = name.and_then(|name| profile.names.get(*name));
    column.map_or("status", |column| interned(column))
}

/// The text of a rule's cells that these agree on.
fn stated_by(rule: &StatusRule, carriers: &[&dyn Values]) -> Result<Text, Reason> {
    let texts = carriers.iter().map(|carrier| Ok(stated(rule, rule.cells.text(*carrier)?)));
    agreed_of(texts)
}

/// A text, blank if it is a word for no value that the rule does not declare.
fn stated(rule: &StatusRule, text: Text) -> Text {
    if declared(rule, &text).is_some() { text } else { blank::value(&text).into() }
}

fn declared(rule: &StatusRule, text: &str) -> Option<FieldAnswer> {
    let word = rule.words.iter().find(|(word, _)| is_same_if_lossy(text, word));
    word.map(|(_, answer)| *answer)
}

/// Declared words are looked up first: a mapping may declare one that elsewhere means no value.
fn answer(rule: &StatusRule, text: &str, dates: &Dates, kept: Kept) -> Result<FieldAnswer, Reason> {
    if let Some(answer) = declared(rule, text) {
        return Ok(answer);
    }
    let blank = rule.blank.unwrap_or(FieldAnswer::Next);
    if text.is_empty() {
        return Ok(blank);
    }
    if let Some(dated) = rule.dated {
        let is_dated = dates.iso(text, kept, Some(&TimeZone::UTC)).is_some();
        return Ok(if is_dated || decisive::is_dated(text)? { dated } else { blank });
    }
    if let Some(status) = rule.table.and_then(|table| table.of(text)) {
        return Ok(FieldAnswer::Status(status));
    }
    match rule.filled {
        Some(_) if decisive::flag_of(text) == Some(false) => Ok(blank),
        filled => filled.ok_or(Reason::UnknownStatus),
    }
}
