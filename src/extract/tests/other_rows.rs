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
