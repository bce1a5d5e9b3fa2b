use super::*;
use crate::domain::{
    Amount, Currency, Customer, Discount, DiscountKind, Email, Field, FieldChange, FieldValue,
    Line, Moment, Position, SourceLine,
};
use crate::plan::{ChangeCause, tests_order};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn prints() -> Fingerprints {
    Fingerprints::new([1; 32])
}

/// An order with every field set, and two products.
fn full() -> Order {
    let amount = |minor| Amount::from_minor(minor);
    let mut order = tests_order("1");
    let line = Line {
        sku: "S".into(),
        category: "Mugs".into(),
        image_url: "https://i/1".into(),
        product_url: "https://p/1".into(),
        ..order.lines[0].clone()
    };
    order.lines = vec![line.clone(), Line { id: "SKU-2".into(), ..line }];
    order.discounts = vec![Discount {
        name: "TEN".into(),
        kind: DiscountKind::Order,
        amount: amount(100).unwrap(),
    }];
    (order.shipping, order.tax, order.discount) = (amount(500), amount(81), amount(100));
    order.order_url = "https://shop/orders/1".into();
    order.shipping_method = "Post".into();
    order.updated_at = Some(order.created_at);
    order.abandoned_at = Some(order.created_at);
    order
}

/// Changes one field of an order and nothing else.
fn change(order: &mut Order, field: Field, at: usize) {
    let other = |amount: Amount| Amount::from_minor(amount.minor() + 1).unwrap();
    let later = |_| Moment::parse("2024-02-01T00:00:00Z", &jiff::tz::TimeZone::UTC).unwrap();
    let count = order.lines.len();
    let line = &mut order.lines[at % count];
    match field {
        Field::Total => order.total = other(order.total),
        Field::Currency => order.currency = Currency::parse("EUR").unwrap(),
        Field::Shipping => order.shipping = order.shipping.map(other),
        Field::Tax => order.tax = None,
        Field::Discount => order.discount = order.discount.map(other),
        Field::Discounts => order.discounts.push(order.discounts[0].clone()),
        Field::Products => order.lines.push(order.lines[0].clone()),
        Field::ProductIds => line.id.push('x'),
        Field::ProductNames => line.name.push('x'),
        Field::Prices => line.price = other(line.price),
        Field::Quantities => line.quantity += 1,
        Field::Skus => line.sku.clear(),
        Field::Categories => line.category.push('x'),
        Field::ImageUrls => line.image_url.push('x'),
        Field::ProductUrls => line.product_url.clear(),
        Field::Email => {
            let email = Email::parse("bob@example.com").unwrap();
            order.customer = Customer { email, ..order.customer.clone() };
        }
        Field::CreatedAt => order.created_at = later(()),
        Field::UpdatedAt => order.updated_at = order.updated_at.map(|_| later(())),
        Field::AbandonedAt => order.abandoned_at = None,
        Field::Number => order.number.push('x'),
        Field::ShippingMethod => order.shipping_method.push('x'),
        Field::OrderUrl => order.order_url.clear(),
    }
}

fn named(before: &Order, after: &Order) -> Vec<Field> {
    let mut prints = prints();
    let [before, after] = [before, after].map(|order| prints.digest(order, [0; 3], [0; 3]));
    before.changes_to(&after).iter().map(|change| change.field).collect()
}

proptest! {
    #[test]
    fn any_change_of_any_field_is_named_and_no_other(
        fields in prop::collection::btree_set(prop::sample::select(&Field::ALL), 0..6),
        at in any::<usize>(),
    ) {
        let (before, mut after) = (full(), full());
        fields.iter().for_each(|field| change(&mut after, *field, at));
        let mut expected: BTreeSet<Field> = fields;
        if expected.contains(&Field::Products) {
            expected.retain(|field| !field.word().starts_with("orderProducts."));
        }
        prop_assert_eq!(named(&before, &after), Vec::from_iter(expected.clone()));
        prop_assert_eq!(named(&after, &before), Vec::from_iter(expected));
    }

    /// A field is named if and only if it changes the payload's fingerprint.
    #[test]
    fn a_field_is_named_exactly_where_the_payload_changed(index in 0..Field::ALL.len(), at in any::<usize>()) {
        let (before, mut after) = (full(), full());
        change(&mut after, Field::ALL[index], at);
        let mut prints = prints();
        let print = |prints: &mut Fingerprints, order| prints.fingerprint(order);
        prop_assert_ne!(print(&mut prints, &before), print(&mut prints, &after));
        after.cart = OrderKey::of_cart("9").ok();
        after.customer.accepts_marketing = Some(true);
        prop_assert_eq!(named(&before, &after).len(), 1, "what is not sent is no field");
    }
}

#[test]
fn amounts_dates_and_counts_are_reported_from_what_to_what() {
    let (before, mut after) = (full(), full());
    for field in [Field::Total, Field::Tax, Field::Currency, Field::Quantities, Field::Email] {
        change(&mut after, field, 0);
    }
    let mut prints = prints();
    let [before, after] = [before, after].map(|order| prints.digest(&order, [0; 3], [0; 3]));
    let (usd, eur) = (before.currency, after.currency);
    let amount = |minor| Amount::from_minor(minor).unwrap();
    assert_eq!(
        before.changes_to(&after),
        [
            (
                Field::Total,
                FieldValue::Money(amount(5409), usd),
                FieldValue::Money(amount(5410), eur)
            ),
            (Field::Currency, FieldValue::Currency(usd), FieldValue::Currency(eur)),
            (Field::Tax, FieldValue::Money(amount(81), usd), FieldValue::Absent),
            (Field::Quantities, FieldValue::Count(2), FieldValue::Count(3)),
            (Field::Email, FieldValue::NotKept, FieldValue::NotKept),
        ]
        .map(|(field, from, to)| FieldChange { field, from, to })
    );
}

#[test]
fn the_same_moment_at_another_offset_is_another_payload() {
    let before = full();
    let utc = Moment::parse("2024-01-31T15:11:12Z", &jiff::tz::TimeZone::UTC).unwrap();
    let after = Order { created_at: utc, ..full() };
    assert_eq!(before.created_at, after.created_at);
    assert_eq!(named(&before, &after), [Field::CreatedAt]);
}

#[test]
fn two_orders_of_one_buyer_show_nothing_alike() {
    let mut prints = prints();
    let [one, two] = ["1", "2"].map(|key| {
        let order = Order { key: OrderKey::parse(key).unwrap(), ..full() };
        prints.digest(&order, [0; 3], [0; 3]).hashes
    });
    assert!(one.iter().zip(&two).filter(|(one, _)| one.is_some()).all(|(one, two)| one != two));
}

#[test]
fn a_record_is_the_same_wherever_it_is() {
    let line = SourceLine { name: "Mug".into(), at_line: 3, ..SourceLine::default() };
    let record =
        SourceOrder { id: "1".into(), lines: vec![line.clone()], ..SourceOrder::default() };
    let moved = SourceOrder {
        position: Position { record: 9, file: 1, line: 80, ..Position::default() },
        lines: vec![SourceLine { at_line: 81, ..line }],
        ..record.clone()
    };
    let other = SourceOrder { refunded: "1.00".into(), ..record.clone() };
    let mut prints = prints();
    assert_eq!(prints.source(&record), prints.source(&moved));
    assert_ne!(prints.source(&record), prints.source(&other), "whatever else of it says nothing");
    assert_ne!(
        prints.source(&record),
        Fingerprints::new([2; 32]).source(&record),
        "another key, another hash"
    );
}

#[test]
fn the_cause_of_a_change_follows_from_record_and_mapping() {
    let mut prints = prints();
    let mut digest = |source, mapping| prints.digest(&full(), [source; 3], [mapping; 3]);
    let before = digest(1, 1);
    for (source, mapping, why) in [
        (2, 1, ChangeCause::Source),
        (1, 2, ChangeCause::Mapping),
        (2, 2, ChangeCause::Both),
        (1, 1, ChangeCause::Mapping),
    ] {
        assert_eq!(ChangeCause::of(&before, &digest(source, mapping)), why, "{source} {mapping}");
    }
}
