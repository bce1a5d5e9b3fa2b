//! The result of an operation, checked row by row while it is received.

use super::super::order_id::OrderId;
use super::super::window::Window;
use super::query::Subject;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The longest row, in bytes. One is an order without its lines, or a line: a few thousand.
const ROW_BYTES_MAX: usize = 8 << 20;
/// The longest result, in bytes: about ten million orders.
const FILE_BYTES_MAX: u64 = 32 << 30;

/// A version of an order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct OrderVersion {
    id: String,
    #[serde(rename = "updatedAt")]
    updated: String,
}

impl OrderVersion {
    pub(super) fn of(order: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| order[name].as_str().map(str::to_owned);
        Some(Self { id: text("id")?, updated: text("updatedAt")? })
    }
}

/// What the pull itself reads of a row.
#[derive(Deserialize)]
struct Row {
    id: Option<String>,
    #[serde(rename = "__parentId")]
    parent: Option<String>,
    #[serde(rename = "updatedAt")]
    updated: Option<String>,
    #[serde(rename = "createdAt")]
    created: Option<String>,
    email: Option<String>,
    /// Of a checkout: when it became an order, and its address.
    #[serde(rename = "completedAt")]
    completed: Option<String>,
    #[serde(rename = "abandonedCheckoutUrl")]
    url: Option<String>,
}

/// The rows received so far.
pub(super) struct Rows<'a> {
    subject: Subject,
    window: &'a Window,
    /// Orders placed before this were not requested.
    since: Option<Timestamp>,
    bytes: u64,
    /// The beginning of an incomplete row.
    rest: Vec<u8>,
    /// The numbers of the orders or checkouts.
    pub numbers: BTreeSet<u64>,
    /// The addresses of the checkouts that became orders.
    pub completed: BTreeMap<u64, String>,
    /// Orders that have parts but were not seen yet.
    awaited: BTreeSet<u64>,
    pub count: u64,
    pub roots: u64,
    /// Orders from before the window, or placed before the requested time.
    pub earlier: u64,
    pub with_email: u64,
    /// Rows that are not JSON.
    pub broken: u64,
    /// What exceeded a limit; nothing after it was read.
    pub excess: Option<String>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(subject: Subject, window: &'a Window, since: Option<Timestamp>) -> Self {
        Self {
            subject,
            window,
            since,
            bytes: 0,
            rest: Vec::new(),
            numbers: BTreeSet::new(),
            completed: BTreeMap::new(),
            awaited: BTreeSet::new(),
            count: 0,
            roots: 0,
            earlier: 0,
            with_email: 0,
            broken: 0,
            excess: None,
        }
    }

    /// Adds the next chunk, unless it makes the result too long.
    pub(super) fn take(&mut self, chunk: &[u8]) {
        let mut lines = chunk.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        self.bytes += chunk.len() as u64;
        if self.rest.len() + first.len() > ROW_BYTES_MAX {
            self.excess = Some(format!("wrote a row of more than {ROW_BYTES_MAX} bytes"));
        } else if self.bytes > FILE_BYTES_MAX {
            self.excess = Some(format!("wrote more than {FILE_BYTES_MAX} bytes"));
        }
        if self.excess.is_some() {
            return;
        }
        self.rest.extend_from_slice(first);
        for line in lines {
            let row = std::mem::replace(&mut self.rest, line.to_vec());
            self.look_at(&row);
        }
    }

    /// How many orders have parts but are missing themselves.
    pub(super) fn orphaned(&self) -> usize {
        self.awaited.len()
    }

    /// Ends the result after the last chunk. Returns whether the last row lacked its line end.
    pub(super) fn end(&mut self) -> bool {
        let row = std::mem::take(&mut self.rest);
        self.look_at(&row);
        !row.is_empty()
    }

    fn look_at(&mut self, row: &[u8]) {
        if row.trim_ascii().is_empty() {
            return;
        }
        self.count += 1;
        let Ok(row) = serde_json::from_slice::<Row>(row) else {
            self.broken += 1;
            return;
        };
        if let Some(parent) = &row.parent {
            let order = self.subject.number(parent);
            self.awaited.extend(order.filter(|order| !self.numbers.contains(order)));
            return;
        }
        self.roots += 1;
        if let Some(number) = row.id.as_deref().and_then(|id| self.subject.number(id)) {
            self.numbers.insert(number);
            self.awaited.remove(&number);
            if row.completed.is_some() {
                self.completed.insert(number, row.url.unwrap_or_default());
            }
        }
        self.with_email += u64::from(row.email.is_some());
        let is_before = |text: Option<String>, bound: Option<Timestamp>| {
            let moment = text.and_then(|text| text.parse::<Timestamp>().ok());
            moment.zip(bound).is_some_and(|(moment, bound)| moment < bound)
        };
        let is_earlier =
            is_before(row.updated, self.window.from) || is_before(row.created, self.since);
        self.earlier += u64::from(is_earlier);
    }
}

/// The order of a row: one, or none for a line or a page without orders.
pub(super) fn ids_in(row: &[u8]) -> Vec<OrderId> {
    let row: Option<Row> = serde_json::from_slice(row).ok();
    let row = row.filter(|row| row.parent.is_none());
    let order = row.and_then(|row| Subject::Orders.number(&row.id?));
    order.into_iter().map(OrderId::Number).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::window::Extent;
    use super::*;

    #[test]
    fn a_file_without_a_line_end_is_not_kept_in_memory() {
        let window = Window { extent: Extent::Full, from: None, to: Timestamp::MAX };
        let mut rows = Rows::new(Subject::Orders, &window, None);
        let half = vec![b'x'; ROW_BYTES_MAX / 2];
        rows.take(&half);
        rows.take(&half);
        assert_eq!(rows.excess, None);
        rows.take(&half);
        rows.take(&half);
        assert!(rows.excess.is_some_and(|excess| excess.contains("a row of more than 8388608")));
        assert_eq!(rows.rest.len(), ROW_BYTES_MAX);
        let mut rows = Rows { bytes: FILE_BYTES_MAX, ..Rows::new(Subject::Orders, &window, None) };
        rows.take(b"{}\n");
        assert!(rows.excess.is_some());
    }
}
