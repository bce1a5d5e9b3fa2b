use super::Job;
use super::change_detector::ChangeDetector;
use super::preview::{AccountPlanner, OnRecord, Preview};
use super::reading::{PlanReader, PlannedRecord, ReadingError, RecordVerdict};
use super::rules_digest::{mapping_of, settings_changed};
use crate::domain::Reason;
use crate::extract::Export;
use crate::plan::{Assumptions, Changes, Decision, EXAMPLES_MAX, Example};
use crate::state::{RunId, View};
use crate::transform::Filter;
use std::collections::BTreeMap;

/// What became since a run of the orders that it, or an earlier one of its job, left at the target.
/// Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct SinceRun {
    pub run: RunId,
    /// Settings that are another by now: name, then, now. `None` where the run kept none.
    pub settings: Option<Vec<(String, String, String)>>,
    /// Orders that would be sent as they are.
    pub unchanged: u64,
    /// Orders that would be sent otherwise.
    pub changes: Changes,
    /// Orders that would not be sent any more; they stay at the target as they are.
    pub left_out: BTreeMap<LeftOut, u64>,
    pub left_out_examples: Vec<(Example, LeftOut)>,
    /// Orders that no sound record of the export is of; they stay at the target as they are.
    pub gone: u64,
    /// Keys of the first few.
    pub gone_examples: Vec<String>,
    /// Orders at the target that a later run wrote: what they were before is not kept.
    pub written_later: u64,
    /// Orders that would be created.
    pub new: u64,
}

/// Why an order that is at the target is not sent any more: `filtered`, `invalid` or `refused`, and
/// the reason's name.
pub type LeftOut = (&'static str, &'static str);

/// The dry run, held against what the ledger says of `run` and of those before it. `each` as in
/// [`super::preview()`].
///
/// # Errors
/// When the export or the state can't be read to the end.
pub fn preview_since(
    planning: &mut AccountPlanner,
    (job, export): (&Job, &Export),
    view: View,
    (terms, run): (Assumptions, RunId),
    mut each: Option<OnRecord<'_>>,
) -> Result<(Preview, SinceRun), ReadingError> {
    let now = mapping_of(job, export.files());
    let settings = view.mapping_of(run)?.map(|then| settings_changed(&then, &now));
    let mut begun = planning
        .begin((job, export), view, |prints| ChangeDetector::whole(prints.mapping(&now)))?;
    if each.is_some() {
        begun.reading = begun.reading.keeping_sources();
    }
    let mut since = SinceRun { run, settings, ..SinceRun::default() };
    while let Some(judged) = begun.reading.next() {
        let judged = judged?;
        since.take(&judged);
        if let Some(each) = &mut each {
            each(judged);
        }
    }
    since.look_for_gone(&mut begun.reading, &job.name)?;
    Ok((planning.end((job, export), begun, terms), since))
}

impl SinceRun {
    /// Orders that the run, or one before it, left at the target.
    pub fn known(&self) -> u64 {
        self.unchanged + self.changes.orders + self.left_out.values().sum::<u64>() + self.gone
    }

    fn take(&mut self, judged: &PlannedRecord) {
        if is_repeat(&judged.verdict) {
            return;
        }
        let Some(written_by) = judged.written_by else {
            self.new +=
                u64::from(matches!(judged.verdict, RecordVerdict::Decided(Decision::Send(_))));
            return;
        };
        if written_by > self.run {
            self.written_later += 1;
            return;
        }
        let example = || Example::new(judged.label.clone(), judged.position);
        match (&judged.verdict, &judged.change) {
            (_, Some(change)) => self.changes.add(change, example),
            (verdict, None) => match left_out(verdict) {
                None => self.unchanged += 1,
                Some(why) => {
                    *self.left_out.entry(why).or_default() += 1;
                    if self.left_out_examples.len() < EXAMPLES_MAX {
                        self.left_out_examples.push((example(), why));
                    }
                }
            },
        }
    }

    fn look_for_gone(&mut self, reading: &mut PlanReader, job: &str) -> Result<(), ReadingError> {
        let (gone, examples) = (&mut self.gone, &mut self.gone_examples);
        reading.each_unmet(self.run, job, |key| {
            *gone += 1;
            if examples.len() < EXAMPLES_MAX {
                examples.push(key.trim().to_owned());
            }
        })?;
        Ok(())
    }
}

/// Another record of an order that counts as itself.
pub(super) fn is_repeat(verdict: &RecordVerdict) -> bool {
    match verdict {
        RecordVerdict::Filtered(filter) => *filter == Filter::Superseded,
        RecordVerdict::Invalid(faults) => {
            faults.iter().any(|fault| fault.reason == Reason::Duplicate)
        }
        RecordVerdict::Decided(_) | RecordVerdict::Settled => false,
    }
}

/// Why an order is not sent, where a rule, a fault or the target says so.
pub(super) fn left_out(verdict: &RecordVerdict) -> Option<LeftOut> {
    match verdict {
        RecordVerdict::Filtered(filter) => Some(("filtered", filter.code())),
        RecordVerdict::Invalid(faults) => {
            Some(("invalid", faults.first().map_or("", |fault| fault.reason.word())))
        }
        RecordVerdict::Decided(Decision::StillRefused) => Some(("refused", "refused_before")),
        RecordVerdict::Decided(_) | RecordVerdict::Settled => None,
    }
}
