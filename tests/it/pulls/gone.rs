//! Orders that are gone from the shop.

use crate::nights::Nights;
use crate::undo::rename;
use crate::world::{World, until};
use ordersync::simulator::shops::SHOPS;
use ordersync::simulator::{Edit, Ending, Fault, Kind};
use std::path::Path;

#[test]
fn orders_that_are_gone_from_the_shop_are_deleted_if_the_policy_says_so() {
    for system in SHOPS {
        let nights = Nights::with(World::new().policy("gone = \"delete\"\n"), system.name, 60);
        nights.done(&["--quiet", "backfill"]);
        (3..6).for_each(|id| nights.delete(id));
        nights.pass(1200);
        let ended = nights.done(&["pull", "--full"]);
        assert!(ended.out.contains("3 orders are gone from the shop"), "{}", ended.out);
        let ended = nights.done(&["sync"]);
        let line = "gone from the shop: 3, 4, 5\n";
        let has_line = |word: &str| {
            ended.out.lines().any(|row| row.contains(word) && row.ends_with(line.trim_end()))
        };
        assert!(has_line("deleted"), "{}", ended.out);
        nights.assert_loaded();
        let ended = nights.done(&["explain", "shop", "4"]);
        assert!(ended.out.contains("delete"), "{}", ended.out);

        // Losing most of a shop at once counts as a fault of the shop, unless it is confirmed.
        (6..40).for_each(|id| nights.delete(id));
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        let ended = nights.run(&["sync"]);
        assert_eq!(ended.code, 3, "{}", ended.err);
        let text = "34 of 57 orders are gone from the shop";
        assert!(
            ended.err.contains(text) && ended.out.contains(text),
            "{}\n{}",
            ended.out,
            ended.err
        );
        assert_eq!(nights.loaded().len(), 57);
        let ended = nights.run(&["--quiet", "sync"]);
        assert_eq!(ended.code, 3, "{}", ended.err);
        assert!(ended.out.contains(text), "it is no success: {}", ended.out);
        let run = &nights.run(&["--json", "--quiet", "sync"]).json()["runs"][0];
        assert_eq!(run["gone"]["left"].as_array().unwrap().len(), 34, "{run:#}");
        let too_many = serde_json::json!({ "gone": 34, "loaded": 57, "percent_max": 5 });
        assert_eq!(run["gone"]["too_many"], too_many);
        // Another full pull, before it or after a run, finds them too.
        for _ in 0..2 {
            nights.pass(1200);
            nights.done(&["--quiet", "pull", "--full"]);
        }
        nights.set("gone = \"delete\"\n", "gone = \"delete\"\ngone_max_percent = 60\n");
        nights.done(&["--quiet", "sync"]);
        nights.assert_loaded();
        nights.done(&["--quiet", "verify", "shop"]);
        // Nothing is left to undo for deleted orders.
        nights.done(&["--quiet", "undo", "shop", "--run", "1", "--dry-run"]);
    }
}

#[test]
fn orders_that_were_only_reported_are_deleted_once_the_policy_says_so() {
    let nights = Nights::of_woo(World::new().policy("gone = \"report\"\n"), 20);
    nights.done(&["--quiet", "backfill"]);
    (3..6).for_each(|id| nights.delete(id));
    for _ in 0..2 {
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        nights.done(&["--quiet", "sync"]);
    }
    assert_eq!(nights.loaded().len(), 20);
    nights.set("gone = \"report\"", "gone = \"delete\"");
    nights.pass(1200);
    nights.done(&["--quiet", "pull", "--full"]);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

/// A job that deletes, with orders that disappeared from its shop after it was loaded.
fn nights_with_gone(orders: u64, gone: std::ops::Range<u64>) -> Nights {
    let policy = "gone = \"delete\"\ngone_max_percent = 20\n";
    let nights = Nights::of_woo(World::new().policy(policy), orders);
    nights.done(&["--quiet", "backfill"]);
    gone.for_each(|id| nights.delete(id));
    nights.pass(1200);
    nights.done(&["--quiet", "pull", "--full"]);
    nights
}

#[test]
fn the_limit_is_for_all_missing_orders_however_few_were_requested() {
    let nights = nights_with_gone(60, 1..12);
    let windows = nights.windows();
    let dir = windows.last().unwrap()["dir"].as_str().unwrap();
    let path = Path::new(dir).join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = text.replace("\"missing\": []", "\"missing\": [20, 21, 22]");
    assert_ne!(edited, text);
    std::fs::write(&path, edited).unwrap();
    let window = &nights.windows()[1];
    assert_eq!(window["missing"], serde_json::json!([20, 21, 22]));
    let ended = nights.done(&["pulls", "list"]);
    assert!(ended.out.contains("3 orders missing and still to be asked for"), "{}", ended.out);
    let ended = nights.run(&["sync"]);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("14 of 60 orders are gone"), "{}", ended.err);
    assert_eq!(nights.loaded().len(), 60);
    std::fs::write(&path, text).unwrap();
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

#[test]
fn a_gone_order_with_an_id_of_another_order_leaves_the_ledger() {
    let nights = nights_with_gone(20, 3..5);
    let orders = nights.world.target()["ecomOrders"].as_array().unwrap().clone();
    let order = orders.iter().find(|order| order["externalid"] == "3").unwrap();
    rename(&nights.world, order["id"].as_str().unwrap(), "900");
    let ended = nights.done(&["sync"]);
    assert!(ended.err.contains("is another order's now"), "{}", ended.err);
    let ended = nights.done(&["sync"]);
    assert!(!ended.err.contains("another order's"), "{}", ended.err);
    let loaded = nights.loaded();
    assert!(loaded.contains_key(&900) && !loaded.contains_key(&4), "{loaded:?}");
}

#[test]
fn a_gone_order_that_is_refused_fails_the_run_that_fail_on_says() {
    let nights = nights_with_gone(20, 3..4);
    let refuse = || {
        let fault = Fault::new(Kind::ErrorsMissing).on("DELETE", "/ecomOrders").key("3");
        nights.world.simulator.inject(fault);
    };
    for (args, code) in [
        (&["sync"][..], 3),
        (&["sync"], 0),
        (&["sync", "--fail-on", "any"], 3),
        (&["sync", "--fail-on", "never"], 0),
    ] {
        refuse();
        let ended = nights.run(args);
        assert_eq!(ended.code, code, "{args:?}: {}", ended.err);
        assert!(ended.out.contains("not deleted"), "{}", ended.out);
    }
    nights.done(&["sync"]);
    nights.assert_loaded();
}

#[test]
fn a_full_pull_of_almost_nothing_is_said_to_be_less() {
    for keep in ["latest", "none"] {
        let nights = Nights::of(60);
        nights.set("from =", &format!("keep = \"{keep}\"\nfrom ="));
        nights.done(&["--quiet", "backfill"]);
        (11..=60).for_each(|id| nights.delete(id));
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        let text = "the last full pull has 10 orders and the one before had 60";
        let ended = nights.done(&["--json", "sync"]);
        assert!(ended.err.contains(text), "{keep}: {}", ended.err);
        let warning = ended.json()["runs"][0]["warnings"][0].to_string();
        assert!(warning.contains(text), "{keep}: {warning}");
        nights.pass(1200);
        let ended = nights.done(&["sync"]);
        assert!(!ended.err.contains("the last full pull has"), "{keep}: {}", ended.err);
    }
}

#[test]
fn deleting_orders_that_cannot_be_known_as_gone_is_refused_by_the_settings() {
    let nights =
        Nights::of_woo(World::new().policy("gone = \"delete\"\norder_key = \"number\"\n"), 1);
    let ended = nights.run(&["sync"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("known by their ids"), "{}", ended.err);
    nights.set("order_key = \"number\"\n", "");
    nights.set("from =", "keep = \"none\"\nfrom =");
    let ended = nights.run(&["sync"]);
    assert!(ended.err.contains("without the last full pull"), "{}", ended.err);
}

#[test]
fn a_create_that_was_cut_off_is_looked_up_before_its_order_counts_as_gone() {
    for system in SHOPS {
        for is_kept in [true, false] {
            let nights = Nights::with(World::new().policy("gone = \"delete\"\n"), system.name, 12);
            let held = Kind::Stored { then: Ending::Hold { ms: 86_400_000 } };
            nights.world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders").key("12"));
            let child = nights.world.start(&["--quiet", "backfill"]);
            let all = 12 + nights.shop.carts().len();
            until("all orders are there", || nights.world.summary().orders == all);
            nights.world.kill(child);
            nights.world.simulator.clear_faults();
            nights.delete(12);
            if !is_kept {
                nights.world.simulator.edit(Edit::DeleteOrder { externalid: "12".into() }).unwrap();
            }
            // For the second one, no earlier window contains the order.
            for _ in 0..2 {
                nights.pass(1200);
                nights.done(&["--quiet", "pull", "--full"]);
            }
            let run = &nights.done(&["--json", "--quiet", "sync"]).json()["runs"][0];
            let deleted: &[&str] = if is_kept { &["12"] } else { &[] };
            assert_eq!(run["gone"]["deleted"], serde_json::json!(deleted), "{run:#}");
            assert_eq!(run["gone"]["left"], serde_json::json!([]), "{run:#}");
            nights.assert_loaded();
            nights.pass(1200);
            nights.done(&["--quiet", "pull", "--full"]);
            assert_eq!(nights.windows().last().unwrap()["gone"], serde_json::json!([]));
        }
    }
}
