//! Queries of Magento's list of orders, and their answers.

use super::super::options::Options;
use super::super::order_id::OrderId;
use super::super::window::Window;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::borrow::Cow;

/// Orders on a page, tried one after the other if a page is too large. Magento accepts any number,
/// unless the shop's administrator set a maximum of 300 or fewer.
pub(super) const SIZES: [u64; 5] = [100, 50, 20, 5, 1];

/// A condition that orders must meet: field, comparison and value.
pub(super) type OrderCondition = (&'static str, &'static str, Cow<'static, str>);

/// The orders of a window after one of them, in ascending order of their ids. An id never changes
/// and belongs to one order, so no list has a second page: however many orders changed in the same
/// second, the next ones are those with greater ids.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    pub window: &'a Window,
    /// Leaves out orders placed before.
    pub since: Option<Timestamp>,
    /// Only of these store views, written as `1,3`.
    pub store_ids: Option<&'a str>,
    /// Orders with greater ids.
    pub after: u64,
    /// Orders with ids no greater than this.
    pub up_to: Option<u64>,
}

impl<'a> List<'a> {
    /// All orders of the window that the job selects.
    pub(super) fn of(window: &'a Window, options: &'a Options) -> Self {
        let store_ids = options.access.text("store_ids");
        Self { window, since: options.since, store_ids, after: 0, up_to: None }
    }

    pub(super) fn filters(&self) -> Vec<OrderCondition> {
        let mut filters = vec![
            ("entity_id", "gt", self.after.to_string().into()),
            ("updated_at", "lt", in_utc(self.window.to)),
        ];
        filters.extend(self.window.from.map(|from| ("updated_at", "gteq", in_utc(from))));
        filters.extend(self.since.map(|since| ("created_at", "gteq", in_utc(since))));
        filters.extend(self.store_ids.map(|ids| ("store_id", "in", ids.to_owned().into())));
        filters.extend(self.up_to.map(|up_to| ("entity_id", "lteq", up_to.to_string().into())));
        filters
    }

    /// Whether these orders can be those of the list: with different ids, in order.
    pub(super) fn may_have(&self, rows: &[Row]) -> bool {
        let mut last = self.after;
        rows.iter().all(|row| {
            let is_next = row.entity_id > last;
            last = row.entity_id;
            is_next
        }) && self.up_to.is_none_or(|up_to| last <= up_to)
    }

    /// Whether an order is from before the window. One without a time is not.
    pub(super) fn is_earlier(&self, row: &Row) -> bool {
        let updated = row.updated_at.as_deref().and_then(moment);
        self.window.from.zip(updated).is_some_and(|(from, updated)| updated < from)
    }
}

/// The parameters of a page. Brackets and spaces are encoded when the address is built.
pub(super) fn query(filters: &[OrderCondition], size: u64) -> Vec<(String, String)> {
    let mut query = Vec::new();
    for (group, (field, condition, value)) in filters.iter().enumerate() {
        let key = |leaf| format!("searchCriteria[filter_groups][{group}][filters][0][{leaf}]");
        query.push((key("field"), (*field).to_owned()));
        query.push((key("condition_type"), (*condition).to_owned()));
        query.push((key("value"), value.clone().into_owned()));
    }
    for (leaf, value) in [
        ("[sortOrders][0][field]", "entity_id"),
        ("[sortOrders][0][direction]", "ASC"),
        ("[pageSize]", size.to_string().as_str()),
        ("[currentPage]", "1"),
    ] {
        query.push((format!("searchCriteria{leaf}"), value.to_owned()));
    }
    query
}

/// A moment as Magento compares it: UTC without an offset.
pub(super) fn in_utc(moment: Timestamp) -> Cow<'static, str> {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string().into()
}

/// A moment as Magento states it.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// The fields of an order that the pull itself reads.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub entity_id: u64,
    pub updated_at: Option<String>,
    pub created_at: Option<String>,
    pub customer_email: Option<String>,
}

/// The body of a page.
#[derive(Debug, Deserialize)]
pub(super) struct PageBody {
    /// Null for none, in some versions.
    pub items: Option<Vec<Row>>,
    /// The orders of the whole list.
    pub total_count: u64,
}

/// A page that was received.
pub(super) struct ReceivedPage {
    pub rows: Vec<Row>,
    pub total: u64,
    pub json: Vec<u8>,
}

/// The ids of the orders on a page; none if it is damaged.
pub(super) fn ids_in(page: &[u8]) -> Vec<OrderId> {
    #[derive(Deserialize)]
    struct Items {
        items: Vec<Row>,
    }
    let page = serde_json::from_slice(page);
    page.map(|Items { items }| items.into_iter().map(|row| row.entity_id.into()).collect())
        .unwrap_or_default()
}
