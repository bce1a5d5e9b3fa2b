use super::summary::{EXAMPLES_MAX, Example};
use crate::domain::{Currency, Position};
use std::collections::BTreeSet;

/// What a person may want to look at, though nothing is wrong with it by any rule. Its memory does
/// not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct Anomalies {
    /// Valid orders dated after the moment the plan was made.
    pub future: Noticed,
    /// Orders to send whose address is another one than that of their customer's first order.
    pub other_address: Noticed,
    /// Currencies of orders that the ledger knows.
    pub currencies_known: BTreeSet<Currency>,
}

/// How many, and the first few of them.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    pub count: u64,
    pub examples: Vec<Example>,
}

impl Anomalies {
    /// Notes the currency of an order that the ledger knows.
    pub fn know(&mut self, currency: Currency) {
        if !self.currencies_known.contains(&currency) {
            self.currencies_known.insert(currency);
        }
    }
}

impl Noticed {
    /// `label` is what people know the order by.
    pub fn add(&mut self, position: Position, label: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Example { order: label(), position, field: None });
        }
    }
}
