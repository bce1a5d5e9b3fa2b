use super::reading::{PlanReader, PlannedRecord, ReadingError, RecordVerdict};
use super::tracker::Batch;
use crate::domain::{OrderDigest, OrderKey, Position, RecordError};
use crate::extract::ExportFile;
use crate::plan::{Decision, Step};
use crate::state::{DeadLetter, Stage, StateError};
use std::thread;
use tokio::sync::mpsc;

/// Records that needed no request are handed over this many at a time.
const STRETCH_LEN_MAX: u64 = 5_000;
/// Stretches waiting to be loaded: the reader stops while the loader is this far behind.
const STRETCHES_WAITING_MAX: usize = 32;
/// Dead letters written for one run; beyond it they are counted and no longer listed.
const DEAD_LETTERS_MAX: u64 = 100_000;

/// What the reading thread hands to the loader.
#[derive(Debug)]
pub(super) enum ReaderEvent {
    Batch(Batch, Option<Box<PendingStep>>),
    /// The export was read to its end.
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

/// Starts reading on a thread of its own, as reading is work; it ends when the export does, or when
/// nobody receives any more.
pub(super) fn start(
    reading: PlanReader,
    letters: DeadLetterBuilder,
) -> Result<mpsc::Receiver<ReaderEvent>, StateError> {
    let (feed, fed) = mpsc::channel(STRETCHES_WAITING_MAX);
    let mut stretches = BatchReader::new(reading, letters);
    thread::Builder::new().name("extract".to_owned()).spawn(move || {
        // Where nobody receives any more, the run was stopped.
        while stretches.next().is_some_and(|next| feed.blocking_send(next).is_ok()) {}
    })?;
    Ok(fed)
}

/// The same without a thread: reads whenever there is room for more.
pub(super) fn start_inline(
    reading: PlanReader,
    letters: DeadLetterBuilder,
) -> mpsc::Receiver<ReaderEvent> {
    let (feed, fed) = mpsc::channel(STRETCHES_WAITING_MAX);
    let mut stretches = BatchReader::new(reading, letters);
    tokio::spawn(async move {
        while let Some(next) = stretches.next() {
            if feed.send(next).await.is_err() {
                return;
            }
        }
    });
    fed
}

/// The export in the portions it is handed over in.
struct BatchReader {
    reading: PlanReader,
    letters: DeadLetterBuilder,
    dead_letters_left: u64,
    /// The record after the last one read.
    through: u64,
    /// Damage met behind records that are good, and are handed over first.
    fault: Option<ReadingError>,
    ended: bool,
}

impl BatchReader {
    fn new(reading: PlanReader, letters: DeadLetterBuilder) -> Self {
        Self {
            reading,
            letters,
            dead_letters_left: DEAD_LETTERS_MAX,
            through: 0,
            fault: None,
            ended: false,
        }
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
        let mut stretch = Batch { through: self.through, ..Batch::default() };
        let first = self.through;
        while let Some(judged) = self.reading.next() {
            let judged = match judged {
                Ok(judged) => judged,
                Err(fault) if self.through == first => return Err(fault),
                Err(fault) => {
                    self.fault = Some(fault);
                    break;
                }
            };
            self.through = judged.position.record + 1;
            stretch.through = self.through;
            let sending = self.letters.sort(judged, &mut stretch, &mut self.dead_letters_left);
            if sending.is_some() || self.through - first >= STRETCH_LEN_MAX {
                return Ok(ReaderEvent::Batch(stretch, sending.map(Box::new)));
            }
        }
        if self.through > first {
            return Ok(ReaderEvent::Batch(stretch, None));
        }
        Ok(ReaderEvent::End { records: self.through, all_letters: self.dead_letters_left > 0 })
    }
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
        stretch: &mut Batch,
        dead_letters_left: &mut u64,
    ) -> Option<PendingStep> {
        let PlannedRecord { position, label, key, verdict, digest, .. } = judged;
        let dead = match verdict {
            RecordVerdict::Settled => None,
            RecordVerdict::Decided(Decision::Send(step)) => {
                return Some(PendingStep { step, label, position, digest });
            }
            RecordVerdict::Decided(Decision::Unchanged) => {
                stretch.counts.unchanged += 1;
                None
            }
            RecordVerdict::Filtered(_) => {
                stretch.counts.filtered += 1;
                None
            }
            RecordVerdict::Decided(Decision::StillRefused) => {
                stretch.counts.refused += 1;
                Some(self.still_refused(key.as_ref(), label, position))
            }
            RecordVerdict::Invalid(faults) => {
                stretch.counts.invalid += 1;
                Some(self.invalid(key.as_ref(), label, position, &faults))
            }
        };
        if let Some(letter) = dead
            && *dead_letters_left > 0
        {
            *dead_letters_left -= 1;
            stretch.dead.push(letter);
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
            reasons: String::new(),
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
        let reasons: Vec<String> = faults.iter().map(reason_with_field).collect();
        // A repeat is not the order itself, which another record brings.
        let repeats = faults.iter().any(|fault| fault.reason == crate::domain::Reason::Duplicate);
        let letter = self.letter(key.filter(|_| !repeats), label, position);
        DeadLetter { reasons: reasons.join(" "), ..letter }
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

fn reason_with_field(fault: &RecordError) -> String {
    match fault.field {
        Some(field) => format!("{}({})", fault.reason.word(), field.replace(' ', "_")),
        None => fault.reason.word().to_owned(),
    }
}
