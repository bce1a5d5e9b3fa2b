//! Tables that a spreadsheet, an editor or a script reworked around the rows of the orders.

use super::other_rows::{contents, tables, written};
use super::*;
use crate::domain::{KeyError, Text};
use csv::ByteRecord;

const HEADER: &str = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Note Attributes,Id";

fn order(number: u32, note: &str) -> String {
    format!(
        "#{number},ann@example.com,paid,USD,10.00,0.00,0.00,10.00,2024-01-31 10:11:12 -0500,1,\"Mug, red\",\
         10.00,{note},{number}00"
    )
}

/// The content of a table's orders: ids, numbers, totals, products.
fn known(table: impl AsRef<[u8]>) -> Vec<[Text; 4]> {
    let known = |order: SourceOrder| {
        assert_eq!(reasons(&order), [], "{}", order.id);
        let line = order.lines.into_iter().next().unwrap_or_default();
        [order.id, order.number, order.total, line.name]
    };
    read(table).unwrap().into_iter().map(known).collect()
}

fn plain() -> String {
    format!("{HEADER}\n{}\n{}\n", order(1, ""), order(2, "\"a: 1\nb; 2\""))
}

fn expected() -> Vec<[Text; 4]> {
    let one = |n: u32| {
        [format!("{n}00"), format!("#{n}"), "10.00".to_owned(), "Mug, red".to_owned()]
            .map(Text::from)
    };
    vec![one(1), one(2)]
}

fn quoted(line: &str) -> String {
    format!("\"{}\"", line.replace('"', "\"\""))
}

#[test]
fn a_plain_table_is_what_the_others_are_compared_with() {
    assert_eq!(known(plain()), expected());
}

#[test]
fn a_trailing_semicolon_is_not_part_of_a_name_or_an_id() {
    let ended: String = plain().lines().map(|line| format!("{line};\n")).collect();
    assert_eq!(known(&ended), expected());
    assert_eq!(known(ended.replace('\n', "\r\n")), expected());
}

#[test]
fn physical_lines_in_quotes_are_the_lines_they_were() {
    for end in ["", ";"] {
        let rows: String =
            plain().lines().skip(1).map(|line| format!("{}{end}\n", quoted(line))).collect();
        assert_eq!(known(format!("{HEADER}{end}\n{rows}")), expected(), "{end}");
        assert_eq!(known(format!("{}{end}\n{rows}", quoted(HEADER))), expected(), "{end}");
    }
}

#[test]
fn lines_in_quotes_may_be_filled_up_with_blank_cells() {
    let note = "\"a\nb, c\n\nd\"";
    let table = format!("{HEADER}\n{}\n{}\n", order(1, ""), order(2, note));
    let filling = ",".repeat(HEADER.matches(',').count());
    let as_spreadsheets = |line: &str| {
        let has_sign = line.contains([',', '"']);
        let cell = if has_sign { quoted(line) } else { line.to_owned() };
        format!("{cell}{filling}\n")
    };
    let rows: String = table.lines().skip(1).map(as_spreadsheets).collect();
    assert_eq!(known(format!("{HEADER}\n{rows}")), expected());
    assert_eq!(known(format!("{}\n{rows}", quoted(HEADER))), expected());
}

#[test]
fn a_header_is_found_below_a_title_and_blank_rows() {
    for above in [
        ",,,,,,,,,,,,,\n",
        "\n\n",
        "Orders of January\n",
        "Orders of January,,,,,,,,,,,,,\n\nmade on,2024-02-01\n,,,,,,,,,,,,,\n",
    ] {
        assert_eq!(known(format!("{above}{}", plain())), expected(), "{above:?}");
    }
    let too_far = "title\n".repeat(30) + &plain();
    assert!(refusal(too_far).contains("not recognised"));
}

#[test]
fn a_repeated_header_is_not_an_order() {
    let (one, two) = (order(1, ""), order(2, ""));
    for end in ["\n", "\r\n"] {
        let table = [HEADER, &one, HEADER, &two, HEADER, ""].join(end);
        assert_eq!(known(&table), expected());
        assert_eq!(known(table.trim_end()), expected());
    }
}

#[test]
fn guards_of_spreadsheets_are_not_part_of_keys_and_amounts() {
    let table = plain()
        .replace("#1,", "\"=\"\"#1\"\"\",")
        .replace(",100\n", ",\"=\"\"100\"\"\"\n")
        .replace("#2,", "'#2,")
        .replace(",200\n", ",'200\n")
        .replace("USD,10.00,0.00,0.00,10.00", "USD,10.00,0.00,0.00,'10.00");
    assert_eq!(known(table), expected());
}

#[test]
fn the_rest_of_a_guard_is_not_part_of_a_key_in_any_format() {
    for guarded in ["=\"100", "'=\"100\"", "=100", "\"=\"\"100\"\"\"", "\"100\"", "''100"] {
        let table = plain().replacen(",100\n", &format!(",{}\n", quoted(guarded)), 1);
        assert_eq!(known(table), expected(), "{guarded}");
        let json = serde_json::json!({
            "id": guarded, "name": "#1", "email": "ann@example.com", "created_at": "2024-01-01T00:00:00Z",
            "currency": "USD", "total_price": format!("=\"{}", "10.00"), "financial_status": "paid",
            "line_items": [{ "name": "Mug", "price": "'10.00", "quantity": "=1", "sku": guarded }],
        });
        let order = read(json.to_string()).unwrap().remove(0);
        let line = &order.lines[0];
        let values = [&order.id, &order.total, &line.unit_price, &line.quantity, &line.sku];
        assert_eq!(values, ["100", "10.00", "10.00", "1", "100"], "{guarded}");
    }
    for formula in ["=99+1", "=T(\"100\")", "100\"", "‘100’"] {
        let table = plain().replacen(",100\n", &format!(",{}\n", quoted(formula)), 1);
        let order = read(table).unwrap().remove(0);
        assert_eq!(order.key(), Err(KeyError::Odd), "{formula}");
    }
}

#[test]
fn columns_whose_names_are_slightly_off_are_those_columns() {
    let off = [
        ("Name", "\u{feff}Name"),
        ("Email", " E\u{200b}mail:"),
        ("Total", "\u{a0}Total *"),
        ("Lineitem name", "lineitem_name"),
        ("Id", "Ｉｄ"),
    ];
    for (name, seen) in off {
        let table = plain().replacen(&format!("{name},"), &format!("{seen},"), 1);
        let table = table.replacen(&format!(",{name}\n"), &format!(",{seen}\n"), 1);
        assert_ne!(table, plain());
        assert_eq!(known(table), expected(), "{seen}");
    }
}

#[test]
fn a_header_in_sqls_brackets_is_a_header_and_no_json() {
    let bracketed =
        |line: &str| line.split(',').map(|name| format!("[{name}]")).collect::<Vec<_>>().join(",");
    let table = plain().replacen(HEADER, &bracketed(HEADER), 1);
    assert_eq!(known(table), expected());
    for json in ["[]", "[null]", "[true, {}]", "[NaN]"] {
        assert!(!refusal(json).contains("header"), "{json}: {}", refusal(json));
    }
}

#[test]
fn a_column_that_is_nearly_known_is_named_with_what_was_meant() {
    let table = plain().replace("Note Attributes", "Refunded Amont");
    let folder = Folder::with("orders.csv", &table);
    let export = folder.open(&["orders.csv"]).unwrap();
    let expected = "column `Refunded Amont` is not known; did you mean `Refunded Amount`?";
    assert_eq!(export.files()[0].notes, [expected]);
    let lacking = refusal(plain().replacen("Lineitem price", "Lineitem pric", 1));
    assert!(lacking.contains("did you mean `Lineitem price`?"), "{lacking}");
}

#[test]
fn invisible_characters_around_cells_change_nothing_in_any_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        for (before, after) in
            [("\u{a0}", "\u{a0}"), ("", "\u{200b}"), ("\u{202a}", " \u{feff}\u{202c}")]
        {
            let around = |cell: &[u8]| match cell {
                b"" => String::new(),
                cell => format!("{before}{}{after}", str::from_utf8(cell).unwrap()),
            };
            let odd = rows[1..].iter().map(|row| row.iter().map(around).collect::<ByteRecord>());
            let odd: Vec<ByteRecord> = rows[..1].iter().cloned().chain(odd).collect();
            assert!(contents(&written(delimiter, &odd)) == Ok(plain.clone()), "{name}: {before:?}");
        }
    }
}

#[test]
fn a_header_in_guards_or_with_line_breaks_is_the_header_in_every_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let guarded = |cell: &str| format!("=\"{cell}\"");
        let broken = |cell: &str| cell.replace(' ', "\n");
        let apart = |cell: &str| cell.replace(' ', " \u{a0} ");
        for changed in [guarded, broken, apart] as [fn(&str) -> String; 3] {
            let header = rows[0].iter().map(|cell| changed(str::from_utf8(cell).unwrap()));
            let all: Vec<ByteRecord> =
                std::iter::once(header.collect()).chain(rows[1..].iter().cloned()).collect();
            let mut read = contents(&written(delimiter, &all)).unwrap();
            assert_eq!(read.len(), plain.len(), "{name}");
            let ids = |orders: &mut Vec<SourceOrder>| {
                orders
                    .drain(..)
                    .map(|order| (order.id, order.number, order.total, order.faults))
                    .collect::<Vec<_>>()
            };
            assert!(ids(&mut read) == ids(&mut plain.clone()), "{name}");
        }
    }
}
