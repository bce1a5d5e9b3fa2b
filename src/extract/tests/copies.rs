//! Which of several copies of an order counts.

use super::*;
use crate::extract::content_of;
use proptest::prelude::*;

fn woo(id: u32, modified: &str, total: &str) -> String {
    format!(
        r#"{{"id": {id}, "number": "{id}", "status": "processing", "currency": "EUR", "total": "{total}",
        "date_created_gmt": "2024-01-01T00:00:00", "date_modified_gmt": "{modified}", "customer_id": 0,
        "billing": {{"email": "a@example.com"}}, "line_items": [{{"id": 1, "name": "Mug", "quantity": 1, "subtotal": "{total}"}}]}}"#
    )
}

/// The totals of the copies that count.
fn counting(folder: &Folder, files: &[&str]) -> Vec<String> {
    let orders = folder.read(files).unwrap().into_iter().filter(|order| !order.is_superseded);
    orders.map(|order| format!("{}={}", order.id, order.total)).collect()
}

#[test]
fn the_newest_copy_counts_wherever_it_is() {
    let (old, new) =
        (woo(7, "2024-01-02T00:00:00", "10.00"), woo(7, "2024-01-03T00:00:00", "9.00"));
    let other = woo(8, "2024-01-01T00:00:00", "5.00");
    for records in [[&old, &new, &other], [&new, &old, &other], [&new, &other, &old]] {
        let mut found =
            counting(&Folder::with("a.json", records.map(String::as_str).join("\n")), &["a.json"]);
        found.sort();
        assert_eq!(found, ["7=9.00", "8=5.00"]);
    }
    for (first, last) in [(&old, &new), (&new, &old)] {
        let folder = Folder::with("a.json", first);
        folder.put("b.json", format!("[{last}, {other}]"));
        let mut found = counting(&folder, &["a.json", "b.json"]);
        found.sort();
        assert_eq!(found, ["7=9.00", "8=5.00"]);
    }
}

#[test]
fn times_are_compared_as_moments() {
    let folder = Folder::with("a.json", woo(7, "2024-01-02T09:00:00+02:00", "10.00"));
    folder.put("b.json", woo(7, "2024-01-02T08:00:00", "9.00"));
    assert_eq!(counting(&folder, &["*.json"]), ["7=9.00"]);
    folder.put("b.json", woo(7, "2024-01-02T06:59:59Z", "9.00"));
    assert_eq!(counting(&folder, &["*.json"]), ["7=10.00"]);
}

#[test]
fn without_two_times_both_are_left_to_the_order_of_the_files() {
    for (first, second) in
        [("", ""), ("2024-01-02T00:00:00", ""), ("", "2024-01-02T00:00:00"), ("soon", "2024-01-02")]
    {
        let folder =
            Folder::with("a.json", [woo(7, first, "10.00"), woo(7, second, "9.00")].join("\n"));
        assert_eq!(counting(&folder, &["a.json"]), ["7=10.00", "7=9.00"], "{first} {second}");
    }
}

#[test]
fn a_copy_whose_fields_cannot_be_trusted_replaces_none() {
    let damaged =
        woo(7, "2024-01-09T00:00:00", "9.00").replace("line_items\": [", "line_items\": [7, ");
    let folder =
        Folder::with("a.json", [woo(7, "2024-01-02T00:00:00", "10.00"), damaged].join("\n"));
    assert_eq!(counting(&folder, &["a.json"]).len(), 2);
}

#[test]
fn csv_of_every_kind_that_states_times_is_compared_too() {
    let header = "Order Number,Order Status,Order Date,Modification Date,Currency,Order Total Amount,Email (Billing),\
                  Item Name,Quantity,Item Cost,Billing City";
    let row = |number: u32, modified: &str, total: &str| {
        format!(
            "{number},processing,2024-01-01 10:00,{modified},EUR,{total},a@example.com,Mug,1,{total},Rome\n"
        )
    };
    let table = |rows: &[String]| format!("{header}\n{}", rows.concat());
    let folder = Folder::with(
        "a.csv",
        table(&[row(7, "2024-01-03 10:00", "9.00"), row(8, "2024-01-01 10:00", "5.00")]),
    );
    folder.put("b.csv", table(&[row(7, "2024-01-02 10:00", "10.00")]));
    let numbers = |patterns: &[&str]| {
        let orders =
            folder.read(patterns).unwrap().into_iter().filter(|order| !order.is_superseded);
        orders.map(|order| format!("{}={}", order.number, order.total)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&["a.csv", "b.csv"]), ["7=9.00", "8=5.00"]);
    folder.put(
        "c.csv",
        table(&[
            row(7, "2024-01-02 10:00", "10.00"),
            row(8, "2024-01-01 10:00", "5.00"),
            row(7, "2024-01-03 10:00", "9.00"),
        ]),
    );
    assert_eq!(numbers(&["c.csv"]), ["8=5.00", "7=9.00"]);
    // The total shows that a repeated copy is one. Adjacent copies with different times can't be
    // distinguished from one with more lines.
    let (old, new) = (row(7, "2024-01-02 10:00", "9.00"), row(7, "2024-01-03 10:00", "9.00"));
    let others = [row(8, "2024-01-01 10:00", "5.00"), row(9, "2024-01-01 10:00", "5.00")];
    let [eight, nine] = &others;
    for (rows, reason) in [
        (vec![&new, eight, &old, nine, &new], None),
        (vec![&new, &new, eight], None),
        (vec![&old, &new, eight], Some(Reason::ContradictoryRows)),
    ] {
        let rows: Vec<String> = rows.into_iter().cloned().collect();
        folder.put("d.csv", table(&rows));
        let orders = folder.read(&["d.csv"]).unwrap();
        let counting = orders.iter().filter(|order| order.number == "7" && !order.is_superseded);
        for order in counting {
            assert_eq!(order.faults.first().map(|fault| fault.reason), reason, "{rows:?}");
            assert!(reason.is_some() || order.lines.len() == 1, "{rows:?}");
        }
    }
}

#[test]
fn copies_at_other_places_have_the_same_hash_and_orders_that_differ_have_not() {
    let table = format!("{HEADER}\n{}{}\n{}", first("#1"), first("#2"), first("#1"));
    let other = format!("{HEADER}\n{}", first("#1").replace("10.00", "10.01"));
    let folder = Folder::with("a.csv", table);
    folder.put("b.csv", other);
    let read = |file: &str| folder.read(&[file]).unwrap();
    let hashes: Vec<u64> = read("a.csv").iter().map(content_of).collect();
    let [one, two, again] = hashes[..] else { panic!("{hashes:?}") };
    assert_eq!(one, again);
    assert_ne!(one, two);
    assert_ne!(one, content_of(&read("b.csv")[0]));
}

#[test]
fn a_search_that_was_cut_short_knows_nothing_of_what_is_behind() {
    let records = [woo(7, "", "10.00"), woo(8, "", "5.00"), woo(7, "", "10.00")].join("\n");
    let folder = Folder::with("a.json", records.clone() + "{");
    let reader = folder.open(&["a.json"]).unwrap().read();
    let mut marks = crate::extract::copies::all(&reader.inputs, &reader.zone).unwrap();
    assert!((0..2).all(|record| marks.has(record) == Ok(false)));
    assert_eq!(marks.has(2), Ok(true));
    assert!(marks.has(3).is_err(), "a record that this search did not reach");
}

proptest! {
    #[test]
    fn of_each_order_the_first_of_the_newest_copies_counts(
        copies in prop::collection::vec((0..4_u32, 0..4_u32, 0..2_u32, any::<bool>()), 1..12),
    ) {
        let modified = |time: u32| if time == 0 { String::new() } else { format!("2024-01-0{time}T00:00:00") };
        let folder = Folder::new();
        let text = |last: bool| {
            let own = copies.iter().filter(|copy| copy.3 == last);
            own.map(|(id, time, total, _)| woo(*id, &modified(*time), &format!("{total}.00"))).collect::<Vec<_>>().join("\n")
        };
        // The last file is read first.
        let mut expected = copies.clone();
        expected.sort_by_key(|copy| !copy.3);
        for last in [false, true] {
            folder.put(if last { "b.json" } else { "a.json" }, text(last));
        }
        let files: Vec<&str> = ["a.json", "b.json"].into_iter().filter(|file| {
            folder.path().join(file).metadata().unwrap().len() > 0
        }).collect();
        let read = folder.read(&files).unwrap();
        prop_assert_eq!(read.len(), expected.len());
        for (at, (order, copy)) in read.iter().zip(&expected).enumerate() {
            let of_order = || expected.iter().filter(|other| other.0 == copy.0);
            let is_older = copy.1 > 0 && of_order().any(|other| other.1 > copy.1);
            // The run may handle identical copies.
            let is_repeated = expected[..at].iter().any(|other| other == copy || (other.0, other.1, other.2) == (copy.0, copy.1, copy.2));
            prop_assert!(order.is_superseded || !is_older, "{at} is older: {copies:?}");
            prop_assert!(!order.is_superseded || is_older || is_repeated, "{at} counts: {copies:?}");
        }
    }
}
