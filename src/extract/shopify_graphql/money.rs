//! Amounts in either of their spellings: a set with the shop's money in it, or the number alone.

use super::fields::PriceSet;
use crate::extract::decimal;
use crate::extract::json::{Fields, Object, Raw};

/// The shop's money of a set; blank where it is not stated.
pub fn of_set(set: &Object<PriceSet<'_>>, field: &'static str, fields: &mut Fields) -> String {
    let money = fields.object(set, field).and_then(|set| fields.object(&set.shop_money, field));
    fields.text(money.and_then(|money| money.amount), field)
}

/// The shop's money of a set, else the number alone, which is the shop's too.
pub fn of(
    set: &Object<PriceSet<'_>>,
    alone: Raw<'_>,
    field: &'static str,
    fields: &mut Fields,
) -> String {
    match of_set(set, field, fields) {
        blank if blank.is_empty() => fields.text(alone, field),
        amount => amount,
    }
}

/// The currency that a set states for the shop's money.
pub fn currency(set: &Object<PriceSet<'_>>, field: &'static str, fields: &mut Fields) -> String {
    let money = fields.object(set, field).and_then(|set| fields.object(&set.shop_money, field));
    fields.text(money.and_then(|money| money.currency_code), field)
}

/// The currency that a set states for the money of who paid.
pub fn paid_currency(
    set: &Object<PriceSet<'_>>,
    field: &'static str,
    fields: &mut Fields,
) -> String {
    let money =
        fields.object(set, field).and_then(|set| fields.object(&set.presentment_money, field));
    fields.text(money.and_then(|money| money.currency_code), field)
}

/// An amount that says nothing where it is zero.
pub fn unless_zero(amount: String) -> String {
    match decimal::parse(&amount) {
        Some(0) => String::new(),
        _ => amount,
    }
}
