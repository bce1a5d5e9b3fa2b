//! Rows of one order that are not contiguous.

use super::other_rows::{contents, tables, written};
use super::*;
use csv::ByteRecord;
use proptest::prelude::*;

const MAPPING: &str = r#"
[mappings.erp]
rows = "LAYOUT"
key = "order"
[mappings.erp.order]
id = "order"
email = "mail"
created_at = "date"
currency = "currency"
total = "total"
[mappings.erp.line]
name = "item"
quantity = "n"
unit_price = "price"
"#;

const HEADER: &str = "order,mail,date,currency,total,item,n,price";

fn read_by(layout: &str, rows: &str) -> Result<Vec<SourceOrder>, String> {
    let folder = Folder::with("erp.csv", format!("{HEADER}\n{rows}"));
    let mapping = MAPPING.replace("LAYOUT", layout);
    let export =
        folder.open_by(&mapping, "erp", &["erp.csv"]).map_err(|error| error.to_string())?;
    export.read().unboxed().collect::<Result<_, _>>().map_err(|error: ReadError| error.to_string())
}

fn each(order: &str, item: &str) -> String {
    format!("{order},a@example.com,2024-01-31 10:11:12,USD,10.00,{item},1,5.00\n")
}

fn further(order: &str, item: &str) -> String {
    format!("{order},,,,,{item},1,5.00\n")
}

fn items(order: &SourceOrder) -> Vec<&str> {
    order.lines.iter().map(|line| line.name.as_str()).collect()
}

#[test]
fn an_order_whose_rows_come_apart_is_read_whole() {
    let rows =
        [each("1", "a"), each("2", "a"), each("1", "b"), each("3", "a"), each("1", "c")].concat();
    let orders = read_by("each", &rows).unwrap();
    let read: Vec<_> = orders.iter().map(|order| (order.id.as_str(), items(order))).collect();
    assert_eq!(read, [("2", vec!["a"]), ("3", vec!["a"]), ("1", vec!["a", "b", "c"])]);
    assert_eq!(orders[2].position.line, 2);
    assert!(orders.iter().all(|order| order.faults.is_empty()));

    let sorted = [further("1", "b"), each("2", "a"), each("1", "a"), further("2", "b")].concat();
    let orders = read_by("first", &sorted).unwrap();
    let read: Vec<_> = orders.iter().map(|order| (order.id.as_str(), items(order))).collect();
    assert_eq!(read, [("1", vec!["b", "a"]), ("2", vec!["a", "b"])]);
    assert!(orders.iter().all(|order| order.faults.is_empty()));
}

#[test]
fn an_order_of_very_many_equal_rows_is_not_copied_for_each_of_them() {
    let row = "1,a@example.com,2024-01-31 10:11:12,USD,45000.00,a,1,5.00\n";
    let orders = read_by("each", &row.repeat(9_000)).unwrap();
    assert_eq!((orders.len(), orders[0].lines.len()), (1, 9_000));
    assert!(orders[0].faults.is_empty());
}

#[test]
fn an_order_that_is_in_the_file_twice_is_refused_and_never_sent_short_or_doubled() {
    for layout in ["each", "first", "either"] {
        let once = each("1", "a") + &each("2", "a");
        let orders = read_by(layout, &once.repeat(2)).unwrap();
        assert_eq!(orders.len(), 2, "{layout}");
        assert!(orders.iter().all(|order| reasons(order) == [Reason::RepeatedRow]), "{layout}");
    }
    let quoted = each("1", "a").replace(",a,", ",\"a\",");
    let orders = read_by("each", &[each("1", "a"), each("2", "a"), quoted].concat()).unwrap();
    assert_eq!(reasons(&orders[1]), [Reason::RepeatedRow], "quotes are nothing of what it says");
    // Another state of it further down: which one is true can't be decided.
    let later = each("1", "a") + &each("2", "a") + &each("1", "b").replace("10.00", "12.00");
    let orders = read_by("each", &later).unwrap();
    assert_eq!(reasons(&orders[1]), [Reason::ContradictoryRows]);
}

#[test]
fn the_total_distinguishes_copies_of_an_order_from_more_lines() {
    let whole = each("1", "a") + &each("1", "b");
    for apart in ["", &each("2", "a")] {
        // Two products of 5.00 are its 10.00, four are not.
        let orders = read_by("each", &[&whole, apart, &whole].concat()).unwrap();
        let order = orders.iter().find(|order| order.id == "1").unwrap();
        assert_eq!((reasons(order), items(order)), (vec![], vec!["a", "b"]), "{apart:?}");
    }
    let once = each("1", "a").replace("10.00", "5.00");
    assert_eq!(items(&read_by("each", &once.repeat(3)).unwrap()[0]), ["a"]);
    assert_eq!(items(&read_by("each", &each("1", "a").repeat(2)).unwrap()[0]), ["a", "a"]);
    for layout in ["first", "either"] {
        let whole = each("1", "a") + &further("1", "b");
        let orders = read_by(layout, &whole.repeat(2)).unwrap();
        assert_eq!((reasons(&orders[0]), items(&orders[0])), (vec![], vec!["a", "b"]), "{layout}");
    }
    // A tip, and neither adds up.
    let doubtful = whole.replace("10.00", "11.00").repeat(2);
    assert_eq!(reasons(&read_by("each", &doubtful).unwrap()[0]), [Reason::RepeatedRow]);
}

#[test]
fn rows_without_their_orders_first_one_are_orphans() {
    let orders = read_by("first", &(further("1", "a") + &each("2", "b"))).unwrap();
    assert!(reasons(&orders[0]).contains(&Reason::OrphanRow));
    assert_eq!(reasons(&orders[1]), []);
}

#[test]
fn a_damaged_row_holds_back_the_orders_on_both_of_its_sides() {
    let rows = each("1", "a")
        + "x,1,a@example.com,2024-01-31 10:11:12,USD,10.00,b,1,5.00\n"
        + &each("2", "a")
        + &each("3", "a");
    let orders = read_by("each", &rows).unwrap();
    let all: Vec<_> =
        orders.iter().map(|order| reasons(order).contains(&Reason::MalformedRow)).collect();
    assert_eq!(all, [true, true, true, false], "it may have been a row of either");
}

#[test]
fn a_file_whose_orders_are_scattered_all_over_is_refused_with_a_way_out() {
    let long = "x".repeat(10_000);
    let rows: String = (0..2)
        .flat_map(|round| (0..1_000).map(move |n| (round, n)))
        .fold(String::new(), |text, (round, n)| {
            text + &each(&format!("{n}"), &format!("{long}{round}"))
        });
    let message = read_by("each", &rows).unwrap_err();
    assert!(
        message.contains("scattered") && message.contains("sort the file by order number"),
        "{message}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the rows are shuffled, each order is read with all its lines or the file is refused.
    #[test]
    fn no_order_is_ever_sent_short(orders in proptest::collection::vec(1..5_usize, 1..8), seed in any::<u64>()) {
        let mut rows: Vec<(usize, usize)> =
            orders.iter().enumerate().flat_map(|(order, len)| (0..*len).map(move |line| (order, line))).collect();
        rows.sort_by_key(|row| blake3::hash(format!("{seed}{row:?}").as_bytes()).to_hex());
        let text: String = rows.iter().map(|(order, line)| each(&order.to_string(), &format!("item {line}"))).collect();
        let read = read_by("each", &text).unwrap();
        prop_assert_eq!(read.len(), orders.len());
        for order in read {
            let number: usize = order.id.parse().unwrap();
            prop_assert_eq!(order.lines.len(), orders[number]);
            prop_assert!(order.faults.is_empty());
        }
    }

    #[test]
    fn no_damage_to_a_file_panics(
        from in 0.0..1.0_f64,
        len in 0..60_usize,
        new in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..20),
    ) {
        let rows = [each("1", "\"a, b\""), each("2", "a"), each("1", "\"c\nd\""), each("3", "ü")].concat();
        let mut bytes = format!("{HEADER}\n{rows}").into_bytes();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new);
        let folder = Folder::with("erp.csv", bytes);
        if let Ok(export) = folder.open_by(&MAPPING.replace("LAYOUT", "each"), "erp", &["erp.csv"]) {
            export.read().take_while(Result::is_ok).count();
        }
    }
}

#[test]
fn of_a_copy_that_was_cut_and_a_whole_one_the_whole_one_counts() {
    let mut formats = 0;
    for (name, delimiter, rows) in tables() {
        if !["wix", "tiendanube", "squarespace", "in-rows"].iter().any(|of| name.contains(of)) {
            continue;
        }
        formats += 1;
        let plain = contents(&written(delimiter, &rows)).unwrap();
        let (header, first, all) = (&rows[..1], &rows[1..2], &rows[1..]);
        for table in [
            [header, first, header, all].concat(),
            [header, first, all].concat(),
            [header, all, header, first].concat(),
        ] {
            let mut read = contents(&written(delimiter, &table)).unwrap();
            read.sort_by(|a, b| a.number.cmp(&b.number));
            assert!(read == plain, "{name}: {:?}", read.iter().map(reasons).collect::<Vec<_>>());
        }
        // A different row is not a copy.
        let mut other: Vec<&[u8]> = first[0].iter().collect();
        let at =
            header[0].iter().position(|name| PRICES.iter().any(|known| known.as_bytes() == name));
        other[at.unwrap()] = b"7.77";
        let table = [header, &[ByteRecord::from(other)], header, all].concat();
        let read = contents(&written(delimiter, &table)).unwrap();
        assert!(
            read.iter().any(|order| !order.faults.is_empty() || !plain.contains(order)),
            "{name}"
        );
    }
    assert_eq!(formats, 4);
}

/// Columns with the price of a line.
const PRICES: [&str; 4] = ["Price", "Precio del producto", "Lineitem price", "item_subtotal"];
