use super::amounts::{self, Amounts, Quantity};
use super::parts::Parts;
use super::{Filter, Mapped, Rules};
use crate::domain::{
    Amount, AmountError, Currency, Customer, CustomerKey, Customers, Discount, DiscountKind, Email,
    EmailError, FractionalQuantity, Historical, KeyError, Line, MissingEmail, Moment, Notes, Order,
    OrderKey, Reason, RecordError, RefundNote, Refunds, Rounding, SourceDiscount, SourceLine,
    SourceOrder, Status, Text, Total, Unstated, add_once, is_damaged_id, is_rewritten, trim,
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
        settle_units(source, currency, rules, &mut faults);
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
        let parts = Parts { lines: &lines, discount, discounts, shipping, tax, charges, less: 0 };
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

/// Amounts are in major units from here on, and none is cut off.
fn settle_units(
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
    text.trim_ascii().is_empty()
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
        Err(_) if source.email.trim().is_empty() => Reason::MissingEmail,
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
fn currency_of(
    source: &SourceOrder,
    rules: &Rules,
    faults: &mut Vec<RecordError>,
) -> Option<Currency> {
    let currency = match rules.policy.currency {
        Some(currency) if is_blank(&source.currency) => Some(currency),
        _ => Currency::parse(source.currency.trim()).ok(),
    };
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
    // One without an amount is refused.
    let amount = amount.unwrap_or_else(|| amounts.required("", "discount", 0));
    Discount { amount, name: source.name, kind }
}

/// A line of quantity 0 was removed from the order by an edit, so it is skipped.
fn lines_of(source: &mut [SourceLine], rules: &Rules, amounts: &mut Amounts<'_>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(source.len());
    let kept = source.iter_mut().filter(|line| !is_removed(line));
    lines.extend(kept.map(|line| line_of(line, rules, amounts)));
    if lines.is_empty() {
        amounts.fault(RecordError::of(Reason::NoProducts, "lines"));
    }
    lines
}

fn is_removed(line: &SourceLine) -> bool {
    let is_zero = |b: u8| matches!(b, b'0' | b'.');
    line.quantity.starts_with('0') && line.quantity.bytes().all(is_zero)
}

fn line_of(source: &mut SourceLine, rules: &Rules, amounts: &mut Amounts<'_>) -> Line {
    if source.name.is_empty() {
        amounts.fault(
            RecordError::of(Reason::MissingProductName, "product name").at_line(source.at_line),
        );
    }
    let is_accepted = |quantity: &Quantity| {
        *quantity != Quantity::Fraction
            || rules.policy.fractional_quantity == FractionalQuantity::One
    };
    let quantity = Quantity::parse(&source.quantity).filter(is_accepted);
    if quantity.is_none() {
        let fault = RecordError::of(Reason::BadQuantity, "quantity").at_line(source.at_line);
        amounts.fault(fault.showing(&source.quantity));
    }
    // A SKU may end in an inch sign.
    let is_formula = source.id.is_empty() && source.sku.starts_with('=');
    if is_damaged_id(trim(&source.id)) || is_formula {
        let fault = RecordError::of(Reason::BadId, "product id").at_line(source.at_line);
        amounts.fault(fault.showing(if is_formula { &source.sku } else { &source.id }));
    }
    let (price, units) = match quantity {
        Some(Quantity::Whole(units)) => (amounts.price(source, Some(units)), units),
        Some(Quantity::Fraction) => (amounts.line_price(source), 1),
        None => (amounts.price(source, None), 0),
    };
    Line {
        id: product_id(source),
        name: take(&mut source.name),
        price: price.amount,
        is_price_rounded: !price.is_exact,
        quantity: units,
        sku: take(&mut source.sku),
        category: if source.category.is_empty() {
            rules.policy.category.clone().unwrap_or_default().into()
        } else {
            take(&mut source.category)
        },
        image_url: take(&mut source.image_url),
        product_url: take(&mut source.product_url),
    }
}

/// The shop's id, else the SKU, else a hash of the name and the variant, if any: the same product
/// has the same id in every run. A SKU that was rewritten as a number may belong to several
/// products.
fn product_id(line: &mut SourceLine) -> Text {
    let mut id = take(&mut line.id);
    let sku = if is_rewritten(&line.sku) { "" } else { line.sku.as_str() };
    match (id.as_str(), sku) {
        ("", "") => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(line.name.as_bytes());
            if !line.variant.is_empty() {
                hasher.update(&[0]);
                hasher.update(line.variant.as_bytes());
            }
            id.push_str("name:");
            id.push_str(&hasher.finalize().to_hex()[..16]);
        }
        ("", sku) => id.push_str(sku),
        _ => {}
    }
    id
}

/// A file that was truncated between two rows, or sorted, leaves an order that looks complete, but
/// its lines add up to less than its subtotal, or than its goods before discounts if those are
/// known. In a complete order they never do, as discounts only lower the subtotal. A rounded amount
/// counts as off by a minor unit, so rounding alone never makes an order look truncated.
fn is_cut(source: &SourceOrder, currency: Currency, rounding: Rounding) -> bool {
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
fn difference_of(
    source: &SourceOrder,
    parts: &Parts<'_>,
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
fn is_doubled(source: &SourceOrder, parts: &Parts<'_>, total: Amount, slack: u64) -> bool {
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

#[cfg(test)]
mod tests;
