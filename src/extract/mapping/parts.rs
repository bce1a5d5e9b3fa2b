//! Lines within one cell: `Key: value, Other key: value|Key: value, …`.
//!
//! Values may contain the separators, so only known keys separate: a line begins where the first
//! key is followed by the second, and a value ends at the next known key.

use super::cells::Values;
use super::profile::Name;
use crate::domain::Reason;
use crate::extract::blank::value;
use crate::extract::html_entities::decoded;
use std::borrow::Cow;

/// One line: the value of each key, if it has the key.
pub struct Part {
    values: Vec<Option<String>>,
}

impl Values for Part {
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason> {
        Ok(self
            .values
            .get(name)
            .and_then(Option::as_deref)
            .map_or(Cow::Borrowed(""), Cow::Borrowed))
    }
}

/// The lines of a cell; none of a blank one.
///
/// `None` if the text does not have this form, or has a key twice in a line.
pub fn split(text: &str, keys: &[String]) -> Option<Vec<Part>> {
    let text = value(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let begins = beginnings(text, keys);
    if begins.first() != Some(&0) {
        return None;
    }
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().zip(ends).map(|(begin, end)| part(text.get(*begin..end)?, keys)).collect()
}

fn beginnings(text: &str, keys: &[String]) -> Vec<usize> {
    let [first, second, ..] = keys else { return Vec::new() };
    let (mark, follows) = (format!("{first}:"), format!("{second}:"));
    let begins = |(at, _): &(usize, &str)| {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let next = rest.split_once(',').map_or("", |(_, next)| next);
        next.trim_start().starts_with(&follows)
    };
    text.match_indices(&mark).filter(begins).map(|(at, _)| at).collect()
}

fn part(text: &str, keys: &[String]) -> Option<Part> {
    let text = text.trim_end().strip_suffix('|').unwrap_or(text.trim_end());
    let mut values: Vec<Option<String>> = vec![None; keys.len()];
    // Where each key is: at the front, or after a comma.
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let mark = format!("{key}:");
        for (at, _) in text.match_indices(&mark) {
            let before = text.get(..at)?.trim_end();
            if before.is_empty() || before.ends_with(',') {
                found.push((at, at + mark.len(), number));
            }
        }
    }
    found.sort_unstable();
    let ends = found.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
    for ((_, from, number), end) in found.iter().zip(ends) {
        let value = text.get(*from..end)?.trim();
        let value = if end < text.len() { value.strip_suffix(',').unwrap_or(value) } else { value };
        let slot = values.get_mut(*number)?;
        if slot.replace(decoded(value.trim()).into_owned()).is_some() {
            return None;
        }
    }
    Some(Part { values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> Vec<String> {
        ["No", "Qty", "Name", "Options", "Price"].map(str::to_owned).to_vec()
    }

    fn lines(text: &str) -> Option<Vec<Vec<String>>> {
        let parts = split(text, &keys())?;
        let values = |part: Part| part.values.into_iter().map(Option::unwrap_or_default).collect();
        Some(parts.into_iter().map(values).collect())
    }

    #[test]
    fn values_may_hold_the_signs_that_part_them() {
        let cell = "No: 1, Qty: 2, Name: Knife | big, sharp, Options: Size: 5&#039;, Why: so, Price: $1.50|\
                    No: 2, Qty: 1, Name: No: none, Price: 2.00";
        assert_eq!(
            lines(cell).unwrap(),
            [
                ["1", "2", "Knife | big, sharp", "Size: 5', Why: so", "$1.50"],
                ["2", "1", "No: none", "", "2.00"]
            ]
        );
    }

    #[test]
    fn lines_without_a_separator_are_distinguished() {
        let all =
            lines("No: 1, Qty: 2, Name: A, Price: 1No: 2, Qty: 1, Name: B, Price: 2").unwrap();
        assert_eq!((all[0][4].as_str(), all[1][2].as_str()), ("1", "B"));
    }

    #[test]
    fn other_structures_are_refused() {
        assert!(lines("2 x Mug").is_none());
        assert!(lines("x|No: 1, Qty: 2").is_none());
        assert!(lines("No: 1, Qty: 2, Name: A, Name: B").is_none(), "which of the two?");
        assert_eq!(lines(" ").unwrap().len(), 0);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(No: |Qty: |Name: |[,|&;: #\\PC]){0,20}") {
            lines(&text);
        }
    }
}
