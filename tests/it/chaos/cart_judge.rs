//! Compares the result of a schedule of carts with what is expected.

use super::carts::{CartSchedule, CartScheduleResult, JOBS, Sale, keys_of, refused};
use serde_json::Value;
use std::collections::BTreeSet;

/// Faults after which a valid order is refused permanently, or until an operator intervenes.
const REFUSING: &str = "errors_missing";

/// Existing records: orders that were carts, other orders, carts.
pub fn judge(schedule: &CartSchedule, result: &CartScheduleResult) -> [u64; 3] {
    let summary = result.shop.simulator.summary();
    let violations: Vec<String> =
        summary.violations.iter().take(3).map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    assert_eq!(summary.triggers_fired, 0);
    for (job, _) in JOBS {
        for run in result.shop.view().runs(job, 1_000).unwrap() {
            assert!(run.adds_up(), "{run:?}");
        }
    }
    let refused = refused(&result.shop);
    let faults = summary.faults_struck.get(REFUSING).copied().unwrap_or_default();
    assert!(refused.len() as u64 <= faults, "{refused:?} refused by {faults} faults");
    let state = result.shop.simulator.state();
    assert_customers(&state);
    assert_eq!(result.after_adopt.unwrap_or_default(), 0, "requests after adopt");
    let fallen = result.deleted.union(&refused).cloned().collect();
    let records = state["ecomOrders"].as_array().unwrap().iter().collect();
    let last = schedule.stages.last().unwrap();
    let mut account = Account { records, refused, fallen };
    let mut counts = [0; 3];
    for (number, order) in &last.orders {
        let is_converted = account.take_order(&number.to_string(), order);
        counts[usize::from(!is_converted)] += 1;
    }
    let bought: BTreeSet<_> =
        last.orders.values().filter_map(|order| order.token.as_ref()).collect();
    for (token, cart) in last.carts.iter().filter(|(token, _)| !bought.contains(token)) {
        account.take_cart(token, cart);
        counts[2] += 1;
    }
    assert!(account.records.is_empty(), "should not be there: {:?}", account.records);
    counts
}

fn assert_customers(state: &Value) {
    let customers = state["ecomCustomers"].as_array().unwrap().iter();
    let own = customers.filter(|customer| customer["connectionid"] != "0");
    let addresses: Vec<&Value> = own.map(|customer| &customer["email"]).collect();
    let different: BTreeSet<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses.len(), different.len(), "a customer is there twice: {addresses:?}");
}

struct Account<'a> {
    /// Records that nothing in the shop explains yet.
    records: Vec<&'a Value>,
    refused: BTreeSet<String>,
    /// Refused, or deleted by another program.
    fallen: BTreeSet<String>,
}

impl<'a> Account<'a> {
    /// The record of an order or its cart.
    fn take(&mut self, externalid: Option<&str>, token: Option<&str>) -> Option<&'a Value> {
        let is_of = |record: &&Value| {
            let [key, cart] = keys_of(record);
            (externalid.is_some() && key.as_deref() == externalid)
                || (token.is_some() && cart.as_deref() == token)
        };
        let found: Vec<&Value> = self.records.iter().copied().filter(is_of).collect();
        assert!(found.len() < 2, "there more than once: {found:?}");
        self.records.retain(|record| !is_of(record));
        found.first().copied()
    }

    /// Whether the order is the record of its cart.
    fn take_order(&mut self, number: &str, order: &Sale) -> bool {
        let token = order.token.as_deref();
        let has_fallen = |key: Option<&str>| key.is_some_and(|key| self.fallen.contains(key));
        let may_be_missing = has_fallen(Some(number)) || has_fallen(token);
        let is_refused = self.refused.contains(number);
        let Some(record) = self.take(Some(number), token) else {
            assert!(may_be_missing, "order {number} is missing");
            return false;
        };
        let [key, cart] = keys_of(record);
        assert!(is_refused || key.as_deref() == Some(number), "{number} is a cart: {record}");
        assert!(is_refused || order.is_total_of(record), "{record}");
        cart.is_some()
    }

    fn take_cart(&mut self, token: &str, cart: &Sale) {
        let has_fallen = self.fallen.contains(token);
        let Some(record) = self.take(None, Some(token)) else {
            assert!(has_fallen, "cart {token} is missing");
            return;
        };
        assert_eq!(keys_of(record)[0], None, "cart {token} is an order");
        let is_refused = self.refused.contains(token);
        assert!(is_refused || cart.is_total_of(record), "{record}");
    }
}
