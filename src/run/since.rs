use super::change_detector::ChangeDetector;
use super::plan_reader::PlanReader;
use super::planned_record::{LeftOut, PlannedRecord, RecordVerdict};
use super::preview::{AccountPlanner, OnRecord, PlanInput, Preview};
use super::reading_error::ReadingError;
use super::rules_digest::{SettingChange, mapping_of, settings_changed};
use crate::plan::{Changes, Decision, EXAMPLES_MAX, Example};
use crate::state::RunId;
use std::collections::BTreeMap;

/// The changes since a run of the orders that it, or an earlier one of its job, left in
/// ActiveCampaign. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct SinceRun {
    pub run: RunId,
    /// Settings that changed; `None` if the run stored none.
    pub settings: Option<Vec<SettingChange>>,
    /// Orders that would be sent unchanged.
    pub unchanged: u64,
    /// Orders that would be sent differently.
    pub changes: Changes,
    /// Orders that would no longer be sent; they stay unchanged in ActiveCampaign.
    pub left_out: BTreeMap<LeftOut, u64>,
    pub left_out_examples: Vec<(Example, LeftOut)>,
    /// Orders without a valid record in the export; they stay unchanged in ActiveCampaign.
    pub gone: u64,
    /// Keys of the first few.
    pub gone_examples: Vec<String>,
    /// Orders in ActiveCampaign that a later run wrote: their earlier state is not stored.
    pub written_later: u64,
    /// Orders that would be created.
    pub new: u64,
}

/// The dry run, compared with the ledger's entries of `run` and the runs before it.
pub fn preview_since(
    planner: &mut AccountPlanner,
    input: PlanInput<'_>,
    run: RunId,
    on_record: Option<OnRecord<'_>>,
) -> Result<(Preview, SinceRun), ReadingError> {
    let job = input.job;
    let now = mapping_of(job, input.export.files());
    let settings = input.view.mapping_of(run)?.map(|then| settings_changed(&then, &now));
    let mut plan = planner.begin(input, |prints| ChangeDetector::whole(prints.mapping(&now)))?;
    let mut since = SinceRun { run, settings, ..SinceRun::default() };
    plan.read_all(on_record, |record| since.take(record))?;
    since.find_gone(&mut plan.reader, &job.name)?;
    Ok((planner.end(plan), since))
}

impl SinceRun {
    /// Orders that the run, or one before it, left in ActiveCampaign.
    pub fn known(&self) -> u64 {
        self.unchanged + self.changes.orders + self.left_out.values().sum::<u64>() + self.gone
    }

    fn take(&mut self, record: &PlannedRecord) {
        if record.verdict.is_repeat() {
            return;
        }
        let Some(written_by) = record.written_by else {
            self.new +=
                u64::from(matches!(record.verdict, RecordVerdict::Decided(Decision::Send(_))));
            return;
        };
        if written_by > self.run {
            self.written_later += 1;
            return;
        }
        let example = || record.example();
        match (&record.verdict, &record.change) {
            (_, Some(change)) => self.changes.add(change, example),
            (verdict, None) => match verdict.left_out() {
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

    fn find_gone(&mut self, reader: &mut PlanReader, job: &str) -> Result<(), ReadingError> {
        let (gone, examples) = (&mut self.gone, &mut self.gone_examples);
        reader.each_unread(self.run, job, |key| {
            *gone += 1;
            if examples.len() < EXAMPLES_MAX {
                examples.push(key.trim().to_owned());
            }
        })?;
        Ok(())
    }
}
