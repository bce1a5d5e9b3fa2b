//! A probe asks an account how it behaves, and leaves nothing behind.

use crate::bulk::{at_once, orders};
use crate::rehearsal::{End, KillPoint, Rehearsal, in_paused_time};
use crate::world::{Finished, World, until};
use ordersync::run::{
    AskedOutcome, GRAPHQL_ORDERS_MAX, PROBE_SERVICE, ProbeReport, QUESTIONS, REST_ORDERS_MAX,
};
use ordersync::simulator::{
    CopiedTax, CopiedUnits, CustomerRule, Edit, Fault, GraphqlOptions, Kind, Options, PriceReading,
    ProductCount, RestOrder, RetryAfter, Simulator, Update,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Allows trials of what the documentation leaves open.
fn allow(edit: impl Fn(Edit) -> Result<u64, ordersync::simulator::EditError>) {
    edit(Edit::AllowTrials { service: PROBE_SERVICE.to_owned() }).unwrap();
}

fn sandbox(options: Options) -> Rehearsal {
    let rehearsal = Rehearsal::new(options);
    allow(|edit| rehearsal.simulator.edit(edit));
    rehearsal
}

fn words(report: &ProbeReport) -> BTreeMap<&'static str, (String, Option<i64>)> {
    let answers = report.asked.iter().map(|asked| match &asked.outcome {
        AskedOutcome::Answered(answer) => (asked.question.id, (answer.word.clone(), answer.number)),
        AskedOutcome::Unanswered(why) => (asked.question.id, (format!("no answer: {why}"), None)),
        AskedOutcome::NotAsked => (asked.question.id, ("not asked".to_owned(), None)),
    });
    answers.collect()
}

/// Only records that GraphQL can't delete are left, and there are no violations.
fn assert_clean(rehearsal: &Rehearsal, report: &ProbeReport) {
    let summary = rehearsal.simulator.summary();
    let held = (summary.orders, summary.customers, summary.contacts, summary.connections);
    assert_eq!(held, (0, 0, 0, 0), "{:?}", report.left);
    assert_eq!(summary.violations, []);
    assert!(report.left.iter().all(|left| left.kind == "graphql_order"), "{:?}", report.left);
}

/// Orders that a probe created, by either API.
fn written(simulator: &Simulator) -> u64 {
    let log = simulator.requests();
    let by_rest = log.as_array().unwrap().iter().filter(|request| {
        request["path"].as_str().is_some_and(|path| path.ends_with("/ecomOrders"))
            && request["method"] == "POST"
            && request["status"] == 201
    });
    let by_graphql = simulator.state()["graphqlOrders"].as_array().map_or(0, Vec::len);
    (by_rest.count() + by_graphql) as u64
}

type Answers = BTreeMap<&'static str, (String, Option<i64>)>;

async fn answers_of(options: Options, fault: Option<Fault>) -> Answers {
    let rehearsal = sandbox(options);
    fault.into_iter().for_each(|fault| rehearsal.simulator.inject(fault));
    let report = rehearsal.probe(End::Done).await.unwrap();
    assert!(report.error.is_none(), "{:?}", report.error);
    assert_clean(&rehearsal, &report);
    let written = written(&rehearsal.simulator);
    assert!(
        written <= REST_ORDERS_MAX + GRAPHQL_ORDERS_MAX,
        "{written} orders, more than consent was for"
    );
    words(&report)
}

fn of_graphql(graphql: GraphqlOptions) -> Options {
    Options { graphql, ..Options::default() }
}

/// The variations of an account, and the answers that show them.
fn others() -> Vec<(Options, Vec<(&'static str, &'static str)>)> {
    let usual = Options::default;
    let graphql = GraphqlOptions::default;
    vec![
        (Options { ignore_filters: true, ..usual() }, vec![("filter", "ignored")]),
        (
            Options { customer_key: CustomerRule::ByEmail, ..usual() },
            vec![("customer_key", "email")],
        ),
        (
            Options { uniqueness_lag_ms: 60_000, ..usual() },
            vec![
                ("customer_key", "both"),
                ("unique_order", "accepted"),
                ("unique_cart", "accepted"),
            ],
        ),
        (
            Options { foreign_customer_refused: false, ..usual() },
            vec![("foreign_customer", "accepted")],
        ),
        (
            Options { total_products: ProductCount::Quantity, ..usual() },
            vec![("total_products", "pieces")],
        ),
        (Options { rate_headers: false, ..usual() }, vec![("rate_headers", "not_stated")]),
        (
            of_graphql(GraphqlOptions {
                introspection_refused: true,
                price: PriceReading::LineTotal,
                update: Update::Merge,
                ..graphql()
            }),
            vec![
                ("schema", "refused"),
                ("bulk_source_type", "unknown"),
                ("bulk_price", "line_total"),
                ("bulk_update", "merges"),
            ],
        ),
        (
            of_graphql(GraphqlOptions {
                price: PriceReading::Multiplied,
                tax: CopiedTax::Derived,
                copied_units: CopiedUnits::Hundredths,
                ext_prefix: None,
                ..graphql()
            }),
            vec![
                ("bulk_price", "other"),
                ("bulk_tax", "shown"),
                ("bulk_units", "hundredths"),
                ("bulk_error", "not_named"),
            ],
        ),
        (
            of_graphql(GraphqlOptions {
                rest_order: RestOrder::Doubled,
                creation_source_text: true,
                receipt_list: true,
                v3_delete_deletes: true,
                partial_null: true,
                ..graphql()
            }),
            vec![
                ("bulk_over_rest", "second_record"),
                ("bulk_source_type", "text"),
                ("bulk_delete", "deleted"),
                ("bulk_part", "stored"),
            ],
        ),
    ]
}

#[test]
fn each_answer_is_the_accounts_own() {
    in_paused_time(async {
        let usual = answers_of(Options::default(), None).await;
        let expected = [
            ("schema", "documented"),
            ("bulk_source_type", "enum"),
            ("missing_record", "gone"),
            ("rate_headers", "stated"),
            ("customer_key", "externalid"),
            ("list_lag", "seen"),
            ("unique_order", "refused"),
            ("unique_cart", "refused"),
            ("cart_and_order", "accepted"),
            ("foreign_customer", "refused"),
            ("filter", "equals"),
            ("filter_signs", "found"),
            ("list_order", "ascending"),
            ("list_sort", "honoured"),
            ("update_lines", "removed"),
            ("update_discounts", "removed"),
            ("amount_empty", "refused"),
            ("amount_fraction", "refused"),
            ("amount_negative", "refused"),
            ("amount_large", "refused"),
            ("total_products", "lines"),
            ("currency_unknown", "accepted"),
            ("currency_lower", "uppercased"),
            ("source", "historical"),
            ("contact", "not_created"),
            ("bulk_lag", "seen"),
            ("bulk_copy_lag", "seen"),
            ("bulk_price", "unit"),
            ("bulk_source", "historical"),
            ("bulk_tax", "not_shown"),
            ("bulk_units", "minor_units"),
            ("bulk_update", "replaces"),
            ("bulk_error", "named"),
            ("bulk_part", "not_stored"),
            ("bulk_blank", "accepted"),
            ("bulk_async", "seen"),
            ("bulk_body", "accepted"),
            ("bulk_max", "accepted"),
            ("bulk_over_rest", "one_record"),
            ("bulk_delete", "kept"),
            ("retry_after", "not_met"),
        ];
        let asked: Vec<&str> = QUESTIONS.iter().map(|question| question.id).collect();
        assert_eq!(asked, expected.map(|(id, _)| id));
        for (id, word) in expected {
            assert_eq!(usual[id].0, word, "{id}");
        }
        assert_eq!((usual["bulk_max"].1, usual["bulk_body"].1), (Some(100), Some(500)));
        for (options, expected) in others() {
            let answers = answers_of(options, None).await;
            for (id, (word, _)) in &answers {
                let changed = expected.iter().find(|(of, _)| of == id);
                assert_eq!(word, changed.map_or(&*usual[id].0, |(_, word)| word), "{id}");
            }
        }
    });
}

#[test]
fn it_writes_as_many_orders_as_it_asks_consent_for() {
    in_paused_time(async {
        let rehearsal = sandbox(Options::default());
        rehearsal.probe(End::Done).await.unwrap();
        let (written, asked_for) =
            (written(&rehearsal.simulator), REST_ORDERS_MAX + GRAPHQL_ORDERS_MAX);
        // The account refuses a few of the trials.
        assert!((asked_for - 12..=asked_for).contains(&written), "{written} of {asked_for}");
    });
}

#[test]
fn times_and_lengths_are_measured() {
    in_paused_time(async {
        for lag_ms in [0, 4_000] {
            let graphql =
                GraphqlOptions { object_lag_ms: lag_ms, v3_lag_ms: lag_ms, ..Default::default() };
            let options = Options { list_lag_ms: lag_ms, graphql, ..Options::default() };
            let answers = answers_of(options, None).await;
            let lag = i64::from(lag_ms);
            for (id, from) in [("list_lag", lag), ("bulk_lag", lag), ("bulk_copy_lag", 2 * lag)] {
                let measured = answers[id].1.unwrap();
                assert!((from..from * 2 + 1_000).contains(&measured), "{id}: {measured}");
            }
        }
        for (limit, measured) in [(30, 20), (10, 10)] {
            let graphql = GraphqlOptions { batch_limit: Some(limit), ..Default::default() };
            let answers = answers_of(of_graphql(graphql), None).await;
            assert_eq!(answers["bulk_max"].1, Some(measured));
        }
        for (limit, kib) in [(400, 250), (200, 100)] {
            let graphql = GraphqlOptions { body_limit: limit * 1_024, ..Default::default() };
            assert_eq!(answers_of(of_graphql(graphql), None).await["bulk_body"].1, Some(kib));
        }
        let graphql = GraphqlOptions { batch_limit: Some(9), ..Default::default() };
        assert_eq!(answers_of(of_graphql(graphql), None).await["bulk_max"].0, "refused");
    });
}

#[test]
fn a_refusal_for_the_rate_shows_whether_it_states_a_pause() {
    in_paused_time(async {
        for (retry_after, word) in
            [(RetryAfter::Seconds(2), "stated"), (RetryAfter::None, "not_stated")]
        {
            let refused = Kind::Status { code: 429, retry_after, html: false };
            let answers = answers_of(Options::default(), Some(Fault::new(refused).nth(20))).await;
            assert_eq!(answers["retry_after"].0, word);
        }
    });
}

#[test]
fn wherever_it_is_killed_the_next_probe_removes_what_it_left() {
    in_paused_time(async {
        for nth in (3..240).step_by(13) {
            let rehearsal = sandbox(Options::default());
            let moment = [KillPoint::OnItsWay, KillPoint::Answered][usize::from(nth % 2 == 0)];
            let killed = rehearsal.probe(End::Killed(moment, nth)).await;
            assert!(killed.is_none(), "{nth} is beyond its end");
            let report = rehearsal.probe(End::Done).await.unwrap();
            assert!(report.error.is_none(), "{nth}: {:?}", report.error);
            let answered =
                |asked: &&ordersync::run::Asked| matches!(asked.outcome, AskedOutcome::Answered(_));
            assert_eq!(report.asked.iter().filter(answered).count(), QUESTIONS.len());
            assert_clean(&rehearsal, &report);
        }
    });
}

fn real(graphql: GraphqlOptions) -> World {
    let options = Options { requests_per_second: None, graphql, ..Options::default() };
    let world = World::with(options);
    allow(|edit| world.simulator.edit(edit));
    world
}

fn probe(world: &World, args: &[&str], code: i32) -> Value {
    let ended = world.run(&[&["--json", "--quiet", "probe", "main"], args].concat());
    assert_eq!(ended.code, code, "{}\n{}", ended.out, ended.err);
    ended.json()["probe"].clone()
}

#[test]
fn without_consent_it_only_reads_and_says_what_it_would_write() {
    let world = real(at_once());
    let read = probe(&world, &[], 0);
    assert_eq!(read["outcome"], "read");
    assert_eq!(world.summary().by_route.get("POST /connections"), None);
    assert_eq!(world.summary().orders, 0);
    let text = world.run(&["probe", "main"]).out;
    assert!(text.contains("Create two connections") && text.contains("--write"), "{text}");
    assert!(text.contains("may still show the 125 orders"), "{text}");
    assert_eq!(world.run(&["probe", "mian"]).code, 2);
}

#[test]
fn its_answers_stay_and_hold_no_address() {
    let world = real(GraphqlOptions { v3_delete_deletes: true, ..at_once() });
    let written = probe(&world, &["--write"], 0);
    assert_eq!(
        (&written["outcome"], &written["left"]),
        (&"finished".into(), &Value::Array(vec![]))
    );
    let known = probe(&world, &[], 0);
    let answer = |probe: &Value, id: &str| {
        let questions = probe["questions"].as_array().unwrap();
        questions.iter().find(|question| question["id"] == id).unwrap().clone()
    };
    for id in ["filter", "bulk_price"] {
        assert_eq!(answer(&known, id)["answer"], answer(&written, id)["answer"]);
        assert_eq!(answer(&known, id)["asked_now"], false);
    }
    let text = b"@example.com";
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(!world.state_files().iter().any(|(_, bytes)| holds(bytes)));
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn one_that_is_interrupted_removes_what_it_wrote() {
    let world = real(at_once());
    // The first requests list connections and create two with a customer each; this one reads.
    world.hold_from(7);
    let child = world.start(&["--json", "--quiet", "probe", "main", "--write"]);
    until("a request is held", || world.simulator.summary().requests >= 7);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    world.simulator.clear_faults();
    world.simulator.release();
    let ended = Finished::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130, "{}\n{}", ended.out, ended.err);
    let report = ended.json()["probe"].clone();
    assert_eq!((&report["left"], &report["outcome"]), (&json!([]), &"interrupted".into()));
    assert_eq!(report["removed"]["connections"], 2, "{report}");
    let summary = world.summary();
    assert_eq!((summary.orders, summary.customers, summary.contacts), (0, 0, 0));
    assert_eq!(summary.violations, []);
}

#[test]
fn leftovers_of_a_killed_one_are_named_with_the_command_that_removes_them() {
    let world = real(at_once());
    world.hold_from(9);
    let child = world.start(&["--json", "--quiet", "probe", "main", "--write"]);
    until("a request is held", || world.simulator.summary().requests >= 9);
    world.simulator.clear_faults();
    world.kill(child);
    world.simulator.release();
    world.settle();
    let read = world.run(&["probe", "main"]);
    assert_eq!(read.code, 0, "{}", read.err);
    let named = "Still there, and removed by `ordersync probe main --write`, connection 1, 2";
    assert!(read.out.contains(named), "{}", read.out);
    assert_eq!(probe(&world, &[], 0)["left"].as_array().unwrap().len(), 2);
    assert_eq!(probe(&world, &["--write"], 0)["earlier_removed"], 2);
    assert_eq!(probe(&world, &[], 0)["left"], json!([]));
}

/// The longest of the batches that were sent from the request `from` on.
fn longest_batch(world: &World, from: usize) -> u64 {
    let log = world.simulator.requests();
    let batches = log.as_array().unwrap()[from..].iter().filter_map(|it| it["orders"].as_u64());
    batches.max().unwrap()
}

#[test]
fn batches_are_as_long_as_it_measured_unless_that_is_set() {
    let world = real(at_once()).account("in_flight_max = 1\n").job("load = \"bulk\"\n");
    world.generate(&orders(400, 7));
    probe(&world, &["--write"], 0);
    let before = world.simulator.summary().requests as usize;
    let world = world.replace_job("load = \"bulk\"\nbulk_max = 12\n");
    world.run(&["backfill", "--canary", "60"]);
    assert_eq!(longest_batch(&world, before), 12);
    let before = world.simulator.summary().requests as usize;
    let world = world.replace_job("load = \"bulk\"\n");
    world.load("backfill", 0);
    let longest = longest_batch(&world, before);
    assert!((41..=100).contains(&longest), "{longest}");
}

#[test]
fn the_first_orders_are_sent_as_it_found_prices_to_be_read() {
    let graphql = GraphqlOptions { price: PriceReading::LineTotal, ..at_once() };
    let sent = |is_probed: bool| {
        let world = real(graphql.clone()).job("load = \"bulk\"\n");
        let truth = world.generate(&orders(40, 7));
        if is_probed {
            probe(&world, &["--write"], 0);
        }
        let before = world.orders_in_batches();
        world.load("backfill", 0);
        (world.orders_in_batches() - before, truth.valid)
    };
    let (unprobed, valid) = sent(false);
    assert!(unprobed > valid, "a canary is corrected");
    assert_eq!(sent(true), (valid, valid));
}
