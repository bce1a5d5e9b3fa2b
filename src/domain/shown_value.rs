//! A faulty value, as a message may show it.

use super::calendar::{DAYS, MONTHS, is_short_form};
use super::text::trim;
use super::{Currency, Reason};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The most bytes shown of a value.
const BYTES_MAX: usize = 40;
/// Marks what was cut off.
const CUT: char = '…';
/// More digits than a number of milliseconds since 1970 has may be a card number, unless they are a
/// time. Those after a decimal point are not counted.
const DIGITS_MAX: usize = 13;

/// Words of dates, flags, numbers and spreadsheets, in addition to the names of months and days.
/// Any other word may be a person's name.
const WORDS: &[&str] = &[
    "sept", "am", "pm", "st", "nd", "rd", "th", "t", "z", "utc", "gmt", "est", "edt", "cst", "cdt",
    "mst", "mdt", "pst", "pdt", "cet", "cest", "bst", "true", "false", "yes", "no", "null", "none",
    "nan", "value", "ref", "name", "div", "num", "e", "x",
];

/// The beginning of a faulty value, with letters that may be personal data masked; blank if there
/// is no value, or the reason is not about one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShownValue {
    bytes: [u8; BYTES_MAX],
    len: u8,
}

impl Default for ShownValue {
    fn default() -> Self {
        Self { bytes: [0; BYTES_MAX], len: 0 }
    }
}

impl ShownValue {
    /// Shows a value that is wrong for this reason. It may come from the wrong column, so
    /// everything is masked except words of dates, numbers and flags: names, addresses and long
    /// rows of digits. Only a status is shown as it is, since every shop has its own words.
    pub fn of(reason: Reason, text: &str) -> Self {
        let text = trim(text);
        if reason.complaint().is_none() || text.is_empty() {
            return Self::default();
        }
        let is_status = reason == Reason::UnknownStatus && !text.contains(['@', '+', ',']);
        if is_status { Self::cut(text) } else { Self::cut(&masked(text)) }
    }

    /// As much as fits.
    fn cut(text: &str) -> Self {
        let mut value = Self::default();
        for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            let room = BYTES_MAX - usize::from(value.len);
            if room < c.len_utf8() + CUT.len_utf8() {
                value.push(CUT);
                break;
            }
            value.push(c);
        }
        value
    }

    /// The caller has made sure that it fits.
    fn push(&mut self, c: char) {
        let at = usize::from(self.len);
        if let Some(free) = self.bytes.get_mut(at..at + c.len_utf8()) {
            c.encode_utf8(free);
            self.len += c.len_utf8() as u8;
        }
    }

    /// Blank if there is nothing to show.
    pub fn as_str(&self) -> &str {
        // Only whole characters were pushed.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// `None` if there is nothing to show.
    pub fn get(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for ShownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Serialize for ShownValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ShownValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::cut(&String::deserialize(deserializer)?))
    }
}

/// Letters become `x`, and digits `0` where they may be part of a telephone or card number.
fn masked(text: &str) -> String {
    let hides_words = text.contains('@');
    let counted = match text.split_once('.') {
        Some((whole, _)) if text.parse::<f64>().is_ok() => whole,
        _ => text,
    };
    let digits = counted.bytes().filter(u8::is_ascii_digit).count();
    let is_long = digits > DIGITS_MAX && !text.contains(':');
    let hides_digits = hides_words || is_long || text.starts_with('+');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(first.len_utf8()));
        rest = after;
        match first {
            c if c.is_ascii_digit() && hides_digits => masked.push('0'),
            c if !c.is_alphabetic() => masked.push(c),
            _ if !hides_words && is_known(word) => masked.push_str(word),
            _ => masked.extend(word.chars().map(|_| 'x')),
        }
    }
    masked
}

fn is_known(word: &str) -> bool {
    let mut names = MONTHS.iter().chain(&DAYS);
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
        || names.any(|name| word.eq_ignore_ascii_case(name) || is_short_form(word, name))
        || (word == word.to_ascii_uppercase() && Currency::parse(word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(reason: Reason, text: &str) -> String {
        ShownValue::of(reason, text).as_str().to_owned()
    }

    #[test]
    fn everything_the_operator_needs_is_shown() {
        for text in [
            "19/09/2022 15:14",
            "45384.634722222225",
            "Sep 19, 2022 3:14 PM",
            "2022-09-19T15:14:00.000000",
            "1.234,50",
            "US$ 12.00".trim_start_matches("US"),
            "12,50 EUR",
            "#VALUE!",
            "5.37E+12",
            "€",
        ] {
            assert_eq!(shown(Reason::BadDate, text), text);
        }
        assert_eq!(shown(Reason::UnknownStatus, "Zahlung ausstehend"), "Zahlung ausstehend");
    }

    #[test]
    fn possible_personal_data_are_masked() {
        for (text, expected) in [
            ("Ann Example", "xxx xxxxxxx"),
            ("ann.7@example.com", "xxx.0@xxxxxxx.xxx"),
            ("+49 170 1234567", "+00 000 0000000"),
            ("4111 1111 1111 1111", "0000 0000 0000 0000"),
            ("4111111111111111.0", "0000000000000000.0"),
            ("Zoë", "xxx"),
            ("12 Main St", "12 xxxx St"),
        ] {
            assert_eq!(shown(Reason::BadDate, text), expected, "{text}");
        }
        assert_eq!(shown(Reason::InvalidEmail, "ann.example.com"), "xxx.xxxxxxx.xxx");
        assert_eq!(shown(Reason::UnknownStatus, "ann@example.com"), "xxx@xxxxxxx.xxx");
        assert_eq!(shown(Reason::MissingEmail, "Ann"), "");
        assert_eq!(shown(Reason::MalformedRow, "1,2"), "");
    }

    proptest! {
        #[test]
        fn it_is_short_whole_and_without_control_characters(text in "\\PC*|[\\x00-\\x7f]*") {
            let value = ShownValue::of(Reason::BadMoney, &text);
            prop_assert!(value.as_str().len() <= BYTES_MAX);
            prop_assert!(!value.as_str().chars().any(char::is_control));
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<ShownValue>(&json).unwrap(), value);
        }
    }
}
