//! How Magento's JSON is read.

use super::json_files::read_anything;
use super::*;
use crate::domain::{SourceDiscount, Status, Text};

/// An order of a configurable product and a simple one, with some fields that are not read.
const ORDER: &str = r#"{
  "applied_rule_ids": "1", "base_currency_code": "EUR", "base_grand_total": 20.5, "base_discount_amount": -2.4,
  "coupon_code": "SPRING", "created_at": "2024-01-31 10:11:12", "customer_email": "Ann@Example.com",
  "customer_id": 7, "customer_is_guest": 0, "discount_amount": -3.3000, "entity_id": 102, "grand_total": 28,
  "increment_id": "000000102", "order_currency_code": "USD", "shipping_amount": 4.6, "shipping_incl_tax": 5,
  "shipping_discount_amount": 0, "shipping_description": "Flat Rate - Fixed", "state": "complete",
  "status": "shipped_by_hand", "store_name": "Main Website\nMain Store\n", "subtotal": 22, "tax_amount": 4.3,
  "updated_at": "2024-02-01 08:00:00",
  "items": [
    {"item_id": 1, "product_type": "configurable", "product_id": 1556, "sku": "TEE-XS", "name": "Tee", "price": 22.0,
     "qty_ordered": 1, "discount_amount": 3.3},
    {"item_id": 2, "parent_item_id": 1, "product_type": "simple", "product_id": 1542, "sku": "TEE-XS-Orange",
     "name": "Tee-XS-Orange", "price": 0, "qty_ordered": 1,
     "parent_item": {"item_id": 1, "sku": "TEE-XS", "price": 22.0}},
    {"item_id": 3, "product_type": "simple", "product_id": 9, "sku": "MUG", "name": "Mug", "price": "1.50",
     "qty_ordered": "2.0000"}
  ],
  "billing_address": {"email": "ann@example.com", "street": ["12 Sample Street"]},
  "payment": {"method": "checkmo", "amount_ordered": 28}
}"#;

fn with(from: &str, to: &str) -> SourceOrder {
    assert!(ORDER.contains(from), "{from}");
    let mut all = read(ORDER.replacen(from, to, 1)).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_order_is_read_in_its_own_currency_and_in_utc() {
    let order = with("", "");
    assert_eq!(
        (order.id.as_str(), order.number.as_str()),
        ("102", "000000102"),
        "leading zeros are kept"
    );
    assert_eq!((order.email.as_str(), order.customer_id.as_str()), ("Ann@Example.com", "7"));
    assert_eq!(order.created_at, "2024-01-31 10:11:12+00:00");
    assert_eq!(order.updated_at, "2024-02-01 08:00:00+00:00");
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "28"));
    assert_eq!((order.shipping.as_str(), order.tax.as_str()), ("5", "4.3"));
    assert_eq!(order.discount, "3.3000", "stated as a negative number");
    let spring =
        SourceDiscount { name: "SPRING".into(), amount: "3.3000".into(), of_shipping: false };
    assert_eq!(order.discounts, [spring]);
    assert_eq!(order.shipping_method, "Flat Rate - Fixed");
    assert_eq!(order.status, Some(Status::Paid), "by the state, whatever the shop calls it");
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            [&line.id, &line.name, &line.sku, &line.unit_price, &line.quantity].map(Text::as_str)
        })
        .collect();
    let tee = ["1556", "Tee", "TEE-XS-Orange", "22.0", "1"];
    assert_eq!(
        lines,
        [tee, ["9", "Mug", "MUG", "1.50", "2.0000"]],
        "the article chosen is no line of its own"
    );
}

#[test]
fn orders_are_the_same_in_every_wrapping() {
    let line: String = ORDER.lines().map(str::trim).collect();
    let other =
        line.replace("000000102", "000000103").replace("\"entity_id\": 102", "\"entity_id\": 103");
    let page = |orders: &str| {
        format!(
            r#"{{"items":[{orders}],"search_criteria":{{"filter_groups":[],"page_size":2}},"total_count":2}}"#
        )
    };
    for text in [
        page(&format!("{line},{other}")),
        format!("{}\n{}", page(&line), page(&other)),
        format!("[{},{}]", page(&line), page(&other)),
        format!(r#"{{"total_count":2, "search_criteria":{{}},"items":[{ORDER},{other}]}}"#),
        format!("[{ORDER},{other}]"),
        format!("{line}\n{other}\n"),
        format!("{ORDER}{other}"),
        format!(r#"{{"increment_id":"1","order_id":2,"order":{line}}}{{"order":{other}}}"#),
    ] {
        let all = read(&text).unwrap();
        let found: Vec<_> =
            all.iter().map(|order| (order.id.as_str(), order.lines.len())).collect();
        assert_eq!(found, [("102", 2), ("103", 2)], "{text}");
        let folder = Folder::with("a.json", text);
        assert_eq!(folder.open(&["a.json"]).unwrap().files()[0].format, "magento-json");
    }
    assert!(read(page("")).unwrap().is_empty(), "a page past the end");
}

#[test]
fn a_guest_has_no_customer_and_a_dated_offset_stays() {
    assert_eq!(with("\"customer_is_guest\": 0", "\"customer_is_guest\": 1").customer_id, "");
    assert_eq!(with("\"customer_is_guest\": 0", "\"customer_is_guest\": \"1\"").customer_id, "");
    let date = "2024-01-31 10:11:12";
    for (stated, read) in [
        ("2024-01-31T10:11:12Z", "2024-01-31T10:11:12Z"),
        ("2024-01-31 10:11:12-05:00", "2024-01-31 10:11:12-05:00"),
        ("2024-01-31 10:11:12.5", "2024-01-31 10:11:12.5+00:00"),
        ("31/01/2024", "31/01/2024"),
        ("", ""),
    ] {
        assert_eq!(with(date, stated).created_at, read);
    }
}

#[test]
fn the_state_decides_the_status() {
    let state = |word: &str| with("\"state\": \"complete\"", &format!("\"state\": {word}")).status;
    for (word, expected) in [
        ("\"new\"", Status::Pending),
        ("\"pending_payment\"", Status::Pending),
        ("\"holded\"", Status::Pending),
        ("\"processing\"", Status::Paid),
        ("\"closed\"", Status::Refunded),
        ("\"Canceled\"", Status::Cancelled),
    ] {
        assert_eq!(state(word), Some(expected), "{word}");
    }
    let odd = with("\"state\": \"complete\"", "\"state\": 2");
    assert_eq!((odd.status, reasons(&odd)), (None, vec![Reason::UnknownStatus]));
    assert_eq!(
        with("\"state\": \"complete\",", "").status,
        None,
        "the shop's own word says nothing"
    );
    let part = with("\"tax_amount\": 4.3", "\"tax_amount\": 4.3, \"total_refunded\": 1.5");
    assert_eq!((part.status, part.refunded.as_str()), (Some(Status::PartiallyRefunded), "1.5"));
}

#[test]
fn a_discount_has_either_sign_and_free_shipping_is_distinguished() {
    assert_eq!(with("-3.3000", "3.3").discount, "3.3");
    for none in ["0", "-0.0000", "null"] {
        let order = with("-3.3000", none);
        assert!(order.discounts.is_empty() && order.faults.is_empty(), "{none}");
    }
    let split = with("\"shipping_discount_amount\": 0", "\"shipping_discount_amount\": 1.3");
    let discounts: Vec<_> =
        split.discounts.iter().map(|d| (d.amount.as_str(), d.of_shipping)).collect();
    assert_eq!(discounts, [("2", false), ("1.3", true)]);
    assert!(
        with("\"shipping_discount_amount\": 0", "\"shipping_discount_amount\": 3.3").discounts[0]
            .of_shipping
    );
}

#[test]
fn the_price_of_a_line_follows_its_total() {
    let line = |more: &str| with("\"price\": 22.0,", more).lines.remove(0);
    for (more, unit_price, total) in [
        ("\"price\": 20, \"row_total\": 22,", "", "22"),
        ("\"price\": 22, \"row_total\": \"2.2E+1\",", "", "22"),
        ("\"price\": 22, \"row_total\": 0,", "22", ""),
        ("\"price\": 22,", "22", ""),
        ("\"row_total\": 22,", "", "22"),
    ] {
        let line = line(more);
        assert_eq!((line.unit_price.as_str(), line.total.as_str()), (unit_price, total), "{more}");
    }
}

#[test]
fn a_bundle_is_one_line_and_a_child_without_its_parent_is_one_too() {
    let bundle = ORDER.replace("\"item_id\": 3,", "\"item_id\": 3, \"parent_item_id\": \"1\",");
    let lines = read(bundle).unwrap().remove(0).lines;
    assert_eq!(
        (lines.len(), lines[0].sku.as_str()),
        (1, "TEE-XS"),
        "of two articles neither is the line's"
    );
    let orphan = with("{\"item_id\": 1,", "{\"item_id\": 11,");
    assert_eq!(orphan.lines.len(), 3);
    assert_eq!(orphan.lines[1].sku, "TEE-XS-Orange");
}

#[test]
fn a_record_that_only_looks_like_an_order_is_refused() {
    let invoice = ORDER
        .replace("\"customer_email\": \"Ann@Example.com\",", "\"order_id\": 3,")
        .replace("\"qty_ordered\"", "\"order_item_id\": 3, \"qty\"");
    assert!(
        refusal(&invoice).contains("looks like Magento's invoices, shipments or credit memos"),
        "{invoice}"
    );
    let lines =
        refusal(r#"{"items":[{"entity_id":3003,"increment_id":"WA3003"}],"total_count":1}"#);
    assert!(lines.contains("its keys are entity_id, increment_id"), "{lines}");
    assert!(lines.contains("magento-json would need customer_email, created_at"), "{lines}");
    let lines = refusal(ORDER.replace("order_currency_code", "store_currency_code"));
    assert!(
        lines.contains("looks like Magento orders, but its records lack: order_currency_code"),
        "{lines}"
    );
    let lines = refusal(ORDER.replacen("\"items\": [", "\"items\": [ ...", 1));
    assert!(lines.contains("is not valid JSON") && lines.contains("line 9, column "), "{lines}");
    assert!(
        refusal(r#"{"message":"The consumer isn't authorized","parameters":{"resources":"x"}}"#)
            .contains("error")
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
