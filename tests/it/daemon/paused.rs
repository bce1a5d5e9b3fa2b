//! Hours and days of the daemon in paused time: the library against the simulator in the same
//! process.

use super::harness::{Connectivity, Harness};
use crate::rehearsal::in_paused_time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ordersync::daemon::AccountStatus;
use ordersync::samples::{GeneratorOptions, generate_csv};
use ordersync::simulator::{Fault, Kind, RetryAfter};
use ordersync::state::RunEnd;
use std::time::Duration;
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn an_unavailable_target_is_retried_every_quarter_of_an_hour_and_then_loaded() {
    in_paused_time(async {
        let harness = Harness::open(&["* * * * *"]);
        harness.connectivity(Connectivity::Unavailable);
        let mut tries = std::collections::BTreeSet::new();
        for _ in 0..3 * 60 {
            sleep(MINUTE).await;
            // Each failed attempt sets the time of the next one.
            if let AccountStatus::Unavailable { until } = harness.board.view().accounts[0].status {
                tries.insert(until);
            }
        }
        let mut view = harness.board.view();
        // The last attempt may be in progress; it takes less than a minute.
        for _ in 0..60 {
            if !matches!(view.accounts[0].status, AccountStatus::Running) {
                break;
            }
            sleep(Duration::from_secs(1)).await;
            view = harness.board.view();
        }
        assert!(matches!(view.accounts[0].status, AccountStatus::Unavailable { .. }), "{view:?}");
        assert!(view.jobs[0].next_due.is_some());
        assert!((10..=12).contains(&tries.len()), "{tries:?}");
        assert!(
            harness.sends() <= 12 * 10,
            "each try ends after ten failures in a row: {}",
            harness.sends()
        );
        assert_eq!(harness.runs("job0").len(), 1, "one run, resumed");
        harness.connectivity(Connectivity::Answers);
        sleep(HOUR / 2).await;
        assert_eq!(harness.runs("job0").last().unwrap().outcome, Some(RunEnd::Finished));
        assert_eq!(harness.wire.simulator.summary().orders, 12);
        harness.close().await;
    });
}

#[test]
fn new_settings_end_the_rest_of_an_account_that_refused_us() {
    in_paused_time(async {
        let mut harness = Harness::open(&["* * * * *"]);
        let refused = Fault::new(Kind::PaymentRequired).forever();
        harness.wire.simulator.inject(refused);
        sleep(5 * MINUTE).await;
        let view = harness.board.view();
        assert!(matches!(view.accounts[0].status, AccountStatus::Refused { .. }), "{view:?}");
        assert_eq!(harness.sends(), 1, "five starts were due, and one was tried");
        harness.wire.simulator.clear_faults();
        harness.daemon.follow(harness.plan(&["* * * * *"]));
        sleep(2 * MINUTE).await;
        assert_eq!(harness.wire.simulator.summary().orders, 12);
        harness.close().await;
    });
}

#[test]
fn a_start_that_the_host_slept_through_is_caught_up_once() {
    in_paused_time(async {
        let harness = Harness::open(&["0 3 * * *"]);
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 0, "it is one o'clock");
        // Asleep until Wednesday, one o'clock: three starts were missed.
        harness.move_clock(72 * 3_600);
        sleep(2 * MINUTE).await;
        assert_eq!(harness.runs("job0").len(), 1, "noticed within a minute");
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 1);
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 2, "and at three the next as ever");
        harness.close().await;
    });
}

#[test]
fn a_clock_that_is_set_back_or_was_wrong_neither_doubles_nor_stops_the_runs() {
    in_paused_time(async {
        let harness = Harness::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        assert_eq!(harness.runs("job0").len(), 1);
        // Set back by 50 minutes: three o'clock comes again.
        harness.move_clock(-50 * 60);
        sleep(2 * HOUR).await;
        assert_eq!(harness.runs("job0").len(), 1, "not started twice");
        // Ten years ahead, detected after an hour.
        harness.move_clock(3_652 * 86_400);
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 2);
        harness.move_clock(-3_652 * 86_400);
        sleep(24 * HOUR).await;
        assert_eq!(harness.runs("job0").len(), 3, "not stopped for ten years");
        harness.close().await;
    });
}

#[test]
fn a_start_noted_ahead_of_the_clock_does_not_stop_its_job() {
    in_paused_time(async {
        let mut harness = Harness::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        // The state uses this machine's clock, which is ahead of the daemon's.
        assert_eq!(harness.runs("job0").len(), 1);
        harness.restart(&["0 3 * * *"]).await;
        sleep(23 * HOUR).await;
        assert_eq!(harness.runs("job0").len(), 1, "whether one was missed is not known");
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 2, "and it keeps its schedule");
        harness.close().await;
    });
}

#[test]
fn a_clock_that_was_behind_at_the_start_and_steps_forward_runs_nothing_twice() {
    in_paused_time(async {
        let mut harness = Harness::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        let begun = harness.runs("job0")[0].started_ms;
        let begun = Timestamp::from_millisecond(begun).unwrap();
        let hour_after =
            |hours| (begun + SignedDuration::from_hours(hours)).to_zoned(TimeZone::UTC);
        // Two to three hours after that run, and six hours later.
        let schedule = format!("0 {},{} * * *", hour_after(3).hour(), hour_after(9).hour());
        harness.set_clock(begun - SignedDuration::from_hours(50));
        harness.restart(&[&schedule]).await;
        sleep(2 * MINUTE).await;
        assert_eq!(harness.runs("job0").len(), 1, "it is not due");
        harness.set_clock(begun + SignedDuration::from_mins(1));
        sleep(HOUR).await;
        assert_eq!(
            harness.runs("job0").len(),
            1,
            "no time of the schedule has passed since the run"
        );
        sleep(2 * HOUR).await;
        assert_eq!(harness.runs("job0").len(), 2, "and it keeps its schedule");
        harness.restart(&[&schedule]).await;
        harness.set_clock(begun - SignedDuration::from_hours(50));
        sleep(5 * HOUR).await;
        assert_eq!(harness.runs("job0").len(), 3, "once by the clock that is behind");
        harness.set_clock(begun + SignedDuration::from_mins(5));
        sleep(HOUR).await;
        assert_eq!(harness.runs("job0").len(), 3, "and not again by the right one");
        harness.close().await;
    });
}

#[test]
fn the_jobs_of_one_account_run_one_after_the_other() {
    in_paused_time(async {
        let harness = Harness::open(&["0 * * * *", "0 * * * *", "30 * * * *"]);
        let mut seen = 0;
        for _ in 0..2 * 3_600 + 300 {
            sleep(Duration::from_secs(1)).await;
            let running =
                harness.board.view().jobs.iter().filter(|job| job.running.is_some()).count();
            assert!(running <= 1, "{running} at once");
            seen += running;
        }
        assert!(seen > 5, "running jobs are seen on the board: {seen}");
        let runs = ["job0", "job1", "job2"].map(|job| harness.runs(job).len());
        assert_eq!(runs, [2, 2, 2], "and none is forgotten");
        assert_eq!(harness.runs("job1")[0].counts.unchanged, 12);
        assert!(harness.wire.simulator.summary().violations.is_empty());
        harness.close().await;
    });
}

#[test]
fn a_stuck_loader_gives_no_sign_of_life_and_an_idle_or_busy_one_does() {
    in_paused_time(async {
        let harness = Harness::open(&["0 * * * *"]);
        for second in 0..2 * 3_600 + 600 {
            sleep(Duration::from_secs(1)).await;
            assert!(harness.board.is_alive(), "idle and at work, after {second} s");
        }
        harness.connectivity(Connectivity::Stuck);
        std::fs::write(harness.dir.path().join("orders.csv"), changed()).unwrap();
        let mut silent_after = None;
        for second in 0..1_800 {
            sleep(Duration::from_secs(1)).await;
            if !harness.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        assert_eq!(silent_after, None, "its next start is yet to come");
        for second in 1_800..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            if !harness.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        let silent_after = silent_after.expect("it hangs, and nobody knows");
        // The time-out of a request and the slack on top of it.
        assert!((3_000 + 60..3_000 + 300).contains(&silent_after), "{silent_after}");
        assert!(!harness.board.is_alive(), "and it stays so");
        harness.close().await;
    });
}

/// An export in which every order is new.
fn changed() -> Vec<u8> {
    let mut text = Vec::new();
    generate_csv(
        &GeneratorOptions { orders: 12, seed: 4, ..GeneratorOptions::default() },
        &mut text,
    )
    .unwrap();
    text
}

#[test]
fn a_requested_pause_is_a_known_wait() {
    in_paused_time(async {
        let harness = Harness::open(&["0 * * * *"]);
        let busy = Kind::Status { code: 429, retry_after: RetryAfter::Seconds(800), html: false };
        harness.wire.simulator.inject(Fault::new(busy).on("POST", "/ecomOrders").nth(3));
        for second in 0..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            assert!(harness.board.is_alive(), "after {second} s");
        }
        assert_eq!(harness.wire.simulator.summary().orders, 12);
        harness.close().await;
    });
}
