//! How Shopify's JSON is read.

use super::*;
use crate::domain::{SourceDiscount, Status};

/// An order with every field that is read, and some that are not.
pub(super) const ORDER: &str = r##"{
  "id": 6885604524341, "admin_graphql_api_id": "gid:\/\/shopify\/Order\/6885604524341",
  "name": "#1001", "order_number": 1001, "note": "a } b \" c [ {",
  "email": " Ann@Example.com ", "contact_email": "other@example.com",
  "customer": {"id": 207119551, "email": "third@example.com", "first_name": "Ann",
    "email_marketing_consent": {"state": "subscribed", "opt_in_level": null}},
  "buyer_accepts_marketing": false,
  "created_at": "2024-01-31T10:11:12-05:00", "updated_at": "2024-02-01T08:00:00-05:00",
  "currency": "USD", "presentment_currency": "CAD",
  "total_price": "47.50", "current_total_price": "40.00", "subtotal_price": "42.00",
  "total_price_set": {"shop_money": {"amount": "47.50"}, "presentment_money": {"amount": "64.00"}},
  "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "USD"}},
  "total_tax": "2.50", "total_discounts": "3.00", "taxes_included": false,
  "discount_codes": [{"code": "SPRING", "amount": "3.00", "type": "percentage"}],
  "shipping_lines": [{"title": "Standard", "price": "6.00"}, {"title": "Express", "price": "1.00"}],
  "refunds": [], "financial_status": "paid", "cancelled_at": null, "test": false, "source_name": "web",
  "checkout_id": 901414060, "checkout_token": "bd5a8aa1", "cart_token": "68778783",
  "order_status_url": "https:\/\/shop.example.com\/1",
  "line_items": [
    {"id": 1, "variant_id": 39072856, "product_id": 632910392, "name": "Mug, \u0022blue\u0022", "title": "Mug",
     "sku": "MUG-1", "price": "10.00", "quantity": 2, "current_quantity": 0, "total_discount": "0.50", "properties": {}},
    {"id": 2, "variant_id": null, "product_id": 632910393, "name": null, "title": "Gr\u00f6\u00dfe \ud83d\udd6f",
     "sku": null, "price": 25, "quantity": "1", "total_discount": null, "properties": [{"name": "Line_Items", "value": 3}]}
  ]
}"##;

pub(super) fn minified(json: &str) -> String {
    json.lines().map(str::trim).collect()
}

/// The order with one thing changed.
fn with(from: &str, to: &str) -> SourceOrder {
    assert!(ORDER.contains(from), "{from}");
    let mut all = read(ORDER.replacen(from, to, 1)).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn order() -> SourceOrder {
    with("", "")
}

#[test]
fn an_order_is_read_with_all_its_fields_and_lines() {
    let order = order();
    assert_eq!((order.id.as_str(), order.number.as_str()), ("6885604524341", "#1001"));
    assert_eq!(
        (order.email.as_str(), order.customer_id.as_str()),
        ("Ann@Example.com", "207119551")
    );
    assert_eq!(order.accepts_marketing, Some(true));
    assert_eq!(order.created_at, "2024-01-31T10:11:12-05:00");
    assert_eq!(order.updated_at, "2024-02-01T08:00:00-05:00");
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "47.50"));
    assert_eq!(
        (order.shipping.as_str(), order.tax.as_str(), order.discount.as_str()),
        ("5.00", "2.50", "3.00")
    );
    assert_eq!(order.subtotal, "", "an edited order's lines need not add up to it");
    assert_eq!(order.refunded, "7.5", "no refund is listed, but the total was lowered");
    let spring =
        SourceDiscount { name: "SPRING".into(), amount: "3.00".into(), of_shipping: false };
    assert_eq!(order.discounts, [spring]);
    assert_eq!(order.shipping_method, "Standard");
    assert_eq!(order.checkout_id, "bd5a8aa1");
    assert_eq!((order.order_url.as_str(), order.abandoned_at.as_str()), ("", ""));
    assert_eq!(order.status, Some(Status::Paid));
    assert!(order.faults.is_empty(), "{:?}", order.faults);
    let [mug, candle] = order.lines.as_slice() else { panic!("{:?}", order.lines) };
    assert_eq!(
        (mug.id.as_str(), mug.name.as_str(), mug.sku.as_str()),
        ("39072856", "Mug, \"blue\"", "MUG-1")
    );
    assert_eq!(
        (mug.quantity.as_str(), mug.unit_price.as_str(), mug.discount.as_str()),
        ("2", "10.00", "0.50")
    );
    assert_eq!(
        (candle.id.as_str(), candle.name.as_str(), candle.sku.as_str()),
        ("632910393", "Größe 🕯", "")
    );
    assert_eq!(
        (candle.quantity.as_str(), candle.unit_price.as_str(), candle.at_line),
        ("1", "25", 1)
    );
}

#[test]
fn numbers_keep_their_digits_and_strings_will_do() {
    let quoted = |text: &str| format!("\"total_price\": \"{text}\"");
    for text in ["0.10", "10.000", "90071992547409.93", "0.30000000000000004", "-1.50", "x", "1,00"]
    {
        assert_eq!(with("\"total_price\": \"47.50\"", &quoted(text)).total, text);
    }
    for text in ["0.10", "10.000", "90071992547409.93", "0.30000000000000004", "-1.50", "47"] {
        assert_eq!(
            with("\"total_price\": \"47.50\"", &format!("\"total_price\": {text}")).total,
            text
        );
    }
    for exact in ["1.79E+3", "\"1.79E+3\"", "1790", "17900e-1"] {
        let total = with("\"total_price\": \"47.50\"", &format!("\"total_price\": {exact}")).total;
        assert!(total.starts_with("1790"), "{exact}: {total}");
    }
    assert_eq!(with("6885604524341,", "\"6885604524341\",").id, "6885604524341");
    assert_eq!(with("\"quantity\": 2", "\"quantity\": \"2\"").lines[0].quantity, "2");
}

#[test]
fn an_id_that_was_a_float_is_not_trusted() {
    for id in ["6885604524341.0", "6.885604524341e12", "6.88560E+12"] {
        let order = with("6885604524341,", &format!("{id},"));
        assert_eq!(reasons(&order), [Reason::BadId], "{id}");
        assert_eq!(order.faults[0].field, Some("id"));
    }
    assert_eq!(reasons(&with("\"id\": 207119551", "\"id\": 207119551.0")), [Reason::BadId]);
    assert_eq!(reasons(&with("39072856", "39072856.0")), [Reason::BadId]);
    assert!(with("6885604524341,", "\"A.1E5\",").faults.is_empty(), "text is an id as it stands");
}

#[test]
fn null_everywhere_is_an_order_with_nothing_in_it() {
    let keys =
        ORDER.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).collect::<Vec<_>>();
    let nulls = |keys: &[&str]| {
        let named = ["email", "created_at", "currency", "total_price", "line_items", "id"];
        let all: std::collections::BTreeSet<_> = keys.iter().chain(&named).collect();
        let pairs: Vec<String> = all.iter().map(|key| format!("\"{key}\":null")).collect();
        format!("{{{}}}", pairs.join(","))
    };
    let top: Vec<&str> = keys
        .into_iter()
        .filter(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect();
    let order = read(nulls(&top)).unwrap().remove(0);
    let empty = SourceOrder { status: Some(Status::Pending), ..SourceOrder::default() };
    assert_eq!(SourceOrder { position: empty.position, ..order }, empty);
}

#[test]
fn the_address_is_the_first_that_is_stated() {
    let none = |order: &str, keys: &[&str]| {
        keys.iter().fold(order.to_owned(), |text, key| text.replacen(key, "\"\"", 1))
    };
    let contact = read(none(ORDER, &["\" Ann@Example.com \""])).unwrap();
    assert_eq!(contact[0].email, "other@example.com");
    let customer = read(none(ORDER, &["\" Ann@Example.com \"", "\"other@example.com\""])).unwrap();
    assert_eq!(customer[0].email, "third@example.com");
}

#[test]
fn a_guest_has_no_customer_and_consent_is_what_was_ticked() {
    let begin = ORDER.find("\"customer\"").unwrap();
    let end = ORDER.find("\"buyer_accepts").unwrap();
    for nobody in ["null", "[]", "{}", "{\"id\":null,\"email_marketing_consent\":null}"] {
        let text = format!("{}\"customer\":{nobody},{}", &ORDER[..begin], &ORDER[end..]);
        let order = read(&text).unwrap().remove(0);
        assert_eq!(
            (order.customer_id.as_str(), order.accepts_marketing),
            ("", Some(false)),
            "{nobody}"
        );
        assert!(order.faults.is_empty());
        let unsaid =
            text.replace("\"buyer_accepts_marketing\": false", "\"buyer_accepts_marketing\": null");
        assert_eq!(read(unsaid).unwrap()[0].accepts_marketing, None);
    }
    assert_eq!(with("\"subscribed\"", "\"unsubscribed\"").accepts_marketing, Some(false));
    assert_eq!(with("\"subscribed\"", "\"pending\"").accepts_marketing, Some(false));
    assert_eq!(with("marketing\": false", "marketing\": true").accepts_marketing, Some(true));
}

#[test]
fn the_status_is_the_shops_word_for_it() {
    let status = |from: &str, to: &str| with(from, to).status;
    let financial = "\"financial_status\": \"paid\"";
    assert_eq!(status("\"test\": false", "\"test\": true"), Some(Status::Test));
    assert_eq!(
        status("\"cancelled_at\": null", "\"cancelled_at\": \"2024-02-01\""),
        Some(Status::Cancelled)
    );
    for (word, expected) in [
        ("partially_refunded", Status::PartiallyRefunded),
        ("refunded", Status::Refunded),
        ("authorized", Status::Pending),
        ("voided", Status::Cancelled),
    ] {
        assert_eq!(status(financial, &format!("\"financial_status\": \"{word}\"")), Some(expected));
    }
    assert_eq!(status(financial, "\"financial_status\": null"), Some(Status::Pending));
    assert_eq!(
        status(financial, "\"other\": null"),
        Some(Status::Paid),
        "the dump has no such field"
    );
    let draft = ORDER
        .replace(financial, "\"financial_status\": null")
        .replace("\"web\"", "\"shopify_draft_order\"");
    assert_eq!(read(draft).unwrap()[0].status, Some(Status::Draft));
    let odd = with(financial, "\"financial_status\": \"bezahlt\"");
    assert_eq!((odd.status, reasons(&odd)), (None, vec![Reason::UnknownStatus]));
    assert_eq!(odd.faults[0].field, Some("financial_status"));
}

#[test]
fn the_current_total_and_charges_outside_of_lines_are_read() {
    let order = order();
    assert_eq!((order.current_total.as_str(), order.charges.as_str()), ("40.00", ""));
    let tip = with("\"refunds\": []", "\"refunds\": [], \"total_tip_received\": \"3.85\"");
    assert_eq!(tip.charges, "3.85");
    let duties = r#""refunds": [], "total_tip_received": 0.0, "original_total_duties_set": {"shop_money": {"amount": "1.5"}}"#;
    assert_eq!(with("\"refunds\": []", duties).charges, "1.5");
}

#[test]
fn refunds_that_went_through_are_added_up() {
    let refunds = |transactions: &str| {
        with("\"refunds\": []", &format!("\"refunds\": [{{\"transactions\": [{transactions}]}}]"))
            .refunded
    };
    let paid_back = |amount: &str, currency: &str| {
        format!(
            r#"{{"kind":"refund","status":"success","amount":"{amount}","currency":"{currency}"}}"#
        )
    };
    assert_eq!(refunds(&paid_back("10.00", "USD")), "10.00");
    let two = format!("{},{}", paid_back("0.10", "USD"), paid_back("0.20", "USD"));
    assert_eq!(refunds(&two), "0.3");
    let failed = paid_back("5.00", "USD").replace("success", "failure");
    let sale = paid_back("47.50", "USD").replace("refund", "sale");
    assert_eq!(refunds(&format!("{failed},{sale},{}", paid_back("1.00", "USD"))), "1.00");
    assert_eq!(
        refunds(&paid_back("13.60", "CAD")),
        "7.5",
        "another currency is not added to the shop's"
    );
    let unknown = ORDER.replace("\"current_total_price\": \"40.00\",", "").replace(
        "\"refunds\": []",
        &format!("\"refunds\": [{{\"transactions\": [{}]}}]", paid_back("13.60", "CAD")),
    );
    assert_eq!(
        read(unknown).unwrap()[0].refunded,
        "unknown",
        "no number, so that a rule that needs it refuses it"
    );
    assert_eq!(with("\"40.00\"", "\"47.50\"").refunded, "");
}

#[test]
fn shipping_is_the_shops_money_and_else_the_sum_of_its_lines() {
    let set = "{\"shop_money\": {\"amount\": \"5.00\", \"currency_code\": \"USD\"}}";
    assert_eq!(with(set, "null").shipping, "7");
    assert_eq!(with(set, "{\"shop_money\": null}").shipping, "7");
    let free = ORDER.replace("\"percentage\"", "\"shipping\"");
    assert!(read(free).unwrap()[0].discounts[0].of_shipping);
    assert!(with("\"amount\": \"3.00\"", "\"amount\": null").discounts.is_empty());
}

#[test]
fn a_value_of_the_wrong_kind_spoils_its_own_order_only() {
    for (from, to, field) in [
        ("\"47.50\", \"current", "{\"amount\": \"1\"}, \"current", "total_price"),
        ("\" Ann@Example.com \"", "[\"ann@example.com\"]", "email"),
        ("\"line_items\": [", "\"line_items\": \"some\", \"more\": [", "line_items"),
        ("\"line_items\": [", "\"line_items\": [7, ", "line_items"),
        ("\"refunds\": []", "\"refunds\": 5", "refunds"),
        ("\"title\": \"Standard\"", "\"title\": {}", "shipping_lines.title"),
    ] {
        let text = format!("[{},{ORDER}]", ORDER.replacen(from, to, 1));
        let all = read(text).unwrap();
        assert_eq!((all.len(), reasons(&all[0])), (2, vec![Reason::MalformedRow]), "{to}");
        assert_eq!(all[0].faults[0].field, Some(field));
        assert_eq!(all[0].id, "6885604524341", "it is still known which one");
        assert!(all[1].faults.is_empty());
    }
    for odd in ["null", "7", "\"x\"", "true", &ORDER.replacen('{', "{\"id\": 1,", 1)] {
        let all = read(format!("[{ORDER},{odd},{ORDER}]")).unwrap();
        let found: Vec<_> = all.iter().map(reasons).collect();
        assert_eq!(found, [vec![], vec![Reason::MalformedRow], vec![]], "{odd}");
    }
}

#[test]
fn lists_that_became_objects_are_lists() {
    let text = ORDER
        .replace("\"discount_codes\": [{", "\"discount_codes\": {\"3\": {")
        .replace("\"percentage\"}]", "\"fixed\"}}");
    let order = read(text).unwrap().remove(0);
    assert_eq!((order.discounts.len(), order.faults.len()), (1, 0));
}

#[test]
fn text_that_can_not_be_read_spoils_the_order_if_it_would_be_sent() {
    let bytes: Vec<u8> = ORDER
        .replace("\"Mug, ", "\"Caf~ ")
        .replace("a } b", "ü")
        .bytes()
        .map(|b| if b == b'~' { 0xe9 } else { b })
        .collect();
    let order = read(bytes).unwrap().remove(0);
    assert_eq!(reasons(&order), [Reason::BadEncoding]);
    assert_eq!(order.faults[0].field, Some("line_items.name"));
    let bytes: Vec<u8> =
        ORDER.replace("a } b", "caf~").bytes().map(|b| if b == b'~' { 0xe9 } else { b }).collect();
    assert!(read(bytes).unwrap()[0].faults.is_empty(), "the note is not sent");
    assert_eq!(reasons(&with("\\ud83d\\udd6f", "\\ud83d")), [Reason::BadEncoding]);
}

#[test]
fn an_order_without_end_is_cut_and_marked() {
    let lines =
        r#"{"name":"Pen","price":"1","quantity":1},"#.repeat(crate::extract::ORDER_LINES_MAX + 5);
    let order = with("\"line_items\": [", &format!("\"line_items\": [{lines}"));
    assert_eq!(order.lines.len(), crate::extract::ORDER_LINES_MAX);
    assert_eq!(reasons(&order), [Reason::FieldTooLong]);
}

const CHECKOUT: &str = r##"{"checkouts": [{
  "id": 450789469, "token": "2a1ace52", "cart_token": "68778783", "name": "#450789469", "email": "ann@example.com",
  "created_at": "2024-01-31T10:11:12-05:00", "updated_at": "2024-01-31T10:30:00-05:00", "completed_at": null,
  "currency": "USD", "total_price": "379.69", "total_tax": "21.49", "total_discounts": "39.80",
  "abandoned_checkout_url": "https:\/\/shop.example.com\/checkouts\/2a1ace52\/recover",
  "customer": {"id": 207119551}, "shipping_lines": [{"title": "Free Shipping", "price": "0.00"}],
  "line_items": [{"variant_id": 49148385, "title": "Mug", "price": "199.00", "quantity": 1, "sku": "MUG"}]
}]}"##;

#[test]
fn an_abandoned_checkout_is_a_cart_known_by_its_token() {
    let cart = read(CHECKOUT).unwrap().remove(0);
    assert_eq!(
        (cart.id.as_str(), cart.number.as_str(), cart.checkout_id.as_str()),
        ("", "", "2a1ace52")
    );
    assert_eq!(cart.abandoned_at, "2024-01-31T10:30:00-05:00");
    assert_eq!(
        (cart.created_at.as_str(), cart.total.as_str()),
        ("2024-01-31T10:11:12-05:00", "379.69")
    );
    assert_eq!(cart.order_url, "https://shop.example.com/checkouts/2a1ace52/recover");
    assert_eq!((cart.status, cart.faults.len()), (None, 0));
    assert_eq!((cart.email.as_str(), cart.customer_id.as_str()), ("ann@example.com", "207119551"));
    assert_eq!((cart.lines[0].name.as_str(), cart.lines[0].id.as_str()), ("Mug", "49148385"));
    let unchanged =
        read(CHECKOUT.replace("\"2024-01-31T10:30:00-05:00\"", "null")).unwrap().remove(0);
    assert_eq!(unchanged.abandoned_at, "2024-01-31T10:11:12-05:00");
}

#[test]
fn a_completed_checkout_is_neither_a_cart_nor_an_order() {
    let done =
        CHECKOUT.replace("\"completed_at\": null", "\"completed_at\": \"2024-02-01T00:00:00Z\"");
    let order = read(done).unwrap().remove(0);
    assert_eq!((order.abandoned_at.as_str(), order.status), ("", Some(Status::Draft)));
    assert_eq!((order.id.as_str(), order.number.as_str()), ("", ""));
}
