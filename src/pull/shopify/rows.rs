//! The result of an operation, looked at row by row while it is received.

use super::super::window::Window;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The number in the global id of an order.
fn order_number(gid: &str) -> Option<u64> {
    gid.strip_prefix("gid://shopify/Order/")?.parse().ok()
}

/// What the pull itself reads of a row.
#[derive(Deserialize)]
struct Row {
    id: Option<String>,
    #[serde(rename = "__parentId")]
    parent: Option<String>,
    #[serde(rename = "updatedAt")]
    updated: Option<String>,
    email: Option<String>,
}

/// What was received so far.
pub(super) struct Rows<'a> {
    window: &'a Window,
    /// The beginning of a row whose end is to come.
    rest: Vec<u8>,
    pub orders: BTreeSet<u64>,
    pub count: u64,
    pub roots: u64,
    /// Orders from before the window.
    pub earlier: u64,
    pub with_email: u64,
    /// Rows that are no JSON.
    pub broken: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(window: &'a Window) -> Self {
        Self {
            window,
            rest: Vec::new(),
            orders: BTreeSet::new(),
            count: 0,
            roots: 0,
            earlier: 0,
            with_email: 0,
            broken: 0,
        }
    }

    pub(super) fn take(&mut self, piece: &[u8]) {
        let mut lines = piece.split(|byte| *byte == b'\n');
        self.rest.extend_from_slice(lines.next().unwrap_or_default());
        for line in lines {
            let row = std::mem::replace(&mut self.rest, line.to_vec());
            self.look_at(&row);
        }
    }

    /// After the last piece.
    pub(super) fn end(&mut self) {
        let row = std::mem::take(&mut self.rest);
        self.look_at(&row);
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
        if row.parent.is_some() {
            return;
        }
        self.roots += 1;
        self.orders.extend(row.id.as_deref().and_then(order_number));
        self.with_email += u64::from(row.email.is_some());
        let updated = row.updated.and_then(|text| text.parse::<Timestamp>().ok());
        let is_earlier = |(from, updated)| updated < from;
        self.earlier += u64::from(self.window.from.zip(updated).is_some_and(is_earlier));
    }
}
