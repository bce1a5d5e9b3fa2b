//! What became of an order, by the words a mapping declares.

use super::cells::Values;
use super::consistency::agreed;
use super::dates::{Dates, Kept};
use super::profile::{Answer, Profile, StatusRule};
use crate::domain::{Reason, Status};
use crate::extract::header::is_same_if_lossy;
use jiff::tz::TimeZone;

/// The first word that the rules look at, for an order whose status they don't know.
pub fn word(rules: &[StatusRule], carriers: &[&dyn Values]) -> String {
    let words = rules.iter().filter_map(|rule| agreed(&rule.cells, carriers).ok());
    words.into_iter().find(|word| !word.is_empty()).unwrap_or_default()
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
        let text = agreed(&rule.cells, carriers)?;
        let answer = match text.as_str() {
            "" => rule.blank.unwrap_or(Answer::Next),
            text if rule.dated.is_some() => dated(rule, text, &profile.dates, kept)?,
            text => of_word(rule, text).ok_or(Reason::UnknownStatus)?,
        };
        if let Answer::Status(status) = answer {
            return Ok(status);
        }
    }
    Err(Reason::UnknownStatus)
}

fn of_word(rule: &StatusRule, text: &str) -> Option<Answer> {
    let word = rule.words.iter().find(|(word, _)| is_same_if_lossy(text, word));
    let of_table = || Some(Answer::Status(rule.table?.of(text)?));
    word.map(|(_, answer)| *answer).or_else(of_table).or(rule.filled)
}

/// Only a date decides. Some writers put `false` where there is none.
fn dated(rule: &StatusRule, text: &str, dates: &Dates, kept: Kept) -> Result<Answer, Reason> {
    let is_date = dates.iso(text, kept, Some(&TimeZone::UTC)).is_some();
    match rule.dated {
        Some(answer) if is_date => Ok(answer),
        _ if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Answer::Next),
        _ => Err(Reason::UnknownStatus),
    }
}
