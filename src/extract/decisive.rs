//! Fields that decide whether an order counts: cancelled, test, deleted. They decide only by a
//! value of their type: anything else that is not blank is an error of the record, so that no stray
//! word cancels an order, or hides that it was cancelled.

use crate::domain::{Moment, Reason};
use jiff::tz::TimeZone;

/// Whether a field that contains a date if something happened says that it did. Programs write
/// `false` and 0 for a missing date.
pub fn is_dated(text: &str) -> Result<bool, Reason> {
    if text.is_empty() || flag_of(text) == Some(false) {
        return Ok(false);
    }
    if is_date(text) { Ok(true) } else { Err(Reason::BadDate) }
}

/// Reads a field as yes or no; `None` if it is blank.
pub fn flag(text: &str) -> Result<Option<bool>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    flag_of(text).map(Some).ok_or(Reason::BadFlag)
}

/// Yes or no, in the words of databases, programs and spreadsheets; `1.0` is how pandas writes yes
/// in a column with gaps.
pub fn flag_of(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["true", "t", "1", "1.0", "yes", "y", "on"]) {
        Some(true)
    } else if is_one_of(&["false", "f", "0", "0.0", "no", "n", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether a text is a date in any form, including forms that a spreadsheet rewrote; it need not be
/// unambiguous here. Seconds or milliseconds since 1970 count too.
fn is_date(text: &str) -> bool {
    const UNIX_DIGITS: std::ops::RangeInclusive<usize> = 10..=13;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if is_digits(text) {
        return UNIX_DIGITS.contains(&text.len());
    }
    if Moment::parse(text, &TimeZone::UTC).is_ok() {
        return true;
    }
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let parts: Vec<&str> = words.take(6).collect();
    let numbers = parts.iter().filter(|part| is_digits(part)).count();
    let has_year = parts.iter().any(|part| is_digits(part) && matches!(part.len(), 2 | 4));
    let is_word = |part: &&str| part.len() >= 3 && part.chars().all(char::is_alphabetic);
    let has_month = parts.iter().any(is_word);
    let begins = parts.first().is_some_and(|part| is_digits(part) || is_word(part));
    begins && has_year && (numbers >= 3 || (numbers == 2 && has_month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_says_that_something_happened() {
        for date in [
            "2024-04-26T19:00:00Z",
            "2024-04-26 19:00:00 -0400",
            "2024-04-26",
            "26/04/2024 19:00",
            "4/26/24",
            "26.04.2024",
            "Apr 26, 2024",
            "26 April 2024",
            "Fri, 26 Apr 2024 19:00:00 +0000",
            "1714158000",
            "1714158000000",
        ] {
            assert_eq!(is_dated(date), Ok(true), "{date}");
        }
        for none in ["", "false", "False", "0", "no"] {
            assert_eq!(is_dated(none), Ok(false), "{none}");
        }
        for other in
            ["true", "yes", "1", "customer", "x", "cancelled by 2 people", "12", "5.37E+12"]
        {
            assert_eq!(is_dated(other), Err(Reason::BadDate), "{other}");
        }
    }

    #[test]
    fn a_flag_is_yes_or_no_or_blank() {
        assert_eq!(flag(""), Ok(None));
        for word in ["true", "TRUE", "1", "t", "yes", "1.0"] {
            assert_eq!(flag(word), Ok(Some(true)), "{word}");
        }
        for word in ["false", "False", "0", "f", "no", "0.0"] {
            assert_eq!(flag(word), Ok(Some(false)), "{word}");
        }
        for other in ["2", "maybe", "2024-01-01", "{}"] {
            assert_eq!(flag(other), Err(Reason::BadFlag), "{other}");
        }
    }
}
