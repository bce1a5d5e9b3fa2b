//! For each format: which facts that decide whether an order is sent its exports do not state.

use super::fixtures::ALL;
use super::*;
use crate::domain::Unstated;
use crate::extract::stating::Stated::{Always, By, Never};
use crate::extract::stating::{Stated, Stating, TABLE, row};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use serde_json::Value;

/// The formats of shop systems that are not in [`TABLE`].
const OTHERS: &[Stating] = &[
    row("webtoffee-csv", Always, Always, Never),
    row("advanced-order-export-csv", Always, Always, Never),
    row("squarespace-csv", Always, Always, Never),
    row("wix-csv", Always, Always, Never),
    row("tiendanube-csv", Always, Always, Never),
    row("bigcommerce-csv", Always, Always, Never),
    row("etsy-csv", Never, Never, Never),
    row("amazon-csv", Always, Always, Never),
    row("square-csv", Never, Never, Never),
    row("matrixify-csv", Always, By(&["Cancelled At"]), Never),
    row("woocommerce-json", Always, Always, Never),
    row("advanced-order-export-json", Always, Always, Never),
    row("magento-json", Always, Always, Never),
];

fn all() -> impl Iterator<Item = &'static Stating> {
    TABLE.iter().chain(OTHERS)
}

/// A table without the columns of these names.
fn without_columns(text: &str, names: &[&str]) -> Vec<u8> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap();
    let of = |sign: &u8| first.bytes().filter(|b| b == sign).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(of).unwrap();
    let mut reader =
        ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
    let rows: Vec<ByteRecord> = reader.byte_records().map(Result::unwrap).collect();
    let header = rows[0].clone();
    let stays = |at: &usize| !names.iter().any(|name| name.as_bytes() == &header[*at]);
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for row in &rows {
        let cells: ByteRecord = (0..row.len()).filter(stays).map(|at| &row[at]).collect();
        writer.write_byte_record(&cells).unwrap();
    }
    writer.into_inner().unwrap()
}

/// JSON without the keys of these names, wherever they are.
fn without_keys(text: &str, names: &[&str]) -> Vec<u8> {
    fn strip(value: &mut Value, names: &[&str]) {
        match value {
            Value::Object(members) => {
                members.retain(|key, _| !names.contains(&key.as_str()));
                members.values_mut().for_each(|value| strip(value, names));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| strip(item, names)),
            _ => {}
        }
    }
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let documents = documents.map(Result::unwrap).map(|mut document| {
        strip(&mut document, names);
        document.to_string()
    });
    documents.collect::<Vec<_>>().join("\n").into_bytes()
}

fn without(fixture: &str, text: &str, names: &[&str]) -> Vec<u8> {
    if fixture.contains("json") { without_keys(text, names) } else { without_columns(text, names) }
}

fn unstated(format: &str, bytes: Vec<u8>) -> Vec<Unstated> {
    let folder = Folder::with("export", bytes);
    let export = folder.open_as(format, &["export"]);
    let export = export.unwrap_or_else(|error| panic!("{format}: {error}"));
    let orders = export.read().unboxed().map(Result::unwrap).filter(|order| !order.is_cart());
    orders.map(|order| order.unstated).collect()
}

#[test]
fn missing_fields_are_unstated_in_every_format() {
    let is_all =
        |found: &[Unstated], is: fn(&Unstated) -> bool| !found.is_empty() && found.iter().all(is);
    for row in all().filter(|row| row.format != "fivetran-csv") {
        let of_format = |name: &str| {
            name.split('.').next() == Some(row.format) && !name.contains("quoted-again")
        };
        for fixture in ALL.iter().filter(|fixture| of_format(fixture.name)) {
            let read =
                |names: &[&str]| unstated(row.format, without(fixture.name, fixture.text, names));
            for (stated, is) in [
                (row.status, (|it: &Unstated| it.status) as fn(&Unstated) -> bool),
                (row.cancelled, |it| it.cancelled || it.status),
                (row.test, |it| it.test),
            ] {
                match stated {
                    By(names) => {
                        assert!(is_all(&read(names), is), "{}: {names:?}", fixture.name)
                    }
                    Always => assert!(!read(&[]).iter().any(is), "{}", fixture.name),
                    Never => {}
                }
            }
        }
    }
}

#[test]
fn every_format_is_in_the_table_and_in_the_documentation() {
    let documented = include_str!("../../../docs/formats.md");
    let cell = |stated: Stated| match stated {
        Always => "always".to_owned(),
        Never => "no".to_owned(),
        By(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    for row in all() {
        let cells = [row.status, row.cancelled, row.test].map(cell).join(" | ");
        let line = format!("| `{}` | {cells} |", row.format);
        assert!(documented.contains(&line), "{line}");
    }
    const OF_OTHERS: [&str; 6] = [
        "singer",
        "airbyte",
        "warehouse-csv",
        "json-cells-csv",
        "shopify-checkouts-json",
        "shopify-checkouts-graphql",
    ];
    for format in crate::extract::formats() {
        let is_there = all().any(|row| row.format == format.name());
        assert!(is_there || OF_OTHERS.contains(&format.name()), "{}", format.name());
    }
}

#[test]
fn a_mapping_without_a_rule_that_can_say_it_states_no_cancellation() {
    let mapping = |rules: &str| {
        format!(
            "[mappings.erp]\nrows = \"order\"\n[mappings.erp.order]\nid = \"no\"\nemail = \"mail\"\ncreated_at = \"date\"\n\
             currency = {{ value = \"EUR\" }}\ntotal = \"sum\"\n[mappings.erp.line]\nname = \"item\"\nquantity = {{ value = \"1\" }}\n\
             unit_price = \"sum\"\n{rules}"
        )
    };
    let paid = "[[mappings.erp.status]]\ncolumn = \"state\"\nwords = { paid = \"paid\" }\n";
    let both = "[[mappings.erp.status]]\ncolumn = \"state\"\nwords = { paid = \"paid\", void = \"cancelled\" }\n";
    let dated =
        "[[mappings.erp.status]]\ncolumn = \"void\"\noptional = true\ndated = \"cancelled\"\n";
    for (rules, is_unknown) in [
        (paid.to_owned(), true),
        (both.to_owned(), false),
        (format!("{dated}{paid}"), true),
        (format!("{dated}{both}"), false),
    ] {
        let folder = Folder::with(
            "erp.csv",
            "no,mail,date,sum,item,state\n1,a@example.com,2024-01-01,5.00,Mug,paid\n",
        );
        let export = folder.open_by(&mapping(&rules), "erp", &["erp.csv"]).unwrap();
        let order = export.read().next().unwrap().unwrap();
        assert_eq!((order.faults.len(), order.unstated.cancelled), (0, is_unknown), "{rules}");
    }
}
