//! Schedules of two jobs on one connection: carts are created, changed and recovered into orders,
//! by processes with the same faults as in the other schedules.

use super::schedule::{Account, FaultMix, ForeignEdit, ProcessPlan};
use crate::carts::{checkout, order};
use crate::random::Rng;
use crate::rehearsal::Rehearsal;
use ordersync::domain::{Deleted, LoadPath};
use ordersync::run::{Job, RunError};
use ordersync::simulator::Edit;
use ordersync::state::{Kind, RunEnd};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio::time::{Instant, sleep, sleep_until};

/// The job of the carts and the job of the orders, with their files.
pub const JOBS: [(&str, &str); 2] = [("carts", "carts.json"), ("shop", "orders.json")];
/// Rounds without disturbance, until one sends nothing.
const UNDISTURBED_MAX: usize = 60;

#[derive(Debug)]
pub struct CartSchedule {
    pub seed: u64,
    account: Account,
    timeout_ms: u64,
    in_flight_max: usize,
    deleted: Deleted,
    pub stages: Vec<Stage>,
    /// Each with the job that runs.
    processes: Vec<(usize, ProcessPlan)>,
}

/// The state of the shop at one moment.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// By their tokens.
    pub carts: BTreeMap<String, Sale>,
    /// By their numbers.
    pub orders: BTreeMap<u64, Sale>,
}

#[derive(Debug, Clone)]
pub struct Sale {
    pub cents: u64,
    buyer: u64,
    /// The cart of an order.
    pub token: Option<String>,
}

impl CartSchedule {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x00ca_2750);
        let mix = match seed % 3 {
            0 => FaultMix::Kills,
            1 => FaultMix::Faults,
            _ => FaultMix::Everything,
        };
        let account = Account::of(&mut rng);
        let timeout_ms = rng.pick(&[3_000, 5_000, 20_000, 60_000]);
        let in_flight_max = usize::try_from(rng.within(1..17)).unwrap();
        let mut stages = vec![Stage::default()];
        for _ in 0..rng.within(2..5) {
            let next = stages[stages.len() - 1].next(&mut rng);
            stages.push(next);
        }
        stages.remove(0);
        let mut stage = 0;
        let processes = (0..rng.within(3..12))
            .map(|_| {
                if stage + 1 < stages.len() && rng.percent(40) {
                    stage += 1;
                }
                let records = stages[stage].carts.len() + stages[stage].orders.len();
                let job = usize::from(rng.percent(50));
                (job, ProcessPlan::of(&mut rng, mix, stage, records.max(4) as u64))
            })
            .collect();
        let deleted = rng.pick(&[Deleted::Create, Deleted::Leave]);
        Self { seed, account, timeout_ms, in_flight_max, deleted, stages, processes }
    }

    /// The same schedule with orders in batches.
    pub fn by_batches(mut self, rng: &mut Rng) -> Self {
        self.account = self.account.by_batches(rng);
        self.processes.iter_mut().for_each(|(_, process)| process.strike_batches(rng));
        self
    }
}

impl Stage {
    /// The state of the shop some time later.
    fn next(&self, rng: &mut Rng) -> Self {
        let mut next = self.clone();
        let bought: BTreeSet<String> =
            self.orders.values().filter_map(|order| order.token.clone()).collect();
        for (token, cart) in &self.carts {
            if !bought.contains(token) && rng.percent(35) {
                let number = 5_000 + next.orders.len() as u64;
                let token = Some(token.clone());
                next.orders.insert(number, Sale { cents: cart.cents + 500, token, ..*cart });
            }
        }
        for sale in next.carts.values_mut().chain(next.orders.values_mut()) {
            sale.cents += if rng.percent(20) { 100 } else { 0 };
        }
        for _ in 0..rng.within(3..14) {
            let number = next.carts.len() + next.orders.len();
            let (token, buyer) = (format!("tok-{number}"), rng.below(8));
            let sale = Sale { cents: 2_500 + rng.below(50) * 100, buyer, token: None };
            match rng.below(6) {
                0 => {
                    next.orders.insert(5_000 + next.orders.len() as u64, sale);
                }
                // Its cart is not in an export yet, or never.
                1 => {
                    let token = Some(format!("tok-{}", number + 3));
                    if next.orders.values().all(|order| order.token != token) {
                        next.orders
                            .insert(5_000 + next.orders.len() as u64, Sale { token, ..sale });
                    }
                }
                _ => {
                    next.carts.entry(token).or_insert(sale);
                }
            }
        }
        next
    }

    /// The exports of both jobs.
    fn texts(&self) -> [String; 2] {
        let carts = self.carts.iter().map(|(token, sale)| sale.put_into(checkout(token)));
        let orders = self.orders.iter().map(|(number, sale)| {
            sale.put_into(order(*number, sale.token.as_deref().unwrap_or_default()))
        });
        let (carts, orders): (Vec<_>, Vec<_>) = (carts.collect(), orders.collect());
        [json!({ "checkouts": carts }).to_string(), json!({ "orders": orders }).to_string()]
    }
}

impl Sale {
    pub fn is_total_of(&self, record: &Value) -> bool {
        record["totalPrice"].as_str().and_then(|text| text.parse().ok()) == Some(self.cents)
    }

    fn put_into(&self, mut record: Value) -> Value {
        let Self { cents, buyer, .. } = self;
        record["total_price"] = format!("{}.{:02}", cents / 100, cents % 100).into();
        record["email"] = format!("buyer{buyer}@example.com").into();
        record["customer"] = json!({ "id": 70 + buyer, "email": record["email"] });
        record
    }
}

/// The result of a schedule.
pub struct CartScheduleResult {
    pub shop: Rehearsal,
    /// Keys of carts and orders that another program deleted.
    pub deleted: BTreeSet<String>,
    /// Requests of the jobs after their ledger was lost and adopted; `None`: something was deleted
    /// or refused, and is sent again, or orders went in batches.
    pub after_adopt: Option<u64>,
}

pub async fn run_schedule(schedule: &CartSchedule) -> CartScheduleResult {
    let mut shop = Rehearsal::new(schedule.account.options(schedule.seed));
    shop.timeout_ms = schedule.timeout_ms;
    shop.in_flight_max = schedule.in_flight_max;
    shop.load = schedule.account.load;
    shop.rules.policy.deleted = schedule.deleted;
    let mut runner = CartRunner { schedule, shop, stage: None, deleted: Arc::default() };
    for (job, process) in &schedule.processes {
        runner.run_process(*job, process).await;
    }
    let undisturbed = ProcessPlan::undisturbed(Kind::Backfill, schedule.stages.len() - 1);
    runner.run_undisturbed(&undisturbed).await;
    runner.shop.simulator.clear_faults();
    runner.run_undisturbed(&undisturbed).await;
    let deleted = runner.deleted.lock().unwrap().clone();
    // After the ledger was lost, it is not known that batches are safe.
    let is_whole = deleted.is_empty()
        && refused(&runner.shop).is_empty()
        && schedule.account.load == LoadPath::Rest;
    let after_adopt = if is_whole { Some(runner.lose_and_adopt(&undisturbed).await) } else { None };
    CartScheduleResult { shop: runner.shop, deleted, after_adopt }
}

/// Keys of carts and orders that a fault had refused.
pub fn refused(shop: &Rehearsal) -> BTreeSet<String> {
    let letters = JOBS.iter().flat_map(|(job, _)| shop.view().dead_letters(job, 10_000).unwrap());
    letters.map(|letter| letter.record.trim().to_owned()).collect()
}

struct CartRunner<'a> {
    schedule: &'a CartSchedule,
    shop: Rehearsal,
    stage: Option<usize>,
    deleted: Arc<Mutex<BTreeSet<String>>>,
}

impl CartRunner<'_> {
    fn job(&self, job: usize) -> Job {
        let (name, file) = JOBS[job];
        self.shop.job_of(name, file)
    }

    async fn run_process(&mut self, job: usize, process: &ProcessPlan) -> Option<RunEnd> {
        let shop = &self.shop;
        if self.stage.replace(process.export) != Some(process.export) {
            let texts = self.schedule.stages[process.export].texts();
            for ((_, file), text) in JOBS.iter().zip(&texts) {
                shop.put_as(file, text);
            }
        }
        process.faults.iter().for_each(|fault| shop.simulator.inject(fault.clone()));
        let now = Instant::now();
        *shop.network_down.lock().unwrap() =
            process.network_down.map(|(from, to)| (now + from, now + to));
        for (after, what) in &process.edits {
            if let ForeignEdit::DeleteOrder(index) = what {
                self.delete_after(*after, *index);
            }
        }
        let report = shop.live_as(&self.job(job), process.life).await;
        if let Some(report) = &report {
            assert!(report.row.adds_up(), "{:?}", report.row);
            let fine = matches!(
                report.error,
                None | Some(RunError::Interrupted | RunError::Fatal(_) | RunError::Connection(_))
            );
            assert!(fine, "{:?}", report.error);
        }
        sleep(process.downtime).await;
        sleep_until(shop.away_until()).await;
        report.map(|report| report.end)
    }

    /// Another program deletes a record of the account.
    fn delete_after(&self, after: std::time::Duration, index: u64) {
        let (simulator, deleted) = (Arc::clone(&self.shop.simulator), Arc::clone(&self.deleted));
        tokio::spawn(async move {
            sleep(after).await;
            let state = simulator.state();
            let records = state["ecomOrders"].as_array().unwrap();
            let Some(record) = records.get(usize::try_from(index).unwrap()) else { return };
            let keys = keys_of(record);
            let externalid = keys[0].clone().or(keys[1].clone()).unwrap();
            if simulator.edit(Edit::DeleteOrder { externalid }).is_ok() {
                deleted.lock().unwrap().extend(keys.into_iter().flatten());
            }
        });
    }

    /// Both jobs in turn, until a round only reads the connection.
    async fn run_undisturbed(&mut self, process: &ProcessPlan) {
        for _ in 0..UNDISTURBED_MAX {
            let before = self.sent();
            let ends = [self.run_process(0, process).await, self.run_process(1, process).await];
            if ends == [Some(RunEnd::Finished); 2] && self.sent() == before {
                return;
            }
        }
        panic!("it never comes to its end");
    }

    /// Requests except those that read the connection.
    fn sent(&self) -> u64 {
        let summary = self.shop.simulator.summary();
        summary.requests - summary.by_route.get("GET /connections").copied().unwrap_or_default()
    }

    /// The requests of both jobs after their ledger was lost and adopted.
    async fn lose_and_adopt(&mut self, process: &ProcessPlan) -> u64 {
        self.shop.forget();
        for job in 0..JOBS.len() {
            self.shop.adopt(&self.job(job)).await;
        }
        let before = self.sent();
        for job in 0..JOBS.len() {
            assert_eq!(self.run_process(job, process).await, Some(RunEnd::Finished));
        }
        self.sent() - before
    }
}

/// The order's key and the cart's, of a record that has one or both.
pub fn keys_of(record: &Value) -> [Option<String>; 2] {
    ["externalid", "externalcheckoutid"]
        .map(|name| record[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned))
}
