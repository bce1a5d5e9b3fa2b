//! Comparing file names: with numbers as numbers, and by similarity.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Orders names with runs of digits compared as numbers, `orders_2.csv` before `orders_10.csv`, and
/// copies as a browser numbers them after what they are copies of, `orders.csv` before `orders
/// (1).csv`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let ((base_a, copy_a), (base_b, copy_b)) = (without_copy(a), without_copy(b));
    by_numbers(&base_a, &base_b).then(copy_a.cmp(&copy_b)).then_with(|| a.cmp(b))
}

/// A name without the ` (1)` before its extensions, and the number in it; 0 if there is none.
fn without_copy(name: &str) -> (Cow<'_, str>, u64) {
    let whole = (Cow::Borrowed(name), 0);
    let Some((base, rest)) = name.rsplit_once(" (") else { return whole };
    let Some((digits, endings)) = rest.split_once(')') else { return whole };
    match digits.parse() {
        Ok(copy) if endings.is_empty() || endings.starts_with('.') => {
            (Cow::Owned(format!("{base}{endings}")), copy)
        }
        _ => whole,
    }
}

fn by_numbers(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (n, m) = (take_number(&mut left), take_number(&mut right));
            n.len().cmp(&m.len()).then_with(|| n.cmp(m))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // `01` and `1` are equal as numbers; the bytes decide, so that the order is total.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes the digits at the front, returned without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let len = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(len);
    *text = rest;
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

/// The edit distance of two names, ignoring case.
pub fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_copy_of_a_browser_sorts_after_its_original() {
        let mut names =
            ["orders (10).csv", "orders (2).csv", "orders.csv", "orders_2.csv", "orders (a).csv"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["orders (a).csv", "orders.csv", "orders (2).csv", "orders (10).csv", "orders_2.csv"]
        );
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = [
            "orders_10.csv",
            "orders_2.csv",
            "orders_1.csv",
            "orders.csv",
            "orders_010.csv",
            "a/9.csv",
            "orders_99999999999999999999999.csv",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "a/9.csv",
                "orders.csv",
                "orders_1.csv",
                "orders_2.csv",
                "orders_010.csv",
                "orders_10.csv",
                "orders_99999999999999999999999.csv"
            ]
        );
    }

    #[test]
    fn likeness_counts_the_letters_to_change() {
        assert_eq!(distance("orders.csv", "Orders.csv"), 0);
        assert_eq!(distance("order.csv", "orders.csv"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
