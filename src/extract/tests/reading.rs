use super::*;
use crate::domain::{SourceDiscount, Status};
use crate::extract::{ORDER_LINES_MAX, RECORD_BYTES_MAX};

fn names(order: &SourceOrder) -> Vec<&str> {
    order.lines.iter().map(|line| line.name.as_str()).collect()
}

#[test]
fn an_order_is_read_with_all_its_cells_and_lines() {
    let orders = orders(
        "#1001, ann@example.com ,paid,yes,USD,42.00,5.00,2.50,47.50,SPRING,3.00,Standard,2024-01-31 10:11:12 -0500,\
         2,\"Mug, blue\",10.00,MUG-1,0.50,\"Ring\ntwice\",,Card,1.00,6885604524341,web\n\
         #1001,ann@example.com,,,,,,,,,,,2024-01-31 10:11:12 -0500,1,\"Pot \"\"L\"\"\",25.00,POT,,,,,,,\n",
    );
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(order.id, "6885604524341");
    assert_eq!(order.number, "#1001");
    assert_eq!(order.email, "ann@example.com");
    assert_eq!(order.accepts_marketing, Some(true));
    assert_eq!(order.created_at, "2024-01-31 10:11:12 -0500");
    assert_eq!((order.currency.as_str(), order.total.as_str()), ("USD", "47.50"));
    assert_eq!((order.subtotal.as_str(), order.shipping.as_str()), ("42.00", "5.00"));
    assert_eq!((order.tax.as_str(), order.refunded.as_str()), ("2.50", "1.00"));
    assert_eq!(order.shipping_method, "Standard");
    assert_eq!(order.status, Some(Status::Paid));
    let discount =
        SourceDiscount { name: "SPRING".into(), amount: "3.00".into(), of_shipping: false };
    assert_eq!(order.discounts, [discount]);
    assert_eq!(names(order), ["Mug, blue", "Pot \"L\""]);
    let (mug, pot) = (&order.lines[0], &order.lines[1]);
    assert_eq!(
        (mug.quantity.as_str(), mug.unit_price.as_str(), mug.sku.as_str()),
        ("2", "10.00", "MUG-1")
    );
    assert_eq!((mug.discount.as_str(), mug.at_line), ("0.50", 2));
    assert_eq!((pot.quantity.as_str(), pot.at_line), ("1", 4));
    assert!(order.faults.is_empty());
}

#[test]
fn lines_are_counted_as_an_editor_shows_them() {
    let rows = format!(
        "\n\n{}{}\n{}{}",
        first("#1").replace("Standard", "\"a\nb\nc\""),
        next("#1", "Pen"),
        first("#2"),
        first("#3"),
    );
    for text in [rows.clone(), rows.replace('\n', "\r\n")] {
        let all = orders(&text);
        let lines: Vec<u64> = all.iter().map(|order| order.position.line).collect();
        assert_eq!(lines, [4, 9, 10]);
        assert_eq!(all[0].lines[1].at_line, 7);
        let records: Vec<u64> = all.iter().map(|order| order.position.record).collect();
        assert_eq!(records, [0, 1, 2]);
    }
}

#[test]
fn line_ends_byte_order_mark_and_a_missing_last_line_end_make_no_difference() {
    let text = format!("{HEADER}\n{}{}{}", first("#1"), next("#1", "Pen"), first("#2"));
    let plain = read(&text).unwrap();
    assert_eq!(plain.len(), 2);
    assert_eq!(read(format!("\u{feff}{text}")).unwrap(), plain);
    assert_eq!(read(text.replace('\n', "\r\n")).unwrap(), plain);
    assert_eq!(read(text.trim_end()).unwrap(), plain);
    let tabs = text.replace(',', "\t");
    assert_eq!(read(tabs).unwrap(), plain);
    assert_eq!(read(text.replace(',', ";")).unwrap(), plain);
}

#[test]
fn columns_may_be_few_shuffled_and_in_any_case() {
    let all = read(
        "TOTAL,created at,Currency,lineitem name,Lineitem Price,Lineitem quantity, email ,Name,Total\n\
         15.00,2024-01-31 10:11:12 -0500,USD,Mug,10.00,1,ann@example.com,#1,99\n",
    )
    .unwrap();
    assert_eq!(all[0].total, "15.00", "the first of two columns with one name counts");
    assert_eq!(all[0].status, Some(Status::Paid), "the export does not say otherwise");
    assert_eq!(all[0].accepts_marketing, None);
}

#[test]
fn a_file_without_names_joins_the_rows_of_one_buyer_and_time() {
    let all = read(
        "Id,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity\n\
         7,ann@example.com,2024-01-31,USD,3,Mug,1,1\n\
         ,ann@example.com,2024-01-31,,,Pen,1,1\n\
         ,bob@example.com,2024-01-31,,,Ink,1,1\n",
    )
    .unwrap();
    assert_eq!(names(&all[0]), ["Mug", "Pen"]);
    assert_eq!(reasons(&all[1]), [Reason::OrphanRow]);
}

#[test]
fn a_tip_in_the_first_row_is_a_line_like_any_other() {
    let all = orders(&format!("{}{}", first("#1").replace("Mug", "Tip"), next("#1", "Pen")));
    assert_eq!(names(&all[0]), ["Tip", "Pen"]);
    assert_eq!(all[0].total, "15.00");
}

#[test]
fn a_free_shipping_code_lowers_the_shipping_price() {
    let row = first("#1").replace("15.00,,0.00", "10.00,FREESHIP,5.00");
    let all = orders(&row);
    assert!(all[0].discounts[0].of_shipping);
    assert_eq!(
        (all[0].shipping.as_str(), all[0].discount.as_str()),
        ("0", "5.00"),
        "5.00 less 5.00"
    );
}

#[test]
fn the_status_is_read_and_an_unknown_word_is_a_fault() {
    let with = |from: &str, to: &str| orders(&first("#1").replace(from, to)).remove(0);
    assert_eq!(with(",,,Card", ",,2024-02-01 10:00:00 -0500,Card").status, Some(Status::Cancelled));
    assert_eq!(with("Card", "(for testing) Bogus Gateway").status, Some(Status::Test));
    assert_eq!(with("paid,yes", ",yes").status, Some(Status::Pending));
    let odd = with("paid,yes", "bezahlt,yes");
    assert_eq!((odd.status, reasons(&odd)), (None, vec![Reason::UnknownStatus]));
    assert_eq!(odd.faults[0].field, Some("Financial Status"));
}

#[test]
fn rows_without_their_first_row_are_orphans_and_change_no_other_order() {
    let rows = [
        next("#9", "Pen"),
        next("#9", "Ink"),
        first("#1"),
        next("#8", "Cup"),
        next("#1", "Tea"),
        next("", "Jar"),
        next("", "Lid"),
    ];
    let all = orders(&rows.concat());
    let found: Vec<_> = all.iter().map(|order| (order.number.as_str(), names(order))).collect();
    assert_eq!(
        found,
        [
            ("#9", vec!["Pen", "Ink"]),
            ("#1", vec!["Mug"]),
            ("#8", vec!["Cup"]),
            ("#1", vec!["Tea"]),
            ("", vec!["Jar", "Lid"]),
        ]
    );
    let orphans = all.iter().filter(|order| order.faults.len() == 1);
    assert_eq!(orphans.clone().count(), 4);
    assert!(
        orphans
            .clone()
            .all(|order| reasons(order) == [Reason::OrphanRow] && order.status.is_none())
    );
}

#[test]
fn a_repeated_order_is_another_record() {
    let all = orders(&[first("#1"), first("#1"), first("#2"), first("#1")].concat());
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|order| order.faults.is_empty()));
}

#[test]
fn cells_filled_down_over_the_product_rows_are_not_guessed_about() {
    let filled = first("#1").replace("Mug", "Pen");
    let all = orders(&[first("#1"), filled, next("#1", "Ink"), first("#2")].concat());
    assert_eq!(names(&all[0]), ["Mug", "Pen", "Ink"]);
    assert_eq!(reasons(&all[0]), [Reason::RepeatedRow]);
    assert_eq!((all.len(), all[1].faults.len()), (2, 0));
}

#[test]
fn blank_rows_are_not_orders() {
    let blank = ",".repeat(HEADER.matches(',').count());
    let all = orders(&format!("{blank}\n\n  \n{}{blank}\n{}", first("#1"), next("#1", "Pen")));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].lines.len(), 2);
    assert!(orders("").is_empty());
}

#[test]
fn a_row_with_another_number_of_fields_spoils_its_own_order_only() {
    let long = next("#1", "Pen, red");
    let short = "#2,ann@example.com,paid,yes,USD\n";
    let nameless = ",oops\n";
    let all = orders(
        &[&first("#1"), &long, short, &next("#2", "Ink"), nameless, &first("#3")]
            .map(|s| s.to_owned())
            .concat(),
    );
    let found: Vec<_> = all
        .iter()
        .map(|order| (order.number.as_str(), reasons(order), order.lines.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("#1", vec![Reason::MalformedRow], 2),
            ("#2", vec![Reason::MalformedRow], 1),
            ("", vec![Reason::MalformedRow], 0),
            ("#3", vec![], 1),
        ]
    );
    assert_eq!(all[0].faults[0].line, 3, "the line where the row begins");
    assert_eq!(all[1].status, None, "no rule about statuses takes a malformed order away");
}

#[test]
fn a_quote_that_is_never_closed_spoils_the_order_it_is_in() {
    let rows =
        [first("#1"), first("#2").replace("Mug", "\"Mug"), first("#3"), first("#4")].concat();
    let all = orders(&rows);
    assert_eq!(all.len(), 2);
    assert_eq!((all[1].number.as_str(), reasons(&all[1])), ("#2", vec![Reason::MalformedRow]));
    assert_eq!(all[1].position.line, 3);
    assert_eq!(names(&all[1]), [""], "the rest of the file is no product");
    // In the last column the number of fields is right nevertheless.
    let all = orders(&[first("#1").replace("web", "\"web"), first("#2")].concat());
    assert_eq!(all.len(), 1);
    assert_eq!(reasons(&all[0]), [Reason::MalformedRow]);
    // The file may also end right within a cell.
    let all = orders(first("#1").replace("web", "\"web").trim_end());
    assert_eq!(reasons(&all[0]), [Reason::MalformedRow]);
}

#[test]
fn two_rows_joined_by_a_stray_quote_are_not_one_order() {
    let open = first("#1001").replace("0.00,,,Card", "0.00,\"note,,Card");
    let closed = first("#1002").replace("0.00,,,Card", "0.00,\"note\",,Card");
    let all = orders(&[open, closed, first("#1003")].concat());
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].number.as_str(), reasons(&all[0])), ("#1001", vec![Reason::MalformedRow]));
    assert!(all[1].faults.is_empty());
    let letter = format!("\"I have {} of them,\n#1 is best\"", ",".repeat(40));
    let all = orders(&first("#1").replace("0.00,,,Card", &format!("0.00,{letter},,Card")));
    assert!(all[0].faults.is_empty(), "a long note is just a note");
}

#[test]
fn invalid_utf8_makes_an_order_invalid_if_it_would_be_sent() {
    let text = format!(
        "{HEADER}\n{}{}{}",
        first("#1").replace("Mug", "Tasse à café"),
        next("#1", "Caf~"),
        first("#2").replace(",,,Card", ",~,,Card")
    );
    let bytes: Vec<u8> = text.bytes().map(|b| if b == b'~' { 0xe9 } else { b }).collect();
    let all = read(bytes).unwrap();
    assert_eq!(reasons(&all[0]), [Reason::BadEncoding]);
    assert_eq!((all[0].faults[0].field, all[0].faults[0].line), (Some("Lineitem name"), 3));
    assert_eq!(all[0].lines[1].name, "Caf\u{fffd}");
    assert!(all[1].faults.is_empty(), "the notes are not sent");
}

#[test]
fn a_record_without_end_is_an_error_and_not_memory() {
    let len = usize::try_from(RECORD_BYTES_MAX).unwrap() + 200_000;
    let text = format!("{HEADER}\n{}#2,\"{}", first("#1"), "x\n".repeat(len / 2));
    let error = read(text).unwrap_err();
    assert_eq!(error.line, 3);
    assert!(error.to_string().contains("longer than 16 MiB"), "{error}");
    assert!(error.hint.contains("unclosed quote?"));
}

#[test]
fn an_order_without_end_is_cut_and_marked() {
    let rows = first("#1") + &next("#1", "Pen").repeat(ORDER_LINES_MAX + 5) + &first("#2");
    let all = orders(&rows);
    assert_eq!(all[0].lines.len(), ORDER_LINES_MAX);
    assert_eq!(reasons(&all[0]), [Reason::FieldTooLong]);
    assert!(all[1].faults.is_empty());
}

#[test]
fn duties_are_charges_that_no_line_states() {
    let header = HEADER.replace(",Source", ",Source,Duties");
    let row = first("#1001").replace(",web\n", ",web,4.20\n");
    assert_eq!(read(format!("{header}\n{row}")).unwrap()[0].charges, "4.20");
    assert_eq!(orders(&first("#1001"))[0].charges, "");
}
