//! What an operator learns about a damaged export, and when.

use crate::world::{Finished, World, assert_adds_up};
use ordersync::samples::GeneratorOptions;
use std::io::Write;
use std::time::Duration;

fn generated(orders: u64) -> World {
    let world = World::new();
    world.generate(&GeneratorOptions { orders, seed: 5, ..GeneratorOptions::default() });
    world
}

fn cut(world: &World, name: &str, lines: usize) {
    let path = world.path("exports").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(lines).collect();
    std::fs::write(&path, kept).unwrap();
}

#[test]
fn an_export_that_shrank_is_reported_before_anything_is_sent_and_loses_nothing() {
    let world = generated(60);
    let whole = world.load("backfill", 0);
    assert_eq!(whole["warnings"], serde_json::json!([]));
    cut(&world, "orders.csv", 30);
    for (verb, args) in [("plan", &["plan"][..]), ("check", &["check", "--offline"])] {
        let output = world.run(args);
        assert!(
            output.out.contains("orders.csv has") && output.out.contains("it may be cut"),
            "{verb}: {}",
            output.out
        );
    }
    let plan = world.run(&["--json", "plan"]).json();
    assert_eq!(plan["plans"][0]["warnings"].as_array().unwrap().len(), 1);
    let output = world.run(&["--json", "sync"]);
    let run = output.json()["runs"][0].clone();
    assert!(output.err.contains("the export shrank"), "{}", output.err);
    assert_eq!(run["warnings"].as_array().unwrap().len(), 1);
    assert_adds_up(&run);
    assert_eq!(world.summary().orders, 60, "what is not in an export is not deleted");
    let again = world.run(&["--json", "sync"]).json();
    assert_eq!(
        again["runs"][0]["warnings"],
        serde_json::json!([]),
        "it is what the last run had read"
    );
}

#[test]
fn dead_letters_are_those_of_the_last_export_even_if_it_shrank() {
    let world = World::new();
    world.generate(&GeneratorOptions {
        orders: 80,
        seed: 6,
        defects_permille: 300,
        ..GeneratorOptions::default()
    });
    let total = |run: &serde_json::Value| {
        let dead = run["invalid"].as_u64().unwrap() + run["refused"].as_u64().unwrap();
        assert_eq!(world.run(&["--json", "dead-letters", "list"]).json()["total"], dead);
        dead
    };
    let whole = std::fs::read(world.path("exports/orders.csv")).unwrap();
    let before = total(&world.load("backfill", 3));
    cut(&world, "orders.csv", 3);
    assert!(total(&world.run(&["--json", "sync"]).json()["runs"][0]) < before);
    world.export("orders.csv", whole);
    assert_eq!(total(&world.load("sync", 3)), before, "they come back with their records");
}

#[test]
fn a_file_that_is_gone_is_reported_unless_another_took_its_place() {
    let world = generated(40);
    let text = std::fs::read(world.path("exports/orders.csv")).unwrap();
    world.load("backfill", 0);
    world.export("orders_2.csv", &text);
    std::fs::remove_file(world.path("exports/orders.csv")).unwrap();
    assert!(!world.run(&["plan"]).out.contains("is gone"), "the night's export has another name");
    world.export("orders_2.csv", &text[..text.len() / 3]);
    let output = world.run(&["plan"]).out;
    assert!(
        output.contains("Warning ")
            && output.contains("orders.csv (")
            && output.contains("is gone"),
        "{output}"
    );
}

/// The message of a backfill while the file is appended to every few milliseconds.
fn backfilled_while_written(world: &World) -> Finished {
    let path = world.path("exports/orders.csv");
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        while stopped.recv_timeout(Duration::from_millis(5)).is_err() {
            file.write_all(b"\n").unwrap();
        }
    });
    let output = world.run(&["backfill"]);
    stop.send(()).unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn nothing_is_sent_from_a_file_that_is_still_being_written() {
    // A writer that is stalled while the file is watched is detected later (1) or not at all (0),
    // but not each time.
    for _ in 0..20 {
        let world = generated(20);
        let output = backfilled_while_written(&world);
        if output.code < 2 {
            continue;
        }
        assert_eq!(output.code, 2, "{}\n{}", output.out, output.err);
        assert!(
            output.err.contains("is still being written") || output.err.contains("changed while"),
            "{}",
            output.err
        );
        assert_eq!(world.summary().requests, 0);
        assert_eq!(world.load("backfill", 0)["created"], 20);
        return;
    }
    panic!("each time it was loaded all the same");
}

#[test]
fn nothing_is_sent_while_a_browser_downloads_the_file() {
    let world = generated(5);
    world.export("orders.csv.crdownload", "Name,Em");
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 2);
    assert!(output.err.contains("is a download that is not finished"), "{}", output.err);
    assert!(output.err.contains("orders.csv: is still being downloaded"), "{}", output.err);
    assert_eq!(world.summary().requests, 0);
    std::fs::remove_file(world.path("exports/orders.csv.crdownload")).unwrap();
    assert_eq!(world.load("backfill", 0)["created"], 5);
}

#[test]
fn a_guessed_encoding_is_reported_in_text_and_json() {
    let world = generated(5);
    let text = std::fs::read_to_string(world.path("exports/orders.csv")).unwrap();
    let text = text.replacen("Vendor", "V~ndor", 1).replace(|c: char| !c.is_ascii(), "o");
    let bytes: Vec<u8> = text.bytes().map(|b| if b == b'~' { 0xe9 } else { b }).collect();
    world.export("orders.csv", &bytes);
    let plan = world.run(&["plan"]);
    assert!(
        plan.out.contains("Windows-1252") && plan.out.contains("guess"),
        "{}\n{}",
        plan.out,
        plan.err
    );
    let file = world.run(&["--json", "plan"]).json()["plans"][0]["files"][0].clone();
    assert_eq!(file["encoding"], "Windows-1252");
    assert!(file["notes"][0].as_str().unwrap().contains("guess"), "{file}");
    let check = world.run(&["check", "--offline"]).out;
    assert!(check.contains("note  jobs.shop") && check.contains("Windows-1252"), "{check}");
}

#[test]
fn the_formats_are_listed_without_any_settings() {
    let world = World::new();
    std::fs::remove_file(world.path("ordersync.toml")).unwrap();
    let output = world.run(&["formats"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(
        output.out.contains("shopify-csv") && output.out.contains("Needs: Name or Id, Email"),
        "{}",
        output.out
    );
    let json = world.run(&["--json", "formats", "--show", "shopify-json"]).json();
    assert_eq!(json["formats"].as_array().unwrap().len(), 1);
    assert!(json["formats"][0]["how"].as_str().unwrap().contains("orders.json"));
    let output = world.run(&["formats", "--show", "etsy-csv"]);
    assert!(
        output.out.contains("[mappings.etsy-csv]") && output.out.contains("Sale Date"),
        "{}",
        output.out
    );
    let output = world.run(&["formats", "--show", "shopfy"]);
    assert_eq!(output.code, 2);
    assert!(output.err.contains("expected one of: shopify-csv"), "{}", output.err);
}

#[test]
fn check_and_plan_say_what_was_seen_and_a_refusal_names_the_nearest() {
    let world = generated(5);
    for output in [world.run(&["plan"]), world.run(&["check", "--offline"])] {
        assert!(
            output.out.contains("UTF-8")
                && output.out.contains("of its 79 columns are those of a Shopify"),
            "{}",
            output.out
        );
    }
    world.export("orders.csv", "Name,Email,Amount\n");
    let output = world.run(&["plan"]);
    assert_eq!(output.code, 2);
    assert!(
        output.err.contains("the nearest is shopify-csv, which knows 2 of its 3 columns"),
        "{}",
        output.err
    );
    assert!(output.err.contains("a mapping in the settings reads any other"), "{}", output.err);
}

#[test]
fn of_an_order_that_lost_or_doubled_a_row_nothing_is_sent_even_below_a_discount() {
    let world = World::new();
    let head = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,\
                Lineitem quantity,Lineitem name,Lineitem price,Id\n";
    let first = "#1001,ann@example.com,paid,EUR,28.00,5.00,6.00,39.00,SPRING,10.00,2024-01-31 10:11:12 +0100,1,Mug,30.00,71\n";
    let second = "#1001,ann@example.com,,,,,,,,,2024-01-31 10:11:12 +0100,1,Spoon,8.00,\n";
    let output = |rows: &[&str]| {
        world.export("orders.csv", format!("{head}{}", rows.concat()));
        let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
        (plan["create"].clone(), plan["invalid_reasons"][0]["reason"].clone())
    };
    assert_eq!(output(&[first, second]), (1.into(), serde_json::Value::Null));
    assert_eq!(output(&[first]), (0.into(), "truncated".into()));
    assert_eq!(output(&[first, second, second]), (0.into(), "repeated_row".into()));
}
