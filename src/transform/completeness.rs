//! Whether an order is complete: exports that were truncated or sorted lose lines, and repeated
//! rows double them.

use super::amounts::Quantity;
use super::lines::is_removed;
use super::parts::TotalParts;
use crate::domain::{Amount, AmountError, Currency, Reason, RecordError, Rounding, SourceOrder};

/// A file that was truncated between two rows, or sorted, leaves an order that looks complete, but
/// its lines add up to less than its subtotal, or than its goods before discounts if those are
/// known. In a complete order they never do, as discounts only lower the subtotal. A rounded amount
/// counts as off by a minor unit, so rounding alone never makes an order look truncated.
pub(super) fn is_cut(source: &SourceOrder, currency: Currency, rounding: Rounding) -> bool {
    let read = |text: &str, off: i64| match (Amount::parse(text, currency), rounding) {
        (Err(AmountError::Precision), Rounding::HalfEven) => {
            let rounded = Amount::parse_half_even(text, currency).ok()?;
            Some(Amount::from_minor(rounded.minor() + off).unwrap_or(rounded))
        }
        (exact, _) => exact.ok(),
    };
    let stated =
        [&source.goods, &source.subtotal].into_iter().filter_map(|text| read(text, -1)).max();
    let Some(subtotal) = stated else {
        return false;
    };
    let gross: Option<i128> = source
        .lines
        .iter()
        .map(|line| match (line.total.as_str(), Quantity::parse(&line.quantity)?) {
            ("", Quantity::Whole(units)) => Some(read(&line.unit_price, 1)?.times(units)),
            ("", Quantity::Fraction) => {
                let share = Amount::parse_product(&line.unit_price, &line.quantity, currency);
                Some(i128::from(share.ok()?.amount.minor()) + 1)
            }
            (total, _) => Some(i128::from(read(total, 1)?.minor())),
        })
        .sum();
    !source.lines.is_empty() && gross.is_some_and(|gross| gross < i128::from(subtotal.minor()))
}

/// By how much an order misses its total.
pub(super) fn difference_of(
    source: &SourceOrder,
    parts: &TotalParts<'_>,
    total: Amount,
    slack: u64,
    faults: &mut Vec<RecordError>,
) -> i64 {
    let difference = parts.difference(total, slack);
    if difference != 0 && is_doubled(source, parts, total, slack) {
        faults.push(RecordError::of(Reason::RepeatedRow, "lines"));
    }
    difference
}

/// A repeated row doubles a product. The product may have been bought twice, but not if the order
/// adds up to its total only without the repetition.
fn is_doubled(source: &SourceOrder, parts: &TotalParts<'_>, total: Amount, slack: u64) -> bool {
    let mut rows = source.lines.iter().filter(|line| !is_removed(line)).map(|line| line.at_line);
    let first = rows.next();
    if rows.all(|row| Some(row) == first) {
        return false;
    }
    let mut again = parts.lines.windows(2).filter_map(|pair| match pair {
        [one, other] if one == other => Some(other),
        _ => None,
    });
    again.any(|line| parts.without(line).difference(total, slack) == 0)
}
