use super::books::RunJournal;
use super::connection::establish;
use super::feed::{self, Fed, Letters, Sending};
use super::reading::{Ledger, Reading};
use super::tracker::{Stretch, Ticket, Tracker};
use super::{Books, Job, Progress, RunError, RunReport};
use crate::activecampaign::Client;
use crate::domain::RemoteId;
use crate::extract::Export;
use crate::load::{Halt, Loader, Outcome, Refusal};
use crate::plan::Fingerprints;
use crate::state::{
    ConnectionId, Counts, DeadLetter, Kind, OrderOutcome, Requests, RunEnd, RunRow, RunStart, Settled, Settlement, Stage,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What one run is given.
pub struct Task<'a> {
    pub job: &'a Job,
    pub kind: Kind,
    pub export: &'a Export,
    pub books: &'a Books,
    pub client: &'a Client,
    /// Ends the run: what was sent is waited for, up to `grace`, and settled.
    pub cancel: CancellationToken,
    pub grace: Duration,
    /// Stops, as if interrupted, once this many orders were sent.
    pub sends_max: Option<u64>,
    /// Called after each settlement.
    pub progress: &'a (dyn Fn(&Progress) + Send + Sync),
}

/// Carries out one run of one job, or goes on with the one that was interrupted.
///
/// # Errors
/// Only when the state itself fails; every other end is told by the report.
pub async fn execute(task: Task<'_>) -> Result<RunReport, RunError> {
    let begun = Instant::now();
    let (name, kind) = (task.job.name.clone(), task.kind);
    let identity = task.job.identity_of(task.export.files());
    let row = task
        .books
        .enter(move |store| store.begin(&RunStart { job: &name, kind, export: identity }))
        .await?;
    if row.checkpoint > 0 {
        tracing::info!(job = row.job, run = row.id, checkpoint = row.checkpoint, "going on with the interrupted run");
    }
    let run = row.id;
    let connected = establish(task.books, task.client, &task.job.connection).await;
    let (connection, remote) = match connected {
        Ok(found) => found,
        Err(error) => return close(&task, &row, None, 0, Some(error.into())).await,
    };
    task.books.enter(move |store| store.set_connection(run, connection)).await?;
    let fed = start_reading(&task, &row, connection).await?;
    let mut execution = Execution::new(&task, &row, connection, remote, begun).await?;
    let error = execution.drive(fed).await.err();
    let (records, through) = (execution.records, execution.through);
    close(&task, &row, records, through, error).await
}

async fn start_reading(task: &Task<'_>, row: &RunRow, connection: ConnectionId) -> Result<Receiver<Fed>, RunError> {
    let view = task.books.enter(|store| store.view()).await?;
    let fingerprints = Fingerprints::new(view.hash_key()?);
    // A run that never settled anything has nothing to skip, and needs no look-up to know it.
    let begun_before = row.checkpoint > 0 || row.counts.sum() > 0;
    let resumed = begun_before.then(|| row.clone());
    let ledger = Ledger { view, connection: Some(connection), fingerprints, resumed };
    let reading = Reading::new(task.export.read(), task.job.rules.clone(), ledger);
    Ok(feed::start(reading, letters(task))?)
}

fn letters(task: &Task<'_>) -> Letters {
    Letters { job: task.job.name.clone(), files: task.export.files().to_vec() }
}

/// Ends the run in the state, and checks its accounts there.
async fn close(
    task: &Task<'_>,
    row: &RunRow,
    records: Option<u64>,
    through: u64,
    mut error: Option<RunError>,
) -> Result<RunReport, RunError> {
    let run = row.id;
    let mut end = error.as_ref().map_or(RunEnd::Finished, RunError::end);
    let records = records.filter(|_| end == RunEnd::Finished);
    let (row, written) = task
        .books
        .enter(move |store| {
            let settled = store.run(run)?.map_or(0, |row| row.counts.sum());
            let row = store.end(run, end, records, through.saturating_sub(settled))?;
            Ok((row, store.outcomes_of(run)?))
        })
        .await?;
    let of_orders = Counts { unchanged: 0, filtered: 0, invalid: 0, refused: 0, ..row.counts };
    if !row.adds_up() || of_orders != written {
        let accounting = RunError::Accounting { run, read: row.read(), counts: row.counts, written };
        end = RunEnd::Failed;
        error.get_or_insert(accounting);
        let (read, pending) = (row.records, row.pending);
        task.books.enter(move |store| store.end(run, end, read, pending)).await?;
    }
    Ok(RunReport { row: RunRow { outcome: Some(end.word().to_owned()), ..row }, end, error })
}

/// One run under way.
struct Execution<'a> {
    task: &'a Task<'a>,
    row: &'a RunRow,
    connection: ConnectionId,
    loader: Arc<Loader<RunJournal>>,
    /// Ends every step at its next request: from outside, or when one step found that the run must end.
    halt: CancellationToken,
    steps: JoinSet<Ended>,
    tracker: Tracker,
    letters: Letters,
    records: Option<u64>,
    /// The record after the last one taken from the reader.
    through: u64,
    sends_left: u64,
    counts: Counts,
    requests_before: Requests,
    begun: Instant,
    accounted: Instant,
}

/// A step that came to its end.
struct Ended {
    ticket: Ticket,
    sending: Box<Sending>,
    result: Result<Outcome, Halt>,
}

impl<'a> Execution<'a> {
    async fn new(
        task: &'a Task<'a>,
        row: &'a RunRow,
        connection: ConnectionId,
        remote: RemoteId,
        begun: Instant,
    ) -> Result<Self, RunError> {
        let hash_key = task.books.enter(|store| store.view()?.hash_key()).await?;
        let journal = RunJournal {
            books: task.books.clone(),
            run: row.id,
            connection,
            fingerprints: Fingerprints::new(hash_key),
        };
        let halt = task.cancel.child_token();
        Ok(Self {
            task,
            row,
            connection,
            loader: Arc::new(Loader::new(task.client.clone(), journal, remote, halt.clone())),
            halt,
            steps: JoinSet::new(),
            tracker: Tracker::default(),
            letters: letters(task),
            records: None,
            through: 0,
            sends_left: task.sends_max.unwrap_or(u64::MAX),
            counts: Counts::default(),
            requests_before: requests(task.client),
            begun,
            accounted: begun,
        })
    }

    /// Takes records and carries out their steps until all are settled, or the run must end.
    async fn drive(&mut self, mut fed: Receiver<Fed>) -> Result<(), RunError> {
        let mut error: Option<RunError> = None;
        let mut ended = false;
        while !ended || !self.steps.is_empty() {
            tokio::select! {
                biased;
                () = self.halt.cancelled(), if error.is_none() => error = Some(RunError::Interrupted),
                Some(step) = self.steps.join_next() => {
                    if let Err(fault) = self.finish(step).await {
                        self.halt.cancel();
                        // The first cause counts; that the others were called off follows from it.
                        if !matches!(&error, Some(cause) if !matches!(cause, RunError::Interrupted)) {
                            error = Some(fault);
                        }
                    }
                }
                () = std::future::ready(()), if self.sends_left == 0 && error.is_none() => {
                    // What was sent ends by itself; nothing more is taken.
                    error = Some(RunError::Interrupted);
                }
                next = fed.recv(), if !ended && error.is_none() && self.steps.len() < self.task.job.in_flight_max => {
                    match next {
                        Some(Fed::Stretch(stretch, sending)) => self.take(stretch, sending).await?,
                        Some(Fed::End { records }) => {
                            self.records = Some(records);
                            ended = true;
                        }
                        Some(Fed::Failed(fault)) => {
                            // What stands before the damage is good: let it finish.
                            ended = true;
                            error = Some(fault.into());
                        }
                        None => ended = true,
                    }
                }
            }
            if error.is_some() {
                drop(std::mem::replace(&mut fed, closed()));
                ended = true;
                if self.halt.is_cancelled() {
                    self.wind_up().await?;
                }
            }
        }
        self.settle(Vec::new(), Vec::new()).await?;
        error.map_or(Ok(()), Err)
    }

    /// After the end was called: waits for what is in flight, up to the grace, and settles it.
    async fn wind_up(&mut self) -> Result<(), RunError> {
        let deadline = Instant::now() + self.task.grace;
        while let Ok(Some(step)) = tokio::time::timeout_at(deadline, self.steps.join_next()).await {
            if let Err(error) = self.finish(step).await
                && matches!(error, RunError::State(_))
            {
                return Err(error);
            }
        }
        // What did not answer in time stays intended: the next run looks it up.
        self.steps.shutdown().await;
        Ok(())
    }

    async fn take(&mut self, stretch: Stretch, sending: Option<Box<Sending>>) -> Result<(), RunError> {
        self.through = stretch.through;
        let ticket = self.tracker.push(stretch, sending.is_some());
        match sending {
            Some(sending) => {
                self.sends_left -= 1;
                let loader = Arc::clone(&self.loader);
                self.steps.spawn(async move {
                    let result = loader.carry_out(&sending.step).await;
                    Ended { ticket, sending, result }
                });
                Ok(())
            }
            None => self.settle(Vec::new(), Vec::new()).await,
        }
    }

    async fn finish(&mut self, step: Result<Ended, tokio::task::JoinError>) -> Result<(), RunError> {
        let Ended { ticket, sending, result } = step.map_err(RunError::Crashed)?;
        let (outcome, refusal) = match result? {
            Outcome::Created(id) => (OrderOutcome::Created(id), None),
            Outcome::Updated(id) => (OrderOutcome::Updated(id), None),
            Outcome::Adopted(id) => (OrderOutcome::Adopted(id), None),
            Outcome::Refused(refusal) => (OrderOutcome::Refused, Some(refusal)),
            Outcome::Unconfirmed(refusal) => (OrderOutcome::Unconfirmed, Some(refusal)),
        };
        self.tracker.complete(ticket);
        let dead = refusal.map(|refusal| self.dead_letter(&sending, &refusal));
        let (key, fingerprint) = (sending.step.order.key, sending.step.fingerprint);
        self.settle(vec![Settled { key, fingerprint, outcome }], dead.into_iter().collect()).await
    }

    fn dead_letter(&self, sending: &Sending, refusal: &Refusal) -> DeadLetter {
        let letter = self.letters.letter(Some(&sending.step.order.key), sending.label.clone(), sending.position);
        let reasons = refusal.reason();
        tracing::warn!(
            job = letter.job, run = self.row.id, order = letter.record, reasons, attempts = refusal.attempts,
            "the target did not take an order"
        );
        DeadLetter { stage: Stage::Refused, reasons, status: refusal.status, attempts: refusal.attempts, ..letter }
    }

    /// Outcomes, and whatever the checkpoint can move over, in one transaction.
    async fn settle(&mut self, orders: Vec<Settled>, mut dead: Vec<DeadLetter>) -> Result<(), RunError> {
        let passed = self.tracker.take();
        if orders.is_empty() && passed.is_none() {
            return Ok(());
        }
        let checkpoint = passed.as_ref().map(|stretch| stretch.through);
        let mut counts = Counts::default();
        if let Some(stretch) = passed {
            counts = stretch.counts;
            dead.extend(stretch.dead);
        }
        self.note(&orders, counts);
        let now = requests(self.task.client);
        let settlement = Settlement {
            orders,
            dead,
            counts,
            checkpoint,
            requests: since(self.requests_before, now),
            active_ms: u64::try_from(self.accounted.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        (self.requests_before, self.accounted) = (now, Instant::now());
        let (run, connection) = (self.row.id, self.connection);
        self.task.books.enter(move |store| store.settle(run, connection, &settlement)).await?;
        self.tell(now);
        Ok(())
    }

    /// Keeps the figures shown while the run is under way; the accounts are the state's.
    fn note(&mut self, orders: &[Settled], passed: Counts) {
        self.counts += passed;
        for settled in orders {
            match settled.outcome {
                OrderOutcome::Created(_) => self.counts.created += 1,
                OrderOutcome::Updated(_) => self.counts.updated += 1,
                OrderOutcome::Adopted(_) => self.counts.adopted += 1,
                OrderOutcome::Refused | OrderOutcome::Unconfirmed => self.counts.refused += 1,
            }
        }
    }

    fn tell(&self, requests: Requests) {
        (self.task.progress)(&Progress {
            job: self.row.job.clone(),
            run: self.row.id,
            kind: self.task.kind,
            read: self.through,
            counts: self.counts,
            in_flight: self.steps.len(),
            requests,
            elapsed: self.begun.elapsed(),
        });
    }
}

fn requests(client: &Client) -> Requests {
    let traffic = client.traffic();
    Requests { total: traffic.total, retried: traffic.retried, throttled: traffic.throttled }
}

fn since(before: Requests, now: Requests) -> Requests {
    Requests {
        total: now.total.saturating_sub(before.total),
        retried: now.retried.saturating_sub(before.retried),
        throttled: now.throttled.saturating_sub(before.throttled),
    }
}

/// A receiver that has nothing more to receive.
fn closed() -> Receiver<Fed> {
    tokio::sync::mpsc::channel(1).1
}
