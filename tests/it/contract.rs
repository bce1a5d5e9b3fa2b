//! The contract of `load::Carrier`: steps have the same result by every path. Each test runs by
//! REST and in batches.

use crate::backfill::assert_target_is;
use crate::bulk::{at_once, fault_of, orders};
use crate::bulk_doubt::{assert_lines_agree, only_order, order, put};
use crate::carts;
use crate::world::{World, assert_adds_up, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Ending, Fault, Kind, RetryAfter};
use serde_json::Value;

const PATHS: [&str; 2] = ["rest", "bulk"];

fn world_of(path: &str) -> World {
    crate::bulk::world_of(path, at_once())
}

#[test]
fn a_history_arrives_once_and_a_second_run_sends_nothing() {
    for path in PATHS {
        let world = world_of(path);
        let truth = world.generate(&orders(200, 7));
        let run = world.load("backfill", 0);
        assert_eq!((&run["outcome"], &run["created"]), (&"finished".into(), &truth.valid.into()));
        assert_adds_up(&run);
        assert_target_is(&world, &truth);
        let second = world.load("sync", 0);
        assert_eq!(second["unchanged"], truth.valid, "{path}");
        assert_eq!(second["requests"]["total"], 1, "{path}: whether the connection exists");
    }
}

#[test]
fn changes_are_updated_and_the_lists_agree_and_an_undo_takes_all_back() {
    for path in PATHS {
        let world = world_of(path);
        let day_one = orders(200, 3);
        world.generate(&day_one);
        world.load("backfill", 0);
        let day_two = GeneratorOptions { changed_permille: 100, extra_orders: 10, ..day_one };
        let truth = world.generate(&day_two);
        let run = world.load("sync", 0);
        assert_eq!(run["created"], 10, "{path}");
        assert!(run["updated"].as_u64().unwrap() > 0);
        assert_adds_up(&run);
        assert_target_is(&world, &truth);
        let verified = world.run(&["verify", "shop"]);
        assert_eq!(verified.code, 0, "{path}: {}\n{}", verified.out, verified.err);
        let undone = world.run(&["undo", "shop", "--run", "1", "--yes"]);
        assert_eq!(undone.code, 0, "{path}: {}\n{}", undone.out, undone.err);
        assert_eq!(world.summary().orders, 10, "{path}: those of the other run");
    }
}

#[test]
fn an_answer_that_fails_is_read_back_before_anything_is_sent_again() {
    let kinds = [
        Kind::Stored { then: Ending::Reset },
        Kind::TruncatedJson,
        Kind::EmptyBody,
        Kind::ResetBefore,
        Kind::Status { code: 500, retry_after: RetryAfter::None, html: false },
    ];
    for path in PATHS {
        for kind in &kinds {
            let world = world_of(path);
            let truth = world.generate(&orders(100, 9));
            world.simulator.inject(fault_of(path, kind.clone()).nth(2).times(3));
            let run = world.load("backfill", 0);
            assert_eq!(run["created"], truth.valid, "{path} {kind:?}");
            assert_target_is(&world, &truth);
        }
    }
}

#[test]
fn an_update_without_an_answer_is_sent_again_though_the_total_is_the_same() {
    for path in PATHS {
        let world = world_of(path);
        put(&world, &order("ann@example.com", "Mug", "20.00"));
        world.load("backfill", 0);
        put(&world, &order("ann@example.com", "Large mug", "20.00"));
        let fault = match path {
            "rest" => Fault::new(Kind::ResetBefore).on("PUT", "/ecomOrders"),
            _ => fault_of(path, Kind::ResetBefore),
        };
        world.simulator.inject(fault);
        assert_eq!(world.load("sync", 0)["updated"], 1, "{path}");
        assert_lines_agree(&world);
    }
}

#[test]
fn a_deleted_order_is_left_or_created_again_as_the_policy_says() {
    for path in PATHS {
        // An upsert creates it again as the same order, and REST as another one.
        let again = if path == "rest" { "created" } else { "updated" };
        for (policy, counted, left) in [("deleted = \"leave\"\n", "filtered", 0), ("", again, 1)] {
            let world = world_of(path).policy(policy);
            put(&world, &order("ann@example.com", "Mug", "20.00"));
            world.load("backfill", 0);
            world.simulator.edit(Edit::DeleteOrder { externalid: "5001".to_owned() }).unwrap();
            put(&world, &order("ann@example.com", "Mug", "25.00"));
            let run = world.load("sync", 0);
            assert_adds_up(&run);
            assert_eq!(run[counted], 1, "{path} {policy}: {run}");
            assert_eq!(world.summary().orders, left, "{path} {policy}");
            assert!(
                matches!(run["not_visible"].as_u64(), None | Some(0)),
                "{path} {policy}: {run}"
            );
            assert_eq!(world.load("sync", 0)[counted], 0, "{path} {policy}");
        }
    }
}

#[test]
fn an_order_of_another_customer_stays_or_is_created_again_as_the_policy_says() {
    for path in PATHS {
        for policy in ["", "moved_customer = \"recreate\"\n"] {
            let world = world_of(path).policy(policy);
            put(&world, &order("ann@example.com", "Mug", "20.00"));
            world.load("backfill", 0);
            let before = only_order(&world);
            put(&world, &order("bob@example.com", "Mug", "25.00"));
            let run = world.load("sync", 0);
            assert_adds_up(&run);
            let after = only_order(&world);
            assert_eq!(after["totalPrice"], "2500");
            if policy.is_empty() {
                assert_eq!(run["updated"], 1, "{path}: {run}");
                assert_eq!(after["email"], before["email"], "{path}");
                assert_eq!(after["customerid"], before["customerid"], "{path}");
            } else {
                assert_eq!(run["created"], 1, "{path}: {run}");
                assert_eq!(after["email"], "bob@example.com", "{path}");
                assert_ne!(after["id"], before["id"], "{path}");
                assert_eq!(world.run(&["verify", "shop"]).code, 0, "{path}");
            }
            assert_eq!(world.load("sync", 0)["unchanged"], 1, "{path}");
        }
    }
}

#[test]
fn a_recreation_that_is_cut_off_after_the_delete_is_finished_by_the_next_run() {
    for path in PATHS {
        let world = world_of(path).policy("moved_customer = \"recreate\"\n");
        put(&world, &order("ann@example.com", "Mug", "20.00"));
        world.load("backfill", 0);
        put(&world, &order("bob@example.com", "Mug", "25.00"));
        world.simulator.inject(fault_of(path, Kind::PaymentRequired));
        assert_ne!(world.run(&["sync"]).code, 0, "{path}");
        assert_eq!(world.summary().orders, 0, "{path}: deleted, and not created yet");
        world.load("sync", 0);
        let after = only_order(&world);
        assert_eq!(after["email"], "bob@example.com", "{path}");
    }
}

/// One of two jobs.
fn load(world: &World, verb: &str, job: &str) -> Value {
    let ended = world.run(&["--json", "--quiet", verb, job]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
    ended.json()["runs"][0].clone()
}

/// ActiveCampaign refuses this order permanently.
fn refuse(world: &World, path: &str, externalid: String) {
    if path == "rest" {
        let fault = fault_of(path, Kind::ErrorsMissing).key(&externalid).forever();
        world.simulator.inject(fault);
    } else {
        let text = "finalAmount must not be odd".to_owned();
        world.simulator.edit(Edit::RefuseOrder { externalid, text }).unwrap();
    }
}

#[test]
fn an_order_that_is_refused_becomes_a_dead_letter_and_costs_no_other() {
    for path in PATHS {
        let world = world_of(path);
        let truth = world.generate(&orders(60, 5));
        let culprit = world.keys()[33].clone();
        refuse(&world, path, culprit.clone());
        let run = world.load("backfill", 3);
        assert_eq!((&run["refused"], &run["created"]), (&1.into(), &(truth.valid - 1).into()));
        assert_adds_up(&run);
        let letters = world.run(&["--json", "dead-letters", "list", "shop"]).json();
        assert_eq!(letters["dead_letters"][0]["order"], culprit, "{path}: {letters}");
        let again = world.load("sync", 3);
        assert_eq!(again["refused"], 1, "{path}: it is not sent unchanged");
        assert_eq!(again["requests"]["total"], 1, "{path}: whether the connection exists");
    }
}

#[test]
fn a_run_in_which_too_many_orders_are_refused_stops() {
    for path in PATHS {
        let world = world_of(path).policy("refused_max = 3\n");
        world.generate(&orders(200, 5));
        world.keys().into_iter().for_each(|key| refuse(&world, path, key));
        let ended = world.run(&["backfill"]);
        assert!(ended.code != 0 && ended.code != 3, "{path}: {}", ended.err);
        assert!(ended.err.contains("of the last"), "{path}: {}", ended.err);
        assert!(world.summary().requests < 200, "{path}");
    }
}

#[test]
fn a_killed_run_resumes_where_it_was() {
    for path in PATHS {
        let world = world_of(path);
        let truth = world.generate(&orders(300, 8));
        for nth in [3, 9, 14, 16] {
            let before = world.summary().requests;
            world.hold_from(nth);
            let mut child = world.start(&["backfill"]);
            until("requests are held", || {
                let is_over = child.try_wait().unwrap().is_some();
                is_over || world.summary().requests >= before + nth
            });
            world.simulator.clear_faults();
            world.kill(child);
            world.simulator.release();
        }
        let run = world.load("backfill", 0);
        assert_eq!(run["created"], truth.valid, "{path}: one run, whatever killed it");
        assert_target_is(&world, &truth);
    }
}

#[test]
fn an_order_without_an_answer_after_a_kill_gets_no_separate_cart() {
    for path in PATHS {
        let world = carts::with_carts_by(path, world_of(path), "");
        carts::put_orders(&world, &[carts::order(5001, "tok-1")]);
        carts::put_carts(&world, &[carts::checkout("tok-1")]);
        let hold = fault_of(path, Kind::Slow { ms: 86_400_000 });
        world.simulator.inject(hold);
        let child = world.start(&["backfill", "shop"]);
        until("the order is there", || world.summary().orders == 1);
        world.kill(child);
        world.simulator.clear_faults();
        world.simulator.release();
        let writes = world.summary().writes;
        load(&world, "sync", "carts");
        assert_eq!(world.summary().writes, writes, "{path}: the cart is not sent any more");
        assert_eq!(load(&world, "backfill", "shop")["created"], 1, "{path}");
        assert_eq!(only_order(&world)["externalid"], "5001", "{path}");
    }
}
