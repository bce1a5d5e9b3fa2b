//! How orders of Squarespace's Commerce API are read.

use super::*;
use crate::domain::{SourceDiscount, SourceLine, Status, Text};

const PAGE: &str = include_str!("fixtures/squarespace-json.json");

/// The first order of the page, with one text replaced.
fn with(from: &str, to: &str) -> SourceOrder {
    assert!(PAGE.contains(from), "{from}");
    read(PAGE.replacen(from, to, 1)).unwrap().remove(0)
}

#[test]
fn an_order_is_read_with_its_amounts_dates_and_lines() {
    let order = with("", "");
    assert_eq!((order.id.as_str(), order.number.as_str()), ("585d498fdee9f31a60280001", "1"));
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("ann1@example.com", ""));
    assert_eq!(order.created_at, "2024-01-31T10:11:01.187Z");
    assert_eq!(order.updated_at, "2024-02-01T08:00:01.000Z");
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "32.40"));
    let amounts = [&order.shipping, &order.tax, &order.discount, &order.refunded];
    assert_eq!(amounts.map(Text::as_str), ["5.00", "2.40", "3.00", "0.00"]);
    let spring =
        SourceDiscount { name: "SPRING".into(), amount: "3.00".into(), of_shipping: false };
    assert_eq!(order.discounts, [spring]);
    assert_eq!(order.shipping_method, "Flat Rate");
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    let texts = |line: &SourceLine| {
        [&line.id, &line.name, &line.variant, &line.unit_price, &line.quantity, &line.sku]
            .map(Text::clone)
    };
    let tee = "88c16ee4-547b-445e-a392-bded9991ae30";
    assert_eq!(texts(&order.lines[0]), [tee, "Größe", "Large / Black", "11.00", "2", "TEE-L"]);
    let guide = "565c8f3da7c8a3cf71d5fd0b";
    assert_eq!(texts(&order.lines[1]), [guide, "Guide \"PDF\"", "", "6.00", "1", ""]);
    assert_eq!(order.lines.len(), 2);
}

#[test]
fn an_order_is_paid_unless_stated_otherwise() {
    let of = |to: &str| with("\"fulfillmentStatus\":\"FULFILLED\"", to);
    for (to, status) in [
        (r#""fulfillmentStatus":"PENDING""#, Some(Status::Paid)),
        (r#""fulfillmentStatus":"CANCELED""#, Some(Status::Cancelled)),
        (r#""fulfillmentStatus":"PENDING","paymentState":"PAID""#, Some(Status::Paid)),
        (r#""fulfillmentStatus":"PENDING","paymentState":"PENDING""#, Some(Status::Pending)),
        (r#""fulfillmentStatus":"CANCELED","paymentState":"PAID""#, Some(Status::Cancelled)),
        (r#""fulfillmentStatus":"PENDING","paymentState":"ELSEWHERE""#, None),
        (r#""fulfillmentStatus":"LOST""#, None),
    ] {
        let order = of(to);
        assert_eq!(order.status, status, "{to}");
        assert_eq!(order.faults.is_empty(), status.is_some(), "{to}: {:?}", order.faults);
    }
    let refunded = |value: &str| {
        let to = format!("\"refundedTotal\":{{\"value\":\"{value}\"");
        with("\"refundedTotal\":{\"value\":\"0.00\"", &to).status
    };
    assert_eq!(refunded("1.00"), Some(Status::PartiallyRefunded));
    assert_eq!(refunded("32.40"), Some(Status::Refunded));
    assert_eq!(with("\"testmode\":false", "\"testmode\":true").status, Some(Status::Test));
}

#[test]
fn a_custom_amount_has_the_name_of_its_type() {
    let order = with("\"productName\":\"Größe\"", "\"productName\":null");
    assert_eq!(order.lines[0].name, "PHYSICAL_PRODUCT");
}

#[test]
fn a_blank_option_is_no_part_of_the_variant() {
    let line = with("\"value\":\"Large\"", "\"value\":\"\"").lines.remove(0);
    assert_eq!(line.variant, "Black");
}
