//! Records of known formats within envelopes that no format names.

use super::shopify_json::{ORDER, minified};
use super::*;

/// What gateways, proxies and scripts put around a response, in place of `R`.
const ENVELOPES: [&str; 9] = [
    r#"{"code": 0, "message": "success", "data": R}"#,
    r#"{"code": 0, "message": "success", "data": {"orders": R, "total": 1}}"#,
    r#"{"status": 200, "data": R, "error": null, "errors": []}"#,
    r#"{"total": 7, "page": {"next": null}, "result": {"items": R}}"#,
    r#"{"items": R, "more": false}"#,
    r#"{"response": {"body": {"records": R}}}"#,
    r#"[{"topic": "orders/create", "payload": R}]"#,
    r#"{"meta": {"id": "{[\""}, "d": {"results": R}}"#,
    "{\"code\": 0, \"message\": \"\", \"data\": {\"orders\": []}}\n{\"code\": 0, \"data\": {\"orders\": R}}",
];

const RECORDS: [(&str, &str); 7] = [
    ("shopify-json", include_str!("fixtures/shopify-json.pages.json")),
    ("shopify-checkouts-json", include_str!("fixtures/shopify-checkouts-json.json")),
    ("woocommerce-json", include_str!("fixtures/woocommerce-json.json")),
    ("magento-json", include_str!("fixtures/magento-json.json")),
    ("squarespace-json", include_str!("fixtures/squarespace-json.json")),
    ("expertsender-json", include_str!("fixtures/expertsender-json.json")),
    ("fast-json", include_str!("fixtures/fast-json.json")),
];

/// Without their places in the file.
fn orders_of(text: &str, format: &str) -> Vec<SourceOrder> {
    let folder = Folder::with("orders.json", text);
    let export =
        folder.open_as(format, &["*"]).unwrap_or_else(|error| panic!("{text:.200}\n{error}"));
    let mut orders: Vec<SourceOrder> = export.read().map(|order| *order.unwrap()).collect();
    for order in &mut orders {
        order.position = crate::domain::Position::default();
        order.lines.iter_mut().for_each(|line| line.at_line = 0);
    }
    orders
}

#[test]
fn a_known_record_is_read_in_any_envelope() {
    for (format, text) in RECORDS {
        // Documents that follow each other become a list.
        let documents: Vec<serde_json::Value> =
            serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap).collect();
        let list = match documents.as_slice() {
            [only] => only.to_string(),
            several => serde_json::to_string(several).unwrap(),
        };
        let direct = orders_of(&list, "auto");
        assert!(!direct.is_empty(), "{format}");
        for envelope in ENVELOPES {
            let wrapped = envelope.replace('R', &list);
            for named in ["auto", format] {
                assert_eq!(orders_of(&wrapped, named), direct, "{format} as {named} in {envelope}");
            }
        }
    }
}

#[test]
fn an_envelope_without_records_has_no_orders() {
    for text in [
        r#"{"code": 0, "message": "success", "data": {"orders": []}}"#,
        r#"{"status": 200, "result": {"orders": [], "total": 0}}"#,
    ] {
        assert!(orders_of(text, "auto").is_empty(), "{text}");
    }
}

#[test]
fn a_refusal_names_the_real_cause() {
    let order = minified(ORDER);
    let without = |key: &str| order.replace(&format!("\"{key}\""), &format!("\"x_{key}\""));
    for (text, cause) in [
        (
            format!(r#"{{"status": 200, "data": [{}], "errors": []}}"#, without("total_price")),
            "within data: looks like Shopify orders, but its records lack: total_price",
        ),
        (
            format!(r#"{{"code": 0, "data": {{"list": [{}]}}}}"#, without("currency")),
            "within data/list: looks like Shopify orders, but its records lack: currency",
        ),
        (
            r#"{"errors": [{"message": "no"}], "data": null}"#.to_owned(),
            "an error that an API answered with",
        ),
        (format!(r#"{{"draft_orders": [{order}]}}"#), "Shopify's draft orders"),
        (format!(r#"{{"code": 0, "data": {{"draft_orders": [{order}]}}}}"#), "not recognised"),
        (r#"{"code": 0, "data": [{"a": 1}]}"#.to_owned(), "its keys are code, data"),
        (r#"{"code": 0, "data": [{"a": 1}]}"#.to_owned(), "within data, its keys are a"),
        (
            r#"{"data": {"orders": [{"oid": 1, "sum": 2}]}}"#.to_owned(),
            "within data/orders, its keys are oid, sum",
        ),
        (format!("callback([{order}]);"), "is a script around JSON"),
        (format!("var orders = [{order}];"), "is a script around JSON"),
        (format!(")]}}',\n[{order}]"), "is a script around JSON"),
        (format!("<br />\n<b>Warning</b>: x in y.php\n[{order}]"), "begins with a message of PHP"),
    ] {
        let reported = refusal(&text);
        assert!(reported.contains(cause), "{cause}\n{reported}");
    }
}

#[test]
fn the_answer_of_a_failed_request_is_not_an_empty_export() {
    for failed in [
        r#"{"code": 401, "message": "Unauthorized", "data": {"orders": []}}"#,
        r#"{"code": "503", "data": [], "orders": []}"#,
        r#"{"status": "error", "message": "x", "data": {"orders": []}}"#,
        r#"{"status": 429, "orders": []}"#,
        r#"{"statusCode": 500, "orders": []}"#,
        r#"{"success": false, "orders": []}"#,
        r#"{"ok": false, "result": {"orders": []}}"#,
        r#"{"error": true, "orders": []}"#,
        r#"{"error": {"code": 7}, "orders": []}"#,
        r#"{"errors": ["no"], "orders": []}"#,
        r#"{"orders": [], "error": "expired"}"#,
    ] {
        let reported = refusal(failed);
        assert!(reported.contains("an error that an API answered with"), "{failed}\n{reported}");
    }
    for blank in [
        r#"{"orders": []}"#,
        r#"{"code": 0, "message": "ok", "data": {"orders": []}}"#,
        r#"{"code": 200, "data": {"orders": []}}"#,
        r#"{"status": "ok", "errors": [], "orders": []}"#,
        r#"{"error": null, "orders": []}"#,
        r#"{"success": true, "error": false, "orders": []}"#,
        r#"{"error": "", "errors": {}, "orders": []}"#,
    ] {
        assert_eq!(read(blank).unwrap().len(), 0, "{blank}");
    }
    let both = format!(r#"{{"success": false, "orders": [{}]}}"#, minified(ORDER));
    assert_eq!(read(both).unwrap().len(), 1);
}

#[test]
fn a_mapping_that_names_an_envelope_precedes_a_format_that_does_not() {
    let mapping = "[mappings.own]\nsource = \"json\"\nrecords = [\"data/items\"]\nlines = \"/line_items\"\n\
                   [mappings.own.order]\nid = \"/name\"\ncreated_at = \"/created_at\"\ntotal = \"/total_price\"\n\
                   [mappings.own.line]\nname = \"/title\"\nquantity = \"/quantity\"\nunit_price = \"/price\"\n";
    let text = format!(r#"{{"total": 1, "data": {{"count": 1, "items": [{}]}}}}"#, minified(ORDER));
    let folder = Folder::with("orders.json", text);
    let export = folder.open_by(mapping, "auto", &["*"]).unwrap();
    assert_eq!(export.files()[0].format, "own");
    assert_eq!(export.read().next().unwrap().unwrap().id, "#1001");
}

/// Documents with two lists of records, `§1` and `§2`.
const SEVERAL_LISTS: [&str; 9] = [
    r#"{"orders": §1, "archived_orders": §2}"#,
    r#"{"archived_orders": §2, "count": 2, "orders": §1}"#,
    r#"{"data": {"open": §1, "closed": §2}, "ok": true}"#,
    r#"{"orders": [], "archived": §1, "older": [§2]}"#,
    r#"{"2024-01": §1, "2024-02": §2}"#,
    r#"{"stores": {"north": {"orders": §1}, "south": {"orders": §2}}}"#,
    r#"{"orders": §1, "meta": {"page": {}, "text": "}{", "older": {"count": 7, "list": §2}}}"#,
    r#"{"customers": [{"id": 5}], "orders": §1, "products": [], "others": §2}"#,
    "{\"orders\": §1, \"archived\": §2}\n{\"orders\": [], \"archived\": []}",
];

/// The records of a fixture, without their wrapper.
fn records_of(text: &str) -> Vec<serde_json::Value> {
    let documents = serde_json::Deserializer::from_str(text).into_iter().map(Result::unwrap);
    documents.flat_map(unwrapped).collect()
}

fn unwrapped(document: serde_json::Value) -> Vec<serde_json::Value> {
    const WRAPPERS: [&str; 6] = ["orders", "order", "items", "checkouts", "data", "result"];
    match document {
        serde_json::Value::Array(items) => items.into_iter().flat_map(unwrapped).collect(),
        serde_json::Value::Object(mut members) if members.len() <= 3 => {
            let wrapper = WRAPPERS.iter().find(|name| members.contains_key(**name));
            let inner = wrapper.and_then(|name| members.remove(*name));
            inner.map_or_else(|| vec![members.into()], unwrapped)
        }
        record => vec![record],
    }
}

#[test]
fn every_list_of_orders_in_a_document_is_read() {
    // Fast wraps each order in further objects.
    for (format, text) in RECORDS.into_iter().filter(|(format, _)| *format != "fast-json") {
        let records = records_of(text);
        let json = |records: &[serde_json::Value]| serde_json::to_string(records).unwrap();
        let sorted = |text: &str, format: &str| {
            let mut orders = orders_of(text, format);
            orders.sort_by(|a, b| (&a.id, &a.checkout_id).cmp(&(&b.id, &b.checkout_id)));
            orders
        };
        let direct = sorted(&json(&records), "auto");
        assert!(direct.len() > 1, "{format}: {direct:?}");
        let (first, others) = records.split_at(1);
        for lists in SEVERAL_LISTS {
            let document = lists.replace("§1", &json(first)).replace("§2", &json(others));
            for named in ["auto", format] {
                assert_eq!(sorted(&document, named), direct, "{format} as {named} in {lists}");
            }
        }
    }
}

#[test]
fn records_that_are_not_orders_are_left_out_whatever_is_next_to_them() {
    let direct = orders_of(&format!("[{ORDER}]"), "auto");
    let other = ORDER.replace("6885604524341", "7");
    for name in ["draft_orders", "deleted_orders", "trash", "templates", "customers", "refunds"] {
        for document in [
            format!(r#"{{"orders": [{ORDER}], "{name}": [{other}]}}"#),
            format!(r#"{{"{name}": [{other}], "orders": [{ORDER}]}}"#),
        ] {
            assert_eq!(orders_of(&document, "auto"), direct, "{name}");
        }
    }
    let lines = r#"{"orders": [O], "lines": [{"id": 1, "name": "Mug", "price": "5.00"}], "none": [], "deep": [[[]]]}"#;
    assert_eq!(orders_of(&lines.replace('O', ORDER), "auto"), direct);
}

#[test]
fn orders_of_another_shop_system_are_invalid_and_not_left_out() {
    let woo = records_of(include_str!("fixtures/woocommerce-json.json"));
    let orders = orders_of(&format!(r#"{{"orders": [{ORDER}], "woo": [{}]}}"#, woo[0]), "auto");
    assert_eq!(orders.len(), 2);
    assert!(orders[1].total.is_empty(), "{:?}", orders[1]);
}

#[test]
fn orders_in_lists_that_are_not_sold_are_counted_and_named() {
    let orders = |ids: &[u32]| {
        let of = |id: &u32| minified(ORDER).replace("6885604524341", &id.to_string());
        format!("[{}]", ids.iter().map(of).collect::<Vec<_>>().join(","))
    };
    let (sold, unsold) = (orders(&[1, 2]), orders(&[3, 4, 5]));
    let near = unsold.replace("\"total_price\"", "\"x_total_price\"");
    for (list, kind, held) in [
        ("draft_orders", OtherRow::Drafts, unsold.clone()),
        ("Deleted", OtherRow::Deleted, format!(r#"{{"at": 5, "orders": {unsold}}}"#)),
        ("trash", OtherRow::Trash, near.clone()),
        ("templates", OtherRow::Templates, format!("[{unsold}]")),
        ("older", OtherRow::NearOrders, near.clone()),
    ] {
        for document in [
            format!(r#"{{"orders": {sold}, "{list}": {held}, "n": 1}}"#),
            format!("{{\"{list}\": {held},\n\"orders\": {sold}}}"),
            format!(r#"{{"data": {{"{list}": {held}, "list": {sold}}}}}"#),
        ] {
            let folder = Folder::with("orders.json", &document);
            let export = folder.open(&["*"]).unwrap();
            assert_eq!(export.read().map(Result::unwrap).count(), 2, "{document:.80}");
            let passed = export.passed_over();
            let named = |one: &PassedOver| (one.kind, one.rows, one.line, one.list.clone());
            let expected = (kind, 3, 1, Some(list.into()));
            assert_eq!(passed.iter().map(named).collect::<Vec<_>>(), [expected], "{document:.80}");
        }
    }
}

#[test]
fn lists_without_orders_are_not_counted() {
    let document = format!(
        r#"{{"orders": [{ORDER}], "deleted_ids": [1, 2], "trash": [], "deleted": [{{"id": 5}}], "drafts": null,
        "customers": [{{"id": 1, "email": "a@example.com", "created_at": "", "currency": "USD"}}]}}"#
    );
    let folder = Folder::with("orders.json", document);
    let export = folder.open(&["*"]).unwrap();
    assert_eq!(export.read().map(Result::unwrap).count(), 1);
    assert_eq!(export.passed_over(), []);
}

#[test]
fn a_file_of_nothing_but_deleted_orders_is_refused() {
    for name in ["deleted_orders", "trash", "drafts"] {
        let reported = refusal(format!(r#"{{"count": 1, "data": {{"{name}": [{ORDER}]}}}}"#));
        assert!(
            reported.contains(&format!("data/{name}, which names no sold orders")),
            "{reported}"
        );
    }
}
