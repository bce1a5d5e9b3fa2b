//! Adding up amounts that are still text. No float, and nothing is rounded: what is no plain number
//! stays what it is.

/// Digits after the decimal mark that amounts are compared and added with; no currency has more.
const SCALE: usize = 4;

/// A plain decimal number in units of 10^-[`SCALE`]; `None` for anything else, and for finer ones.
pub fn parse(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let fits = (1..=18).contains(&whole.len()) && fraction.len() <= SCALE;
    let digits = || whole.bytes().chain(fraction.bytes());
    if !fits || !digits().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', SCALE - fraction.len());
    Some(digits().chain(padding).fold(0, |sum, b| sum * 10 + i128::from(b - b'0')))
}

/// The sum as text; a single amount as it stands. One that is no plain number stands for the whole
/// sum, so that it is refused where it is used.
pub fn sum(amounts: Vec<String>) -> String {
    match amounts.as_slice() {
        [] => return String::new(),
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
pub fn sum_stated(amounts: impl IntoIterator<Item = String>) -> String {
    sum(amounts.into_iter().filter(|amount| !amount.is_empty()).collect())
}

/// What is left of `whole` above `part`; blank where there is nothing, or where either is not
/// stated as a number.
pub fn excess(whole: &str, part: &str) -> String {
    match (parse(whole), parse(part)) {
        (Some(whole), Some(part)) if whole > part => print(whole - part),
        _ => String::new(),
    }
}

/// A whole amount divided by how many it is for, where that comes out even; else blank, as nothing
/// is rounded here.
pub fn share(whole: &str, quantity: &str) -> String {
    const ONE: i128 = 10_i128.pow(SCALE as u32);
    let quantity = parse(quantity).filter(|n| *n > 0 && n % ONE == 0);
    match (parse(whole), quantity.map(|n| n / ONE)) {
        (Some(whole), Some(quantity)) if whole % quantity == 0 => print(whole / quantity),
        _ => String::new(),
    }
}

/// An amount in the units of [`parse`] as text; it must not be negative.
pub fn print(units: i128) -> String {
    let digits = format!("{units:0width$}", width = SCALE + 1);
    let (whole, fraction) = digits.split_at(digits.len() - SCALE);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum_of(amounts: &[&str]) -> String {
        sum(amounts.iter().map(|&amount| amount.to_owned()).collect())
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
    fn what_is_left_is_exact_and_never_negative() {
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

    proptest! {
        #[test]
        fn sums_are_those_of_integers(cents in proptest::collection::vec(0..10_000_000_i128, 2..20)) {
            let texts = cents.iter().map(|n| format!("{}.{:02}", n / 100, n % 100)).collect();
            prop_assert_eq!(parse(&sum(texts)), Some(cents.iter().sum::<i128>() * 100));
        }
    }
}
