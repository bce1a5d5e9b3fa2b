use super::bulk::check_no_switch;
use super::ledger::Ledger;
use super::lines::{LineCheck, LineReader, compare_lines};
use super::order_comparison::OrderComparison;
use super::plan_reader::PlanReader;
use super::planned_record::{PlannedRecord, RecordVerdict};
use super::reading_error::ReadingError;
use super::records::Records;
use super::remote_fetch::{CompareProgress, FetchError, Lists, add_orders, fetch_orders, mirrored};
use super::verification::{Mismatch, Sample, Verification};
use super::verification_log::VerificationLog;
use super::{ConnectionSpec, Job, VerificationSink};
use crate::activecampaign::{Client, Failure};
use crate::domain::{LedgerEntry, Order, OrderKey, RemoteId};
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints};
use crate::state::{ConnectionId, MatchedOrder, Reconciliation, RemoteSnapshot, StateError, View};

/// Comparing by lists never waits, so it yields after this many records, to let a caller stop it.
const YIELD_EVERY: usize = 256;

/// Orders that the list lacks and that are read by their id. If it lacks more, the list is read
/// again.
const UNLISTED_MAX: u64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the orders in ActiveCampaign could not be listed: {0}")]
    Target(Failure),
    #[error(
        "the job's connection was deleted at ActiveCampaign\n  hint: `ordersync connection ensure JOB` creates it again; the next backfill then loads all orders"
    )]
    ConnectionGone,
    #[error("nothing has been loaded for this job yet\n  hint: run `ordersync backfill` first")]
    NothingLoaded,
}

impl From<FetchError> for VerifyError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Target(failure) => Self::Target(failure),
            FetchError::State(error) => Self::State(error),
        }
    }
}

/// How a verification is done.
pub struct VerifyRequest<'a> {
    /// Where the result of each order is recorded.
    pub record: Option<VerificationSink<'a>>,
    /// The orders that are compared line by line; `None`: all are only compared by lists.
    pub lines: Option<Sample>,
    /// Called after each page of a list and each order that was compared line by line.
    pub progress: &'a dyn Fn(CompareProgress),
}

/// Reads back every order of the job's connection and compares it with the export, in both
/// directions: by lists, and line by line if requested. A resumed verification does not read lines
/// again that were compared.
///
/// # Errors
/// When either side can't be read to its end: an order that was not checked never counts
/// as verified.
pub async fn verify(
    job: &Job,
    export: &Export,
    view: View,
    client: &Client,
    request: VerifyRequest<'_>,
) -> Result<Verification, VerifyError> {
    let (connection, remote) = existing_connection(job, &view, client).await?;
    let VerifyRequest { record, lines, progress } = request;
    if record.as_ref().is_some_and(|record| record.repair) {
        check_no_switch(&view, connection, job)?;
    }
    let begin = |record| VerificationLog::begin(record, &job.name, connection, lines);
    let log = record.map(begin).transpose()?;
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let in_flight_max = job.in_flight_max;
    let lists = Lists { client, connection: &remote, in_flight_max, progress };
    let mut mirror = fetch_orders(&lists, &fingerprints).await?;
    if mirror.len()? + UNLISTED_MAX < view.orders_known(connection)? {
        add_orders(&lists, &fingerprints, &mut mirror).await?;
    }
    let reader = reading_of(job, export, &view)?;
    let balance = Some(Reconciliation::new()?);
    let at_target = mirror.len()?;
    let mut verifying = Verifying {
        job,
        comparison: OrderComparison { view: &view, connection, fingerprints, balance },
        mirror,
        log,
        target: (client, &remote),
        unlisted_left: UNLISTED_MAX,
        reader: LineReader::new(client.clone(), job.in_flight_max),
        progress,
        result: Verification { job: job.name.clone(), at_target, lines, ..Default::default() },
    };
    for (n, judged) in reader.enumerate() {
        if n % YIELD_EVERY == 0 {
            tokio::task::yield_now().await;
        }
        verifying.take(judged?).await?;
    }
    while verifying.finish_one().await? {}
    verifying.end()
}

/// A verification in progress.
struct Verifying<'a> {
    job: &'a Job,
    comparison: OrderComparison<'a>,
    mirror: RemoteSnapshot,
    log: Option<VerificationLog<'a>>,
    /// The connection, and how to request one of its orders.
    target: (&'a Client, &'a RemoteId),
    /// Orders that may still be read by their id.
    unlisted_left: u64,
    reader: LineReader,
    progress: &'a dyn Fn(CompareProgress),
    result: Verification,
}

impl Verifying<'_> {
    async fn take(&mut self, judged: PlannedRecord) -> Result<(), VerifyError> {
        let is_repeat = judged.verdict.is_repeat();
        match (judged.verdict, judged.key) {
            (RecordVerdict::Decided(Decision::Send(step)), _) => {
                self.take_order(judged.label.into(), step.order).await?;
            }
            (_, Some(key)) if !is_repeat => {
                if let Some(there) = self.mirror.meet(&key.ledger_text(), None)? {
                    self.result.left_out += 1;
                    self.comparison.judge_copies(&judged.label, &there, &mut self.result)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn take_order(&mut self, label: String, order: Box<Order>) -> Result<(), VerifyError> {
        self.result.expected += 1;
        let known = self.comparison.known_id(&order.key)?;
        let mut there = self.mirror.meet(&order.key.ledger_text(), known.as_ref())?;
        if let (None, Some(id)) = (&there, &known) {
            there = self.read_unlisted(&order.key, id).await?;
        }
        let id = there.as_ref().map(|there| there.order.id.clone());
        let found = self.comparison.compare(&label, &order, there, &mut self.result)?;
        let Some(found) = found else { return Ok(()) };
        let hash = self.comparison.fingerprints.order(&order.key);
        let is_selected = self.result.lines.is_some_and(|sample| sample.holds(&hash));
        match id.filter(|_| is_selected) {
            Some(id) => self.compare_lines(LineCheck { label, order, id, found }).await,
            // A sample does not cover the lines of other orders, which an earlier one may have
            // found equal.
            None if self.result.lines.is_some() && found.is_empty() => Ok(()),
            None => self.note(&order, &found),
        }
    }

    /// An order that the ledger knows and the list lacks: lists lag, and omit records while they
    /// are paged.
    async fn read_unlisted(
        &mut self,
        key: &OrderKey,
        id: &RemoteId,
    ) -> Result<Option<MatchedOrder>, VerifyError> {
        let Some(left) = self.unlisted_left.checked_sub(1) else { return Ok(None) };
        self.unlisted_left = left;
        let (client, connection) = self.target;
        let read = client.order(id).await.map_err(VerifyError::Target)?;
        let Some(order) = read.filter(|order| order.connection == *connection) else {
            return Ok(None);
        };
        let is_new = self.mirror.add(&mirrored(order, &self.comparison.fingerprints))?;
        self.result.at_target += u64::from(is_new);
        Ok(self.mirror.meet(&key.ledger_text(), Some(id))?)
    }

    async fn compare_lines(&mut self, check: LineCheck) -> Result<(), VerifyError> {
        let before = match &self.log {
            Some(log) => log.found_before(&check.order.key)?,
            None => None,
        };
        // Of one that was not there, no lines were read.
        if let Some(before) = before.filter(|before| !before.contains(&Mismatch::Missing))
            && self.is_as_sent(&check.order)?
        {
            return self.resume(check, &before);
        }
        if self.reader.is_full() {
            self.finish_one().await?;
        }
        self.reader.start(check);
        Ok(())
    }

    /// Takes over what an interrupted verification found in the lines of an order.
    fn resume(&mut self, check: LineCheck, before: &[Mismatch]) -> Result<(), VerifyError> {
        let (mut found, result) = (check.found, &mut self.result);
        let was_same = found.is_empty();
        for kind in [Mismatch::Products, Mismatch::Discounts] {
            if before.contains(&kind) && !found.contains(&kind) {
                let target = "not the same, as read before the interruption".to_owned();
                result.differ(&check.label, kind, String::new(), target);
                found.push(kind);
            }
        }
        result.matching -= u64::from(was_same && !found.is_empty());
        result.line_by_line += 1;
        self.note(&check.order, &found)
    }

    /// Whether the export has the order as it was sent: the export may have changed since an
    /// interruption.
    fn is_as_sent(&mut self, order: &Order) -> Result<bool, StateError> {
        let now = self.comparison.fingerprints.fingerprint(order);
        let entry = self.comparison.view.order(self.comparison.connection, &order.key)?;
        Ok(matches!(entry, LedgerEntry::Known { fingerprint: Some(sent), .. } if sent == now))
    }

    /// Waits for the lines of one order; `false` if none is being read.
    async fn finish_one(&mut self) -> Result<bool, VerifyError> {
        let Some((check, lines)) = self.reader.next().await else { return Ok(false) };
        let LineCheck { label, order, mut found, .. } = check;
        let lines = lines.map_err(VerifyError::Target)?;
        compare_lines(&label, &order, &lines, &mut found, &mut self.result);
        self.result.line_by_line += 1;
        (self.progress)(CompareProgress::Lines(self.result.line_by_line));
        self.note(&order, &found)?;
        Ok(true)
    }

    fn note(&mut self, order: &Order, found: &[Mismatch]) -> Result<(), VerifyError> {
        if let Some(log) = &mut self.log {
            let is_kept = self.comparison.is_kept(self.job, order)?;
            self.result.queued += u64::from(log.take(&order.key, found, is_kept)?);
        }
        Ok(())
    }

    fn end(self) -> Result<Verification, VerifyError> {
        let Self { comparison, mirror, log, mut result, .. } = self;
        let mut before = None;
        mirror.each_unmet(|order| {
            let is_copy = before.replace(order.key.clone()).as_ref() == Some(&order.key);
            comparison.judge_unmet(&order, is_copy, &mut result)
        })?;
        if let Some(balance) = &comparison.balance {
            (result.months, result.customers) = (balance.months()?, balance.customers()?);
        }
        if let Some(log) = log {
            log.end(&result)?;
        }
        Ok(result)
    }
}

/// The connection that a job's orders were loaded into.
pub(super) async fn existing_connection(
    job: &Job,
    view: &View,
    client: &Client,
) -> Result<(ConnectionId, RemoteId), VerifyError> {
    let ConnectionSpec { service, externalid, .. } = &job.connection;
    let Some((connection, remote)) = view.connection(service, externalid)? else {
        let sent = view.orders_sent_to(service, externalid)?;
        return Err(if sent > 0 {
            VerifyError::ConnectionGone
        } else {
            VerifyError::NothingLoaded
        });
    };
    let exists = client.has_connection(service, externalid, &remote).await;
    if exists.map_err(VerifyError::Target)? {
        Ok((connection, remote))
    } else {
        Err(VerifyError::ConnectionGone)
    }
}

/// The export alone, regardless of the ledger.
pub(super) fn reading_of(
    job: &Job,
    export: &Export,
    view: &View,
) -> Result<PlanReader, StateError> {
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let records = Records::inline(export.read(), job.rules.policy.order_key);
    Ok(PlanReader::new(records, job.rules.clone(), Ledger::empty(fingerprints)?))
}
