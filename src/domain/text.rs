use compact_str::CompactString;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use toml::de::DeValue;

/// A text of a record. Most have at most 24 bytes and are stored inline, without an allocation that
/// one thread would make and another free.
pub type Text = CompactString;

/// Whether a character has no width: soft hyphens, joiners, marks of direction and of byte order.
/// Tags are left out, as they end some flags.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// As [`str::trim`], which also takes off [what is invisible](is_invisible). Faster for the usual
/// text, which begins and ends with visible ASCII.
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)),
    }
}

/// A text that lasts as long as the process, so that what contains it can be copied. Only for texts
/// of which there are few, such as names from the program or its settings.
pub fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = String::leak(text.to_owned());
    texts.insert(kept);
    kept
}

/// Line and column of a byte, both from 1, the column in characters.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
    (line, 1 + before[line_start..].chars().count())
}

/// The type of a TOML value, for a message.
pub fn toml_kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_trims_what_is_trimmed_otherwise(text in "[ \u{a0}\u{2003}\u{85}\ta1é]{0,6}") {
            prop_assert_eq!(trim(&text), text.trim());
        }

        #[test]
        fn a_trimmed_text_has_no_invisible_characters_around_it(
            around in "[ \u{a0}\u{3000}\u{200b}\u{200e}\u{202a}\u{2069}\u{feff}\u{ad}]{0,4}",
            text in "[a1é]([ a\u{200b}]{0,3}[a1é])?",
        ) {
            let all = format!("{around}{text}{around}");
            prop_assert_eq!(trim(&all), text);
        }
    }
}
