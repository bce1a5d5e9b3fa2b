use super::batches::{DeadLetterBuilder, PendingStep, ReaderEvent};
use super::bulk::batch_max;
use super::meter::Meter;
use super::report::SENT_REMEMBERED;
use super::tracker::{Batch, CheckpointTracker, Ticket};
use super::{Job, PlanId, Progress, RunError};
use crate::activecampaign::{Client, FatalError};
use crate::domain::{Currency, LoadPath, RemoteId};
use crate::extract::Export;
use crate::load::{BulkLoader, Carried, Carrier, Loader, RunLedger};
use crate::plan::{Action, Step};
use crate::state::{
    ConnectionId, Counts, DeadLetter, Kind, OrderOutcome, Refusal, RunEnd, RunRow, Settled,
    Settlement, Stage, StateError, StateHandle,
};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How long a step may wait for others to be sent with.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The input of one run.
pub struct RunContext<'a> {
    pub job: &'a Job,
    pub kind: Kind,
    pub export: &'a Export,
    pub state: &'a StateHandle,
    pub client: &'a Client,
    /// Ends the run: what was sent is waited for, up to `grace`, and settled.
    pub cancel: CancellationToken,
    pub grace: Duration,
    /// A canary: reads and sends these orders alone, by their keys as the ledger writes them.
    pub only: Option<Arc<BTreeSet<String>>>,
    /// The plan's counts, if there is one: the records of the export, and the requests still to be
    /// sent.
    pub planned: Option<(u64, u64)>,
    /// The approved plan, if the run loads only that.
    pub approved: Option<PlanId>,
    /// Called after each settlement.
    pub progress: &'a (dyn Fn(&Progress) + Send + Sync),
}

pub(super) fn letters(task: &RunContext<'_>) -> DeadLetterBuilder {
    DeadLetterBuilder { job: task.job.name.clone(), files: task.export.files().to_vec() }
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadProgress {
    /// Records in the export, once it was read to its end.
    pub records: Option<u64>,
    /// The record after the last one taken from the reader.
    pub through: u64,
    /// Every dead letter was written; none was omitted because of a limit.
    pub all_letters: bool,
    /// Orders that were sent, by outcome.
    pub orders: Counts,
}

/// One run in progress.
pub(super) struct Execution<'a> {
    task: &'a RunContext<'a>,
    row: &'a RunRow,
    connection: ConnectionId,
    loader: Arc<Loader>,
    carrier: Arc<dyn Carrier>,
    /// Ends every step at its next request: from outside, or when one step found that the run must
    /// end.
    halt: CancellationToken,
    /// Steps that wait to be sent together, and the arrival of the first.
    waiting: Vec<BegunStep>,
    waiting_since: Instant,
    steps: JoinSet<Finished>,
    /// Orders in progress.
    in_flight: usize,
    tracker: CheckpointTracker,
    letters: DeadLetterBuilder,
    reached: ReadProgress,
    /// As the state has it.
    checkpoint: u64,
    /// Noted in the state by this process.
    currencies: BTreeSet<Currency>,
    counts: Counts,
    /// A settlement failed: its outcomes are lost to this process, so the checkpoint must not move
    /// past it.
    is_broken: bool,
    /// Whether each of the last orders sent was refused.
    refused: VecDeque<bool>,
    meter: Meter,
    /// Requests that the plan counted for the connection and for settled orders.
    planned_done: u64,
}

/// A step with its place in the run.
struct BegunStep {
    ticket: Ticket,
    sending: Box<PendingStep>,
}

/// Steps that were carried out together.
struct Finished {
    steps: Vec<BegunStep>,
    carried: Carried,
}

impl<'a> Execution<'a> {
    pub(super) async fn new(
        task: &'a RunContext<'a>,
        row: &'a RunRow,
        connection: ConnectionId,
        remote: RemoteId,
        meter: Meter,
    ) -> Result<Self, RunError> {
        let hash_key = task.state.call(|store| store.hash_key()).await?;
        let ledger = RunLedger::new(task.state.clone(), row.id, connection, hash_key);
        let halt = task.cancel.child_token();
        let policy = &task.job.rules.policy;
        let loader = Loader::new(task.client.clone(), ledger, remote, policy, halt.clone());
        let loader = Arc::new(loader);
        let carrier: Arc<dyn Carrier> = match task.job.load {
            LoadPath::Rest => loader.clone(),
            LoadPath::Bulk => {
                let view = task.state.call(|store| store.view()).await?;
                Arc::new(BulkLoader::new(loader.clone(), batch_max(&view, task.job)?))
            }
        };
        Ok(Self {
            task,
            row,
            connection,
            loader,
            carrier,
            halt,
            waiting: Vec::new(),
            waiting_since: Instant::now(),
            steps: JoinSet::new(),
            in_flight: 0,
            tracker: CheckpointTracker::default(),
            letters: letters(task),
            reached: ReadProgress::default(),
            checkpoint: row.checkpoint,
            currencies: BTreeSet::new(),
            counts: Counts::default(),
            is_broken: false,
            refused: VecDeque::with_capacity(SENT_REMEMBERED),
            planned_done: meter.total().total,
            meter,
        })
    }

    /// Requests of this process for the run.
    pub(super) fn sent(&self) -> u64 {
        self.meter.total().total
    }

    pub(super) fn end(self) -> (Meter, ReadProgress) {
        (self.meter, self.reached)
    }

    /// Takes records and carries out their steps until all are settled, or the run must end.
    pub(super) async fn drive(&mut self, mut fed: Receiver<ReaderEvent>) -> Result<(), RunError> {
        let mut error: Option<RunError> = None;
        let mut ended = false;
        while !ended || !self.steps.is_empty() {
            tokio::select! {
                biased;
                () = self.halt.cancelled(), if error.is_none() => error = Some(RunError::Interrupted),
                Some(steps) = self.steps.join_next() => {
                    if let Err(fault) = self.finish(steps).await {
                        self.halt.cancel();
                        // The first cause counts; the others were cancelled because of it.
                        if !matches!(&error, Some(cause) if !matches!(cause, RunError::Interrupted)) {
                            error = Some(fault);
                        }
                    }
                }
                () = tokio::time::sleep_until(self.waiting_since + WAIT_MAX), if !self.waiting.is_empty() => {
                    self.send_waiting();
                }
                next = fed.recv(), if !ended && error.is_none() && self.steps.len() < self.task.job.in_flight_max => {
                    match next {
                        Some(ReaderEvent::Batch(batch, sending)) => {
                            if let Err(fault) = self.take(batch, sending).await {
                                self.halt.cancel();
                                error = Some(fault);
                            }
                        }
                        Some(ReaderEvent::End { records, all_letters }) => {
                            (self.reached.records, self.reached.all_letters) = (Some(records), all_letters);
                            ended = true;
                        }
                        Some(ReaderEvent::Failed(fault)) => {
                            // Records before the damage are valid: let them finish.
                            ended = true;
                            error = Some(fault.into());
                        }
                        None => error = Some(RunError::ReaderCrashed),
                    }
                }
            }
            if ended && !self.halt.is_cancelled() {
                self.send_waiting();
            }
            if error.is_some() {
                fed.close();
                ended = true;
                if self.halt.is_cancelled()
                    && let Some(found) = self.wind_up().await?
                {
                    error = Some(found);
                }
            }
        }
        self.settle(Vec::new(), Vec::new()).await?;
        error.map_or(Ok(()), Err)
    }

    /// After a stop: waits for what is in flight, up to the grace, and settles it. Returns a
    /// contradiction if one was found, as it concerns the account.
    async fn wind_up(&mut self) -> Result<Option<RunError>, RunError> {
        let deadline = Instant::now() + self.task.grace;
        let mut found = None;
        while let Ok(Some(steps)) = tokio::time::timeout_at(deadline, self.steps.join_next()).await
        {
            match self.finish(steps).await {
                // The state can be written, and what is in flight is settled.
                Err(RunError::State(StateError::LowDisk { .. })) => {}
                Err(error @ RunError::State(_)) => return Err(error),
                Err(error @ RunError::Fatal(FatalError::Contradiction { .. })) => {
                    found = Some(error);
                }
                _ => {}
            }
        }
        // Requests without an answer in time stay intended: the next run looks them up.
        self.steps.shutdown().await;
        Ok(found)
    }

    async fn take(
        &mut self,
        batch: Batch,
        sending: Option<Box<PendingStep>>,
    ) -> Result<(), RunError> {
        self.reached.through = batch.through;
        let ticket = self.tracker.push(batch, sending.is_some());
        match sending {
            Some(sending) => {
                self.note_currency(sending.step.order.currency).await?;
                if self.waiting.is_empty() {
                    self.waiting_since = Instant::now();
                }
                self.waiting.push(BegunStep { ticket, sending });
                if self.waiting.len() >= self.carrier.steps_max() {
                    self.send_waiting();
                }
                Ok(())
            }
            None => self.settle(Vec::new(), Vec::new()).await,
        }
    }

    fn send_waiting(&mut self) {
        let steps = std::mem::take(&mut self.waiting);
        if steps.is_empty() {
            return;
        }
        self.in_flight += steps.len();
        let carrier = Arc::clone(&self.carrier);
        let carry_out = async move {
            let of_steps: Vec<&Step> = steps.iter().map(|begun| &begun.sending.step).collect();
            let carried = carrier.carry_out_all(&of_steps).await;
            Finished { steps, carried }
        };
        self.steps.spawn(carry_out.in_current_span());
    }

    /// Before the first order of a currency is sent, so that after a kill the currency does not
    /// look new.
    async fn note_currency(&mut self, currency: Currency) -> Result<(), StateError> {
        if self.currencies.insert(currency) {
            let job = self.task.job.name.clone();
            self.task.state.call(move |store| store.note_currency(&job, currency.code())).await?;
        }
        Ok(())
    }

    async fn finish(
        &mut self,
        finished: Result<Finished, tokio::task::JoinError>,
    ) -> Result<(), RunError> {
        let Finished { steps, carried } = finished.map_err(RunError::Crashed)?;
        self.in_flight -= steps.len();
        let (mut orders, mut dead, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (BegunStep { ticket, sending }, outcome) in steps.into_iter().zip(carried.outcomes) {
            let Some(outcome) = outcome else { continue };
            self.tracker.complete(ticket);
            self.reached.orders.count(&outcome);
            self.planned_done += planned_for(&sending.step, &outcome);
            let refusal = outcome.refusal();
            let letter = refusal.map(|refusal| self.dead_letter(&sending, refusal, &outcome));
            refused.push(letter.is_some());
            dead.extend(letter);
            let digest = sending.digest.map(|digest| *digest);
            let Step { order, .. } = sending.step;
            let fingerprint = self.loader.ledger().fingerprint(&order);
            orders.push(Settled { key: order.key, fingerprint, outcome, digest });
        }
        if !orders.is_empty() {
            self.settle(orders, dead).await?;
        }
        let course = refused.into_iter().try_for_each(|is_refused| self.judge_course(is_refused));
        match carried.error.map(RunError::from) {
            // It concerns the account or the state, and refused orders may follow from it.
            Some(error) if !matches!(error.end(), RunEnd::Interrupted | RunEnd::Paused) => {
                Err(error)
            }
            Some(error) => course.and(Err(error)),
            None => course,
        }
    }

    /// A run with too many refusals is stopped early.
    fn judge_course(&mut self, is_refused: bool) -> Result<(), RunError> {
        if self.refused.len() == SENT_REMEMBERED {
            self.refused.pop_front();
        }
        self.refused.push_back(is_refused);
        let refused = self.refused.iter().filter(|refused| **refused).count();
        if refused > self.task.job.rules.policy.refused_max as usize {
            Err(RunError::TooManyRefused { refused })
        } else {
            Ok(())
        }
    }

    fn dead_letter(
        &self,
        sending: &PendingStep,
        refusal: &Refusal,
        outcome: &OrderOutcome,
    ) -> DeadLetter {
        let letter = self.letters.letter(
            Some(sending.step.order.key.ledger_text().into_owned()),
            sending.label.clone(),
            sending.position,
        );
        let reasons = outcome.reasons();
        tracing::warn!(
            order = letter.record,
            reasons = reasons.to_string(),
            attempts = refusal.attempts,
            "ActiveCampaign did not accept an order"
        );
        DeadLetter {
            stage: Stage::Refused,
            reasons,
            status: refusal.status,
            attempts: refusal.attempts,
            ..letter
        }
    }

    /// Stores outcomes and moves the checkpoint in one transaction.
    async fn settle(
        &mut self,
        orders: Vec<Settled>,
        mut dead: Vec<DeadLetter>,
    ) -> Result<(), RunError> {
        if self.is_broken {
            return Ok(());
        }
        let passed = self.tracker.take();
        if orders.is_empty() && passed.is_none() {
            return Ok(());
        }
        let checkpoint = passed.as_ref().map(|batch| batch.through);
        let passed = passed.unwrap_or_default();
        let (counts, cleared) = (passed.counts, passed.cleared);
        dead.extend(passed.dead);
        self.note(&orders, counts);
        let (requests, active_ms) = self.meter.take();
        let settlement =
            Settlement { orders, dead, cleared, counts, checkpoint, requests, active_ms };
        let (run, connection) = (self.row.id, self.connection);
        let settled =
            self.task.state.call(move |store| store.settle(run, connection, &settlement)).await;
        self.is_broken = settled.is_err();
        settled?;
        self.checkpoint = checkpoint.unwrap_or(self.checkpoint);
        self.report_progress();
        Ok(())
    }

    /// Updates the figures shown during the run; the accounts are in the state.
    fn note(&mut self, orders: &[Settled], passed: Counts) {
        self.counts += passed;
        for settled in orders {
            self.counts.count(&settled.outcome);
        }
    }

    fn report_progress(&mut self) {
        (self.task.progress)(&Progress {
            job: self.row.job.clone(),
            run: self.row.id,
            kind: self.task.kind,
            read: self.reached.through,
            settled: self.checkpoint,
            counts: self.counts,
            in_flight: self.in_flight,
            requests: self.meter.total(),
            batches: (self.task.job.load == LoadPath::Bulk).then(|| self.meter.batches()),
            planned_done: match self.task.job.load {
                LoadPath::Rest => {
                    self.planned_done
                        + self.loader.ledger().customers_settled()
                        + self.loader.ledger().planned_lookups()
                }
                // A plan counts batches, not their orders.
                LoadPath::Bulk => self.meter.total().total,
            },
            recent: self.meter.recent(),
            elapsed: self.meter.elapsed(),
        });
    }
}

/// Requests that the plan counted for an order.
fn planned_for(step: &Step, outcome: &OrderOutcome) -> u64 {
    match (outcome, &step.action) {
        (OrderOutcome::Superseded, _) => 0,
        (_, Action::LookUp(_)) => 2,
        (_, Action::Update(_)) if step.order.key.is_cart() => 2,
        (_, Action::Create | Action::Update(_)) => 1,
    }
}
