//! What became of an order, by the words a mapping declares.

use super::cells::Values;
use super::consistency::{agreed, agreed_of};
use super::dates::{Dates, Kept};
use super::profile::{Answer, Name, Profile, RowKind, StatusRule};
use crate::domain::{Reason, Status, Unstated};
use crate::extract::blank;
use crate::extract::decisive;
use crate::extract::header::is_same_if_lossy;
use jiff::tz::TimeZone;

/// The first word that the rules look at, for an order whose status they don't know.
pub fn word(rules: &[StatusRule], carriers: &[&dyn Values]) -> String {
    let words = rules.iter().filter_map(|rule| agreed(&rule.cells, carriers).ok());
    words.into_iter().find(|word| !word.is_empty()).unwrap_or_default()
}

/// What a table or a record with some of the mapping's names does not state of an order's status.
pub fn unstated(profile: &Profile, has: impl Fn(Name) -> bool) -> Unstated {
    let is_there = |rule: &&StatusRule| {
        rule.cells.alternatives.iter().any(|names| names.iter().all(|name| has(*name)))
    };
    let (there, absent): (Vec<&StatusRule>, Vec<&StatusRule>) =
        profile.status.iter().partition(is_there);
    // The table of a shop system may have a word for it that goes with another field.
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
/// When a word is not declared, or no rule has an answer.
pub fn status(profile: &Profile, kept: Kept, carriers: &[&dyn Values]) -> Result<Status, Reason> {
    if profile.status.is_empty() {
        return Ok(Status::Paid);
    }
    for rule in &profile.status {
        let texts = carriers.iter().map(|carrier| Ok(stated(rule, rule.cells.text(*carrier)?)));
        let text = agreed_of(texts)?;
        if let Answer::Status(status) = answer(rule, &text, &profile.dates, kept)? {
            return Ok(status);
        }
    }
    Err(Reason::UnknownStatus)
}

/// A text, blank if it is a word for no value that the rule does not declare.
fn stated(rule: &StatusRule, text: String) -> String {
    if declared(rule, &text).is_some() { text } else { blank::value(&text).to_owned() }
}

fn declared(rule: &StatusRule, text: &str) -> Option<Answer> {
    let word = rule.words.iter().find(|(word, _)| is_same_if_lossy(text, word));
    word.map(|(_, answer)| *answer)
}

/// Declared words are looked up first: a mapping may declare one that elsewhere means no value.
fn answer(rule: &StatusRule, text: &str, dates: &Dates, kept: Kept) -> Result<Answer, Reason> {
    if let Some(answer) = declared(rule, text) {
        return Ok(answer);
    }
    let blank = rule.blank.unwrap_or(Answer::Next);
    if text.is_empty() {
        return Ok(blank);
    }
    if let Some(dated) = rule.dated {
        let is_dated = dates.iso(text, kept, Some(&TimeZone::UTC)).is_some();
        return Ok(if is_dated || decisive::is_dated(text)? { dated } else { blank });
    }
    if let Some(status) = rule.table.and_then(|table| table.of(text)) {
        return Ok(Answer::Status(status));
    }
    match rule.filled {
        Some(_) if decisive::flag_of(text) == Some(false) => Ok(blank),
        filled => filled.ok_or(Reason::UnknownStatus),
    }
}
