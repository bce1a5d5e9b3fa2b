use super::planned_record::{PlannedRecord, RecordVerdict};
use crate::domain::Order;
use crate::plan::Decision;
use std::collections::BTreeSet;

/// Orders examined, so that few of them are kept in memory.
const LOOK_MAX: usize = 50_000;

/// The kinds of orders that a canary should hold one of each, in this order.
const KINDS: [fn(&Order) -> bool; 6] = [
    |order| !order.discounts.is_empty(),
    |order| order.lines.len() > 1,
    |order| !order.customer.key.is_guest(),
    |order| order.customer.key.is_guest(),
    |order| order.key.is_cart(),
    |order| order.shipping.is_some_and(|amount| amount.minor() > 0),
];

/// Chooses a few orders of different kinds among the first of an export: one in each currency, one
/// of each kind, the most expensive, and then the first ones.
#[derive(Debug, Default)]
pub struct Canary {
    wanted: usize,
    looked: usize,
    by_kind: [Option<String>; KINDS.len()],
    by_currency: Vec<([u8; 3], String)>,
    largest: Option<(i64, String)>,
    first: Vec<String>,
}

impl Canary {
    /// Chooses this many orders.
    pub fn new(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Examines a record of the plan.
    pub fn take(&mut self, judged: &PlannedRecord) {
        let RecordVerdict::Decided(Decision::Send(step)) = &judged.verdict else { return };
        if self.looked == LOOK_MAX {
            return;
        }
        self.looked += 1;
        let order = &step.order;
        let key = || order.key.ledger_text().into_owned();
        for (is, slot) in KINDS.iter().zip(&mut self.by_kind) {
            if slot.is_none() && is(order) {
                *slot = Some(key());
            }
        }
        let mut currency = [0; 3];
        currency.copy_from_slice(order.currency.code().as_bytes());
        if !self.by_currency.iter().any(|(code, _)| *code == currency) {
            self.by_currency.push((currency, key()));
        }
        if self.largest.as_ref().is_none_or(|(total, _)| *total < order.total.minor()) {
            self.largest = Some((order.total.minor(), key()));
        }
        if self.first.len() < self.wanted {
            self.first.push(key());
        }
    }

    /// The keys of the orders to send, as the ledger writes them.
    pub fn choose(self) -> BTreeSet<String> {
        let currencies = self.by_currency.into_iter().map(|(_, key)| key);
        let kinds = self.by_kind.into_iter().flatten();
        let largest = self.largest.map(|(_, key)| key);
        let mut keys = BTreeSet::new();
        for key in currencies.chain(kinds).chain(largest).chain(self.first) {
            if keys.len() < self.wanted {
                keys.insert(key);
            }
        }
        keys
    }
}
