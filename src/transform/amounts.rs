use super::rules::Refunds;
use crate::domain::{Amount, AmountError, Currency, Fault, Reason, Share, SourceLine};

/// Reads the money of one order; faults collect until all of it has been looked at.
pub(super) struct Amounts<'a> {
    currency: Option<Currency>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Amounts<'a> {
    /// Without a known currency the digits are still checked, but nothing about the minor unit is claimed.
    pub(super) fn of(currency: Option<Currency>, faults: &'a mut Vec<Fault>) -> Self {
        Self { currency, faults }
    }

    /// An amount that must be stated; zero stands in where it is faulty, and the fault keeps the order back.
    pub(super) fn required(&mut self, text: &str, field: &'static str, line: u64) -> Amount {
        match self.parse(text) {
            Ok(amount) => amount,
            Err(reason) => {
                self.faults.push(Fault::of(reason, field).at_line(line));
                Amount::ZERO
            }
        }
    }

    /// An amount that may be left out.
    pub(super) fn optional(&mut self, text: &str, field: &'static str) -> Option<Amount> {
        (!text.is_empty()).then(|| self.required(text, field, 0))
    }

    /// The price of one unit. Where the export states what all of them cost, their share of it: only that is rounded,
    /// never the order's total.
    pub(super) fn price(&mut self, line: &SourceLine, count: Option<u32>) -> Share {
        let exact = |amount| Share { amount, is_exact: true };
        let (Some(currency), true) = (self.currency, line.unit_price.is_empty() && !line.total.is_empty())
        else {
            let stated = if line.unit_price.is_empty() { &line.total } else { &line.unit_price };
            return exact(self.required(stated, "price", line.at_line));
        };
        // A faulty count keeps the order back; its price is judged all the same.
        Amount::parse_share(&line.total, count.unwrap_or(1), currency).unwrap_or_else(|error| {
            self.faults.push(Fault::of(reason(error), "price").at_line(line.at_line));
            exact(Amount::ZERO)
        })
    }

    /// The total by the job's rule for refunds.
    pub(super) fn total(&mut self, total: &str, refunded: &str, refunds: Refunds) -> Amount {
        let total = self.required(total, "total", 0);
        match refunds {
            Refunds::Original => total,
            Refunds::Net => {
                let refunded = self.optional(refunded, "refunded").unwrap_or_default();
                Amount::from_minor(total.minor() - refunded.minor()).unwrap_or_default()
            }
        }
    }

    fn parse(&self, text: &str) -> Result<Amount, Reason> {
        let parsed = match self.currency {
            Some(currency) => Amount::parse(text, currency),
            None => without_currency(text),
        };
        parsed.map_err(reason)
    }
}

fn reason(error: AmountError) -> Reason {
    match error {
        AmountError::NotANumber | AmountError::Negative => Reason::BadMoney,
        AmountError::Precision => Reason::MoneyPrecision,
        AmountError::Range => Reason::MoneyRange,
    }
}

/// Only says whether the text is a number: its minor unit is unknown with its currency.
fn without_currency(text: &str) -> Result<Amount, AmountError> {
    let finest = Currency::parse("CLF").map_err(|_| AmountError::NotANumber)?;
    match Amount::parse(text, finest) {
        Err(AmountError::Precision | AmountError::Range) => Ok(Amount::ZERO),
        other => other,
    }
}
