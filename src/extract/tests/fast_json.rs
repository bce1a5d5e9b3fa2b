//! How Fast's documents are read.

use super::json_files::read_anything;
use super::*;
use crate::domain::{Status, Text};

/// The response to a read: an order of two products, one of them stated as a product and its chosen
/// variant.
const ORDER: &str = r#"{
  "type": "ENTITY_TYPE_ORDER",
  "order": {"order": {
    "id": {"value": "5b0c"}, "external_id": 585, "order_type": "ORDER_TYPE_ORDER", "currency_code": "USD",
    "status": "ORDER_STATUS_COMPLETE",
    "bill_to": {"first_name": "Ann", "phone": 18005551212, "postal_code": 10017, "email": "bill@example.com"},
    "lines": [
      {"external_product_id": 1556, "external_variant_id": 6418, "quantity": 2, "unit_price": 22, "subtotal_amount": 44,
       "line_discount_amount": 0, "discounts": [{"applied": false, "code": "NEVER", "total_amount": "9"}], "name": "Tee"},
      {"external_product_id": 1542, "quantity": 2, "unit_price": 0, "subtotal_amount": 0, "name": "Tee-XS-Orange"},
      {"external_product_id": "mug", "quanity": "4", "subtotal_amount": "6.00", "description": "Mug",
       "image_url": "https://shop.example.com/mug.png",
       "discounts": [{"applied": true, "code": "MUGS", "total_amount": "1.50", "type": "DISCOUNT_TYPE_REGULAR"},
                     {"applied": true, "code": "FREE", "total_amount": "2"}]},
      {"external_product_id": 9, "quantity": 4, "unit_price": 0, "name": "Sticker"}
    ],
    "coupons": [{"applied": true, "code": "FREE", "total_amount": "2.00", "type": 3},
                {"applied": false, "code": "OLD", "total_amount": "7"}],
    "shipment_plans": [
      {"id": {"value": "me"}, "selected_option": {"name": "Ground", "cost": 10}, "available_options": null},
      {"selected_option": {"name": "Express"}}, {"selected_option": {"name": "Ground"}}],
    "total_amount": 57.5, "sub_total": 50, "total_discounts": 3.5, "total_tax": "1.00", "total_shipping": 10,
    "short_order_id": "S-585"
  }},
  "user": {"user": {"id": {"value": "u-7"}, "email": "Ann@Example.com", "phone": 18005551212}}
}"#;

fn with(from: &str, to: &str) -> SourceOrder {
    assert!(ORDER.contains(from), "{from}");
    let mut all = read(ORDER.replacen(from, to, 1)).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_order_is_read_and_has_no_date() {
    let order = with("", "");
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.is_cart()),
        ("585", "S-585", false)
    );
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("Ann@Example.com", "u-7"));
    assert_eq!((order.created_at.as_str(), order.abandoned_at.as_str()), ("", ""));
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "57.5"));
    let amounts = [&order.shipping, &order.tax, &order.discount].map(Text::as_str);
    assert_eq!(amounts, ["10", "1.00", "3.5"]);
    assert_eq!(order.shipping_method, "Ground, Express");
    assert_eq!(order.status, Some(Status::Paid));
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            [&line.id, &line.name, &line.unit_price, &line.total, &line.quantity].map(Text::as_str)
        })
        .collect();
    assert_eq!(
        lines,
        [
            ["1556", "Tee", "22", "", "2"],
            ["mug", "Mug", "", "6.00", "4"],
            ["9", "Sticker", "0", "", "4"]
        ],
        "the article chosen is no line, a gift is one"
    );
    assert_eq!(order.lines[1].image_url, "https://shop.example.com/mug.png");
}

#[test]
fn only_discounts_that_were_applied_count_and_each_once() {
    let discounts: Vec<_> = with("", "")
        .discounts
        .iter()
        .map(|discount| (discount.name.clone(), discount.amount.clone(), discount.of_shipping))
        .collect();
    let expected = [("FREE", "2.00", true), ("MUGS", "1.50", false)];
    assert_eq!(
        discounts,
        expected.map(|(name, amount, kind)| (Text::from(name), Text::from(amount), kind))
    );
}

#[test]
fn both_spellings_of_the_words_are_read() {
    let status = |word: &str| with("\"ORDER_STATUS_COMPLETE\"", word);
    for (word, expected) in [
        ("\"ORDER_STATUS_PENDING\"", Status::Pending),
        ("2", Status::Pending),
        ("\"ORDER_STATUS_BOOKED\"", Status::Pending),
        ("\"ORDER_STATUS_PENDING_FULFILLMENT\"", Status::Paid),
        ("5", Status::Paid),
        ("\"fulfilled\"", Status::Paid),
        ("8", Status::Cancelled),
        ("\"ORDER_STATUS_DELETED\"", Status::Cancelled),
        ("null", Status::Paid),
        ("0", Status::Paid),
    ] {
        assert_eq!(status(word).status, Some(expected), "{word}");
    }
    for odd in ["10", "-1", "\"ORDER_STATUS_LOST\""] {
        let order = status(odd);
        assert_eq!((order.status, reasons(&order)), (None, vec![Reason::UnknownStatus]), "{odd}");
    }
    let numbered = with("\"ORDER_TYPE_ORDER\"", "2");
    assert_eq!((numbered.status, numbered.is_cart()), (Some(Status::Paid), false));
}

#[test]
fn a_return_is_not_an_order_and_never_counts_as_revenue() {
    for word in ["\"ORDER_TYPE_RETURN\"", "\"ORDER_TYPE_REFUND\"", "5"] {
        let order = with("\"ORDER_TYPE_ORDER\"", word);
        assert_eq!((order.status, order.total.as_str()), (Some(Status::Cancelled), ""), "{word}");
    }
}

#[test]
fn a_cart_is_known_by_its_own_id_and_waits_for_a_date() {
    let cart = with("\"ORDER_STATUS_COMPLETE\"", "\"ORDER_STATUS_CART\"");
    assert!(cart.is_cart());
    assert_eq!((cart.id.as_str(), cart.checkout_id.as_str()), ("", "585"));
    assert!(cart.key().unwrap().is_cart());
    let bare =
        ORDER.replace("\"ORDER_TYPE_ORDER\"", "null").replace("\"ORDER_STATUS_COMPLETE\"", "0");
    assert!(!read(&bare).unwrap()[0].is_cart());
    let marked = bare.replace("\"order\": {\"order\"", "\"order\": {\"is_cart\": true, \"order\"");
    assert!(read(marked).unwrap()[0].is_cart(), "where nothing else says what it is");
}

#[test]
fn fasts_own_id_is_the_fallback_and_placeholders_are_not() {
    assert_eq!(with("\"external_id\": 585,", "").id, "5b0c");
    assert_eq!(with("\"external_id\": 585", "\"external_id\": \"me\"").id, "5b0c");
    let none = ORDER.replace("\"external_id\": 585,", "").replace("\"5b0c\"", "\"me\"");
    assert_eq!(read(none).unwrap()[0].id, "");
    assert_eq!(reasons(&with("585", "585.0")), [Reason::BadId]);
    assert_eq!(with("{\"value\": \"u-7\"}", "\"u-8\"").customer_id, "u-8");
    assert_eq!(with("\"Ann@Example.com\"", "null").email, "bill@example.com");
}

#[test]
fn orders_are_the_same_in_every_wrapping() {
    let line: String = ORDER.lines().map(str::trim).collect();
    let other = line.replace("585", "586");
    let inner = |text: &str| {
        let from = text.find("{\"order\": {").unwrap() + "{\"order\": ".len();
        text[from..text.rfind("},\"user\"").unwrap()].to_owned()
    };
    for text in [
        format!("[{line},{other}]"),
        format!("{line}\n{other}\n"),
        format!("{{\"entity\":{line}}}{{\"entity\":{other}}}"),
        format!("{{\"orders\":[{line},{other}]}}"),
        format!("{{\"order\":{}}}\n{{\"order\":{}}}\n", inner(&line), inner(&other)),
        format!("[{},{}]", inner(&line), inner(&other)),
    ] {
        let folder = Folder::with("a.json", &text);
        let export = folder.open(&["a.json"]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(export.files()[0].format, "fast-json");
        let found: Vec<_> = export
            .read()
            .unboxed()
            .map(|order| order.unwrap())
            .map(|o| (o.id, o.lines.len()))
            .collect();
        assert_eq!(found, [("585".into(), 3), ("586".into(), 3)], "{text}");
    }
    let folder = Folder::new();
    for id in 1..=30 {
        folder.put(&format!("order_{id}.json"), ORDER.replace("585", &id.to_string()));
    }
    let all = folder.read(&["order_*.json"]).unwrap();
    assert_eq!(all.len(), 30);
    assert_eq!(all[0].id, "30", "one document to a file");
}

#[test]
fn refunds_with_separate_tax_are_not_guessed() {
    let refunds = |list: &str| with("\"coupons\"", &format!("\"refunds\": [{list}], \"coupons\""));
    let part = refunds("{\"amount\": \"10\", \"tax\": \"0\"}, {\"amount\": \"5.5\"}");
    assert_eq!((part.refunded.as_str(), part.status), ("15.5", Some(Status::PartiallyRefunded)));
    assert_eq!(refunds("{\"amount\": \"57.50\"}").status, Some(Status::Refunded));
    let unknown = refunds("{\"amount\": \"10\", \"tax\": \"1\"}");
    assert_eq!(
        (unknown.refunded.as_str(), unknown.status),
        ("unknown", Some(Status::PartiallyRefunded))
    );
}

#[test]
fn requests_are_not_orders() {
    let message =
        refusal(r#"{"app_id":"0","type":"ENTITY_TYPE_ORDER","order":{"external_order_id":585}}"#);
    assert!(message.contains("Fast's requests to read an order"), "{message}");
    let message =
        refusal(r#"{"type":"ENTITY_TYPE_ORDER","order":{"order_id":{"value":"8"},"items":[]}}"#);
    assert!(message.contains("Fast's requests to update an order"), "{message}");
    let cart = read(r#"{"order":{"is_cart":true,"order":{"order_type":1,"status":1,"lines":[]}}}"#)
        .unwrap();
    assert!(
        cart[0].is_cart() && cart[0].currency.is_empty(),
        "a request to create a cart says itself what it lacks"
    );
    let message = refusal(r#"{"order":{"order":{"order_type":1,"status":1,"lines":[]}}}"#);
    assert!(
        message
            .contains("looks like Fast's orders, but its records lack: order.order.currency_code"),
        "{message}"
    );
}

proptest::proptest! {
    #[test]
    fn no_damage_to_an_order_panics_or_affects_the_previous_one(
        from in 0.0..1.0_f64,
        len in 0..40_usize,
        new in proptest::sample::select(&["", "\"", "{", "]", "null", "1e400", "[[1]]", "\\ud800", "{\"value\":{}}", "-"][..]),
    ) {
        let whole = read_anything(ORDER.as_bytes());
        let mut bytes = ORDER.as_bytes().to_vec();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new.bytes());
        read_anything(&bytes);
        let both = [ORDER.as_bytes(), b"\n", &bytes].concat();
        proptest::prop_assert_eq!(&read_anything(&both)[..1], &whole[..]);
    }
}
