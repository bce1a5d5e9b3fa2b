//! Whether the parts of an order add up to its total. Often they don't, for reasons of the shop
//! (edits, tips, gift cards), so a difference is reported, but makes no order invalid.

use crate::domain::{Amount, Discount, DiscountKind, Line};

/// The parts of a total, as stated; zero if the export states nothing.
#[derive(Clone, Copy)]
pub(super) struct TotalParts<'a> {
    pub lines: &'a [Line],
    pub discount: Amount,
    /// The components of the discount; they show which part of it lowered the shipping price.
    pub discounts: &'a [Discount],
    pub shipping: Amount,
    pub tax: Amount,
    pub charges: Amount,
    /// Subtracted from the lines, in minor units.
    pub less: i128,
}

impl TotalParts<'_> {
    /// The parts without one line.
    pub(super) fn without(self, line: &Line) -> Self {
        let less = line.price.times(line.quantity);
        Self { less: self.less + less, ..self }
    }

    /// The total minus the sum of the parts, in minor units: lines - discount + shipping + charges,
    /// with the tax on top or within them, and the shipping price before its discount or after it,
    /// whichever is closest. The export rarely says which applies.
    ///
    /// 0 if the difference is within `slack`, the half minor units that rounding may have moved the
    /// sum by.
    pub(super) fn difference(&self, total: Amount, slack: u64) -> i64 {
        let wide = |amount: Amount| i128::from(amount.minor());
        let all: i128 = self.lines.iter().map(|line| line.price.times(line.quantity)).sum();
        let lines = all - self.less;
        let within =
            wide(total) - (lines - wide(self.discount) + wide(self.shipping) + wide(self.charges));
        let of_shipping =
            self.discounts.iter().filter(|discount| discount.kind == DiscountKind::Shipping);
        let of_shipping: i128 = of_shipping.map(|discount| wide(discount.amount)).sum();
        let mut nearest = within;
        for tax in [0, wide(self.tax)] {
            for lowered in [0, of_shipping] {
                let difference = within - tax - lowered;
                if difference.abs() < nearest.abs() {
                    nearest = difference;
                }
            }
        }
        if nearest.unsigned_abs() * 2 <= u128::from(slack) {
            return 0;
        }
        i64::try_from(nearest).unwrap_or(if nearest < 0 { i64::MIN } else { i64::MAX })
    }
}
