//! Finds one record by what we know about it. ActiveCampaign sometimes ignores filters or matches
//! parts, so what it lists is compared here, and "absent" is only concluded at the end of the list.
//! A search that finds no end fails with `LookUp`.

use super::client::Client;
use super::failure::Failure;
use super::reads::Sort;
use super::records::{Connection, Record, RemoteCustomer, RemoteOrder};
use crate::domain::{CustomerKey, Email, OrderKey, RemoteId};
use std::collections::HashSet;
use std::time::Duration;

/// Pages of 100 read in search of one record if ActiveCampaign lists others than requested. After
/// them the lookup fails; it never concludes "absent".
pub(super) const LOOKUP_PAGES_MAX: u64 = 50;
/// A list of up to this many records is read to its end.
const LIST_LEN_MAX: u64 = 100_000;

/// Delay before an empty lookup is repeated for the first time.
const LOOKUP_DELAY_FIRST: Duration = Duration::from_secs(1);

/// The longest delay: systemd restarts a daemon that shows no sign of life for longer.
const LOOKUP_DELAY_MAX: Duration = Duration::from_secs(60);

/// Delays before an empty lookup is repeated. They double up to a limit, and add up to the time
/// that lists may lag.
#[derive(Debug, Clone)]
pub struct LookupDelays {
    next: Duration,
    left: Duration,
}

impl LookupDelays {
    pub(super) fn new(list_lag: Duration) -> Self {
        Self { next: LOOKUP_DELAY_FIRST, left: list_lag }
    }
}

impl Iterator for LookupDelays {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.next.min(self.left);
        self.left -= delay;
        self.next = (self.next * 2).min(LOOKUP_DELAY_MAX);
        (!delay.is_zero()).then_some(delay)
    }
}

impl Client {
    /// When to repeat an empty lookup of a record that may exist.
    pub fn lookup_delays(&self) -> LookupDelays {
        LookupDelays::new(self.0.list_lag)
    }

    /// The connection of a service and the shop's external id.
    pub async fn connection_of(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Option<Connection>, Failure> {
        let filters = [("service", service), ("externalid", externalid)];
        self.find("find_connection", &filters, Sort::AsItComes, |found: &Connection| {
            found.service == service && found.externalid == externalid
        })
        .await
    }

    /// As [`Self::connection_of`]; if the list lacks a `known` one, that is read by its id.
    pub async fn connection_of_known(
        &self,
        service: &str,
        externalid: &str,
        known: Option<&RemoteId>,
    ) -> Result<Option<Connection>, Failure> {
        match (self.connection_of(service, externalid).await?, known) {
            (None, Some(id)) => self.connection(id).await,
            (found, _) => Ok(found),
        }
    }

    /// Whether the connection of this id exists, also among several of its name. A list that lacks
    /// it proves nothing, so it is then read by its id.
    pub async fn has_connection(
        &self,
        service: &str,
        externalid: &str,
        id: &RemoteId,
    ) -> Result<bool, Failure> {
        let filters = [("service", service), ("externalid", externalid)];
        let is_wanted = |found: &Connection| found.id == *id;
        match self.find("find_connection", &filters, Sort::AsItComes, is_wanted).await? {
            Some(_) => Ok(true),
            None => Ok(self.connection(id).await?.is_some()),
        }
    }

    /// The order of a key in a connection; of several on one page the oldest.
    pub async fn order_by_key(
        &self,
        connection: &RemoteId,
        key: &OrderKey,
    ) -> Result<Option<RemoteOrder>, Failure> {
        let filters = [("connectionid", connection.as_str()), (key.field(), key.as_str())];
        self.find("find_order", &filters, Sort::Newest, |found: &RemoteOrder| {
            found.connection == *connection && found.text_of(key) == key.as_str()
        })
        .await
    }

    /// Every order of a connection that has this key or this e-mail address, as far as lists show
    /// them.
    pub async fn orders_like(
        &self,
        connection: &RemoteId,
        key: &OrderKey,
        email: &str,
    ) -> Result<Vec<RemoteOrder>, Failure> {
        let of_connection = ("connectionid", connection.as_str());
        let has_key = |found: &RemoteOrder| found.text_of(key) == key.as_str();
        let filters = [of_connection, (key.field(), key.as_str())];
        let of_key = self.find_all("find_order", &filters, |found: &RemoteOrder| {
            found.connection == *connection && has_key(found)
        });
        let mut all = of_key.await?;
        let filters = [of_connection, ("email", email)];
        let of_address = self.find_all("find_orders_by_email", &filters, |found: &RemoteOrder| {
            found.connection == *connection
                && !has_key(found)
                && found.email.to_lowercase() == email.to_lowercase()
        });
        all.extend(of_address.await?);
        Ok(all)
    }

    /// The customer with an e-mail address in a connection; of several on one page the oldest.
    /// Never one of ActiveCampaign's aggregates over an address, nor the remainder of a deleted
    /// contact.
    pub async fn customer_by_email(
        &self,
        connection: &RemoteId,
        email: &Email,
    ) -> Result<Option<RemoteCustomer>, Failure> {
        let filters = [("connectionid", connection.as_str()), ("email", email.as_str())];
        self.find("find_customer_by_email", &filters, Sort::Newest, |found: &RemoteCustomer| {
            found.connection == *connection
                && found.email.to_lowercase() == email.as_str()
                && !found.is_pseudo()
        })
        .await
    }

    /// The customer of a key in a connection, as [`Self::customer_by_email`].
    pub async fn customer_by_key(
        &self,
        connection: &RemoteId,
        key: &CustomerKey,
    ) -> Result<Option<RemoteCustomer>, Failure> {
        let filters = [("connectionid", connection.as_str()), ("externalid", key.as_str())];
        self.find("find_customer_by_key", &filters, Sort::Newest, |found: &RemoteCustomer| {
            found.connection == *connection
                && found.externalid == key.as_str()
                && !found.is_pseudo()
        })
        .await
    }

    /// All records of a list that match, from its beginning to its end.
    async fn find_all<T: Record>(
        &self,
        name: &'static str,
        filters: &[(&str, &str)],
        matches: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, Failure> {
        let (mut all, mut offset) = (Vec::<T>::new(), 0);
        let mut firsts: HashSet<RemoteId> = HashSet::new();
        let (mut pages, mut pages_max) = (0, LOOKUP_PAGES_MAX);
        while pages < pages_max {
            let page = self.page::<T>(name, filters, Sort::Oldest, offset).await?;
            let first = page.records.first().map(|record| record.id().clone());
            if first.is_some_and(|first| !firsts.insert(first)) {
                break;
            }
            pages_max = pages_max.max(pages_of(page.total));
            pages += 1;
            all.extend(page.records.into_iter().filter(&matches));
            let Some(next) = page.next else { return Ok(all) };
            offset = next;
        }
        Err(Failure::undecided(name))
    }

    pub(super) async fn find<T: Record>(
        &self,
        name: &'static str,
        filters: &[(&str, &str)],
        sort: Sort,
        matches: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, Failure> {
        let (mut offset, mut first_before) = (0, None);
        let (mut pages, mut pages_max) = (0, LOOKUP_PAGES_MAX);
        while pages < pages_max {
            let page = self.page::<T>(name, filters, sort, offset).await?;
            pages_max = pages_max.max(pages_of(page.total));
            pages += 1;
            let first = page.records.first().map(|record| record.id().clone());
            let found = page
                .records
                .into_iter()
                .filter(&matches)
                .min_by(|a, b| age(a.id()).cmp(&age(b.id())));
            if found.is_some() {
                return Ok(found);
            }
            let Some(next) = page.next else { return Ok(None) };
            if first.is_some() && first == first_before {
                // The offset is ignored too: more pages would show nothing else.
                break;
            }
            (offset, first_before) = (next, first);
        }
        Err(Failure::undecided(name))
    }
}

/// Pages until the end of a list of this length, which may grow meanwhile; 0 if it is not
/// stated, or too long to be read in search of one record.
fn pages_of(total: Option<u64>) -> u64 {
    let total = total.filter(|total| *total <= LIST_LEN_MAX);
    total.map_or(0, |total| total.div_ceil(100) + LOOKUP_PAGES_MAX)
}

/// Ids are ascending numbers: compares ids that are texts as numbers.
fn age(id: &RemoteId) -> (usize, &str) {
    let digits = id.as_str().trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delays_of_lookups_grow_and_add_up_to_the_lag_of_lists() {
        let seconds = |lag_ms| {
            let delays = LookupDelays::new(Duration::from_millis(lag_ms));
            delays.map(|delay| delay.as_secs_f64()).collect::<Vec<_>>()
        };
        assert_eq!(seconds(10_000), [1.0, 2.0, 4.0, 3.0]);
        assert_eq!(seconds(500), [0.5]);
        assert_eq!(seconds(0), [0.0; 0]);
        let longest = seconds(600_000).into_iter().fold(0.0, f64::max);
        assert_eq!((longest, seconds(600_000).iter().sum()), (60.0, 600.0));
    }
}
