//! How orders of Shopify's GraphQL API are read, in one record or in many.

use super::shopify_json::{ORDER, minified};
use super::*;
use crate::domain::Status;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The order of the REST fixture, as a query returns it.
const WHOLE: &str = r##"{
  "id": "gid:\/\/shopify\/Order\/6885604524341", "name": "#1001", "email": " Ann@Example.com ",
  "customer": {"id": "gid://shopify/Customer/207119551", "displayName": "Ann",
    "emailMarketingConsent": {"marketingState": "SUBSCRIBED"}},
  "createdAt": "2024-01-31T10:11:12-05:00", "updatedAt": "2024-02-01T08:00:00-05:00", "cancelledAt": null,
  "currencyCode": "USD", "displayFinancialStatus": "PAID", "sourceName": "web", "test": false,
  "totalPriceSet": {"shopMoney": {"amount": "47.50", "currencyCode": "USD"}, "presentmentMoney": {"amount": "64.00", "currencyCode": "CAD"}},
  "currentTotalPriceSet": {"shopMoney": {"amount": "40.00"}}, "subtotalPriceSet": {"shopMoney": {"amount": "42.00"}},
  "totalShippingPriceSet": {"shopMoney": {"amount": "5.00"}}, "totalTaxSet": {"shopMoney": {"amount": "2.50"}},
  "totalDiscountsSet": {"shopMoney": {"amount": "3.00"}}, "discountCodes": ["SPRING"],
  "shippingLine": {"title": "Standard"}, "subtotalLineItemsQuantity": 3, LINES
}"##;

const MUG: &str = r##"{"id": "gid://shopify/LineItem/1", "name": "Mug, \u0022blue\u0022", "title": "Mug", "sku": "MUG-1",
  "quantity": 2, "variant": {"id": "gid://shopify/ProductVariant/39072856"}, "product": {"id": "gid://shopify/Product/632910392"},
  "originalUnitPriceSet": {"shopMoney": {"amount": "10.00"}}, "totalDiscountSet": {"shopMoney": {"amount": "0.50"}},
  "discountAllocations": [{"allocatedAmountSet": {"shopMoney": {"amount": "3.00"}}, "discountApplication": {"code": "SPRING"}}]PARENT}"##;

const CANDLE: &str = r##"{"id": "gid://shopify/LineItem/2", "name": null, "title": "Gr\u00f6\u00dfe \ud83d\udd6f", "sku": null,
  "quantity": 1, "variant": null, "product": {"id": "gid://shopify/Product/632910393"},
  "originalUnitPrice": 25, "totalDiscount": nullPARENT}"##;

fn line(text: &str, parent: &str) -> String {
    let parent = match parent {
        "" => String::new(),
        id => format!(r#","__parentId":"gid:\/\/shopify\/Order\/{id}""#),
    };
    minified(text).replace("PARENT", &parent)
}

/// The order in one record, its lines spelled as a list, as nodes or as edges.
fn whole(lines: &str) -> String {
    let (mug, candle) = (line(MUG, ""), line(CANDLE, ""));
    let lines = lines.replace("MUG", &mug).replace("CANDLE", &candle);
    minified(WHOLE).replace("LINES", &format!("\"lineItems\":{lines}"))
}

/// The order's own row of a bulk operation, under another id.
fn row(id: &str) -> String {
    minified(WHOLE).replace("6885604524341", id).replace(", LINES", "")
}

fn mug(id: &str) -> String {
    line(MUG, id).replace("LineItem/1", &format!("LineItem/{id}1"))
}

fn candle(id: &str) -> String {
    line(CANDLE, id).replace("LineItem/2", &format!("LineItem/{id}2"))
}

fn by_id(text: &str) -> Vec<SourceOrder> {
    let mut all = read(text).unwrap_or_else(|error| panic!("{error}"));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

/// The content of an order, independent of its place.
fn said(order: &SourceOrder) -> SourceOrder {
    let mut said = SourceOrder { position: Default::default(), ..order.clone() };
    said.lines.iter_mut().for_each(|line| line.at_line = 0);
    said.lines.sort_by(|a, b| a.name.cmp(&b.name));
    said.status_word.make_ascii_lowercase();
    said
}

#[test]
fn an_order_is_the_same_from_either_api() {
    let rest = read(minified(ORDER)).unwrap().remove(0);
    for lines in [
        "[MUG,CANDLE]",
        "{\"nodes\":[MUG,CANDLE],\"pageInfo\":{\"hasNextPage\":false}}",
        "{\"edges\":[{\"cursor\":\"x\",\"node\":MUG},{\"node\":CANDLE}]}",
    ] {
        let graphql = read(whole(lines)).unwrap().remove(0);
        assert_eq!(graphql.subtotal, "42.00", "what the other leaves out");
        let same = SourceOrder {
            subtotal: "".into(),
            checkout_id: rest.checkout_id.clone(),
            // One writes it in capitals.
            status_word: graphql.status_word.to_lowercase(),
            ..graphql
        };
        assert_eq!(same, rest, "{lines}");
    }
    let rows = [row("6885604524341"), mug("6885604524341"), candle("6885604524341")].join("\n");
    let bulk = read(rows).unwrap().remove(0);
    let rest = SourceOrder { subtotal: "42.00".into(), checkout_id: "".into(), ..rest };
    assert_eq!(said(&bulk), said(&rest));
}

#[test]
fn rows_of_a_bulk_operation_may_come_in_any_order() {
    let ids = ["1", "2", "3", "4"];
    let grouped: Vec<String> = ids.iter().flat_map(|id| [row(id), mug(id), candle(id)]).collect();
    let mut children_first = grouped.clone();
    children_first.reverse();
    let orders_first: Vec<String> = ids
        .iter()
        .map(|id| row(id))
        .chain(ids.iter().flat_map(|id| [candle(id), mug(id)]))
        .collect();
    let expected: Vec<SourceOrder> = by_id(&grouped.join("\n")).iter().map(said).collect();
    assert_eq!(expected.len(), 4);
    assert!(
        expected.iter().all(|order| order.lines.len() == 2 && order.faults.is_empty()),
        "{expected:?}"
    );
    for rows in [children_first, orders_first] {
        let all = by_id(&(rows.join("\n") + "\n"));
        assert_eq!(all.iter().map(said).collect::<Vec<_>>(), expected);
        for order in &all {
            let at = rows[order.position.line as usize - 1].as_str();
            assert!(
                at.contains(&format!("Order\\/{}\"", order.id)),
                "line {}",
                order.position.line
            );
            assert!(
                order.lines.iter().all(|line| rows[line.at_line as usize - 1].contains("LineItem"))
            );
        }
    }
}

#[test]
fn lines_of_many_orders_may_come_before_the_first_order() {
    let ids: Vec<String> = (1..=60).map(|id| id.to_string()).collect();
    let of_all = |row: fn(&str) -> String| ids.iter().map(|id| row(id)).collect::<Vec<_>>();
    let rows = [of_all(mug), of_all(candle), of_all(row)].concat();
    let all = by_id(&rows.join("\n"));
    assert_eq!(all.len(), 60);
    assert!(all.iter().all(|order| order.lines.len() == 2 && order.faults.is_empty()), "{all:?}");
}

#[test]
fn records_have_the_same_numbers_each_time_an_export_is_read() {
    let rows: Vec<String> = (0..300)
        .map(|n| row(&n.to_string()))
        .chain((0..300).map(|n| mug(&n.to_string())))
        .collect();
    let folder = Folder::with("bulk.jsonl", rows.join("\n"));
    let export = folder.open(&["bulk.jsonl"]).unwrap();
    let read = || export.read().unboxed().map(|order| order.unwrap()).collect::<Vec<_>>();
    let (first, second) = (read(), read());
    assert_eq!(first, second);
    let records: Vec<u64> = first.iter().map(|order| order.position.record).collect();
    assert_eq!(records, (0..300).collect::<Vec<_>>());
}

#[test]
fn of_a_file_that_was_cut_no_order_is_given_out() {
    let text = [row("1"), row("2"), mug("1"), mug("2"), candle("2")].join("\n");
    let error = read(&text[..text.len() - 10]).unwrap_err();
    assert_eq!(error.line, 5, "{error}");
    assert!(error.what.contains("ends within the record"), "{error}");
    let folder = Folder::with("bulk.jsonl", &text[..text.len() - 10]);
    let read: Vec<_> = folder.open(&["*"]).unwrap().read().unboxed().collect();
    assert_eq!(
        read.len(),
        1,
        "the fault, and no order: what belongs to one may have stood in what is missing"
    );
}

#[test]
fn a_file_truncated_between_two_rows_is_detected_by_its_items_or_subtotal() {
    let all = by_id(&[row("1"), row("2"), mug("1"), mug("2"), candle("2")].join("\n"));
    assert_eq!(reasons(&all[0]), [Reason::Truncated]);
    assert!(all[1].faults.is_empty());
    let on_another_page = "{\"nodes\":[MUG,CANDLE],\"pageInfo\":{\"hasNextPage\":true}}";
    assert_eq!(reasons(&read(whole(on_another_page)).unwrap()[0]), [Reason::Truncated]);
    assert_eq!(reasons(&read(whole("[MUG]")).unwrap()[0]), [Reason::Truncated]);
}

#[test]
fn a_line_without_its_order_is_a_separate_record() {
    let all = by_id(&[mug("9"), row("1"), mug("1"), candle("1"), candle("9")].join("\n"));
    assert_eq!(all.len(), 2);
    assert_eq!((all[1].id.as_str(), reasons(&all[1])), ("9", vec![Reason::OrphanRow]));
    assert!(all[0].faults.is_empty());
}

#[test]
fn rows_of_other_kinds_are_passed_over_and_lines_without_an_id_are_not() {
    let of_order = r#""__parentId":"gid://shopify/Order/1""#;
    let others = [
        format!(r##"{{"fulfillAt":"2025-09-01T07:00:00Z","orderName":"#1001",{of_order}}}"##),
        format!(r#"{{"id":"gid://shopify/FulfillmentOrder/5","status":"OPEN",{of_order}}}"#),
        r#"{"quantity":7,"totalQuantity":7,"__parentId":"gid://shopify/FulfillmentOrder/5"}"#
            .to_owned(),
        format!(
            r#"{{"id":"gid://shopify/ShippingLine/3","title":"Express","price":"5.00",{of_order}}}"#
        ),
        candle("1").replace(r#""id": "gid://shopify/LineItem/12", "#, ""),
        mug("1"),
    ];
    let order = row("1").replace(r#""shippingLine": {"title": "Standard"}, "#, "");
    let all = by_id(&format!("{order}\n{}", others.join("\n")));
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].lines.len(), all[0].shipping_method.as_str()),
        (2, "Express"),
        "{:?}",
        all[0]
    );
    assert!(all[0].faults.is_empty(), "{:?}", all[0].faults);
}

#[test]
fn a_shipping_method_in_a_row_may_be_called_none() {
    let order = row("1").replace(r#""shippingLine": {"title": "Standard"}, "#, "");
    let shipping = r#"{"id":"gid://shopify/ShippingLine/3","title":"None","price":"5.00","__parentId":"gid://shopify/Order/1"}"#;
    let all = by_id(&[order, shipping.to_owned(), mug("1"), candle("1")].join("\n"));
    assert_eq!((all.len(), all[0].shipping_method.as_str()), (1, "None"));
}

#[test]
fn a_row_that_may_be_a_line_of_any_order_refuses_the_file() {
    let nobodys = line(MUG, "");
    let customers = mug("1").replace("Order\\/1", "Customer\\/1");
    assert_ne!(customers, mug("1"));
    for bad in [
        nobodys.as_str(),
        customers.as_str(),
        r#"{"id":"gid://shopify/LineItem/1","__parentId":null}"#,
        "null",
        "[1]",
        r#"{"id":"gid://shopify/LineItem/1","id":"gid://shopify/LineItem/1"}"#,
        r#"{"id":"gid://shopify/LineItem/1","__parentId":{"id":"x"}}"#,
    ] {
        let error = read([row("1"), mug("1"), candle("1"), bad.to_owned()].join("\n")).unwrap_err();
        assert_eq!(error.line, 4, "{bad}: {error}");
        assert!(error.what.contains("none of them can be relied on"), "{error}");
        assert!(!error.to_string().contains("Mug"), "no value is shown");
    }
}

#[test]
fn pages_of_a_query_are_read_in_every_wrapping() {
    let order = |id: &str| whole("[MUG,CANDLE]").replace("6885604524341", id);
    let [a, b, c] = [order("1"), order("2"), order("3")];
    for text in [
        format!("{a}\n{b}\n{c}\n"),
        format!("[{a},{b},{c}]"),
        format!(
            r#"{{"data":{{"orders":{{"edges":[{{"cursor":"x","node":{a}}},{{"node":{b}}},{{"node":{c}}}],"pageInfo":{{"hasNextPage":true}}}}}}}}"#
        ),
        format!(
            r#"{{"data":{{"orders":{{"pageInfo":{{"hasNextPage":false}},"nodes":[{a},{b}]}}}},"extensions":{{"cost":{{"orders":1}}}}}}{{"data":{{"orders":{{"nodes":[{c}]}}}}}}"#
        ),
        format!(
            r#"[{{"data":{{"orders":{{"nodes":[{a},{b}]}}}}}},{{"data":{{"orders":{{"nodes":[{c}]}}}}}}]"#
        ),
        format!(r#"{{"orders":{{"edges":[{{"node":{a}}},{{"node":{b}}},{{"node":{c}}}]}}}}"#),
        format!(
            r#"{{"data":{{"order":{a}}}}}{{"data":{{"order":{b}}}}}{{"data":{{"order":{c}}}}}"#
        ),
    ] {
        let folder = Folder::with("page.json", &text);
        let export = folder.open(&["*"]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(export.files()[0].format, "shopify-graphql");
        let all = by_id(&text);
        let ids: Vec<&str> = all.iter().map(|order| order.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"], "{text}");
        assert!(all.iter().all(|order| order.lines.len() == 2 && order.faults.is_empty()));
    }
    let empty = Folder::with("page.json", r#"{"data":{"orders":{"edges":[]}}}"#);
    assert_eq!(empty.open(&["*"]).unwrap().read().count(), 0);
}

#[test]
fn fields_missing_from_the_query_are_named() {
    let without = row("1").replace("totalPriceSet", "x").replace("currencyCode", "y");
    let message = refusal(&without);
    assert!(message.contains("looks like Shopify orders of the GraphQL API"), "{message}");
    assert!(
        message.contains("lack: totalPriceSet or totalPrice, currencyCode or totalPriceSet"),
        "{message}"
    );
    let page = format!(r#"{{"data":{{"orders":{{"nodes":[{without}]}}}}}}"#);
    assert!(refusal(&page).contains("lack: totalPriceSet or totalPrice"));
    let error = read([row("1"), row("2")].join("\n")).unwrap_err();
    assert!(error.what.contains("none of its orders has a line"), "{error}");
    assert!(error.hint.contains("lineItems"), "{error}");
    let drafts = row("1").replace("Order\\/", "DraftOrder\\/");
    assert!(read(drafts).unwrap_err().what.contains("contains no Shopify orders"));
}

#[test]
fn amounts_are_the_shops_in_either_spelling_and_refunds_are_what_was_paid_back() {
    let with = |from: &str, to: &str| {
        let text = whole("[MUG,CANDLE]");
        assert!(text.contains(from), "{from}");
        read(text.replacen(from, to, 1)).unwrap().remove(0)
    };
    let scalar = with(r#""totalPriceSet": {"#, r#""totalPrice": "47.5", "x": {"#);
    assert_eq!((scalar.total.as_str(), scalar.currency.as_str()), ("47.5", "USD"));
    let set = |amount: &str| {
        format!(r#""totalRefundedSet": {{"shopMoney": {{"amount": "{amount}"}}}}, "test""#)
    };
    assert_eq!(
        with(r#""test""#, &set("12.5")).refunded,
        "12.5",
        "what is stated counts, not what is lower"
    );
    assert_eq!(with(r#""test""#, &set("0.0")).refunded, "");
    let refunds = r#""refunds": [{"totalRefundedSet": {"shopMoney": {"amount": "1.25"}}}, {"totalRefundedSet": {"shopMoney": {"amount": "2.5"}}}], "test""#;
    assert_eq!(with(r#""test""#, refunds).refunded, "3.75");
    let total = with(
        r#""originalUnitPriceSet": {"shopMoney": {"amount": "10.00"}}"#,
        r#""originalTotalSet": {"shopMoney": {"amount": "39.98"}}"#,
    );
    assert_eq!(total.lines[0].unit_price, "19.99");
}

#[test]
fn statuses_are_known_in_capitals() {
    for (word, expected) in [
        ("\"PAID\"", Some(Status::Paid)),
        ("\"PARTIALLY_REFUNDED\"", Some(Status::PartiallyRefunded)),
        ("\"REFUNDED\"", Some(Status::Refunded)),
        ("\"VOIDED\"", Some(Status::Cancelled)),
        ("\"AUTHORIZED\"", Some(Status::Pending)),
        ("null", Some(Status::Pending)),
        ("\"BEZAHLT\"", None),
    ] {
        let order = read(whole("[MUG,CANDLE]").replacen("\"PAID\"", word, 1)).unwrap().remove(0);
        assert_eq!(order.status, expected, "{word}");
        assert_eq!(order.faults.is_empty(), expected.is_some());
    }
}

#[test]
fn an_order_twice_in_a_file_is_returned_and_counted_twice() {
    let all = by_id(&[row("1"), mug("1"), row("1"), candle("1")].join("\n"));
    assert_eq!(all.len(), 2);
    let lines: BTreeSet<usize> = all.iter().map(|order| order.lines.len()).collect();
    assert_eq!(lines, BTreeSet::from([2]), "whichever of them counts, it is whole");
}

/// Three orders with separate lines.
fn scattered() -> String {
    let ids = ["1", "2", "3"];
    let lines = ids.iter().map(|id| mug(id)).chain(ids.iter().map(|id| candle(id)));
    ids.iter().map(|id| row(id)).chain(lines).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_file_truncated_anywhere_yields_no_short_order(at in any::<prop::sample::Index>()) {
        let text = scattered();
        let whole: Vec<SourceOrder> = by_id(&text).iter().map(said).collect();
        let cut = text.get(..at.index(text.len())).unwrap_or_default();
        let folder = Folder::with("bulk.jsonl", cut);
        let Ok(export) = folder.open(&["*"]) else { return Ok(()) };
        let Ok(orders) = export.read().unboxed().collect::<Result<Vec<_>, _>>() else { return Ok(()) };
        for order in orders.iter().filter(|order| order.faults.is_empty()) {
            prop_assert!(whole.contains(&said(order)), "{order:?}");
        }
    }

    #[test]
    fn no_damage_to_a_file_panics_and_what_is_sent_of_other_orders_stays(
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = scattered().into_bytes();
        let whole: Vec<SourceOrder> = by_id(&scattered()).iter().map(said).collect();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let folder = Folder::with("bulk.jsonl", &bytes);
        let Ok(export) = folder.open(&["*"]) else { return Ok(()) };
        let Ok(orders) = export.read().unboxed().collect::<Result<Vec<_>, _>>() else { return Ok(()) };
        let sound = orders.iter().filter(|order| order.faults.is_empty());
        let changed = sound.filter(|order| !whole.contains(&said(order))).count();
        prop_assert!(changed <= 1, "one byte changed {changed} orders that would be sent");
    }
}

const CHECKOUTS: &str = include_str!("fixtures/shopify-checkouts-graphql.jsonl");

#[test]
fn an_abandoned_checkout_is_a_cart_that_is_known_by_its_number() {
    let carts = read(CHECKOUTS).unwrap();
    let cart = carts.iter().find(|cart| cart.checkout_id == "35550298931001").unwrap();
    assert_eq!((&*cart.id, &*cart.number, cart.is_cart()), ("", "", true));
    assert_eq!(cart.abandoned_at, "2024-02-01T11:30:00Z");
    assert!(cart.order_url.contains("/checkouts/ac/"), "{}", cart.order_url);
    assert_eq!((&*cart.email, &*cart.customer_id), ("buyer1@example.com", "1"));
    assert_eq!(
        (&*cart.total, &*cart.currency, cart.accepts_marketing),
        ("37.5", "EUR", Some(true))
    );
    let lines: Vec<_> = cart.lines.iter().map(|line| (&*line.name, &*line.unit_price)).collect();
    assert_eq!(lines, [("Mug", "12.5"), ("Tea towel", "12.5")]);
}

#[test]
fn a_checkout_with_more_lines_on_another_page_is_truncated() {
    let page = r#"{"data":{"abandonedCheckouts":{"nodes":[{"id":"gid://shopify/AbandonedCheckout/7",
        "abandonedCheckoutUrl":"https://shop.example.com/checkouts/ac/7","customer":{"email":"ann@example.com"},
        "createdAt":"2024-02-01T11:00:00Z","updatedAt":"2024-02-01T11:30:00Z","completedAt":null,
        "totalPriceSet":{"shopMoney":{"amount":"5.0","currencyCode":"EUR"}},"lineItems":{"nodes":[{"title":"Mug",
        "quantity":1,"originalUnitPriceSet":{"shopMoney":{"amount":"5.0"}}}],"pageInfo":{"hasNextPage":MORE}}}]}}}"#;
    for (more, faults) in [("false", vec![]), ("true", vec![Reason::Truncated])] {
        let carts = read(page.replace("MORE", more)).unwrap();
        assert_eq!((carts.len(), reasons(&carts[0])), (1, faults), "{more}");
    }
}

#[test]
fn a_completed_checkout_is_not_a_cart() {
    let completed =
        CHECKOUTS.replacen("\"completedAt\":null", "\"completedAt\":\"2024-02-02T01:00:00Z\"", 1);
    let carts = read(&completed).unwrap();
    let cart = carts.iter().find(|cart| cart.checkout_id == "35550298931001").unwrap();
    assert_eq!((cart.is_cart(), cart.status), (false, Some(Status::Draft)));
}

#[test]
fn an_order_names_the_checkout_that_a_row_links_it_to() {
    let link =
        r#"{"id":"gid://shopify/AbandonedCheckout/77","__parentId":"gid://shopify/Order/1"}"#;
    let orders = by_id(
        &[row("1"), mug("1"), candle("1"), row("2"), mug("2"), candle("2"), link.to_owned()]
            .join("\n"),
    );
    let carts: Vec<_> = orders.iter().map(|order| &*order.checkout_id).collect();
    assert_eq!(carts, ["77", ""]);
    assert!(orders.iter().all(|order| order.faults.is_empty()), "{orders:?}");
}
