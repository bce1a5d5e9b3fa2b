//! Builds an order from its rows or its record.

use super::cells::Values;
use super::consistency::{agreed, agreed_amount};
use super::dates::Kept;
use super::lines;
use super::profile::{CellNames, Field, OrderField, Profile, Sum, Term, Zone};
use super::status::{self, status};
use crate::domain::{Reason, RecordError, SourceDiscount, SourceOrder, Status, Text, Unstated};
use crate::extract::decimal;
use crate::extract::decisive;
use crate::extract::header::is_same_if_lossy;
use crate::extract::html_entities;
use crate::extract::order_errors::OrderErrors;
use crate::extract::statuses::after_refunds;
use jiff::tz::TimeZone;

/// Everything from which one order is built.
pub struct Material<'a> {
    /// The rows or records with values of the whole order.
    pub carriers: Vec<&'a dyn Values>,
    /// Each with its line in the file.
    pub lines: Vec<(&'a dyn Values, u64)>,
    pub refunds: Vec<&'a dyn Values>,
    /// Every line of it was cancelled.
    pub is_cancelled: bool,
    /// What the table or the record has no field for.
    pub unstated: Unstated,
    pub line: u64,
}

/// The order, with all its errors.
pub fn order(
    profile: &Profile,
    kept: Kept,
    material: &Material<'_>,
    faults: OrderErrors,
) -> SourceOrder {
    let mut making = Making { profile, kept, material, faults };
    let mut order = SourceOrder {
        id: making.text(OrderField::Id),
        number: making.text(OrderField::Number),
        checkout_id: making.text(OrderField::CheckoutId),
        email: making.text(OrderField::Email),
        customer_id: making.text(OrderField::CustomerId),
        accepts_marketing: decisive::flag_of(&making.text(OrderField::AcceptsMarketing)),
        created_at: making.date(OrderField::CreatedAt),
        updated_at: making.date(OrderField::UpdatedAt),
        currency: making.text(OrderField::Currency).to_ascii_uppercase(),
        total: making.amount(OrderField::Total),
        subtotal: making.amount(OrderField::Subtotal),
        shipping: making.amount(OrderField::Shipping),
        tax: making.amount(OrderField::Tax),
        discount: making.amount(OrderField::Discount),
        refunded: making.amount(OrderField::Refunded),
        shipping_method: making.text(OrderField::ShippingMethod),
        order_url: making.text(OrderField::OrderUrl),
        ..SourceOrder::default()
    };
    order.position.line = material.line;
    order.in_minor_units = profile.in_minor_units;
    order.is_tax_assumed = profile.tax_included.is_some() && making.includes_tax().is_none();
    order.is_currency_doubtful = is_converted(&making.text(OrderField::ExchangeRate));
    let code = making.text(OrderField::DiscountCode);
    order.discounts.extend(discount_of(&order.discount, code));
    order.status = making.status(&order);
    order.unstated = material.unstated;
    order.status_word = status::word(profile, kept, &material.carriers);
    for (values, line) in &material.lines {
        order.lines.push(lines::line(profile, *values, *line, &mut making.faults));
    }
    making.check_item_count(&order);
    if profile.has_html_entities {
        html_entities::decode(&mut order);
    }
    order.faults = making.faults.found;
    order
}

struct Making<'a> {
    profile: &'a Profile,
    kept: Kept,
    material: &'a Material<'a>,
    faults: OrderErrors,
}

impl Making<'_> {
    fn refuse(&mut self, reason: Reason, field: OrderField) -> Text {
        let fault = RecordError::of(reason, field.shown()).showing(&self.stated(field));
        self.faults.push(fault, self.material.line);
        Text::default()
    }

    /// The first text that the cells of a field have.
    fn stated(&self, field: OrderField) -> Text {
        let Some(Field::Cells(cells)) = self.profile.order_field(field) else {
            return Text::default();
        };
        let mut texts = self.material.carriers.iter().filter_map(|values| cells.text(*values).ok());
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn text(&mut self, field: OrderField) -> Text {
        match self.profile.order_field(field) {
            None | Some(Field::Sum(_)) => Text::default(),
            Some(Field::Constant(text)) => text.clone(),
            Some(Field::Cells(cells)) => agreed(cells, &self.material.carriers)
                .unwrap_or_else(|reason| self.refuse(reason, field)),
        }
    }

    fn amount(&mut self, field: OrderField) -> Text {
        let form = &self.profile.form;
        let read = match self.profile.order_field(field) {
            None => return Text::default(),
            Some(Field::Constant(text)) => form.plain(text).ok_or(Reason::BadMoney),
            Some(Field::Cells(cells)) => {
                let may_be_zero = field != OrderField::Total;
                agreed_amount(cells, &self.material.carriers, form, may_be_zero)
            }
            Some(Field::Sum(sum)) => self.sum(sum),
        };
        read.unwrap_or_else(|reason| self.refuse(reason, field))
    }

    /// Blank if none of it is stated.
    fn sum(&self, sum: &Sum) -> Result<Text, Reason> {
        let form = &self.profile.form;
        let cells_of = |term: &Term| CellNames::of(term.name);
        let mut amounts = Vec::new();
        for term in &sum.once {
            let plain = agreed_amount(&cells_of(term), &self.material.carriers, form, true)?;
            amounts.extend(less(&plain, term)?);
        }
        // Without such a cell, prices are assumed to include tax.
        let has_tax = self.includes_tax() == Some(false);
        let each_tax = sum.each_tax.iter().filter(|_| has_tax);
        let each: Vec<&Term> = sum.each.iter().chain(each_tax).collect();
        for (values, _) in &self.material.lines {
            for term in &each {
                let plain = form.plain(&cells_of(term).text(*values)?).ok_or(Reason::BadMoney)?;
                amounts.extend(less(&plain, term)?);
            }
        }
        for values in &self.material.refunds {
            for term in &sum.refunds {
                let plain = form.plain(&cells_of(term).text(*values)?).ok_or(Reason::BadMoney)?;
                let amount = exact(&plain)?;
                amounts.extend(amount.map(|it| if term.is_negative { -it } else { it }));
            }
        }
        if amounts.is_empty() {
            return Ok(Text::default());
        }
        let total = amounts.into_iter().try_fold(0, i128::checked_add);
        total.map(decimal::print).ok_or(Reason::BadMoney)
    }

    /// Whether the prices include tax; `None` if no cell states it.
    fn includes_tax(&self) -> Option<bool> {
        let rule = self.profile.tax_included.as_ref()?;
        let text = agreed(&rule.cells, &self.material.carriers).ok()?;
        let word = rule.words.iter().find(|(word, _)| is_same_if_lossy(&text, word));
        word.map(|(_, is_included)| *is_included)
    }

    fn date(&mut self, field: OrderField) -> Text {
        let text = self.text(field);
        if text.is_empty() {
            return text;
        }
        let zone = self.zone();
        let read = zone.and_then(|zone| self.profile.dates.iso(&text, self.kept, zone.as_ref()));
        read.unwrap_or_else(|| self.refuse(Reason::BadDate, field))
    }

    /// `None` if a cell names an unknown zone.
    fn zone(&self) -> Option<Option<TimeZone>> {
        let (column, words) = match &self.profile.zone {
            Zone::Job => return Some(None),
            Zone::Fixed(zone) => return Some(Some(zone.clone())),
            Zone::Cell { column, words } => (column, words),
        };
        let cells = CellNames::of(*column);
        let text = agreed(&cells, &self.material.carriers).ok()?;
        if text.is_empty() {
            return Some(None);
        }
        let word = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        Some(Some(word.map_or_else(|| TimeZone::get(&text).ok(), |(_, zone)| Some(zone.clone()))?))
    }

    fn status(&mut self, order: &SourceOrder) -> Option<Status> {
        if self.material.is_cancelled {
            return Some(Status::Cancelled);
        }
        let status = match status(self.profile, self.kept, &self.material.carriers) {
            Ok(status) => status,
            Err(fault) => {
                self.faults.push(fault, self.material.line);
                return None;
            }
        };
        Some(if self.profile.refunds_tell {
            after_refunds(status, &order.refunded, &order.total)
        } else {
            status
        })
    }

    /// If the lines have fewer items than stated, lines are missing; if they have more, lines are
    /// repeated.
    fn check_item_count(&mut self, order: &SourceOrder) {
        let Some(Field::Cells(cells)) = self.profile.order_field(OrderField::ItemCount) else {
            return;
        };
        let form = &self.profile.form;
        let stated = agreed_amount(cells, &self.material.carriers, form, false).ok();
        let count = |plain: &str| decimal::parse_signed(plain).and_then(decimal::count);
        let mut lines = order.lines.iter();
        let met = lines.try_fold(0_u64, |sum, line| sum.checked_add(count(&line.quantity)?));
        if let (Some(stated), Some(met)) = (stated.as_deref().and_then(count), met)
            && met != stated
            && !order.lines.is_empty()
        {
            let reason = if met < stated { Reason::Truncated } else { Reason::RepeatedRow };
            self.faults.push(RecordError::new(reason), self.material.line);
        }
    }
}

/// Whether an exchange rate is stated, other than 1.
fn is_converted(rate: &str) -> bool {
    decimal::parse_signed(rate).is_some_and(|rate| decimal::parse_signed("1") != Some(rate))
}

/// The amount of a term; a subtracted one loses its sign, as some exports state discounts as
/// negative.
fn less(plain: &str, term: &Term) -> Result<Option<i128>, Reason> {
    let amount = exact(plain)?;
    Ok(amount.map(|it| if term.is_negative { -it.abs() } else { it }))
}

fn exact(plain: &str) -> Result<Option<i128>, Reason> {
    if plain.is_empty() {
        return Ok(None);
    }
    decimal::parse_signed(plain).map(Some).ok_or(Reason::BadMoney)
}

/// The order's discount, if there is one: a code with its amount (zero counts), or an amount above
/// zero.
fn discount_of(amount: &str, code: Text) -> Option<SourceDiscount> {
    let is_zero = decimal::parse_signed(amount) == Some(0);
    if amount.is_empty() || (code.is_empty() && is_zero) {
        return None;
    }
    Some(SourceDiscount::named(code, amount.into(), false))
}
