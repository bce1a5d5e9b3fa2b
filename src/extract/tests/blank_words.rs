//! A word for a missing value reads as blank, in every format and every field.

use super::fixtures::{ALL, Fixture};
use super::*;
use crate::domain::{SourceLine, Status};

fn read(text: &str) -> Vec<SourceOrder> {
    let folder = Folder::with("export", text);
    let export = folder.open(&["export"]).unwrap_or_else(|error| panic!("{error}"));
    let orders: Vec<SourceOrder> = export.read().unboxed().map(Result::unwrap).collect();
    orders.into_iter().map(without_lines_of_file).collect()
}

/// The inserted text may widen a cell, but moves no line.
fn without_lines_of_file(mut order: SourceOrder) -> SourceOrder {
    order.position.line = 0;
    order.lines.iter_mut().for_each(|line| line.at_line = 0);
    order
}

fn without_free_text(order: SourceOrder) -> SourceOrder {
    let line = |line: SourceLine| SourceLine {
        name: "".into(),
        variant: "".into(),
        category: "".into(),
        ..line
    };
    let lines = order.lines.into_iter().map(line).collect();
    // The status is read from its word; the word itself is shown as the export writes it.
    SourceOrder { shipping_method: "".into(), status_word: "".into(), lines, ..order }
}

/// The CSV with a word in each cell that is blank.
fn with_word_in_csv(text: &str, word: &str) -> String {
    let delimiter = [b',', b';', b'\t', b'|']
        .into_iter()
        .max_by_key(|sign| text.lines().next().map(|line| line.matches(char::from(*sign)).count()))
        .unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for (index, record) in reader.records().enumerate() {
        let record = record.unwrap();
        let cell = |cell: &'_ str| {
            if cell.trim().is_empty() && index > 0 { word.to_owned() } else { cell.to_owned() }
        };
        writer.write_record(record.iter().map(cell)).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// The JSON with a word in each place of a blank string, and of `null`.
fn with_word_in_json(text: &str, word: &str) -> String {
    let quoted = serde_json::Value::from(word).to_string();
    let text =
        text.replace(": \"\"", &format!(": {quoted}")).replace(":\"\"", &format!(":{quoted}"));
    text.replace(": null", &format!(": {quoted}")).replace(":null", &format!(":{quoted}"))
}

fn with_word(fixture: &Fixture, word: &str) -> Option<String> {
    let is_json = fixture.text.trim_start().starts_with(['{', '[']);
    // Rows that are quoted as a whole have no cells.
    let is_quoted_again = fixture.name.contains("quoted-again");
    match (is_json, is_quoted_again) {
        (true, _) => Some(with_word_in_json(fixture.text, word)),
        (false, false) => Some(with_word_in_csv(fixture.text, word)),
        (false, true) => None,
    }
}

#[test]
fn in_every_format_a_word_that_programs_write_is_a_blank() {
    for fixture in ALL {
        for word in ["NaN", "NULL", "\\N", "<NA>", "NaT", "0000-00-00 00:00:00"] {
            let Some(text) = with_word(fixture, word) else { continue };
            assert_eq!(read(&text), read(fixture.text), "{} with {word}", fixture.name);
        }
    }
}

#[test]
fn in_every_format_a_word_that_people_write_too_is_a_blank_outside_of_free_text() {
    let plain = |text: &str| -> Vec<SourceOrder> {
        read(text).into_iter().map(without_free_text).collect()
    };
    for fixture in ALL {
        for word in ["None", "N/A", "null", "undefined", "-"] {
            let Some(text) = with_word(fixture, word) else { continue };
            assert_eq!(plain(&text), plain(fixture.text), "{} with {word}", fixture.name);
        }
    }
}

#[test]
fn a_product_may_be_called_none() {
    let csv = format!(
        "{HEADER}\n#1,ann@example.com,paid,,USD,10,0,0,10,None,0,NA,2024-01-01 10:00:00 +0000,1,None,10,-,,,N/A,,,,\n"
    );
    let order = &read(&csv)[0];
    assert_eq!((order.lines[0].name.as_str(), order.shipping_method.as_str()), ("None", "NA"));
    assert_eq!((order.lines[0].sku.as_str(), order.discounts.len()), ("", 0));
    assert_eq!((order.status, order.faults.as_slice()), (Some(Status::Paid), &[][..]));
}

#[test]
fn only_a_date_cancels_and_other_words_are_a_fault() {
    let status = |cancelled: &str| {
        let json = format!(
            r#"[{{"id":1,"name":"\#1","email":"a@example.com","created_at":"2024-04-26T19:00:00Z","currency":"USD","financial_status":"paid","total_price":"1.00","cancelled_at":{cancelled},"line_items":[{{"name":"Mug","price":"1.00","quantity":1}}]}}]"#
        )
        .replace("\\#", "#");
        let order = read(&json).remove(0);
        (order.status, order.faults.iter().map(|fault| (fault.reason, fault.field)).collect())
    };
    let none: Vec<(Reason, Option<&str>)> = Vec::new();
    for blank in
        ["null", "NaN", "false", "\"\"", "\"None\"", "\"NaT\"", "0", "\"0001-01-01T00:00:00Z\""]
    {
        assert_eq!(status(blank), (Some(Status::Paid), none.clone()), "{blank}");
    }
    assert_eq!(status("\"2024-04-27\"").0, Some(Status::Cancelled));
    for odd in ["true", "\"customer\"", "12"] {
        assert_eq!(status(odd).1, [(Reason::BadDate, Some("cancelled_at"))], "{odd}");
    }
}
