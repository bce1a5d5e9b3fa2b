//! Rows that are no orders, in every format of tables.

use super::fixtures::ALL;
use super::*;
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

/// The tables of all formats, each with its delimiter and rows. One whose rows are in quotes again
/// is another writing of one that is here.
fn tables() -> impl Iterator<Item = (&'static str, u8, Vec<ByteRecord>)> {
    let is_table = |name: &str| name.contains("-csv") && !name.contains("quoted-again");
    ALL.iter().filter(move |fixture| is_table(fixture.name)).map(|fixture| {
        let first = fixture.text.lines().next().unwrap();
        let signs = [b',', b';', b'\t'];
        let of = |sign: &u8| first.bytes().filter(|b| b == sign).count();
        let delimiter = signs.into_iter().max_by_key(of).unwrap();
        let text = fixture.text.trim_start_matches('\u{feff}').as_bytes();
        let mut reader =
            ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text);
        (fixture.name, delimiter, reader.byte_records().map(Result::unwrap).collect())
    })
}

fn written(delimiter: u8, rows: &[ByteRecord]) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_byte_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The orders without their places in the file.
fn contents(bytes: &[u8]) -> Result<Vec<SourceOrder>, String> {
    let folder = Folder::with("table", bytes);
    let export = folder.open(&["table"]).map_err(|error| error.to_string())?;
    let orders = export.read().unboxed().collect::<Result<Vec<_>, _>>();
    let mut orders = orders.map_err(|error| error.to_string())?;
    for order in &mut orders {
        order.position = Default::default();
        order.lines.iter_mut().for_each(|line| line.at_line = 0);
    }
    Ok(orders)
}

fn row(width: usize, cells: &[(usize, &str)]) -> ByteRecord {
    let mut row = vec![""; width];
    cells.iter().for_each(|(at, text)| row[*at] = text);
    ByteRecord::from(row)
}

#[test]
fn footers_are_no_orders_in_any_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let width = rows[0].len();
        for cells in [
            &[(0, "Total"), (width - 1, "1,234.50")][..],
            &[(0, "Grand total"), (width - 2, "USD"), (width - 1, "1234.50")],
            &[(0, "Summe (EUR):"), (width - 1, "12,50 €")],
            &[(width - 2, "Total"), (width - 1, "3")],
            &[(0, "Total: 3 orders")],
            &[(0, "(3 rows affected)")],
            &[(0, "---"), (1, "---")],
        ] {
            let mut rows = rows.clone();
            rows.push(row(width, cells));
            assert!(contents(&written(delimiter, &rows)) == Ok(plain.clone()), "{name}: {cells:?}");
            *rows.last_mut().unwrap() = row(cells.len(), &[(0, cells[0].1)]);
            assert!(
                contents(&written(delimiter, &rows)) == Ok(plain.clone()),
                "{name}: short {cells:?}"
            );
        }
    }
}

#[test]
fn a_row_that_describes_the_columns_is_no_order_in_any_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let described = |text: &str| -> ByteRecord {
            rows[0].iter().map(|name| format!("{text} {}", String::from_utf8_lossy(name))).collect()
        };
        let kinds: ByteRecord = rows[0].iter().map(|_| "varchar").collect();
        let ruler: ByteRecord = rows[0].iter().map(|_| "----").collect();
        for below in [described("The order's"), kinds, ruler] {
            let mut rows = rows.clone();
            rows.insert(1, below.clone());
            assert!(contents(&written(delimiter, &rows)) == Ok(plain.clone()), "{name}: {below:?}");
        }
    }
}

#[test]
fn rows_below_a_header_in_another_order_are_read_by_it_in_every_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let turned = |row: &ByteRecord| row.iter().rev().collect::<ByteRecord>();
        // Between two orders: the last row is a further one of an order in some formats.
        for at in 1..rows.len() {
            let above = rows[..at].iter().cloned();
            let below = std::iter::once(&rows[0]).chain(&rows[at..]).map(turned);
            let rows: Vec<ByteRecord> = above.chain(below).collect();
            assert!(contents(&written(delimiter, &rows)) == Ok(plain.clone()), "{name}: {at}");
        }
        let mut rows = rows.clone();
        let mut other: Vec<&[u8]> = rows[0].iter().collect();
        other[1] = b"Shoe size";
        let other = ByteRecord::from(other);
        rows.push(other);
        let told = contents(&written(delimiter, &rows)).unwrap_err();
        assert!(told.contains("adds `Shoe size`"), "{name}: {told}");
    }
}

#[test]
fn what_may_be_an_order_stays_a_record() {
    let key = |name: &str| first(name).replace(",,web", ",77,web");
    for rows in [first("Total"), key("Total"), first("SUM-1"), first("#1").replace("Mug", "Total")]
    {
        let orders = orders(&(first("#1000") + &rows));
        assert_eq!(orders.len(), 2, "{rows}");
    }
    let note = format!("{HEADER}\n{}Printed by Ann{}\n", first("#1000"), ",".repeat(23));
    let all = read(note).unwrap();
    assert_eq!(all.len(), 2);
}

const ORDER_ROWS: &str = r#"
[mappings.erp]
rows = "order"
[mappings.erp.order]
id = "Order"
created_at = "Date"
total = "Total"
currency = { value = "EUR" }
customer_id = "Customer"
[mappings.erp.line]
name = { value = "Goods" }
quantity = { value = "1" }
unit_price = "Total"
"#;

const LINE_ROWS: &str = r#"
[mappings.erp]
rows = "each"
key = "Order"
signs = ["EUR"]
dates = ["%B %d, %Y", "%Y-%m-%d"]
[mappings.erp.order]
id = "Order"
email = "Mail"
created_at = "Date"
total = { each = ["Price"] }
currency = { value = "EUR" }
[mappings.erp.line]
name = "Item"
quantity = "Qty"
unit_price = "Price"
"#;

fn mapped(mapping: &str, text: &str) -> Vec<SourceOrder> {
    let folder = Folder::with("erp.csv", text);
    let export = folder.open_by(mapping, "erp", &["erp.csv"]).unwrap();
    export.read().unboxed().collect::<Result<_, _>>().unwrap()
}

#[test]
fn orders_of_figures_alone_are_no_footers() {
    let keys = [
        "1001-US",
        "#1005-EUR",
        "1002-CA",
        "1001R",
        "1001 DE",
        "SUM-1",
        "SUMA/2024/1",
        "Total-2",
        "Total 2",
        "MUG-1",
        "TOTAL-EUR",
        "50 EUR",
        "SUM",
    ];
    let row = |key: &&str| format!("{key},2024-01-05,5.00,77\n");
    let rows: String = keys.iter().map(row).collect();
    let orders = mapped(ORDER_ROWS, &format!("Order,Date,Total,Customer\n{rows}"));
    assert_eq!(orders.len(), keys.len());
    // Without a date it is a footer only if its key is a word for a total.
    for key in &keys[..keys.len() - 1] {
        let text = format!("Order,Date,Total,Customer\n1,2024-01-05,5.00,77\n{key},,5.00,77\n");
        assert_eq!(mapped(ORDER_ROWS, &text).len(), 2, "{key}");
    }
}

#[test]
fn further_rows_of_an_order_are_no_footers() {
    for key in ["1001-DE", "1001R", "SUM-1", "SUM"] {
        for date in ["2024-01-05", ""] {
            let text = format!(
                "Order,Date,Price,Mail,Item,Qty\n{key},2024-01-05,5.00,ann@example.com,Mug,1\n\
                 {key},{date},10.00,,50 EUR,1\n"
            );
            let orders = mapped(LINE_ROWS, &text);
            assert_eq!(orders.len(), 1, "{key} {date}");
            assert_eq!(orders[0].lines.len(), 2, "{key} {date}");
        }
    }
}

#[test]
fn an_order_in_the_first_row_is_no_description() {
    for row in [
        "ORDER-1,\"January 5, 2024\",EUR 5,ann@example.com,Mug,1",
        "ORDER-A,\"January 5, 2024\",EUR 5,,Mug,1",
        "ORDER-A,tomorrow,free,ann@example.com,Mug,",
        "ORDER-A,tomorrow,free,,Mug,1",
        "ORDER-A,tomorrow,free,,EUR 5,",
        "ORDER-1,tomorrow,free,,Mug,",
    ] {
        let text = format!(
            "Order,Date,Price,Mail,Item,Qty\n{row}\n1,2024-01-05,5.00,bob@example.com,Mug,1\n"
        );
        assert_eq!(mapped(LINE_ROWS, &text).len(), 2, "{row}");
    }
}

#[test]
fn a_table_with_a_turned_header_can_be_cut_anywhere() {
    let turned = |line: &str| line.trim().rsplit(',').collect::<Vec<_>>().join(",") + "\n";
    let above = format!("{HEADER}\n{}", first("#1000"));
    let text =
        above.clone() + &turned(HEADER) + &turned(&first("#1001")) + &turned(&first("#1002"));
    for end in above.len()..=text.len() {
        let Ok(orders) = read(&text[..end]) else { continue };
        assert!((1..=3).contains(&orders.len()), "{end}");
    }
    assert_eq!(read(text).unwrap().len(), 3);
}

#[test]
fn a_repeated_header_with_a_trailing_delimiter_is_the_header() {
    let (a, b) = (first("#1000"), first("#1001"));
    for (above, below) in [("", ","), (",", ""), ("", ",,")] {
        let orders = read(format!("{HEADER}{above}\n{a}{HEADER}{below}\n{b}")).unwrap();
        assert_eq!(orders.len(), 2, "{above:?} {below:?}");
    }
}
