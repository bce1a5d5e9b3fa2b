use super::plan_reader::PlanReader;
use super::planned_record::{PlannedRecord, RecordVerdict};
use super::reading_error::ReadingError;
use super::tracker::Batch;
use crate::domain::{OrderDigest, Position, Reason, RecordError, Text};
use crate::extract::ExportFile;
use crate::plan::{Decision, Step};
use crate::state::{DeadLetter, LETTERS_OF_RUN_MAX, LetterReason, LetterReasons, RunId, Stage};
use crate::transform::Filter;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::{io, thread};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Records that needed no request are handed over this many at a time.
const BATCH_LEN_MAX: u64 = 5_000;
/// Batches waiting to be loaded: the reader stops while the loader is this far behind.
const BATCHES_WAITING_MAX: usize = 32;
/// Exports that are read concurrently, by all runs of this process.
const READING_MAX: usize = 16;

static READING: Semaphore = Semaphore::const_new(READING_MAX);

/// What the reading thread hands to the loader.
#[derive(Debug)]
pub(super) enum ReaderEvent {
    Batch(Batch, Option<Box<PendingStep>>),
    /// The export was read to its end, or a canary to its last order.
    End {
        records: u64,
        /// Every dead letter was handed over; none was omitted because of a limit.
        all_letters: bool,
    },
    Failed(ReadingError),
}

/// A step with what its dead letter would contain.
#[derive(Debug)]
pub(super) struct PendingStep {
    pub step: Step,
    pub label: Text,
    pub position: Position,
    /// Of the order as it is sent.
    pub digest: Option<Box<OrderDigest>>,
}

/// Reads the export in batches for the loader.
pub(super) struct BatchReader {
    reader: PlanReader,
    letters: DeadLetterBuilder,
    known: KnownLetters,
    line: LineCounter,
    dead_letters_left: u64,
    /// No dead letter was omitted because of that limit.
    all_letters: bool,
    /// The record after the last one read; for a canary, the number of its orders that were read.
    through: u64,
    /// The orders of a canary; no other record is handed over.
    only: Option<Arc<BTreeSet<String>>>,
    /// Damage found after valid records, which are handed over first.
    fault: Option<ReadingError>,
    ended: bool,
}

impl BatchReader {
    pub(super) fn new(
        reader: PlanReader,
        letters: DeadLetterBuilder,
        known: KnownLetters,
        only: Option<Arc<BTreeSet<String>>>,
    ) -> Self {
        Self {
            reader,
            letters,
            known,
            line: LineCounter::default(),
            dead_letters_left: LETTERS_OF_RUN_MAX,
            all_letters: true,
            through: 0,
            only,
            fault: None,
            ended: false,
        }
    }

    /// Plans until the channel is full, and again once half of it is free, until the export ends or
    /// the receiver is gone. It holds no thread in between, as most of a run is waiting for
    /// ActiveCampaign.
    pub(super) fn start(self) -> mpsc::Receiver<ReaderEvent> {
        let (sender, events) = mpsc::channel(BATCHES_WAITING_MAX);
        let mut reader = Some(Box::new(self));
        tokio::spawn(async move {
            while let Some(some) = reader
                && sender.reserve_many(BATCHES_WAITING_MAX / 2).await.is_ok()
            {
                reader = match some.fill_apart(sender.clone()).await {
                    Ok(reader) => reader,
                    Err(error) => {
                        let failed = ReaderEvent::Failed(ReadingError::Thread(error));
                        let _ = sender.send(failed).await;
                        None
                    }
                };
            }
        });
        events
    }

    /// Plans on a thread while there is room; `None` once there is nothing more to hand over.
    async fn fill_apart(
        mut self: Box<Self>,
        sender: mpsc::Sender<ReaderEvent>,
    ) -> io::Result<Option<Box<Self>>> {
        let turn = READING.acquire().await;
        let (done, filled) = oneshot::channel();
        thread::Builder::new().name("plan".to_owned()).spawn(move || {
            let is_full = self.fill(&sender);
            self.reader.rest();
            let _ = done.send(is_full.then_some(self));
        })?;
        // After a panic nothing follows.
        let reader = filled.await.unwrap_or_default();
        drop(turn);
        Ok(reader)
    }

    /// Returns whether the channel is full.
    fn fill(&mut self, sender: &mpsc::Sender<ReaderEvent>) -> bool {
        loop {
            match sender.try_reserve() {
                Ok(room) => match self.next() {
                    Some(event) => room.send(event),
                    None => return false,
                },
                Err(full_or_closed) => return full_or_closed == TrySendError::Full(()),
            }
        }
    }

    /// The same as a task, which plans whenever there is room for more; see [`Records::Inline`].
    ///
    /// [`Records::Inline`]: super::records::Records::Inline
    pub(super) fn start_inline(mut self) -> mpsc::Receiver<ReaderEvent> {
        let (sender, events) = mpsc::channel(BATCHES_WAITING_MAX);
        tokio::spawn(async move {
            while let Some(event) = self.next() {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        });
        events
    }

    fn next(&mut self) -> Option<ReaderEvent> {
        if self.ended {
            return None;
        }
        let next = self.read().unwrap_or_else(ReaderEvent::Failed);
        self.ended = !matches!(next, ReaderEvent::Batch(..));
        Some(next)
    }

    fn read(&mut self) -> Result<ReaderEvent, ReadingError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut batch = Batch { through: self.through, ..Batch::default() };
        let first = self.through;
        while !self.is_canary_whole() {
            let Some(judged) = self.reader.next() else { break };
            let judged = match judged {
                Ok(judged) => judged,
                Err(fault) if self.through == first => return Err(fault),
                Err(fault) => {
                    self.fault = Some(fault);
                    break;
                }
            };
            self.through = match &self.only {
                None => judged.position.record + 1,
                Some(only) if is_among(only, &judged) => self.through + 1,
                Some(_) => continue,
            };
            batch.through = self.through;
            let sending = self.sort(judged, &mut batch);
            if sending.is_some() || self.through - first >= BATCH_LEN_MAX {
                return Ok(ReaderEvent::Batch(batch, sending.map(Box::new)));
            }
        }
        if self.through > first {
            return Ok(ReaderEvent::Batch(batch, None));
        }
        Ok(ReaderEvent::End { records: self.through, all_letters: self.all_letters })
    }

    fn is_canary_whole(&self) -> bool {
        self.only.as_ref().is_some_and(|only| only.len() as u64 == self.through)
    }

    /// Counts a record that needs no request; gives back one that does.
    fn sort(&mut self, judged: PlannedRecord, batch: &mut Batch) -> Option<PendingStep> {
        let PlannedRecord { position, label, key, verdict, digest, .. } = judged;
        let on_line = self.line.count(position);
        let key = key.map(|key| key.ledger_text().into_owned());
        let letter = match verdict {
            RecordVerdict::Settled => return None,
            RecordVerdict::Decided(Decision::Send(step)) => {
                return Some(PendingStep { step, label, position, digest });
            }
            RecordVerdict::Decided(Decision::Unchanged | Decision::Different) => {
                batch.counts.unchanged += 1;
                batch.cleared.extend(self.known.take_earlier(key));
                return None;
            }
            RecordVerdict::Filtered(filter) => {
                batch.counts.filtered += 1;
                // The letter may be of the copy that counts, and a date limit is not permanent.
                let is_fine = !matches!(filter, Filter::Superseded | Filter::Dates);
                let key = key.filter(|_| is_fine);
                batch.cleared.extend(self.known.take_earlier(key));
                return None;
            }
            RecordVerdict::Decided(Decision::StillRefused) => {
                batch.counts.refused += 1;
                // Its reasons are in the existing letter.
                DeadLetter { stage: Stage::Refused, ..self.letters.letter(key, label, position) }
            }
            RecordVerdict::Invalid(faults) => {
                batch.counts.invalid += 1;
                // A repeat is not the order itself, which is in another record.
                let is_repeat = faults.iter().any(|fault| fault.reason == Reason::Duplicate);
                let key = key.filter(|key| !is_repeat && self.known.is_first(key));
                let reasons = LetterReasons(faults.iter().map(letter_reason).collect());
                let letter = self.letters.letter(key.clone(), label, position);
                let record = key.unwrap_or_else(|| on_line.name(&letter));
                DeadLetter { reasons, record, ..letter }
            }
        };
        if self.dead_letters_left > 0 {
            self.dead_letters_left -= 1;
            batch.dead.push(letter);
        } else {
            self.all_letters = false;
        }
        None
    }
}

/// Whether a record is one of these orders, and the copy of it that counts.
fn is_among(keys: &BTreeSet<String>, judged: &PlannedRecord) -> bool {
    matches!(judged.verdict, RecordVerdict::Decided(_))
        && judged.key.as_ref().is_some_and(|key| keys.contains(&*key.ledger_text()))
}

/// The existing dead letters of the job.
#[derive(Debug, Default)]
pub(super) struct KnownLetters {
    /// Records of earlier runs that this one has not read yet.
    earlier: HashSet<String>,
    /// Records that this run wrote a letter of.
    own: HashSet<String>,
}

impl KnownLetters {
    /// Of these records, each with the run that read it last.
    pub(super) fn of(records: Vec<(String, RunId)>, run: RunId) -> Self {
        let (own, earlier): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|(_, last_run)| *last_run == run);
        let names = |records: Vec<(String, RunId)>| records.into_iter().map(|(name, _)| name);
        Self { earlier: names(earlier).collect(), own: names(own).collect() }
    }

    /// The key, if an earlier run left a letter of it.
    fn take_earlier(&mut self, key: Option<String>) -> Option<String> {
        key.filter(|key| self.earlier.remove(key))
    }

    /// Whether this run has no letter of the order yet.
    fn is_first(&mut self, key: &str) -> bool {
        self.own.len() >= LETTERS_OF_RUN_MAX as usize || self.own.insert(key.to_owned())
    }
}

/// Counts the records that begin on one line, as all of them do in JSON without line breaks.
#[derive(Debug, Default, Clone, Copy)]
struct LineCounter {
    at: (u32, u64),
    count: u64,
}

impl LineCounter {
    fn count(&mut self, position: Position) -> Self {
        let at = (position.file, position.line);
        self.count = if self.at == at { self.count + 1 } else { 1 };
        self.at = at;
        *self
    }

    /// The name of a record without a key.
    fn name(self, letter: &DeadLetter) -> String {
        let place = format!("{}:{}", letter.file, letter.line);
        if self.count > 1 { format!("{place}#{}", self.count) } else { place }
    }
}

/// Writes dead letters.
#[derive(Debug, Clone)]
pub(super) struct DeadLetterBuilder {
    pub job: String,
    pub files: Vec<ExportFile>,
}

impl DeadLetterBuilder {
    /// An invalid record without reasons. `key`: as the ledger writes it.
    pub(super) fn letter(
        &self,
        key: Option<String>,
        number: Text,
        position: Position,
    ) -> DeadLetter {
        let file = usize::try_from(position.file).ok().and_then(|index| self.files.get(index));
        let file = file.map(ToString::to_string).unwrap_or_default();
        DeadLetter {
            job: self.job.clone(),
            record: key.unwrap_or_else(|| format!("{file}:{}", position.line)),
            stage: Stage::Invalid,
            number: number.into(),
            file,
            line: position.line,
            reasons: LetterReasons::default(),
            status: None,
            attempts: 0,
            first_run: 0,
            last_run: 0,
            accepted: None,
        }
    }
}

fn letter_reason(error: &RecordError) -> LetterReason {
    let field = error.field.map(|field| field.replace(' ', "_"));
    LetterReason { code: error.reason.word().to_owned(), field }
}
