use super::amounts::{self, Amounts};
use super::completeness::{difference_of, is_cut};
use super::lines::lines_of;
use super::parts::TotalParts;
use super::{Filter, Mapped, Rules};
use crate::domain::{
    Currency, Customer, CustomerKey, Customers, Discount, DiscountKind, Email, EmailError,
    Historical, KeyError, MissingEmail, Moment, Notes, Order, OrderKey, Reason, RecordError,
    RefundNote, Refunds, SourceDiscount, SourceOrder, Status, Text, Total, Unstated, add_once,
    is_damaged_id, trim,
};
use jiff::tz::TimeZone;
use std::mem::take;

/// Maps one source order by the job's rules.
///
/// Errors of the reader come first, as the other cells of a damaged record are unreliable; then the
/// rules that filter records; then every reason why the rest can't be sent. Moves the texts that it
/// sends out of the source order.
pub fn transform(source: &mut SourceOrder, rules: &Rules) -> Mapped {
    let mut faults = take(&mut source.faults);
    if rules.policy.takes_every_status() {
        faults.retain(|fault| fault.reason != Reason::UnknownStatus);
    }
    if faults.iter().any(|fault| DAMAGE.contains(&fault.reason)) {
        // Other errors are consequences of the damage.
        return Mapped::Invalid(deduplicated(faults));
    }
    if !faults.is_empty() {
        faults.extend(validate(source, rules).err().unwrap_or_default());
        return Mapped::Invalid(deduplicated(faults));
    }
    if let Some(filter) = filter_of(source, rules) {
        return Mapped::Filtered(filter);
    }
    match validate(source, rules) {
        Ok(Valid { order, .. }) if is_outside(&order.created_at, rules) => {
            Mapped::Filtered(Filter::Dates)
        }
        Ok(Valid { is_refunded: true, .. }) if rules.policy.refunds == Refunds::Skip => {
            Mapped::Filtered(Filter::Refunded)
        }
        Ok(Valid { order, notes, .. }) => Mapped::Order(order, notes),
        Err(faults) => Mapped::Invalid(deduplicated(faults)),
    }
}

/// The rule that filters a record, whether it is valid or not.
fn filter_of(source: &SourceOrder, rules: &Rules) -> Option<Filter> {
    let status = source.status.filter(|status| !rules.policy.statuses.contains(status));
    if let Some(status) = status.filter(|_| is_of_order(source, rules)) {
        return Some(Filter::Status(status));
    }
    if rules.policy.refunds == Refunds::Skip && source.status == Some(Status::Refunded) {
        return Some(Filter::Refunded);
    }
    let leaves_out = rules.policy.missing_email == MissingEmail::Filter && is_blank(&source.email);
    leaves_out.then_some(Filter::MissingEmail)
}

/// Whether anything but a status shows that a record is an order. A footer or a note may be read as
/// one, but must not count as pending: its date is a range, its address `3 customers`, its product
/// `Total`.
fn is_of_order(source: &SourceOrder, rules: &Rules) -> bool {
    let is_date = |text: &Text| Moment::parse(text, &rules.zone).is_ok();
    [&source.created_at, &source.abandoned_at].into_iter().any(is_date)
        || source.email.contains('@')
        || source.lines.iter().any(|line| !is_blank(&line.quantity))
}

/// Errors after which cells of a record may be in the wrong place or missing.
const DAMAGE: [Reason; 3] = [Reason::MalformedRow, Reason::OrphanRow, Reason::FieldTooLong];

fn is_outside(created_at: &Moment, rules: &Rules) -> bool {
    rules.from.is_some_and(|from| *created_at < from)
        || rules.to.is_some_and(|to| *created_at >= to)
}

/// Each reason once per field: twenty lines without a price are one thing to fix.
fn deduplicated(faults: Vec<RecordError>) -> Vec<RecordError> {
    let mut kept = Vec::with_capacity(faults.len());
    faults.into_iter().for_each(|fault| add_once(&mut kept, fault));
    kept
}

/// An order that can be sent.
struct Valid {
    order: Box<Order>,
    notes: Notes,
    /// Refunded in full. Known only if the policy depends on it.
    is_refunded: bool,
}

fn validate(source: &mut SourceOrder, rules: &Rules) -> Result<Valid, Vec<RecordError>> {
    let mut faults = Vec::new();
    let key = order_key(source, &mut faults);
    let customer = customer_of(source, rules, &mut faults);
    let created_at = created_at(source, rules, &mut faults);
    let updated_at = optional_moment(&source.updated_at, "updated_at", rules, &mut faults);
    let abandoned_at = abandoned_at(source, created_at, rules, &mut faults);
    let currency = currency_of(source, rules, &mut faults);
    if let Some(currency) = currency {
        to_major_units(source, currency, rules, &mut faults);
    }
    let mut notes = assumptions(source, rules, currency);
    let mut amounts = Amounts::of(currency, rules.policy.rounding, &mut faults);
    let totals = amounts.totals(source, rules);
    let shipping = amounts.optional(&source.shipping, "shipping");
    let tax = amounts.optional(&source.tax, "tax");
    let discount = amounts.reduction(&source.discount, "discount");
    let charges = amounts.optional(&source.charges, "charges").unwrap_or_default();
    let discounts: Vec<_> =
        source.discounts.drain(..).map(|d| discount_of(d, &mut amounts)).collect();
    let lines = lines_of(&mut source.lines, rules, &mut amounts);
    let (Some(key), Some(customer), Some(created_at), Some(currency)) =
        (key, customer, created_at, currency)
    else {
        return Err(faults);
    };
    notes.rounded = amounts.rounded;
    notes.fractional = amounts.fractional;
    notes.refund = if source.is_cart() { RefundNote::NotNeeded } else { totals.refund };
    if !key.is_cart() {
        let [discount, shipping, tax] = [discount, shipping, tax].map(Option::unwrap_or_default);
        let discounts = &discounts;
        let parts =
            TotalParts { lines: &lines, discount, discounts, shipping, tax, charges, less: 0 };
        notes.difference =
            difference_of(source, &parts, totals.ordered, amounts.slack, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let order = Box::new(Order {
        cart: cart_of(&key, &source.checkout_id),
        key,
        source: Historical,
        customer,
        number: take(&mut source.number),
        lines,
        discounts,
        order_url: take(&mut source.order_url),
        shipping_method: take(&mut source.shipping_method),
        total: totals.sent,
        shipping,
        tax,
        discount,
        currency,
        created_at,
        updated_at,
        abandoned_at,
    });
    Ok(Valid { order, notes, is_refunded: totals.is_refunded })
}

/// Converts amounts to major units, and faults an order whose lines are incomplete.
fn to_major_units(
    source: &mut SourceOrder,
    currency: Currency,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) {
    if source.in_minor_units {
        amounts::in_major_units(source, currency);
    }
    if is_cut(source, currency, rules.policy.rounding) {
        faults.push(RecordError::new(Reason::Truncated));
    }
}

/// Notes on what the export does not state or states doubtfully.
fn assumptions(source: &SourceOrder, rules: &Rules, currency: Option<Currency>) -> Notes {
    Notes {
        is_currency_assumed: is_blank(&source.currency),
        is_date_assumed: is_blank(&source.created_at),
        is_currency_doubtful: source.is_currency_doubtful,
        is_tax_assumed: source.is_tax_assumed,
        unstated: unstated(source, rules),
        is_paid_otherwise: is_paid_otherwise(source, currency),
        is_zone_assumed: is_zone_assumed(source, rules),
        is_current_assumed: rules.policy.total == Total::Current
            && is_blank(&source.current_total)
            && !source.is_cart(),
        ..Notes::default()
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn order_key(source: &SourceOrder, faults: &mut Vec<RecordError>) -> Option<OrderKey> {
    let (field, text) = if source.is_cart() {
        ("checkout_id", &source.checkout_id)
    } else if source.id.is_empty() {
        ("number", &source.number)
    } else {
        ("id", &source.id)
    };
    let reason = match source.key() {
        Ok(key) => return Some(key),
        Err(KeyError::Missing) => Reason::MissingId,
        Err(KeyError::Scientific | KeyError::TooLong | KeyError::Odd) => Reason::BadId,
    };
    faults.push(RecordError::of(reason, field).showing(text));
    None
}

/// The cart an order came from; an unusable id is ignored.
fn cart_of(key: &OrderKey, checkout_id: &str) -> Option<OrderKey> {
    OrderKey::of_cart(checkout_id).ok().filter(|_| !key.is_cart())
}

/// An id that was rewritten as a number may stand for several customers, whose orders would all be
/// assigned to one customer.
fn customer_of(
    source: &SourceOrder,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Customer> {
    let is_bad_id = is_damaged_id(trim(&source.customer_id));
    if rules.policy.customers == Customers::Id && is_bad_id {
        let fault = RecordError::of(Reason::BadId, "customer_id");
        faults.push(fault.showing(&source.customer_id));
    }
    let reason = match Email::parse(&source.email) {
        Ok(email) => {
            let key = match (rules.policy.customers, source.customer_id.as_str()) {
                (Customers::Email, _) | (Customers::Id, "") => CustomerKey::guest(&email),
                (Customers::Id, id) => CustomerKey::registered(id),
            };
            return Some(Customer { key, email, accepts_marketing: source.accepts_marketing });
        }
        Err(_) if is_blank(&source.email) => Reason::MissingEmail,
        Err(EmailError::Malformed) => Reason::InvalidEmail,
        Err(EmailError::Hashed) => Reason::HashedEmail,
    };
    faults.push(RecordError::of(reason, "email").showing(&source.email));
    None
}

/// Whether the customer paid in another currency than the amounts are in.
fn is_paid_otherwise(source: &SourceOrder, currency: Option<Currency>) -> bool {
    let paid = source.paid_currency.trim();
    currency.is_some_and(|currency| !paid.is_empty() && !paid.eq_ignore_ascii_case(currency.code()))
}

fn is_zone_assumed(source: &SourceOrder, rules: &Rules) -> bool {
    let is_local = !is_blank(&source.created_at) && !Moment::states_offset(&source.created_at);
    is_local && rules.zone == TimeZone::UTC && !rules.is_zone_set
}

/// Which of the facts that the policy needs to decide whether an order is sent are missing in the
/// export.
fn unstated(source: &SourceOrder, rules: &Rules) -> Unstated {
    if source.is_cart() {
        return Unstated::default();
    }
    let statuses = &rules.policy.statuses;
    let Unstated { status, cancelled, test } = source.unstated;
    Unstated {
        status: status && !rules.policy.takes_every_status(),
        cancelled: cancelled && !statuses.contains(&Status::Cancelled),
        test: test && !statuses.contains(&Status::Test),
    }
}

/// The policy's date replaces one that is not stated, never one that can't be read.
fn created_at(
    source: &SourceOrder,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Moment> {
    match rules.policy.default_date {
        Some(date) if is_blank(&source.created_at) => Some(date),
        _ => moment(&source.created_at, "created_at", rules, faults),
    }
}

/// A cart without a date of its abandonment has the date of its creation.
fn abandoned_at(
    source: &SourceOrder,
    created_at: Option<Moment>,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Moment> {
    match source.abandoned_at.as_str() {
        "" => created_at.filter(|_| source.is_cart()),
        text => moment(text, "abandoned_at", rules, faults),
    }
}

/// The policy's currency replaces one that is not stated, never one that is unknown.
/// The currency of a record: as stated, else that of the policy. An unknown one is none.
pub fn stated_currency(source: &SourceOrder, rules: &Rules) -> Option<Currency> {
    match rules.policy.currency {
        Some(currency) if is_blank(&source.currency) => Some(currency),
        _ => Currency::parse(source.currency.trim()).ok(),
    }
}

fn currency_of(
    source: &SourceOrder,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Currency> {
    let currency = stated_currency(source, rules);
    if currency.is_none() {
        let fault = RecordError::of(Reason::UnknownCurrency, "currency");
        faults.push(fault.showing(&source.currency));
    }
    currency
}

fn optional_moment(
    text: &str,
    field: &'static str,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Moment> {
    if text.is_empty() { None } else { moment(text, field, rules, faults) }
}

fn moment(
    text: &str,
    field: &'static str,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Moment> {
    Moment::parse(text, &rules.zone)
        .map_err(|_| faults.push(RecordError::of(Reason::BadDate, field).showing(text)))
        .ok()
}

fn discount_of(source: SourceDiscount, amounts: &mut Amounts<'_>) -> Discount {
    let kind = if source.of_shipping { DiscountKind::Shipping } else { DiscountKind::Order };
    let amount = amounts.reduction(&source.amount, "discount");
    // One without an amount makes the order invalid.
    let amount = amount.unwrap_or_else(|| amounts.required("", "discount", 0));
    Discount { amount, name: source.name, kind }
}

#[cfg(test)]
mod tests;
