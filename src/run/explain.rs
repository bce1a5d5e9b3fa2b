use super::Job;
use super::reading::{Judgement, ReadingError};
use super::verify::reading_of;
use crate::domain::{Fault, Memory, Order, RemoteId};
use crate::extract::{Export, ExportFile};
use crate::plan::{Action, Decision, Earlier, decide};
use crate::state::{DeadLetter, LastWrite, View};
use crate::transform::Filter;

/// Records of one order that are told one by one; a file that repeats it more often than that is told as such.
const RECORDS_MAX: usize = 20;
/// Dead letters looked through.
const LETTERS_MAX: u32 = 1_000_000;

/// One order end to end.
#[derive(Debug)]
pub struct Explanation {
    pub job: String,
    /// The order as it was asked for.
    pub asked: String,
    pub files: Vec<ExportFile>,
    /// Every record of it, in reading order.
    pub records: Vec<Explained>,
    /// Records of it beyond those.
    pub more: u64,
    pub letters: Vec<DeadLetter>,
}

/// One record.
#[derive(Debug)]
pub struct Explained {
    pub file: usize,
    /// Line of the file it begins at.
    pub line: u64,
    pub label: String,
    pub fate: Fate,
}

/// What becomes of a record.
#[derive(Debug)]
pub enum Fate {
    Filtered(Filter),
    Invalid(Vec<Fault>),
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
/// When the export or the state can't be read to the end: an order may stand in it twice.
pub fn explain(job: &Job, export: &Export, view: &View, asked: &str) -> Result<Explanation, ReadingError> {
    let mut explanation = Explanation {
        job: job.name.clone(),
        asked: asked.to_owned(),
        files: export.files().to_vec(),
        records: Vec::new(),
        more: 0,
        letters: view.dead_letters(&job.name, LETTERS_MAX)?,
    };
    explanation.letters.retain(|letter| is_it(asked, &letter.number) || letter.record == asked);
    let mut reading = reading_of(job, export, view)?;
    while let Some(judged) = reading.next() {
        let judged = judged?;
        let is_key = judged.key.as_ref().is_some_and(|key| key.as_str() == asked);
        if !is_key && !is_it(asked, &judged.label) {
            continue;
        }
        if explanation.records.len() == RECORDS_MAX {
            explanation.more += 1;
            continue;
        }
        let fate = match judged.verdict {
            Judgement::Decided(Decision::Send(step)) => valid(job, view, step.order)?,
            Judgement::Filtered(filter) => Fate::Filtered(filter),
            Judgement::Invalid(faults) => Fate::Invalid(faults),
            // An empty ledger neither knows an order nor has settled one.
            Judgement::Decided(_) | Judgement::Settled => continue,
        };
        let file = usize::try_from(judged.position.file).unwrap_or(usize::MAX);
        let (line, label) = (judged.position.line, judged.label);
        explanation.records.push(Explained { file, line, label, fate });
    }
    Ok(explanation)
}

/// A number with or without the sign shops put before it.
fn is_it(asked: &str, number: &str) -> bool {
    let bare = |text: &'_ str| text.trim_start_matches('#').to_owned();
    !number.is_empty() && (asked == number || bare(asked) == bare(number))
}

fn valid(job: &Job, view: &View, order: Box<Order>) -> Result<Fate, ReadingError> {
    let spec = &job.connection;
    let Some((connection, _)) = view.connection(&spec.service, &spec.externalid)? else {
        return Ok(Fate::Valid { order, next: "create", remote_id: None, last_write: None });
    };
    let memory = view.order(connection, &order.key)?;
    let last_write = view.last_write(connection, &order.key)?;
    let remote_id = remote_id(&memory);
    let fingerprint = crate::plan::Fingerprints::new(view.hash_key()?).of(&order);
    let shown = order.clone();
    let next = match decide(order, fingerprint, memory) {
        Decision::Unchanged => "nothing: it is at the target as it is",
        Decision::StillRefused => "nothing: the target refused exactly this",
        Decision::Send(step) => match step.action {
            Action::Create => "create",
            Action::Update(_) => "update",
            Action::LookUp(Earlier::Update) => "look it up, then update",
            Action::LookUp(_) => "look it up, then create or update",
        },
    };
    Ok(Fate::Valid { order: shown, next, remote_id, last_write })
}

fn remote_id(memory: &Memory) -> Option<RemoteId> {
    match memory {
        Memory::Known { id, .. } => Some(id.clone()),
        Memory::Intended { update, .. } => update.clone(),
        Memory::Refused { id, .. } => id.clone(),
        Memory::Unknown | Memory::BecameOrder => None,
    }
}

impl Explanation {
    /// Whether anything is known of the order.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.letters.is_empty()
    }
}
