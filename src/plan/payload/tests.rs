use super::*;
use crate::domain::{Amount, Currency, Discount, DiscountKind, Moment, Order, OrderKey};
use crate::plan::tests_order;
use std::collections::{BTreeMap, HashSet};

type Change = fn(&mut Order);

/// A change of each thing that is sent.
const CHANGES: &[Change] = &[
    |order| order.key = OrderKey::parse("2").unwrap(),
    |order| order.key = OrderKey::of_cart("1").unwrap(),
    |order| order.number.push('x'),
    |order| order.number.clear(),
    |order| order.customer.email = crate::domain::Email::parse("bob@example.com").unwrap(),
    |order| order.lines.clear(),
    |order| order.lines.push(order.lines[0].clone()),
    |order| order.lines[0].id.push('x'),
    |order| order.lines[0].name.push('x'),
    |order| order.lines[0].price = Amount::ZERO,
    |order| order.lines[0].quantity = 2,
    |order| order.lines[0].sku.push('x'),
    |order| order.lines[0].category.push('x'),
    |order| order.lines[0].image_url.push('x'),
    |order| order.lines[0].product_url.push('x'),
    |order| order.discounts.push(discount(DiscountKind::Order)),
    |order| order.discounts.push(discount(DiscountKind::Shipping)),
    |order| order.order_url.push('x'),
    |order| order.shipping_method.push('x'),
    |order| order.total = Amount::ZERO,
    |order| order.shipping = Some(Amount::ZERO),
    |order| order.tax = Some(Amount::ZERO),
    |order| order.discount = Some(Amount::ZERO),
    |order| order.currency = Currency::parse("EUR").unwrap(),
    |order| order.created_at = at("2024-01-31T10:11:13-05:00"),
    |order| order.created_at = at("2024-01-31T15:11:12Z"),
    |order| order.updated_at = Some(at("2024-01-31T10:11:12-05:00")),
    |order| order.abandoned_at = Some(at("2024-01-31T10:11:12-05:00")),
];

fn discount(kind: DiscountKind) -> Discount {
    Discount { name: String::new(), kind, amount: Amount::ZERO }
}

fn at(text: &str) -> Moment {
    Moment::parse(text, &jiff::tz::TimeZone::UTC).unwrap()
}

#[test]
fn what_makes_another_json_makes_other_words() {
    let mut payload = Payload::default();
    let (mut texts, mut words) = (HashSet::new(), HashSet::new());
    let nothing: Change = |_| {};
    for first in CHANGES.iter().chain([&nothing]) {
        for second in CHANGES.iter().chain([&nothing]) {
            let mut order = tests_order("1");
            second(&mut order);
            if !order.lines.is_empty() {
                first(&mut order);
            }
            texts.insert(serde_json::to_string(&order).unwrap());
            words.insert(payload.take(&order).to_vec());
            assert!(payload.is_historical());
        }
    }
    assert!(texts.len() > CHANGES.len() * 10);
    assert_eq!(words.len(), texts.len());
}

#[test]
fn texts_of_any_length_differ_in_their_words() {
    let mut payload = Payload::default();
    let mut seen = HashSet::new();
    for len in 0..40 {
        let text = "a".repeat(len);
        assert!(seen.insert(payload.take(&text).to_vec()), "{len}");
        for at in 0..len {
            let other: String =
                text.char_indices().map(|(i, c)| if i == at { 'b' } else { c }).collect();
            assert!(seen.insert(payload.take(&other).to_vec()), "{other}");
        }
        assert!(seen.insert(payload.take(&(text + "\0")).to_vec()));
    }
}

#[test]
fn only_a_source_of_zero_at_the_top_is_historical() {
    let mut payload = Payload::default();
    let mut is_historical = |value: BTreeMap<&str, serde_json::Value>| {
        payload.take(&value);
        payload.is_historical()
    };
    let number = |n: i64| serde_json::Value::from(n);
    assert!(is_historical([("a", number(1)), ("source", number(0))].into()));
    assert!(!is_historical([("source", number(1))].into()));
    assert!(!is_historical([("source", serde_json::Value::from("0"))].into()));
    assert!(!is_historical([("resource", number(0))].into()));
    assert!(!is_historical([("a", serde_json::json!({"source": 0}))].into()));
    assert!(!is_historical(BTreeMap::new()));
}
