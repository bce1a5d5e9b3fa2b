//! Compares the result of a schedule with what is expected.

use super::expected::{Expectation, Expected};
use super::runner::ScheduleResult;
use super::schedule::Schedule;
use crate::rehearsal::JOB;
use crate::world::orders_in_batches;
use ordersync::domain::{Deleted, LoadPath, MovedCustomer};
use ordersync::state::Stage;
use serde_json::Value;
use std::collections::BTreeMap;

/// Faults after which a valid order is refused permanently, or until an operator intervenes.
const REFUSING: &[&str] = &["errors_missing"];

/// Orders in a batch, and in a canary.
const BATCH_MAX: u64 = 40;
const CANARY_MAX: u64 = 3;

/// Figures of one schedule.
#[derive(Debug, Default, Clone)]
pub struct Verdict {
    pub orders: u64,
    pub refused: u64,
    pub requests: u64,
    /// Requests, or orders in batches, that would not be sent without faults.
    pub extra: u64,
}

pub fn judge(schedule: &Schedule, result: &ScheduleResult) -> Verdict {
    let summary = result.shop.simulator.summary();
    let violations: Vec<String> =
        summary.violations.iter().take(3).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    assert_eq!(summary.triggers_fired, 0);
    assert_runs_add_up(result);
    let refused = refused(result);
    let refusals: u64 = REFUSING.iter().filter_map(|kind| summary.faults_struck.get(kind)).sum();
    assert!(refused.len() as u64 <= refusals, "{refused:?} refused by {refusals} faults");
    let state = result.shop.simulator.state();
    let orders = assert_orders(schedule, result, &state, &refused);
    assert_customers(result, &state, &orders);
    let extra = match schedule.account.load {
        LoadPath::Rest => assert_extra(schedule, result),
        LoadPath::Bulk => assert_sent_again(schedule, result),
    };
    Verdict {
        orders: orders.len() as u64,
        refused: refused.len() as u64,
        requests: result.requests,
        extra,
    }
}

fn assert_runs_add_up(result: &ScheduleResult) {
    let view = result.shop.view();
    let runs = view.runs(JOB, 1_000).unwrap();
    for run in &runs {
        assert!(run.adds_up(), "{run:?}");
    }
    let requests: u64 = runs.iter().map(|run| run.requests.total).sum();
    assert!(requests <= result.shop.sends.load(std::sync::atomic::Ordering::Relaxed));
    let valid = result.exports.last().unwrap().valid.len() as u64;
    let last = &runs[0];
    assert_eq!(last.counts.unchanged + last.counts.refused, valid, "{last:?}");
}

/// Orders that ActiveCampaign refused according to the state, and why.
fn refused(result: &ScheduleResult) -> BTreeMap<String, String> {
    let letters = result.shop.view().dead_letters(JOB, 10_000).unwrap();
    letters
        .into_iter()
        .filter(|letter| letter.stage == Stage::Refused)
        .map(|letter| (letter.record, letter.reasons.to_string()))
        .collect()
}

/// Each valid order once and correct; nothing else.
fn assert_orders<'a>(
    schedule: &Schedule,
    result: &'a ScheduleResult,
    state: &'a Value,
    refused: &BTreeMap<String, String>,
) -> BTreeMap<&'a str, &'a Value> {
    let expected = result.exports.last().unwrap();
    let mut there: BTreeMap<&str, &Value> = BTreeMap::new();
    for order in state["ecomOrders"].as_array().unwrap() {
        let key = order["externalid"].as_str().unwrap();
        assert!(there.insert(key, order).is_none(), "order {key} is there twice");
        assert!(expected.valid.contains_key(key), "order {key} should not be there");
    }
    for (key, order) in &expected.valid {
        match there.get(key.as_str()) {
            Some(found) if !refused.contains_key(key) => {
                assert_same(key, order, found);
                assert_buyer(schedule, result, key, found);
            }
            Some(_) => {}
            None => {
                // Another program deleted it, and the payload is the same as before.
                let sent_by = result.events.deleted_orders.get(key);
                let sent = sent_by.map_or(&[][..], |export| &result.exports[..=*export]);
                let unchanged = sent.iter().any(|export| export.valid.get(key) == Some(order));
                let is_left = schedule.policies.deleted == Deleted::Leave && sent_by.is_some();
                assert!(
                    unchanged || is_left || refused.contains_key(key),
                    "order {key} is missing"
                );
            }
        }
    }
    there
}

fn assert_same(key: &str, order: &Expected, found: &Value) {
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    assert_eq!(text("totalPrice"), order.total.to_string(), "total of {key}");
    assert_eq!(text("currency"), order.currency, "currency of {key}");
    assert_eq!(text("source"), "0", "source of {key}");
    let placed: jiff::Timestamp = text("externalCreatedDate").parse().unwrap();
    assert_eq!(placed, order.placed, "date of {key}");
    let products = found["ecomOrderProducts"].as_array().unwrap().iter();
    let products: Vec<_> = products
        .map(|p| {
            (
                p["name"].as_str().unwrap().to_owned(),
                p["quantity"].as_str().unwrap().parse().unwrap(),
            )
        })
        .collect();
    assert_eq!(products, order.products, "products of {key}");
}

/// An order that keeps its customer has the address of any export so far, others that of the last.
fn assert_buyer(schedule: &Schedule, result: &ScheduleResult, key: &str, found: &Value) {
    let all = result.exports.iter().filter_map(|export| export.valid.get(key));
    let addresses: Vec<&str> = all.map(|order| order.email.as_str()).collect();
    let email = found["email"].as_str().unwrap();
    let is_kept = schedule.policies.moved_customer == MovedCustomer::Keep;
    let fine = if is_kept { addresses.contains(&email) } else { addresses.last() == Some(&email) };
    assert!(fine, "address of {key}: {email}, of {addresses:?}");
    let customers = result.shop.simulator.state()["ecomCustomers"].clone();
    let of_order = |customer: &&Value| customer["id"] == found["customerid"];
    if let Some(customer) = customers.as_array().unwrap().iter().find(of_order) {
        assert_eq!(customer["email"], email, "the customer of {key}");
    }
}

/// Each customer of an existing order once; none twice.
fn assert_customers(result: &ScheduleResult, state: &Value, orders: &BTreeMap<&str, &Value>) {
    let mut there: BTreeMap<&str, u64> = BTreeMap::new();
    for customer in state["ecomCustomers"].as_array().unwrap() {
        if customer["connectionid"] != "0" {
            *there.entry(customer["email"].as_str().unwrap()).or_default() += 1;
        }
    }
    for (email, count) in &there {
        assert_eq!(*count, 1, "customer {email}");
    }
    let deleted = &result.events.deleted_customers;
    for order in orders.values() {
        let email = order["email"].as_str().unwrap();
        let fine = there.contains_key(email) || deleted.iter().any(|deleted| deleted == email);
        assert!(fine, "customer {email} is missing");
    }
}

/// No more requests than the faults explain.
fn assert_extra(schedule: &Schedule, result: &ScheduleResult) -> u64 {
    let shop = &result.shop;
    let (summary, log) = (shop.simulator.summary(), shop.simulator.requests());
    let useful = log.as_array().unwrap().iter().filter(|request| {
        let stored = request["status"] == 200 || request["status"] == 201;
        stored && request["method"] != "GET"
    });
    let extra = summary.requests - useful.count() as u64;
    let events = &result.events;
    // A list that ignores its filter is read to its end.
    let pages = if summary.faults_struck.contains_key("ignore_filters")
        || schedule.account.ignore_filters
    {
        4
    } else {
        1
    };
    // A customer is looked up by its key and by its address, up to five times while lists may lag.
    let look_up = 5 * 2 * pages;
    let faults: u64 = summary.faults_struck.values().sum();
    let timeouts = shop.timeouts.load(std::sync::atomic::Ordering::Relaxed);
    let unknown = faults + timeouts + summary.refused_429;
    let in_flight = events.cut_short() * schedule.in_flight_max as u64;
    let connection = events.processes * pages + 2;
    // An order that is deleted and created again is read before.
    let deletes = log.as_array().unwrap().iter().filter(|request| request["method"] == "DELETE");
    let bound = 2 * deletes.count() as u64
        + unknown * (1 + look_up)
        + in_flight * (1 + look_up)
        + events.edits() * (3 + 2 * look_up)
        + connection;
    assert!(
        extra <= bound,
        "{extra} extra requests for {faults} faults, {timeouts} time-outs, {events:?}, at most {in_flight} in flight"
    );
    extra
}

/// No order in more batches than the faults explain.
fn assert_sent_again(schedule: &Schedule, result: &ScheduleResult) -> u64 {
    let (shop, events) = (&result.shop, &result.events);
    let summary = shop.simulator.summary();
    let versions = |(n, export): (usize, &Expectation)| {
        let before = n.checked_sub(1).map(|before| &result.exports[before].valid);
        let is_new = |(key, order): &(&String, &Expected)| {
            before.is_none_or(|before| before.get(*key) != Some(order))
        };
        export.valid.iter().filter(is_new).count() as u64
    };
    let once: u64 = result.exports.iter().enumerate().map(versions).sum();
    let limit = schedule.account.graphql.batch_limit;
    let again = orders_in_batches(&shop.simulator.requests(), limit).saturating_sub(once);
    let faults: u64 = summary.faults_struck.values().sum();
    let timeouts = shop.timeouts.load(std::sync::atomic::Ordering::Relaxed);
    let in_flight = events.cut_short() * schedule.in_flight_max as u64;
    // A deleted order is sent once more, and so is one of a canary with misread prices.
    let bound = (faults + timeouts + summary.refused_429 + in_flight) * BATCH_MAX
        + events.edits()
        + events.processes * CANARY_MAX;
    assert!(
        again <= bound,
        "{again} orders sent again for {faults} faults, {timeouts} time-outs, {events:?}"
    );
    again
}
