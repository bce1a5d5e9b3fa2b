//! Verifications by their own schedule.

use super::{EVERY_SECOND, months_away, runs};
use crate::process::Process;
use crate::world::{World, until};
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Fault, Kind};

const VERIFY: &str = "verify = \"* * * * * *\"\n";

fn shop(world: &World) {
    world.generate(&GeneratorOptions { orders: 30, seed: 3, ..GeneratorOptions::default() });
}

#[test]
fn a_job_is_verified_when_it_is_due_and_again_and_its_result_is_in_status() {
    let world = World::new().job(&format!("{}{VERIFY}", months_away()));
    shop(&world);
    world.load("sync", 0);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is verified: ", 2);
    let log = daemon.stop(0);
    assert!(log.contains("verification of shop next at 20"), "{log}");
    assert_eq!(runs(&world).len(), 1, "a verification is no run");
    let status = world.run(&["status", "--json"]).json();
    let job = &status["jobs"][0];
    let found = &job["last_verification"];
    assert_eq!((&found["differences"], &found["missing"]), (&0.into(), &0.into()), "{job}");
    assert_eq!(found["matching"], world.summary().orders);
    assert!(found["sample"].is_null() && job["next_verification"].is_string(), "{job}");
    let text = world.run(&["status"]).out;
    assert!(text.contains("next verification 20") && text.contains("verified by lists"), "{text}");
    let schedule = world.run(&["schedule", "--next", "1"]).out;
    assert!(schedule.contains("verification of shop (* * * * * * in "), "{schedule}");
}

#[test]
fn missed_verifications_are_caught_up_by_one_of_the_sample_that_is_set() {
    let sample = "verify = \"@yearly\"\nverify_sample = \"1/2\"\n";
    let world = World::new().job(&format!("{}{sample}", months_away()));
    shop(&world);
    world.load("sync", 0);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    // The host was off for three years.
    let state = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    let earlier = "UPDATE verifications SET started_ms = started_ms - 3 * 366 * 86400000,
                   ended_ms = ended_ms - 3 * 366 * 86400000";
    state.execute(earlier, []).unwrap();
    drop(state);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("the verification of shop is caught up", 1);
    daemon.wait_for_log("shop is verified: ", 1);
    daemon.stop(0);
    let again = Process::daemon(&world).stop(0);
    assert!(!again.contains("verification of shop begins"), "one is enough: {again}");
    let status = world.run(&["status", "--json"]).json();
    assert_eq!(status["jobs"][0]["last_verification"]["sample"], "1/2");
}

/// A job that is verified each year, with changes of its state since it was loaded.
fn verified_yearly(is_verified: bool, since: &str) -> World {
    let world = World::new().job(&format!("{}verify = \"@yearly\"\n", months_away()));
    shop(&world);
    world.load("sync", 0);
    if is_verified {
        assert_eq!(world.run(&["verify", "shop"]).code, 0);
    }
    let state = rusqlite::Connection::open(world.path("state/main.db")).unwrap();
    state.execute_batch(since).unwrap();
    world
}

#[test]
fn a_sync_that_did_not_finish_is_resumed_before_a_verification_that_is_due() {
    let world = verified_yearly(
        true,
        "UPDATE verifications SET started_ms = started_ms - 3 * 366 * 86400000,
           ended_ms = ended_ms - 3 * 366 * 86400000;
         UPDATE runs SET outcome = NULL, ended_ms = NULL;",
    );
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is verified: ", 1);
    let log = daemon.stop(0);
    let synced = log.find("of shop finished: ").expect("the sync is resumed");
    assert!(synced < log.find("verification of shop begins").unwrap(), "{log}");
}

#[test]
fn a_job_that_was_never_verified_is_due_from_its_first_load_on() {
    let world = verified_yearly(
        false,
        "UPDATE runs SET started_ms = started_ms - 3 * 366 * 86400000,
           ended_ms = ended_ms - 3 * 366 * 86400000",
    );
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("the verification of shop is caught up", 1);
    daemon.wait_for_log("shop is verified: ", 1);
    daemon.stop(0);
}

#[test]
fn a_verification_that_did_not_end_is_done_at_the_next_start() {
    let world = verified_yearly(true, "UPDATE verifications SET ended_ms = NULL");
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is verified: ", 1);
    daemon.stop(0);
    let again = Process::daemon(&world).stop(0);
    assert!(!again.contains("verification of shop begins"), "one is enough: {again}");
}

#[test]
fn a_resumed_verification_counts_from_its_end() {
    let world = verified_yearly(
        true,
        "UPDATE verifications SET started_ms = started_ms - 3 * 366 * 86400000",
    );
    let log = Process::daemon(&world).stop(0);
    assert!(!log.contains("verification of shop begins"), "{log}");
}

#[test]
fn runs_and_verifications_of_an_account_take_turns() {
    let world = World::new().job(&format!("{EVERY_SECOND}{VERIFY}"));
    shop(&world);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop is verified: ", 3);
    daemon.wait_for_log("of shop finished: ", 3);
    let log = daemon.stop(0);
    let mut under_way = None;
    for line in log.lines() {
        let (run, verification) =
            (line.contains("shop begins"), line.contains("verification of shop begins"));
        if run || verification {
            assert_eq!(under_way.replace(line), None, "beside another: {log}");
        }
        let ends =
            ["of shop finished: ", "shop is verified: ", "could not be verified", "resumes later"];
        if ends.iter().any(|end| line.contains(end)) {
            under_way = None;
        }
    }
    let first = log.find("of shop finished: ").unwrap();
    assert!(first < log.find("verification of shop begins").unwrap(), "synced first: {log}");
}

#[test]
fn differences_are_reported_and_a_failed_comparison_is_not_a_success() {
    let notify = "[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat >> \\\"$0\\\"; echo >> \\\"$0\\\"\", \"NOTICES\"]\n";
    let world = World::new().job(&format!("{}{VERIFY}", months_away()));
    let notices = world.path("notices");
    let world =
        world.policy(&format!("\n{}", notify.replace("NOTICES", notices.to_str().unwrap())));
    shop(&world);
    world.load("sync", 0);
    world.simulator.inject(Fault::new(Kind::PaymentRequired).on("GET", "/ecomOrders").nth(1));
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop could not be verified: ", 1);
    let first_notice = || std::fs::read_to_string(&notices).is_ok_and(|text| text.contains('\n'));
    until("a notice", first_notice);
    daemon.stop(0);
    let notice = std::fs::read_to_string(&notices).unwrap();
    assert!(
        notice.contains("\"refused\"") && notice.contains("the verification failed"),
        "{notice}"
    );
    let before = world.run(&["status", "--json"]).json();
    assert!(before["jobs"][0]["last_verification"].is_null(), "{before}");
    // An order that no sync has sent.
    world.generate(&GeneratorOptions { orders: 31, seed: 3, ..GeneratorOptions::default() });
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("the verification of shop found ", 1);
    let is_told = || {
        std::fs::read_to_string(&notices)
            .is_ok_and(|text| text.contains("\"differences\"") && text.ends_with("}\n"))
    };
    until("a notice", is_told);
    daemon.stop(0);
    let message = std::fs::read_to_string(&notices).unwrap();
    let message: serde_json::Value = serde_json::from_str(message.lines().last().unwrap()).unwrap();
    assert_eq!((&message["event"], &message["job"]), (&"differences".into(), &"shop".into()));
    let found = world.run(&["status", "--json"]).json()["jobs"][0]["last_verification"].clone();
    assert!(found["missing"].as_u64().unwrap() > 0, "{found}");
    assert!(world.run(&["status"]).out.contains("of them missing"));
}

#[test]
fn a_faulty_schedule_or_sample_of_verifications_is_reported_with_its_place() {
    for (line, found) in [
        ("verify = \"weekly\"\n", "jobs.shop.verify: "),
        ("verify_sample = \"8/7\"\n", "jobs.shop.verify_sample: found `8/7`"),
    ] {
        let output = World::new().job(line).run(&["check", "--offline"]);
        assert_eq!(output.code, 2, "{}", output.out);
        assert!(
            output.out.contains(found) && output.out.contains("ordersync.toml:"),
            "{}",
            output.out
        );
    }
}
