//! Orders that repeat the same rows: copies of the order, one of which may be truncated, or further
//! lines. The order's total decides, if it matches only one of the two.

use super::groups::Group;
use crate::domain::{Reason, RecordError, SourceLine, SourceOrder};
use crate::extract::decimal;
use crate::extract::order_errors::add_error;

/// The order of a group, read by `read`. Rows that may be either copies or lines are an error.
pub fn order_of(group: &Group, read: impl Fn(&Group) -> SourceOrder) -> SourceOrder {
    let mut all = read(group);
    let is_whole =
        |one: &SourceOrder| one.total == all.total && one.faults.is_empty() && adds_up(one);
    let mut parts = group.beside_cut_copies().peekable();
    if parts.peek().is_some()
        && !adds_up(&all)
        && let Some(whole) = parts.map(|part| read(&part)).find(is_whole)
    {
        return whole;
    }
    let first_copy = group.first_copy();
    if let Some(copy) = &first_copy {
        let single = read(copy);
        let is_stated = single.total == all.total;
        if is_stated && single.faults.is_empty() && adds_up(&single) && !adds_up(&all) {
            return single;
        }
        let is_doubtful = copy.rows.len() > 1 && !(is_stated && adds_up(&all));
        if is_doubtful && all.faults.is_empty() {
            let line = group.line();
            add_error(&mut all, RecordError::new(Reason::RepeatedRow), line);
        }
    }
    if let Some(line) = group.repeated_elsewhere() {
        add_error(&mut all, RecordError::new(Reason::RepeatedRow), line);
    }
    all
}

/// Whether the lines add up to the stated subtotal, before or after the discount; or to the total,
/// minus the discount, with shipping, and with tax on top or included.
fn adds_up(order: &SourceOrder) -> bool {
    let blank_is_zero =
        |text: &str| if text.is_empty() { Some(0) } else { decimal::parse_signed(text) };
    // Unit prices may be rounded.
    let lines = u128::try_from(order.lines.len()).unwrap_or(0);
    let slack = decimal::rounding(&[&order.total]).unsigned_abs() * lines;
    let adds_up = || {
        // A price times a quantity may be near the end of the range, single amounts never are.
        let mut goods = order.lines.iter().map(cost);
        let goods = goods.try_fold(0_i128, |sum, cost| sum.checked_add(cost?))?;
        let less = goods.checked_sub(blank_is_zero(&order.discount)?.abs())?;
        let others = blank_is_zero(&order.shipping)? + blank_is_zero(&order.charges)?;
        let rest = decimal::parse_signed(&order.total)?.checked_sub(less.checked_add(others)?)?;
        let subtotal = decimal::parse_signed(&order.subtotal).filter(|subtotal| *subtotal != 0);
        let is_subtotal = |sum: i128| subtotal.is_some_and(|it| it.abs_diff(sum) <= slack);
        let is_rest = |tax: i128| rest.abs_diff(tax) <= slack;
        Some(
            is_rest(0)
                || is_rest(blank_is_zero(&order.tax)?)
                || is_subtotal(goods)
                || is_subtotal(less),
        )
    };
    adds_up().unwrap_or(false)
}

fn cost(line: &SourceLine) -> Option<i128> {
    if !line.total.is_empty() {
        return decimal::parse_cut(&line.total);
    }
    let quantity = decimal::count(decimal::parse_signed(&line.quantity)?)?;
    decimal::parse_cut(&line.unit_price)?.checked_mul(i128::from(quantity))
}
