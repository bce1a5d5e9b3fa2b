use super::client::Client;
use super::failure::Failure;
use super::reads::{Raw, Sort};
use super::records::{Page, Record, RemoteContact, RemoteCustomer, RemoteOrder};
use crate::domain::RemoteId;
use std::collections::{HashSet, VecDeque};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// The most pages that are read of one list.
const PAGES_MAX: u64 = 1_000_000;
/// A list may grow to twice its first length and this many records while it is read.
const GROWTH_MAX: u64 = 10_000;

/// A page in flight.
type PageInFlight<T> = JoinHandle<Result<Raw<T>, Failure>>;

/// A list of one connection, or of the account, read page by page, in the order of ids. Several
/// pages may be in flight at once; no more than that are held.
pub struct Pages<T> {
    client: Client,
    name: &'static str,
    /// `None`: the list is the account's.
    connection: Option<RemoteId>,
    belongs: fn(&T, &RemoteId) -> bool,
    /// Pages in flight at once.
    in_flight_max: usize,
    /// Those, in their order, each with the offset at which it begins.
    ahead: VecDeque<(u64, PageInFlight<T>)>,
    /// Where the next page to ask for begins; `None` after the last one.
    next: Option<u64>,
    /// The first record of each page.
    firsts: HashSet<RemoteId>,
    /// A page that begins after this many records shows that the list has no end. From the total of
    /// the first page.
    len_max: Option<u64>,
}

impl Client {
    /// The orders of a connection, 100 a page, oldest id first. Records of other connections, which
    /// ActiveCampaign sends when it ignores the filter, are left out.
    pub fn orders(&self, connection: &RemoteId) -> Pages<RemoteOrder> {
        let belongs = |order: &RemoteOrder, id: &RemoteId| order.connection == *id;
        Pages::new(self, "list_orders", Some(connection), belongs)
    }

    /// The customers of a connection, as [`Self::orders`], without ActiveCampaign's sums over
    /// several connections.
    pub fn customers(&self, connection: &RemoteId) -> Pages<RemoteCustomer> {
        let belongs = |customer: &RemoteCustomer, id: &RemoteId| {
            customer.connection == *id && !customer.is_pseudo()
        };
        Pages::new(self, "list_customers", Some(connection), belongs)
    }

    /// The contacts of the account, 100 a page, oldest id first.
    pub fn contacts(&self) -> Pages<RemoteContact> {
        Pages::new(self, "list_contacts", None, |_, _| true)
    }
}

impl<T: Record + Send + 'static> Pages<T> {
    fn new(
        client: &Client,
        name: &'static str,
        connection: Option<&RemoteId>,
        belongs: fn(&T, &RemoteId) -> bool,
    ) -> Self {
        Self {
            client: client.clone(),
            name,
            connection: connection.cloned(),
            belongs,
            in_flight_max: 1,
            ahead: VecDeque::new(),
            next: Some(0),
            firsts: HashSet::new(),
            len_max: None,
        }
    }

    /// Requests up to so many pages at once, after the first one has shown how many there are.
    #[must_use]
    pub fn side_by_side(mut self, in_flight_max: usize) -> Self {
        self.in_flight_max = in_flight_max.max(1);
        self
    }

    /// The next page; `None` after the last one.
    ///
    /// # Errors
    /// When no answer came within the attempts, the run must end, or the list has no end: a page
    /// that repeats an earlier one shows that `offset` is ignored, and one far beyond the total
    /// that the first page stated shows that the list makes up records.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Failure> {
        if self.ahead.is_empty() {
            let Some(offset) = self.next.take() else { return Ok(None) };
            self.ask_for(offset);
        }
        // It stays in the queue while it is awaited, so that dropping the list cancels it.
        let Some((offset, page)) = self.ahead.front_mut() else { return Ok(None) };
        let (offset, page) = (*offset, page.await);
        self.ahead.pop_front();
        let raw = match page {
            Ok(page) => page?,
            Err(crashed) => std::panic::resume_unwind(crashed.into_panic()),
        };
        let first = raw.records.first().map(|record| record.id().clone());
        let repeats = first.is_some_and(|first| !self.firsts.insert(first));
        let announced = raw.total.map(|total| total.saturating_mul(2).saturating_add(GROWTH_MAX));
        let len_max = *self.len_max.get_or_insert(announced.unwrap_or(u64::MAX));
        if repeats || offset > len_max || self.firsts.len() as u64 > PAGES_MAX {
            return Err(Failure::endless(self.name));
        }
        self.ask_for_more(offset, &raw);
        let belongs =
            |record: &T| self.connection.as_ref().is_none_or(|id| (self.belongs)(record, id));
        let records = raw.records.into_iter().filter(belongs).collect();
        Ok(Some(Page { records, total: raw.total }))
    }

    /// After a page that begins at `offset`. Pages that were requested too early, because this one
    /// is shorter than those before, are requested again from its end.
    fn ask_for_more(&mut self, offset: u64, page: &Raw<T>) {
        let is_expected = self.ahead.front().map(|(offset, _)| *offset) == page.next;
        if !is_expected {
            self.abort_ahead();
            self.next = page.next;
        }
        // Only the first page is requested without knowing whether there are others.
        let (Some(end), Some(total)) = (page.next, page.total) else { return };
        if self.in_flight_max == 1 {
            return;
        }
        let mut next = self.ahead.back().map_or(end, |(last, _)| last + (end - offset));
        while self.ahead.len() < self.in_flight_max && next < total {
            self.ask_for(next);
            next += end - offset;
        }
        if !self.ahead.is_empty() {
            self.next = None;
        }
    }

    fn ask_for(&mut self, offset: u64) {
        let (client, name, connection) = (self.client.clone(), self.name, self.connection.clone());
        let page = async move {
            let filter = connection.as_ref().map(|id| ("connectionid", id.as_str()));
            client.page::<T>(name, filter.as_slice(), Sort::Oldest, offset).await
        };
        self.ahead.push_back((offset, tokio::spawn(page.in_current_span())));
    }
}

impl<T> Pages<T> {
    fn abort_ahead(&mut self) {
        self.ahead.drain(..).for_each(|(_, page)| page.abort());
    }
}

impl<T> Drop for Pages<T> {
    fn drop(&mut self) {
        self.abort_ahead();
    }
}
