//! Converts amounts from an export's notation to plain decimals. Text to text: no floats and no
//! rounding.

use crate::domain::Text;
use crate::extract::blank;
use crate::extract::decimal;
use compact_str::format_compact;
use std::borrow::Cow;

/// How an export writes amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountForm {
    pub decimal_mark: char,
    pub thousands: Option<char>,
    /// Currency signs that may precede or follow an amount.
    pub signs: Vec<String>,
    /// An exponent is exact, as programs write it: `1.79E+3`. In a table a spreadsheet may have
    /// rounded the number.
    pub has_exponents: bool,
}

impl Default for AmountForm {
    fn default() -> Self {
        Self { decimal_mark: '.', thousands: None, signs: Vec::new(), has_exponents: false }
    }
}

impl AmountForm {
    /// `1.234,56` to `1234.56`, with a `-` if it is negative (`-5`, `$-5`, `(5)`); blank stays
    /// blank.
    ///
    /// `None` if the text does not have the declared form: `1.234` may be about a thousand or about
    /// one.
    pub fn plain(&self, text: &str) -> Option<Text> {
        let text = blank::value(text.trim());
        if text.is_empty() {
            return Some(Text::default());
        }
        if self.has_exponents && text.contains(['e', 'E']) {
            let pointed = text.replacen(self.decimal_mark, ".", 1);
            if let Cow::Owned(exact) = decimal::without_exponent(&pointed) {
                return Some(exact.into());
            }
        }
        let (text, in_brackets) =
            match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(inner) => (inner, true),
                None => (text, false),
            };
        let (text, is_minus) = without_minus(text);
        let (text, is_minus_inside) = without_minus(self.without_sign(text));
        let negatives =
            [in_brackets, is_minus, is_minus_inside].into_iter().filter(|is| *is).count();
        let digits = self.digits(text).filter(|_| negatives <= 1)?;
        Some(if negatives == 1 { format_compact!("-{digits}") } else { digits.into() })
    }

    fn without_sign<'a>(&self, text: &'a str) -> &'a str {
        let cut = |sign: &String| {
            text.strip_prefix(sign.as_str()).or_else(|| text.strip_suffix(sign.as_str()))
        };
        self.signs.iter().find_map(cut).unwrap_or(text).trim()
    }

    fn digits(&self, text: &str) -> Option<String> {
        let (whole, fraction) = match text.split_once(self.decimal_mark) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let whole = match self.thousands {
            Some(mark) => without_thousands(whole, mark)?,
            None => whole.to_owned(),
        };
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !are_digits(&whole) || !fraction.is_none_or(are_digits) {
            return None;
        }
        Some(fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}")))
    }
}

fn without_minus(text: &str) -> (&str, bool) {
    match text.strip_prefix('-') {
        Some(rest) => (rest.trim(), true),
        None => (text.trim(), false),
    }
}

/// Groups of three, all of them or none.
fn without_thousands(whole: &str, mark: char) -> Option<String> {
    let is_mark = |c: char| c == mark || (mark == ' ' && matches!(c, '\u{a0}' | '\u{202f}'));
    let mut groups = whole.split(is_mark);
    let first = groups.next()?.to_owned();
    let is_grouped = whole.chars().any(is_mark);
    if is_grouped && !(1..=3).contains(&first.len()) {
        return None;
    }
    groups.try_fold(first, |joined, group| (group.len() == 3).then(|| joined + group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(decimal_mark: char, thousands: Option<char>) -> AmountForm {
        AmountForm {
            decimal_mark,
            thousands,
            has_exponents: false,
            signs: vec!["US$".to_owned(), "$".to_owned(), "€".to_owned()],
        }
    }

    #[test]
    fn declared_marks_and_signs_are_taken_out() {
        let english = form('.', Some(','));
        for (text, plain) in [
            ("1,234.56", "1234.56"),
            ("2,329,000", "2329000"),
            ("1234.5", "1234.5"),
            ("$45.00", "45.00"),
            ("US$ 45", "45"),
            ("45.00 €", "45.00"),
            ("-$5.00", "-5.00"),
            ("$-5.00", "-5.00"),
            ("($5.00)", "-5.00"),
            ("", ""),
        ] {
            assert_eq!(english.plain(text).as_deref(), Some(plain), "{text}");
        }
        let german = form(',', Some('.'));
        assert_eq!(german.plain("1.234,56").as_deref(), Some("1234.56"));
        assert_eq!(german.plain("1.234").as_deref(), Some("1234"));
        assert_eq!(form(',', Some(' ')).plain("1\u{202f}234,5").as_deref(), Some("1234.5"));
    }

    #[test]
    fn exponents_are_exact_with_either_mark() {
        for (mark, text) in [('.', "-1.79E+3"), (',', "-1,79e3")] {
            let exact = AmountForm { has_exponents: true, ..form(mark, None) };
            assert_eq!(exact.plain(text).as_deref(), Some("-1790"), "{text}");
        }
        let exact = AmountForm { has_exponents: true, ..form(',', Some('.')) };
        assert_eq!(exact.plain("1.234,5E3"), None);
        assert_eq!(exact.plain("12,30").as_deref(), Some("12.30"));
    }

    #[test]
    fn values_in_an_undeclared_form_are_never_guessed() {
        let english = form('.', Some(','));
        for odd in [
            "1.234,56", "12,34", "1,2345", "1,234,5", "1234,567", ",5", ".5", "5.", "1e3", "£5",
            "--5", "(-5)", "5 5", "Nan5",
        ] {
            assert_eq!(english.plain(odd), None, "{odd}");
        }
        assert_eq!(form(',', None).plain("1.234"), None, "no thousands were declared");
        assert_eq!(form('.', None).plain("1,234"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = form('.', Some(',')).plain(&text).map(|plain| decimal::parse_signed(&plain));
        }
    }
}
