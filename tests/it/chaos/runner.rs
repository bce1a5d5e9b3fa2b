//! Runs a schedule, process after process, until everything is settled.

use super::expected::{Expectation, Expected};
use super::schedule::{ForeignEdit, ProcessPlan, Schedule};
use crate::random::Rng;
use crate::rehearsal::{End, Rehearsal};
use ordersync::domain::LoadPath;
use ordersync::run::{RunError, RunReport};
use ordersync::simulator::{Edit, Simulator, Summary};
use ordersync::state::{Kind, RunEnd};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::time::{Instant, sleep, sleep_until};

/// The most undisturbed processes until one finishes.
const UNDISTURBED_MAX: usize = 60;

/// Events other than requests.
#[derive(Debug, Default, Clone)]
pub struct Events {
    /// The current export.
    export: Option<usize>,
    pub processes: u64,
    pub kills: BTreeMap<&'static str, u64>,
    pub ends: BTreeMap<&'static str, u64>,
    /// Orders that another program deleted, with the export at that time.
    pub deleted_orders: BTreeMap<String, usize>,
    /// Addresses of customers that another program deleted.
    pub deleted_customers: Vec<String>,
    pub added: u64,
}

impl Events {
    /// A process has ended; one that was not killed must have succeeded, or named its reason.
    fn note(&mut self, end: End, report: Option<&RunReport>) {
        self.processes += 1;
        let Some(report) = report else {
            let moment =
                if let End::Killed(moment, _) = end { moment.words() } else { "at any time" };
            *self.kills.entry(moment).or_default() += 1;
            return;
        };
        *self.ends.entry(report.end.word()).or_default() += 1;
        assert!(report.row.adds_up(), "{:?}", report.row);
        let fine = matches!(
            report.error,
            None | Some(RunError::Interrupted | RunError::Fatal(_) | RunError::Connection(_))
        );
        assert!(fine, "{:?}", report.error);
    }

    pub fn edits(&self) -> u64 {
        self.deleted_orders.len() as u64 + self.deleted_customers.len() as u64 + self.added
    }

    /// Processes that ended with work in progress.
    pub fn cut_short(&self) -> u64 {
        self.processes - self.ends.get(RunEnd::Finished.word()).copied().unwrap_or(0)
    }

    pub fn killed(&self) -> u64 {
        self.kills.values().sum()
    }
}

/// The result of a schedule.
pub struct ScheduleResult {
    pub shop: Rehearsal,
    pub exports: Vec<Expectation>,
    pub events: Events,
    pub requests: u64,
}

pub async fn run_schedule(schedule: &Schedule) -> ScheduleResult {
    let mut shop = Rehearsal::new(schedule.options());
    shop.timeout_ms = schedule.timeout_ms;
    shop.in_flight_max = schedule.in_flight_max;
    shop.load = schedule.account.load;
    shop.rules.policy.deleted = schedule.policies.deleted;
    shop.rules.policy.moved_customer = schedule.policies.moved_customer;
    let texts: Vec<String> = (0..schedule.exports.len())
        .map(|export| with_other_buyers(&shop.export(&schedule.exports[export]), schedule, export))
        .collect();
    let exports = Arc::new(texts.iter().map(|text| Expectation::of(text)).collect());
    let runner = Runner { shop, texts, exports, events: Arc::default() };
    for process in &schedule.processes {
        runner.run(process).await;
    }
    runner.run_undisturbed().await;
    let before = runner.shop.simulator.summary();
    let last = schedule.exports.len() - 1;
    let again = runner.run(&ProcessPlan::undisturbed(Kind::Sync, last)).await;
    assert_eq!(again, Some(RunEnd::Finished));
    let after = runner.shop.simulator.summary();
    assert_eq!(
        without_connections(&after),
        without_connections(&before),
        "a run after everything is settled only asks for the connection"
    );
    let events = runner.events.lock().unwrap().clone();
    ScheduleResult {
        shop: runner.shop,
        exports: runner.exports.to_vec(),
        events,
        requests: before.requests,
    }
}

/// An export in which some orders have another buyer than in the previous one.
fn with_other_buyers(text: &str, schedule: &Schedule, export: usize) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let (name, email) = (at("Name"), at("Email"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for row in reader.records().map(Result::unwrap) {
        let order =
            row[name].bytes().fold(schedule.seed, |hash, b| hash * 31 % 1_000_003 + u64::from(b));
        let is_other = |export: &usize| {
            Rng::new(order + *export as u64).below(1000) < schedule.policies.other_buyers_permille
        };
        // A changed buyer stays changed.
        let moves = (1..=export).filter(is_other).count();
        let cells = row.iter().enumerate().map(|(column, cell)| match moves {
            1.. if column == email && cell.contains('@') => format!("moved{moves}-{cell}"),
            _ => cell.to_owned(),
        });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Requests by route, without those that read the connection.
fn without_connections(summary: &Summary) -> BTreeMap<String, u64> {
    let mut by_route = summary.by_route.clone();
    by_route.remove("GET /connections");
    by_route
}

struct Runner {
    shop: Rehearsal,
    texts: Vec<String>,
    exports: Arc<Vec<Expectation>>,
    events: Arc<Mutex<Events>>,
}

impl Runner {
    /// First with the remaining faults, then without, and once more for orders left in doubt.
    async fn run_undisturbed(&self) {
        let last = self.exports.len() - 1;
        let process = ProcessPlan::undisturbed(Kind::Backfill, last);
        for _ in 0..UNDISTURBED_MAX {
            if self.run(&process).await == Some(RunEnd::Finished) {
                break;
            }
        }
        self.shop.simulator.clear_faults();
        for undisturbed in 0..UNDISTURBED_MAX {
            let before = self.shop.simulator.summary().requests;
            let end = self.run(&process).await;
            if end == Some(RunEnd::Finished) && self.shop.simulator.summary().requests == before {
                return;
            }
            assert!(undisturbed + 1 < UNDISTURBED_MAX, "it never comes to its end: {end:?}");
        }
    }

    async fn run(&self, process: &ProcessPlan) -> Option<RunEnd> {
        let shop = &self.shop;
        // A rewritten file is another export, and begins another run.
        if self.events.lock().unwrap().export.replace(process.export) != Some(process.export) {
            shop.put(&self.texts[process.export]);
        }
        process.faults.iter().for_each(|fault| shop.simulator.inject(fault.clone()));
        let now = Instant::now();
        *shop.network_down.lock().unwrap() =
            process.network_down.map(|(from, to)| (now + from, now + to));
        for (after, what) in &process.edits {
            tokio::spawn(edit_after(self.editor(), *after, *what));
        }
        let report = shop.live(process.life).await;
        self.events.lock().unwrap().note(process.life.end, report.as_ref());
        sleep(process.downtime).await;
        // A pause that is too long for a run is left to the operator; this one keeps it.
        sleep_until(shop.away_until()).await;
        report.map(|report| report.end)
    }

    fn editor(&self) -> ForeignEditor {
        ForeignEditor {
            simulator: Arc::clone(&self.shop.simulator),
            exports: Arc::clone(&self.exports),
            events: Arc::clone(&self.events),
            load: self.shop.load,
        }
    }
}

/// Another program with access to the account.
struct ForeignEditor {
    load: LoadPath,
    simulator: Arc<Simulator>,
    exports: Arc<Vec<Expectation>>,
    events: Arc<Mutex<Events>>,
}

async fn edit_after(editor: ForeignEditor, after: std::time::Duration, what: ForeignEdit) {
    sleep(after).await;
    match what {
        ForeignEdit::DeleteOrder(index) => editor.delete_order(index),
        ForeignEdit::DeleteCustomer(index) => editor.delete_customer(index),
        ForeignEdit::AddOrder(index) => editor.add_order(index),
    };
}

impl ForeignEditor {
    fn export(&self) -> usize {
        self.events.lock().unwrap().export.unwrap_or_default()
    }

    /// The key of an order of the current export, and the order if it is valid.
    fn order(&self, index: u64) -> Option<(&String, Option<&Expected>)> {
        let export = &self.exports[self.export()];
        let id = export.ids.get(usize::try_from(index).unwrap())?;
        Some((id, export.valid.get(id)))
    }

    fn delete_order(&self, index: u64) -> Option<()> {
        let externalid = self.order(index)?.0.clone();
        self.simulator.edit(Edit::DeleteOrder { externalid: externalid.clone() }).ok()?;
        let export = self.export();
        self.events.lock().unwrap().deleted_orders.insert(externalid, export);
        Some(())
    }

    fn delete_customer(&self, index: u64) -> Option<()> {
        let email = &self.order(index)?.1?.email;
        self.simulator.edit(Edit::DeleteCustomer { externalid: format!("guest:{email}") }).ok()?;
        self.events.lock().unwrap().deleted_customers.push(email.clone());
        Some(())
    }

    /// Sends an order of the shop before us, with another total. Deleted ones stay deleted.
    fn add_order(&self, index: u64) -> Option<()> {
        let (externalid, order) = self.order(index)?;
        let order = order?;
        let state = self.simulator.state();
        let connection = id_of(&state["connections"], "service", "shopify")?;
        // A connection whose first orders came from another program stays on REST.
        let is_first = state["ecomOrders"].as_array().is_none_or(Vec::is_empty);
        if is_first && self.load == LoadPath::Bulk {
            return None;
        }
        let ours = self.events.lock().unwrap().deleted_orders.contains_key(externalid);
        if ours || id_of(&state["ecomOrders"], "externalid", externalid).is_some() {
            return None;
        }
        let key = format!("guest:{}", order.email);
        let customer = id_of(&state["ecomCustomers"], "externalid", &key).or_else(|| {
            let email = order.email.clone();
            self.simulator
                .edit(Edit::AddCustomer { connectionid: connection, externalid: key, email })
                .ok()
        })?;
        let sent = json!({
            "externalid": externalid, "source": 0, "email": order.email, "totalPrice": order.total + 1,
            "currency": order.currency, "connectionid": connection, "customerid": customer,
            "externalCreatedDate": order.placed.to_string(), "orderNumber": "1",
            "orderProducts": [{"externalid": "1", "name": "Mug", "price": 1, "quantity": 1}],
        });
        let order = sent.as_object().unwrap().clone();
        self.simulator.edit(Edit::AddOrder { order }).unwrap();
        self.events.lock().unwrap().added += 1;
        Some(())
    }
}

/// The id of the first record with this value.
fn id_of(records: &Value, field: &str, value: &str) -> Option<u64> {
    let found = records.as_array()?.iter().find(|record| record[field] == value)?;
    found["id"].as_str()?.parse().ok()
}
