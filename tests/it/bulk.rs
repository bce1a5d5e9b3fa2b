//! The bulk path: batches of orders by GraphQL, with the same guarantees.

use crate::backfill::assert_target_is;
use crate::world::{World, assert_adds_up};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{
    Edit, Ending, Fault, GraphqlOptions, Kind, Options, PriceReading, RetryAfter,
};
use serde_json::Value;

/// A GraphQL that shows at once what it was sent.
pub fn at_once() -> GraphqlOptions {
    GraphqlOptions { object_lag_ms: 0, v3_lag_ms: 0, ..GraphqlOptions::default() }
}

/// Both paths keep one contract.
pub const PATHS: [&str; 2] = ["rest", "bulk"];

pub fn world(graphql: GraphqlOptions) -> World {
    world_of("bulk", graphql)
}

pub fn world_of(path: &str, graphql: GraphqlOptions) -> World {
    World::with(Options { requests_per_second: None, graphql, ..Options::default() })
        .job(&format!("load = \"{path}\"\n"))
}

/// A fault of a request that writes orders.
pub fn fault_of(path: &str, kind: Kind) -> Fault {
    match path {
        "rest" => Fault::new(kind).on("POST", "/ecomOrders"),
        _ => Fault::new(kind).operation("bulkUpsertOrders"),
    }
}

pub fn orders(orders: u64, seed: u64) -> GeneratorOptions {
    GeneratorOptions { orders, seed, ..GeneratorOptions::default() }
}

#[test]
fn a_history_arrives_in_batches_and_a_second_run_sends_nothing() {
    let world = world(at_once());
    let truth = world.generate(&orders(600, 7));
    let run = world.load("backfill", 0);
    assert_eq!((&run["outcome"], &run["not_visible"]), (&"finished".into(), &0.into()));
    assert_eq!(run["created"], truth.valid);
    assert_adds_up(&run);
    assert_target_is(&world, &truth);
    let requests = run["requests"]["total"].as_u64().unwrap();
    assert!(requests < 60, "{requests} requests for 600 orders");
    let second = world.load("sync", 0);
    assert_eq!(second["unchanged"], truth.valid);
    assert_eq!(second["requests"]["total"], 1, "whether the connection exists");
}

#[test]
fn changes_are_updated_and_the_lists_agree_and_an_undo_takes_all_back() {
    for path in PATHS {
        let world = world_of(path, at_once());
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
fn one_bad_order_costs_itself_alone() {
    for graphql in [
        at_once(),
        GraphqlOptions { ext_prefix: None, ..at_once() },
        GraphqlOptions { ext_prefix: Some("x-1".to_owned()), validation_status: 400, ..at_once() },
        GraphqlOptions { partial_null: true, ..at_once() },
    ] {
        let world = world(graphql.clone());
        let truth = world.generate(&orders(120, 5));
        let culprit = world.keys()[77].clone();
        let text = "finalAmount must not be odd".to_owned();
        let refuse = Edit::RefuseOrder { externalid: culprit.clone(), text };
        world.simulator.edit(refuse).unwrap();
        let run = world.load("backfill", 3);
        assert_eq!((&run["refused"], &run["created"]), (&1.into(), &(truth.valid - 1).into()));
        assert!(
            world.summary().violations.is_empty(),
            "{graphql:?}: {:?}",
            world.summary().violations
        );
        let letters = world.run(&["--json", "dead-letters", "list", "shop"]).json();
        let letter = &letters["dead_letters"][0];
        assert_eq!(letter["order"], culprit, "{letters}");
        if graphql.ext_prefix.is_some() {
            assert!(letter.to_string().contains("finalAmount_must_not_be_odd"), "{letter}");
        }
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
            let world = world_of(path, at_once());
            let truth = world.generate(&orders(100, 9));
            world.simulator.inject(fault_of(path, kind.clone()).nth(2).times(3));
            let run = world.load("backfill", 0);
            assert_eq!(run["created"], truth.valid, "{path} {kind:?}");
            assert_target_is(&world, &truth);
        }
    }
    let world = world(at_once());
    let truth = world.generate(&orders(100, 9));
    let in_part = Kind::StoredInPart { orders: 4, then: Ending::Reset };
    world.simulator.inject(fault_of("bulk", in_part).nth(2));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
}

#[test]
fn the_canary_decides_what_a_price_is_of() {
    let world = world(GraphqlOptions { price: PriceReading::LineTotal, ..at_once() });
    let truth = world.generate(&orders(100, 2));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
    let verified = world.run(&["verify", "shop", "--lines"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
}

#[test]
fn what_fits_neither_reading_stops_the_run_with_both_values() {
    let world = world(GraphqlOptions { price: PriceReading::Multiplied, ..at_once() });
    world.generate(&orders(100, 2));
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(ended.err.contains("price of a line of"), "{}", ended.err);
    assert!(world.summary().orders <= 3, "the canary alone");
}

#[test]
fn a_body_or_batch_limit_makes_batches_shorter() {
    let limits = GraphqlOptions { batch_limit: Some(7), body_limit: 6_000, ..at_once() };
    let world = world(limits);
    let truth = world.generate(&orders(90, 4));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
}

#[test]
fn where_introspection_is_refused_the_documented_fields_are_sent_and_it_is_said() {
    let world = world(GraphqlOptions { introspection_refused: true, ..at_once() });
    let truth = world.generate(&orders(50, 4));
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("refuses introspection"), "{}", ended.err);
    assert_target_is(&world, &truth);
}

#[test]
fn what_is_accepted_and_not_visible_yet_is_settled_by_a_later_run() {
    let world = world(at_once());
    let truth = world.generate(&orders(60, 6));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).nth(3));
    let run = world.load("backfill", 0);
    assert_eq!(run["created"], truth.valid);
    let status = world.run(&["status"]).out;
    assert!(status.contains("prices of lines are of one unit"), "{status}");
    let missing = run["not_visible"].as_u64().unwrap();
    assert!(missing > 0, "{run}");
    let again: Value = world.load("sync", 0);
    assert_eq!(again["unchanged"], truth.valid, "an accepted order is not sent again");
    assert_eq!(again["not_visible"], missing);
}

#[test]
fn a_connection_stays_on_its_path() {
    let bulk = world(at_once());
    bulk.generate(&orders(40, 6));
    bulk.load("backfill", 0);
    let before = bulk.summary().requests;
    let rest = bulk.replace_job("load = \"rest\"\n");
    for verb in ["plan", "backfill", "sync"] {
        let ended = rest.run(&[verb]);
        assert_eq!(ended.code, 2, "{verb}: {}", ended.err);
        assert!(ended.err.contains("came by `bulk`"), "{}", ended.err);
    }
    assert_eq!(rest.summary().requests, before);
}

#[test]
fn however_often_it_is_killed_no_order_is_lost_or_doubled() {
    let world = world(at_once());
    let truth = world.generate(&orders(300, 8));
    for nth in [3, 9, 6, 5] {
        world.hold_from(nth);
        let mut child = world.start(&["backfill"]);
        let before = world.simulator.summary().requests;
        crate::world::until("requests are held", || {
            let is_over = child.try_wait().unwrap().is_some();
            is_over || world.simulator.summary().requests >= before + nth
        });
        world.simulator.clear_faults();
        world.kill(child);
        world.simulator.release();
    }
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
}
