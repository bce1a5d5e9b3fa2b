//! Orders that repeat the same rows: copies of the order, one of which may be truncated, or further
//! lines. The order's total decides, if it matches only one of the two.

use super::groups::Group;
use crate::domain::{Reason, RecordError, SourceLine, SourceOrder};
use crate::extract::decimal;
use crate::extract::order_errors::add_error;

/// The most divisions of an order's rows that are tried, as each one reads the rows again.
const DIVISIONS_MAX: usize = 50;

/// The order of a group, read by `read`. Rows that may be either copies or lines are an error.
pub fn order_of(group: &Group, read: impl Fn(&Group) -> SourceOrder) -> SourceOrder {
    let mut all = read(group);
    let is_whole =
        |one: &SourceOrder| one.total == all.total && one.faults.is_empty() && adds_up(one);
    let mut parts = group.beside_cut_copies().peekable();
    let mut is_doubtful = false;
    if parts.peek().is_some() && !adds_up(&all) {
        let mut tried = parts.by_ref().take(DIVISIONS_MAX).map(|part| read(&part));
        if let Some(whole) = tried.find(is_whole) {
            return whole;
        }
        is_doubtful = parts.peek().is_some();
    }
    if let Some(copy) = group.first_copy() {
        let single = read(&copy);
        let is_stated = single.total == all.total;
        if is_stated && single.faults.is_empty() && adds_up(&single) && !adds_up(&all) {
            return single;
        }
        is_doubtful |= copy.rows.len() > 1 && !(is_stated && adds_up(&all));
    }
    if is_doubtful && all.faults.is_empty() {
        add_error(&mut all, RecordError::new(Reason::RepeatedRow), group.line());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SourceLine;
    use crate::extract::codec::Source;
    use crate::extract::double_quoted_rows::LineForm;
    use crate::extract::grouping::groups::Groups;
    use crate::extract::other_rows::Landmarks;
    use crate::extract::passed_over::SharedTally;
    use crate::extract::rows::{RowShape, Rows};
    use std::cell::Cell;

    /// The order of so many identical rows of 1.00 each, and how often rows were read.
    fn read(rows: usize, total: &str) -> (SourceOrder, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.csv");
        std::fs::write(&path, format!("id,price\n{}", "7,1.00\n".repeat(rows))).unwrap();
        let shape = RowShape {
            delimiter: b',',
            has_delimiter_line: false,
            rows_before_header: 0,
            lines: LineForm { end_in_semicolon: false, are_quoted: false },
            width: 2,
            row_width: 2,
            begins_with_key: false,
            line_at: None,
        };
        let source = Source::all_in(&path).unwrap().remove(0);
        let rows = Rows::open(source, shape, Landmarks::default(), SharedTally::default());
        let group = Groups::new(rows.unwrap(), 0, Vec::new()).pull().unwrap().unwrap();
        let reads = Cell::new(0);
        let order = order_of(&group, |group| {
            reads.set(reads.get() + 1);
            let line = SourceLine {
                quantity: "1".into(),
                unit_price: "1.00".into(),
                ..SourceLine::default()
            };
            let lines = vec![line; group.rows.len()];
            SourceOrder { total: total.into(), lines, ..SourceOrder::default() }
        });
        (order, reads.get())
    }

    #[test]
    fn many_identical_rows_are_read_a_bounded_number_of_times() {
        let reasons =
            |order: &SourceOrder| order.faults.iter().map(|fault| fault.reason).collect::<Vec<_>>();
        let (order, _) = read(40, "21.00");
        assert_eq!((order.lines.len(), reasons(&order)), (21, vec![]), "beside a truncated copy");
        let (order, reads) = read(3_000, "3000.00");
        assert_eq!((order.lines.len(), reasons(&order), reads), (3_000, vec![], 2));
        let (order, reads) = read(3_000, "1.00");
        assert_eq!((order.lines.len(), reasons(&order)), (1, vec![]), "copies of one row");
        assert!(reads < 100, "{reads}");
        let (order, reads) = read(3_000, "1600.00");
        assert_eq!(reasons(&order), [Reason::RepeatedRow], "not all divisions are tried");
        assert!(reads < 100, "{reads}");
    }
}
