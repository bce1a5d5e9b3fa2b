//! What was not sent is listed with every reason, can be sent again, and goes out in safe forms.

mod causes;

use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind, RetryAfter};
use ordersync::state::LETTERS_OF_RUN_MAX;
use serde_json::Value;
use std::ops::Range;

/// A shop with invalid orders, and with two that ActiveCampaign refuses for different reasons.
fn loaded() -> (World, [String; 2]) {
    let world = World::new();
    let shop = GeneratorOptions {
        orders: 200,
        seed: 31,
        defects_permille: 60,
        ..GeneratorOptions::default()
    };
    world.generate(&shop);
    let preview = World::new();
    preview.generate(&shop);
    preview.load("backfill", 3);
    let orders = preview.target()["ecomOrders"].clone();
    let keys = [10, 20].map(|n: usize| orders[n]["externalid"].as_str().unwrap().to_owned());
    let bad = Kind::Status { code: 400, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(bad).on("POST", "/ecomOrders").key(&keys[0]).forever());
    let no_errors = Kind::ErrorsMissing;
    world.simulator.inject(Fault::new(no_errors).on("POST", "/ecomOrders").key(&keys[1]).forever());
    world.load("backfill", 3);
    world.simulator.clear_faults();
    (world, keys)
}

fn well(output: Finished) -> Finished {
    assert_eq!(output.code, 0, "{}{}", output.out, output.err);
    output
}

fn letters(world: &World) -> Value {
    well(world.run(&["--json", "dead-letters", "list"])).json()
}

fn of_order<'a>(letters: &'a Value, key: &str) -> &'a Value {
    letters["dead_letters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|letter| letter["order"] == key)
        .unwrap()
}

#[test]
fn the_list_counts_reasons_and_names_file_and_line() {
    let (world, keys) = loaded();
    let letters = letters(&world);
    let run = world.run(&["--json", "status"]).json()["jobs"][0]["runs"][0].clone();
    assert_eq!(letters["total"], run["invalid"].as_u64().unwrap() + 2);
    let refused = of_order(&letters, &keys[0]);
    assert_eq!((&refused["stage"], &refused["status"]), (&"refused".into(), &400.into()));
    assert_eq!(refused["reasons"][0]["reason"], "order_http_400");
    assert!(
        refused["line"].as_u64().unwrap() > 1
            && refused["file"].as_str().unwrap().contains("orders.csv")
    );
    let text = well(world.run(&["dead-letters", "list", "shop", "--limit", "3"])).out;
    assert!(
        text.contains("order_http_400") && text.contains("more; `ordersync dead-letters export`"),
        "{text}"
    );
}

#[test]
fn one_is_shown_with_advice_for_each_reason() {
    let (world, keys) = loaded();
    let number = of_order(&letters(&world), &keys[1])["number"].as_str().unwrap().to_owned();
    for order in [&keys[1], &number] {
        let text = well(world.run(&["dead-letters", "show", "shop", order])).out;
        assert!(
            text.contains("not accepted by ActiveCampaign") && text.contains("dead-letters retry"),
            "{text}"
        );
    }
    let number = letters(&world)["dead_letters"][0]["number"].as_str().unwrap().to_owned();
    let bare = number.trim_start_matches('#');
    for order in [bare.to_owned(), format!("#{bare}")] {
        well(world.run(&["dead-letters", "show", "shop", &order]));
    }
    let output = world.run(&["dead-letters", "show", "shop", "no-such-order"]);
    assert_eq!(output.code, 2);
    assert!(output.err.contains("dead-letters list shop"), "{}", output.err);
}

#[test]
fn a_retry_sends_the_chosen_ones_again_and_no_others() {
    let (world, keys) = loaded();
    let before = world.summary();
    assert_eq!(world.load("sync", 3)["refused"], 2, "left to itself, a sync does not ask again");
    assert_eq!(world.summary().writes, before.writes);
    let retry = ["--json", "dead-letters", "retry", "shop", "--reason", "order_http_400"];
    let output = well(world.run(&retry)).json()["retry"].clone();
    assert_eq!((&output["chosen"], &output["retried"]), (&1.into(), &1.into()));
    let run = world.load("sync", 3);
    assert_eq!((&run["created"], &run["refused"]), (&1.into(), &1.into()));
    assert_eq!(world.summary().orders, before.orders + 1);
    let letters = letters(&world);
    assert!(
        letters["dead_letters"].as_array().unwrap().iter().all(|letter| letter["order"] != keys[0])
    );
    let output = well(world.run(&["--json", "dead-letters", "retry", "--order", &keys[1]])).json();
    assert_eq!(output["retry"]["retried"], 1);
    assert_eq!(world.load("sync", 3)["created"], 1);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_retry_by_run_selects_letters_of_that_run_except_invalid_ones() {
    let (world, _) = loaded();
    let output = well(world.run(&["--json", "dead-letters", "retry", "--run", "9"])).json();
    assert_eq!(output["retry"]["chosen"], 0);
    let output =
        well(world.run(&["--json", "dead-letters", "retry", "--run", "1"])).json()["retry"].clone();
    assert_eq!((&output["chosen"], &output["retried"]), (&letters(&world)["total"], &2.into()));
    assert_eq!(output["invalid"], output["chosen"].as_u64().unwrap() - 2);
    assert_eq!(world.load("backfill", 3)["created"], 2, "a backfill sends them too");
}

#[test]
fn an_export_is_one_object_or_row_for_each() {
    let (world, _) = loaded();
    let total = letters(&world)["total"].as_u64().unwrap();
    let lines = well(world.run(&["dead-letters", "export"])).out;
    let objects: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len() as u64, total);
    assert!(objects.iter().all(|object| object["job"] == "shop" && object["reasons"].is_array()));
    let file = world.path("letters.csv");
    let path = file.to_str().unwrap();
    let output =
        well(world.run(&["dead-letters", "export", "shop", "--format", "csv", "--out", path]));
    assert!(output.out.is_empty());
    let text = std::fs::read_to_string(&file).unwrap();
    let head =
        "job,order,number,stage,reasons,file,line,status,attempts,first_run,last_run,accepted,note";
    assert_eq!((text.lines().next(), text.lines().count() as u64), (Some(head), total + 1));
}

#[test]
fn an_order_number_cannot_run_as_a_formula() {
    let world = World::new();
    world.export(
        "orders.csv",
        "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n\
         \"=HYPERLINK(\"\"http://x\"\")\",,paid,USD,10.00,2024-01-31 10:11:12 -0500,1,Mug,10.00\n",
    );
    world.load("backfill", 3);
    let csv = well(world.run(&["dead-letters", "export", "--format", "csv"])).out;
    assert!(csv.contains("\"'=HYPERLINK"), "{csv}");
}

#[test]
fn accepted_ones_make_no_run_end_with_three_until_they_change() {
    let (world, keys) = loaded();
    let all = letters(&world)["total"].clone();
    let accepted = well(world.run(&["--json", "dead-letters", "accept", "--order", &keys[0]]));
    assert_eq!(accepted.json()["accept"], serde_json::json!({ "chosen": 1, "accepted": 1 }));
    assert_eq!(world.load("sync", 3)["dead_letters"]["new"], all.as_u64().unwrap() - 1);
    let note = ["dead-letters", "accept", "--note", "test orders of 2019"];
    let output = well(world.run(&note)).out;
    assert!(output.contains("1 had been accepted before"), "{output}");
    let run = world.load("sync", 0);
    assert_eq!(run["dead_letters"], serde_json::json!({ "all": all, "new": 0 }));
    for (fail_on, code) in [("any", 3), ("never", 0), ("new", 0)] {
        assert_eq!(world.run(&["sync", "--fail-on", fail_on]).code, code, "{fail_on}");
    }
    let shown = well(world.run(&["dead-letters", "show", "shop", &keys[1]])).out;
    assert!(shown.contains(": test orders of 2019\n"), "{shown}");
    assert!(well(world.run(&["status"])).out.contains(&format!("{all} dead letters, accepted")));
    // Sent again and refused again, so it counts as new.
    let no_errors = Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders");
    world.simulator.inject(no_errors.key(&keys[1]).forever());
    well(world.run(&["dead-letters", "retry", "--order", &keys[1]]));
    assert_eq!(world.load("sync", 3)["dead_letters"]["new"], 1);
}

#[test]
fn accepting_again_without_a_note_keeps_the_note() {
    let (world, keys) = loaded();
    let key = keys[1].as_str();
    let accept = |more: &[&str]| {
        well(world.run(&[&["dead-letters", "accept", "--order", key], more].concat()));
        well(world.run(&["dead-letters", "show", "shop", key])).out
    };
    assert!(accept(&["--note", "tests of 2019"]).contains(": tests of 2019\n"));
    let shown = accept(&[]);
    assert!(shown.contains(": tests of 2019\n"), "{shown}");
    let shown = accept(&["--note", "tests of 2020"]);
    assert!(shown.contains(": tests of 2020\n") && !shown.contains("of 2019"), "{shown}");
    // Refused once more, so it is not what was noted.
    let no_errors = Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders");
    world.simulator.inject(no_errors.key(key).forever());
    well(world.run(&["dead-letters", "retry", "--order", key]));
    world.load("sync", 3);
    let shown = accept(&[]);
    assert!(!shown.contains("tests of"), "{shown}");
}

#[test]
fn an_accepted_record_with_another_fault_is_new_again() {
    let world = World::new();
    let row = |email: &str, total: &str| {
        format!(
            "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,\
             Lineitem name,Lineitem price,Id\n#1,{email},paid,EUR,600,{total},2024-01-31 10:00:00 +0100,1,\
             Mug,600,1\n"
        )
    };
    world.export("o.csv", row("", "600"));
    world.load("backfill", 3);
    well(world.run(&["dead-letters", "accept"]));
    assert_eq!(world.load("sync", 0)["invalid"], 1);
    world.export("o.csv", row("", "sixty"));
    assert_eq!(world.load("sync", 3)["dead_letters"]["new"], 1);
}

#[test]
fn records_without_a_letter_are_counted_by_every_verb() {
    let (world, _) = loaded();
    let ended = well(world.run(&["dead-letters", "list"]));
    assert!(!ended.err.contains("not listed"), "{}", ended.err);
    let state = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    let fill = "UPDATE runs SET invalid = 100123, refused = 0;
        WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT OR REPLACE INTO dead_letters
            (job, record, stage, number, file, line, reasons, attempts, first_run, last_run, at_ms)
        SELECT 'shop', 'o.csv:' || i, 'invalid', '', 'o.csv', i, 'missing_email', 0, 1, 1, 0 FROM n;
        DELETE FROM dead_letters WHERE file <> 'o.csv';";
    state.execute_batch(fill).unwrap();
    drop(state);
    for verb in ["list", "export", "retry", "accept"] {
        let ended = well(world.run(&["dead-letters", verb]));
        let expected = "shop: 123 more records were not sent that are not listed";
        assert!(ended.err.contains(expected), "{verb}: {}", ended.err);
    }
}

#[test]
fn exactly_as_many_as_a_run_keeps_do_not_hide_that_an_older_one_is_over() {
    let world = World::new();
    let export = |numbers: Range<u64>| {
        let mut text = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n".to_owned();
        for number in numbers {
            text.push_str(&format!(
                "#{number},,paid,USD,10.00,2024-01-31 10:11:12 -0500,1,Mug,10.00\n"
            ));
        }
        world.export("orders.csv", text);
    };
    export(1..2);
    world.load("backfill", 3);
    well(world.run(&["dead-letters", "show", "shop", "1"]));
    export(2..2 + LETTERS_OF_RUN_MAX);
    assert_eq!(world.load("sync", 3)["invalid"], LETTERS_OF_RUN_MAX);
    let shown = world.run(&["dead-letters", "show", "shop", "1"]);
    assert_eq!(shown.code, 2, "{}", shown.out);
}
