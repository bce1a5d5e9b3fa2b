//! What a run does besides sending where orders go by the bulk path: it keeps each connection to its
//! path, and gives accepted orders their ids once the REST API shows the copies.

use super::plan_reader::ReadingError;
use super::remote_fetch::mirrored;
use super::{Job, RunContext, RunError, end_of};
use crate::activecampaign::{Disposition, Failure, FatalError, READ_BACK_MAX};
use crate::domain::{LoadPath, OrderKey, RemoteId};
use crate::plan::Fingerprints;
use crate::state::{ConnectionId, RemoteRow, RunEnd, RunId, View};

/// Orders that a page of a list shows.
const PAGE_LEN: u64 = 100;

/// Checks that a job's orders go the way that the orders of its connection came.
///
/// # Errors
/// [`ReadingError::OtherPath`] if not; when the state can't be read.
pub(super) fn check_path(view: &View, job: &Job) -> Result<(), ReadingError> {
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    let Some((connection, _)) = view.connection(service, externalid)? else { return Ok(()) };
    check_connection(view, connection, job)
}

/// The same of a connection that is known.
fn check_connection(view: &View, connection: ConnectionId, job: &Job) -> Result<(), ReadingError> {
    let before = match view.connection_path(connection)?.load {
        Some(load) => load,
        // Orders that are there already were not written by the bulk path.
        None if !view.knows_every_order(connection)? => LoadPath::Rest,
        None => job.load,
    };
    if before == job.load {
        return Ok(());
    }
    let (before, now) = (before.word(), job.load.word());
    Err(ReadingError::OtherPath { job: job.name.clone(), before, now })
}

/// Orders of a connection that were accepted by the bulk path.
pub(super) struct AcceptedOrders<'a> {
    pub task: &'a RunContext<'a>,
    pub run: RunId,
    pub connection: ConnectionId,
    pub remote: &'a RemoteId,
}

impl AcceptedOrders<'_> {
    /// Before a run sends anything: notes the connection's path, and settles what earlier runs left
    /// accepted. What ActiveCampaign shows nowhere is sent again.
    pub(super) async fn open(&self) -> Result<(), RunError> {
        let (state, connection) = (self.task.state, self.connection);
        let view = state.call(|store| store.view()).await?;
        check_connection(&view, connection, self.task.job)?;
        let load = self.task.job.load;
        state.call(move |store| store.set_load_path(connection, load)).await?;
        if load == LoadPath::Rest || self.count().await? == 0 {
            return Ok(());
        }
        self.look().await?;
        let mut after: Option<String> = None;
        loop {
            let keys = self.keys(after.clone(), READ_BACK_MAX as u64).await?;
            let Some(last) = keys.last() else { return Ok(()) };
            after = Some(last.as_str().to_owned());
            let of_keys: Vec<&OrderKey> = keys.iter().collect();
            let shown = self.task.client.orders_by_key(self.remote, &of_keys).await;
            let shown = shown.map_err(given_up)?;
            let lost = keys.iter().zip(shown).filter(|(_, shown)| shown.is_none());
            let lost: Vec<String> = lost.map(|(key, _)| key.ledger_text().into_owned()).collect();
            if !lost.is_empty() {
                let run = self.run;
                tracing::warn!(
                    orders = lost.len(),
                    "ActiveCampaign accepted orders that it does not show; they are sent again"
                );
                state.call(move |store| store.doubt_accepted(run, connection, &lost)).await?;
            }
        }
    }

    /// Looks for the copies of accepted orders until the REST API must show them, and returns how
    /// many it does not show yet.
    pub(super) async fn settle(&self) -> Result<u64, RunError> {
        let mut delays = self.task.client.lookup_delays();
        while self.count().await? > 0 {
            self.look().await?;
            let left = self.count().await?;
            match delays.next().filter(|_| left > 0) {
                Some(delay) => tokio::select! {
                    () = self.task.cancel.cancelled() => return Err(RunError::Interrupted),
                    () = tokio::time::sleep(delay) => {}
                },
                None => return Ok(left),
            }
        }
        Ok(0)
    }

    pub(super) async fn count(&self) -> Result<u64, RunError> {
        let connection = self.connection;
        Ok(self.task.state.call(move |store| store.accepted(connection)).await?)
    }

    /// Keys of accepted orders.
    async fn keys(&self, after: Option<String>, at_most: u64) -> Result<Vec<OrderKey>, RunError> {
        let connection = self.connection;
        let keys = self
            .task
            .state
            .call(move |store| store.accepted_keys(connection, after.as_deref(), at_most))
            .await?;
        Ok(keys.iter().filter_map(|key| OrderKey::parse(key).ok()).collect())
    }

    /// Looks once: at the whole list, or for each order where that takes fewer requests.
    async fn look(&self) -> Result<(), RunError> {
        let (task, connection) = (self.task, self.connection);
        let hash_key = task.state.call(|store| store.hash_key()).await?;
        let prints = Fingerprints::new(hash_key);
        let left = self.count().await?;
        let known = task.state.call(move |store| store.orders_known(connection)).await?;
        let pages = (known + left).div_ceil(PAGE_LEN);
        if left <= pages {
            for key in self.keys(None, left).await? {
                let found = task.client.order_by_key(self.remote, &key).await.map_err(given_up)?;
                let found: Vec<_> =
                    found.map(|order| mirrored(order, &prints)).into_iter().collect();
                self.see(found).await?;
            }
            return Ok(());
        }
        let mut pages = task.client.orders(self.remote).side_by_side(task.job.in_flight_max);
        while let Some(page) = pages.next().await.map_err(given_up)? {
            if task.cancel.is_cancelled() {
                return Err(RunError::Interrupted);
            }
            let copies = page.records.into_iter().map(|order| mirrored(order, &prints));
            self.see(copies.collect()).await?;
        }
        Ok(())
    }

    async fn see(&self, copies: Vec<RemoteRow>) -> Result<(), RunError> {
        let connection = self.connection;
        Ok(self.task.state.call(move |store| store.see_copies(connection, &copies)).await?)
    }
}

/// The orders are accepted: that they could not be looked for is no fault of theirs.
fn given_up(failure: Failure) -> RunError {
    match failure.disposition {
        Disposition::Stop(stop) => stop.into(),
        _ if end_of(&failure) == RunEnd::Paused => {
            FatalError::Away { retry_after: None, cause: failure.cause }.into()
        }
        _ => FatalError::Unexpected { status: failure.status.unwrap_or(0) }.into(),
    }
}
