use super::Rules;
use crate::domain::{
    Amount, AmountError, Currency, Reason, RecordError, Refunds, Rounding, Share, SourceLine,
    SourceOrder, Total,
};

/// Reads the amounts of one order and collects their errors.
pub(super) struct Amounts<'a> {
    currency: Option<Currency>,
    rounding: Rounding,
    faults: &'a mut Vec<RecordError>,
    /// How many amounts were rounded.
    pub rounded: u32,
    /// How far rounding can have moved a sum of them, in half minor units.
    pub slack: u64,
}

/// An order's totals under the policy.
pub(super) struct Totals {
    /// Before edits and refunds.
    pub ordered: Amount,
    /// What is sent.
    pub sent: Amount,
    /// Refunded in full. Known only if the policy depends on it.
    pub is_refunded: bool,
}

impl<'a> Amounts<'a> {
    /// Without a known currency the digits are still checked, but not against a minor unit.
    pub(super) fn of(
        currency: Option<Currency>,
        rounding: Rounding,
        faults: &'a mut Vec<RecordError>,
    ) -> Self {
        Self { currency, rounding, faults, rounded: 0, slack: 0 }
    }

    pub(super) fn fault(&mut self, fault: RecordError) {
        self.faults.push(fault);
    }

    /// An amount that must be stated; zero replaces a faulty one, and the error keeps the order back.
    pub(super) fn required(&mut self, text: &str, field: &'static str, line: u64) -> Amount {
        match self.parse(text) {
            Ok(amount) => amount,
            Err(reason) => {
                self.faults.push(RecordError::of(reason, field).at_line(line));
                Amount::ZERO
            }
        }
    }

    /// An amount that may be absent.
    pub(super) fn optional(&mut self, text: &str, field: &'static str) -> Option<Amount> {
        (!text.is_empty()).then(|| self.required(text, field, 0))
    }

    /// The price of one unit. If the export states the price of all units, the share of one: only
    /// that is rounded, never the order's total. Its rounding counts once for each unit.
    pub(super) fn price(&mut self, line: &SourceLine, count: Option<u32>) -> Share {
        let exact = |amount| Share { amount, is_exact: true };
        // A faulty count keeps the order back, but its price is checked as well.
        let units = count.unwrap_or(1);
        let (Some(currency), true) =
            (self.currency, line.unit_price.is_empty() && !line.total.is_empty())
        else {
            let stated = if line.unit_price.is_empty() { &line.total } else { &line.unit_price };
            let before = self.rounded;
            let price = self.required(stated, "price", line.at_line);
            if self.rounded > before {
                self.slack += u64::from(units.saturating_sub(1));
            }
            return exact(price);
        };
        let share = Amount::parse_share(&line.total, units, currency).unwrap_or_else(|error| {
            self.fault(RecordError::of(reason(error), "price").at_line(line.at_line));
            exact(Amount::ZERO)
        });
        if !share.is_exact {
            self.slack += u64::from(units);
        }
        share
    }

    /// The totals under the policy. A refund is subtracted once: a current total that differs from
    /// the one as ordered already contains it.
    pub(super) fn totals(&mut self, source: &SourceOrder, rules: &Rules) -> Totals {
        let ordered = self.required(&source.total, "total", 0);
        let current = match rules.policy.total {
            Total::Original => None,
            Total::Current => self.optional(&source.current_total, "current_total"),
        };
        let current = current.filter(|current| *current != ordered);
        let refunded = match (rules.policy.refunds, current) {
            (Refunds::Original, _) | (Refunds::Net, Some(_)) => Amount::ZERO,
            (Refunds::Net | Refunds::Skip, _) => {
                self.optional(&source.refunded, "refunded").unwrap_or_default()
            }
        };
        let less = || Amount::from_minor(ordered.minor() - refunded.minor()).unwrap_or_default();
        let sent = match (current, rules.policy.refunds) {
            (Some(current), _) => current,
            (None, Refunds::Net) => less(),
            (None, Refunds::Original | Refunds::Skip) => ordered,
        };
        Totals { ordered, sent, is_refunded: ordered > Amount::ZERO && refunded >= ordered }
    }

    fn parse(&mut self, text: &str) -> Result<Amount, Reason> {
        let parsed = match self.currency {
            Some(currency) => match (Amount::parse(text, currency), self.rounding) {
                (Err(AmountError::Precision), Rounding::HalfEven) => self.round(text, currency),
                (exact, _) => exact,
            },
            None => without_currency(text),
        };
        parsed.map_err(reason)
    }

    fn round(&mut self, text: &str, currency: Currency) -> Result<Amount, AmountError> {
        let amount = Amount::parse_half_even(text, currency)?;
        self.rounded += 1;
        self.slack += 1;
        Ok(amount)
    }
}

fn reason(error: AmountError) -> Reason {
    match error {
        AmountError::NotANumber | AmountError::Negative => Reason::BadMoney,
        AmountError::Precision => Reason::MoneyPrecision,
        AmountError::Range => Reason::MoneyRange,
    }
}

/// Only checks whether the text is a number, as the minor unit is unknown.
fn without_currency(text: &str) -> Result<Amount, AmountError> {
    let finest = Currency::parse("CLF").map_err(|_| AmountError::NotANumber)?;
    match Amount::parse(text, finest) {
        Err(AmountError::Precision | AmountError::Range) => Ok(Amount::ZERO),
        other => other,
    }
}
