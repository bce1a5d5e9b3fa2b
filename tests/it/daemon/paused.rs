//! Hours and days of the daemon in paused time: the library against the simulator in the same
//! process.

use super::house::{House, Mood};
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
fn a_target_that_is_away_for_hours_is_asked_every_quarter_of_an_hour_and_then_loaded() {
    in_paused_time(async {
        let house = House::open(&["* * * * *"]);
        house.mood(Mood::Away);
        let mut tries = std::collections::BTreeSet::new();
        for _ in 0..3 * 60 {
            sleep(MINUTE).await;
            tries.extend(house.board.view().jobs[0].last.as_ref().map(|last| last.ended));
        }
        let view = house.board.view();
        assert!(matches!(view.accounts[0].status, AccountStatus::Away { .. }), "{view:?}");
        assert!(view.jobs[0].next_due.is_some());
        assert!((10..=12).contains(&tries.len()), "{tries:?}");
        assert!(
            house.sends() <= 12 * 10,
            "each try ends after ten failures in a row: {}",
            house.sends()
        );
        assert_eq!(house.runs("job0").len(), 1, "one run, resumed");
        house.mood(Mood::Answers);
        sleep(HOUR / 2).await;
        assert_eq!(house.runs("job0").last().unwrap().outcome, Some(RunEnd::Finished));
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}

#[test]
fn new_settings_end_the_rest_of_an_account_that_refused_us() {
    in_paused_time(async {
        let mut house = House::open(&["* * * * *"]);
        let refused = Fault::new(Kind::PaymentRequired).forever();
        house.wire.simulator.inject(refused);
        sleep(5 * MINUTE).await;
        let view = house.board.view();
        assert!(matches!(view.accounts[0].status, AccountStatus::Refused { .. }), "{view:?}");
        assert_eq!(house.sends(), 1, "five starts were due, and one was tried");
        house.wire.simulator.clear_faults();
        house.daemon.follow(house.plan(&["* * * * *"]));
        sleep(2 * MINUTE).await;
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}

#[test]
fn a_start_that_the_host_slept_through_is_caught_up_once() {
    in_paused_time(async {
        let house = House::open(&["0 3 * * *"]);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 0, "it is one o'clock");
        // Asleep until Wednesday, one o'clock: three starts were missed.
        house.move_clock(72 * 3_600);
        sleep(2 * MINUTE).await;
        assert_eq!(house.runs("job0").len(), 1, "noticed within a minute");
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 1);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 2, "and at three the next as ever");
        house.close().await;
    });
}

#[test]
fn a_clock_that_is_set_back_or_was_wrong_neither_doubles_nor_stops_the_runs() {
    in_paused_time(async {
        let house = House::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        assert_eq!(house.runs("job0").len(), 1);
        // Set back by 50 minutes: three o'clock comes again.
        house.move_clock(-50 * 60);
        sleep(2 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 1, "not started twice");
        // Ten years ahead, found out after an hour.
        house.move_clock(3_652 * 86_400);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 2);
        house.move_clock(-3_652 * 86_400);
        sleep(24 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 3, "not stopped for ten years");
        house.close().await;
    });
}

#[test]
fn a_start_noted_ahead_of_the_clock_does_not_stop_its_job() {
    in_paused_time(async {
        let mut house = House::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        // The state goes by this machine's clock, which is ahead of the daemon's.
        assert_eq!(house.runs("job0").len(), 1);
        house.restart(&["0 3 * * *"]).await;
        sleep(23 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 1, "whether one was missed is not known");
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 2, "and it goes on by its schedule");
        house.close().await;
    });
}

#[test]
fn a_clock_that_was_behind_at_the_start_and_steps_forward_runs_nothing_twice() {
    in_paused_time(async {
        let mut house = House::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        let begun = house.runs("job0")[0].started_ms;
        let begun = Timestamp::from_millisecond(begun).unwrap();
        let hour_after =
            |hours| (begun + SignedDuration::from_hours(hours)).to_zoned(TimeZone::UTC);
        // Two to three hours after that run, and six hours later.
        let schedule = format!("0 {},{} * * *", hour_after(3).hour(), hour_after(9).hour());
        house.set_clock(begun - SignedDuration::from_hours(50));
        house.restart(&[&schedule]).await;
        sleep(2 * MINUTE).await;
        assert_eq!(house.runs("job0").len(), 1, "it is not due");
        house.set_clock(begun + SignedDuration::from_mins(1));
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 1, "no time of the schedule has passed since the run");
        sleep(2 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 2, "and it goes on by its schedule");
        house.restart(&[&schedule]).await;
        house.set_clock(begun - SignedDuration::from_hours(50));
        sleep(5 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 3, "once by the clock that is behind");
        house.set_clock(begun + SignedDuration::from_mins(5));
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 3, "and not again by the right one");
        house.close().await;
    });
}

#[test]
fn the_jobs_of_one_account_run_one_after_the_other() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *", "0 * * * *", "30 * * * *"]);
        let mut seen = 0;
        for _ in 0..2 * 3_600 + 300 {
            sleep(Duration::from_secs(1)).await;
            let running =
                house.board.view().jobs.iter().filter(|job| job.running.is_some()).count();
            assert!(running <= 1, "{running} at once");
            seen += running;
        }
        assert!(seen > 5, "running jobs are seen on the board: {seen}");
        let runs = ["job0", "job1", "job2"].map(|job| house.runs(job).len());
        assert_eq!(runs, [2, 2, 2], "and none is forgotten");
        let last = house.board.view().jobs[1].last.clone().unwrap();
        assert_eq!(last.row.unwrap().counts.unchanged, 12);
        assert!(house.wire.simulator.summary().violations.is_empty());
        house.close().await;
    });
}

#[test]
fn a_stuck_loader_gives_no_sign_of_life_and_an_idle_or_busy_one_does() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *"]);
        for second in 0..2 * 3_600 + 600 {
            sleep(Duration::from_secs(1)).await;
            assert!(house.board.is_alive(), "idle and at work, after {second} s");
        }
        house.mood(Mood::Stuck);
        std::fs::write(house.dir.path().join("orders.csv"), changed()).unwrap();
        let mut silent_after = None;
        for second in 0..1_800 {
            sleep(Duration::from_secs(1)).await;
            if !house.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        assert_eq!(silent_after, None, "its next start is yet to come");
        for second in 1_800..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            if !house.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        let silent_after = silent_after.expect("it hangs, and nobody knows");
        // The time-out of a request and the slack on top of it.
        assert!((3_000 + 60..3_000 + 300).contains(&silent_after), "{silent_after}");
        assert!(!house.board.is_alive(), "and it stays so");
        house.close().await;
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
fn a_pause_that_the_target_asked_for_is_a_known_wait() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *"]);
        let busy = Kind::Status { code: 429, retry_after: RetryAfter::Seconds(800), html: false };
        house.wire.simulator.inject(Fault::new(busy).on("POST", "/ecomOrders").nth(3));
        for second in 0..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            assert!(house.board.is_alive(), "after {second} s");
        }
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}
