use super::Rules;
use crate::domain::{
    Amount, AmountError, Currency, Reason, RecordError, RefundNote, Refunds, Rounding, Share,
    SourceLine, SourceOrder, Status, Total,
};

/// How many units of its product a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// 1 to the largest that ActiveCampaign stores.
    Whole(u32),
    /// A part, such as 0.75 yards.
    Fraction,
}

impl Quantity {
    /// `2.0` is two. `None` for zero and if it is not a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        if fraction.bytes().any(|b| b != b'0') {
            return Some(Self::Fraction);
        }
        let units = whole.parse().ok().filter(|n| (1..=i32::MAX as u32).contains(n));
        units.map(Self::Whole)
    }
}

/// Reads the amounts of one order and collects their errors.
pub(super) struct Amounts<'a> {
    currency: Option<Currency>,
    rounding: Rounding,
    faults: &'a mut Vec<RecordError>,
    /// How many amounts were rounded.
    pub rounded: u32,
    /// How many lines have a quantity that is not a whole number.
    pub fractional: u32,
    /// The largest effect of rounding on their sum, in half minor units.
    pub slack: u64,
}

/// An order's totals under the policy.
pub(super) struct OrderTotals {
    /// Before edits and refunds.
    pub ordered: Amount,
    /// What is sent.
    pub sent: Amount,
    pub refund: RefundNote,
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
        Self { currency, rounding, faults, rounded: 0, fractional: 0, slack: 0 }
    }

    pub(super) fn fault(&mut self, fault: RecordError) {
        self.faults.push(fault);
    }

    /// An amount that must be stated; zero replaces a faulty one, and the error makes the order
    /// invalid.
    pub(super) fn required(&mut self, text: &str, field: &'static str, line: u64) -> Amount {
        match self.parse(text) {
            Ok(amount) => amount,
            Err(reason) => {
                self.faults.push(RecordError::of(reason, field).at_line(line).showing(text));
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
        // A faulty count makes the order invalid, but its price is checked as well.
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
            let fault = RecordError::of(reason(error), "price").at_line(line.at_line);
            self.fault(fault.showing(&line.total));
            exact(Amount::ZERO)
        });
        if !share.is_exact {
            self.slack += u64::from(units);
        }
        share
    }

    /// The price of all units of a line with a fractional quantity.
    pub(super) fn line_price(&mut self, line: &SourceLine) -> Share {
        self.fractional += 1;
        let Some(currency) = self.currency.filter(|_| !line.unit_price.is_empty()) else {
            return self.price(line, Some(1));
        };
        let product = Amount::parse_product(&line.unit_price, &line.quantity, currency);
        let share = product.unwrap_or_else(|error| {
            let fault = RecordError::of(reason(error), "price").at_line(line.at_line);
            self.fault(fault.showing(&line.unit_price));
            Share { amount: Amount::ZERO, is_exact: true }
        });
        self.slack += u64::from(!share.is_exact);
        share
    }

    /// The amount of a discount or a refund, if it is stated; its sign is ignored.
    pub(super) fn reduction(&mut self, text: &str, field: &'static str) -> Option<Amount> {
        self.optional(text.strip_prefix('-').unwrap_or(text), field)
    }

    /// The totals under the policy. A refund is subtracted once: a current total that differs from
    /// the one as ordered already contains it.
    pub(super) fn totals(&mut self, source: &SourceOrder, rules: &Rules) -> OrderTotals {
        let ordered = self.required(&source.total, "total", 0);
        let current = match rules.policy.total {
            Total::Original => None,
            Total::Current => self.optional(&source.current_total, "current_total"),
        };
        let current = current.filter(|current| *current != ordered);
        let is_needed = match rules.policy.refunds {
            Refunds::Original => false,
            Refunds::Net => current.is_none(),
            Refunds::Skip => true,
        };
        let refunded = if is_needed { self.reduction(&source.refunded, "refunded") } else { None };
        let refunded = refunded.unwrap_or_default();
        let is_refunded_by_status =
            matches!(source.status, Some(Status::Refunded | Status::PartiallyRefunded));
        if rules.policy.refunds == Refunds::Net
            && current.is_none()
            && is_refunded_by_status
            && ordered > Amount::ZERO
            && is_nothing(&source.refunded)
        {
            self.fault(RecordError::of(Reason::MissingRefund, "refunded"));
        }
        let refund = match source.refunded.as_str() {
            _ if !is_needed => RefundNote::NotNeeded,
            "" => RefundNote::Unstated,
            _ => RefundNote::Stated,
        };
        let less = || Amount::from_minor(ordered.minor() - refunded.minor()).unwrap_or_default();
        let sent = match (current, rules.policy.refunds) {
            (Some(current), _) => current,
            (None, Refunds::Net) => less(),
            (None, Refunds::Original | Refunds::Skip) => ordered,
        };
        let is_refunded = ordered > Amount::ZERO && refunded >= ordered;
        OrderTotals { ordered, sent, refund, is_refunded }
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

/// Turns amounts in minor units into plain decimal numbers.
pub(super) fn in_major_units(source: &mut SourceOrder, currency: Currency) {
    let SourceOrder { total, current_total, subtotal, goods, .. } = source;
    let totals = [total, current_total, subtotal, goods];
    let SourceOrder { shipping, tax, discount, charges, refunded, .. } = source;
    let parts = [shipping, tax, discount, charges, refunded];
    let discounts = source.discounts.iter_mut().map(|one| &mut one.amount);
    let lines = source.lines.iter_mut();
    let lines = lines.flat_map(|line| [&mut line.unit_price, &mut line.total, &mut line.discount]);
    for amount in totals.into_iter().chain(parts).chain(discounts).chain(lines) {
        *amount = in_major_unit(amount, usize::from(currency.exponent())).into();
    }
}

/// Moves the point; text that is not a number is unchanged, so that it is found invalid.
fn in_major_unit(text: &str, places: usize) -> String {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) || places == 0 {
        return text.to_owned();
    }
    let whole = format!("{whole:0>width$}", width = places + 1);
    let (major, minor) = whole.split_at(whole.len() - places);
    format!("{sign}{major}.{minor}{fraction}")
}

/// Whether an amount is not stated, or zero.
fn is_nothing(text: &str) -> bool {
    text.bytes().all(|b| b"-0.".contains(&b))
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
