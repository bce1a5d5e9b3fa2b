use super::change_detector::{ChangeDetector, DetectedChange};
use super::existing::ToCreate;
use super::ledger::Ledger;
use super::plan_id::PlanDigest;
use super::planned_record::{
    Details, KeptDetails, PlannedRecord, RecordIdentity, RecordVerdict, label_of,
};
use super::reading_error::ReadingError;
use super::records::{ReadRecord, Records};
use super::repeats::{Earlier, Repeats, has};
use super::request_counter::RequestCounter;
use crate::domain::{
    Amount, Currency, Field, LedgerEntry, MovedCustomer, Order, Position, Reason, RecordError,
    Refunds, SourceOrder, Status, Total,
};
use crate::plan::{Action, Decision, Example, LeftOutBy, PlanSummary, PriorWrite, Step, decide};
use crate::scratch::SeenKeys;
use crate::state::{RunId, StateError};
use crate::transform::{Filter, Mapped, Rules, stated_currency, transform};
use jiff::Timestamp;

/// Reads an export record by record up to the decision. Dry runs and real runs share this code.
pub(super) struct PlanReader {
    records: Records,
    rules: Rules,
    ledger: Ledger,
    repeats: Repeats,
    dry_run: Option<DryRun>,
    detector: Option<ChangeDetector>,
    /// Only if ActiveCampaign is queried for what exists.
    to_create: Option<ToCreate>,
    keep: KeptDetails,
    /// Orders dated after this are in the future.
    now: Timestamp,
    summary: PlanSummary,
}

/// The result of reading a complete export.
pub(super) struct ReadPlan {
    pub summary: PlanSummary,
    pub dry_run: Option<DryRun>,
    pub to_create: Option<ToCreate>,
}

/// What a dry run finds out in addition.
#[derive(Default)]
pub(super) struct DryRun {
    /// Continues with the account's next job.
    pub counter: RequestCounter,
    pub digest: PlanDigest,
}

/// A verdict, with the requested details.
struct Judged {
    verdict: RecordVerdict,
    details: Details,
}

impl From<RecordVerdict> for Judged {
    fn from(verdict: RecordVerdict) -> Self {
        Self { verdict, details: Details::default() }
    }
}

impl PlanReader {
    pub(super) fn new(records: Records, rules: Rules, ledger: Ledger) -> Self {
        Self {
            records,
            rules,
            ledger,
            repeats: Repeats::default(),
            dry_run: None,
            detector: None,
            to_create: None,
            keep: KeptDetails::default(),
            now: Timestamp::now(),
            summary: PlanSummary::default(),
        }
    }

    /// Releases memory that is not needed while nothing is read.
    pub(super) fn rest(&self) {
        self.ledger.view.rest();
    }

    /// Whether the ledger has this order under another customer than its own.
    pub(super) fn is_moved(&self, order: &Order) -> Result<bool, StateError> {
        self.ledger.is_moved(order)
    }

    /// Also counts what customers and carts mean for the number of requests, and identifies the
    /// plan.
    pub(super) fn for_dry_run(mut self, counter: RequestCounter) -> Self {
        self.dry_run = Some(DryRun { counter, digest: PlanDigest::default() });
        self
    }

    /// Also detects changes.
    pub(super) fn with_detector(mut self, detector: Option<ChangeDetector>) -> Self {
        self.detector = detector;
        self
    }

    /// Also collects what would be created.
    pub(super) fn collecting(mut self, to_create: Option<ToCreate>) -> Self {
        self.to_create = to_create;
        self
    }

    pub(super) fn keep(&mut self, keep: KeptDetails) {
        self.keep = keep;
    }

    /// Spills keys to disk earlier, for callers that need the memory.
    pub(super) fn in_less_memory(mut self) -> Self {
        const KEYS_MAX: usize = SeenKeys::IN_MEMORY_MAX / 4;
        self.repeats = self.repeats.limited_to(KEYS_MAX);
        self.dry_run = self.dry_run.map(|DryRun { counter, digest }| DryRun {
            counter: counter.limited_to(KEYS_MAX),
            digest,
        });
        self
    }

    pub(super) fn end(self) -> ReadPlan {
        let Self { summary, dry_run, to_create, .. } = self;
        ReadPlan { summary, dry_run, to_create }
    }

    /// Passes on the key of each order that `run`, or an earlier run of the job, wrote, and that no
    /// record read so far concerns.
    pub(super) fn each_unread(
        &mut self,
        run: RunId,
        job: &str,
        mut each: impl FnMut(&str),
    ) -> Result<(), StateError> {
        let (Some(connection), repeats) = (self.ledger.connection, &mut self.repeats) else {
            return Ok(());
        };
        self.ledger.view.each_written_until(run, connection, job, |key| {
            if repeats.is_unread(key)? {
                each(key);
            }
            Ok(())
        })
    }

    fn plan(&mut self, record: ReadRecord) -> Result<PlannedRecord, ReadingError> {
        let ReadRecord { source, identity } = record;
        let position = source.position;
        let kept = self.keep.sources.then(|| source.clone());
        if let Some(detector) = &mut self.detector {
            // Before `judge`, which consumes the record's texts.
            detector.look_at(&mut self.ledger, &source);
        }
        let Judged { verdict, mut details } = self.judge(source, &identity)?;
        details.source = kept;
        let RecordIdentity { label, key, .. } = identity;
        let DetectedChange { digest, change, written_by } = match &self.detector {
            Some(detector) => detector.find_out(&mut self.ledger, &verdict, key.as_ref())?,
            None => DetectedChange::default(),
        };
        let record =
            PlannedRecord { position, label, key, verdict, digest, change, written_by, details };
        self.count(&record);
        if let Some(to_create) = &mut self.to_create {
            to_create.note(&record)?;
        }
        Ok(record)
    }

    fn count(&mut self, record: &PlannedRecord) {
        if let Some(change) = &record.change {
            self.summary.changes.add(change, || record.example());
        }
        match &record.verdict {
            RecordVerdict::Decided(decision) => self.summary.decide(decision),
            RecordVerdict::Filtered(filter) => self.summary.filter(filter.code()),
            RecordVerdict::Invalid(faults) => {
                self.summary.invalidate(&record.label, record.position, faults);
            }
            RecordVerdict::Settled => {}
        }
    }

    fn judge(
        &mut self,
        mut source: Box<SourceOrder>,
        identity: &RecordIdentity,
    ) -> Result<Judged, ReadingError> {
        let position = source.position;
        // Before anything is decided: a resumed run must know the keys below its checkpoint.
        let earlier = self.repeats.earlier(&source, identity)?;
        if self.ledger.is_below_checkpoint(position.record) {
            if earlier == Earlier::None && !source.is_superseded {
                let mapped = transform(&mut source, &self.rules);
                self.repeats.note_validity(identity, &mapped);
            }
            return Ok(RecordVerdict::Settled.into());
        }
        if let Some(verdict) = judge_unmapped(&source, earlier) {
            if let RecordVerdict::Filtered(filter @ Filter::Deleted) = &verdict {
                self.note_left_out(&source, LeftOutBy::Filter(filter.code()));
            }
            return Ok(verdict.into());
        }
        if !source.is_cart() {
            self.summary.policy_effects.count_status(source.status, &source.status_word);
        }
        let mapped = transform(&mut source, &self.rules);
        self.repeats.note_validity(identity, &mapped);
        match mapped {
            Mapped::Filtered(filter) => {
                self.note_left_out(&source, LeftOutBy::Filter(filter.code()));
                Ok(RecordVerdict::Filtered(filter).into())
            }
            Mapped::Invalid(faults) => {
                self.note_left_out(&source, LeftOutBy::Faults(&faults));
                Ok(RecordVerdict::Invalid(faults).into())
            }
            Mapped::Order(order, notes) => {
                let ignored = self.refund_ignored(&source, &order);
                self.summary.policy_effects.note(&order, notes, position, || label_of(&order));
                if order.created_at.timestamp() > self.now {
                    self.summary.anomalies.future.add(|| Example::new(label_of(&order), position));
                }
                let judged = self.decide(order, position)?;
                if let (Some((currency, refunded)), RecordVerdict::Decided(Decision::Send(_))) =
                    (ignored, &judged.verdict)
                {
                    self.summary.refunds_ignored.entry(currency).or_default().add(refunded);
                }
                Ok(judged)
            }
        }
    }

    /// Counts the stated values of a record that is not sent, as far as they can be read.
    fn note_left_out(&mut self, source: &SourceOrder, by: LeftOutBy<'_>) {
        let currency = stated_currency(source, &self.rules);
        if let Some(currency) = currency.filter(|_| !source.is_cart())
            && let Some(total) = stated_amount(source, &source.total, currency)
        {
            self.summary.add_left_out(by, currency, total);
        }
    }

    /// The refunded amount of an order that is sent with its total as ordered.
    fn refund_ignored(&self, source: &SourceOrder, order: &Order) -> Option<(Currency, i64)> {
        let policy = &self.rules.policy;
        if policy.refunds != Refunds::Original || policy.total != Total::Original {
            return None;
        }
        // Some shops state a refund as a negative amount.
        let refunded = source.refunded.strip_prefix('-').unwrap_or(&source.refunded);
        let stated = stated_amount(source, refunded, order.currency);
        let refunded = match (stated.filter(|amount| *amount > 0), source.status) {
            (Some(amount), _) => amount,
            (None, Some(Status::Refunded)) => order.total.minor(),
            (None, Some(Status::PartiallyRefunded)) => 0,
            (None, _) => return None,
        };
        Some((order.currency, refunded))
    }

    /// Whether the order can't move to its customer and stays with another one. Counts orders whose
    /// customer changed, and why.
    fn keeps_customer(&mut self, step: &Step, position: Position) -> Result<bool, StateError> {
        let order = &step.order;
        let is_update =
            matches!(step.action, Action::Update(_) | Action::LookUp(PriorWrite::Update));
        if !is_update || !self.ledger.is_moved(order)? {
            return Ok(false);
        }
        let trace = match self.ledger.connection {
            Some(connection) => self.ledger.view.trace(connection, &order.key)?,
            None => None,
        };
        let is_same_address = trace.and_then(|trace| trace.digest).is_some_and(|before| {
            let now = self.ledger.fingerprints.digest(order, [0; 3], [0; 3]);
            before.changes_to(&now).iter().all(|change| change.field != Field::Email)
        });
        let anomalies = &mut self.summary.anomalies;
        let moved = if is_same_address {
            &mut anomalies.moved_by_key
        } else {
            &mut anomalies.moved_by_address
        };
        moved.add(|| Example::new(label_of(order), position));
        if self.rules.policy.moved_customer == MovedCustomer::Keep {
            return Ok(true);
        }
        self.summary.recreate_requests += 2;
        Ok(false)
    }

    fn decide(&mut self, order: Box<Order>, position: Position) -> Result<Judged, StateError> {
        let is_settled = self.ledger.is_settled(&order.key)?;
        let entry = self.ledger.order(&order.key)?;
        let payload = self.ledger.fingerprints.payload(&order);
        self.summary.source_not_historical += u64::from(!payload.is_historical());
        if let Some(dry_run) = &mut self.dry_run {
            dry_run.digest.order(payload.json(), &order);
        }
        let json = self.keep.payloads.then(|| payload.json().to_vec());
        let value = self.summary.count(&order);
        if is_settled {
            return Ok(RecordVerdict::Settled.into());
        }
        if !matches!(entry, LedgerEntry::Unknown | LedgerEntry::Intended { .. }) {
            self.summary.anomalies.currencies_known.insert(order.currency);
        }
        let kept = self.keep.orders.then(|| order.clone());
        let key = order.key.clone();
        let mut decision = decide(order, || payload.fingerprint(), entry);
        if self.dry_run.is_some()
            && matches!(decision, Decision::Unchanged)
            && self.ledger.is_found_different(&key)?
        {
            decision = Decision::Different;
        }
        if let Some(dry_run) = &mut self.dry_run {
            dry_run.digest.step(&decision);
        }
        if let Some(value) = value {
            self.summary.add_value(value, matches!(decision, Decision::Send(_)));
        }
        let mut details = Details::default();
        if let Decision::Send(step) = &decision {
            details.payload = json;
            let keeps_customer = self.dry_run.is_some() && self.keeps_customer(step, position)?;
            if let Some(dry_run) = &mut self.dry_run {
                details.is_new_customer = dry_run.counter.count(
                    step,
                    position,
                    keeps_customer,
                    &self.ledger,
                    &mut self.summary,
                )?;
            }
        } else {
            details.order = kept;
        }
        Ok(Judged { verdict: RecordVerdict::Decided(decision), details })
    }
}

/// An amount of a record in minor units. Amounts of records that were not mapped may still be in
/// minor units.
fn stated_amount(source: &SourceOrder, text: &str, currency: Currency) -> Option<i64> {
    if source.in_minor_units && !text.contains('.') {
        return text.parse().ok();
    }
    Amount::parse_half_even(text, currency).ok().map(Amount::minor)
}

/// The verdict on a record that need not be mapped.
fn judge_unmapped(source: &SourceOrder, earlier: Earlier) -> Option<RecordVerdict> {
    // If one file has two versions, neither counts, and both are invalid for that reason.
    let is_contested = has(source, Reason::ConflictingVersions);
    match earlier {
        _ if source.is_superseded => Some(RecordVerdict::Filtered(Filter::Superseded)),
        Earlier::InNewerFile | Earlier::Identical => {
            Some(RecordVerdict::Filtered(Filter::Superseded))
        }
        Earlier::InThisFile if !is_contested => {
            Some(RecordVerdict::Invalid(vec![RecordError::new(Reason::Duplicate)]))
        }
        _ if source.is_deleted && !is_contested => Some(RecordVerdict::Filtered(Filter::Deleted)),
        _ => None,
    }
}

impl Iterator for PlanReader {
    type Item = Result<PlannedRecord, ReadingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let planned = match self.records.next()? {
            Ok(record) => self.plan(record),
            Err(error) => Err(error.into()),
        };
        Some(planned)
    }
}
