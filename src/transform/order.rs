use super::amounts::Amounts;
use super::rules::{Filter, Mapped, Rules};
use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Discount, DiscountKind, Email, EmailError, Fault, Historical,
    KeyError, Line, Moment, Order, OrderKey, Reason, SourceDiscount, SourceLine, SourceOrder, Status,
};
use std::mem::take;

/// Maps one source order by the job's rules.
///
/// What the reader found wrong comes first, as the other cells of a damaged record can't be trusted; then the
/// rules that leave records out; then every reason why the rest can't be sent.
///
/// What an order is sent with is taken out of the source; the rest is left for its room.
pub fn transform(source: &mut SourceOrder, rules: &Rules) -> Mapped {
    let mut faults = take(&mut source.faults);
    if takes_every_status(rules) {
        faults.retain(|fault| fault.reason != Reason::UnknownStatus);
    }
    if faults.iter().any(|fault| DAMAGE.contains(&fault.reason)) {
        // What else seems wrong with it follows from that.
        return Mapped::Invalid(deduplicated(faults));
    }
    if !faults.is_empty() {
        faults.extend(validate(source, rules).err().unwrap_or_default());
        return Mapped::Invalid(deduplicated(faults));
    }
    if let Some(status) = source.status.filter(|status| !rules.statuses.contains(status)) {
        return Mapped::Filtered(Filter::Status(status));
    }
    match validate(source, rules) {
        Ok(order) if is_outside(&order.created_at, rules) => Mapped::Filtered(Filter::Dates),
        Ok(order) => Mapped::Order(Box::new(order)),
        Err(faults) => Mapped::Invalid(deduplicated(faults)),
    }
}

/// Faults after which the cells of a record are not in their places, or not all there.
const DAMAGE: [Reason; 3] = [Reason::MalformedRow, Reason::OrphanRow, Reason::FieldTooLong];

fn takes_every_status(rules: &Rules) -> bool {
    rules.statuses.len() == Status::ALL.len()
}

fn is_outside(created_at: &Moment, rules: &Rules) -> bool {
    rules.from.is_some_and(|from| *created_at < from) || rules.to.is_some_and(|to| *created_at >= to)
}

/// One reason once for each field: twenty lines without a price are one thing to fix.
fn deduplicated(mut faults: Vec<Fault>) -> Vec<Fault> {
    let mut seen = Vec::with_capacity(faults.len());
    faults.retain(|fault| {
        let new = !seen.contains(&(fault.reason, fault.field));
        seen.push((fault.reason, fault.field));
        new
    });
    faults
}

fn validate(source: &mut SourceOrder, rules: &Rules) -> Result<Order, Vec<Fault>> {
    let mut faults = Vec::new();
    let key = order_key(source, &mut faults);
    let customer = customer_of(source, &mut faults);
    let created_at = moment(&source.created_at, "created_at", rules, &mut faults);
    let updated_at = match source.updated_at.as_str() {
        "" => None,
        text => moment(text, "updated_at", rules, &mut faults),
    };
    let abandoned_at = match source.abandoned_at.as_str() {
        "" => None,
        text => moment(text, "abandoned_at", rules, &mut faults),
    };
    let currency = Currency::parse(source.currency.trim()).ok();
    if currency.is_none() {
        faults.push(Fault::of(Reason::UnknownCurrency, "currency"));
    }
    if currency.is_some_and(|currency| is_cut(source, currency)) {
        faults.push(Fault::new(Reason::Truncated));
    }
    let mut amounts = Amounts::of(currency, &mut faults);
    let total = amounts.total(&source.total, &source.refunded, rules.refunds);
    let shipping = amounts.optional(&source.shipping, "shipping");
    let tax = amounts.optional(&source.tax, "tax");
    let discount = amounts.optional(&source.discount, "discount");
    let discounts = source.discounts.drain(..).map(|d| discount_of(d, &mut amounts)).collect();
    let lines = lines_of(&mut source.lines, currency, &mut faults);
    match (key, customer, created_at, currency) {
        (Some(key), Some(customer), Some(created_at), Some(currency)) if faults.is_empty() => Ok(Order {
            cart: cart_of(&key, &source.checkout_id),
            key,
            source: Historical,
            customer,
            number: take(&mut source.number),
            lines,
            discounts,
            order_url: take(&mut source.order_url),
            shipping_method: take(&mut source.shipping_method),
            total,
            shipping,
            tax,
            discount,
            currency,
            created_at,
            updated_at,
            abandoned_at,
        }),
        _ => Err(faults),
    }
}

fn order_key(source: &SourceOrder, faults: &mut Vec<Fault>) -> Option<OrderKey> {
    let field = match (source.is_cart(), source.id.is_empty()) {
        (true, _) => "checkout_id",
        (false, true) => "number",
        (false, false) => "id",
    };
    let reason = match source.key() {
        Ok(key) => return Some(key),
        Err(KeyError::Missing) => Reason::MissingId,
        Err(KeyError::Scientific | KeyError::TooLong | KeyError::Odd) => Reason::BadId,
    };
    faults.push(Fault::of(reason, field));
    None
}

/// The cart an order came from; an id that can't be one is none.
fn cart_of(key: &OrderKey, checkout_id: &str) -> Option<OrderKey> {
    OrderKey::of_cart(checkout_id).ok().filter(|_| !key.is_cart())
}

fn customer_of(source: &SourceOrder, faults: &mut Vec<Fault>) -> Option<Customer> {
    let reason = match Email::parse(&source.email) {
        Ok(email) => {
            let key = match source.customer_id.as_str() {
                "" => CustomerKey::guest(&email),
                id => CustomerKey::registered(id),
            };
            return Some(Customer { key, email, accepts_marketing: source.accepts_marketing });
        }
        Err(_) if source.email.trim().is_empty() => Reason::MissingEmail,
        Err(EmailError::Malformed) => Reason::InvalidEmail,
        Err(EmailError::Hashed) => Reason::HashedEmail,
    };
    faults.push(Fault::of(reason, "email"));
    None
}

fn moment(text: &str, field: &'static str, rules: &Rules, faults: &mut Vec<Fault>) -> Option<Moment> {
    Moment::parse(text, &rules.zone).map_err(|_| faults.push(Fault::of(Reason::BadDate, field))).ok()
}

fn discount_of(source: SourceDiscount, amounts: &mut Amounts<'_>) -> Discount {
    let kind = match source.of_shipping {
        true => DiscountKind::Shipping,
        false => DiscountKind::Order,
    };
    Discount { amount: amounts.required(&source.amount, "discount", 0), name: source.name, kind }
}

/// A line of quantity 0 was taken out of its order by an edit; it is no product of it.
fn lines_of(source: &mut [SourceLine], currency: Option<Currency>, faults: &mut Vec<Fault>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(source.len());
    lines.extend(
        source.iter_mut().filter(|line| line.quantity != "0").map(|line| line_of(line, currency, faults)),
    );
    if lines.is_empty() {
        faults.push(Fault::of(Reason::NoProducts, "lines"));
    }
    lines
}

fn line_of(source: &mut SourceLine, currency: Option<Currency>, faults: &mut Vec<Fault>) -> Line {
    if source.name.is_empty() {
        faults.push(Fault::of(Reason::MissingProductName, "product name").at_line(source.at_line));
    }
    let quantity = quantity(&source.quantity);
    if quantity.is_none() {
        faults.push(Fault::of(Reason::BadQuantity, "quantity").at_line(source.at_line));
    }
    let price = Amounts::of(currency, faults).required(&source.unit_price, "price", source.at_line);
    Line {
        id: product_id(source),
        name: take(&mut source.name),
        price,
        quantity: quantity.unwrap_or_default(),
        sku: take(&mut source.sku),
        category: take(&mut source.category),
        image_url: take(&mut source.image_url),
        product_url: take(&mut source.product_url),
    }
}

/// A whole number from 1 to the largest the target stores; `2.0` is two.
fn quantity(text: &str) -> Option<u32> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits_only = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit());
    digits_only.then(|| whole.parse().ok()).flatten().filter(|n| (1..=i32::MAX as u32).contains(n))
}

/// The shop's id, else the SKU, else a hash of the name: the same product has the same id in every run.
fn product_id(line: &SourceLine) -> String {
    match (line.id.as_str(), line.sku.as_str()) {
        ("", "") => format!("name:{}", &blake3::hash(line.name.as_bytes()).to_hex()[..16]),
        ("", sku) => sku.to_owned(),
        (id, _) => id.to_owned(),
    }
}

/// A file that was cut between two rows, or sorted, leaves an order whole to look at, but its lines add up to less
/// than its subtotal; in a whole order they never do, as discounts only lower the subtotal.
fn is_cut(source: &SourceOrder, currency: Currency) -> bool {
    let Ok(subtotal) = Amount::parse(&source.subtotal, currency) else {
        return false;
    };
    let gross: Option<i128> = source
        .lines
        .iter()
        .map(|line| Some(Amount::parse(&line.unit_price, currency).ok()?.times(quantity(&line.quantity)?)))
        .sum();
    !source.lines.is_empty() && gross.is_some_and(|gross| gross < i128::from(subtotal.minor()))
}

#[cfg(test)]
mod tests;
