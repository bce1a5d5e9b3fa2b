//! Tables of JSON records, with lists and objects as JSON in their cells.

use super::shopify_json::{ORDER, minified};
use super::*;

fn object(text: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(text).unwrap()
}

/// These records as CSV, with a column for each field of the first.
fn as_csv(records: &[&str], delimiter: &str) -> String {
    let objects: Vec<_> = records.iter().map(|record| object(record)).collect();
    let names: Vec<&String> = objects[0].keys().collect();
    let cell = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => format!("\"{}\"", text.replace('"', "\"\"")),
        Some(other) => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
    };
    let row = |object: &serde_json::Map<String, serde_json::Value>| {
        names.iter().map(|name| cell(object.get(*name))).collect::<Vec<_>>().join(delimiter)
    };
    let header = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(delimiter);
    let rows: Vec<String> = objects.iter().map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

fn without_places(mut order: SourceOrder) -> SourceOrder {
    order.position = crate::domain::Position::default();
    order.lines.iter_mut().for_each(|line| line.at_line = 0);
    order
}

#[test]
fn a_row_with_json_in_its_cells_is_the_record_it_was() {
    let shopify = minified(ORDER);
    let woocommerce = include_str!("fixtures/woocommerce-json.json");
    let woocommerce: Vec<serde_json::Value> = serde_json::from_str(woocommerce).unwrap();
    let woocommerce = woocommerce[0].to_string();
    for record in [shopify.as_str(), &woocommerce] {
        let direct = read(record).unwrap().remove(0);
        for delimiter in [",", ";", "\t"] {
            let csv = as_csv(&[record], delimiter);
            let folder = Folder::with("orders.csv", &csv);
            assert_eq!(folder.open(&["*"]).unwrap().files()[0].format, "json-cells-csv");
            let order = folder.read(&["*"]).unwrap().remove(0);
            assert_eq!(order.position.line, 2);
            assert_eq!(without_places(order), without_places(direct.clone()), "{csv}");
        }
    }
}

#[test]
fn an_error_of_a_row_is_an_error_of_its_order() {
    let shopify = minified(ORDER);
    let rounded = shopify.replace("\"47.50\"", "\"4.75E+1\"");
    let orders = read(as_csv(&[&shopify, &rounded], ",") + "1,2\n").unwrap();
    assert_eq!(orders[1].total, "4.75E+1", "a spreadsheet may have rounded it");
    assert_eq!(reasons(&orders[2]), [Reason::MalformedRow]);
    let table = as_csv(&[&shopify], ",");
    let within = table.replace(r#"""price"":""10.00"""#, r#"""price"":1E+1"#);
    assert_ne!(within, table);
    let order = read(within).unwrap().remove(0);
    assert_eq!(order.lines[0].unit_price, "10", "no spreadsheet rewrites what is within a cell");
}

#[test]
fn the_error_for_missing_columns_names_the_column_with_json() {
    let message = refusal(as_csv(&[&minified(ORDER).replace("\"currency\"", "\"money\"")], ","));
    assert!(
        message.contains("holds JSON; looks like Shopify orders, but its records lack: currency"),
        "{message}"
    );
}

#[test]
fn a_column_that_does_not_hold_json_is_named() {
    let lines = [
        "[{'name': 'Mug', 'price': '25.00', 'quantity': 1}]",
        r#"[{\""name\"":\""Mug\"",\""price\"":\""25.00\"",\""quantity\"":1}]"#,
        r#"""[{\""name\"": \""Mug\""}]"""#,
    ];
    for lines in lines {
        let message = refusal(format!(
            "id,name,email,created_at,currency,total_price,financial_status,line_items\n\
             1,#1,a@example.com,2024-01-31T10:11:12Z,USD,25.00,paid,\"{lines}\"\n"
        ));
        let cause =
            "has the columns of Shopify orders, but its column line_items does not hold JSON";
        assert!(message.contains(cause), "{lines}\n{message}");
    }
}

#[test]
fn columns_in_capitals_are_the_keys_of_the_api() {
    let csv = as_csv(&[&minified(ORDER)], ",");
    let (header, rows) = csv.split_once('\n').unwrap();
    let order = read(format!("{}\n{rows}", header.to_uppercase())).unwrap().remove(0);
    assert_eq!(without_places(order), without_places(read(&csv).unwrap().remove(0)));
}

#[test]
fn a_whole_record_in_a_cell_is_read_as_that_record() {
    let shopify = minified(ORDER);
    let woocommerce: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("fixtures/woocommerce-json.json")).unwrap();
    for record in [shopify.as_str(), &woocommerce[0].to_string()] {
        let direct = read(record).unwrap().remove(0);
        let cell = format!("\"{}\"", record.replace('"', "\"\""));
        for table in [
            format!("payload\n{cell}\n"),
            format!("id,created,data\n7,2024-01-31,{cell}\n"),
            format!("id;data;note\n7;{cell};\"{{}}\"\n"),
        ] {
            let order = read(&table).unwrap().remove(0);
            assert_eq!(without_places(order), without_places(direct.clone()), "{table:.60}");
        }
        let broken = format!("id,data\n7,{cell}\n8,{{\n");
        assert_eq!(reasons(&read(&broken).unwrap()[1]), [Reason::MalformedRow]);
    }
}

#[test]
fn a_column_that_is_there_twice_is_named() {
    let csv = as_csv(&[&minified(ORDER)], ",");
    let (header, row) = csv.trim_end().split_once('\n').unwrap();
    let joined = |names: &str, cells: &str| format!("{header},{names}\n{row},{cells}\n");
    let table = joined("id,note", "77,");
    let (names, rows) = table.split_once('\n').unwrap();
    for table in [table.clone(), format!("{}\n{rows}", names.to_uppercase())] {
        let message = refusal(table);
        assert!(message.contains("its column id is there twice"), "{message}");
        assert!(message.contains("c.id AS customer_id"), "{message}");
    }
    for harmless in [joined("never_read,never_read", "1,2"), joined("id", "")] {
        assert_eq!(reasons(&read(harmless).unwrap()[0]), []);
    }
}
