use super::deleting::{DeleteOutcome, Deleting, ListedAs};
use super::{UndoError, UndoPlan, UndoReport};
use crate::activecampaign::{Client, RemoteOrder};
use crate::domain::RemoteId;
use crate::plan::Fingerprints;
use crate::run::Sample;
use crate::run::bulk::AcceptedOrders;
use crate::run::meter::Meter;
use crate::run::remote_fetch::{CompareProgress, Lists, fetch_orders};
use crate::state::{ConnectionId, CreatedOrder, DeletePurpose, RemoteSnapshot, StateHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Orders read from the ledger together.
const CREATED_MAX: u32 = 500;

/// The input of an undo.
pub struct UndoContext<'a> {
    pub plan: &'a UndoPlan,
    pub state: &'a StateHandle,
    pub client: &'a Client,
    /// Concurrent deletes.
    pub in_flight_max: usize,
    /// Ends it: waits up to `grace` for what was sent, and settles it.
    pub cancel: CancellationToken,
    pub grace: Duration,
    /// Called after each order with the number done and the total.
    pub progress: &'a (dyn Fn(u64, u64) + Send + Sync),
    /// Called after each page of the lists that are read before and after.
    pub listing: &'a dyn Fn(CompareProgress),
}

/// Deletes in ActiveCampaign what a run created, and reads back that it is gone. Calling again
/// resumes an interrupted undo.
pub async fn undo(task: UndoContext<'_>) -> UndoReport {
    let mut meter = Meter::new(task.client);
    let report = UndoReport {
        run: task.plan.run.id,
        job: task.plan.run.job.clone(),
        planned: task.plan.undoable.orders,
        ..UndoReport::default()
    };
    let mut work = UndoWork { task: &task, report };
    let error = match &task.plan.connection {
        Some((connection, remote)) => work.carry_out(*connection, remote).await.err(),
        None => None,
    };
    let (requests, active_ms) = meter.take();
    UndoReport { requests, elapsed: Duration::from_millis(active_ms), error, ..work.report }
}

struct UndoWork<'a> {
    task: &'a UndoContext<'a>,
    report: UndoReport,
}

impl UndoWork<'_> {
    async fn carry_out(
        &mut self,
        connection: ConnectionId,
        remote: &RemoteId,
    ) -> Result<(), UndoError> {
        let (task, run) = (self.task, self.report.run);
        task.state.call(move |store| store.begin_undo(run, connection)).await?;
        let looking = task.cancel.run_until_cancelled(self.look(connection, remote));
        let mirror = looking.await.ok_or(UndoError::Interrupted)??;
        self.delete_all(connection, remote, &mirror).await?;
        let reading = task.cancel.run_until_cancelled(self.read_back(connection, remote));
        reading.await.ok_or(UndoError::Interrupted)??;
        self.report.left =
            Some(task.state.call(move |store| store.finish_undo(run, connection)).await?);
        Ok(())
    }

    /// Lists the connection before anything is deleted. Orders that the bulk path accepted get
    /// their ids first.
    async fn look(
        &self,
        connection: ConnectionId,
        remote: &RemoteId,
    ) -> Result<RemoteSnapshot, UndoError> {
        let UndoContext { state, client, cancel, in_flight_max, .. } = self.task;
        let connections = client.connections().await?;
        let is_listed = connections.iter().any(|connection| connection.id == *remote);
        if !is_listed && client.connection(remote).await?.is_none() {
            return Err(UndoError::ConnectionGone(remote.to_string()));
        }
        let in_flight_max = *in_flight_max;
        let sample = Sample::ALL;
        let accepted =
            AcceptedOrders { state, client, cancel, in_flight_max, connection, remote, sample };
        accepted.settle(0).await?;
        let prints = Fingerprints::new(state.call(|store| store.hash_key()).await?);
        let progress = self.task.listing;
        let lists = Lists { client, connection: remote, in_flight_max, progress };
        Ok(fetch_orders(&lists, &prints).await?)
    }

    async fn delete_all(
        &mut self,
        connection: ConnectionId,
        remote: &RemoteId,
        mirror: &RemoteSnapshot,
    ) -> Result<(), UndoError> {
        let task = self.task;
        let (run, halt) = (self.report.run, task.cancel.child_token());
        let (client, state) = (task.client.clone(), task.state.clone());
        let remote = remote.clone();
        let deleting = Arc::new(Deleting {
            client,
            state,
            run,
            connection,
            remote,
            halt,
            purpose: DeletePurpose::Undo,
        });
        let mut steps = JoinSet::new();
        let sent = self.send_all(&deleting, mirror, &mut steps).await;
        if sent.is_err() {
            deleting.halt.cancel();
            let deadline = Instant::now() + task.grace;
            while let Ok(Some(step)) = tokio::time::timeout_at(deadline, steps.join_next()).await {
                // The first cause is reported; the others were cancelled because of it.
                let _ = self.note(step);
            }
            steps.shutdown().await;
            return sent;
        }
        let intended = task.state.call(move |store| store.unconfirmed_of(run, connection)).await?;
        for key in intended {
            if mirror.holds(&key)? {
                self.report.unconfirmed.push(key);
            }
        }
        Ok(())
    }

    async fn send_all(
        &mut self,
        deleting: &Arc<Deleting>,
        mirror: &RemoteSnapshot,
        steps: &mut JoinSet<Result<DeleteOutcome, UndoError>>,
    ) -> Result<(), UndoError> {
        let (run, connection, mut after) = (deleting.run, deleting.connection, None::<String>);
        loop {
            let from = after.clone();
            let created = self
                .task
                .state
                .call(move |store| store.created_by(run, connection, from.as_deref(), CREATED_MAX));
            let created = created.await?;
            let Some(last) = created.last() else { break };
            after = Some(last.key.clone());
            for order in created {
                while steps.len() >= self.task.in_flight_max {
                    if let Some(step) = steps.join_next().await {
                        self.note(step)?;
                    }
                }
                if deleting.halt.is_cancelled() {
                    return Err(UndoError::Interrupted);
                }
                let listed = listed(&order, mirror)?;
                let deleting = Arc::clone(deleting);
                steps.spawn(async move { deleting.carry_out(order, listed).await });
            }
        }
        while let Some(step) = steps.join_next().await {
            self.note(step)?;
        }
        Ok(())
    }

    fn note(
        &mut self,
        step: Result<Result<DeleteOutcome, UndoError>, JoinError>,
    ) -> Result<(), UndoError> {
        let report = &mut self.report;
        match step.map_err(UndoError::Crashed)?? {
            DeleteOutcome::Deleted => report.deleted += 1,
            DeleteOutcome::Gone => report.gone += 1,
            DeleteOutcome::Foreign(key) => report.foreign.push(key),
            DeleteOutcome::Refused(key, reason) | DeleteOutcome::Undecided(key, reason) => {
                report.refused.push((key, reason));
            }
        }
        let left_alone = report.foreign.len() + report.refused.len();
        (self.task.progress)(report.deleted + report.gone + left_alone as u64, report.planned);
        Ok(())
    }

    /// No deleted order may be listed any more. One that is listed under the deleted id was not
    /// deleted.
    async fn read_back(
        &mut self,
        connection: ConnectionId,
        remote: &RemoteId,
    ) -> Result<(), UndoError> {
        let pages = self.task.client.orders(remote);
        let (run, mut pages) = (self.report.run, pages.side_by_side(self.task.in_flight_max));
        let mut listed = 0;
        while let Some(page) = pages.next().await? {
            listed += page.records.len() as u64;
            (self.task.listing)(CompareProgress::Orders { listed, total: page.total });
            let keys: Vec<String> = page.records.iter().map(RemoteOrder::ledger_text).collect();
            let deleted =
                self.task.state.call(move |store| store.deleted_among(run, &keys)).await?;
            for order in deleted {
                if page.records.iter().any(|there| there.id == order.id) {
                    self.report.still_there.push(order.key.clone());
                    let entry = move |store: &mut crate::state::Store| {
                        store.restore_deleted(run, connection, &order)
                    };
                    self.task.state.call(entry).await?;
                } else {
                    self.report.made_again += 1;
                }
            }
        }
        Ok(())
    }
}

fn listed(order: &CreatedOrder, mirror: &RemoteSnapshot) -> Result<ListedAs, UndoError> {
    Ok(match mirror.key_of(&order.id)? {
        Some(key) if key == order.key => ListedAs::AsCreated,
        Some(_) => ListedAs::UnderAnotherKey,
        None => ListedAs::NotAtAll,
    })
}
