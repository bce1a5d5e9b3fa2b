use super::Job;
use super::Mismatch;
use super::planned_record::RecordVerdict;
use super::reading_error::ReadingError;
use super::verification_log::found_of;
use super::verify::reading_of;
use crate::domain::{
    Answer, LedgerEntry, LoadPath, Operation, Order, OrderKey, Position, RecordError, RemoteId,
    Text,
};
use crate::extract::{Export, ExportFile};
use crate::plan::{Action, Decision, Fingerprints, PriorWrite, decide};
use crate::state::{ConnectionId, DeadLetter, LastWrite, Remembered, VerificationRow, View};
use crate::transform::Filter;
use jiff::tz::TimeZone;

/// Records of one order that are listed; further ones are counted.
const RECORDS_MAX: usize = 20;
/// Dead letters looked through.
const LETTERS_MAX: u32 = 1_000_000;

/// One order end to end.
#[derive(Debug)]
pub struct Explanation {
    pub job: String,
    /// The order as requested.
    pub asked: String,
    /// The job's zone, in which times are shown.
    pub zone: TimeZone,
    /// How the job's orders are sent.
    pub load: LoadPath,
    pub files: Vec<ExportFile>,
    /// Every record of it, in reading order.
    pub records: Vec<ExplainedRecord>,
    /// Records of it beyond those.
    pub more: u64,
    /// Its entries in the state, for each key of its records: usually one.
    pub known: Vec<Known>,
    pub letters: Vec<DeadLetter>,
}

/// The entry of one key in the state.
#[derive(Debug)]
pub struct Known {
    pub key: String,
    pub remote_id: Option<RemoteId>,
    pub last_write: Option<LastWrite>,
    /// The stored attempts, the first one first.
    pub attempts: Vec<Remembered>,
    pub verified: VerificationStatus,
}

/// The results of verifications for an order.
#[derive(Debug)]
pub enum VerificationStatus {
    /// The job was never verified.
    Never,
    /// None compared it; the last one that finished did not.
    NotCompared { last: VerificationRow },
    Compared {
        by: VerificationRow,
        /// What differed; empty: it was the same.
        differs: Vec<Mismatch>,
        /// It was sent again since.
        is_written_since: bool,
    },
    /// It differed and was queued for the next sync, which created it again; its earlier state is
    /// not stored.
    Queued {
        at_ms: i64,
        /// The fields that differed, in the words of [`Mismatch::word`].
        differs: String,
        is_written_since: bool,
    },
}

/// One record.
#[derive(Debug)]
pub struct ExplainedRecord {
    pub file: usize,
    pub position: Position,
    pub label: Text,
    pub fate: RecordOutcome,
}

/// The outcome of a record.
#[derive(Debug)]
pub enum RecordOutcome {
    Filtered(Filter),
    Invalid(Vec<RecordError>),
    Valid {
        order: Box<Order>,
        /// What the next sync would do: `create`, `update`, `look up`, `nothing`.
        next: &'static str,
        remote_id: Option<RemoteId>,
        last_write: Option<LastWrite>,
    },
}

/// Looks an order up by its number or id: in the export, in the ledger, among the dead letters.
///
/// # Errors
/// When the export or the state can't be read completely: an order may occur in it twice.
pub fn explain(
    job: &Job,
    export: &Export,
    view: &View,
    asked: &str,
) -> Result<Explanation, ReadingError> {
    let mut explanation = Explanation {
        job: job.name.clone(),
        asked: asked.to_owned(),
        zone: job.rules.zone.clone(),
        load: job.load,
        files: export.files().to_vec(),
        records: Vec::new(),
        more: 0,
        known: Vec::new(),
        letters: view.dead_letters(&job.name, LETTERS_MAX)?,
    };
    explanation.letters.retain(|letter| is_it(asked, &letter.number) || letter.record == asked);
    let spec = &job.connection;
    let connection =
        view.connection(&spec.service, &spec.externalid)?.map(|(connection, _)| connection);
    // Also for an order that is no longer in the export.
    let mut keys: Vec<OrderKey> =
        OrderKey::parse(asked).into_iter().chain(OrderKey::of_cart(asked)).collect();
    let reader = reading_of(job, export, view)?;
    for judged in reader {
        let judged = judged?;
        let is_key = judged.key.as_ref().is_some_and(|key| key.as_str() == asked);
        if !is_key && !is_it(asked, &judged.label) {
            continue;
        }
        if explanation.records.len() == RECORDS_MAX {
            explanation.more += 1;
            continue;
        }
        let of_order = match &judged.verdict {
            RecordVerdict::Decided(Decision::Send(step)) => Some(&step.order.key),
            _ => judged.key.as_ref(),
        };
        keys.extend(
            of_order.filter(|key| !keys.contains(key)).cloned().into_iter().collect::<Vec<_>>(),
        );
        let fate = match judged.verdict {
            RecordVerdict::Decided(Decision::Send(step)) => valid(connection, view, step.order)?,
            RecordVerdict::Filtered(filter) => RecordOutcome::Filtered(filter),
            RecordVerdict::Invalid(faults) => RecordOutcome::Invalid(faults),
            // An empty ledger neither knows an order nor has settled one.
            RecordVerdict::Decided(_) | RecordVerdict::Settled => continue,
        };
        let file = usize::try_from(judged.position.file).unwrap_or(usize::MAX);
        let (position, label) = (judged.position, judged.label);
        explanation.records.push(ExplainedRecord { file, position, label, fate });
    }
    for key in connection.iter().flat_map(|_| &keys) {
        explanation.known.extend(known(&job.name, connection, view, key)?);
    }
    Ok(explanation)
}

/// The entry of a key in the state, if there is one.
fn known(
    job: &str,
    connection: Option<ConnectionId>,
    view: &View,
    key: &OrderKey,
) -> Result<Option<Known>, ReadingError> {
    let Some(connection) = connection else { return Ok(None) };
    let last_write = view.last_write(connection, key)?;
    let attempts = view.history(connection, key)?;
    if last_write.is_none() && attempts.is_empty() {
        return Ok(None);
    }
    let verified = match view.verified(connection, key)? {
        Some(found) => {
            let (by, is_written_since) = (found.by, found.is_written_since);
            VerificationStatus::Compared { by, differs: found_of(found.differs), is_written_since }
        }
        None => match (queued(&attempts), view.last_verification(job)?) {
            (Some(queued), _) => queued,
            (None, Some(last)) => VerificationStatus::NotCompared { last },
            (None, None) => VerificationStatus::Never,
        },
    };
    let remote_id = remote_id(&view.order(connection, key)?);
    let key = key.ledger_text().trim_start().to_owned();
    Ok(Some(Known { key, remote_id, last_write, attempts, verified }))
}

/// A verification that found the order missing removed it from the ledger, so that the next sync
/// creates it again.
fn queued(attempts: &[Remembered]) -> Option<VerificationStatus> {
    let at = attempts.iter().rposition(|past| past.attempt.operation == Operation::Repair)?;
    let (repair, later) = attempts.get(at..)?.split_first()?;
    let differs = match &repair.attempt.answer {
        Answer::Failed { code, .. } => code.clone().unwrap_or_default(),
        Answer::Done | Answer::Absent => String::new(),
    };
    let is_written_since = later
        .iter()
        .any(|past| past.attempt.operation.writes() && past.attempt.answer == Answer::Done);
    Some(VerificationStatus::Queued { at_ms: repair.at_ms, differs, is_written_since })
}

/// A number with or without the sign that shops prepend.
fn is_it(asked: &str, number: &str) -> bool {
    let bare = |text: &'_ str| text.trim_start_matches('#').to_owned();
    !number.is_empty() && (asked == number || bare(asked) == bare(number))
}

fn valid(
    connection: Option<ConnectionId>,
    view: &View,
    order: Box<Order>,
) -> Result<RecordOutcome, ReadingError> {
    let Some(connection) = connection else {
        return Ok(RecordOutcome::Valid {
            order,
            next: "create",
            remote_id: None,
            last_write: None,
        });
    };
    let memory = view.order(connection, &order.key)?;
    let last_write = view.last_write(connection, &order.key)?;
    let remote_id = remote_id(&memory);
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let shown = order.clone();
    let is_different = view.is_found_different(connection, &order.key)?;
    let next = match decide(order, || fingerprints.fingerprint(&shown), memory) {
        Decision::Unchanged | Decision::Different if is_different => {
            "nothing, although the last verification found it different; `verify --repair` has it written again"
        }
        Decision::Unchanged | Decision::Different => "nothing: already loaded, no change",
        Decision::StillRefused => "nothing: ActiveCampaign refused exactly this payload",
        Decision::Send(step) => match step.action {
            Action::Create => "create",
            Action::Update(_) => "update",
            Action::LookUp(PriorWrite::Update) => "look it up, then update",
            Action::LookUp(_) => "look it up, then create or update",
        },
    };
    Ok(RecordOutcome::Valid { order: shown, next, remote_id, last_write })
}

fn remote_id(memory: &LedgerEntry) -> Option<RemoteId> {
    match memory {
        LedgerEntry::Known { id, .. } => Some(id.clone()),
        LedgerEntry::Intended { update, .. } => update.clone(),
        LedgerEntry::Refused { id, .. } => id.clone(),
        LedgerEntry::Unknown | LedgerEntry::Accepted { .. } | LedgerEntry::BecameOrder => None,
    }
}

impl Explanation {
    /// Whether anything is known about the order.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.letters.is_empty() && self.known.is_empty()
    }
}
