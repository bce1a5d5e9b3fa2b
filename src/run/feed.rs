use super::reading::{Judged, Judgement, Reading, ReadingError};
use super::tracker::Stretch;
use crate::domain::{Fault, OrderKey, Position};
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
pub(super) enum Fed {
    Stretch(Stretch, Option<Box<Sending>>),
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
pub(super) struct Sending {
    pub step: Step,
    pub label: String,
    pub position: Position,
}

/// Starts reading on a thread of its own; it ends when the export does, or when nobody receives any more.
pub(super) fn start(reading: Reading, letters: Letters) -> Result<mpsc::Receiver<Fed>, StateError> {
    let (feed, fed) = mpsc::channel(STRETCHES_WAITING_MAX);
    thread::Builder::new().name("extract".to_owned()).spawn(move || {
        let last = match read_all(reading, letters, &feed) {
            Ok(end) => end,
            Err(error) => Fed::Failed(error),
        };
        // Nobody receives any more: the run was stopped.
        let _ = feed.blocking_send(last);
    })?;
    Ok(fed)
}

fn read_all(mut reading: Reading, letters: Letters, feed: &mpsc::Sender<Fed>) -> Result<Fed, ReadingError> {
    let mut stretch = Stretch::default();
    let mut dead_letters_left = DEAD_LETTERS_MAX;
    let mut waiting = 0;
    let mut fault = None;
    while let Some(judged) = reading.next() {
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                // What stands before the damage is good.
                fault = Some(error);
                break;
            }
        };
        stretch.through = judged.position.record + 1;
        waiting += 1;
        let sending = letters.sort(judged, &mut stretch, &mut dead_letters_left);
        if sending.is_some() || waiting >= STRETCH_LEN_MAX {
            waiting = 0;
            let through = stretch.through;
            let full = std::mem::replace(&mut stretch, Stretch { through, ..Stretch::default() });
            if feed.blocking_send(Fed::Stretch(full, sending.map(Box::new))).is_err() {
                // Nobody receives any more: the run was stopped.
                break;
            }
        }
    }
    let records = stretch.through;
    if waiting > 0 {
        // As above.
        let _ = feed.blocking_send(Fed::Stretch(stretch, None));
    }
    match fault {
        Some(error) => Err(error),
        None => Ok(Fed::End { records, all_letters: dead_letters_left > 0 }),
    }
}

/// Writes dead letters.
#[derive(Debug, Clone)]
pub(super) struct Letters {
    pub job: String,
    pub files: Vec<ExportFile>,
}

impl Letters {
    /// Counts a record that needs no request; gives back one that does.
    fn sort(&self, judged: Judged, stretch: &mut Stretch, dead_letters_left: &mut u64) -> Option<Sending> {
        let Judged { position, label, key, verdict } = judged;
        let dead = match verdict {
            Judgement::Settled => None,
            Judgement::Decided(Decision::Send(step)) => return Some(Sending { step, label, position }),
            Judgement::Decided(Decision::Unchanged) => {
                stretch.counts.unchanged += 1;
                None
            }
            Judgement::Filtered(_) => {
                stretch.counts.filtered += 1;
                None
            }
            Judgement::Decided(Decision::StillRefused) => {
                stretch.counts.refused += 1;
                Some(self.still_refused(key.as_ref(), label, position))
            }
            Judgement::Invalid(faults) => {
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

    pub(super) fn letter(&self, key: Option<&OrderKey>, number: String, position: Position) -> DeadLetter {
        let file = usize::try_from(position.file).ok().and_then(|index| self.files.get(index));
        let file = file.map(ToString::to_string).unwrap_or_default();
        DeadLetter {
            job: self.job.clone(),
            record: key
                .map_or_else(|| format!("{file}:{}", position.line), |key| key.ledger_text().into_owned()),
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
        faults: &[Fault],
    ) -> DeadLetter {
        let reasons: Vec<String> = faults.iter().map(reason_with_field).collect();
        // A repeat is not the order itself, which another record brings.
        let repeats = faults.iter().any(|fault| fault.reason == crate::domain::Reason::Duplicate);
        let letter = self.letter(key.filter(|_| !repeats), label, position);
        DeadLetter { reasons: reasons.join(" "), ..letter }
    }

    /// Its reasons stand in the letter that is there already.
    fn still_refused(&self, key: Option<&OrderKey>, label: String, position: Position) -> DeadLetter {
        DeadLetter { stage: Stage::Refused, ..self.letter(key, label, position) }
    }
}

fn reason_with_field(fault: &Fault) -> String {
    match fault.field {
        Some(field) => format!("{}({})", fault.reason.code(), field.replace(' ', "_")),
        None => fault.reason.code().to_owned(),
    }
}
