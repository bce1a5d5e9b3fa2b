//! Arithmetic on amounts as text. No floats and no rounding: text that is not a plain number is
//! unchanged.

use crate::domain::Text;
use compact_str::format_compact;
use std::borrow::Cow;

/// Digits after the decimal mark that amounts are counted with.
const SCALE: usize = 9;

/// One, in the units that amounts are counted in: 10^-9.
pub const ONE: i128 = 1_000_000_000;

/// The most digits after the decimal mark that any currency has.
const MONEY_SCALE: usize = 4;

/// The finest amount that any currency has.
const FINEST: i128 = 100_000;

/// A plain decimal number without a sign, in units of 10^-9; `None` for anything else, and for one
/// that is finer than any currency.
pub fn parse(text: &str) -> Option<i128> {
    units(text, MONEY_SCALE)
}

/// A plain decimal number with or without a `-`, in units of 10^-9; `None` for anything else, and
/// for finer ones.
pub fn parse_signed(text: &str) -> Option<i128> {
    match text.strip_prefix('-') {
        Some(digits) => units(digits, SCALE).map(|units| -units),
        None => units(text, SCALE),
    }
}

/// As [`parse_signed`], with further digits truncated: for comparing rounded amounts.
pub fn parse_cut(text: &str) -> Option<i128> {
    let end = text.find('.').map_or(text.len(), |point| text.len().min(point + 1 + SCALE));
    let (kept, cut) = text.split_at_checked(end)?;
    cut.bytes().all(|b| b.is_ascii_digit()).then(|| parse_signed(kept)).flatten()
}

fn units(text: &str, scale: usize) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let fits = (1..=18).contains(&whole.len()) && fraction.len() <= scale;
    let digits = || whole.bytes().chain(fraction.bytes());
    if !fits || !digits().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', SCALE - fraction.len());
    Some(digits().chain(padding).fold(0, |sum, b| sum * 10 + i128::from(b - b'0')))
}

/// Half of one unit of the last digit that any of these amounts shows: the largest error of a
/// rounded amount.
pub fn rounding(amounts: &[&str]) -> i128 {
    let digits = |text: &&str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let shown = amounts.iter().map(digits).max().unwrap_or(0).min(SCALE - 1);
    (0..shown).fold(ONE, |unit, _| unit / 10) / 2
}

/// A whole number as a count.
pub fn count(units: i128) -> Option<u64> {
    if units % ONE == 0 { u64::try_from(units / ONE).ok() } else { None }
}

/// The sum as text; a single amount unchanged. An amount that is not a plain number becomes the
/// result, so that it is refused later.
pub fn sum(amounts: Vec<Text>) -> Text {
    match amounts.as_slice() {
        [] => return Text::default(),
        [only] => return only.clone(),
        _ => {}
    }
    let mut sum = 0_i128;
    for amount in amounts {
        match parse(&amount) {
            Some(units) => sum += units,
            None => return amount,
        }
    }
    print(sum)
}

/// The sum of the amounts that are stated.
pub fn sum_stated(amounts: impl IntoIterator<Item = Text>) -> Text {
    sum(amounts.into_iter().filter(|amount| !amount.is_empty()).collect())
}

/// The amount of a reduction, such as a discount or a refund, without its sign: some exports state
/// it as negative.
pub fn magnitude(amount: &str) -> &str {
    amount.strip_prefix('-').unwrap_or(amount)
}

/// The sum of the discounts or refunds that are stated.
pub fn sum_reductions(amounts: impl IntoIterator<Item = Text>) -> Text {
    sum_stated(amounts.into_iter().map(|amount| magnitude(&amount).into()))
}

/// A number with an exponent (`1.79E+3`) as plain digits; nothing is rounded. Other text is
/// unchanged.
pub fn without_exponent(text: &str) -> Cow<'_, str> {
    shifted(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn shifted(text: &str) -> Option<String> {
    /// More than any amount has digits.
    const EXPONENT_MAX: i32 = 30;
    let (number, exponent) = text.split_once(['e', 'E'])?;
    let (is_small, exponent) = match exponent.as_bytes() {
        [b'-', ..] => (true, &exponent[1..]),
        [b'+', ..] => (false, &exponent[1..]),
        _ => (false, exponent),
    };
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let are_digits = is_digits(whole) && is_digits(fraction) && is_digits(exponent);
    let exponent: i32 = exponent.parse().ok().filter(|by| *by <= EXPONENT_MAX)?;
    if whole.is_empty() || number.ends_with('.') || !are_digits {
        return None;
    }
    let digits = [whole, fraction].concat();
    let point = i32::try_from(whole.len()).ok()? + if is_small { -exponent } else { exponent };
    let zeros = |len: i32| "0".repeat(usize::try_from(len).unwrap_or_default());
    let len = i32::try_from(digits.len()).ok()?;
    let digits = format!("{}{digits}{}", zeros(1 - point), zeros(point - len));
    let (whole, fraction) = digits.split_at(usize::try_from(point.max(1)).ok()?);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// `whole` minus `part`; blank if that is not positive, or if either is not a number.
pub fn excess(whole: &str, part: &str) -> Text {
    match (parse(whole), parse(part)) {
        (Some(whole), Some(part)) if whole > part => print(whole - part),
        _ => Text::default(),
    }
}

/// A total amount divided by its quantity, if that is exact; else blank, as nothing is rounded
/// here.
pub fn share(whole: &str, quantity: &str) -> Text {
    let quantity = parse(quantity).filter(|n| *n > 0 && n % ONE == 0);
    match (parse(whole), quantity.map(|n| n / ONE)) {
        (Some(whole), Some(quantity)) if whole % (quantity * FINEST) == 0 => {
            print(whole / quantity)
        }
        _ => Text::default(),
    }
}

/// An amount in the units of [`parse`] as text, without needless zeros.
pub fn print(units: i128) -> Text {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", units.unsigned_abs(), width = SCALE + 1);
    let (whole, fraction) = digits.split_at(digits.len() - SCALE);
    match fraction.trim_end_matches('0') {
        "" => format_compact!("{sign}{whole}"),
        fraction => format_compact!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum_of(amounts: &[&str]) -> String {
        sum(amounts.iter().map(|&amount| amount.into()).collect()).to_string()
    }

    #[test]
    fn amounts_add_up_exactly_and_a_single_one_is_left_as_it_is() {
        assert_eq!(sum_of(&["0.10", "0.20"]), "0.3");
        assert_eq!(sum_of(&["19.99", "0.01", "100"]), "120");
        assert_eq!(sum_of(&["10.00"]), "10.00");
        assert_eq!(sum_of(&["odd"]), "odd");
        assert_eq!(sum_of(&[]), "");
        for odd in ["", "1,5", "-1", "1E+3", "NaN"] {
            assert_eq!(sum_of(&["1.00", odd, "2.00"]), odd);
        }
    }

    #[test]
    fn the_rest_is_exact_and_never_negative() {
        assert_eq!(excess("598.94", "199.65"), "399.29");
        assert_eq!(excess("10.00", "10.0"), "");
        for (whole, part) in [("9", "10"), ("", "1"), ("1", ""), ("1e3", "1")] {
            assert_eq!(excess(whole, part), "");
        }
    }

    #[test]
    fn a_share_is_exact_or_nothing() {
        assert_eq!(share("59.97", "3"), "19.99");
        assert_eq!(share("10.00", "1"), "10");
        assert_eq!(share("10.00", "4.0"), "2.5");
        for (whole, quantity) in
            [("10.0001", "3"), ("10", "0"), ("10", "-1"), ("", "1"), ("10", "1.5")]
        {
            assert_eq!(share(whole, quantity), "", "{whole} by {quantity}");
        }
    }

    #[test]
    fn discounts_and_refunds_add_up_whatever_their_signs() {
        for amounts in [["5.00", "3"], ["-5.00", "3"], ["-5", "-3.00"]] {
            assert_eq!(sum_reductions(amounts.map(Text::from)), "8", "{amounts:?}");
        }
        assert_eq!(sum_reductions(["".into(), "-3.50".into()]), "3.50");
    }

    #[test]
    fn an_exponent_moves_the_point_and_nothing_else() {
        for (text, plain) in [
            ("1.79E+3", "1790"),
            ("1E+2", "100"),
            ("1e2", "100"),
            ("0E+1", "0"),
            ("0E-2", "0.00"),
            ("1.5e0", "1.5"),
            ("12.5E-1", "1.25"),
            ("-2.50e-3", "-0.00250"),
            ("123456.789E2", "12345678.9"),
        ] {
            assert_eq!(without_exponent(text), plain, "{text}");
        }
        for other in ["", "1790.00", "E5", "1.E5", "1E", "1E+-5", "1E31", "abc", "1E5E5", "é1e5"] {
            assert_eq!(without_exponent(other), other);
        }
    }

    proptest! {
        #[test]
        fn a_number_with_an_exponent_is_the_same_number(units in 0..1_000_000_000_i128, by in 0..6_usize) {
            let scale = 10_i128.pow(by as u32);
            let grown = format!("{units}e{by}");
            prop_assert_eq!(without_exponent(&grown).parse::<i128>().unwrap(), units * scale);
            let shrunk = format!("{}E-{by}", units * scale);
            let plain = without_exponent(&shrunk).into_owned();
            let whole = plain.split_once('.').map_or(plain.as_str(), |(whole, _)| whole);
            prop_assert_eq!(whole.parse::<i128>().unwrap(), units);
        }

        #[test]
        fn sums_are_those_of_integers(cents in proptest::collection::vec(0..10_000_000_i128, 2..20)) {
            let texts = cents.iter().map(|n| format_compact!("{}.{:02}", n / 100, n % 100)).collect();
            prop_assert_eq!(parse(&sum(texts)), Some(cents.iter().sum::<i128>() * ONE / 100));
        }
    }

    #[test]
    fn amounts_are_compared_to_nine_digits() {
        assert_eq!(parse_cut("14.666"), Some(14_666_000_000));
        assert_eq!(parse_cut("-0.5"), Some(-500_000_000));
        assert_eq!(parse_cut("8.4033613445378"), Some(8_403_361_344));
        for bad in ["", ".5", "1,5", "1e3", "x", "0.1234567890x", "9999999999999999999"] {
            assert_eq!(parse_cut(bad), None, "{bad}");
        }
        assert_eq!(rounding(&["25", "7.50"]), 5_000_000);
        assert_eq!(rounding(&["25", ""]), 500_000_000);
    }

    proptest! {
        #[test]
        fn sums_with_signs_are_those_of_integers(cents in proptest::collection::vec(-10_000_000..10_000_000_i128, 0..20)) {
            let text = |n: i128| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
            let sum: i128 = cents.iter().map(|n| parse_signed(&text(*n)).unwrap()).sum();
            prop_assert_eq!(parse_signed(&print(sum)), parse_signed(&text(cents.iter().sum())));
        }
    }
}
