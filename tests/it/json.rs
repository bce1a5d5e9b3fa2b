//! A JSON export is loaded like a CSV export.

use crate::world::{World, assert_adds_up};

fn order(id: u32, total: &str) -> String {
    format!(
        r##"{{"id":{id},"name":"#{id}","email":"ann{id}@example.com","customer":{{"id":{id}00}},
        "created_at":"2024-01-31T10:11:12-05:00","currency":"USD","total_price":{total},"financial_status":"paid",
        "line_items":[{{"variant_id":7,"name":"Mug","price":"{}","quantity":1}}]}}"##,
        total.trim_matches('"')
    )
}

#[test]
fn orders_in_json_arrive_to_the_cent_and_a_second_time_send_nothing() {
    let world = World::new();
    world.export(
        "page_1.json",
        format!(r#"{{"orders":[{},{}]}}"#, order(1, "\"0.10\""), order(2, "19.99")),
    );
    world.export("page_2.json", format!(r#"{{"orders":[{},null]}}"#, order(3, "\"1E+3\"")));
    let run = world.load("backfill", 3);
    assert_eq!((&run["read"], &run["created"], &run["invalid"]), (&4.into(), &3.into(), &1.into()));
    assert_adds_up(&run);
    let summary = world.summary();
    assert_eq!((summary.orders, summary.by_currency["USD"].total_minor), (3, 102_009));
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    let second = world.load("backfill", 3);
    assert_eq!((&second["unchanged"], &second["requests"]["total"]), (&3.into(), &0.into()));
}

#[test]
fn of_a_file_that_was_cut_the_last_order_is_not_sent_and_the_cut_is_reported() {
    let world = World::new();
    let text = format!("[{},\n{}]", order(1, "1"), order(2, "2"));
    world.export("orders.json", &text[..text.len() - 3]);
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 1, "{}\n{}", output.out, output.err);
    let said = format!("{}{}", output.out, output.err);
    assert!(
        said.contains("orders.json, line 4, column 1: ends within the record that begins here"),
        "{said}"
    );
    assert!(!said.contains("ann2@example.com"));
    assert_eq!(world.summary().orders, 0, "a backfill plans first, and the plan met the cut");
    assert_eq!(world.run(&["sync"]).code, 1);
    assert_eq!(world.summary().orders, 1, "what came before the cut was whole");
    world.export("orders.json", text);
    assert_eq!(world.load("backfill", 0)["created"], 1);
    assert_eq!(world.summary().orders, 2);
}

#[test]
fn a_file_that_was_cut_is_named_by_every_verb_that_reads_it() {
    let world = World::new();
    let text = format!("[{},\n{}]", order(1, "1"), order(2, "2"));
    world.export("orders.json", &text);
    world.load("backfill", 0);
    world.export("orders.json", &text[..text.len() - 3]);
    for verb in [&["plan"][..], &["verify", "shop"], &["adopt", "shop"], &["explain", "shop", "9"]]
    {
        let ended = world.run(&[&["--json"], verb].concat());
        assert_eq!(ended.code, 1, "{verb:?}: {}{}", ended.out, ended.err);
        let error = ended.json()["error"].clone();
        assert_eq!((&error["code"], &error["where"]["line"]), (&"export".into(), &4.into()));
        assert!(error["where"]["file"].as_str().unwrap().ends_with("orders.json"), "{error}");
    }
}

#[test]
fn check_shows_which_format_it_saw() {
    let world = World::new();
    world.export("orders.json", order(1, "1"));
    world.export("other.json", r#"{"ordering":1,"sum":2}"#);
    let output = world.run(&["check", "--offline"]);
    assert_eq!(output.code, 2);
    assert!(output.out.contains("Formats known: shopify-csv, "), "{}", output.out);
    assert!(output.out.contains("not recognised: its keys are ordering, sum"), "{}", output.out);
}
