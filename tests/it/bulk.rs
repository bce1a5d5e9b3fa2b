//! The bulk path: batches of orders by GraphQL, with the same guarantees.

use crate::backfill::assert_target_is;
use crate::rehearsal::{End, KillPoint, LastSend, ProcessOptions, Rehearsal, in_paused_time};
use crate::world::{World, assert_adds_up};
use ordersync::domain::LoadPath;
use ordersync::report::progress_text;
use ordersync::run::{Batches, Progress};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{
    Edit, Ending, Fault, GraphqlOptions, Kind, Latency, Options, PriceReading, RetryAfter,
};
use ordersync::state;
use serde_json::Value;
use std::time::Duration;

/// A GraphQL that immediately shows what it was sent.
pub fn at_once() -> GraphqlOptions {
    GraphqlOptions { object_lag_ms: 0, v3_lag_ms: 0, ..GraphqlOptions::default() }
}

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
    // How fast batches grow depends on how many are in flight concurrently.
    assert!(requests < 75, "{requests} requests for 600 orders");
    let second = world.load("sync", 0);
    assert_eq!(second["unchanged"], truth.valid);
    assert_eq!(second["requests"]["total"], 1, "whether the connection exists");
}

#[test]
fn a_batch_that_was_stored_in_part_is_read_back_before_it_is_sent_again() {
    let world = world(at_once());
    let truth = world.generate(&orders(100, 9));
    let in_part = Kind::StoredInPart { orders: 4, then: Ending::Reset };
    world.simulator.inject(fault_of("bulk", in_part).nth(2));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
}

#[test]
fn one_bad_order_costs_itself_alone() {
    for graphql in [
        at_once(),
        GraphqlOptions { ext_prefix: None, ..at_once() },
        GraphqlOptions { ext_prefix: Some("x-1".to_owned()), validation_status: 400, ..at_once() },
        GraphqlOptions { partial_null: true, ..at_once() },
        GraphqlOptions { classified: true, ext_prefix: None, ..at_once() },
        GraphqlOptions { classified: true, partial_null: true, ext_prefix: None, ..at_once() },
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
fn the_canary_decides_what_a_price_is_of() {
    let world = world(GraphqlOptions { price: PriceReading::LineTotal, ..at_once() });
    let truth = world.generate(&orders(100, 2));
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
    let verified = world.run(&["verify", "shop", "--lines"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.out, verified.err);
}

#[test]
fn a_price_that_fits_neither_reading_stops_the_run_with_both_values() {
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
fn a_batch_limit_below_the_first_batch_uses_up_no_retries() {
    for (limit, classified) in [(1, false), (2, true), (4, false), (7, true)] {
        let limits = GraphqlOptions { batch_limit: Some(limit), classified, ..at_once() };
        let world = world(limits);
        let truth = world.generate(&orders(120, 4));
        world.load("backfill", 0);
        assert_target_is(&world, &truth);
        let (requests, orders) = (world.summary().requests, truth.valid);
        assert!(requests < 3 * orders, "limit {limit}: {requests} requests for {orders} orders");
    }
}

#[test]
fn without_introspection_the_documented_fields_are_sent_with_a_note() {
    let world = world(GraphqlOptions { introspection_refused: true, ..at_once() });
    let truth = world.generate(&orders(50, 4));
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("introspection does not describe"), "{}", ended.err);
    assert_target_is(&world, &truth);
}

#[test]
fn accepted_but_invisible_orders_are_settled_by_a_later_run() {
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
fn a_connection_that_a_lost_ledger_loaded_by_rest_takes_no_batches() {
    let rest = world_of("rest", at_once());
    rest.generate(&orders(20, 6));
    rest.load("backfill", 0);
    std::fs::remove_dir_all(rest.path("state")).unwrap();
    let bulk = rest.replace_job("load = \"bulk\"\n");
    let writes = bulk.summary().writes;
    // The first run finds out only once it has looked for the connection.
    for verb in ["backfill", "sync"] {
        let ended = bulk.run(&[verb]);
        assert_eq!(ended.code, 2, "{verb}: {}", ended.err);
        assert!(ended.err.contains("came by `rest`"), "{}", ended.err);
    }
    assert_eq!(bulk.summary().writes, writes);
}

#[test]
fn a_missing_copy_is_looked_up_by_some_runs_and_then_by_verify() {
    let world = world(at_once());
    let truth = world.generate(&orders(40, 6));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).nth(3));
    let missing = world.load("backfill", 0)["not_visible"].clone();
    assert!(missing.as_u64() > Some(0));
    let mut runs = Vec::new();
    for _ in 0..12 {
        runs.push(world.load("sync", 0));
    }
    let requests = |run: &Value| run["requests"]["total"].as_u64().unwrap();
    assert!(requests(&runs[9]) > 1, "{}", runs[9]);
    for run in &runs[10..] {
        assert_eq!(requests(run), 1, "whether the connection exists");
        assert_eq!(run["not_visible"], missing, "it is still reported");
    }
    let verified = world.run(&["verify", "shop", "--repair"]);
    assert_eq!(verified.code, 7, "{}", verified.err);
    assert_eq!(world.load("sync", 0)["created"], missing);
    assert_target_is(&world, &truth);
}

#[test]
fn check_and_status_say_what_is_known_of_the_path() {
    let lacking = GraphqlOptions { discount_field: "discountAmount".to_owned(), ..at_once() };
    let world = world(lacking);
    world.generate(&orders(40, 6));
    let before = world.run(&["--json", "status"]).json()["jobs"][0]["path"].clone();
    assert_eq!(before, Value::Null);
    let check = world.run(&["check"]);
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(check.out.contains("introspection answers, schema "), "{}", check.out);
    assert!(check.out.contains("OrderInput.discountsAmount"), "{}", check.out);
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).nth(2));
    let run = world.load("backfill", 0);
    let path = world.run(&["--json", "status"]).json()["jobs"][0]["path"].clone();
    assert_eq!((&path["load"], &path["price"]), (&"bulk".into(), &"unit".into()), "{path}");
    assert_eq!(path["not_visible"], run["not_visible"]);
    let digest = path["schema"].as_str().unwrap();
    assert!(check.out.contains(digest) && path["decided"].is_string(), "{path}");
    let text = world.run(&["status"]).out;
    assert!(text.contains("(canary of "), "{text}");
    let refusing = GraphqlOptions { introspection_refused: true, ..at_once() };
    let check = self::world(refusing).run(&["check", "--json"]);
    assert!(check.out.contains("introspection does not describe"), "{}", check.out);
}

#[test]
fn a_field_that_is_required_and_unknown_is_refused_before_anything_is_sent() {
    let required_field = Some("fiscalCode".to_owned());
    let world = world(GraphqlOptions { required_field, ..at_once() });
    let truth = world.generate(&orders(40, 6));
    for verb in ["check", "backfill"] {
        let ended = world.run(&[verb]);
        assert_eq!(ended.code, 5, "{verb}: {}\n{}", ended.out, ended.err);
        let said = ended.out + &ended.err;
        assert!(said.contains("fiscalCode"), "{verb}: {said}");
    }
    assert_eq!(world.orders_in_batches(), 0);
    world.simulator.configure_graphql(at_once());
    world.load("backfill", 0);
    assert_target_is(&world, &truth);
}

#[test]
fn batches_that_wait_for_their_turn_are_as_short_as_was_learned() {
    in_paused_time(async {
        let graphql = GraphqlOptions { batch_limit: Some(8), ..at_once() };
        let latency = Latency::Fixed { ms: 300 };
        let mut shop = Rehearsal::new(Options { latency, graphql, ..Options::default() });
        shop.load = LoadPath::Bulk;
        shop.export(&orders(200, 7));
        let report = shop.run(state::Kind::Backfill).await;
        assert!(report.error.is_none(), "{:?}", report.error);
        let log = shop.simulator.requests();
        // Sixteen batches of ten wait for their turns before the first one is refused.
        let refused = log.as_array().unwrap().iter().filter(|request| {
            request["operation"] == "bulkUpsertOrders" && request["orders"] == 10
        });
        let refused = refused.count();
        assert!((1..=5).contains(&refused), "{refused} batches of ten");
    });
}

/// A shop with a first process that was killed while its connection was created, and a second one
/// that could not check whether the connection is empty.
async fn not_seen_whether_empty(load: LoadPath) -> Rehearsal {
    let mut shop = Rehearsal::new(Options::default());
    shop.load = load;
    shop.export(&orders(20, 7));
    let killed = ProcessOptions {
        kind: state::Kind::Backfill,
        end: End::Killed(KillPoint::OnItsWay, 2),
        last_send: LastSend::LongAgo,
        grace: Duration::ZERO,
    };
    assert!(shop.live(killed).await.is_none());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let kind = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(1_200), html: true };
    shop.simulator.inject(Fault::new(kind).on("GET", "/ecomOrders"));
    assert!(shop.run(state::Kind::Backfill).await.error.is_some());
    tokio::time::sleep(Duration::from_secs(1_300)).await;
    shop
}

#[test]
fn an_unreadable_connection_does_not_count_as_one_with_orders() {
    for load in [LoadPath::Bulk, LoadPath::Rest] {
        in_paused_time(async {
            let shop = not_seen_whether_empty(load).await;
            let report = shop.run(state::Kind::Backfill).await;
            assert!(report.error.is_none(), "{:?}", report.error);
            assert_eq!(report.row.counts.created, 20);
            assert_eq!(shop.simulator.summary().violations, []);
        });
    }
}

#[test]
fn plan_progress_and_explain_mention_batches() {
    let world = world(at_once());
    world.generate(&orders(60, 7));
    let plan = world.run(&["--json", "plan"]).json()["plans"][0].clone();
    assert_eq!(plan["forecast"]["orders_in_batch_max"], 40);
    let text = world.run(&["plan"]).out;
    assert!(text.contains("batches of up to 40 orders, at up to "), "{text}");
    world.load("backfill", 0);
    let key = world.keys()[40].clone();
    let explained = world.run(&["--json", "explain", "shop", &key]).json();
    let batch = explained["ledger"][0]["attempts"][0]["batch"].as_u64();
    assert!(batch.is_some_and(|orders| orders > 1), "{explained}");
    let text = world.run(&["explain", "shop", &key]).out;
    assert!(text.contains("create, in a batch of "), "{text}");
    assert!(text.contains("a batch has these values in that of GraphQL"), "{text}");
    let at = Progress {
        job: "shop".to_owned(),
        run: 1,
        kind: state::Kind::Backfill,
        read: 30,
        settled: 20,
        counts: state::Counts::default(),
        in_flight: 1,
        requests: state::Requests::default(),
        batches: Some(Batches { sent: 3, orders: 29, divided: 1 }),
        planned_done: 0,
        recent: (0, Duration::ZERO),
        elapsed: Duration::from_secs(1),
    };
    let line = progress_text(&at, None, None).line();
    assert!(line.contains(", 3 batches of 10 orders (1 divided);"), "{line}");
}

#[test]
fn a_sample_is_read_back_and_the_report_says_which() {
    let sampled = world(at_once()).replace_job("load = \"bulk\"\nbulk_sample = \"1/200\"\n");
    let truth = sampled.generate(&orders(400, 7));
    // The orders of a sample depend on the key of the state. With most keys it is one to four of
    // these, with some none, or so many that the whole list is read.
    std::fs::create_dir_all(sampled.path("state")).unwrap();
    drop(state::Store::open(&sampled.path("state"), "main").unwrap());
    let db = rusqlite::Connection::open(sampled.path("state/main.db")).unwrap();
    db.execute("UPDATE account SET value = ?1 WHERE name = 'hash_key'", [[1_u8; 32]]).unwrap();
    drop(db);
    let run = sampled.load("backfill", 0);
    assert_eq!((&run["read_back"], &run["not_visible"]), (&"1/200".into(), &0.into()));
    let not_read = run["not_read_back"].as_u64().unwrap();
    assert!((truth.valid - 4..truth.valid).contains(&not_read), "{not_read} of {}", truth.valid);
    assert_target_is(&sampled, &truth);
    let status = sampled.run(&["--json", "status"]).json();
    let path = &status["jobs"][0]["path"];
    assert_eq!((&path["not_visible"], &path["not_read_back"]), (&0.into(), &not_read.into()));
    let again = sampled.load("sync", 0);
    assert_eq!(
        (&again["unchanged"], &again["not_read_back"]),
        (&truth.valid.into(), &not_read.into())
    );
    assert_eq!(again["requests"]["total"], 1, "whether the connection exists");
    let whole = sampled.replace_job("load = \"bulk\"\n");
    let read = whole.load("sync", 0);
    assert_eq!((&read["read_back"], &read["not_read_back"]), (&"all".into(), &0.into()));
    let undone = whole.run(&["undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(undone.code, 0, "{}\n{}", undone.out, undone.err);
    assert_eq!(whole.summary().orders, 0);
}

#[test]
fn an_order_of_the_sample_that_is_not_visible_is_reported_alone() {
    let world = world(at_once()).replace_job("load = \"bulk\"\nbulk_sample = \"1/2\"\n");
    // The canary is read before: which orders it takes depends on how many were read in time.
    world.generate(&orders(40, 7));
    world.load("backfill", 0);
    let truth = world.generate(&orders(100, 7));
    world.simulator.inject(fault_of("bulk", Kind::CopyNeverArrives).forever());
    let run = world.load("sync", 0);
    let [not_visible, not_read] =
        ["not_visible", "not_read_back"].map(|of| run[of].as_u64().unwrap());
    assert!(not_visible > 0 && not_read > 0 && not_visible + not_read <= truth.valid, "{run}");
}
