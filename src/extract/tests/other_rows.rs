//! Rows that are not orders, in every table format.

use super::fixtures::{ALL, KEYS_LIKE_LABELS};
use super::*;
use crate::domain::OtherRow;
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

/// The tables of all formats, each with its delimiter and rows. A table of quoted rows is another
/// form of one that is included.
pub(super) fn tables() -> impl Iterator<Item = (&'static str, u8, Vec<ByteRecord>)> {
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

pub(super) fn written(delimiter: u8, rows: &[ByteRecord]) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_byte_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The orders without their places in the file.
pub(super) fn contents(bytes: &[u8]) -> Result<Vec<SourceOrder>, String> {
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

/// The first column whose name says that it holds an amount of money.
fn amount_at(header: &ByteRecord) -> usize {
    let names = || header.iter().map(|name| String::from_utf8_lossy(name).to_lowercase());
    let is_amount = |name: String| {
        ["total", "gross", "item-price"].iter().any(|word| name.contains(word))
            && !name.contains("quantity")
    };
    names().position(is_amount).unwrap()
}

/// The column with the names of products, if it has nothing else.
fn product_at(header: &ByteRecord) -> Option<usize> {
    const NAMES: [&str; 8] = [
        "Lineitem name",
        "Item Name",
        "item_name",
        "Item",
        "Line: Title",
        "product-name",
        "Nombre del producto",
        "Product Item 1 Name",
    ];
    header.iter().position(|name| NAMES.iter().any(|known| known.as_bytes() == name))
}

/// The first column that identifies an order.
const KEY_COLUMNS: [&str; 14] = [
    "Name",
    "Id",
    "id",
    "ID",
    "_airbyte_raw_id",
    "order_id",
    "Order Number",
    "Order ID",
    "Order number",
    "Transaction ID",
    "amazon-order-id",
    "Número de orden",
    "Identificador de la orden",
    "Número do Pedido",
];

#[test]
fn footers_are_not_orders_in_any_format() {
    for (name, delimiter, rows) in tables() {
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let (width, amount) = (rows[0].len(), amount_at(&rows[0]));
        for cells in [
            &[(0, "Total"), (amount, "1,234.50")][..],
            &[(0, "Grand total (USD)"), (amount, "USD 1234.50")],
            &[(0, "Summe (EUR):"), (amount, "12,50 €")],
            &[(amount, "Total")],
            &[(0, "Total: 3 orders")],
            &[(0, "(3 rows affected)")],
            &[(0, "---"), (1, "---")],
            &[(0, "Insgesamt"), (amount, "1.234,50")],
            &[(0, "Total HT"), (amount, "1234.50")],
            &[(0, "Valor total"), (amount, "R$ 1234,50")],
            &[(0, "Records: 3")],
            &[(0, "Exported by the shop on 2024-01-31")],
        ] {
            let mut rows = rows.clone();
            rows.push(row(width, cells));
            assert!(contents(&written(delimiter, &rows)) == Ok(plain.clone()), "{name}: {cells:?}");
            *rows.last_mut().unwrap() = row(cells.len(), &[(0, cells[0].1)]);
            assert!(
                contents(&written(delimiter, &rows)) == Ok(plain.clone()),
                "{name}: short {cells:?}"
            );
            *rows.last_mut().unwrap() = row(2, &[(0, cells[0].1), (1, "30.00")]);
            if cells[0].0 == 0 && cells[0].1 != "---" {
                assert!(
                    contents(&written(delimiter, &rows)) == Ok(plain.clone()),
                    "{name}: two cells {cells:?}"
                );
            }
        }
    }
}

#[test]
fn an_order_named_as_a_footer_and_a_footer_are_one_order_in_any_format() {
    for (name, delimiter, rows) in tables() {
        let key = |name: &[u8]| KEY_COLUMNS.iter().any(|known| known.as_bytes() == name);
        let Some(at) = rows[0].iter().position(key) else { panic!("{name}") };
        let mut named = rows.clone();
        let last = named.last_mut().unwrap();
        let mut cells: Vec<&[u8]> = last.iter().collect();
        cells[at] = b"Total";
        *last = ByteRecord::from(cells);
        let plain = contents(&written(delimiter, &named)).unwrap();
        let footer = row(rows[0].len(), &[(at, "Total"), (amount_at(&rows[0]), "1234.50")]);
        named.push(footer);
        assert!(contents(&written(delimiter, &named)) == Ok(plain), "{name}");
    }
}

#[test]
fn a_total_where_products_have_their_names_is_a_record_with_a_fault_in_every_format() {
    let mut formats = 0;
    for (name, delimiter, mut rows) in tables() {
        let Some(at) = product_at(&rows[0]) else { continue };
        let plain = contents(&written(delimiter, &rows)).unwrap();
        rows.push(row(rows[0].len(), &[(at, "Total"), (amount_at(&rows[0]), "1,234.50")]));
        formats += 1;
        match contents(&written(delimiter, &rows)) {
            Ok(with) => {
                assert_eq!(with.len(), plain.len() + 1, "{name}");
                assert!(with[..plain.len()] == plain, "{name}");
            }
            // A table with a row that names no order may leave further rows blank.
            Err(refusal) => assert!(refusal.contains("don't name the order"), "{name}: {refusal}"),
        }
    }
    assert!(formats >= 9, "{formats}");
}

/// What an export skipped: the kind, number and first line of each.
fn passed_over(text: &[u8]) -> Vec<(OtherRow, u64, u64)> {
    let folder = Folder::with("table", text);
    let export = folder.open(&["table"]).unwrap();
    assert_eq!(export.passed_over(), []);
    let mut all = [(), ()].map(|()| {
        assert!(export.read().all(|order| order.is_ok()));
        export.passed_over()
    });
    assert_eq!(all[0], all[1], "a second reading");
    std::mem::take(&mut all[0])
        .into_iter()
        .map(|passed| (passed.kind, passed.rows, passed.line))
        .collect()
}

#[test]
fn skipped_rows_are_counted_with_their_place_in_every_format() {
    for (name, delimiter, rows) in tables() {
        let (width, lines) = (rows[0].len(), rows.len() as u64);
        // A cell of the fixture may span lines.
        let spanned = written(delimiter, &rows).iter().filter(|b| **b == b'\n').count() as u64;
        let last = 4 + spanned;
        let kinds: ByteRecord = rows[0].iter().map(|_| "varchar").collect();
        let mut all = vec![row(1, &[(0, "Orders of January")]), rows[0].clone(), kinds];
        all.push(row(width, &[(0, "---"), (1, "---")]));
        all.extend(rows[1..].iter().cloned());
        all.push(row(width, &[(0, "Total"), (amount_at(&rows[0]), "9.00")]));
        all.extend([rows[0].clone(), rows[0].clone()]);
        all.push(row(1, &[(0, "(3 rows affected)")]));
        assert_eq!(
            passed_over(&written(delimiter, &all)),
            [
                (OtherRow::AboveHeader, 1, 1),
                (OtherRow::Header, 2, last + 1),
                (OtherRow::Description, 1, 3),
                (OtherRow::Ruler, 1, 4),
                (OtherRow::Footer, 2, last),
            ],
            "{name} of {lines} rows"
        );
        assert_eq!(passed_over(&written(delimiter, &rows)), [], "{name}");
    }
}

#[test]
fn an_order_above_the_header_is_not_a_title_in_any_format() {
    for (name, delimiter, mut rows) in tables() {
        rows.swap(0, 1);
        let folder = Folder::with("table", written(delimiter, &rows));
        let refused = match folder.open(&["table"]) {
            Ok(export) => export.read().find_map(Result::err).map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let refused = refused.unwrap_or_else(|| panic!("{name}: the order is dropped"));
        assert!(refused.contains("line 1: has an order above the header"), "{name}: {refused}");
    }
}

#[test]
fn of_several_files_the_first_that_is_read_is_named() {
    let folder = Folder::new();
    for (name, order) in [("1.csv", "#1"), ("2.csv", "#2")] {
        folder.put(name, format!("{HEADER}\n{}Total\n", first(order)));
    }
    let export = folder.open(&["*.csv"]).unwrap();
    assert_eq!(export.read().count(), 2);
    let [passed] = &export.passed_over()[..] else { panic!() };
    assert_eq!((passed.rows, passed.line), (2, 3));
    assert_eq!(passed.file, export.files()[0].to_string());
}

#[test]
fn a_row_that_describes_the_columns_is_not_an_order_in_any_format() {
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
        let message = contents(&written(delimiter, &rows)).unwrap_err();
        assert!(message.contains("adds `Shoe size`"), "{name}: {message}");
    }
}

#[test]
fn a_possible_order_stays_a_record() {
    let key = |name: &str| first(name).replace(",,web", ",77,web");
    for rows in [first("Total"), key("Total"), first("SUM-1"), first("#1").replace("Mug", "Total")]
    {
        let orders = orders(&(first("#1000") + &rows));
        assert_eq!(orders.len(), 2, "{rows}");
    }
    for alone in ["#1001", "1001", "SO-A", "SUM-1", "ann@example.com"] {
        let row = format!("{HEADER}\n{}{alone}{}\n", first("#1000"), ",".repeat(23));
        assert_eq!(read(row).unwrap().len(), 2, "{alone}");
    }
}

#[test]
fn with_words_as_keys_only_words_for_totals_are_footers() {
    let orders = |rows: &str| {
        let text = format!("Order,Date,Total,Customer\n{rows}");
        mapped(ORDER_ROWS, &text).iter().map(|order| order.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(orders("7,2024-01-05,5.00,77\nInsgesamt,,5.00,\n"), ["7"]);
    assert_eq!(orders("XKBKNABJK,2024-01-05,5.00,77\nQWERTZUIO,,5.00,\n").len(), 2);
    assert_eq!(orders("XKBKNABJK,2024-01-05,5.00,77\nTotal,,5.00,\n"), ["XKBKNABJK"]);
    assert_eq!(orders("7,2024-01-05,5.00,77\nInsgesamt,,5.00,ann\n").len(), 2);
    assert_eq!(orders("7,2024-01-05,5.00,77\nInsgesamt,2024-01-05,5.00,\n").len(), 2);
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
fn orders_of_only_figures_are_not_footers() {
    let row = |key: &&str| format!("{key},2024-01-05,5.00,77\n");
    let rows: String = KEYS_LIKE_LABELS.iter().chain(&["SUM", "Total"]).map(row).collect();
    let orders = mapped(ORDER_ROWS, &format!("Order,Date,Total,Customer\n{rows}"));
    assert_eq!(orders.len(), KEYS_LIKE_LABELS.len() + 2);
    let with = |row: &str| {
        let text = format!("Order,Date,Total,Customer\n1,2024-01-05,5.00,77\n{row}\n");
        mapped(ORDER_ROWS, &text).len()
    };
    for key in KEYS_LIKE_LABELS {
        assert_eq!(with(&format!("{key},,5.00,")), 2, "{key}");
    }
    // A row with a customer or a date is an order, whatever its key.
    for row in ["SUM,,5.00,77", "Total,,5.00,77", "Total,2024-01-05,5.00,", "Total,,,ann"] {
        assert_eq!(with(row), 2, "{row}");
    }
    for row in ["SUM,,5.00,", "Total,,5.00,", "Total,Total,5.00,", ",,Total,", "Total,,5.00,EUR"] {
        assert_eq!(with(row), 1, "{row}");
    }
}

#[test]
fn further_rows_of_an_order_are_not_footers() {
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
fn a_row_with_a_product_is_not_a_footer() {
    for row in [
        ",,10.00,,Total,1",
        ",,10.00,,Total,",
        ",,,,Total,",
        ",,10.00,,50 EUR,1",
        "Total,,10.00,,77,1",
        "Total,,10.00,ann@example.com,,",
    ] {
        let text = format!(
            "Order,Date,Price,Mail,Item,Qty\n1,2024-01-05,5.00,ann@example.com,Mug,1\n{row}\n"
        );
        assert_eq!(mapped(LINE_ROWS, &text).len(), 2, "{row}");
    }
    for row in ["Total,,10.00,,,1", "Total,,10.00,,1 item,1", ",,10.00,Total,,1", ",Total,10.00,,,"]
    {
        let text = format!(
            "Order,Date,Price,Mail,Item,Qty\n1,2024-01-05,5.00,ann@example.com,Mug,1\n{row}\n"
        );
        assert_eq!(mapped(LINE_ROWS, &text).len(), 1, "{row}");
    }
}

#[test]
fn an_order_whose_key_is_a_word_for_a_total_keeps_rows_that_are_apart() {
    let two = "2,2024-01-05,5.00,bob@example.com,Mug,1\n";
    let lines = |below: &str| {
        let text = format!(
            "Order,Date,Price,Mail,Item,Qty\nSUM,2024-01-05,5.00,ann@example.com,Mug,1\n{below}"
        );
        let orders = mapped(LINE_ROWS, &text);
        orders.iter().map(|order| order.lines.len()).collect::<Vec<usize>>()
    };
    let three = two.replacen('2', "3", 1);
    assert_eq!(lines(&format!("{two}SUM,,10.00,,,1\n{three}")), [1, 2, 1]);
    assert_eq!(lines(&format!("{two}SUM,,10.00,,Pen,1\n")), [1, 2]);
    for end in ["", "SUM,,15.00,,,2\n", "----,,,,,\n", "Order,Date,Price,Mail,Item,Qty\n"] {
        assert_eq!(lines(&format!("{two}SUM,,10.00,,,1\n{end}")), [1, 1], "{end}");
    }
}

#[test]
fn rows_below_a_repeated_header_may_end_in_a_delimiter() {
    let (a, b, c) = (first("#1000"), first("#1001"), first("#1002"));
    let ended = |row: &str| row.replace('\n', ",\n");
    for (header, rows, whole) in [
        (HEADER.to_owned(), ended(&b) + &ended(&c), 2),
        (HEADER.to_owned(), b.clone() + &c, 2),
        (format!("{HEADER},"), ended(&b) + &ended(&c), 2),
        (format!("{HEADER},"), ended(&b), 1),
        (format!("{HEADER},,"), b.replace('\n', ",,\n"), 1),
        (format!("{HEADER},"), b.clone() + &c, 2),
        // A single row may have a comma too many.
        (HEADER.to_owned(), ended(&b), 0),
        (HEADER.to_owned(), ended(&b) + &c, 1),
        (HEADER.to_owned(), b.clone() + &ended(&c), 1),
        (HEADER.to_owned(), ended(&b) + &ended(&c).replace(",web,", ",web,x"), 0),
    ] {
        let text = format!("{HEADER}\n{a}{header}\n{rows}");
        let orders = read(&text).unwrap();
        let is_whole = |order: &&SourceOrder| reasons(order).is_empty();
        let found = orders[1..].iter().filter(is_whole).count();
        assert_eq!((orders.len(), found), (1 + rows.lines().count(), whole), "{text}");
    }
}

#[test]
fn an_order_in_the_first_row_is_not_a_description() {
    for row in [
        "ORDER-A,tomorrow,free,,Mug,",
        "ORDER-A,tomorrow,free,,Mug,one",
        "ORDER-A,tomorrow,,by mail,Mug,one",
        "ORDER-A,,free,by mail,Mug,one",
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
