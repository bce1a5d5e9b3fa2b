//! Carries a schedule out: process after process, until everything is settled.

use super::expected::{Expectation, Expected};
use super::schedule::{Act, Meddling, Schedule};
use crate::random::Rng;
use crate::rehearsal::{End, Rehearsal};
use ordersync::run::{RunError, RunReport};
use ordersync::simulator::{Edit, Simulator, Summary};
use ordersync::state::{Kind, RunEnd};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::time::{Instant, sleep, sleep_until};

/// Processes that are left alone may be this many, until one comes to the end.
const CALM_MAX: usize = 60;

/// What there was besides requests.
#[derive(Debug, Default, Clone)]
pub struct Events {
    /// The export of the moment.
    export: Option<usize>,
    pub lives: u64,
    pub kills: BTreeMap<&'static str, u64>,
    pub ends: BTreeMap<&'static str, u64>,
    /// Orders that somebody deleted, with the export of the time.
    pub deleted_orders: BTreeMap<String, usize>,
    /// Addresses of customers that somebody deleted.
    pub deleted_customers: Vec<String>,
    pub added: u64,
}

impl Events {
    /// A process has ended; one that was not killed must have ended well, or for a reason it names.
    fn note(&mut self, end: End, report: Option<&RunReport>) {
        self.lives += 1;
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

    /// Processes that came to an end with work under way.
    pub fn cut_short(&self) -> u64 {
        self.lives - self.ends.get(RunEnd::Finished.word()).copied().unwrap_or(0)
    }

    pub fn killed(&self) -> u64 {
        self.kills.values().sum()
    }
}

/// What a schedule came to.
pub struct Performed {
    pub shop: Rehearsal,
    pub exports: Vec<Expectation>,
    pub events: Events,
    pub requests: u64,
}

pub async fn perform(schedule: &Schedule) -> Performed {
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
    let stage = Stage { shop, texts, exports, events: Arc::default() };
    for act in &schedule.acts {
        stage.play(act).await;
    }
    stage.calm_down().await;
    let before = stage.shop.simulator.summary();
    let last = schedule.exports.len() - 1;
    let again = stage.play(&Act::calm(Kind::Sync, last)).await;
    assert_eq!(again, Some(RunEnd::Finished));
    let after = stage.shop.simulator.summary();
    assert_eq!(
        without_connections(&after),
        without_connections(&before),
        "a run after everything is settled only asks for the connection"
    );
    let events = stage.events.lock().unwrap().clone();
    Performed {
        shop: stage.shop,
        exports: stage.exports.to_vec(),
        events,
        requests: before.requests,
    }
}

/// An export in which some orders have another buyer than in the one before.
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
        // Who has changed stays so.
        let moves = (1..=export).filter(is_other).count();
        let cells = row.iter().enumerate().map(|(column, cell)| match moves {
            1.. if column == email && cell.contains('@') => format!("moved{moves}-{cell}"),
            _ => cell.to_owned(),
        });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Requests by route, those that read the connection left out.
fn without_connections(summary: &Summary) -> BTreeMap<String, u64> {
    let mut by_route = summary.by_route.clone();
    by_route.remove("GET /connections");
    by_route
}

struct Stage {
    shop: Rehearsal,
    texts: Vec<String>,
    exports: Arc<Vec<Expectation>>,
    events: Arc<Mutex<Events>>,
}

impl Stage {
    /// First with the faults that are left, then without, and once more for what was left in doubt.
    async fn calm_down(&self) {
        let last = self.exports.len() - 1;
        let act = Act::calm(Kind::Backfill, last);
        for _ in 0..CALM_MAX {
            if self.play(&act).await == Some(RunEnd::Finished) {
                break;
            }
        }
        self.shop.simulator.clear_faults();
        for calm in 0..CALM_MAX {
            let before = self.shop.simulator.summary().requests;
            let end = self.play(&act).await;
            if end == Some(RunEnd::Finished) && self.shop.simulator.summary().requests == before {
                return;
            }
            assert!(calm + 1 < CALM_MAX, "it never comes to its end: {end:?}");
        }
    }

    async fn play(&self, act: &Act) -> Option<RunEnd> {
        let shop = &self.shop;
        // A file that is written again is another export, and begins another run.
        if self.events.lock().unwrap().export.replace(act.export) != Some(act.export) {
            shop.put(&self.texts[act.export]);
        }
        act.faults.iter().for_each(|fault| shop.simulator.inject(fault.clone()));
        let now = Instant::now();
        *shop.network_down.lock().unwrap() =
            act.network_down.map(|(from, to)| (now + from, now + to));
        for (after, what) in &act.meddling {
            tokio::spawn(meddle_after(self.meddler(), *after, *what));
        }
        let report = shop.live(act.life).await;
        self.events.lock().unwrap().note(act.life.end, report.as_ref());
        sleep(act.downtime).await;
        // A pause longer than a run waits for is left to people; these keep it.
        sleep_until(shop.away_until()).await;
        report.map(|report| report.end)
    }

    fn meddler(&self) -> Meddler {
        Meddler {
            simulator: Arc::clone(&self.shop.simulator),
            exports: Arc::clone(&self.exports),
            events: Arc::clone(&self.events),
        }
    }
}

/// Somebody else with access to the account.
struct Meddler {
    simulator: Arc<Simulator>,
    exports: Arc<Vec<Expectation>>,
    events: Arc<Mutex<Events>>,
}

async fn meddle_after(meddler: Meddler, after: std::time::Duration, what: Meddling) {
    sleep(after).await;
    match what {
        Meddling::DeleteOrder(index) => meddler.delete_order(index),
        Meddling::DeleteCustomer(index) => meddler.delete_customer(index),
        Meddling::AddOrder(index) => meddler.add_order(index),
    };
}

impl Meddler {
    fn export(&self) -> usize {
        self.events.lock().unwrap().export.unwrap_or_default()
    }

    /// The key of an order of the export of the moment, and the order where it is valid.
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

    /// Sends an order of the shop before us, with another total. What somebody deleted stays
    /// deleted.
    fn add_order(&self, index: u64) -> Option<()> {
        let (externalid, order) = self.order(index)?;
        let order = order?;
        let state = self.simulator.state();
        let connection = id_of(&state["connections"], "service", "shopify")?;
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
