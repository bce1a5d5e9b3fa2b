//! Whether the lines of an order are complete, by what they add up to. No float; digits far
//! below any minor unit are cut, as what is compared was rounded anyway.

use std::iter;

/// Digits after the point that are kept.
const SCALE: usize = 9;

/// A plain decimal number in units of 10^-[`SCALE`], further digits cut; `None` for anything else.
pub fn parse(text: &str) -> Option<i128> {
    let (digits, sign) = text.strip_prefix('-').map_or((text, 1), |digits| (digits, -1));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = (1..=15).contains(&whole.len())
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    let padded = fraction.bytes().chain(iter::repeat(b'0')).take(SCALE);
    is_number.then(|| {
        sign * whole.bytes().chain(padded).fold(0, |sum, b| sum * 10 + i128::from(b - b'0'))
    })
}

/// Half of one unit of the last digit that any of these amounts shows: how far a rounded amount may
/// be off.
pub fn rounding(amounts: &[&str]) -> i128 {
    let digits = |text: &&str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let shown = amounts.iter().map(digits).max().unwrap_or(0).min(SCALE - 1);
    (0..SCALE - shown).fold(1, |unit: i128, _| unit * 10) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_to_nine_digits() {
        assert_eq!(parse("14.666"), Some(14_666_000_000));
        assert_eq!(parse("-0.5"), Some(-500_000_000));
        assert_eq!(parse("8.4033613445378"), Some(8_403_361_344));
        for bad in ["", ".5", "1,5", "1e3", "x", "9999999999999999"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(rounding(&["25", "7.50"]), 5_000_000);
        assert_eq!(rounding(&["25", ""]), 500_000_000);
    }
}
