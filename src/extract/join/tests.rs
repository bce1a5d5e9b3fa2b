//! The result for records of one order, wherever they are.

use super::merge::{is_short, merge};
use super::piece::{Piece, Role};
use crate::domain::{
    Position, Reason, RecordError, SourceDiscount, SourceLine, SourceOrder, Status,
};
use proptest::prelude::*;

fn order(file: u32) -> Piece {
    let position = Position { record: 0, file, line: 7, ..Position::default() };
    let stated =
        SourceOrder { id: "1".into(), currency: "USD".into(), position, ..SourceOrder::default() };
    Piece { role: Role::Order, key: "1".into(), stated, ..Piece::default() }
}

fn line(file: u32, id: &str) -> Piece {
    let item = SourceLine {
        name: format!("Product {id}").into(),
        quantity: "2".into(),
        at_line: 9,
        ..SourceLine::default()
    };
    let position = Position { record: 0, file, line: 9, ..Position::default() };
    let stated = SourceOrder { position, lines: vec![item], ..SourceOrder::default() };
    Piece {
        role: Role::Part,
        key: "1".into(),
        id: format!("line:{id}").into(),
        quantity: None,
        stated,
    }
}

#[test]
fn huge_quantities_are_not_short() {
    let huge = || SourceLine { quantity: u64::MAX.to_string().into(), ..SourceLine::default() };
    let order = SourceOrder { lines: vec![huge(), huge()], ..SourceOrder::default() };
    assert!(!is_short(&order, 3));
}

fn names(order: &SourceOrder) -> Vec<&str> {
    order.lines.iter().map(|line| line.name.as_str()).collect()
}

fn reasons(order: &SourceOrder) -> Vec<Reason> {
    order.faults.iter().map(|fault| fault.reason).collect()
}

#[test]
fn lines_join_their_order_from_before_it_and_after_it() {
    let all = merge(vec![line(0, "a"), order(0), line(0, "b")], false);
    assert_eq!(all.len(), 1);
    assert_eq!(names(&all[0]), ["Product a", "Product b"]);
    assert_eq!((all[0].position.line, all[0].lines[0].at_line), (7, 9));
    let elsewhere = merge(vec![order(0), line(1, "a")], false);
    assert_eq!(
        elsewhere[0].lines[0].at_line, 0,
        "line 9 of another file is not line 9 of this one"
    );
}

#[test]
fn lines_without_their_order_are_one_invalid_record() {
    let all = merge(vec![line(0, "a"), line(0, "b")], false);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].id.as_str(), all[0].position.line), ("1", 9));
    assert_eq!(reasons(&all[0]), [Reason::OrphanRow]);
}

#[test]
fn parts_of_a_deleted_order_are_removed_with_it() {
    let deleted = Piece { role: Role::Deleted, ..order(0) };
    assert!(merge(vec![line(0, "a"), deleted], false).is_empty());
}

#[test]
fn a_repeated_part_is_used_once_and_a_changed_one_is_not_guessed() {
    let all = merge(vec![order(0), line(0, "a"), line(0, "a"), line(1, "b"), line(1, "c")], false);
    assert_eq!(names(&all[0]), ["Product a", "Product b", "Product c"]);
    assert!(all[0].faults.is_empty(), "one table, written to two files");
    let all = merge(vec![order(0), line(0, "a"), line(1, "a"), line(1, "b")], false);
    assert_eq!(
        reasons(&all[0]),
        [Reason::RepeatedRow],
        "two dumps, between which something changed"
    );
    let between = vec![order(0), line(0, "a"), line(1, "b"), line(2, "a"), line(2, "c")];
    assert_eq!(reasons(&merge(between, false)[0]), [Reason::RepeatedRow], "in any two files");
    let mut changed = line(0, "a");
    changed.stated.lines[0].quantity = "3".into();
    let all = merge(vec![order(0), line(0, "a"), changed.clone()], false);
    assert_eq!(reasons(&all[0]), [Reason::RepeatedRow]);
    changed.stated.position.file = 1;
    let all = merge(vec![order(0), line(0, "a"), changed], false);
    assert_eq!(
        (all[0].lines[0].quantity.as_str(), all[0].faults.len()),
        ("2", 0),
        "the newer file counts"
    );
}

#[test]
fn an_order_of_two_dumps_takes_no_line_back_that_was_removed_between_them() {
    let same = vec![order(0), line(2, "a"), order(1), line(3, "a")];
    let all = merge(same, false);
    assert_eq!(all.iter().map(|order| order.position.file).collect::<Vec<_>>(), [0, 1]);
    assert!(all.iter().all(|order| names(order) == ["Product a"] && order.faults.is_empty()));
    let removed = vec![order(0), line(2, "a"), order(1), line(3, "a"), line(3, "b")];
    assert!(merge(removed, false).iter().all(|order| reasons(order) == [Reason::RepeatedRow]));
}

#[test]
fn an_order_with_fewer_items_than_stated_is_marked() {
    let with = |quantity| {
        let order = Piece { quantity, ..order(0) };
        reasons(&merge(vec![order, line(0, "a"), line(0, "b")], false)[0])
    };
    assert_eq!(with(Some(5)), [Reason::Truncated]);
    assert_eq!(with(Some(4)), []);
    assert_eq!(with(Some(3)), [], "bundles may be counted once");
    assert_eq!(with(None), []);
    let all = merge(vec![order(0), line(0, "a")], true);
    assert_eq!(reasons(&all[0]), [Reason::FieldTooLong], "pieces were dropped");
}

#[test]
fn amounts_of_parts_add_up_and_never_over_two_currencies() {
    let refund = |amount: &str, currency: &str| {
        let mut piece = line(0, amount);
        piece.stated.lines.clear();
        piece.stated.refunded = amount.into();
        piece.stated.currency = currency.into();
        piece.stated.shipping = amount.into();
        piece
    };
    let all = merge(vec![order(0), refund("1.10", "USD"), refund("2.20", "")], false);
    assert_eq!((all[0].refunded.as_str(), all[0].shipping.as_str()), ("3.3", "3.3"));
    let all = merge(vec![order(0), refund("1.10", "USD"), refund("2.20", "CAD")], false);
    assert_eq!(all[0].refunded, "unknown", "which `net` refuses");
    let mut stated = order(0);
    stated.stated.shipping = "9.00".into();
    assert_eq!(merge(vec![stated, refund("1.10", "USD")], false)[0].shipping, "9.00");
    let code = |id: &str| {
        let discount =
            SourceDiscount { name: "CODE".into(), amount: "1.50".into(), of_shipping: false };
        let mut piece = line(0, id);
        piece.stated.discounts = vec![discount];
        piece
    };
    let all = merge(vec![order(0), code("a"), code("b")], false);
    assert_eq!(all[0].discounts.len(), 1);
    assert_eq!(all[0].discounts[0].amount, "3", "each line states its share of the code");
}

#[test]
fn an_order_waits_on_disk_with_all_its_fields() {
    let text = |n: usize| format!("{n}\u{1f56f}");
    let mut stated = SourceOrder {
        position: Position { record: 1, file: u32::MAX, line: u64::MAX, ..Position::default() },
        accepts_marketing: Some(true),
        discounts: vec![SourceDiscount {
            name: text(1).into(),
            amount: text(2).into(),
            of_shipping: true,
        }],
        status: Some(Status::Test),
        lines: vec![SourceLine {
            id: text(3).into(),
            product_url: text(4).into(),
            at_line: 300,
            ..SourceLine::default()
        }],
        faults: vec![
            RecordError::new(Reason::BadId),
            RecordError::of(Reason::BadEncoding, "name").at_line(8),
        ],
        ..SourceOrder::default()
    };
    let fields = [
        &mut stated.id,
        &mut stated.email,
        &mut stated.total,
        &mut stated.order_url,
        &mut stated.refunded,
    ];
    fields.into_iter().enumerate().for_each(|(n, field)| *field = text(n).into());
    let piece = Piece {
        role: Role::Part,
        key: text(5).into(),
        id: text(6).into(),
        quantity: Some(u64::MAX - 1),
        stated,
    };
    let bytes = piece.to_bytes().unwrap();
    for cut in 0..bytes.len() {
        assert!(Piece::from_bytes(&text(5), &bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(Piece::from_bytes(&text(5), &bytes).unwrap(), piece);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Piece::from_bytes("", &bytes);
    }
}
