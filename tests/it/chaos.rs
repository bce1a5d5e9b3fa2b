//! Seeded schedules of faults, kills, stops, clock jumps and edits by other programs in the
//! account, in paused time. Whatever happens, in the end each valid order is in ActiveCampaign once
//! and correct, each customer once, and the counts add up.

mod cart_judge;
mod carts;
mod expected;
mod figures;
mod judge;
mod runner;
mod schedule;

use crate::random::{Rng, number};
use crate::rehearsal::in_paused_time;
use carts::CartSchedule;
use figures::Figures;
use judge::judge;
use runner::run_schedule;
use schedule::Schedule;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Schedules of the quick suite by each path; `ORDERSYNC_PROOF_SCHEDULES` sets another number.
const SCHEDULES: u64 = 60;
const SCHEDULES_BY_BATCHES: u64 = 16;

/// The seeds to try: this many, or those set in the environment.
fn seeds(schedules: u64) -> RangeInclusive<u64> {
    let schedules = number("ORDERSYNC_PROOF_SCHEDULES").unwrap_or(schedules);
    number("ORDERSYNC_PROOF_SEED").map_or(1..=schedules, |seed| seed..=seed)
}

/// Runs the schedule of each seed, and prints those that fail.
#[expect(clippy::print_stdout, reason = "a test prints what it found")]
fn assert_all_end_well<S: Debug>(
    schedules: u64,
    schedule_of: impl Fn(u64) -> S,
    mut play: impl AsyncFnMut(&S),
) {
    let mut failed = Vec::new();
    for seed in seeds(schedules) {
        let schedule = schedule_of(seed);
        let played = AssertUnwindSafe(|| in_paused_time(play(&schedule)));
        if catch_unwind(played).is_err() {
            println!("{schedule:?}\nORDERSYNC_PROOF_SEED={seed} repeats it\n");
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}

#[expect(clippy::print_stdout, reason = "a test prints what it found")]
fn assert_orders_arrive_once(schedules: u64, schedule_of: impl Fn(u64) -> Schedule) {
    let mut figures = Figures::default();
    assert_all_end_well(schedules, schedule_of, async |schedule: &Schedule| {
        let result = run_schedule(schedule).await;
        let verdict = judge(schedule, &result);
        figures.add(&result, &verdict);
    });
    println!("{figures}");
}

#[test]
fn under_any_faults_each_order_arrives_once() {
    assert_orders_arrive_once(SCHEDULES, Schedule::of);
}

#[test]
fn under_any_faults_each_order_of_a_batch_arrives_once() {
    assert_orders_arrive_once(SCHEDULES_BY_BATCHES, |seed| {
        Schedule::of(seed).by_batches(&mut Rng::new(!seed))
    });
}

#[test]
fn the_same_seed_is_the_same_story_request_by_request() {
    let log = |seed| {
        in_paused_time(async {
            let result = run_schedule(&Schedule::of(seed)).await;
            result.shop.simulator.requests()
        })
    };
    for seed in [2, 3, 7] {
        assert_eq!(log(seed), log(seed), "seed {seed}");
    }
}

/// Returns how often a ledger was lost and adopted.
#[expect(clippy::print_stdout, reason = "a test prints what it found")]
fn assert_carts_become_orders(schedules: u64, schedule_of: impl Fn(u64) -> CartSchedule) -> u64 {
    let (mut sums, mut adopted) = ([0; 3], 0);
    assert_all_end_well(schedules, schedule_of, async |schedule: &CartSchedule| {
        let result = carts::run_schedule(schedule).await;
        let counts = cart_judge::judge(schedule, &result);
        adopted += u64::from(result.after_adopt.is_some());
        counts.iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
    });
    let [converted, orders, carts] = sums;
    println!("{converted} orders from carts, {orders} others, {carts} carts; {adopted} adopted");
    let is_proof = number("ORDERSYNC_PROOF_SEED").is_none();
    assert!(!is_proof || [converted, orders, carts].iter().all(|count| *count > 0));
    adopted
}

#[test]
fn under_any_faults_a_cart_and_its_order_are_one_record() {
    let adopted = assert_carts_become_orders(SCHEDULES, CartSchedule::of);
    assert!(adopted > 0 || number("ORDERSYNC_PROOF_SEED").is_some());
}

#[test]
fn under_any_faults_a_cart_and_its_order_of_a_batch_are_one_record() {
    assert_carts_become_orders(SCHEDULES_BY_BATCHES, |seed| {
        CartSchedule::of(seed).by_batches(&mut Rng::new(!seed))
    });
}
