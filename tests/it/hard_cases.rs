//! Sequences in which such a tool can fail silently.

use crate::process::Process;
use crate::resume::wait_for_requests;
use crate::world::{WAIT_MAX, World, assert_adds_up, until};
use ordersync::simulator::{Edit, Ending, Fault, Kind, Latency, Options, RetryAfter};
use serde_json::{Value, json};
use std::time::Instant;

const HEADER: &str = "Name,Email,Financial Status,Currency,Subtotal,Total,Refunded Amount,Created at,\
    Lineitem quantity,Lineitem name,Lineitem price,Id\n";

fn row(id: u64, status: &str, product: &str) -> String {
    let date = "2024-01-31 10:11:12 -0500";
    format!("#{id},ann@example.com,{status},USD,10.00,10.00,4.00,{date},1,{product},10.00,{id}\n")
}

fn export(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().fold(HEADER.to_owned(), |text, row| text + &row)
}

fn slow() -> World {
    World::with(Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 300 },
        ..Options::default()
    })
}

fn product(world: &World) -> Value {
    world.target()["ecomOrders"][0]["ecomOrderProducts"][0]["name"].clone()
}

/// Kills the program once `seen` reports that its requests have arrived.
fn kill_when(world: &World, args: &[&str], seen: impl Fn() -> bool) {
    let child = world.start(args);
    until("what it sent arrives", seen);
    world.kill(child);
}

fn database(world: &World) -> rusqlite::Connection {
    rusqlite::Connection::open(world.path("state/main.db")).unwrap()
}

#[test]
fn an_update_cut_off_by_a_kill_is_sent_again_though_the_list_looks_right() {
    let world = World::new();
    world.export("o.csv", export([row(1, "paid", "Mug")]));
    world.load("backfill", 0);
    world.export("o.csv", export([row(1, "paid", "Better Mug")]));
    world.simulator.inject(Fault::new(Kind::ResetBefore).on("PUT", "/ecomOrders").forever());
    let before = world.summary().requests;
    kill_when(&world, &["--quiet", "sync"], || world.summary().requests > before);
    world.simulator.clear_faults();
    let run = world.load("sync", 0);
    assert_eq!((&run["updated"], &run["created"]), (&1.into(), &0.into()), "{run}");
    assert_eq!(product(&world), "Better Mug");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn an_order_that_changes_after_its_create_was_cut_off_is_brought_up_to_date() {
    let world = World::new();
    world.export("o.csv", export([row(1, "paid", "Mug")]));
    let held = Kind::Stored { then: Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders"));
    kill_when(&world, &["--quiet", "backfill"], || world.summary().orders == 1);
    world.export("o.csv", export([row(1, "paid", "Better Mug")]));
    let run = world.load("sync", 0);
    assert_eq!(run["adopted"], 1, "{run}");
    assert_eq!((product(&world), world.summary().orders), ("Better Mug".into(), 1));
}

#[test]
fn an_order_the_newest_file_lacks_is_not_taken_from_an_older_one() {
    let world = World::new();
    world.export("o1.csv", export([row(1, "paid", "Old")]));
    world.export("o2.csv", export([row(1, "paid", "New")]));
    world.load("backfill", 0);
    world.export("o3.csv", export([row(1, "charged_back", "New")]));
    std::fs::remove_file(world.path("exports/o2.csv")).unwrap();
    let run = world.load("sync", 3);
    assert_eq!((&run["invalid"], &run["filtered"]), (&1.into(), &1.into()), "{run}");
    assert_eq!(product(&world), "New");
}

#[test]
fn one_key_is_never_written_twice_at_once_whatever_its_status() {
    let world = slow().policy("statuses = [\"all\"]\n");
    world.export("o1.csv", export([row(1, "odd", "Old")]));
    world.export("o2.csv", export([row(1, "odd", "New")]));
    let run = world.load("backfill", 0);
    assert_eq!((&run["created"], &run["filtered"]), (&1.into(), &1.into()));
    assert_eq!((product(&world), world.summary().violations.len()), ("New".into(), 0));
}

#[test]
fn an_order_doubled_in_activecampaign_is_found_though_the_exports_overlap() {
    let world = World::new();
    world.export("o1.csv", export([row(1, "paid", "Mug")]));
    world.export("o2.csv", export([row(1, "paid", "Mug"), row(2, "paid", "Mug")]));
    world.load("backfill", 0);
    let like = world.target()["ecomOrders"][0].clone();
    let number = |name: &str| like[name].as_str().unwrap().parse::<i64>().unwrap();
    let order = json!({
        "externalid": "1", "source": 0, "email": like["email"], "currency": "USD", "totalPrice": 99999,
        "connectionid": number("connectionid"), "customerid": number("customerid"),
        "externalCreatedDate": like["externalCreatedDate"],
        "orderProducts": [{ "externalid": "x", "name": "Extra", "price": 100, "quantity": 1 }],
    });
    world.simulator.edit(Edit::AddOrder { order: order.as_object().unwrap().clone() }).unwrap();
    let output = world.run(&["--json", "verify", "shop"]);
    assert_eq!(output.code, 7, "{}", output.out);
    assert_eq!(
        output.json()["verifications"][0]["differences_by_kind"],
        json!([{ "kind": "duplicate", "count": 1 }])
    );
}

#[test]
fn an_address_in_the_wrong_column_reaches_neither_state_nor_terminal() {
    let world = World::new();
    let shifted = row(2, "paid", "Mug").replace("ann@", "canary.person@");
    let shifted = shifted.split_once(',').unwrap().1.to_owned();
    let quoted = format!("\"{}", row(3, "paid", "Mug").replace("ann@", "canary.person@"));
    // The first cells are lost: the buyer's name is in place of the order's.
    let named = "Kanarienvogel,2024-01-31 10:11:12 -0500,1,Mug,10.00,5\n".to_owned();
    world.export(
        "o.csv",
        export([row(1, "paid", "Mug"), shifted, named, row(4, "paid", "Mug"), quoted]),
    );
    let output = world.run(&["backfill"]);
    let plan = world.run(&["plan"]);
    for text in [&output.out, &output.err, &plan.out, &plan.err] {
        assert!(!text.contains("canary.person") && !text.contains("Kanarienvogel"), "{text}");
    }
    for (path, bytes) in world.state_files() {
        let held = bytes
            .windows(13)
            .any(|window| window == b"canary.person" || window == b"Kanarienvogel");
        assert!(!held, "{}", path.display());
    }
}

#[test]
fn a_stop_is_heard_while_the_connection_is_looked_for() {
    let world = World::new();
    world.export("o.csv", export([row(1, "paid", "Mug")]));
    // Shorter than the program's time-out, and longer than any machine takes to stop it.
    let wait = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(890), html: false };
    world.simulator.inject(Fault::new(wait).on("GET", "/connections"));
    let mut backfill = Process::start(&mut world.command(&["backfill", "--yes"]));
    assert!(wait_for_requests(&world, backfill.child(), 1));
    let begun = Instant::now();
    backfill.signal("TERM");
    backfill.ends(143);
    assert!(begun.elapsed() < WAIT_MAX, "not after the time the target asked for");
    assert_eq!(world.summary().connections, 0, "and nothing was made after the stop");
}

/// As when a terminal is closed.
#[test]
fn a_hangup_stops_a_run_cleanly() {
    let world = World::new();
    world.export("o.csv", export((1..=9).map(|n| row(n, "paid", "Mug"))));
    world.hold_from(4);
    let mut backfill = Process::start(&mut world.command(&["backfill", "--yes"]));
    assert!(wait_for_requests(&world, backfill.child(), 4));
    backfill.signal("HUP");
    backfill.wait_for_log("stopping: waiting for requests in flight", 1);
    world.simulator.release();
    let output = backfill.ends(129);
    assert!(output.err.contains("to go"), "{}", output.err);
    assert_eq!(world.load("backfill", 0)["pending"], 0);
    assert_eq!(world.summary().orders, 9);
}

#[test]
fn accounts_that_were_tampered_with_are_not_called_finished() {
    let world = World::new();
    let pending = (1..=5).map(|n| row(n, "pending", "Mug"));
    world.export("o.csv", export(pending.chain((6..=12).map(|n| row(n, "paid", "Mug")))));
    let refused = Kind::Status { code: 403, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(refused).on("POST", "/ecomOrders").nth(4).forever());
    world.load("backfill", 5);
    world.simulator.clear_faults();
    // Two more, not fewer: the stopped run may have counted none yet.
    database(&world).execute("UPDATE runs SET filtered = filtered + 2", []).unwrap();
    let output = world.run(&["--json", "backfill"]);
    assert_eq!(output.code, 1, "{}", output.out);
    assert!(output.err.contains("do not add up"), "{}", output.err);
    assert_eq!(output.json()["runs"][0]["outcome"], "failed");
    let next = world.load("backfill", 0);
    assert_eq!(
        (&next["unchanged"], &next["filtered"]),
        (&7.into(), &5.into()),
        "a new run, not the failed one"
    );
}

#[test]
fn two_jobs_on_one_connection_do_not_spoil_each_others_accounts() {
    let two = "statuses = [\"paid\"]\n[jobs.two]\naccount = \"main\"\nexport = [\"more/*\"]\n\
        [jobs.two.connection]\nservice = \"shopify\"\nexternalid = \"test-store\"\n";
    let world = World::new().policy(two);
    world.export("o.csv", export((1..=6).map(|n| row(n, "paid", "Mug"))));
    std::fs::create_dir_all(world.path("more")).unwrap();
    std::fs::write(world.path("more/o.csv"), export((7..=12).map(|n| row(n, "paid", "Cup"))))
        .unwrap();
    assert_eq!(world.run(&["backfill", "--canary", "3", "shop"]).code, 0);
    assert_eq!(world.run(&["backfill", "two"]).code, 0);
    let output = world.run(&["--json", "backfill", "shop"]);
    assert_eq!(output.code, 0, "{}", output.err);
    assert_adds_up(&output.json()["runs"][0]);
    assert_eq!(world.summary().orders, 12);
}

#[test]
fn a_deleted_and_recreated_connection_is_loaded_with_consent() {
    let world = World::new();
    world.export("o.csv", export([row(1, "paid", "Mug")]));
    world.load("backfill", 0);
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    let (service, externalid) = ("shopify".into(), "test-store".into());
    let again = Edit::AddConnection { service, externalid, name: "Again".into(), native: false };
    world.simulator.edit(again).unwrap();
    world.export(
        "o.csv",
        export([row(1, "paid", "Mug"), row(2, "paid", "Mug").replace("ann@", "bob@")]),
    );
    world.load("sync", 5);
    world.load("sync", 5);
    assert_eq!(world.run(&["connection", "ensure", "shop"]).code, 0);
    let run = world.load("sync", 0);
    assert_eq!(run["created"], 2, "the new connection holds none of the orders: {run}");
}

#[test]
fn a_run_is_not_resumed_with_other_rules() {
    let world = World::new();
    world.export("o.csv", export((1..=3).map(|n| row(n, "paid", "Mug"))));
    assert_eq!(world.run(&["backfill", "--canary", "2"]).code, 0);
    let world = world.policy("refunds = \"net\"\n");
    world.load("backfill", 0);
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    assert!(orders.iter().all(|order| order["totalPrice"] == "600"), "{orders:?}");
}

#[test]
fn one_job_that_can_not_be_done_does_not_keep_the_others() {
    let bad = "statuses = [\"paid\"]\n[jobs.a_bad]\naccount = \"main\"\nexport = [\"bad/*\"]\n\
        [jobs.a_bad.connection]\nservice = \"s\"\nexternalid = \"native\"\n";
    let world = World::new().policy(bad);
    let (service, externalid) = ("s".into(), "native".into());
    let native = Edit::AddConnection { service, externalid, name: "Native".into(), native: true };
    world.simulator.edit(native).unwrap();
    world.export("o.csv", export([row(1, "paid", "Mug")]));
    std::fs::create_dir_all(world.path("bad")).unwrap();
    std::fs::write(world.path("bad/o.csv"), export([row(9, "paid", "Mug")])).unwrap();
    let output = world.run(&["--json", "sync"]);
    assert_eq!((output.code, world.summary().orders), (2, 1), "{}", output.err);
    assert_eq!(output.json()["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_look_at_part_of_the_export_forgets_no_dead_letter() {
    let world = World::new();
    world.export("o.csv", export((1..=2).map(|n| row(n, "paid", "Mug"))));
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").key("1").forever());
    world.load("backfill", 3);
    let letters = || {
        let database = database(&world);
        let mut letters = database
            .prepare("SELECT CAST(record AS TEXT), reasons, status FROM dead_letters")
            .unwrap();
        let rows = letters.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, String, Option<i64>)>>()
    };
    let before = letters();
    assert_eq!(before.len(), 1);
    assert_eq!(world.run(&["backfill", "--to", "1990-01-01"]).code, 0);
    assert_eq!(letters(), before);
}

#[test]
fn if_every_order_is_refused_the_connection_is_looked_up() {
    let world = World::new().policy("refused_max = 5\n");
    world.export("o.csv", export((1..=12).map(|n| row(n, "paid", "Mug"))));
    world.load("backfill", 0);
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("PUT", "/ecomOrders").forever());
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    world.export("o.csv", export((1..=12).map(|n| row(n, "paid", "Cup"))));
    let output = world.run(&["--quiet", "sync"]);
    assert_eq!(output.code, 5, "{}", output.err);
    assert!(output.err.contains("was deleted"), "{}", output.err);
}
