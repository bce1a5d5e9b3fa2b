//! Streams of messages, as Singer's taps and Airbyte's sources write them.

use super::shopify_json::{ORDER, minified};
use super::*;
use proptest::prelude::*;

fn order(id: u32, total: &str) -> String {
    minified(ORDER)
        .replacen("6885604524341", &id.to_string(), 1)
        .replace("\"47.50\"", &format!("\"{total}\""))
}

fn singer(stream: &str, record: &str) -> String {
    format!(
        "{{\"type\":\"RECORD\",\"stream\":\"{stream}\",\"record\":{record},\"time_extracted\":\"2024-01-01T00:00:00Z\"}}\n"
    )
}

fn state(n: u32) -> String {
    format!("{{\"type\": \"STATE\",  \"value\": {{\"bookmarks\": {{\"n\": {n}}}}}}}\n")
}

const SCHEMA: &str = "{\"type\":\"SCHEMA\",\"stream\":\"orders\",\"schema\":{\"properties\":{}},\"key_properties\":[\"id\"]}\n";
const CUSTOMER: &str = "{\"id\":5,\"email\":\"ann@example.com\",\"orders_count\":2}";

fn a_stream() -> String {
    [
        &state(0),
        SCHEMA,
        &singer("customers", CUSTOMER),
        &singer("orders", &order(1, "10.00")),
        &singer("customers", CUSTOMER),
        &singer("orders", &order(2, "20.00")),
        &state(2),
        "{\"type\":\"ACTIVATE_VERSION\",\"stream\":\"orders\",\"version\":7}\n",
        "{\"type\":\"SOMETHING_NEW\",\"value\":[1,2]}\n",
        &singer("orders", &order(1, "11.00")).replace("RECORD", "record"),
        &state(3),
    ]
    .concat()
}

fn versions(text: &str) -> Vec<(String, String, bool)> {
    let orders = read(text).unwrap_or_else(|error| panic!("{error}"));
    orders
        .into_iter()
        .map(|order| (order.id.into(), order.total.into(), order.is_superseded))
        .collect()
}

fn expected(list: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    list.iter()
        .map(|(id, total, superseded)| ((*id).into(), (*total).into(), *superseded))
        .collect()
}

#[test]
fn of_a_singer_stream_the_orders_are_read_and_the_last_record_of_each_counts() {
    let text = a_stream();
    let all = expected(&[("1", "10.00", true), ("2", "20.00", false), ("1", "11.00", false)]);
    assert_eq!(versions(&text), all);
    let folder = Folder::with("a.jsonl", &text);
    assert_eq!(folder.open(&["a.jsonl"]).unwrap().files()[0].format, "singer");
    let lines: Vec<u64> = read(&text).unwrap().iter().map(|order| order.position.line).collect();
    assert_eq!(lines, [4, 6, 10]);
    assert_eq!(versions(&loosely(&text)), all);
}

fn loosely(text: &str) -> String {
    // The same messages with extra blanks and other line ends.
    text.replace("{\"type\"", " { \"type\" ").replace('\n', "\r\n\r\n")
}

#[test]
fn a_stream_is_recognised_by_its_name_and_else_by_its_keys() {
    for name in ["orders", "Orders", "order", "tap_shop-orders", "public.orders", "shop:orders"] {
        assert_eq!(
            versions(
                &a_stream().replace("\"stream\":\"orders\"", &format!("\"stream\":\"{name}\""))
            )
            .len(),
            3,
            "{name}"
        );
    }
    let sales = a_stream().replace("\"stream\":\"orders\"", "\"stream\":\"sales\"");
    assert_eq!(versions(&sales).len(), 3, "no other stream of it fits");
    let others = [&singer("customers", CUSTOMER), &singer("order_refunds", CUSTOMER)]
        .map(String::as_str)
        .concat();
    let said = refusal(&others);
    assert!(
        said.contains(
            "none of its streams is called orders; its streams are customers, order_refunds"
        ),
        "{said}"
    );
    let two = a_stream() + &singer("other.orders", &order(9, "1"));
    assert!(refusal(&two).contains("several streams of orders: orders, other.orders"));
}

#[test]
fn abandoned_checkouts_come_along_where_they_can_be_read() {
    let checkout = order(7, "1.00")
        .replace("\"note\"", "\"token\":\"t7\",\"abandoned_checkout_url\":\"u\",\"note\"");
    let all = read(a_stream() + &singer("abandoned_checkouts", &checkout)).unwrap();
    assert_eq!((all.len(), all[3].is_cart(), all[3].checkout_id.as_str()), (4, true, "t7"));
    assert_eq!(versions(&(a_stream() + &singer("checkouts", "{\"id\":3}"))).len(), 3);
    let named = a_stream().replace("\"stream\":\"orders\"", "\"stream\":\"shopify_orders\"");
    let all = read(named.clone() + &singer("shopify_abandoned_checkouts", &checkout)).unwrap();
    assert_eq!((all.len(), all[3].is_cart()), (4, true), "by their keys");
    let two = named + &singer("a_checkouts", &checkout) + &singer("b_checkouts", &checkout);
    let said = refusal(&two);
    let expected = "several streams of abandoned checkouts: a_checkouts, b_checkouts";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn records_that_lack_what_an_order_needs_are_refused_with_what_is_missing() {
    let text = singer(
        "orders",
        "{\"order_id\":727,\"status\":\"processing\",\"total\":29.35,\"line_items\":[]}",
    );
    let said = refusal(text);
    assert!(
        said.contains(
            "its stream orders: the format is not recognised: its keys are order_id, status"
        ),
        "{said}"
    );
    assert!(said.contains("would need id or name, email or contact_email or customer"), "{said}");
}

#[test]
fn a_sync_without_changes_is_not_an_error() {
    assert!(versions(&state(1)).is_empty());
    assert!(versions(&[SCHEMA, &state(1)].concat()).is_empty());
    assert!(
        versions(&[SCHEMA, &singer("customers", CUSTOMER)].concat()).is_empty(),
        "orders are announced"
    );
}

#[test]
fn airbytes_three_forms_are_the_same_orders() {
    let (a, b) = (order(1, "10.00"), order(2, "20.00"));
    let message = |stream: &str, data: &str| {
        format!(
            "{{\"type\":\"RECORD\",\"record\":{{\"stream\":\"{stream}\",\"namespace\":\"shop\",\"data\":{data},\"emitted_at\":1}}}}\n"
        )
    };
    let line = |stream: &str, data: &str| {
        format!("{{\"stream\":\"{stream}\",\"data\":{data},\"emitted_at\":1}}\n")
    };
    let raw = |data: &str| {
        format!(
            "{{\"_airbyte_raw_id\":\"r\",\"_airbyte_extracted_at\":\"2024-01-01\",\"_airbyte_data\":{data}}}\n"
        )
    };
    let quoted = |data: &str| serde_json::to_string(data).unwrap();
    for text in [
        format!(
            "{{\"type\":\"LOG\",\"log\":{{\"level\":\"INFO\",\"message\":\"x\"}}}}\n{}{}{{\"type\":\"STATE\",\"state\":{{\"data\":{{}}}}}}\n{}{{\"type\":\"TRACE\",\"trace\":{{}}}}\n",
            message("customers", CUSTOMER),
            message("orders", &a),
            message("orders", &b)
        ),
        line("customers", CUSTOMER) + &line("orders", &a) + &line("orders", &b),
        raw(&a) + &raw(&b),
        raw(&quoted(&a)) + &raw(&quoted(&b)),
    ] {
        assert_eq!(
            versions(&text),
            expected(&[("1", "10.00", false), ("2", "20.00", false)]),
            "{text}"
        );
        let folder = Folder::with("a.jsonl", &text);
        assert_eq!(folder.open_as("airbyte", &["a.jsonl"]).unwrap().files()[0].format, "airbyte");
        assert!(
            folder
                .open_as("singer", &["a.jsonl"])
                .unwrap_err()
                .to_string()
                .contains("looks like airbyte")
        );
    }
    let twice = line("orders", &a) + &line("orders", &order(1, "12.00"));
    assert_eq!(versions(&twice), expected(&[("1", "10.00", true), ("1", "12.00", false)]));
    let others = Folder::with("a.jsonl", line("customers", CUSTOMER));
    assert!(others.open(&["a.jsonl"]).is_err());
    assert_eq!(
        others.open_as("airbyte", &["a.jsonl"]).unwrap().read().count(),
        0,
        "who names it knows it"
    );
}

#[test]
fn a_record_that_is_gone_at_its_source_is_marked() {
    let gone = order(1, "10.00").replacen('{', "{\"_sdc_deleted_at\":\"2024-02-01T00:00:00Z\",", 1);
    assert!(read(singer("orders", &gone)).unwrap()[0].is_deleted);
    for none in ["null", "\"\"", "\" \""] {
        let mark = |more: &str| format!("{{\"_sdc_deleted_at\":{none},{more}");
        let there = order(1, "10.00").replacen('{', &mark(""), 1);
        assert!(!read(singer("orders", &there)).unwrap()[0].is_deleted, "{none}");
        let gone =
            order(1, "10.00").replacen('{', &mark("\"_ab_cdc_deleted_at\":\"2024-02-01\","), 1);
        assert!(
            read(singer("orders", &gone)).unwrap()[0].is_deleted,
            "{none} beside a mark that is one"
        );
    }
}

#[test]
fn a_possible_order_is_never_skipped() {
    let odd = [
        "{\"type\":\"RECORD\",\"stream\":\"orders\"}\n",
        "{\"type\":\"RECORD\",\"record\":{}}\n",
        "7\n",
        "{\"type\":\"RECORD\",\"type\":\"RECORD\",\"stream\":\"orders\",\"record\":{}}\n",
        "{\"type\":\"RECORD\",\"stream\":\"orders\",\"record\":[1]}\n",
    ];
    let all = read(format!(
        "{}{}{}",
        singer("orders", &order(1, "1")),
        odd.concat(),
        singer("orders", &order(1, "2"))
    ))
    .unwrap();
    let found: Vec<_> =
        all.iter().map(|order| (reasons(order).len(), order.is_superseded)).collect();
    let damaged = (1, false);
    assert_eq!(found, [(0, true), damaged, damaged, damaged, damaged, damaged, (0, false)]);
}

#[test]
fn a_truncated_stream_is_read_up_to_there_and_the_truncation_is_reported() {
    let text = a_stream();
    for len in [text.len() - 3, text.len() - 60, text.len() - 400] {
        let folder = Folder::with("a.jsonl", &text[..len]);
        let all: Vec<_> = folder.open(&["a.jsonl"]).unwrap().read().unboxed().collect();
        let error = all.last().unwrap().as_ref().unwrap_err();
        assert!(error.hint.contains("cut short"), "{len}: {error}");
        assert!(all.len() >= 3 && all[1].is_ok());
    }
    assert!(
        refusal("{\"type\":\"RECORD\",\"stream\":\"orders\",\"record\":{").contains("cut short")
    );
}

#[test]
fn no_value_of_a_record_is_shown() {
    let said = refusal(singer("ann@example.com", CUSTOMER));
    assert!(!said.contains("ann"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn of_each_order_exactly_the_last_record_counts(ids in proptest::collection::vec(1..6_u32, 1..30)) {
        let text: String = ids.iter().enumerate().map(|(n, id)| singer("orders", &order(*id, &n.to_string()))).collect();
        let all = read(text).unwrap();
        prop_assert_eq!(all.len(), ids.len());
        for (n, order) in all.iter().enumerate() {
            let is_last = !ids[n + 1..].contains(&ids[n]);
            prop_assert_eq!(order.is_superseded, !is_last);
            prop_assert_eq!(&order.total, &n.to_string());
        }
    }

    #[test]
    fn no_damage_to_a_stream_panics(
        from in 0.0..1.0_f64,
        len in 0..200_usize,
        new in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"\"\\{}[],: 1e\n"[..])], 0..40),
    ) {
        let mut bytes = a_stream().into_bytes();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new);
        if let Ok(export) = Folder::with("a.jsonl", &bytes).open(&["a.jsonl"]) {
            let _ = export.read().count();
        }
    }
}
