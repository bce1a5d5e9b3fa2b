use super::change_detector::{ChangeDetector, DetectedChange};
use super::request_counter::RequestCounter;
use crate::domain::{
    LedgerEntry, Order, OrderDigest, OrderId, OrderKey, Position, Reason, RecordError, SourceOrder,
};
use crate::extract::{ReadError, Reader};
use crate::plan::{Change, Decision, Example, Fingerprints, PlanSummary, decide};
use crate::scratch::SeenKeys;
use crate::state::{ConnectionId, RunId, RunRow, StateError, View};
use crate::transform::{Filter, Mapped, Rules, transform};
use jiff::Timestamp;

/// What became of one record before anything is sent.
#[derive(Debug)]
pub struct PlannedRecord {
    pub position: Position,
    /// What people know the order by.
    pub label: String,
    /// The order's key, where it has one.
    pub key: Option<OrderKey>,
    pub verdict: RecordVerdict,
    /// The record as its export states it, where that is asked for.
    pub source: Option<Box<SourceOrder>>,
    /// What tells later what changed of the order, where that is asked for and it is to be written.
    pub digest: Option<Box<OrderDigest>>,
    /// What changed of an order that is at the target, where that is asked for.
    pub change: Option<Change>,
    /// A valid order that is not to be sent, where that is asked for.
    pub order: Option<Box<Order>>,
    /// The run that wrote the order last, where that is asked for and it is at the target; 0 stands
    /// for `adopt`.
    pub written_by: Option<RunId>,
}

#[derive(Debug)]
pub enum RecordVerdict {
    Decided(Decision),
    Filtered(Filter),
    Invalid(Vec<RecordError>),
    /// This run settled it already, before it was interrupted.
    Settled,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(
        "policy.order_key is `{now}`, and the job's orders were loaded by `{before}`: all would be loaded once more\n  hint: set it back; or give the job a connection of its own, with another externalid"
    )]
    Rekeyed { before: String, now: String },
}

/// Reads an export record by record up to the decision. A dry run and a run share every line of
/// this.
pub(super) struct PlanReader {
    reader: Reader,
    rules: Rules,
    ledger: Ledger,
    met: SeenKeys,
    /// A dry run counts requests; a run finds out as it goes.
    counting: Option<RequestCounter>,
    keeps_sources: bool,
    keeps_orders: bool,
    /// Of the record at hand: its order, where it is kept and not to be sent.
    kept: Option<Box<Order>>,
    detector: Option<ChangeDetector>,
    /// Orders dated after this are of the future.
    now: Timestamp,
    summary: PlanSummary,
}

/// What the state knows of the target.
pub(super) struct Ledger {
    pub view: View,
    /// `None`: the connection has never been seen, so nothing has been sent to it.
    pub connection: Option<ConnectionId>,
    pub fingerprints: Fingerprints,
    /// The run that is gone on with, where one is.
    pub resumed: Option<RunRow>,
}

impl PlanReader {
    pub(super) fn new(reader: Reader, rules: Rules, ledger: Ledger) -> Self {
        let met = SeenKeys::default();
        Self {
            reader,
            rules,
            ledger,
            met,
            counting: None,
            keeps_sources: false,
            keeps_orders: false,
            kept: None,
            detector: None,
            now: Timestamp::now(),
            summary: PlanSummary::default(),
        }
    }

    /// Counts what customers and carts mean for the number of requests as well.
    pub(super) fn counting_requests(mut self, counting: RequestCounter) -> Self {
        self.counting = Some(counting);
        self
    }

    /// What was read, and what the next reading goes on counting with.
    pub(super) fn end(self) -> (PlanSummary, Option<RequestCounter>) {
        (self.summary, self.counting)
    }

    /// Hands each record's source on as well.
    pub(super) fn keeping_sources(mut self) -> Self {
        self.keeps_sources = true;
        self
    }

    /// Hands on orders that are valid and not to be sent as well.
    pub(super) fn keeping_orders(mut self) -> Self {
        self.keeps_orders = true;
        self
    }

    /// Holds fewer keys in memory, and more of them on disk: for whoever needs memory besides.
    pub(super) fn in_less_memory(mut self) -> Self {
        const KEYS_MAX: usize = SeenKeys::IN_MEMORY_MAX / 4;
        self.met = self.met.limited_to(KEYS_MAX);
        self.counting = self.counting.map(|counting| counting.limited_to(KEYS_MAX));
        self
    }

    /// Finds out what changed as well.
    pub(super) fn detector(mut self, detector: ChangeDetector) -> Self {
        self.detector = Some(detector);
        self
    }

    /// Looks at the key of each order that `run`, or an earlier one of the job, left at the target,
    /// and that no record read so far is of.
    pub(super) fn each_unmet(
        &mut self,
        run: RunId,
        job: &str,
        mut look: impl FnMut(&str),
    ) -> Result<(), StateError> {
        let (Some(connection), met) = (self.ledger.connection, &mut self.met) else {
            return Ok(());
        };
        self.ledger.view.each_written_until(run, connection, job, |key| {
            if met.insert(key, 0)?.is_none() {
                look(key);
            }
            Ok(())
        })
    }

    pub(super) fn next(&mut self) -> Option<Result<PlannedRecord, ReadingError>> {
        let source = match self.reader.next()? {
            Ok(source) => source,
            Err(error) => return Some(Err(error.into())),
        };
        Some(self.judge(source).map_err(ReadingError::from))
    }

    /// Judges the next record as [`Self::next`] does, for nothing but the summary; `false` at the
    /// end.
    pub(super) fn pass(&mut self) -> Result<bool, ReadingError> {
        Ok(self.next().transpose()?.is_some())
    }

    fn judge(&mut self, mut source: SourceOrder) -> Result<PlannedRecord, StateError> {
        let position = source.position;
        if self.rules.policy.order_key == OrderId::Number
            && !source.is_cart()
            && !source.number.is_empty()
        {
            source.id.clear();
            // Of an id that is not asked for nothing need be right.
            source
                .faults
                .retain(|fault| (fault.reason, fault.field) != (Reason::BadId, Some("id")));
        }
        let sound = is_sound(&source);
        // Cells of a damaged row may have moved: what stands in its name may be anybody's address.
        let label = if sound { shown(source.label()) } else { String::new() };
        let key = source.key().ok().filter(|_| sound);
        let kept = self.keeps_sources.then(|| Box::new(source.clone()));
        if let Some(detector) = &mut self.detector {
            detector.look_at(&mut self.ledger, &source);
        }
        let verdict = self.verdict(source, key.as_ref())?;
        let found = match &self.detector {
            Some(detector) => detector.find_out(&mut self.ledger, &verdict, key.as_ref())?,
            None => DetectedChange::default(),
        };
        if let Some(change) = &found.change {
            let example = || Example::new(label.clone(), position);
            self.summary.changes.add(change, example);
        }
        match &verdict {
            RecordVerdict::Decided(decision) => self.summary.decide(decision),
            RecordVerdict::Filtered(filter) => self.summary.filter(filter.code()),
            RecordVerdict::Invalid(faults) => self.summary.invalidate(&label, position, faults),
            RecordVerdict::Settled => {}
        }
        let DetectedChange { digest, change, written_by } = found;
        let order = self.kept.take();
        Ok(PlannedRecord {
            position,
            label,
            key,
            verdict,
            source: kept,
            digest,
            change,
            order,
            written_by,
        })
    }

    fn verdict(
        &mut self,
        source: SourceOrder,
        key: Option<&OrderKey>,
    ) -> Result<RecordVerdict, StateError> {
        let position = source.position;
        let earlier = match key {
            Some(key) if !is_part(&source) && !source.is_superseded => {
                self.met.insert(&key.ledger_text(), position.file)?
            }
            _ => None,
        };
        let resumed = self.ledger.resumed.as_ref();
        if resumed.is_some_and(|run| position.record < run.checkpoint) {
            return Ok(RecordVerdict::Settled);
        }
        if source.is_superseded {
            return Ok(RecordVerdict::Filtered(Filter::Superseded));
        }
        match earlier {
            Some(file) if file == position.file && !is_contested(&source) => {
                return Ok(RecordVerdict::Invalid(vec![RecordError::new(Reason::Duplicate)]));
            }
            Some(file) if file != position.file => {
                return Ok(RecordVerdict::Filtered(Filter::Superseded));
            }
            _ => {}
        }
        if source.is_deleted && !is_contested(&source) {
            return Ok(RecordVerdict::Filtered(Filter::Deleted));
        }
        if !source.is_cart() {
            self.summary.policy_effects.count_status(source.status, &source.status_word);
        }
        match transform(source, &self.rules) {
            Mapped::Filtered(filter) => Ok(RecordVerdict::Filtered(filter)),
            Mapped::Invalid(faults) => Ok(RecordVerdict::Invalid(faults)),
            Mapped::Order(order, notes) => {
                self.summary.policy_effects.note(&order, notes, position, || label_of(&order));
                if order.created_at.timestamp() > self.now {
                    self.summary.anomalies.future.add(|| Example::new(label_of(&order), position));
                }
                self.decide(order, position)
            }
        }
    }

    fn decide(
        &mut self,
        order: Box<Order>,
        position: Position,
    ) -> Result<RecordVerdict, StateError> {
        let payload = self.ledger.fingerprints.payload(&order);
        let fingerprint = payload.fingerprint;
        self.summary.source_not_historical += u64::from(!payload.is_historical());
        self.summary.value(&order);
        let memory = match self.ledger.connection {
            None => LedgerEntry::Unknown,
            Some(connection) => {
                if let Some(run) = &self.ledger.resumed
                    && self.ledger.view.is_settled(run, connection, &order.key)?
                {
                    return Ok(RecordVerdict::Settled);
                }
                self.ledger.view.order(connection, &order.key)?
            }
        };
        self.kept = self.keeps_orders.then(|| order.clone());
        if !matches!(memory, LedgerEntry::Unknown | LedgerEntry::Intended { .. }) {
            self.summary.anomalies.currencies_known.insert(order.currency);
        }
        let decision = decide(order, fingerprint, memory);
        if let (Some(counting), Decision::Send(step)) = (&mut self.counting, &decision) {
            counting.count(step, position, &self.ledger, &mut self.summary)?;
        }
        Ok(RecordVerdict::Decided(decision))
    }
}

/// Whether the cells of a record stand in their columns.
fn is_sound(source: &SourceOrder) -> bool {
    let damage = [Reason::MalformedRow, Reason::BadEncoding];
    !source.faults.iter().any(|fault| damage.contains(&fault.reason))
}

/// Rows without their order's first row carry its name, but are not it.
fn is_part(source: &SourceOrder) -> bool {
    source.faults.iter().any(|fault| fault.reason == Reason::OrphanRow)
}

/// Whether another version of the order stands in the same file, and neither of them counts.
fn is_contested(source: &SourceOrder) -> bool {
    source.faults.iter().any(|fault| fault.reason == Reason::ConflictingVersions)
}

/// What people know a valid order by.
pub(super) fn label_of(order: &Order) -> String {
    shown(if order.number.is_empty() { order.key.as_str() } else { &order.number })
}

/// An order's number as it may be kept and shown: one that has no look of it may be a person's data
/// in the wrong column.
fn shown(label: &str) -> String {
    const NUMBER_LEN_MAX: usize = 64;
    let odd = |c: char| c == '@' || c == ',' || c.is_control();
    let is_odd = match label.is_ascii() {
        true => label.bytes().any(|b| odd(char::from(b))),
        false => label.contains(odd),
    };
    if label.len() > NUMBER_LEN_MAX || is_odd { String::new() } else { label.to_owned() }
}
