//! How orders of WooCommerce's REST API are read.

use super::*;
use crate::domain::{SourceDiscount, Status};

/// An order with every field that is read, and some that are not.
const ORDER: &str = r#"{
  "id": 4711, "parent_id": 0, "number": "WEB-4711", "status": "completed", "currency": "EUR", "version": "10.1.0",
  "prices_include_tax": false, "date_created": "2024-01-31T10:11:12", "date_modified": "2024-02-01T09:00:00",
  "discount_total": "3.00", "discount_tax": "0.57", "shipping_total": "5.00", "shipping_tax": "0.95",
  "cart_tax": "11.97", "total": "80.92", "total_tax": "12.92", "customer_id": 12, "order_key": "wc_order_x",
  "billing": {"first_name": "Ann", "email": " Ann@Example.com ", "phone": ""},
  "shipping": {"first_name": "Ann", "phone": ""},
  "meta_data": [{"id": 1, "key": "_x", "value": {"line_items": [1, {"a": "}"}]}}],
  "line_items": [
    {"id": 1, "name": "Gift | \"Box\"", "product_id": 15, "variation_id": 0, "quantity": 3, "subtotal": "22.00",
     "subtotal_tax": "4.18", "total": "19.80", "total_tax": "3.76", "taxes": [], "meta_data": [], "sku": "",
     "price": 6.599666666666667, "image": {"id": "9", "src": "https:\/\/shop.example.com\/box.png"}, "parent_name": null},
    {"id": 2, "name": "Hat - M", "product_id": 16, "variation_id": 17, "quantity": 1, "subtotal": "44.00",
     "total": "43.20", "sku": "HAT-M", "price": 43.2, "image": {"id": "", "src": false}, "parent_name": "Hat"},
    {"id": 3, "name": "Box part", "product_id": 18, "variation_id": 0, "quantity": 1, "subtotal": "0.00",
     "total": "0.00", "sku": null, "price": 0, "bundled_by": "1"}
  ],
  "tax_lines": [], "fee_lines": [{"name": "Wrapping", "total": "0.00"}],
  "shipping_lines": [{"id": 3, "method_title": "DHL", "total": "4.00"}, {"id": 4, "method_title": "Insurance", "total": "1.00"}],
  "coupon_lines": [{"id": 5, "code": "save", "discount": "3", "discount_tax": "0.57", "free_shipping": false},
    {"id": 6, "code": "freeship", "discount": "0", "free_shipping": true}],
  "refunds": [], "payment_url": "https://shop.example.com/pay?key=secret",
  "date_created_gmt": "2024-01-31T09:11:12", "date_modified_gmt": "2024-02-01T08:00:00", "currency_symbol": "€"
}"#;

/// The order with one thing changed.
fn with(from: &str, to: &str) -> SourceOrder {
    assert!(ORDER.contains(from), "{from}");
    let mut all = read(ORDER.replacen(from, to, 1)).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_order_is_read_with_all_its_fields_and_lines() {
    let order = with("", "");
    assert_eq!((order.id.as_str(), order.number.as_str()), ("4711", "WEB-4711"));
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("Ann@Example.com", "12"));
    assert_eq!(order.created_at, "2024-01-31T09:11:12Z", "the time in UTC, and said so");
    assert_eq!(order.updated_at, "2024-02-01T08:00:00Z");
    assert_eq!(
        (order.currency.as_str(), order.total.as_str(), order.refunded.as_str()),
        ("EUR", "80.92", "")
    );
    assert_eq!(
        (order.shipping.as_str(), order.tax.as_str(), order.discount.as_str()),
        ("5.00", "12.92", "3.00")
    );
    let discount = |name: &str, amount: &str, of_shipping| SourceDiscount {
        name: name.into(),
        amount: amount.into(),
        of_shipping,
    };
    assert_eq!(order.discounts, [discount("save", "3", false), discount("freeship", "0", true)]);
    assert_eq!(order.shipping_method, "DHL, Insurance");
    assert_eq!((order.status, order.accepts_marketing), (Some(Status::Paid), None));
    assert_eq!(
        (order.order_url.as_str(), order.checkout_id.as_str()),
        ("", ""),
        "the payment link holds a key"
    );
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    let [gift, hat, part] = order.lines.as_slice() else { panic!("{:?}", order.lines) };
    assert_eq!(
        (gift.id.as_str(), gift.name.as_str(), gift.sku.as_str()),
        ("15", "Gift | \"Box\"", "")
    );
    assert_eq!(
        (gift.quantity.as_str(), gift.total.as_str(), gift.unit_price.as_str()),
        ("3", "22.00", "")
    );
    assert_eq!(gift.image_url, "https://shop.example.com/box.png");
    assert_eq!((hat.id.as_str(), hat.sku.as_str(), hat.image_url.as_str()), ("17", "HAT-M", ""));
    assert_eq!(
        (part.id.as_str(), part.total.as_str()),
        ("18", "0.00"),
        "parts of a bundle are products too"
    );
}

#[test]
fn times_are_utc_if_woocommerce_states_it_and_else_local() {
    let gmt = "\"date_created_gmt\": \"2024-01-31T09:11:12\"";
    for (stated, expected) in [
        ("\"2024-01-31T09:11:12Z\"", "2024-01-31T09:11:12Z"),
        ("\"2024-01-31T09:11:12+00:00\"", "2024-01-31T09:11:12+00:00"),
        ("\"2024-01-31 09:11:12\"", "2024-01-31 09:11:12Z"),
        ("null", "2024-01-31T10:11:12"),
        ("\"\"", "2024-01-31T10:11:12"),
    ] {
        assert_eq!(with(gmt, &format!("\"date_created_gmt\": {stated}")).created_at, expected);
    }
    assert_eq!(with(gmt, "\"other\": 1").created_at, "2024-01-31T10:11:12");
}

#[test]
fn a_guest_has_no_account_and_an_order_may_have_no_address() {
    for guest in ["0", "\"0\"", "null", "\"\""] {
        assert_eq!(
            with("\"customer_id\": 12", &format!("\"customer_id\": {guest}")).customer_id,
            "",
            "{guest}"
        );
    }
    assert_eq!(with("\" Ann@Example.com \"", "\"\"").email, "");
    assert_eq!(with("\"id\": 4711", "\"id\": \"4711\"").id, "4711");
    assert_eq!(with("\"quantity\": 3", "\"quantity\": \"3\"").lines[0].quantity, "3");
    assert_eq!(with("\"image\": {\"id\": \"\", \"src\": false}", "\"image\": \"\"").faults, []);
}

#[test]
fn the_status_is_woocommerces_word_and_what_was_refunded() {
    let status = |word: &str| with("\"completed\"", &format!("\"{word}\""));
    for (word, expected) in [
        ("processing", Status::Paid),
        ("on-hold", Status::Pending),
        ("pending", Status::Pending),
        ("cancelled", Status::Cancelled),
        ("failed", Status::Failed),
        ("refunded", Status::Refunded),
        ("checkout-draft", Status::Draft),
        ("auto-draft", Status::Draft),
        ("trash", Status::Draft),
    ] {
        assert_eq!(status(word).status, Some(expected), "{word}");
    }
    let odd = status("shipped-by-owl");
    assert_eq!((odd.status, reasons(&odd)), (None, vec![Reason::UnknownStatus]));
    let refunds =
        r#""refunds": [{"id": 1, "reason": "", "total": "-21.76"}, {"id": 2, "total": "-2.00"}]"#;
    let order = with("\"refunds\": []", refunds);
    assert_eq!((order.refunded.as_str(), order.status), ("23.76", Some(Status::PartiallyRefunded)));
    assert_eq!(order.total, "80.92", "a refund changes no order");
}

#[test]
fn pages_wrappers_and_lines_are_all_read() {
    let other = ORDER.replace("4711", "4712");
    let minified = |text: &str| text.lines().map(str::trim).collect::<String>();
    for text in [
        format!("[{ORDER},{other}]"),
        format!("{{\"data\":[{ORDER},{other}]}}"),
        format!("{{\"data\":{ORDER}}}{{\"data\":{other}}}"),
        format!("[{ORDER}]\n[{other}]\n[]"),
        format!("{}\n{}\n", minified(ORDER), minified(&other)),
        format!("{{\"orders\":[{ORDER},{other}]}}"),
    ] {
        let ids: Vec<_> = read(&text).unwrap().into_iter().map(|order| order.id).collect();
        assert_eq!(ids, ["4711", "4712"], "{}", &text[..20]);
    }
    let folder = Folder::with("orders.json", format!("[{ORDER}]"));
    assert_eq!(folder.open(&["orders.json"]).unwrap().files()[0].format, "woocommerce-json");
}

#[test]
fn an_order_of_the_api_before_is_read_as_well() {
    let old = r#"{"order":{"id":645,"order_number":"645","created_at":"2015-01-26T20:00:21Z",
        "updated_at":"2015-01-27T20:00:21Z","status":"processing","currency":"USD","total":"79.87","subtotal":"63.97",
        "total_line_items_quantity":3,"total_tax":"5.90","total_shipping":"10.00","total_discount":"1.00",
        "shipping_methods":"Flat Rate","billing_address":{"email":"ann@example.com"},"customer_id":2,
        "line_items":[{"id":504,"subtotal":"43.98","total":"43.98","price":"21.99","quantity":2,"name":"Cup",
        "product_id":546,"sku":""}],"shipping_lines":[{"method_title":"Flat Rate","total":"10.00"}],
        "coupon_lines":[{"code":"old","amount":"1.00"}]}}"#;
    let order = read(old).unwrap().remove(0);
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.email.as_str()),
        ("645", "645", "ann@example.com")
    );
    assert_eq!(
        (order.created_at.as_str(), order.updated_at.as_str()),
        ("2015-01-26T20:00:21Z", "2015-01-27T20:00:21Z")
    );
    assert_eq!((order.shipping.as_str(), order.discount.as_str()), ("10.00", "1.00"));
    assert_eq!(
        (order.discounts[0].amount.as_str(), order.lines[0].total.as_str()),
        ("1.00", "43.98")
    );
}

#[test]
fn a_value_of_the_wrong_kind_spoils_its_own_order_only() {
    for (from, to, field) in [
        ("\"80.92\"", "{\"amount\": 1}", "total"),
        ("\" Ann@Example.com \"", "[]", "billing.email"),
        ("\"line_items\": [\n", "\"line_items\": \"some\", \"more\": [\n", "line_items"),
        ("\"refunds\": []", "\"refunds\": 5", "refunds"),
        ("\"method_title\": \"DHL\"", "\"method_title\": {}", "shipping_lines.method_title"),
    ] {
        let all = read(format!("[{},{ORDER}]", ORDER.replacen(from, to, 1))).unwrap();
        assert_eq!((all.len(), reasons(&all[0])), (2, vec![Reason::MalformedRow]), "{to}");
        assert_eq!(all[0].faults[0].field, Some(field));
        assert!(all[1].faults.is_empty());
    }
    assert_eq!(reasons(&with("\"id\": 4711", "\"id\": 4711.0")), [Reason::BadId]);
    let cut = format!("[{ORDER},{}", &ORDER[..600]);
    let folder = Folder::with("orders.json", cut);
    let read: Vec<_> = folder.open(&["orders.json"]).unwrap().read().unboxed().collect();
    assert!(
        read[0].is_ok() && read[1].is_err(),
        "an order that the file ends within is not given out"
    );
}

#[test]
fn refunds_and_errors_of_the_api_are_not_orders() {
    for (text, what) in [
        (
            r#"[{"id":726,"date_created":"2017-03-21T17:07:11","amount":"10.00","reason":"","refunded_by":1,"line_items":[]}]"#,
            "looks like WooCommerce's refunds, expected orders",
        ),
        (
            r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":401}}"#,
            "the format is not recognised",
        ),
    ] {
        let refused = Folder::with("x.json", text).open(&["x.json"]).unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
    }
}

#[test]
fn fees_are_charges_and_what_a_plugin_took_off_is_not_one() {
    let fees = |list: &str| with("{\"name\": \"Wrapping\", \"total\": \"0.00\"}", list).charges;
    assert_eq!(fees("{\"total\": \"2.50\"}, {\"total\": \"1\"}"), "3.5");
    assert_eq!(fees("{\"total\": \"2.50\"}, {\"total\": \"-1.00\"}"), "1.5");
    assert_eq!(
        fees("{\"total\": \"-2.50\"}"),
        "",
        "no charge is below zero; the sum then misses the total"
    );
    assert_eq!(
        fees("{\"total\": \"1,50\"}, {\"total\": \"1\"}"),
        "1,50",
        "refused where it is used"
    );
    assert_eq!(fees(""), "");
}

#[test]
fn names_of_shops_in_php_lose_their_html_entities_and_others_keep_them() {
    for (file, text, plain) in [
        ("a.json", include_str!("fixtures/woocommerce-json.json"), "Größe & Co"),
        ("a.json", include_str!("fixtures/magento-json.json"), "Größe & Co"),
        ("a.json", include_str!("fixtures/advanced-order-export-json.json"), "Größe & Co"),
        ("a.csv", include_str!("fixtures/advanced-order-export-csv.csv"), "Größe & Co"),
        ("a.csv", include_str!("fixtures/webtoffee-csv.csv"), "Größe & Co"),
    ] {
        let escaped = text.replace("Größe", "Gr&ouml;&#223;e &amp; Co");
        let orders = Folder::with(file, escaped).read(&["*"]).unwrap();
        let mut names = orders.iter().flat_map(|order| &order.lines).map(|line| &line.name);
        assert!(names.any(|name| name.contains(plain)), "{plain} in {text:.80}");
    }
}
