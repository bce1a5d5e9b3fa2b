//! Half-even rounding on digits, compared with integer arithmetic.

use super::super::{AMOUNT_MINOR_MAX, Amount, AmountError};
use crate::domain::Currency;
use proptest::prelude::*;

fn rounded(text: &str, code: &str) -> Result<i64, AmountError> {
    Amount::parse_half_even(text, Currency::parse(code).unwrap()).map(Amount::minor)
}

/// What a number of `units` of 10^-`scale` is in minor units of 10^-`exponent`: by division and
/// remainder, so that it shares no step with the tested code.
fn oracle(units: i128, scale: u32, exponent: u32) -> i128 {
    if scale <= exponent {
        return units * 10_i128.pow(exponent - scale);
    }
    let unit = 10_i128.pow(scale - exponent);
    let (whole, rest) = (units.div_euclid(unit), units.rem_euclid(unit));
    match (rest * 2).cmp(&unit) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
    }
}

fn judged(minor: i128) -> Result<i64, AmountError> {
    match i64::try_from(minor) {
        Ok(minor) if minor < 0 => Err(AmountError::Negative),
        Ok(minor) if minor <= AMOUNT_MINOR_MAX => Ok(minor),
        _ => Err(AmountError::Range),
    }
}

fn text_of(units: i128, scale: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[test]
fn a_tie_rounds_to_the_even_amount_and_all_else_to_the_nearest() {
    for (text, code, expected) in [
        ("0.005", "USD", 0),
        ("0.015", "USD", 2),
        ("0.025", "USD", 2),
        ("0.0250000000000000000000000000000000000001", "USD", 3),
        ("0.0249999999999999999999999999999999999999", "USD", 2),
        ("7.332999999999999", "USD", 733),
        ("9.995", "USD", 1000),
        ("1.5", "JPY", 2),
        ("2.5", "JPY", 2),
        ("1.0005", "KWD", 1000),
        ("1.0015", "KWD", 1002),
        ("19.99", "USD", 1999),
    ] {
        assert_eq!(rounded(text, code), Ok(expected), "{text} {code}");
    }
}

#[test]
fn rounding_refuses_text_that_is_not_an_amount() {
    for bad in ["", ".", "1.", ".005", "1,005", "1.00.5", "1e3", "0.00x", "1.005 ", "-", "-.005"] {
        assert_eq!(rounded(bad, "USD"), Err(AmountError::NotANumber), "{bad:?}");
    }
    assert_eq!(rounded("-0.004", "USD"), Ok(0));
    assert_eq!(rounded("-0.006", "USD"), Err(AmountError::Negative));
    assert_eq!(rounded("21474836.474", "USD"), Ok(AMOUNT_MINOR_MAX));
    assert_eq!(rounded("21474836.475", "USD"), Err(AmountError::Range));
    assert_eq!(rounded("99999999999999999999999999.001", "USD"), Err(AmountError::Range));
}

/// Every tie and its neighbours, with three digits below the minor unit.
#[test]
fn every_thousandth_of_a_small_amount_is_rounded_as_whole_numbers_say() {
    for units in 0..30_000_i128 {
        for (code, exponent) in [("USD", 2), ("JPY", 0), ("KWD", 3)] {
            for scale in [exponent as usize + 1, exponent as usize + 3] {
                let expected = judged(oracle(units, scale as u32, exponent));
                assert_eq!(rounded(&text_of(units, scale), code), expected);
            }
        }
    }
}

proptest! {
    #[test]
    fn rounding_is_that_of_whole_numbers(
        units in -1_000_000_000_000_i128..1_000_000_000_000_000_000_000_000_000,
        scale in 0_usize..24,
        code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"]),
    ) {
        let exponent = u32::from(Currency::parse(code).unwrap().exponent());
        let expected = judged(oracle(units, scale as u32, exponent));
        prop_assert_eq!(rounded(&text_of(units, scale), code), expected);
    }

    #[test]
    fn near_a_tie_as_well(
        minor in 0_i128..AMOUNT_MINOR_MAX.into(),
        digits in 1_usize..20,
        step in -2_i128..=2,
        code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"]),
    ) {
        let exponent = usize::from(Currency::parse(code).unwrap().exponent());
        let unit = 10_i128.pow(digits as u32);
        let (units, scale) = (minor * unit + unit / 2 + step, exponent + digits);
        let expected = judged(oracle(units, scale as u32, exponent as u32));
        prop_assert_eq!(rounded(&text_of(units, scale), code), expected);
    }

    #[test]
    fn amounts_without_rounding_are_read_the_same(text in "-?[0-9]{0,12}(\\.[0-9]{0,4})?") {
        let currency = Currency::parse("USD").unwrap();
        let exact = Amount::parse(&text, currency);
        if exact != Err(AmountError::Precision) {
            prop_assert_eq!(Amount::parse_half_even(&text, currency), exact);
        }
    }

    #[test]
    fn no_text_panics(text in ".*", code in prop::sample::select(vec!["USD", "JPY"])) {
        let _ = rounded(&text, code);
    }
}
