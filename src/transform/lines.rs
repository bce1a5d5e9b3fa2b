use super::Rules;
use super::amounts::{Amounts, Quantity};
use crate::domain::{
    FractionalQuantity, Line, Reason, RecordError, SourceLine, Text, is_damaged_id, is_rewritten,
    trim,
};
use std::mem::take;

/// A line of quantity 0 was removed from the order by an edit, so it is skipped.
pub(super) fn lines_of(
    source: &mut [SourceLine],
    rules: &Rules,
    amounts: &mut Amounts<'_>,
) -> Vec<Line> {
    let mut lines = Vec::with_capacity(source.len());
    let kept = source.iter_mut().filter(|line| !is_removed(line));
    lines.extend(kept.map(|line| line_of(line, rules, amounts)));
    if lines.is_empty() {
        amounts.fault(RecordError::of(Reason::NoProducts, "lines"));
    }
    lines
}

pub(super) fn is_removed(line: &SourceLine) -> bool {
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
