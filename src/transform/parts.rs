//! Whether what an order is made of adds up to its total. It often does not, for reasons that are the shop's (edits,
//! tips, gift cards), so this is told and never a reason to refuse.

use crate::domain::{Amount, Line};

/// What a total is made of, as stated; zero where the export states nothing.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub lines: &'a [Line],
    pub discount: Amount,
    pub shipping: Amount,
    pub tax: Amount,
    pub charges: Amount,
    /// What is not counted of the lines, in minor units.
    pub less: i128,
}

impl Parts<'_> {
    /// As they would be if one of the lines were not there.
    pub(super) fn without(self, line: &Line) -> Self {
        let less = line.price.times(line.quantity);
        Self { less: self.less + less, ..self }
    }

    /// The total less the sum of the parts, in minor units: lines - discount + shipping + charges, and the tax on
    /// top or within them, whichever is nearer. The export rarely says which of the two it is.
    ///
    /// 0 where no more is missing than `slack`, the half minor units that rounding may have moved the sum by.
    pub(super) fn difference(&self, total: Amount, slack: u64) -> i64 {
        let wide = |amount: Amount| i128::from(amount.minor());
        let all: i128 = self.lines.iter().map(|line| line.price.times(line.quantity)).sum();
        let lines = all - self.less;
        let within = wide(total) - (lines - wide(self.discount) + wide(self.shipping) + wide(self.charges));
        let on_top = within - wide(self.tax);
        let nearer = if on_top.abs() < within.abs() { on_top } else { within };
        if nearer.unsigned_abs() * 2 <= u128::from(slack) {
            return 0;
        }
        i64::try_from(nearer).unwrap_or(if nearer < 0 { i64::MIN } else { i64::MAX })
    }
}
