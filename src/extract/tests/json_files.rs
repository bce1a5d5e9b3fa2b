//! Real-world JSON files: wrapped, damaged, or the wrong file.

use super::codecs::gzip;
use super::shopify_json::{ORDER, minified};
use super::*;
use crate::extract::formats;
use proptest::prelude::*;

pub(super) fn order(id: u32) -> String {
    ORDER.replacen("6885604524341", &id.to_string(), 1)
}

fn ids(orders: &[SourceOrder]) -> Vec<&str> {
    orders.iter().map(|order| order.id.as_str()).collect()
}

fn format_of(bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::with("orders.json", bytes);
    folder.open(&["orders.json"]).unwrap().files()[0].format.clone()
}

#[test]
fn orders_are_the_same_in_every_wrapping() {
    let [a, b, c] = [order(1), order(2), order(3)];
    let [x, y, z] = [minified(&a), minified(&b), minified(&c)];
    for text in [
        format!("{x}\n{y}\n{z}\n"),
        format!("{x}\n{y} {z}\n"),
        format!("{x}\n{}\n{z}", y.replacen(',', ",\n", 3)),
        format!("{a}\n{b}{c}"),
        format!("\u{feff}[{a},{b},{c}]"),
        format!("{{\"orders\":[{x},{y},{z}]}}"),
        format!("{{\"orders\":[{a}]}}\n{{\"orders\":[{b},{c}]}}\n{{\"orders\":[]}}"),
        format!("{{\"order\":{x}}}\n{{\"order\":{y}}}\n{{\"order\":{z}}}"),
        format!("[{{\"order\":{a}}},{{\"order\":{b}}},{{\"order\":{c}}}]"),
        format!("{{\"order\":{{\"1\":{a},\"2\":{b},\"3\":{c}}}}}"),
    ] {
        for bytes in [
            text.clone().into_bytes(),
            text.replace('\n', "\r\n").into_bytes(),
            gzip(text.as_bytes()),
        ] {
            let all = read(&bytes).unwrap();
            assert_eq!(ids(&all), ["1", "2", "3"]);
            let rest = |order: &SourceOrder| SourceOrder {
                id: "".into(),
                position: all[0].position,
                ..order.clone()
            };
            let mut same = all.iter().map(rest);
            let first = same.next().unwrap();
            assert!(
                same.all(
                    |order| order.lines.len() == first.lines.len() && order.total == first.total
                )
            );
            let records: Vec<u64> = all.iter().map(|order| order.position.record).collect();
            assert_eq!(records, [0, 1, 2]);
            assert_eq!(format_of(&bytes), "shopify-json");
        }
    }
}

#[test]
fn the_format_is_recognised_by_content_and_all_are_listed() {
    let names: Vec<_> = formats().iter().map(|format| format.name()).collect();
    for name in [
        "shopify-csv",
        "shopify-json",
        "shopify-checkouts-json",
        "webtoffee-csv",
        "woocommerce-json",
    ] {
        assert_eq!(names.iter().filter(|known| **known == name).count(), 1, "{name}");
    }
    for name in ["fivetran-csv", "shopify-graphql", "bigcommerce-json"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert!(
        names.iter().all(|name| !name.contains('/')),
        "a table of several is no format of its own"
    );
    assert!(formats().iter().all(|format| format.about().description.contains(": ")));
    let checkout = minified(ORDER)
        .replace("\"note\"", "\"token\":\"t\",\"abandoned_checkout_url\":\"u\",\"note\"");
    assert_eq!(format_of(format!("{{\"checkouts\":[{checkout}]}}")), "shopify-checkouts-json");
    assert_eq!(format_of(&checkout), "shopify-checkouts-json");
    let folder = Folder::with("a.json", &checkout);
    assert_eq!(
        folder.open_as("shopify-json", &["a.json"]).unwrap().files()[0].format,
        "shopify-json"
    );
}

#[test]
fn csv_and_json_may_be_mixed() {
    let folder = Folder::with("a.csv", format!("{HEADER}\n{}", first("#1")));
    folder.put("b.json", order(2));
    let orders = folder.read(&["*"]).unwrap();
    let found: Vec<_> = orders.iter().map(|order| (order.label(), order.position.file)).collect();
    assert_eq!(found, [("#1001", 0), ("#1", 1)]);
}

#[test]
fn a_file_without_orders_is_recognised_by_the_name_of_its_list() {
    for text in ["{\"orders\":[]}", "{\"orders\": [\n]}\n{\"orders\":[]}"] {
        assert_eq!((read(text).unwrap().len(), format_of(text).as_str()), (0, "shopify-json"));
    }
    assert_eq!(format_of("{\"checkouts\":[]}"), "shopify-checkouts-json");
    assert!(refusal("[]").contains("contains no records, so its format can't be recognised"));
    let folder = Folder::with("a.json", "[]");
    assert_eq!(folder.open_as("shopify-json", &["a.json"]).unwrap().read().count(), 0);
}

#[test]
fn missing_or_unknown_values_are_reported() {
    let few = "{\"order\":{\"id\":1,\"name\":\"#1\",\"total_price\":\"1\",\"line_items\":[]}}";
    let message = refusal(few);
    assert!(message.contains("looks like Shopify orders, but its records lack: email or contact_email or customer, created_at, currency"), "{message}");
    let message =
        refusal("[{\"order_key\":\"wc\",\"currency\":\"EUR\",\"total\":\"1\",\"line_items\":[]}]");
    assert!(
        message.contains("not recognised: its keys are order_key, currency, total, line_items"),
        "{message}"
    );
    assert!(message.contains("a mapping in the settings reads any other"), "{message}");
    assert!(
        message.contains(
            "shopify-json would need id or name, email or contact_email or customer, created_at, total_price"
        ),
        "{message}"
    );
    let message = refusal("{\"totalItems\":1,\"items\":[{\"state\":\"PaymentSettled\"}]}");
    assert!(message.contains("if these are orders, a mapping in the settings reads"), "{message}");
    assert!(refusal("{\"draft_orders\":[{}]}").contains("looks like Shopify's draft orders"));
    assert!(refusal("{\"errors\":\"x\"}").contains("an error that an API answered with"));
    assert!(refusal("[1,2]").contains("its records are not objects"));
    let folder = Folder::with("a.json", "{\"number\":1}");
    let message = folder.open_as("shopify-json", &["a.json"]).unwrap_err().to_string();
    assert!(message.contains("lack: id or name"), "{message}");
    let message = folder.open_as("shopify-csv", &["a.json"]).unwrap_err().to_string();
    assert!(message.contains("looks like JSON, expected CSV"), "{message}");
    folder.put("b.csv", HEADER);
    let message = folder.open_as("shopify-json", &["b.csv"]).unwrap_err().to_string();
    assert!(message.contains("does not look like JSON"), "{message}");
}

#[test]
fn a_field_that_only_some_orders_have_is_there() {
    let bare = minified(ORDER)
        .replace("\"email\": \" Ann@Example.com \", \"contact_email\": \"other@example.com\",", "");
    let begin = bare.find("\"customer\"").unwrap();
    let end = bare.find("\"buyer_accepts").unwrap();
    let bare = format!("{}{}", &bare[..begin], &bare[end..]);
    assert!(refusal(&bare).contains("lack: email"));
    let all = read(format!("{bare}\n{}\n", minified(ORDER))).unwrap();
    assert_eq!((all[0].email.as_str(), all[1].email.as_str()), ("", "Ann@Example.com"));
}

#[test]
fn possible_order_data_are_never_shown() {
    for text in [
        "{\"ann@example.com\":{\"total\":1}}",
        "{\"12 Sample Street\":1}",
        "[{\"id\":1,\"email\":\"ann@example.com\" \"x\"}]",
        "[{\"id\":1,\"email\":\"ann@example.com",
        "[\"ann@example.com\"]",
    ] {
        let message = refusal(text);
        assert!(!message.contains("ann") && !message.contains("Sample"), "{message}");
    }
}

#[test]
fn broken_json_is_reported_with_file_line_and_column() {
    let good = order(1);
    let lines = good.lines().count() as u64;
    for (from, to, line, expected) in [
        ("\"currency\": \"USD\",", "\"currency\": \"USD\"", 9, "expected `,` or `}`"),
        ("\"currency\": \"USD\"", "\"currency\": \"5\" USD\"", 9, "expected `,` or `}`"),
        ("\"currency\": \"USD\"", "\"currency\": Nan", 9, "expected value"),
        ("\"currency\": \"USD\"", "currency: \"USD\"", 9, "key must be a string"),
        ("\"currency\": \"USD\"", "\"currency\": \"U\tSD\"", 9, "control character"),
        ("\"refunds\": []", "\"refunds\": [}", 16, "expected value"),
    ] {
        let broken = order(2).replacen(from, to, 1);
        assert!(broken != order(2));
        let text = format!("{good}\n{broken}\n{}", order(3));
        let folder = Folder::with("orders.json", text);
        let mut reader = folder.open(&["orders.json"]).unwrap().read();
        assert_eq!(reader.next().unwrap().unwrap().id, "1");
        let error = reader.next().unwrap().unwrap_err();
        assert_eq!(error.line, lines + line, "{error}");
        assert!(error.column > 0 && error.what.contains(expected), "{to}: {error}");
        assert!(error.to_string().contains(&format!("orders.json, line {}, column ", error.line)));
        assert!(reader.next().is_none(), "nothing after it can be trusted");
    }
}

#[test]
fn a_truncated_last_order_is_reported_and_never_read() {
    for text in [
        format!("{{\"orders\":[{},{}]}}", order(1), order(2)),
        format!("{}\n{}\n", minified(&order(1)), minified(&order(2))),
    ] {
        let second =
            text.find("#1001").map(|at| text[at + 1..].find("#1001").unwrap() + at).unwrap();
        let end = text.rfind('}').unwrap();
        for len in (second..end).step_by(7).chain([end - 1]) {
            let folder = Folder::with("orders.json", &text[..len]);
            let all: Vec<_> = folder.open(&["orders.json"]).unwrap().read().unboxed().collect();
            assert_eq!(all[0].as_ref().unwrap().id, "1");
            let error = all.last().unwrap().as_ref().unwrap_err();
            assert!(error.hint.contains("cut short"), "{len}: {error}");
            assert!(all.len() <= 3);
        }
    }
    let whole = format!("[{},{}", order(1), order(2));
    let folder = Folder::with("orders.json", whole);
    let all: Vec<_> = folder.open(&["orders.json"]).unwrap().read().unboxed().collect();
    assert!(all[1].is_ok() && all[2].as_ref().unwrap_err().what.contains("last bracket"));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::new();
    let path =
        folder.put("orders.json", format!("{}\n{}\n", minified(&order(1)), minified(&order(2))));
    let mut reader = folder.open(&["orders.json"]).unwrap().read();
    assert!(reader.next().unwrap().is_ok());
    std::fs::write(path, minified(&order(1))).unwrap();
    assert!(reader.find_map(Result::err).unwrap().what.contains("changed while it was being read"));
}

#[test]
fn members_of_an_archive_may_be_json() {
    let bytes = super::codecs::zip(&[
        ("dump/orders_1.json", &order(1)),
        ("orders_2.jsonl", &order(2)),
        ("x.md", "x"),
    ]);
    let orders = Folder::with("dump.zip", bytes).read(&["dump.zip"]).unwrap();
    assert_eq!(ids(&orders), ["2", "1"]);
}

fn fixture() -> Vec<u8> {
    format!("{}\n{{\"orders\":[{},{}]}}\n", minified(&order(1)), order(2), order(3)).into_bytes()
}

/// Opens and reads anything; errors are fine, panics are not.
pub(super) fn read_anything(bytes: &[u8]) -> Vec<SourceOrder> {
    match Folder::with("orders.json", bytes).open(&["orders.json"]) {
        Ok(export) => export.read().unboxed().map_while(Result::ok).collect(),
        Err(_) => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_damage_to_a_file_panics(
        from in 0.0..1.0_f64,
        len in 0..200_usize,
        new in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"\"\\{}[],: 1e\n"[..])], 0..40),
    ) {
        let mut bytes = fixture();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new);
        read_anything(&bytes);
    }

    #[test]
    fn damage_to_one_order_leaves_those_before_it_alone(at in 0.0..1.0_f64, new in any::<u8>()) {
        let mut bytes = fixture();
        let whole = read_anything(&bytes);
        prop_assert_eq!(whole.len(), 3);
        let third = bytes.windows(10).rposition(|part| part == b"{\n  \"id\": ").unwrap();
        let at = third + (at * (bytes.len() - third) as f64) as usize;
        bytes[at] = new;
        let damaged = read_anything(&bytes);
        prop_assert_eq!(&damaged[..2], &whole[..2]);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 0..4_usize) {
        read_anything(&[[&b"["[..], b"{", b"{\"orders\":[", b"\xef\xbb\xbf[{"][start], &bytes].concat());
    }

    #[test]
    fn the_text_of_an_amount_survives_untouched(minor in 0..10_000_000_000_u64, digits in 0..5_usize, quoted: bool) {
        let text = match digits {
            0 => minor.to_string(),
            n => format!("{}.{:0n$}", minor / 10_u64.pow(n as u32), minor % 10_u64.pow(n as u32)),
        };
        let value = if quoted { format!("\"{text}\"") } else { text.clone() };
        let json = minified(ORDER).replace("\"total_price\": \"47.50\"", &format!("\"total_price\": {value}"));
        prop_assert_eq!(&read(json).unwrap()[0].total, &text);
    }
}

#[test]
fn records_that_two_formats_fit_alike_are_refused_with_both_names() {
    let both = r#"[{"id":1,"token":"t","abandoned_checkout_url":"u","status":"completed","billing":{},"email":"a@example.com",
        "created_at":"2024-01-31T10:11:12Z","currency":"USD","total":"1","total_price":"1","line_items":[],"date_created":"x"}]"#;
    let message = refusal(both);
    assert!(message.contains("shopify-checkouts-json and woocommerce-json"), "{message}");
    assert!(message.contains("name the job's format"), "{message}");
    let folder = Folder::with("a.json", both);
    assert!(folder.open_as("woocommerce-json", &["a.json"]).is_ok(), "named, it is read");
}
