//! What a run does in addition to sending on the bulk path: it keeps each connection on its path,
//! and gives accepted orders their ids when the REST API shows the copies.

use super::reading_error::ReadingError;
use super::remote_fetch::mirrored;
use super::{Job, Sample};
use crate::activecampaign::{Client, Failure, GraphqlOrder, READ_BACK_MAX};
use crate::domain::{Deleted, LoadPath, OrderDigest, OrderKey, ProbeAnswer, RemoteId};
use crate::plan::{BatchLengths, BatchTerms, Fingerprints};
use crate::state::{
    AcceptedOrder, ConnectionId, RemoteRow, RunId, StateError, StateHandle, Store, View,
};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How many finished runs look up an accepted order. Later only `verify` and `undo` do, as it may
/// have been deleted.
const LOOKED_FOR_RUNS: u64 = 10;
/// Accepted orders that are read from the state together.
const COUNTED_AT_ONCE: u64 = 1_000;
/// Orders that a page of a list shows.
const PAGE_LEN: u64 = 100;

/// Orders in one batch at most, whatever the settings and a probe say.
pub const BATCH_LEN_MAX: usize = 100;

/// Orders in one batch of a job at most: as set, else as a probe measured, else the default.
pub(super) fn batch_max(view: &View, job: &Job) -> Result<usize, StateError> {
    let measured = view.probe_answer(ProbeAnswer::BULK_MAX)?.and_then(|answer| answer.number);
    let measured = measured.and_then(|orders| usize::try_from(orders).ok());
    Ok(match measured.filter(|_| !job.is_bulk_max_set) {
        Some(orders) => orders.clamp(1, BATCH_LEN_MAX),
        None => job.bulk_max,
    })
}

/// What the batches of a job depend on in addition to its orders. An unknown connection has no
/// orders.
pub(super) fn batch_terms(
    view: &View,
    job: &Job,
    connection: Option<ConnectionId>,
) -> Result<BatchTerms, StateError> {
    let (max, in_flight_max) = (batch_max(view, job)? as u64, job.in_flight_max as u64);
    let terms = BatchTerms {
        lengths: BatchLengths { max, in_flight_max },
        is_canary_due: true,
        reads_updates: job.rules.policy.deleted == Deleted::Leave,
        looks_up_creates: false,
        listed: 0,
    };
    let Some(connection) = connection else { return Ok(terms) };
    let path = view.connection_path(connection)?;
    Ok(BatchTerms {
        is_canary_due: path.findings.is_none(),
        looks_up_creates: !view.knows_every_order(connection)?,
        listed: view.orders_listed(connection)?,
        ..terms
    })
}

/// Checks that a job's path is the one by which its connection's orders were sent.
///
/// # Errors
/// [`ReadingError::OtherPath`] if not; when the state can't be read.
pub(super) fn check_path(view: &View, job: &Job) -> Result<(), ReadingError> {
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    let Some((connection, _)) = view.connection(service, externalid)? else { return Ok(()) };
    check_connection(view, connection, job)
}

/// The path by which the orders of a connection were sent; `None`: it has none.
pub(super) fn path_of(
    view: &View,
    connection: ConnectionId,
) -> Result<Option<LoadPath>, StateError> {
    Ok(match view.connection_path(connection)?.load {
        // Existing orders were not written by the bulk path.
        None if !view.knows_every_order(connection)? => Some(LoadPath::Rest),
        load => load,
    })
}

/// The same for a known connection.
fn check_connection(view: &View, connection: ConnectionId, job: &Job) -> Result<(), ReadingError> {
    check_no_switch(view, connection, job)?;
    let before = path_of(view, connection)?.unwrap_or(job.load);
    if before == job.load {
        return Ok(());
    }
    let (before, now) = (before.word(), job.load.word());
    Err(ReadingError::OtherPath { job: job.name.clone(), before, now })
}

/// Checks that no change of path is in progress, after which orders may exist twice or be written
/// again.
///
/// # Errors
/// [`ReadingError::SwitchOpen`] if so; when the state can't be read.
pub(super) fn check_no_switch(
    view: &View,
    connection: ConnectionId,
    job: &Job,
) -> Result<(), ReadingError> {
    let Some(open) = view.open_switch(connection)? else { return Ok(()) };
    let from = path_of(view, connection)?.unwrap_or(job.load).word();
    Err(ReadingError::SwitchOpen { job: job.name.clone(), to: open.to.word(), from })
}

/// Notes the path of a connection before a run sends anything to it.
pub(super) async fn open_path(
    state: &StateHandle,
    connection: ConnectionId,
    job: &Job,
) -> Result<(), ReadingError> {
    let view = state.call(|store| store.view()).await?;
    check_connection(&view, connection, job)?;
    let load = job.load;
    Ok(state.call(move |store| store.set_load_path(connection, load)).await?)
}

/// Orders of a connection that were accepted by the bulk path.
pub(super) struct AcceptedOrders<'a> {
    pub state: &'a StateHandle,
    pub client: &'a Client,
    pub cancel: &'a CancellationToken,
    pub in_flight_max: usize,
    pub connection: ConnectionId,
    pub remote: &'a RemoteId,
    /// Those that are looked up.
    pub sample: Sample,
}

/// The accepted orders that a run read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBack {
    pub sample: Sample,
    /// Those that it looked up but ActiveCampaign does not show.
    pub not_visible: u64,
    /// Those that it did not look up, as they are not in the sample.
    pub not_read: u64,
}

/// Why accepted orders could not be looked up, which is not an error of the orders.
#[derive(Debug)]
pub(super) enum LookError {
    Target(Failure),
    State(StateError),
    Interrupted,
}

impl AcceptedOrders<'_> {
    /// Settles orders that earlier runs left accepted. Orders that ActiveCampaign does not show, or
    /// still shows with another total, are sent again by this `run`.
    pub(super) async fn settle_earlier(&self, run: RunId) -> Result<(), LookError> {
        let connection = self.connection;
        let since = self.call(move |store| store.run_before(connection, LOOKED_FOR_RUNS)).await?;
        if self.left(since).await? == 0 {
            return Ok(());
        }
        self.look(since).await?;
        if self.forget_deleted(since).await? {
            self.look(since).await?;
        }
        let mut after: Option<String> = None;
        loop {
            let orders = self.orders(since, after.clone(), READ_BACK_MAX as u64).await?;
            let Some((last, _)) = orders.last() else { return Ok(()) };
            after = Some(last.ledger_text().into_owned());
            let keys: Vec<&OrderKey> = orders.iter().map(|(key, _)| key).collect();
            let shown = self.read(self.client.orders_by_key(self.remote, &keys)).await?;
            let is_lost = |sent: &Option<OrderDigest>, shown: Option<GraphqlOrder>| {
                let is_sent = |shown: GraphqlOrder| {
                    sent.as_ref().is_none_or(|sent| shown.shows_total(sent.total, sent.currency))
                };
                !shown.is_some_and(is_sent)
            };
            let lost =
                orders.iter().zip(shown).filter(|((_, sent), shown)| is_lost(sent, shown.clone()));
            let lost: Vec<String> =
                lost.map(|((key, _), _)| key.ledger_text().into_owned()).collect();
            if !lost.is_empty() {
                tracing::warn!(
                    orders = lost.len(),
                    "ActiveCampaign accepted orders that it does not show as they were sent; they are sent again"
                );
                self.call(move |store| store.doubt_accepted(run, connection, &lost)).await?;
            }
        }
    }

    /// Looks up the copies of orders that were accepted since this run, until the REST API must
    /// show them, and returns those that it does not show yet.
    pub(super) async fn settle(&self, since: RunId) -> Result<ReadBack, LookError> {
        let mut delays = self.client.lookup_delays();
        // A list that was read before the copies arrived, which takes seconds, is read again.
        let mut delay = Some(delays.by_ref().take(2).sum());
        while self.left(since).await? > 0 {
            if let Some(delay) = delay {
                self.wait(delay).await?;
            }
            self.look(since).await?;
            delay = delays.next();
            let is_late = delay.is_none() && self.left(since).await? > 0;
            if is_late && self.forget_deleted(since).await? {
                self.look(since).await?;
            }
            if delay.is_none() {
                break;
            }
        }
        let not_visible = self.left(0).await?;
        let not_read = self.count_since(0).await?.saturating_sub(not_visible);
        Ok(ReadBack { sample: self.sample, not_visible, not_read })
    }

    /// Accepted orders that are still to be looked up.
    async fn left(&self, since: RunId) -> Result<u64, LookError> {
        if self.sample == Sample::ALL {
            return self.count_since(since).await;
        }
        let (mut left, mut after) = (0, None);
        loop {
            let orders = self.orders(since, after, COUNTED_AT_ONCE).await?;
            let Some((last, _)) = orders.last() else { return Ok(left) };
            after = Some(last.ledger_text().into_owned());
            left += orders.len() as u64;
        }
    }

    async fn count_since(&self, since: RunId) -> Result<u64, LookError> {
        let connection = self.connection;
        self.call(move |store| store.accepted_since(connection, since)).await
    }

    /// Some of the accepted orders of the sample after a key, each with what was sent, if known;
    /// empty: there are no more.
    async fn orders(
        &self,
        since: RunId,
        mut after: Option<String>,
        at_most: u64,
    ) -> Result<Vec<(OrderKey, Option<OrderDigest>)>, LookError> {
        let connection = self.connection;
        let prints = Fingerprints::new(self.call(|store| store.hash_key()).await?);
        loop {
            let from = after.take();
            let page = self.call(move |store| {
                store.accepted_orders(connection, since, from.as_deref(), at_most)
            });
            let page = page.await?;
            let Some(last) = page.last() else { return Ok(Vec::new()) };
            after = Some(last.key.clone());
            let of_key =
                |order: AcceptedOrder| Some((OrderKey::parse(&order.key).ok()?, order.sent));
            let is_held = |key: &OrderKey| self.sample.holds(&prints.order(key));
            let orders = page.into_iter().filter_map(of_key).filter(|(key, _)| is_held(key));
            let orders: Vec<_> = orders.collect();
            if !orders.is_empty() {
                return Ok(orders);
            }
        }
    }

    /// Looks them up once: in the whole list, or one by one if that takes fewer requests.
    pub(super) async fn look(&self, since: RunId) -> Result<(), LookError> {
        let connection = self.connection;
        let prints = Fingerprints::new(self.call(|store| store.hash_key()).await?);
        let listed = self.call(move |store| store.orders_listed(connection)).await?;
        if self.left(since).await? <= listed.div_ceil(PAGE_LEN) {
            let mut after: Option<String> = None;
            loop {
                let orders = self.orders(since, after, COUNTED_AT_ONCE).await?;
                let Some((last, _)) = orders.last() else { return Ok(()) };
                after = Some(last.ledger_text().into_owned());
                for (key, _) in orders {
                    let found = self.read(self.client.order_by_key(self.remote, &key)).await?;
                    let found: Vec<_> =
                        found.map(|order| mirrored(order, &prints)).into_iter().collect();
                    self.see(found).await?;
                }
            }
        }
        let mut pages = self.client.orders(self.remote).side_by_side(self.in_flight_max);
        while let Some(page) = self.read(pages.next()).await? {
            let copies = page.records.into_iter().map(|order| mirrored(order, &prints));
            self.see(copies.collect()).await?;
        }
        Ok(())
    }

    /// Removes the ids of orders that are not visible under them: the record was deleted, and the
    /// copy has another id. Returns whether there were any.
    async fn forget_deleted(&self, since: RunId) -> Result<bool, LookError> {
        let connection = self.connection;
        let known = self.call(move |store| store.accepted_again(connection, since)).await?;
        let mut is_any = false;
        for order in known {
            if self.read(self.client.order_in_time(&order.id)).await?.is_none() {
                self.call(move |store| store.forget_id(connection, &order)).await?;
                is_any = true;
            }
        }
        Ok(is_any)
    }

    async fn see(&self, copies: Vec<RemoteRow>) -> Result<(), LookError> {
        let connection = self.connection;
        self.call(move |store| store.see_copies(connection, &copies)).await
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Store) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, LookError> {
        self.state.call(call).await.map_err(LookError::State)
    }

    async fn wait(&self, delay: Duration) -> Result<(), LookError> {
        self.cancel.run_until_cancelled(sleep(delay)).await.ok_or(LookError::Interrupted)
    }

    /// Ends on an interruption.
    async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, LookError> {
        let read = self.cancel.run_until_cancelled(reading).await;
        read.ok_or(LookError::Interrupted)?.map_err(LookError::Target)
    }
}
