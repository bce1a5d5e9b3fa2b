//! Exports from standard input, and the STATE messages for a tap.

use crate::random::{Rng, number};
use crate::resume::{LATE_MAX, wait_for_requests};
use crate::world::{Finished, World, assert_adds_up};
use ordersync::simulator::{Fault, Kind, Latency, Options, RetryAfter};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Command, Stdio};

fn order(id: u64, total: &str, email: &str) -> String {
    format!(
        r##"{{"id":{id},"name":"#{id}","email":"{email}","created_at":"2024-01-31T10:11:12-05:00","currency":"USD","total_price":"{total}","financial_status":"paid","line_items":[{{"variant_id":7,"name":"Mug","price":"{total}","quantity":1}}]}}"##
    )
}

fn record(id: u64, total: &str) -> String {
    let order = order(id, total, &format!("ann{id}@example.com"));
    format!("{{\"type\": \"RECORD\", \"stream\": \"orders\", \"record\": {order}}}\n")
}

/// With blanks that re-serialising would lose.
fn state(n: u64) -> String {
    format!("{{\"type\":  \"STATE\", \"value\": {{\"bookmarks\":{{\"orders\" : {n}}}}}}}\n")
}

const SCHEMA: &str =
    "{\"type\":\"SCHEMA\",\"stream\":\"orders\",\"schema\":{},\"key_properties\":[\"id\"]}\n";

/// Orders 1 to `orders`, each with a STATE of its number after it.
fn stream(orders: u64) -> String {
    let records = (1..=orders).map(|id| record(id, "10.00") + &state(id));
    format!("{}{SCHEMA}{}", state(0), records.collect::<String>())
}

/// Starts the program on a pipe and writes all of it.
fn start_piped(world: &World, args: &[&str], input: &str) -> Child {
    let mut command = world.command(args);
    command.env("ORDERSYNC_JOBS__SHOP__EXPORT", "-");
    feed(command, input)
}

/// Starts a command on a pipe and writes all of it.
pub fn feed(mut command: Command, input: &str) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A program that refuses before it reads closes the pipe.
    let _ = pipe.write_all(input.as_bytes());
    child
}

fn pipe(world: &World, args: &[&str], input: &str) -> Finished {
    Finished::of(start_piped(world, args, input).wait_with_output().unwrap())
}

fn ids_at_target(world: &World) -> BTreeSet<u64> {
    let target = world.target();
    let orders = target["ecomOrders"].as_array().unwrap();
    orders.iter().map(|order| order["externalid"].as_str().unwrap().parse().unwrap()).collect()
}

/// The last STATE that was passed on; asserts that each is an input message, in order.
fn last_state(out: &str) -> Option<u64> {
    let mut last = None;
    for (index, line) in out.lines().enumerate() {
        assert_eq!(format!("{line}\n"), state(index as u64), "byte for byte, and nothing else");
        last = Some(index as u64);
    }
    last
}

#[test]
fn any_format_is_read_from_a_pipe() {
    let world = World::new();
    let csv = "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity\n\
               #1,ann@example.com,2024-01-31 10:11:12 -0500,USD,10.00,Mug,10.00,1\n";
    let planned = pipe(&world, &["--json", "plan"], csv);
    assert_eq!(planned.json()["plans"][0]["create"], 1, "{}", planned.err);
    let ended = pipe(&world, &["--json", "--quiet", "backfill"], csv);
    assert_eq!((ended.code, &ended.json()["runs"][0]["created"]), (0, &1.into()), "{}", ended.err);
    let json = format!("{{\"orders\":[{}]}}", order(2, "5.00", "ben@example.com"));
    let ended = pipe(&world, &["--json", "--quiet", "sync"], &json);
    assert_eq!((ended.code, &ended.json()["runs"][0]["created"]), (0, &1.into()), "{}", ended.err);
    let again = pipe(&world, &["--json", "--quiet", "sync"], &json);
    assert_eq!(again.json()["runs"][0]["unchanged"], 1);
    assert_eq!(world.summary().orders, 2);
    let status = pipe(&world, &["status"], "");
    assert_eq!(status.code, 0, "what reads no export waits for none");
}

#[test]
fn a_table_from_a_pipe_that_ends_within_its_last_line_is_noted_and_its_last_order_held_back() {
    let world = World::new();
    let row =
        |n: u32| format!("#{n},ann@example.com,2024-01-31 10:11:12 -0500,USD,10.00,Mug,10.00,1\n");
    let header =
        "Name,Email,Created at,Currency,Total,Lineitem name,Lineitem price,Lineitem quantity\n";
    let text = [header, &row(6001), &row(6002)].concat();
    let planned = pipe(&world, &["--json", "plan"], text.trim_end()).json()["plans"][0].clone();
    assert_eq!(
        (&planned["create"], &planned["invalid"]),
        (&1.into(), &1.into()),
        "a 1 may be the beginning of 12"
    );
    assert!(planned["files"][0]["notes"][0].as_str().unwrap().contains("no final newline"));
    let planned = pipe(&world, &["--json", "plan"], &text).json()["plans"][0].clone();
    assert_eq!(
        (&planned["create"], &planned["files"][0]["notes"]),
        (&2.into(), &serde_json::json!([]))
    );
}

#[test]
fn a_pipe_that_can_not_be_an_export_is_refused() {
    let world = World::new();
    let empty = pipe(&world, &["backfill"], "");
    assert_eq!(empty.code, 2);
    assert!(empty.err.contains("standard input: is empty, expected an export"), "{}", empty.err);
    let broken = pipe(&world, &["plan"], "[{\"id\":1,}]");
    assert!(
        broken.err.contains("standard input, line 1, column 10: is not valid JSON"),
        "{}",
        broken.err
    );
    let mut command = world.command(&["plan"]);
    command.env("ORDERSYNC_JOBS__SHOP__EXPORT", "-,exports/a.csv");
    let ended = Finished::of(command.output().unwrap());
    assert!(
        ended.code == 2 && ended.err.contains("names standard input (-) beside files"),
        "{}",
        ended.err
    );
    let check = pipe(&world, &["check", "--offline"], &stream(1));
    assert!(
        check.out.contains("export from standard input, checked when a run starts"),
        "{}",
        check.out
    );
}

#[test]
fn dates_that_leave_orders_of_a_tap_out_are_refused() {
    let world = World::new();
    let ended = pipe(&world, &["backfill", "--from", "2024-01-01"], &stream(3));
    assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", ended.err);
    assert_eq!(world.summary().requests, 0);
}

#[test]
fn a_dead_letter_of_one_stream_outlives_the_next() {
    let world = World::new();
    let bad = [SCHEMA.to_owned(), record(1, "ten"), record(9, "ten"), state(0)].concat();
    assert_eq!(pipe(&world, &["--quiet", "sync"], &bad).code, 3);
    assert_eq!(pipe(&world, &["--quiet", "sync"], &stream(2)).code, 0);
    let letters = pipe(&world, &["--json", "dead-letters", "list"], "").json();
    assert_eq!(letters["total"], 1, "the tap will not send 9 again: {letters}");
    assert_eq!(letters["dead_letters"][0]["order"], "9", "and 1 came mended");
}

#[test]
fn states_are_passed_through_and_the_report_is_on_standard_error() {
    let world = World::new();
    let ended = pipe(&world, &["--json", "--quiet", "backfill"], &stream(5));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(last_state(&ended.out), Some(5));
    let report: Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!((&report["runs"][0]["created"], &report["runs"][0]["read"]), (&5.into(), &5.into()));
    let again = pipe(&world, &["sync"], &stream(5));
    assert_eq!((again.code, last_state(&again.out)), (0, Some(5)), "what is unchanged is settled");
    assert!(again.err.contains("unchanged  5"), "{}", again.err);
    let nothing_new = pipe(&world, &["sync"], &format!("{}{SCHEMA}{}", state(0), state(1)));
    assert_eq!(
        (nothing_new.code, last_state(&nothing_new.out)),
        (0, Some(1)),
        "{}",
        nothing_new.err
    );
    let planned = pipe(&world, &["plan"], &stream(3));
    assert!(
        planned.out.contains("Plan of shop") && !planned.out.contains("STATE"),
        "nothing is settled by a plan"
    );
}

#[test]
fn dead_letters_and_superseded_records_are_settled_too() {
    let world = World::new();
    let invalid = record(2, "ten");
    let text = [
        &state(0),
        SCHEMA,
        &record(1, "10.00"),
        &invalid,
        &state(1),
        &record(3, "1.00"),
        &record(1, "11.00"),
        &state(2),
    ]
    .map(str::to_owned)
    .concat();
    let ended = pipe(&world, &["--json", "--quiet", "backfill"], &text);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert_eq!(last_state(&ended.out), Some(2));
    let report: Value = serde_json::from_str(
        ended
            .err
            .lines()
            .take_while(|line| !line.contains("dead-letters"))
            .collect::<String>()
            .as_str(),
    )
    .unwrap();
    let run = &report["runs"][0];
    assert_adds_up(run);
    assert_eq!(
        (&run["created"], &run["filtered"], &run["invalid"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(
        world.summary().by_currency["USD"].total_minor,
        1_200,
        "the later record of order 1 was sent"
    );
}

#[test]
fn a_state_waits_for_the_record_that_takes_the_place_of_one_before_it() {
    let world = World::new().account("in_flight_max = 1\n");
    let refuse = Fault::new(Kind::Status {
        code: 503,
        retry_after: RetryAfter::Seconds(100_000),
        html: false,
    });
    world.simulator.inject(refuse.on("POST", "/ecomOrders").key("1").forever());
    let text = [
        &state(0),
        SCHEMA,
        &record(1, "10.00"),
        &record(2, "1.00"),
        &state(1),
        &record(1, "11.00"),
        &state(2),
    ]
    .map(str::to_owned)
    .concat();
    let ended = pipe(&world, &["--quiet", "backfill"], &text);
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert_eq!(last_state(&ended.out), Some(0), "order 1 is not there in any form");
    assert_eq!(ids_at_target(&world), [2].into());
}

#[test]
fn a_run_that_ends_early_passes_on_what_is_settled_and_no_more() {
    let world = World::new();
    let ended = pipe(&world, &["--quiet", "backfill", "--canary", "3"], &stream(9));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(last_state(&ended.out), None, "what is between the orders of a canary is to come");
    assert_eq!(ids_at_target(&world), (1..=3).collect());
    let cut = stream(9);
    let ended = pipe(&world, &["--quiet", "sync"], &cut[..cut.len() - 100]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert_eq!(last_state(&ended.out), Some(8), "the stream broke off within order 9");
    assert_eq!(ids_at_target(&world), (1..=8).collect());
}

const SEED: u64 = 20_261_123;
/// Kills of the quick suite; `ORDERSYNC_PROOF_KILLS` sets another number.
const KILLS: u64 = 12;

#[test]
fn after_any_kill_no_state_is_passed_on_before_its_records_are_loaded() {
    let kills_wanted = number("ORDERSYNC_PROOF_KILLS").unwrap_or(KILLS);
    let options = Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 3 },
        ..Options::default()
    };
    let world = World::with(options);
    let orders = kills_wanted * 40;
    let text = stream(orders);
    let mut rng = Rng::new(SEED);
    let (mut kills, mut passed_on) = (0, 0);
    while kills < kills_wanted {
        let (before, life) = (world.summary().requests, 1 + rng.below(60));
        world.hold_from(life + LATE_MAX);
        let mut child = start_piped(&world, &["--quiet", "sync"], &text);
        if !wait_for_requests(&world, &mut child, before + life) {
            break;
        }
        child.kill().unwrap();
        let out = child.wait_with_output().unwrap().stdout;
        world.settle();
        world.simulator.release();
        // A line that the kill truncated does not count.
        let whole = out.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let last = last_state(std::str::from_utf8(&out[..whole]).unwrap()).unwrap_or(0);
        let there = ids_at_target(&world);
        let missing = (1..=last).find(|id| !there.contains(id));
        assert_eq!(missing, None, "STATE {last} is out after kill {kills}");
        passed_on += last;
        kills += 1;
    }
    world.simulator.release();
    println!("seed {SEED}: {kills} kills, states up to {passed_on} in all, {orders} orders");
    assert!(kills >= kills_wanted / 2 && passed_on > 0);
    let ended = pipe(&world, &["--quiet", "sync"], &text);
    assert_eq!((ended.code, last_state(&ended.out)), (0, Some(orders)), "{}", ended.err);
    assert_eq!(ids_at_target(&world), (1..=orders).collect());
    assert_eq!(world.summary().duplicate_orders_refused, 0);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}
