mod meaning;

use super::super::{Filter, Mapped, Rules};
use super::transform;
use crate::domain::{
    Customers, Moment, Policy, Reason, Refunds, SourceDiscount, SourceLine, SourceOrder, Status,
    Total,
};
use jiff::tz::TimeZone;

fn rules() -> Rules {
    Rules::default()
}

fn by(policy: Policy) -> Rules {
    Rules { policy, ..rules() }
}

fn line(name: &str, quantity: &str, price: &str) -> SourceLine {
    SourceLine {
        name: name.into(),
        quantity: quantity.into(),
        unit_price: price.into(),
        ..SourceLine::default()
    }
}

fn source() -> SourceOrder {
    SourceOrder {
        id: "450000000007".into(),
        number: "#1001".into(),
        email: "Ann@Example.com".into(),
        accepts_marketing: Some(true),
        created_at: "2024-01-31 10:11:12 -0500".into(),
        currency: "USD".into(),
        total: "54.09".into(),
        subtotal: "39.69".into(),
        shipping: "11.50".into(),
        tax: "2.90".into(),
        discount: "9.92".into(),
        discounts: vec![SourceDiscount {
            name: "VIP20".into(),
            amount: "9.92".into(),
            of_shipping: false,
        }],
        shipping_method: "Standard".into(),
        status: Some(Status::Paid),
        lines: vec![SourceLine { sku: "SKU-1".into(), ..line("Pogo Stick", "1", "49.61") }],
        ..SourceOrder::default()
    }
}

fn faults(source: SourceOrder) -> Vec<&'static str> {
    match transform(&mut source.clone(), &rules()) {
        Mapped::Invalid(faults) => faults.iter().map(|fault| fault.reason.word()).collect(),
        other => panic!("expected an invalid record, got {other:?}"),
    }
}

fn payload(source: SourceOrder, rules: &Rules) -> serde_json::Value {
    match transform(&mut source.clone(), rules) {
        Mapped::Order(order, _) => serde_json::to_value(order).unwrap(),
        other => panic!("expected an order, got {other:?}"),
    }
}

#[test]
fn an_order_maps_to_the_payload_the_target_documents() {
    let expected = serde_json::json!({
        "externalid": "450000000007",
        "source": 0,
        "email": "ann@example.com",
        "orderNumber": "#1001",
        "orderProducts": [{"externalid": "SKU-1", "name": "Pogo Stick", "price": 4961, "quantity": 1, "sku": "SKU-1"}],
        "orderDiscounts": [{"name": "VIP20", "type": "order", "discountAmount": 992}],
        "shippingMethod": "Standard",
        "totalPrice": 5409,
        "shippingAmount": 1150,
        "taxAmount": 290,
        "discountAmount": 992,
        "currency": "USD",
        "externalCreatedDate": "2024-01-31T10:11:12-05:00",
    });
    assert_eq!(payload(source(), &rules()), expected);
}

#[test]
fn fields_that_the_export_lacks_are_left_out() {
    let bare = SourceOrder {
        shipping: "".into(),
        tax: "".into(),
        discount: "".into(),
        discounts: vec![],
        shipping_method: "".into(),
        ..source()
    };
    let payload = payload(bare, &rules());
    for absent in [
        "shippingAmount",
        "taxAmount",
        "discountAmount",
        "orderDiscounts",
        "shippingMethod",
        "orderUrl",
    ] {
        assert!(payload.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn every_reason_is_given_at_once() {
    let broken = SourceOrder {
        id: "5.37E+12".into(),
        email: "".into(),
        created_at: "31/12/2023".into(),
        total: "1,234.00".into(),
        shipping: "-1".into(),
        lines: vec![line("", "two", "1.005"), line("Mug", "1.5", "3")],
        ..source()
    };
    let expected = [
        "bad_id",
        "missing_email",
        "bad_date",
        "bad_money",
        "bad_money",
        "missing_product_name",
        "bad_quantity",
        "money_precision",
    ];
    assert_eq!(faults(broken), expected);
}

#[test]
fn customers_and_products_with_ids_rewritten_as_numbers_are_not_confused() {
    for rewritten in ["6.1E+12", "6100000000001.0"] {
        let by_customer = SourceOrder { customer_id: rewritten.into(), ..source() };
        assert_eq!(faults(by_customer.clone()), ["bad_id"], "{rewritten}");
        let by_address = by(Policy { customers: Customers::Email, ..Policy::default() });
        assert_eq!(payload(by_customer, &by_address)["email"], "ann@example.com");
        let product = SourceLine { id: rewritten.into(), ..line("Pogo Stick", "1", "49.61") };
        assert_eq!(
            faults(SourceOrder { lines: vec![product], ..source() }),
            ["bad_id"],
            "{rewritten}"
        );
    }
}

#[test]
fn a_repeated_row_doubles_no_product() {
    let row = |at_line: u64| SourceLine { at_line, ..line("Pogo Stick", "1", "20.00") };
    let order = |total: &str, rows: &[u64]| SourceOrder {
        total: total.into(),
        subtotal: "".into(),
        shipping: "5.00".into(),
        tax: "2.00".into(),
        discount: "1.00".into(),
        discounts: vec![],
        lines: rows.iter().map(|at_line| row(*at_line)).collect(),
        ..source()
    };
    assert_eq!(faults(order("24.00", &[2, 3])), ["repeated_row"], "tax within");
    assert_eq!(faults(order("26.00", &[2, 3])), ["repeated_row"], "tax on top");
    let taxed = SourceOrder { tax: "21.00".into(), ..order("45.00", &[2, 3]) };
    assert_eq!(faults(taxed), ["repeated_row"], "the tax is nearly what is too much");
    for (total, rows) in [("44.00", [2, 3]), ("30.00", [2, 3]), ("24.00", [2, 2])] {
        let sent = payload(order(total, &rows), &rules());
        assert_eq!(sent["orderProducts"].as_array().unwrap().len(), 2, "{total} {rows:?}");
    }
}

#[test]
fn an_unknown_currency_is_the_fault_not_the_digits() {
    assert_eq!(faults(SourceOrder { currency: "US$".into(), ..source() }), ["unknown_currency"]);
    assert_eq!(
        faults(SourceOrder { currency: "".into(), total: "N/A".into(), ..source() }),
        ["unknown_currency", "bad_money"]
    );
}

#[test]
fn amounts_follow_the_minor_unit_of_the_currency() {
    let yen = SourceOrder {
        currency: "JPY".into(),
        total: "14131".into(),
        subtotal: "".into(),
        shipping: "2100".into(),
        tax: "1284".into(),
        discount: "0".into(),
        discounts: vec![],
        lines: vec![line("Tea set", "1", "12031")],
        ..source()
    };
    let sent = payload(yen, &rules());
    assert_eq!(
        (&sent["totalPrice"], &sent["orderProducts"][0]["price"]),
        (&14131.into(), &12031.into())
    );
}

#[test]
fn statuses_that_do_not_count_are_filtered_before_they_are_judged() {
    let pending = SourceOrder { status: Some(Status::Pending), email: "".into(), ..source() };
    assert_eq!(
        transform(&mut pending.clone(), &rules()),
        Mapped::Filtered(Filter::Status(Status::Pending))
    );
    // Notes and footers that were read as orders.
    let note = |change: fn(&mut SourceOrder)| {
        let status = Some(Status::Pending);
        let number = "Printed by Ann".into();
        let mut note = SourceOrder { status, number, ..SourceOrder::default() };
        change(&mut note);
        note
    };
    for mut note in [
        note(|_| {}),
        note(|note| note.created_at = "2024-01-01 - 2024-01-31".into()),
        note(|note| note.email = "3 customers".into()),
        note(|note| note.lines = vec![SourceLine { name: "Total".into(), ..Default::default() }]),
    ] {
        assert!(matches!(transform(&mut note, &rules()), Mapped::Invalid(_)), "{note:?}");
    }
}

#[test]
fn an_id_with_an_invisible_character_is_refused_everywhere() {
    let hidden = "10\u{200b}01";
    let by_id = by(Policy { customers: Customers::Id, ..Policy::default() });
    for change in [
        |order: &mut SourceOrder, id: &str| order.id = id.into(),
        |order: &mut SourceOrder, id: &str| order.customer_id = id.into(),
        |order: &mut SourceOrder, id: &str| order.lines[0].id = id.into(),
    ] {
        let mut order = source();
        change(&mut order, hidden);
        let Mapped::Invalid(faults) = transform(&mut order, &by_id) else {
            panic!("{order:?}");
        };
        assert!(faults.iter().all(|fault| fault.reason == Reason::BadId), "{faults:?}");
        let mut order = source();
        change(&mut order, "\u{feff}1001 ");
        assert!(matches!(transform(&mut order, &by_id), Mapped::Order(..)), "around it");
    }
}

#[test]
fn requested_dates_are_from_inclusive_to_exclusive() {
    let at = |text: &str| Some(Moment::parse(text, &TimeZone::UTC).unwrap());
    let within =
        Rules { from: at("2024-01-31T15:11:12Z"), to: at("2024-01-31T15:11:13Z"), ..rules() };
    assert!(matches!(transform(&mut source(), &within), Mapped::Order(..)));
    let before = Rules { to: at("2024-01-31T15:11:12Z"), ..rules() };
    assert_eq!(transform(&mut source(), &before), Mapped::Filtered(Filter::Dates));
}

#[test]
fn net_totals_are_less_the_refund_and_not_below_zero() {
    let net = by(Policy { refunds: Refunds::Net, ..Policy::default() });
    let refunded = |text: &str| {
        payload(SourceOrder { refunded: text.into(), ..source() }, &net)["totalPrice"].clone()
    };
    assert_eq!(refunded("4.09"), 5000);
    assert_eq!(refunded(""), 5409);
    assert_eq!(refunded("99.00"), 0);
}

#[test]
fn a_refunded_order_without_its_refund_has_no_net_total() {
    let net = by(Policy { refunds: Refunds::Net, ..Policy::default() });
    for status in [Status::Refunded, Status::PartiallyRefunded] {
        for amount in ["", "0", "0.00", "-0.00"] {
            let refunded =
                SourceOrder { status: Some(status), refunded: amount.into(), ..source() };
            match transform(&mut refunded.clone(), &net) {
                Mapped::Invalid(faults) => assert_eq!(faults[0].reason, Reason::MissingRefund),
                other => panic!("the total before the refund would be sent: {other:?}"),
            }
            assert_eq!(payload(refunded, &rules())["totalPrice"], 5409);
        }
    }
    let paid = SourceOrder { refunded: "0.00".into(), ..source() };
    assert_eq!(payload(paid, &net)["totalPrice"], 5409);
}

#[test]
fn an_order_whose_lines_fall_short_of_its_subtotal_is_cut() {
    let cut = SourceOrder { subtotal: "451.00".into(), ..source() };
    assert_eq!(faults(cut), ["truncated"]);
}

#[test]
fn a_product_without_id_or_sku_keeps_one_id_across_orders() {
    let id = |source| payload(source, &rules())["orderProducts"][0]["externalid"].clone();
    let nameless = SourceOrder { lines: vec![line("Pogo Stick", "1", "49.61")], ..source() };
    let other =
        SourceOrder { id: "8".into(), lines: vec![line("Pogo Stick", "3", "40.00")], ..source() };
    assert_eq!(id(nameless), id(other));
}

#[test]
fn quantities_are_positive_and_may_be_fractions() {
    use crate::transform::amounts::Quantity::{self, Fraction, Whole};
    for (text, expected) in [
        ("1", Some(Whole(1))),
        ("2.0", Some(Whole(2))),
        ("0", None),
        ("-1", None),
        ("1.5", Some(Fraction)),
        ("0.75", Some(Fraction)),
        ("1.", None),
        (".5", None),
        ("-0.5", None),
        ("", None),
        ("1 pcs", None),
        ("4294967297", None),
    ] {
        assert_eq!(Quantity::parse(text), expected, "{text}");
    }
}

#[test]
fn an_unknown_status_word_matters_only_where_statuses_do() {
    use crate::domain::RecordError;
    let odd = || SourceOrder {
        status: None,
        faults: vec![RecordError::of(Reason::UnknownStatus, "status")],
        ..source()
    };
    assert_eq!(faults(odd()), ["unknown_status"]);
    let all = by(Policy { statuses: Status::ALL.into(), ..Policy::default() });
    assert!(matches!(transform(&mut odd(), &all), Mapped::Order(..)));
}

#[test]
fn lines_edited_out_of_an_order_are_not_products() {
    let edited =
        SourceOrder { lines: vec![line("Mug", "0", "3.00"), line("Cup", "2", "3.00")], ..source() };
    assert_eq!(payload(edited, &rules())["orderProducts"].as_array().unwrap().len(), 1);
    assert_eq!(
        faults(SourceOrder { lines: vec![line("Mug", "0", "3.00")], ..source() }),
        ["no_products"]
    );
    assert_eq!(faults(SourceOrder { lines: vec![], ..source() }), ["no_products"]);
}

#[test]
fn with_only_a_line_total_one_unit_is_its_share() {
    let of = |quantity: &str, total: &str| SourceLine {
        total: total.into(),
        ..line("Box", quantity, "")
    };
    let lines = |lines: Vec<SourceLine>| SourceOrder { lines, subtotal: "".into(), ..source() };
    let Mapped::Order(order, _) =
        transform(&mut lines(vec![of("3", "22.00"), of("2", "39.98"), of("2", "14.67")]), &rules())
    else {
        panic!("expected an order");
    };
    let output: Vec<_> =
        order.lines.iter().map(|line| (line.price.minor(), line.is_price_rounded)).collect();
    assert_eq!(output, [(733, true), (1999, false), (734, true)]);
    assert_eq!(order.total.minor(), 5409, "the order's total is as stated");
    assert_eq!(
        payload(lines(vec![of("3", "22.00")]), &rules())["orderProducts"][0]
            .get("is_price_rounded"),
        None
    );
    assert_eq!(faults(lines(vec![of("3", "22,00")])), ["bad_money"]);
    assert_eq!(faults(lines(vec![of("1", "")])), ["bad_money"]);
    let cut = SourceOrder { lines: vec![of("3", "22.00")], subtotal: "22.01".into(), ..source() };
    assert_eq!(faults(cut), ["truncated"]);
    let whole = SourceOrder { lines: vec![of("3", "22.00")], subtotal: "22.00".into(), ..source() };
    assert!(
        matches!(transform(&mut whole.clone(), &rules()), Mapped::Order(..)),
        "by what the line cost, not by rounded prices"
    );
}

#[test]
fn a_fractional_quantity_is_one_unit_of_the_lines_total_or_refused() {
    let of = |line: SourceLine| SourceOrder { lines: vec![line], subtotal: "".into(), ..source() };
    let by_total = |quantity: &str, total: &str| {
        of(SourceLine { total: total.into(), ..line("Linen", quantity, "") })
    };
    for (order, price) in [
        (by_total("0.75", "9.00"), 900),
        (of(line("Linen", "0.75", "12.00")), 900),
        (of(line("Linen", "2.500", "10")), 2500),
        (of(line("Linen", "0.333", "10.00")), 333),
    ] {
        let Mapped::Order(sent, notes) = transform(&mut order.clone(), &rules()) else {
            panic!("expected an order")
        };
        assert_eq!((sent.lines[0].price.minor(), sent.lines[0].quantity), (price, 1));
        assert_eq!(notes.fractional, 1);
        let policy = Policy {
            fractional_quantity: crate::domain::FractionalQuantity::Refuse,
            ..Policy::default()
        };
        let Mapped::Invalid(faults) = transform(&mut order.clone(), &by(policy)) else {
            panic!("expected a fault")
        };
        assert_eq!(faults[0].reason, Reason::BadQuantity);
    }
    assert_eq!(faults(by_total("1.5", "22,00")), ["bad_money"]);
    for removed in ["0", "0.0000"] {
        assert_eq!(faults(of(line("Linen", removed, "10"))), ["no_products"], "{removed}");
    }
    let cut = SourceOrder { subtotal: "9.02".into(), ..of(line("Linen", "0.75", "12.00")) };
    assert_eq!(faults(cut), ["truncated"]);
}

#[test]
fn a_discounts_sign_does_not_matter() {
    let net = by(Policy { refunds: Refunds::Net, ..Policy::default() });
    let signed = |sign: &str| SourceOrder {
        discount: format!("{sign}9.92").into(),
        refunded: format!("{sign}4.09").into(),
        discounts: vec![SourceDiscount {
            name: "VIP20".into(),
            amount: format!("{sign}9.92").into(),
            of_shipping: false,
        }],
        ..source()
    };
    assert_eq!(payload(signed("-"), &net), payload(signed(""), &net));
    assert_eq!(faults(SourceOrder { discount: "--9.92".into(), ..source() }), ["bad_money"]);
}

#[test]
fn minor_units_are_those_of_the_currency() {
    let order = |currency: &str, total: &str| SourceOrder {
        currency: currency.into(),
        in_minor_units: true,
        total: total.into(),
        lines: vec![line("Tee", "2", "1000")],
        subtotal: "".into(),
        shipping: "500".into(),
        discount: "-200".into(),
        discounts: vec![],
        tax: "".into(),
        ..source()
    };
    for currency in ["EUR", "JPY", "KWD"] {
        let sent = payload(order(currency, "2300"), &rules());
        let numbers = [&sent["totalPrice"], &sent["shippingAmount"], &sent["discountAmount"]];
        assert_eq!(numbers.map(|n| n.as_i64()), [2300, 500, 200].map(Some), "{currency}");
        assert_eq!(sent["orderProducts"][0]["price"], 1000);
    }
    assert_eq!(faults(order("EUR", "2300.5")), ["money_precision"]);
    assert_eq!(faults(order("EUR", "12,5")), ["bad_money"]);
    let unnamed =
        by(Policy { currency: crate::domain::Currency::parse("EUR").ok(), ..Policy::default() });
    assert_eq!(payload(order("", "5"), &unnamed)["totalPrice"], 5);
}

#[test]
fn a_cart_without_an_abandonment_date_uses_its_creation_date() {
    let cart =
        SourceOrder { is_undated_cart: true, id: "".into(), checkout_id: "c-7".into(), ..source() };
    let sent = payload(cart.clone(), &rules());
    assert_eq!(
        (&sent["externalcheckoutid"], &sent["abandonedDate"]),
        (&"c-7".into(), &sent["externalCreatedDate"])
    );
    assert_eq!(faults(SourceOrder { created_at: "".into(), ..cart }), ["bad_date"]);
}

#[test]
fn assumptions_about_a_date_and_a_total_are_noted() {
    let notes = |source: SourceOrder, rules: &Rules| match transform(&mut source.clone(), rules) {
        Mapped::Order(_, notes) => (notes.is_zone_assumed, notes.is_current_assumed),
        other => panic!("{other:?}"),
    };
    let local = SourceOrder { created_at: "2024-01-31 10:11:12".into(), ..source() };
    let berlin = Rules { zone: TimeZone::get("Europe/Berlin").unwrap(), ..rules() };
    assert_eq!(notes(source(), &rules()), (false, false));
    assert_eq!(notes(local.clone(), &rules()), (true, false));
    assert_eq!(notes(local.clone(), &berlin), (false, false));
    assert_eq!(notes(local, &Rules { is_zone_set: true, ..rules() }), (false, false));
    let current = by(Policy { total: Total::Current, ..Policy::default() });
    assert_eq!(notes(source(), &current), (false, true));
    let stated = SourceOrder { current_total: "50.00".into(), ..source() };
    assert_eq!(notes(stated, &current), (false, false));
}
