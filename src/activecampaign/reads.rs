//! What is read by id and page by page. As a read changes nothing, it is repeated until its
//! attempts are used up; it fails then, or when the run must end.

use super::client::Client;
use super::disposition::{Disposition, RequestKind};
use super::exchange::Request;
use super::failure::Failure;
use super::records::{Connection, Record, RemoteDiscount, RemoteOrder, RemoteProduct};
use super::retry::RetryDecision;
use super::wire::{json_of, number_of, object, query};
use crate::domain::RemoteId;
use serde_json::Value;

/// ActiveCampaign's largest page.
const PAGE_LEN: &str = "100";
/// Its page length if it ignores ours: a shorter page is the last one, even if no total is stated.
const PAGE_LEN_LEAST: u64 = 20;
/// Pages read of a list that should be short.
const SHORT_LIST_PAGES_MAX: u32 = 50;

/// The order in which a list is requested.
#[derive(Clone, Copy)]
pub(super) enum Sort {
    Newest,
    /// Stable while the list is paged.
    Oldest,
    /// ActiveCampaign's own.
    AsItComes,
}

/// A page as received. Its records may not match the filters of the request.
pub(super) struct Raw<T> {
    pub(super) records: Vec<T>,
    pub(super) total: Option<u64>,
    pub(super) next: Option<u64>,
}

impl Client {
    /// Every connection of the account, native ones included.
    pub async fn connections(&self) -> Result<Vec<Connection>, Failure> {
        let name = "list_connections";
        let (mut all, mut offset) = (Vec::<Connection>::new(), 0);
        for _ in 0..SHORT_LIST_PAGES_MAX {
            let page = self.page::<Connection>(name, &[], Sort::AsItComes, offset).await?;
            let is_known = |found: &Connection| all.iter().any(|before| before.id == found.id);
            if !page.records.is_empty() && page.records.iter().all(is_known) {
                break;
            }
            all.extend(page.records);
            match page.next {
                Some(next) => offset = next,
                None => return Ok(all),
            }
        }
        Err(Failure::endless(name))
    }

    /// A connection by its id; `None` if it no longer exists.
    pub async fn connection(&self, id: &RemoteId) -> Result<Option<Connection>, Failure> {
        let kind = RequestKind::ReadOne;
        let request = Request::about(id, kind, "read_connection", "/connections/{id}");
        match self.read_one(&request, "connection", id).await {
            // The documentation states 400 instead of 404 for this route.
            Err(failure) if failure.status == Some(400) => Ok(None),
            other => other,
        }
    }

    /// [`Self::order`], read again with growing delays while it is answered with 404: a single 404
    /// may come from something other than ActiveCampaign.
    pub async fn order_in_time(&self, id: &RemoteId) -> Result<Option<RemoteOrder>, Failure> {
        let mut delays = self.lookup_delays();
        loop {
            let found = self.order(id).await?;
            match delays.next().filter(|_| found.is_none()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Ok(found),
            }
        }
    }

    /// An order by ActiveCampaign's id; `None` if it no longer exists.
    pub async fn order(&self, id: &RemoteId) -> Result<Option<RemoteOrder>, Failure> {
        let kind = RequestKind::ReadOne;
        let request = Request::about(id, kind, "read_order", "/ecomOrders/{id}");
        self.read_one(&request, "ecomOrder", id).await
    }

    async fn read_one<T: Record>(
        &self,
        request: &Request,
        name: &str,
        id: &RemoteId,
    ) -> Result<Option<T>, Failure> {
        let read = |body: &[u8]| {
            let record = object(body, name).and_then(|v| T::read(&v).ok_or("answer_unreadable"))?;
            if record.id() == id { Ok(record) } else { Err("answer_mismatch") }
        };
        match self.read(request, read).await {
            Err(failure) if failure.disposition == Disposition::Gone => Ok(None),
            other => other.map(Some),
        }
    }

    /// The lines of an order.
    ///
    /// # Errors
    /// `Gone` if the order no longer exists; when no answer came within the attempts, or
    /// the run must end.
    pub async fn products_of(&self, order: &RemoteId) -> Result<Vec<RemoteProduct>, Failure> {
        self.part_of(order, "list_products", "/ecomOrders/{id}/orderProducts").await
    }

    /// The discounts of an order.
    pub async fn discounts_of(&self, order: &RemoteId) -> Result<Vec<RemoteDiscount>, Failure> {
        self.part_of(order, "list_discounts", "/ecomOrders/{id}/orderDiscounts").await
    }

    async fn part_of<T: Record>(
        &self,
        order: &RemoteId,
        name: &'static str,
        route: &'static str,
    ) -> Result<Vec<T>, Failure> {
        let (mut all, mut offset) = (Vec::<T>::new(), 0_u64);
        for _ in 0..SHORT_LIST_PAGES_MAX {
            let pairs = [("limit", PAGE_LEN.to_owned()), ("offset", offset.to_string())];
            let mut request = Request::about(order, RequestKind::ReadOne, name, route);
            request.path.push_str(&query(&pairs));
            let page = self.read(&request, |body| raw_of::<T>(body, offset)).await?;
            // This list may not be paged: then every page is the first one.
            let repeats = all
                .first()
                .is_some_and(|first| page.records.first().is_some_and(|p| p.id() == first.id()));
            if repeats {
                return Ok(all);
            }
            all.extend(page.records);
            match page.next {
                Some(next) => offset = next,
                None => return Ok(all),
            }
        }
        Err(Failure::endless(name))
    }

    /// One page of a list.
    pub(super) async fn page<T: Record>(
        &self,
        name: &'static str,
        filters: &[(&str, &str)],
        sort: Sort,
        offset: u64,
    ) -> Result<Raw<T>, Failure> {
        let mut pairs: Vec<(String, String)> = filters
            .iter()
            .map(|(field, value)| (format!("filters[{field}]"), (*value).to_owned()))
            .collect();
        match sort {
            Sort::Newest => pairs.push(("orders[id]".to_owned(), "DESC".to_owned())),
            Sort::Oldest => pairs.push(("orders[id]".to_owned(), "ASC".to_owned())),
            Sort::AsItComes => {}
        }
        pairs.push(("limit".to_owned(), PAGE_LEN.to_owned()));
        pairs.push(("offset".to_owned(), offset.to_string()));
        let mut request = Request::to(RequestKind::List, name, T::ROUTE);
        request.path.push_str(&query(&pairs));
        self.read(&request, |body| raw_of(body, offset)).await
    }

    /// Retries a read until it is answered. A failure that it returns is final.
    pub(super) async fn read<T>(
        &self,
        request: &Request,
        read: impl Fn(&[u8]) -> Result<T, &'static str>,
    ) -> Result<T, Failure> {
        let mut retry = self.retry();
        loop {
            let turn = self.turn().await.map_err(|stop| Failure::stopped(request.name, stop))?;
            let failure = match turn.send(request, &read).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if !matches!(failure.disposition, Disposition::Again | Disposition::Throttled) {
                return Err(failure);
            }
            match retry.after(&failure) {
                RetryDecision::After(delay) => tokio::time::sleep(delay).await,
                RetryDecision::Exhausted => return Err(failure),
                RetryDecision::Stop(stop) => {
                    return Err(Failure { disposition: Disposition::Stop(stop), ..failure });
                }
            }
        }
    }
}

fn raw_of<T: Record>(body: &[u8], offset: u64) -> Result<Raw<T>, &'static str> {
    let answer = json_of(body)?;
    let listed = answer.get(T::LIST).and_then(Value::as_array).ok_or("answer_unreadable")?;
    let total = answer.get("meta").and_then(|meta| number_of::<u64>(meta, "total"));
    let len = u64::try_from(listed.len()).unwrap_or(u64::MAX);
    let end = offset.saturating_add(len);
    let more = match total {
        _ if len == 0 => false,
        // Ignore a total smaller than the rows already listed.
        Some(total) if total >= end => total > end,
        _ => len >= PAGE_LEN_LEAST,
    };
    Ok(Raw {
        records: listed.iter().filter_map(T::read).collect(),
        total,
        next: more.then_some(end),
    })
}
