//! One order end to end.

use crate::world::{Finished, World};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Ending, Fault, Kind, RetryAfter};
use serde_json::Value;

fn loaded() -> World {
    let world = World::new();
    world.generate(&GeneratorOptions {
        orders: 60,
        seed: 31,
        defects_permille: 200,
        ..GeneratorOptions::default()
    });
    world.load("backfill", 3);
    world
}

fn explained(world: &World, order: &str, more: &[&str]) -> Finished {
    world.run(&[&["explain", "shop", order], more].concat())
}

#[test]
fn a_loaded_order_is_reported_from_its_line_to_its_id_in_activecampaign() {
    let world = loaded();
    let target = world.target()["ecomOrders"][7].clone();
    let (key, number) =
        (target["externalid"].as_str().unwrap(), target["orderNumber"].as_str().unwrap());
    for asked in [key, number, number.trim_start_matches('#')] {
        let output = explained(&world, asked, &["--json"]);
        assert_eq!(output.code, 0, "{}", output.err);
        let value = output.json();
        let record = &value["records"][0];
        assert!(
            record["file"].as_str().unwrap().ends_with("orders.csv")
                && record["line"].as_u64() > Some(1)
        );
        let fate = &record["fate"];
        assert_eq!((&fate["is"], &fate["key"]), (&"valid".into(), &key.into()));
        assert_eq!(fate["remote_id"].as_str().unwrap(), target["id"].as_str().unwrap());
        assert_eq!(
            (&fate["last_write"]["run"], &fate["last_write"]["outcome"]),
            (&1.into(), &"created".into())
        );
        let payload = &fate["payload"]["ecomOrder"];
        assert_eq!(payload["source"], 0);
        assert_eq!(payload["totalPrice"].to_string(), target["totalPrice"].as_str().unwrap());
    }
    let text = explained(&world, key, &[]).out;
    assert!(text.contains("created, by run 1") && text.contains("next sync: nothing"), "{text}");
}

#[test]
fn the_address_is_masked_by_default() {
    let world = loaded();
    let target = world.target()["ecomOrders"][7].clone();
    let (key, email) = (target["externalid"].as_str().unwrap(), target["email"].as_str().unwrap());
    for form in [&["--json"][..], &[]] {
        let output = explained(&world, key, form);
        assert!(!output.out.contains(email) && output.out.contains("***@"), "{}", output.out);
    }
    assert!(explained(&world, key, &["--reveal"]).out.contains(email));
}

#[test]
fn an_invalid_order_is_reported_with_its_reasons_and_its_dead_letter() {
    let world = loaded();
    let letters = world.run(&["--json", "dead-letters", "list"]).json();
    let letter =
        &letters["dead_letters"].as_array().unwrap().iter().find(|l| l["number"] != "").unwrap();
    let value = explained(&world, letter["number"].as_str().unwrap(), &["--json"]).json();
    let is_there = |record: &serde_json::Value| {
        record["fate"]["is"] == "invalid"
            && record["fate"]["reasons"][0]["reason"] == letter["reasons"][0]["reason"]
    };
    assert!(value["records"].as_array().unwrap().iter().any(is_there), "{value}");
    assert_eq!(value["dead_letters"][0]["order"], letter["order"]);
}

#[test]
fn an_unknown_order_is_wrong_usage() {
    let output = explained(&loaded(), "#no-such-order", &[]);
    assert_eq!(output.code, 2);
    assert!(
        output.err.contains("#no-such-order") && output.err.contains("hint:"),
        "{}",
        output.err
    );
}

/// The ledger's entry of an order.
fn ledger(world: &World, order: &str) -> Value {
    let output = explained(world, order, &["--json"]);
    assert_eq!(output.code, 0, "{}", output.err);
    output.json()["ledger"][0].clone()
}

fn attempts(ledger: &Value, field: &str) -> Vec<String> {
    let attempts = ledger["attempts"].as_array().unwrap().iter();
    attempts.map(|past| past[field].as_str().unwrap_or("-").to_owned()).collect()
}

/// A small shop that is loaded, and one of its orders.
fn shop(orders: u64) -> (World, Value) {
    let world = World::new();
    world.generate(&GeneratorOptions { orders, seed: 13, ..GeneratorOptions::default() });
    world.load("backfill", 0);
    let order = world.target()["ecomOrders"][0].clone();
    (world, order)
}

fn text<'a>(order: &'a Value, name: &str) -> &'a str {
    order[name].as_str().unwrap()
}

fn verify(world: &World, more: &[&str], code: i32) {
    let output = world.run(&[&["verify", "shop"], more].concat());
    assert_eq!(output.code, code, "{}{}", output.out, output.err);
}

#[test]
fn each_attempt_is_reported_with_what_activecampaign_answered() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 1, seed: 13, ..GeneratorOptions::default() });
    let away = Kind::Status { code: 503, retry_after: RetryAfter::None, html: true };
    world.simulator.inject(Fault::new(away).on("POST", "/ecomOrders"));
    let lost = Kind::Stored {
        then: Ending::Status { code: 502, retry_after: RetryAfter::None, html: true },
    };
    world.simulator.inject(Fault::new(lost).on("POST", "/ecomOrders"));
    world.load("backfill", 0);
    let order = world.target()["ecomOrders"][0].clone();
    let ledger = ledger(&world, text(&order, "externalid"));
    let (what, answers) = (attempts(&ledger, "what"), attempts(&ledger, "answer"));
    assert_eq!(
        (what[0].as_str(), &ledger["attempts"][0]["status"]),
        ("create", &503.into()),
        "{ledger}"
    );
    assert!(
        ledger["attempts"].as_array().unwrap().iter().any(|past| past["status"] == 502),
        "{ledger}"
    );
    assert!(what.contains(&"look_up".to_owned()), "{ledger}");
    let last = ledger["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (what.last().unwrap().as_str(), answers.last().unwrap().as_str()),
        ("create", "done")
    );
    assert_eq!((&last["remote_id"], &last["run"]), (&order["id"], &1.into()));
    let at = last["at"].as_str().unwrap();
    assert!(
        at.ends_with("-05:00") || at.ends_with("-04:00"),
        "the job's zone, with its offset: {at}"
    );
    let output = explained(&world, text(&order, "externalid"), &[]).out;
    assert!(
        output.contains("503") && output.contains("unknown whether it was processed"),
        "{output}"
    );
}

#[test]
fn of_an_order_that_was_sent_often_the_first_and_the_last_attempts_are_reported() {
    let (world, order) = shop(1);
    for total in 1..=12 {
        world
            .simulator
            .edit(Edit::SetTotal { externalid: text(&order, "externalid").into(), total })
            .unwrap();
        verify(&world, &["--repair"], 7);
        world.load("sync", 0);
    }
    let ledger = ledger(&world, text(&order, "externalid"));
    let what = attempts(&ledger, "what");
    assert_eq!((what.len(), &ledger["attempts_not_kept"]), (10, &15.into()), "{ledger}");
    assert_eq!((what[0].as_str(), what[9].as_str()), ("create", "update"));
    let output = explained(&world, text(&order, "externalid"), &[]).out;
    assert!(output.contains("15 older ones not kept"), "{output}");
}

#[test]
fn the_last_verification_of_an_order_is_reported_with_the_fate_of_a_difference() {
    let (world, order) = shop(20);
    let key = text(&order, "externalid");
    let verification = |world: &World| ledger(world, key)["verification"].clone();
    assert_eq!(verification(&world)["is"], "never");
    verify(&world, &[], 0);
    let equal = verification(&world);
    assert_eq!(
        (&equal["is"], &equal["written_since"]),
        (&"equal".into(), &false.into()),
        "{equal}"
    );
    world.simulator.edit(Edit::SetTotal { externalid: key.into(), total: 1 }).unwrap();
    verify(&world, &["--repair"], 7);
    let different = verification(&world);
    assert_eq!(
        (&different["is"], &different["differs"]),
        (&"different".into(), &serde_json::json!(["total"]))
    );
    assert_eq!(different["written_since"], false);
    world.load("sync", 0);
    let repaired = ledger(&world, key);
    assert_eq!(attempts(&repaired, "what"), ["create", "repair", "update"]);
    assert_eq!(
        (&repaired["verification"]["is"], &repaired["verification"]["written_since"]),
        (&"different".into(), &true.into())
    );
    let output = explained(&world, key, &[]).out;
    assert!(
        output.contains("it differed: total") && output.contains("written again by run 2"),
        "{output}"
    );
    let other = world.target()["ecomOrders"][1].clone();
    assert_eq!(
        ledger(&world, text(&other, "externalid"))["verification"]["is"],
        "equal",
        "as it was then"
    );
    verify(&world, &[], 0);
    assert_eq!(verification(&world)["is"], "equal");
}

#[test]
fn an_order_that_was_missing_is_reported_through_its_repair() {
    let (world, order) = shop(20);
    let key = text(&order, "externalid");
    world.simulator.edit(Edit::DeleteOrder { externalid: key.into() }).unwrap();
    verify(&world, &[], 7);
    let output = ledger(&world, key);
    assert_eq!(output["verification"]["differs"], serde_json::json!(["missing"]), "{output}");
    verify(&world, &["--repair"], 7);
    let output = ledger(&world, key)["verification"].clone();
    assert_eq!(
        (&output["differs"], &output["written_since"]),
        (&serde_json::json!(["missing"]), &false.into())
    );
    world.load("sync", 0);
    let output = ledger(&world, key);
    assert_eq!(attempts(&output, "what"), ["create", "repair", "create"]);
    assert_eq!(output["verification"]["written_since"], true, "{output}");
}

#[test]
fn an_order_that_no_sample_held_is_not_called_verified() {
    let (world, _) = shop(30);
    verify(&world, &["--sample", "1/3"], 0);
    let mut verified = 0;
    for order in world.target()["ecomOrders"].as_array().unwrap() {
        let output = ledger(&world, text(order, "externalid"))["verification"].clone();
        assert_eq!(output["sample"], "1/3", "{output}");
        assert!(output["is"] == "equal" || output["is"] == "not_compared", "{output}");
        verified += usize::from(output["is"] == "equal");
    }
    let summary = world.run(&["status", "--json"]).json()["jobs"][0]["last_verification"].clone();
    assert_eq!((&summary["matching"], &summary["sample"]), (&30.into(), &"1/3".into()));
    assert!(verified > 0 && verified < 30, "{verified}");
}

#[test]
fn an_undone_order_is_reported_with_its_delete_also_when_the_export_no_longer_has_it() {
    let (world, _) = shop(20);
    let key = world.keys()[15].clone();
    let undone = world.run(&["--quiet", "undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.err);
    let output = ledger(&world, &key);
    assert_eq!(attempts(&output, "what"), ["create", "delete"]);
    assert!(
        output["remote_id"].is_null()
            && output["attempts"][1]["remote_id"] == output["attempts"][0]["remote_id"],
        "{output}"
    );
    world.generate(&GeneratorOptions { orders: 3, seed: 99, ..GeneratorOptions::default() });
    let output = explained(&world, &key, &[]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(
        output.out.contains("Not in the export.") && output.out.contains("undo of run 1"),
        "{}",
        output.out
    );
}

#[test]
fn a_refused_order_to_be_retried_is_shown_as_such() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 5, seed: 13, ..GeneratorOptions::default() });
    let key = world.keys()[2].clone();
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").key(&key).forever());
    world.load("backfill", 3);
    assert_eq!(ledger(&world, &key)["last_write"]["outcome"], "refused");
    assert_eq!(world.run(&["dead-letters", "retry", "shop"]).code, 0);
    world.simulator.clear_faults();
    world.load("sync", 0);
    let output = ledger(&world, &key);
    let what = attempts(&output, "what");
    assert_eq!(
        (what[0].as_str(), &what[what.len() - 2..]),
        ("create", &["retry".to_owned(), "create".to_owned()][..]),
        "{output}"
    );
}
