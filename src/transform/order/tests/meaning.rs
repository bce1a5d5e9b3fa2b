//! What a job's settings say an order means.

use super::*;
use crate::domain::{Currency, Customers, MissingEmail, Notes, Rounding, Total};
use proptest::prelude::*;

fn mapped(source: SourceOrder, rules: &Rules) -> (serde_json::Value, Notes) {
    match transform(&mut source.clone(), rules) {
        Mapped::Order(order, notes) => (serde_json::to_value(order).unwrap(), notes),
        other => panic!("expected an order, got {other:?}"),
    }
}

fn total(source: SourceOrder, rules: &Rules) -> i64 {
    mapped(source, rules).0["totalPrice"].as_i64().unwrap()
}

fn reasons(source: SourceOrder, rules: &Rules) -> Vec<&'static str> {
    match transform(&mut source.clone(), rules) {
        Mapped::Invalid(faults) => faults.iter().map(|fault| fault.reason.word()).collect(),
        other => panic!("expected an invalid record, got {other:?}"),
    }
}

/// 598.94 as ordered, of which 399.29 went back.
fn partly_refunded(current_total: &str) -> SourceOrder {
    SourceOrder {
        total: "598.94".into(),
        current_total: current_total.into(),
        refunded: "399.29".into(),
        status: Some(Status::PartiallyRefunded),
        ..source()
    }
}

#[test]
fn a_refund_is_never_taken_twice() {
    let sent = |refunds, which, current: &str| {
        total(partly_refunded(current), &by(Policy { refunds, total: which, ..Policy::default() }))
    };
    // The current total includes the refund.
    assert_eq!(sent(Refunds::Original, Total::Original, "199.65"), 59_894);
    assert_eq!(sent(Refunds::Original, Total::Current, "199.65"), 19_965);
    assert_eq!(sent(Refunds::Net, Total::Original, "199.65"), 19_965);
    assert_eq!(sent(Refunds::Net, Total::Current, "199.65"), 19_965);
    // It does not: some sources leave it as ordered.
    assert_eq!(sent(Refunds::Net, Total::Current, "598.94"), 19_965);
    assert_eq!(sent(Refunds::Original, Total::Current, "598.94"), 59_894);
    // It is not stated.
    assert_eq!(sent(Refunds::Net, Total::Current, ""), 19_965);
    assert_eq!(sent(Refunds::Original, Total::Current, ""), 59_894);
    // The order grew by an edit, and includes the refund as well.
    assert_eq!(sent(Refunds::Net, Total::Current, "650.00"), 65_000);
    assert_eq!(sent(Refunds::Skip, Total::Current, "199.65"), 19_965);
}

#[test]
fn a_refund_that_is_not_known_matters_only_where_it_is_taken_off() {
    let odd =
        |current: &str| SourceOrder { refunded: "unknown".into(), ..partly_refunded(current) };
    let by = |refunds, total| by(Policy { refunds, total, ..Policy::default() });
    assert_eq!(total(odd(""), &by(Refunds::Original, Total::Original)), 59_894);
    assert_eq!(total(odd("199.65"), &by(Refunds::Net, Total::Current)), 19_965);
    assert_eq!(reasons(odd("199.65"), &by(Refunds::Net, Total::Original)), ["bad_money"]);
    assert_eq!(reasons(odd(""), &by(Refunds::Skip, Total::Original)), ["bad_money"]);
    let current = SourceOrder { current_total: "odd".into(), ..source() };
    assert_eq!(reasons(current.clone(), &by(Refunds::Original, Total::Current)), ["bad_money"]);
    assert_eq!(total(current, &rules()), 5409);
}

#[test]
fn skipping_refunds_leaves_out_what_went_back_whole_and_keeps_the_rest_as_ordered() {
    let skip = by(Policy { refunds: Refunds::Skip, ..Policy::default() });
    let out = |mut source: SourceOrder| {
        assert_eq!(transform(&mut source, &skip), Mapped::Filtered(Filter::Refunded))
    };
    out(SourceOrder { status: Some(Status::Refunded), ..source() });
    out(SourceOrder { status: Some(Status::Refunded), email: "".into(), ..source() });
    out(SourceOrder { refunded: "54.09".into(), ..source() });
    out(SourceOrder { refunded: "60".into(), status: Some(Status::PartiallyRefunded), ..source() });
    assert_eq!(total(partly_refunded(""), &skip), 59_894);
    // Nothing was paid, so nothing was refunded.
    let free = SourceOrder { total: "0.00".into(), refunded: "0".into(), ..source() };
    assert_eq!(total(free.clone(), &skip), 0);
    let usual =
        SourceOrder { status: Some(Status::Refunded), refunded: "54.09".into(), ..source() };
    assert_eq!(total(usual, &rules()), 5409);
}

#[test]
fn orders_without_an_address_are_filtered_if_the_policy_says_so() {
    let filter = by(Policy { missing_email: MissingEmail::Filter, ..Policy::default() });
    for email in ["", "  "] {
        let blank = || SourceOrder { email: email.into(), ..source() };
        assert_eq!(transform(&mut blank(), &filter), Mapped::Filtered(Filter::MissingEmail));
        assert_eq!(reasons(blank(), &rules()), ["missing_email"]);
    }
    // A stated but wrong one is an error that must be visible.
    assert_eq!(
        reasons(SourceOrder { email: "ann@".into(), ..source() }, &filter),
        ["invalid_email"]
    );
}

#[test]
fn the_default_currency_never_overrides_one_that_is_named() {
    let euro = by(Policy { currency: Some(Currency::parse("EUR").unwrap()), ..Policy::default() });
    let named = |currency: &str| SourceOrder { currency: currency.into(), ..source() };
    for (blank, assumed) in [("", true), (" ", true), ("USD", false)] {
        let (sent, notes) = mapped(named(blank), &euro);
        assert_eq!(sent["currency"], if assumed { "EUR" } else { "USD" });
        assert_eq!(notes.is_currency_assumed, assumed);
    }
    assert_eq!(reasons(named("US$"), &euro), ["unknown_currency"]);
    assert_eq!(reasons(named(""), &rules()), ["unknown_currency"]);
}

#[test]
fn the_default_date_is_only_used_if_none_is_stated() {
    let date = Moment::parse("2020-01-01 00:00:00", &TimeZone::UTC).unwrap();
    let dated = by(Policy { default_date: Some(date), ..Policy::default() });
    let at = |created_at: &str| SourceOrder { created_at: created_at.into(), ..source() };
    let (sent, notes) = mapped(at(" "), &dated);
    assert_eq!(sent["externalCreatedDate"], "2020-01-01T00:00:00+00:00");
    assert!(notes.is_date_assumed);
    assert!(!mapped(source(), &dated).1.is_date_assumed);
    assert_eq!(reasons(at("02/11/2023 08:35"), &dated), ["bad_date"]);
    assert_eq!(reasons(at(""), &rules()), ["bad_date"]);
}

#[test]
fn customers_by_email_stay_one_when_an_export_gains_ids() {
    let key = |customer_id: &str, customers| {
        let source = SourceOrder { customer_id: customer_id.into(), ..source() };
        let Mapped::Order(order, _) =
            transform(&mut source.clone(), &by(Policy { customers, ..Policy::default() }))
        else {
            panic!("expected an order")
        };
        order.customer.key.as_str().to_owned()
    };
    assert_eq!(key("77", Customers::Id), "77");
    assert_eq!(key("", Customers::Id), "guest:ann@example.com");
    assert_eq!(key("77", Customers::Email), key("", Customers::Email));
}

#[test]
fn products_get_the_default_category_and_an_id_of_name_and_variant() {
    let shop = by(Policy { category: Some("Shop".into()), ..Policy::default() });
    let variant =
        |variant: &str| SourceLine { variant: variant.into(), ..line("Shirt", "1", "20.00") };
    let own = SourceLine { category: "Toys".into(), ..line("Pogo Stick", "1", "20.00") };
    let lines = vec![own, variant(""), variant("S"), variant("M"), variant("M")];
    let products = mapped(SourceOrder { lines, ..source() }, &shop).0["orderProducts"].clone();
    let of = |field: &str| -> Vec<String> {
        products.as_array().unwrap().iter().map(|p| p[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("category"), ["Toys", "Shop", "Shop", "Shop", "Shop"]);
    let ids = of("externalid");
    assert!(ids[1] != ids[2] && ids[2] != ids[3] && ids[3] == ids[4], "{ids:?}");
    // As the versions before wrote it: a product keeps its id.
    assert_eq!(ids[0], format!("name:{}", &blake3::hash(b"Pogo Stick").to_hex()[..16]));
}

#[test]
fn a_sku_that_was_rewritten_as_a_number_makes_no_products_one() {
    let product =
        |name: &str, sku: &str| SourceLine { sku: sku.into(), ..line(name, "1", "20.00") };
    let lines = vec![product("Mug", "5.37E+12"), product("Cup", "5.37E+12"), product("Jar", "J-1")];
    let products = mapped(SourceOrder { lines, ..source() }, &rules()).0["orderProducts"].clone();
    let of = |at: usize, field: &str| products[at][field].as_str().unwrap().to_owned();
    assert_ne!(of(0, "externalid"), of(1, "externalid"));
    assert_eq!((of(0, "sku"), of(2, "externalid")), ("5.37E+12".into(), "J-1".into()));
}

#[test]
fn fractions_of_a_minor_unit_are_refused_or_rounded_and_counted_and_never_cut() {
    let fine = || SourceOrder {
        total: "22.005".into(),
        subtotal: "22.00".into(),
        shipping: "0.000".into(),
        tax: "".into(),
        discount: "".into(),
        discounts: vec![],
        lines: vec![line("Mug", "3", "7.333")],
        ..source()
    };
    assert_eq!(reasons(fine(), &rules()), ["money_precision", "money_precision"]);
    let even = by(Policy { rounding: Rounding::HalfEven, ..Policy::default() });
    let (sent, notes) = mapped(fine(), &even);
    assert_eq!(
        (&sent["totalPrice"], &sent["orderProducts"][0]["price"]),
        (&2200.into(), &733.into())
    );
    assert_eq!(
        (notes.rounded, notes.difference),
        (2, 0),
        "what rounding explains is no difference"
    );
    let cut = SourceOrder { subtotal: "30.00".into(), ..fine() };
    assert_eq!(reasons(cut, &even), ["truncated"], "rounding hides no cut order");
    assert_eq!(
        reasons(SourceOrder { currency: "US$".into(), ..fine() }, &even),
        ["unknown_currency"]
    );
}

/// Lines of 49.61, a discount of 9.92 and shipping of 11.50 make 51.19; with the tax of 2.90 on top
/// 54.09.
#[test]
fn totals_are_compared_with_their_parts_with_tax_included_and_on_top() {
    let difference = |total: &str, tax: &str, charges: &str| {
        let source = SourceOrder {
            total: total.into(),
            tax: tax.into(),
            charges: charges.into(),
            ..source()
        };
        let (sent, notes) = mapped(source, &rules());
        let stated = sent["totalPrice"].as_i64().unwrap();
        assert_eq!(stated, total.replace('.', "").parse::<i64>().unwrap(), "sent as stated");
        notes.difference
    };
    assert_eq!(difference("54.09", "2.90", ""), 0, "on top");
    assert_eq!(difference("51.19", "2.90", ""), 0, "within");
    assert_eq!(difference("51.19", "", ""), 0);
    assert_eq!(difference("54.09", "", "2.90"), 0, "a tip");
    assert_eq!(difference("54.10", "2.90", ""), 1);
    assert_eq!(difference("51.18", "2.90", ""), -1);
    assert_eq!(difference("64.08", "2.90", ""), 999);
    let lowered = |shipping: &str, of_shipping: bool| {
        let discounts =
            vec![SourceDiscount { name: "FREE".into(), amount: "9.99".into(), of_shipping }];
        let (total, tax) = ("49.61".to_owned(), String::new());
        let (discount, shipping) = ("9.99".into(), shipping.into());
        mapped(
            SourceOrder {
                total: total.into(),
                tax: tax.into(),
                discount,
                shipping,
                discounts,
                ..source()
            },
            &rules(),
        )
        .1
        .difference
    };
    assert_eq!(
        [lowered("9.99", true), lowered("0", true)],
        [0, 0],
        "the price before or after its discount"
    );
    assert_eq!(lowered("0", false), 999);
}

#[test]
fn a_difference_changes_neither_what_is_sent_nor_what_is_remembered() {
    let odd = SourceOrder { total: "64.08".into(), ..source() };
    let Mapped::Order(order, notes) = transform(&mut odd.clone(), &rules()) else {
        panic!("expected an order")
    };
    assert_eq!(notes.difference, 999);
    assert!(!serde_json::to_string(&order).unwrap().contains("999"));
    let cart = SourceOrder {
        abandoned_at: "2024-01-31T10:11:12Z".into(),
        checkout_id: "c1".into(),
        total: "99.00".into(),
        ..source()
    };
    assert_eq!(mapped(cart, &rules()).1.difference, 0, "carts are no revenue");
}

#[test]
fn sums_of_the_largest_amounts_do_not_overflow() {
    let most = i32::MAX.to_string();
    let lines = vec![line("Gold", &most, "21474836.47"); 1000];
    let big = SourceOrder { lines, subtotal: "".into(), ..source() };
    assert_eq!(mapped(big, &rules()).1.difference, i64::MIN);
}

proptest! {
    #[test]
    fn no_amounts_panic_and_matching_sums_are_recognised(
        cents in prop::collection::vec((0_i64..100_000, 1_i64..50), 1..8),
        shipping in 0_i64..5_000,
        tax in 0_i64..5_000,
        discount in 0_i64..1_000,
        on_top: bool,
        off in -3_i64..=3,
    ) {
        let text = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        let gross: i64 = cents.iter().map(|(price, quantity)| price * quantity).sum();
        let total = gross - discount + shipping + if on_top { tax } else { 0 } + off;
        prop_assume!(total >= 0 && tax > 6);
        let source = SourceOrder {
            total: text(total).into(),
            subtotal: "".into(),
            shipping: text(shipping).into(),
            tax: text(tax).into(),
            discount: text(discount).into(),
            lines: cents.iter().map(|(price, quantity)| line("Mug", &quantity.to_string(), &text(*price))).collect(),
            ..source()
        };
        prop_assert_eq!(mapped(source, &rules()).1.difference, off);
    }

    #[test]
    fn no_text_of_any_field_panics(texts in prop::collection::vec("[0-9.:/ A-Za-z@+-]{0,24}", 8)) {
        let [total, current_total, refunded, tax, charges, currency, created_at, price] = <[String; 8]>::try_from(texts).unwrap();
        let odd = SourceOrder {
            total: total.into(), current_total: current_total.into(), refunded: refunded.into(), tax: tax.into(), charges: charges.into(), currency: currency.into(), created_at: created_at.into(),
            lines: vec![SourceLine { unit_price: price.into(), ..line("Mug", "1", "") }],
            ..source()
        };
        for refunds in Refunds::ALL {
            let rules = by(Policy { refunds, total: Total::Current, rounding: Rounding::HalfEven, ..Policy::default() });
            let _ = transform(&mut odd.clone(), &rules);
        }
    }
}
