//! Asked to stop, killed, and asked to read its settings again: at bad moments.

use super::{EVERY_SECOND, months_away, runs};
use crate::process::Process;
use crate::resume::wait_for_requests;
use crate::world::{World, assert_adds_up};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::{Ending, Fault, Kind};

fn shop_of(world: &World, orders: u64) -> Expected {
    world.generate(&GeneratorOptions { orders, seed: 12, ..GeneratorOptions::default() })
}

#[test]
fn asked_to_stop_in_a_run_it_settles_what_was_sent_and_resumes_at_the_next_start() {
    let world = World::new().job(EVERY_SECOND);
    let truth = shop_of(&world, 300);
    world.hold_from(60);
    let mut daemon = Process::daemon(&world);
    assert!(wait_for_requests(&world, daemon.child(), 60));
    daemon.stops_while_held(&world);
    let log = daemon.ends(0).err;
    assert!(log.contains("it resumes later"), "{log}");
    let stopped = runs(&world).remove(0);
    assert_eq!(stopped["outcome"], "interrupted");
    assert_adds_up(&stopped);
    assert_eq!(stopped["created"], world.summary().orders, "what was sent is settled");
    // Its next start is far in the future: it resumes because it was interrupted.
    let world = world.replace_job(&months_away());
    let again = Process::daemon(&world);
    again.wait_for_log("finished: ", 1);
    again.stop(0);
    let runs = runs(&world);
    assert_eq!((runs.len(), &runs[0]["run"]), (1, &stopped["run"]), "the same run");
    assert_eq!(runs[0]["created"], truth.valid);
    let lower_bound = truth.valid + truth.customers + 2;
    assert_eq!(world.summary().requests, lower_bound, "nothing was asked twice");
}

#[test]
fn killed_in_a_run_it_loses_nothing_doubles_nothing_and_resumes_once() {
    let world = World::new().job(EVERY_SECOND);
    let truth = shop_of(&world, 300);
    for requests in [40, 110, 120] {
        let before = world.summary().requests;
        world.hold_from(requests);
        let mut daemon = Process::daemon(&world);
        assert!(wait_for_requests(&world, daemon.child(), before + requests));
        daemon.kill();
        world.settle();
        world.simulator.release();
    }
    let world = world.replace_job(&months_away());
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("finished: ", 1);
    daemon.stop(0);
    let summary = world.summary();
    assert_eq!((summary.orders as u64, summary.customers as u64), (truth.valid, truth.customers));
    assert_eq!(summary.duplicate_orders_refused, 0, "nothing was sent twice without looking");
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    let runs = runs(&world);
    assert_eq!((runs.len(), &runs[0]["outcome"]), (1, &"finished".into()), "{runs:?}");
    assert_adds_up(&runs[0]);
}

#[test]
fn a_second_signal_leaves_at_once_and_nothing_is_lost() {
    let world = World::new().job(EVERY_SECOND);
    let truth = shop_of(&world, 30);
    let held = Kind::Stored { then: Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders").nth(5));
    let mut daemon = Process::daemon_by(&mut world.command(&["daemon", "--grace", "1h"]));
    assert!(wait_for_requests(&world, daemon.child(), 25));
    daemon.signal("TERM");
    daemon.wait_for_log("stopping: waiting for requests in flight", 1);
    daemon.signal("INT");
    daemon.ends(130);
    world.settle();
    world.simulator.clear_faults();
    let world = world.replace_job(&months_away());
    let again = Process::daemon(&world);
    again.wait_for_log("finished: ", 1);
    again.stop(0);
    assert_eq!(world.summary().orders as u64, truth.valid);
    assert_eq!(world.summary().duplicate_orders_refused, 0);
}

#[test]
fn missing_answers_are_awaited_at_most_for_the_grace() {
    let world = World::new().job(EVERY_SECOND);
    shop_of(&world, 30);
    let held = Kind::Stored { then: Ending::Hold { ms: 86_400_000 } };
    world.simulator.inject(Fault::new(held).on("POST", "/ecomOrders").nth(5));
    let mut daemon = Process::daemon_by(&mut world.command(&["daemon", "--grace", "1s"]));
    assert!(wait_for_requests(&world, daemon.child(), 25));
    // It would wait for its answer longer than any wait here.
    let log = daemon.stop(0);
    assert!(
        log.contains("requests that did not finish in time") || log.contains("daemon stopped"),
        "{log}"
    );
}

#[test]
fn a_faulty_new_file_is_refused_and_the_old_settings_stay_in_force() {
    let world = World::new().job(EVERY_SECOND);
    shop_of(&world, 10);
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("finished: ", 1);
    let world = world.replace_job("schedule = \"* * * * 9\"\n");
    daemon.signal("HUP");
    daemon.wait_for_log("the previous settings stay in effect", 1);
    for expected in
        ["ordersync.toml:", "jobs.shop.schedule: day of week: found `9`", "expected a day of week"]
    {
        daemon.wait_for_log(expected, 1);
    }
    let before = daemon.log().matches("finished: ").count();
    daemon.wait_for_log("finished: ", before + 1);
    let world = world.replace_job("");
    daemon.signal("HUP");
    daemon.wait_for_log("the previous settings stay in effect", 2);
    daemon.wait_for_log("no job has a schedule", 1);
    let world = world.replace_job(&months_away());
    daemon.signal("HUP");
    daemon.wait_for_log("settings reloaded: shop next at ", 1);
    daemon.stop(0);
    drop(world);
}

#[test]
fn good_new_settings_are_followed_without_a_restart() {
    let world = World::new().job(&months_away());
    let truth = shop_of(&world, 10);
    let daemon = Process::daemon(&world);
    let world = world.replace_job(EVERY_SECOND);
    daemon.signal("HUP");
    daemon.wait_for_log("finished: ", 2);
    daemon.stop(0);
    assert_eq!(world.summary().orders as u64, truth.valid);
}
