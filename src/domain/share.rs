use super::{Amount, AmountError, Currency};

/// The most digits of a divided amount, before and after its point: with a count below 2^32 and the
/// digits of a minor unit, the arithmetic stays within 128 bits.
const WHOLE_LEN_MAX: usize = 12;
const FRACTION_LEN_MAX: usize = 15;

/// The price of one of several units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Rounded to the nearest minor unit, half to even.
    pub amount: Amount,
    pub is_exact: bool,
}

impl Amount {
    /// Divides a decimal number among `count` units (1 or more), exactly: digits below the minor
    /// unit count until the share is rounded, once.
    ///
    /// # Errors
    /// As [`Amount::parse`], but digits below the minor unit are refused only beyond the fifteenth.
    pub fn parse_share(text: &str, count: u32, currency: Currency) -> Result<Share, AmountError> {
        let (is_negative, digits) =
            text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(AmountError::NotANumber),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_number =
            !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if !is_number || count == 0 {
            return Err(AmountError::NotANumber);
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        match (whole, fraction) {
            ("", "") => return Ok(Share { amount: Self::ZERO, is_exact: true }),
            _ if is_negative => return Err(AmountError::Negative),
            (whole, _) if whole.len() > WHOLE_LEN_MAX => return Err(AmountError::Range),
            (_, fraction) if fraction.len() > FRACTION_LEN_MAX => {
                return Err(AmountError::Precision);
            }
            _ => {}
        }
        let places = fraction.len().max(usize::from(currency.exponent()));
        let padding = std::iter::repeat_n(b'0', places - fraction.len());
        let all = whole.bytes().chain(fraction.bytes()).chain(padding);
        let stated = all.fold(0_i128, |sum, b| sum * 10 + i128::from(b - b'0'));
        let below_minor =
            (0..places - usize::from(currency.exponent())).fold(1_i128, |scale, _| scale * 10);
        let divisor = below_minor * i128::from(count);
        let (floor, rest) = (stated / divisor, stated % divisor);
        let is_up = match (rest * 2).cmp(&divisor) {
            std::cmp::Ordering::Equal => floor % 2 == 1,
            order => order.is_gt(),
        };
        let minor = i64::try_from(floor + i128::from(is_up)).map_err(|_| AmountError::Range)?;
        let amount = Self::from_minor(minor).ok_or(AmountError::Range)?;
        Ok(Share { amount, is_exact: rest == 0 })
    }
}

impl Amount {
    /// The price of a quantity that may be a fraction: the exact product, rounded once.
    ///
    /// # Errors
    /// As [`Amount::parse_share`]; also beyond 18 digits of price or quantity.
    pub fn parse_product(
        price: &str,
        quantity: &str,
        currency: Currency,
    ) -> Result<Share, AmountError> {
        let (price, price_places) = scaled(price)?;
        let (quantity, quantity_places) = scaled(quantity)?;
        let product = price * quantity;
        let places = price_places + quantity_places;
        let digits = format!("{:0width$}", product.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if product < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        Self::parse_share(&format!("{sign}{whole}{point}{fraction}"), 1, currency)
    }
}

/// A decimal number as a whole one, and how many of its digits are behind the point.
fn scaled(text: &str) -> Result<(i128, usize), AmountError> {
    /// The product of two such numbers fits 128 bits.
    const DIGITS_MAX: usize = 18;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(AmountError::Range);
    }
    let number = [whole, fraction].concat();
    let is_plain = !whole.is_empty() && !number.starts_with('+') && !text.ends_with('.');
    let number = number.parse().ok().filter(|_| is_plain).ok_or(AmountError::NotANumber)?;
    Ok((number, fraction.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(text: &str, count: u32, code: &str) -> Result<(i64, bool), AmountError> {
        let share = Amount::parse_share(text, count, Currency::parse(code).unwrap());
        share.map(|share| (share.amount.minor(), share.is_exact))
    }

    #[test]
    fn a_product_is_exact_or_the_nearest_and_says_which() {
        let product = |price: &str, quantity: &str, code: &str| {
            let share = Amount::parse_product(price, quantity, Currency::parse(code).unwrap());
            share.map(|share| (share.amount.minor(), share.is_exact))
        };
        assert_eq!(product("12", "0.75", "USD"), Ok((900, true)));
        assert_eq!(product("12.00", "2.500", "USD"), Ok((3000, true)));
        assert_eq!(product("3.33", "0.5", "USD"), Ok((166, false)), "1.665 goes to the even one");
        assert_eq!(product("1000", "0.333", "JPY"), Ok((333, true)));
        assert_eq!(product("0", "0.5", "USD"), Ok((0, true)));
        assert_eq!(product("-3", "0.5", "USD"), Err(AmountError::Negative));
        for (price, quantity) in
            [("1,5", "0.5"), ("1.", "0.5"), (".5", "0.5"), ("+1", "0.5"), ("1", "x")]
        {
            assert_eq!(product(price, quantity, "USD"), Err(AmountError::NotANumber), "{price}");
        }
        assert_eq!(product("1", &"1".repeat(40), "USD"), Err(AmountError::Range));
    }

    #[test]
    fn a_share_is_exact_or_the_nearest_and_says_which() {
        assert_eq!(share("39.98", 2, "USD"), Ok((1999, true)));
        assert_eq!(share("29985.00", 1500, "USD"), Ok((1999, true)));
        assert_eq!(share("22.00", 3, "USD"), Ok((733, false)));
        assert_eq!(share("21.999", 3, "USD"), Ok((733, false)), "7.333");
        assert_eq!(share("14.67", 2, "USD"), Ok((734, false)), "7.335 goes to the even one");
        assert_eq!(share("14.65", 2, "USD"), Ok((732, false)), "7.325 goes to the even one");
        assert_eq!(share("14.666", 2, "USD"), Ok((733, false)));
        assert_eq!(share("0.01", 2, "USD"), Ok((0, false)));
        assert_eq!(share("0.03", 2, "USD"), Ok((2, false)));
        assert_eq!(share("4500.00", 3, "JPY"), Ok((1500, true)));
        assert_eq!(share("100", 3, "JPY"), Ok((33, false)));
        assert_eq!(share("1", 3, "KWD"), Ok((333, false)));
        assert_eq!(share("-0.00", 7, "USD"), Ok((0, true)));
        assert_eq!(share("007.50", 1, "USD"), Ok((750, true)));
    }

    #[test]
    fn a_text_that_is_not_an_amount_has_no_share() {
        for bad in ["", ".", "1.", ".5", "1,00", "$1", "1e3", "+5", "NaN", "--1", "1.2.3", "-"] {
            assert_eq!(share(bad, 2, "USD"), Err(AmountError::NotANumber), "{bad:?}");
        }
        assert_eq!(share("1", 0, "USD"), Err(AmountError::NotANumber));
        assert_eq!(share("-0.01", 2, "USD"), Err(AmountError::Negative));
        assert_eq!(share("9999999999999", 2, "USD"), Err(AmountError::Range));
        assert_eq!(share("42949672.96", 2, "USD"), Err(AmountError::Range));
        assert_eq!(share("999999999999.999999999999999", u32::MAX, "CLF"), Ok((2_328_306, false)));
        assert_eq!(share("1.0000000000000001", 2, "USD"), Err(AmountError::Precision));
    }

    proptest! {
        /// No share is off by more than half a minor unit, and an exact one is not off at all.
        #[test]
        fn shares_put_together_again_are_what_was_divided(minor in 0_i64..2_000_000_000, count in 1_u32..5_000) {
            let usd = Currency::parse("USD").unwrap();
            let text = usd.format_minor(i128::from(minor));
            let share = Amount::parse_share(&text, count, usd).unwrap();
            let off = (share.amount.times(count) - i128::from(minor)).abs();
            prop_assert!(off * 2 <= i128::from(count));
            prop_assert_eq!(share.is_exact, off == 0);
        }

        #[test]
        fn a_share_among_one_is_the_amount(text in "[0-9]{1,7}(\\.[0-9]{1,2})?") {
            let usd = Currency::parse("USD").unwrap();
            prop_assert_eq!(Amount::parse_share(&text, 1, usd).map(|share| share.amount), Amount::parse(&text, usd));
        }

        #[test]
        fn no_text_panics(text in "[-0-9.e]{0,40}|\\PC{0,12}", count: u32) {
            let _ = Amount::parse_share(&text, count, Currency::parse("CLF").unwrap());
        }
    }
}
