//! Forms that programs give to whole JSON documents: strings, text sequences, lines that end in
//! commas.

use super::fixtures::{ALL, Fixture};
use super::*;
use serde_json::Value;

/// The orders, wherever they are in the file.
fn orders_of(bytes: impl AsRef<[u8]>) -> Vec<SourceOrder> {
    let folder = Folder::with("orders", bytes);
    let export = folder.open(&["orders"]).unwrap();
    let mut orders: Vec<SourceOrder> = export.read().unboxed().map(Result::unwrap).collect();
    for order in &mut orders {
        order.position = Default::default();
        order.lines.iter_mut().for_each(|line| line.at_line = 0);
    }
    orders
}

fn documents(fixture: &Fixture) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_str(fixture.text).into_iter();
    documents.map(Result::unwrap).collect()
}

#[test]
fn documents_are_the_same_in_every_form() {
    let is_json = |fixture: &&Fixture| fixture.text.trim_start().starts_with(['{', '[']);
    for fixture in ALL.iter().filter(is_json) {
        let documents = documents(fixture);
        let joined =
            |each: &dyn Fn(&Value) -> String| documents.iter().map(each).collect::<String>();
        let lines = joined(&|document| format!("{document}\n"));
        let expected = orders_of(&lines);
        assert!(expected.len() >= 3, "{}", fixture.name);
        let string = |text: &str| Value::from(text).to_string();
        let strings: Vec<String> =
            documents.iter().map(|document| string(&document.to_string())).collect();
        for (form, text) in [
            ("one string", string(&lines)),
            ("one string, escaped", string(&lines).replace("\\\"", "\\u0022")),
            ("one pretty string", string(&joined(&|document| format!("{document:#}\r\n")))),
            ("a string a line", strings.join("\n")),
            ("a list of strings", format!("[{}]", strings.join(",\n"))),
            ("a text sequence", joined(&|document| format!("\u{1e}{document}\n"))),
            ("a text sequence without line ends", joined(&|document| format!("\u{1e}{document}"))),
            ("lines that end in commas", joined(&|document| format!("{document},\n"))),
            ("documents between commas", joined(&|document| format!("{document:#} , "))),
            ("a byte order mark", format!("\u{feff}\u{1e}{lines}")),
        ] {
            // An escaped quote in an inner string is no longer the same text.
            if form == "one string, escaped" && lines.contains("\\\"") {
                continue;
            }
            assert!(orders_of(&text) == expected, "{}: {form}", fixture.name);
        }
    }
}

#[test]
fn a_comma_before_the_first_document_and_two_commas_are_faults() {
    let order = super::json_files::order(1);
    for text in [format!(",{order}"), format!("{order},,{order}"), format!("{order},\n]")] {
        let folder = Folder::with("orders.json", &text);
        let has_failed = folder
            .open(&["orders.json"])
            .map_or(true, |export| export.read().unboxed().any(|order| order.is_err()));
        assert!(has_failed, "{text}");
    }
}

#[test]
fn a_record_in_a_string_is_found_by_its_line() {
    let broken = super::json_files::order(2).replace("\"currency\"", "\"currency\" oops");
    let line = |order: &str| format!("{}\n", Value::from(order));
    let text = line(&super::json_files::order(1)) + &line(&broken);
    let folder = Folder::with("orders.jsonl", text);
    let export = folder.open(&["orders.jsonl"]).unwrap();
    let fault = export.read().unboxed().find_map(Result::err).unwrap();
    assert_eq!(fault.line, 2, "{fault}");
}
