use super::super::window::Window;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Orders on a page: the API's most, and what is tried where that is too much. Each divides the one
/// before, so that a page is split into whole pages.
const SIZES: [u64; 5] = [100, 50, 25, 5, 1];

/// The status of all orders but those in the trash.
pub(super) const EVERY: &str = "any";

/// One of the lists that a window consists of.
pub(super) struct List<'a> {
    pub window: &'a Window,
    pub status: &'static str,
    /// Leaves out orders placed before.
    pub since: Option<Timestamp>,
}

/// What a list is limited to.
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

impl List<'_> {
    /// The parameters of one of its pages.
    pub(super) fn query(&self, page: Page) -> Vec<(&'static str, String)> {
        let Window { from, to, .. } = *self.window;
        Bounds { from, to: Some(to), since: self.since }.query(self.status, page)
    }

    /// Whether an order lies before the window. One without a time does not.
    pub(super) fn is_earlier(&self, row: &Row) -> bool {
        let modified = row.date_modified_gmt.as_deref();
        let modified = modified.and_then(|text| format!("{text}Z").parse::<Timestamp>().ok());
        self.window.from.zip(modified).is_some_and(|(from, modified)| modified < from)
    }
}

/// A moment as the API compares it: UTC without an offset. With one, it would be converted into the
/// site's zone and compared with the UTC column.
fn bare(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// From 1.
    pub number: u64,
    /// How many of the sizes that are tried are larger.
    pub size: usize,
}

impl Page {
    /// The first page of the smallest size.
    pub(super) const SMALLEST: Self = Self { number: 1, size: SIZES.len() - 1 };

    /// A page of the largest size.
    pub(super) fn whole(number: u64) -> Self {
        Self { number, size: 0 }
    }

    /// How many pages of the largest size hold this many orders.
    pub(super) fn whole_pages(orders: u64) -> u64 {
        orders.div_ceil(SIZES[0])
    }

    pub(super) fn len(self) -> u64 {
        SIZES[self.size]
    }

    /// The next smaller size; `None` for a page of one order.
    pub(super) fn smaller(self) -> Option<usize> {
        (self.size + 1 < SIZES.len()).then_some(self.size + 1)
    }

    /// The pages of a smaller size that it consists of, in ascending order.
    pub(super) fn split(self, size: usize) -> impl Iterator<Item = Self> {
        let n = self.len() / SIZES[size];
        let first = (self.number - 1) * n + 1;
        (first..first + n).map(move |number| Self { number, size })
    }
}

/// What the pull itself reads of an order.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub id: u64,
    date_modified_gmt: Option<String>,
}

/// A page that was received.
pub(super) struct Listed {
    pub rows: Vec<Row>,
    pub json: Vec<u8>,
    /// The shop's count of the whole list.
    pub total: Option<u64>,
}

/// The ids of the orders on a page; none of one that is damaged.
pub(super) fn ids_in(page: &[u8]) -> Vec<u64> {
    let rows: Vec<Row> = serde_json::from_slice(page).unwrap_or_default();
    rows.into_iter().map(|row| row.id).collect()
}
