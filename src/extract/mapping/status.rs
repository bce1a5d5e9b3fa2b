//! What became of an order, by the words a mapping declares.

use super::cells::Values;
use super::consistency::agreed;
use super::profile::{Answer, StatusRule};
use crate::domain::{Reason, Status};
use crate::extract::header::is_same_if_lossy;

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
pub fn status(rules: &[StatusRule], carriers: &[&dyn Values]) -> Result<Status, Reason> {
    if rules.is_empty() {
        return Ok(Status::Paid);
    }
    for rule in rules {
        let text = agreed(&rule.cells, carriers)?;
        let answer = match text.as_str() {
            "" => rule.blank.unwrap_or(Answer::Next),
            text => {
                let word = rule.words.iter().find(|(word, _)| is_same_if_lossy(text, word));
                word.map(|(_, answer)| *answer).or(rule.filled).ok_or(Reason::UnknownStatus)?
            }
        };
        if let Answer::Status(status) = answer {
            return Ok(status);
        }
    }
    Err(Reason::UnknownStatus)
}
