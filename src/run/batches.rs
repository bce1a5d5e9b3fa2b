use super::plan_reader::{PlanReader, ReadingError};
use super::planned_record::{PlannedRecord, RecordVerdict};
use super::tracker::Batch;
use crate::domain::{OrderDigest, OrderKey, Position, RecordError};
use crate::extract::ExportFile;
use crate::plan::{Decision, Step};
use crate::state::{DeadLetter, LetterReason, LetterReasons, Stage};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::{io, thread};
use tokio::sync::mpsc;

/// Records that needed no request are handed over this many at a time.
const BATCH_LEN_MAX: u64 = 5_000;
/// Batches waiting to be loaded: the reader stops while the loader is this far behind.
const BATCHES_WAITING_MAX: usize = 32;
/// Dead letters written for one run; beyond it they are counted and no longer listed.
const DEAD_LETTERS_MAX: u64 = 100_000;

/// What the reading thread hands to the loader.
#[derive(Debug)]
pub(super) enum ReaderEvent {
    Batch(Batch, Option<Box<PendingStep>>),
    /// The export was read to its end, or a canary to its last order.
    End {
        records: u64,
        /// Every dead letter was handed over, none was left out for their number.
        all_letters: bool,
    },
    Failed(ReadingError),
}

/// A step with what its dead letter would say.
#[derive(Debug)]
pub(super) struct PendingStep {
    pub step: Step,
    pub label: String,
    pub position: Position,
    /// Of the order as it is sent.
    pub digest: Option<Box<OrderDigest>>,
}

/// The export in the portions it is handed over in.
pub(super) struct BatchReader {
    reader: PlanReader,
    letters: DeadLetterBuilder,
    dead_letters_left: u64,
    /// The record after the last one read; of a canary the number of its orders that were read.
    through: u64,
    /// The orders of a canary; no other record is handed over.
    only: Option<Arc<BTreeSet<String>>>,
    /// Damage met behind records that are good, and are handed over first.
    fault: Option<ReadingError>,
    ended: bool,
}

impl BatchReader {
    pub(super) fn new(
        reader: PlanReader,
        letters: DeadLetterBuilder,
        only: Option<Arc<BTreeSet<String>>>,
    ) -> Self {
        Self {
            reader,
            letters,
            dead_letters_left: DEAD_LETTERS_MAX,
            through: 0,
            only,
            fault: None,
            ended: false,
        }
    }

    /// Plans on a thread of its own, which ends with the export, or when the receiver is gone.
    pub(super) fn start(mut self) -> io::Result<mpsc::Receiver<ReaderEvent>> {
        let (sender, events) = mpsc::channel(BATCHES_WAITING_MAX);
        thread::Builder::new().name("plan".to_owned()).spawn(move || {
            while self.next().is_some_and(|event| sender.blocking_send(event).is_ok()) {}
        })?;
        Ok(events)
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
            let sending = self.letters.sort(judged, &mut batch, &mut self.dead_letters_left);
            if sending.is_some() || self.through - first >= BATCH_LEN_MAX {
                return Ok(ReaderEvent::Batch(batch, sending.map(Box::new)));
            }
        }
        if self.through > first {
            return Ok(ReaderEvent::Batch(batch, None));
        }
        Ok(ReaderEvent::End { records: self.through, all_letters: self.dead_letters_left > 0 })
    }

    fn is_canary_whole(&self) -> bool {
        self.only.as_ref().is_some_and(|only| only.len() as u64 == self.through)
    }
}

/// Whether a record is one of these orders, and the copy of it that counts.
fn is_among(keys: &BTreeSet<String>, judged: &PlannedRecord) -> bool {
    matches!(judged.verdict, RecordVerdict::Decided(_))
        && judged.key.as_ref().is_some_and(|key| keys.contains(&*key.ledger_text()))
}

/// Writes dead letters.
#[derive(Debug, Clone)]
pub(super) struct DeadLetterBuilder {
    pub job: String,
    pub files: Vec<ExportFile>,
}

impl DeadLetterBuilder {
    /// Counts a record that needs no request; gives back one that does.
    fn sort(
        &self,
        judged: PlannedRecord,
        batch: &mut Batch,
        dead_letters_left: &mut u64,
    ) -> Option<PendingStep> {
        let PlannedRecord { position, label, key, verdict, digest, .. } = judged;
        let dead = match verdict {
            RecordVerdict::Settled => None,
            RecordVerdict::Decided(Decision::Send(step)) => {
                return Some(PendingStep { step, label, position, digest });
            }
            RecordVerdict::Decided(Decision::Unchanged | Decision::Different) => {
                batch.counts.unchanged += 1;
                None
            }
            RecordVerdict::Filtered(_) => {
                batch.counts.filtered += 1;
                None
            }
            RecordVerdict::Decided(Decision::StillRefused) => {
                batch.counts.refused += 1;
                Some(self.still_refused(key.as_ref(), label, position))
            }
            RecordVerdict::Invalid(faults) => {
                batch.counts.invalid += 1;
                Some(self.invalid(key.as_ref(), label, position, &faults))
            }
        };
        if let Some(letter) = dead
            && *dead_letters_left > 0
        {
            *dead_letters_left -= 1;
            batch.dead.push(letter);
        }
        None
    }

    pub(super) fn letter(
        &self,
        key: Option<&OrderKey>,
        number: String,
        position: Position,
    ) -> DeadLetter {
        let file = usize::try_from(position.file).ok().and_then(|index| self.files.get(index));
        let file = file.map(ToString::to_string).unwrap_or_default();
        DeadLetter {
            job: self.job.clone(),
            record: key.map_or_else(
                || format!("{file}:{}", position.line),
                |key| key.ledger_text().into_owned(),
            ),
            stage: Stage::Invalid,
            number,
            file,
            line: position.line,
            reasons: LetterReasons::default(),
            status: None,
            attempts: 0,
            first_run: 0,
            last_run: 0,
        }
    }

    fn invalid(
        &self,
        key: Option<&OrderKey>,
        label: String,
        position: Position,
        faults: &[RecordError],
    ) -> DeadLetter {
        let reasons = LetterReasons(faults.iter().map(letter_reason).collect());
        // A repeat is not the order itself, which another record brings.
        let repeats = faults.iter().any(|fault| fault.reason == crate::domain::Reason::Duplicate);
        let letter = self.letter(key.filter(|_| !repeats), label, position);
        DeadLetter { reasons, ..letter }
    }

    /// Its reasons stand in the letter that is there already.
    fn still_refused(
        &self,
        key: Option<&OrderKey>,
        label: String,
        position: Position,
    ) -> DeadLetter {
        DeadLetter { stage: Stage::Refused, ..self.letter(key, label, position) }
    }
}

fn letter_reason(error: &RecordError) -> LetterReason {
    let field = error.field.map(|field| field.replace(' ', "_"));
    LetterReason { code: error.reason.word().to_owned(), field }
}
