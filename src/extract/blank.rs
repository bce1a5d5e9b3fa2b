//! What counts as blank in a cell or a JSON text: one rule for every format.
//!
//! Programs write words in place of a missing value. Some of them are only written by programs
//! (`NaN`, `\N`, a date in year 1): those are blank everywhere. Others are also written by people
//! (`None`, `NA`, `-`): those are blank in a *value* (a key, code, date, amount, status, flag or
//! address), and kept in *free text*, because a product may be called `None`.

use crate::domain::trim;

/// Words that only programs write.
const PROGRAM_WORDS: &[&str] = &[
    "NaN", "nan", "-nan", "NaT", "NULL", "\\N", "<NA>", "<na>", "(null)", "(NULL)", "<null>",
    "<NULL>", "[NULL]", "#N/A",
];

/// Words that people write too, in any case.
const HUMAN_WORDS: &[&str] =
    &["none", "na", "n/a", "null", "nil", "nan", "nat", "undefined", "-", "--"];

const WORD_BYTES_MAX: usize = 9;

/// Dates that databases and programs write for a missing date, whatever time follows.
const NO_DATES: &[&str] = &[
    "0000-00-00",
    "0001-01-01",
    "-0001-11-30",
    "00/00/0000",
    "01/01/0001",
    "1/1/0001",
    "00.00.0000",
    "01.01.0001",
];

/// The first days of the calendars of databases and programs; they stand for a missing date only at
/// midnight.
const FIRST_DAYS: &[&str] = &["1753-01-01", "1899-12-30", "1900-01-01", "1970-01-01"];

#[inline]
pub fn is_blank(cell: &[u8]) -> bool {
    match cell.trim_ascii() {
        odd @ [0x80..=0xff, ..] => std::str::from_utf8(odd).is_ok_and(|text| trim(text).is_empty()),
        cell => cell.is_empty(),
    }
}

/// Free text without surrounding blanks of every kind, invisible characters and guards; blank if
/// only a program writes it.
#[inline]
pub fn free_text(text: &str) -> &str {
    let text = unguarded(trim(text));
    if is_program_word(text.as_bytes()) { "" } else { text }
}

/// A key, code, date, amount, status, flag or address, stripped like free text; blank if it is a
/// word for a missing value.
#[inline]
pub fn value(text: &str) -> &str {
    let text = trim(text);
    let text = if text.starts_with(GUARDS) { trim(without_guards(text)) } else { text };
    if is_no_value(text.as_bytes()) { "" } else { text }
}

/// As [`value`].
#[inline]
pub fn value_bytes(cell: &[u8]) -> &[u8] {
    match cell.trim_ascii() {
        odd @ ([b'=' | b'\'' | b'"' | 0x80.., ..] | [.., 0x80..=0xff]) => {
            std::str::from_utf8(odd).map_or(odd, |text| value(text).as_bytes())
        }
        cell if is_no_value(cell) => b"",
        cell => cell,
    }
}

/// `="0011"`, which keeps a spreadsheet from reading a text as a number, is `0011`, even if its end
/// was lost.
#[inline]
fn unguarded(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("=\"") else { return text };
    let inner = rest.strip_suffix('"').unwrap_or(rest);
    if inner.contains('"') && !rest.ends_with('"') { text } else { inner.trim_ascii() }
}

/// What a guard begins with. Only in a [`value`]: a name may begin with an apostrophe.
const GUARDS: [char; 3] = ['=', '\'', '"'];

/// A value without the signs that spreadsheets and scripts put around it as a guard, in all forms
/// that further programs turn them into: `="0011"`, `'0011`, `="0011`, `'="0011"`, `=0011`,
/// `"=""0011"""`. A formula stays as it is.
fn without_guards(text: &str) -> &str {
    let inner = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || GUARDS.contains(&c));
    let guard = &text[..text.len() - inner.len()];
    let (is_quoted, is_equated) = (guard.contains('"'), guard.contains('='));
    let is_end = |c: char| is_quoted && (c == '"' || c.is_ascii_whitespace());
    let inner = inner.trim_end_matches(is_end);
    let is_plain = |c: char| c.is_alphanumeric() || "#._".contains(c);
    let is_number = || inner.trim_start_matches('-').chars().all(is_plain);
    let is_formula = inner.contains('"') || (is_equated && !is_quoted && !is_number());
    if is_formula { text.trim_start_matches('\'') } else { inner }
}

/// Whether a trimmed text is one that only programs write for a missing value.
#[inline]
pub fn is_program_word(text: &[u8]) -> bool {
    match text.first() {
        Some(b'N' | b'n' | b'\\' | b'<' | b'(' | b'[' | b'#') => {
            text.len() <= WORD_BYTES_MAX && is_one_of(PROGRAM_WORDS, text)
        }
        Some(b'-') => is_one_of(PROGRAM_WORDS, text) || is_no_date(text),
        // Nearly every amount begins so, and no word does.
        Some(b'0' | b'1') => is_no_date(text),
        _ => false,
    }
}

/// Whether a trimmed text that is not free text is a word for a missing value.
#[inline]
fn is_no_value(text: &[u8]) -> bool {
    let begins_a_word = matches!(text.first(), Some(b'N' | b'n' | b'U' | b'u' | b'-'));
    (begins_a_word
        && text.len() <= WORD_BYTES_MAX
        && HUMAN_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes())))
        || is_program_word(text)
}

fn is_one_of(words: &[&str], text: &[u8]) -> bool {
    words.iter().any(|word| word.as_bytes() == text)
}

fn is_no_date(text: &[u8]) -> bool {
    const DATE_BYTES_MIN: usize = 8;
    if text.len() < DATE_BYTES_MIN {
        return false;
    }
    let after = |dates: &[&str]| dates.iter().find_map(|date| text.strip_prefix(date.as_bytes()));
    let begins_time = |rest: &[u8]| rest.first().is_none_or(|b| b"T ".contains(b));
    after(NO_DATES).is_some_and(begins_time)
        || after(FIRST_DAYS).is_some_and(|rest| begins_time(rest) && is_midnight(rest))
}

/// Whether the text after a date is empty, or midnight in any zone.
fn is_midnight(rest: &[u8]) -> bool {
    let time = rest.get(1..).unwrap_or_default();
    let end = time.iter().position(|b| !b"0:.".contains(b)).unwrap_or(time.len());
    let zone = time[end..].trim_ascii();
    matches!(zone, [] | [b'Z' | b'z'] | b"UTC" | b"GMT")
        || matches!(zone.first(), Some(b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_blanks_of_any_kind_is_blank() {
        for cell in ["", " \r", "\u{a0}", " \u{2003}\u{200b}", "\u{feff}"] {
            assert!(is_blank(cell.as_bytes()), "{cell:?}");
        }
        for cell in ["a", "\u{a0}é", "\u{e9}"] {
            assert!(!is_blank(cell.as_bytes()), "{cell:?}");
        }
        assert!(!is_blank(b"\xa0"), "a byte that is no UTF-8 is not understood");
    }

    #[test]
    fn words_of_programs_are_blank_everywhere() {
        for word in PROGRAM_WORDS.iter().chain(NO_DATES).chain(FIRST_DAYS) {
            for word in [(*word).to_owned(), format!("  {word}\r")] {
                assert_eq!((free_text(&word), value(&word)), ("", ""), "{word}");
                assert_eq!(value_bytes(word.as_bytes()), b"", "{word}");
            }
        }
        for date in [
            "0000-00-00 00:00:00",
            "0001-01-01T00:00:00Z",
            "0001-01-01 00:00:00 +0000 UTC",
            "-0001-11-30T00:00:00-00:01",
            "1/1/0001 12:00:00 AM",
            "1970-01-01T00:00:00.000+00:00",
            "1900-01-01 00:00:00",
        ] {
            assert_eq!(free_text(date), "", "{date}");
        }
    }

    #[test]
    fn words_of_people_are_blank_in_values_and_kept_in_free_text() {
        for word in HUMAN_WORDS.iter().flat_map(|word| [(*word).to_owned(), word.to_uppercase()]) {
            assert_eq!(value(&word), "", "{word}");
        }
        for word in ["None", "NA", "N/A", "null", "Null", "undefined", "-", "Nan"] {
            assert_eq!((free_text(word), value(word)), (word, ""), "{word}");
        }
    }

    #[test]
    fn the_guards_of_spreadsheets_are_undone() {
        for (guarded, plain) in
            [("=\"0011\"", "0011"), (" =\" 12.50 \" ", "12.50"), ("=\"\"", ""), ("=\"NULL\"", "")]
        {
            assert_eq!((free_text(guarded), value(guarded)), (plain, plain), "{guarded}");
            assert_eq!(value_bytes(guarded.as_bytes()), plain.as_bytes(), "{guarded}");
        }
        for (guarded, plain) in [("'0011", "0011"), ("'", ""), ("'-", ""), ("=\"'7\"", "7")] {
            assert_eq!(
                (value(guarded), value_bytes(guarded.as_bytes())),
                (plain, plain.as_bytes())
            );
        }
        for odd in [
            "=\"1001",
            "'=\"1001\"",
            "=1001",
            "\"=\"\"1001\"\"\"",
            "\"1001\"",
            "''1001",
            "='1001",
            "=\"'1001\"",
            "= \"1001\" ",
            "==\"1001\"",
        ] {
            assert_eq!((value(odd), value_bytes(odd.as_bytes())), ("1001", &b"1001"[..]), "{odd}");
        }
        for formula in ["=1000+1", "=T(\"1001\")", "=\"10\"&\"01\"", "=A1:B2"] {
            assert_eq!(value(formula), formula);
        }
        assert_eq!((value("=-5.00"), value("=\"NULL"), value("=")), ("-5.00", "", ""));
        assert_eq!((free_text("=\"Mug"), free_text("=Mug")), ("Mug", "=Mug"));
        assert_eq!(free_text("'s-Hertogenbosch"), "'s-Hertogenbosch");
        assert_eq!(value("a=\"b\""), "a=\"b\"");
    }

    #[test]
    fn invisible_characters_are_not_part_of_a_cell() {
        for around in ["\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}", "\u{202a}", " \u{200e}\t"] {
            for text in ["1001", "Größe", "#1", "12.50"] {
                let cell = format!("{around}{text}{around}");
                assert_eq!((free_text(&cell), value(&cell)), (text, text), "{cell:?}");
                assert_eq!(value_bytes(cell.as_bytes()), text.as_bytes(), "{cell:?}");
            }
            let guarded = format!("=\"{around}1001{around}\"");
            assert_eq!((value(&guarded), value(around)), ("1001", ""), "{guarded:?}");
            assert_eq!(value(&format!("{around}NULL")), "", "{around:?}");
        }
    }

    #[test]
    fn everything_else_is_what_it_is() {
        for text in [
            "",
            "0",
            "0.00",
            "-1",
            "-0.5",
            "10.00",
            "no",
            "Nora",
            "Nantes",
            "#1001",
            "#N/A-1",
            "(none)",
            "1970-01-01 00:00:01",
            "1970-01-01T10:00:00Z",
            "1970-01-02",
            "0001-01-012",
            "2024-01-01 00:00:00",
            "100000000",
            "1/1/00012",
            "unknown",
            "---",
        ] {
            assert_eq!((free_text(text), value(text)), (text, text), "{text}");
        }
    }
}
