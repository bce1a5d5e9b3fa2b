//! A run can be undone: its records are deleted, everything else stays, and kills lose nothing.

use crate::process::Process;
use crate::random::Rng;
use crate::resume::{LATE_MAX, wait_for_requests};
use crate::world::{TOKEN, World, assert_adds_up, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Ending, Fault, Kind, Latency, Options};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};

const DAY_ONE: GeneratorOptions = GeneratorOptions {
    orders: 120,
    seed: 5,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn undone(world: &World, run: &str, code: i32) -> Value {
    let output = world.run(&["--json", "--quiet", "undo", "shop", "--run", run, "--yes"]);
    assert_eq!(output.code, code, "{}{}", output.out, output.err);
    output.json()["undo"].clone()
}

fn keys(world: &World) -> BTreeSet<String> {
    let target = world.target();
    let orders = target["ecomOrders"].as_array().unwrap().iter();
    orders.map(|order| order["externalid"].as_str().unwrap().to_owned()).collect()
}

fn deletes(world: &World) -> u64 {
    let routes = world.summary().by_route;
    routes.iter().filter(|(route, _)| route.starts_with("DELETE")).map(|(_, n)| *n).sum()
}

/// An order by its place in ActiveCampaign's list: its id there and its key.
fn order_at(world: &World, place: usize) -> (String, String) {
    let order = world.target()["ecomOrders"][place].clone();
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    (text("id"), text("externalid"))
}

#[test]
fn it_deletes_exactly_what_the_run_created_and_leaves_the_rest() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let first = keys(&world);
    let truth =
        world.generate(&GeneratorOptions { changed_permille: 100, extra_orders: 30, ..DAY_ONE });
    let sync = world.load("sync", 0);
    let customers = world.summary().customers;
    let report = undone(&world, "2", 0);
    assert_eq!((&report["deleted"], &report["orders"]), (&30.into(), &30.into()), "{report}");
    assert_eq!((&report["left"], &report["verified"]), (&0.into(), &true.into()));
    assert_eq!(report["leaves"]["updated"], truth.changed, "updated ones stay as they are now");
    assert_eq!(report["leaves"]["customers"], sync["customers"]["created"]);
    assert_eq!(keys(&world), first);
    assert_eq!(deletes(&world), 30, "one request for each");
    assert_eq!(world.summary().customers, customers);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    let status = world.run(&["status"]).out;
    assert_eq!(status.matches("undone").count(), 1, "{status}");
    let requests = world.summary().requests;
    assert_eq!(undone(&world, "2", 0)["outcome"], "nothing_left");
    assert_eq!(world.summary().requests, requests, "a finished undo asks for nothing");
}

#[test]
fn the_plan_comes_first_and_nothing_is_sent_without_a_yes() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let requests = world.summary().requests;
    let output = world.run(&["undo", "shop", "--run", "1", "--dry-run"]);
    assert_eq!(output.code, 0, "{}", output.err);
    for expected in ["120", "orders that it created", "124 requests", "leaves alone"] {
        assert!(output.out.contains(expected), "{expected}: {}", output.out);
    }
    let output = world.run(&["undo", "shop", "--run", "1"]);
    assert_eq!(output.code, 2, "{}", output.err);
    assert!(output.err.contains("no terminal") && output.err.contains("--yes"), "{}", output.err);
    assert_eq!(world.summary().requests, requests, "neither sent anything");
    assert_eq!(undone(&world, "1", 0)["requests"]["total"], 120 + 4, "as forecast");
}

#[test]
fn a_run_not_known_to_be_the_jobs_own_is_refused() {
    let other = "\n[jobs.other]\naccount = \"main\"\nexport = [\"exports/*\"]\n\n[jobs.other.connection]\nservice = \"x\"\nexternalid = \"y\"\n";
    let world = World::new().policy(other);
    world.generate(&DAY_ONE);
    assert_eq!(world.run(&["backfill", "shop"]).code, 0);
    for (job, run, expected) in [("shop", "7", "no run 7"), ("other", "1", "run 1 is of job shop")]
    {
        let output = world.run(&["undo", job, "--run", run, "--yes"]);
        assert_eq!(output.code, 2, "{}", output.err);
        assert!(output.err.contains(expected), "{}", output.err);
    }
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    let output = world.run(&["undo", "shop", "--run", "1", "--yes"]);
    assert_eq!(output.code, 5, "{}", output.err);
    assert!(output.err.contains("connection"), "{}", output.err);
    assert_eq!((deletes(&world), world.summary().orders), (0, 120));
}

#[test]
fn an_undone_run_can_be_loaded_again() {
    let world = World::new();
    let truth = world.generate(&DAY_ONE);
    let output = world.run(&["--json", "backfill", "--canary", "40"]);
    assert_eq!(output.json()["runs"][0]["outcome"], "finished");
    assert_eq!(undone(&world, "1", 0)["deleted"], 40);
    assert_eq!(world.summary().orders, 0);
    let again = world.load("backfill", 0);
    assert_eq!((&again["run"], &again["created"]), (&2.into(), &truth.valid.into()), "another run");
    assert_eq!(again["customers"]["adopted"], 0, "customers stayed, and the ledger knows them");
    assert_adds_up(&again);
    assert_eq!(undone(&world, "2", 0)["deleted"], truth.valid);
    assert_eq!(world.load("backfill", 0)["created"], truth.valid);
    assert_eq!(world.summary().orders as u64, truth.valid);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

const SEED: u64 = 20_270_131;

#[test]
fn fifteen_kills_forget_nothing_and_delete_nothing_twice() {
    let options = Options {
        requests_per_second: None,
        latency: Latency::Fixed { ms: 2 },
        ..Options::default()
    };
    let world = World::with(options);
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let first = keys(&world);
    world.generate(&GeneratorOptions { extra_orders: 480, ..DAY_ONE });
    world.load("sync", 0);
    let mut rng = Rng::new(SEED);
    let mut kills = 0;
    while kills < 15 {
        let (before, life) = (world.summary().requests, 1 + rng.below(40));
        world.hold_from(life + LATE_MAX);
        let mut child = world.start(&["--quiet", "undo", "shop", "--run", "2", "--yes"]);
        if !wait_for_requests(&world, &mut child, before + life) {
            break;
        }
        for _ in 0..rng.below(4_000) {
            std::hint::spin_loop();
        }
        world.kill(child);
        world.simulator.release();
        kills += 1;
    }
    world.simulator.release();
    let report = undone(&world, "2", 0);
    println!("seed {SEED}: {kills} kills, {} deletes, last {report}", deletes(&world));
    assert!(kills >= 10, "only {kills} kills before it was done");
    assert_eq!((&report["left"], &report["verified"]), (&0.into(), &true.into()));
    assert_eq!(keys(&world), first);
    assert_eq!(deletes(&world), 480, "what was gone was seen to be gone, and not deleted again");
    let loaded = world.load("sync", 0);
    assert_eq!((&loaded["created"], &loaded["unchanged"]), (&480.into(), &120.into()));
    assert_adds_up(&loaded);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_delete_whose_answer_was_lost_is_repeated_until_it_is_known() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let lost = Kind::Stored { then: Ending::Reset };
    world.simulator.inject(Fault::new(lost).on("DELETE", "/ecomOrders").nth(7).times(2));
    let html = Kind::Status { code: 502, retry_after: Default::default(), html: true };
    world.simulator.inject(Fault::new(html).on("DELETE", "/ecomOrders").nth(30));
    let report = undone(&world, "1", 0);
    assert_eq!((&report["deleted"], &report["gone"]), (&120.into(), &0.into()), "{report}");
    assert_eq!((world.summary().orders, deletes(&world)), (0, 123));
}

#[test]
fn an_order_whose_delete_was_cut_off_is_looked_up_by_the_next_run() {
    let world = World::new();
    let truth = world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let (_, key) = order_at(&world, 50);
    let held = Kind::Stored { then: Ending::Hold { ms: 600_000 } };
    world.simulator.inject(Fault::new(held).on("DELETE", "/ecomOrders").key(&key));
    let child = world.start(&["--quiet", "undo", "shop", "--run", "1", "--yes"]);
    until("the order is deleted", || !keys(&world).contains(&key));
    world.kill(child);
    // A sync before the undo is resumed: no deleted order may count as loaded.
    world.load("sync", 0);
    assert_eq!(world.summary().orders as u64, truth.valid);
    assert!(keys(&world).contains(&key));
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn a_create_that_a_kill_cut_off_is_reported_and_left_alone() {
    let world = World::new();
    world.generate(&DAY_ONE);
    let held = Kind::Stored { then: Ending::Hold { ms: 600_000 } };
    world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders").nth(20));
    let child = world.start(&["--quiet", "backfill"]);
    until("all orders are there", || world.summary().orders == 120);
    world.kill(child);
    let report = undone(&world, "1", 7);
    let unconfirmed = report["unconfirmed"].as_array().unwrap();
    assert!(!unconfirmed.is_empty() && report["left"] == 0, "{report}");
    assert_eq!(world.summary().orders, unconfirmed.len());
    // The next run finds that the first run created it, so it can be undone as well.
    world.load("backfill", 0);
    assert_eq!(undone(&world, "1", 0)["deleted"], unconfirmed.len());
    assert_eq!(world.summary().orders, 120 - unconfirmed.len());
}

#[test]
fn an_id_that_belongs_to_another_order_now_is_left_alone() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let (id, key) = order_at(&world, 9);
    rename(&world, &id, "somebody-elses");
    let report = undone(&world, "1", 7);
    assert_eq!((&report["deleted"], &report["left"]), (&119.into(), &1.into()), "{report}");
    assert_eq!(report["foreign"], serde_json::json!([key]));
    assert_eq!(keys(&world), BTreeSet::from(["somebody-elses".to_owned()]));
}

#[test]
fn an_order_that_was_deleted_before_is_done() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    world.simulator.edit(Edit::DeleteOrder { externalid: order_at(&world, 3).1 }).unwrap();
    let report = undone(&world, "1", 0);
    assert_eq!((&report["deleted"], &report["gone"]), (&119.into(), &1.into()), "{report}");
    assert_eq!(deletes(&world), 119);
}

#[test]
fn an_order_that_a_moving_list_left_out_is_deleted_too() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    // While the first page is in flight, an order on it is deleted: the second page then begins one
    // too far.
    world.simulator.inject(Fault::new(Kind::Slow { ms: 86_400_000 }).on("GET", "/ecomOrders"));
    let mut child = world.start(&["--quiet", "undo", "shop", "--run", "1", "--yes"]);
    assert!(wait_for_requests(&world, &mut child, world.summary().requests + 2));
    until("the first page is read", || world.summary().faults_struck.get("slow") == Some(&1));
    world.simulator.edit(Edit::DeleteOrder { externalid: order_at(&world, 3).1 }).unwrap();
    world.simulator.release();
    assert!(child.wait().unwrap().success());
    assert_eq!(world.summary().orders, 0, "the one left out is asked for by itself");
}

#[test]
fn an_order_the_target_only_claims_to_have_deleted_is_found_when_read_back() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let key = order_at(&world, 3).1;
    let lie = Kind::Status { code: 200, retry_after: Default::default(), html: false };
    world.simulator.inject(Fault::new(lie).on("DELETE", "/ecomOrders").key(&key));
    let report = undone(&world, "1", 7);
    assert_eq!(
        (&report["left"], &report["still_there"]),
        (&1.into(), &serde_json::json!([key])),
        "{report}"
    );
    assert_eq!(undone(&world, "1", 0)["deleted"], 1, "it stands in the ledger again");
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn a_target_that_refuses_to_delete_is_reported_and_asked_again() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let key = order_at(&world, 3).1;
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("DELETE", "/ecomOrders").key(&key));
    let report = undone(&world, "1", 7);
    assert_eq!(
        (&report["deleted"], &report["refused"][0]["order"]),
        (&119.into(), &key.into()),
        "{report}"
    );
    assert_eq!(undone(&world, "1", 0)["deleted"], 1);
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn a_signal_ends_it_cleanly_and_the_next_call_resumes() {
    let world = World::new();
    world.generate(&DAY_ONE);
    world.load("backfill", 0);
    let before = world.summary().requests;
    world.hold_from(40);
    let mut undo =
        Process::start(&mut world.command(&["--json", "undo", "shop", "--run", "1", "--yes"]));
    assert!(wait_for_requests(&world, undo.child(), before + 40));
    undo.stops_while_held(&world);
    let report = undo.ends(143).json()["undo"].clone();
    let left = world.summary().orders as u64;
    assert_eq!(report["deleted"], 120 - left, "what was sent is settled");
    let rest = undone(&world, "1", 0);
    assert_eq!((&rest["deleted"], &rest["deleted_before"]), (&left.into(), &(120 - left).into()));
    assert_eq!(deletes(&world), 120);
}

/// Like another user in ActiveCampaign.
pub fn rename(world: &World, id: &str, externalid: &str) {
    let body = format!(
        r#"{{"ecomOrder":{{"externalid":"{externalid}","orderProducts":[{{"externalid":"x","name":"X","price":100,"quantity":1}}]}}}}"#
    );
    let url = world.simulator.url();
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(
        stream,
        "PUT /api/3/ecomOrders/{id} HTTP/1.1\r\nHost: {host}\r\nApi-Token: {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
