use super::super::order_id::OrderId;
use super::super::pages::{List, Page, Row};
use super::super::window::Window;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// The status of all orders except those in the trash.
pub(super) const EVERY: &str = "any";
/// An order in the trash counts as deleted. The trash is listed before and after the others: an
/// order that is restored meanwhile is in the list of the others, one that is trashed meanwhile in
/// the last one.
pub(super) const STATUSES: [&str; 3] = ["trash", EVERY, "trash"];
/// Orders on a page.
pub(super) const SIZES: [u64; 5] = [100, 50, 25, 5, 1];

/// The limits of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Changed after this.
    pub from: Option<Timestamp>,
    /// Changed before this.
    pub to: Option<Timestamp>,
    /// Not placed before this.
    pub since: Option<Timestamp>,
}

impl Bounds {
    /// The parameters of a page of the list of these orders.
    pub(super) fn query(&self, status: &str, page: Page) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("status", status.to_owned()),
            ("orderby", "id".to_owned()),
            ("order", "asc".to_owned()),
            ("per_page", page.len().to_string()),
            ("page", page.number.to_string()),
            ("dates_are_gmt", "true".to_owned()),
        ];
        query.extend(self.to.map(|to| ("modified_before", bare(to))));
        query.extend(self.from.map(|from| ("modified_after", bare(from))));
        // Bounds are exclusive.
        let since =
            self.since.and_then(|since| since.checked_sub(SignedDuration::from_secs(1)).ok());
        query.extend(since.map(|since| ("after", bare(since))));
        query
    }
}

/// The parameters of a page of one of the lists of a window.
pub(super) fn query(list: &List<'_>, page: Page) -> Vec<(&'static str, String)> {
    let Window { from, to, .. } = *list.window;
    Bounds { from, to: Some(to), since: list.since }.query(list.name, page)
}

/// A moment as the API compares it: UTC without an offset. With one, it would be converted into the
/// site's zone and compared with the UTC column.
fn bare(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The fields of an order that are read.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub id: u64,
    date_modified_gmt: Option<String>,
}

impl Order {
    pub(super) fn row(self) -> Row {
        let modified = self.date_modified_gmt.and_then(|text| format!("{text}Z").parse().ok());
        Row { id: self.id.into(), modified }
    }
}

/// The ids of the orders on a page; none if it is damaged.
pub(super) fn ids_in(page: &[u8]) -> Vec<OrderId> {
    let orders: Vec<Order> = serde_json::from_slice(page).unwrap_or_default();
    orders.into_iter().map(|order| order.id.into()).collect()
}
