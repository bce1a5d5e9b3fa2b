use super::diff::{ValueChange, diff};
use super::saved::{SavedLine, SavedPlan, SavedPlanError, SavedPlanForm};
use crate::domain::{Currency, Order};
use crate::plan::{Action, Decision, EXAMPLES_MAX, Example};
use crate::run::change_detector::ChangeDetector;
use crate::run::pipeline::{ByteSize, with_consumer};
use crate::run::planned_record::{KeptDetails, PlannedRecord, RecordVerdict};
use crate::run::preview::{AccountPlanner, PlanInput, Preview};
use crate::run::reading_error::ReadingError;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Seek};

/// A plan compared with a saved one. Its memory does not grow with either.
#[derive(Debug, Clone)]
pub struct SavedPlanDiff {
    /// The saved file.
    pub file: String,
    pub form: SavedPlanForm,
    /// Orders in the saved plan.
    pub saved: u64,
    pub same: u64,
    pub changed: u64,
    /// Orders by changed field, by the names of [`ValueChange::path`].
    pub by_path: BTreeMap<&'static str, u64>,
    pub examples: Vec<ChangedOrder>,
    /// Orders of the saved plan without a valid record in the export.
    pub only_saved: u64,
    /// Keys of the first few, and their lines in the saved file.
    pub only_saved_examples: Vec<(String, u64)>,
    /// Orders that would be sent now, or records that exist now, and that the saved plan does not
    /// have.
    pub only_now: u64,
    pub only_now_examples: Vec<Example>,
}

/// One order that changed.
#[derive(Debug, Clone)]
pub struct ChangedOrder {
    pub example: Example,
    pub changes: Vec<ValueChange>,
    /// The currencies of its amounts then and now, if known.
    pub currencies: [Option<Currency>; 2],
}

/// Called for each record, with the changes of its order since the plan was saved; see
/// [`OnRecord`].
///
/// [`OnRecord`]: crate::run::OnRecord
pub struct OnChanges<'a> {
    pub keep: KeptDetails,
    pub each: &'a mut (dyn FnMut(RecordChanges) + Send),
}

/// A record, with the changes of its order since the plan was saved.
pub type RecordChanges = (PlannedRecord, Vec<ValueChange>);

impl ByteSize for RecordChanges {
    fn byte_size(&self) -> usize {
        self.0.byte_size()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SavedPlanDiffError {
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    Saved(#[from] SavedPlanError),
}

/// The dry run, compared with a plan that was saved.
pub fn preview_against<R: BufRead + Seek>(
    planner: &mut AccountPlanner,
    input: PlanInput<'_>,
    saved: &mut SavedPlan<R>,
    OnChanges { keep, each }: OnChanges<'_>,
) -> Result<(Preview, SavedPlanDiff), SavedPlanDiffError> {
    let job = input.job;
    let mut plan = planner.begin(input, |_| ChangeDetector::of_fields())?;
    plan.reader = plan.reader.in_less_memory();
    plan.reader.keep(KeptDetails { orders: true, ..keep });
    let mut diff = SavedPlanDiff::of(saved);
    with_consumer(each, |out| {
        for record in &mut plan.reader {
            let record = record?;
            let changes = diff.take(&record, saved, &job.name)?;
            if !out.send((record, changes)) {
                break;
            }
        }
        Ok::<_, SavedPlanDiffError>(())
    })
    .map_err(ReadingError::from)??;
    (diff.only_saved, diff.only_saved_examples) = saved.unmet(EXAMPLES_MAX)?;
    Ok((planner.end(plan), diff))
}

impl SavedPlanDiff {
    fn of<R>(saved: &SavedPlan<R>) -> Self {
        Self {
            file: saved.name.clone(),
            form: saved.form,
            saved: saved.orders,
            same: 0,
            changed: 0,
            by_path: BTreeMap::new(),
            examples: Vec::new(),
            only_saved: 0,
            only_saved_examples: Vec::new(),
            only_now: 0,
            only_now_examples: Vec::new(),
        }
    }

    fn take<R: BufRead + Seek>(
        &mut self,
        record: &PlannedRecord,
        saved: &mut SavedPlan<R>,
        job: &str,
    ) -> Result<Vec<ValueChange>, SavedPlanError> {
        let Some(key) = record.key.as_ref().filter(|_| !record.verdict.is_repeat()) else {
            return Ok(Vec::new());
        };
        let Some(before) = saved.meet(&key.ledger_text(), job)? else {
            self.add_new(record);
            return Ok(Vec::new());
        };
        let currencies = match &before {
            SavedLine::Payload { body, .. } => {
                [currency_of(body), order_of(record).map(|order| order.currency)]
            }
            SavedLine::Record { .. } | SavedLine::Beside => [None; 2],
        };
        let changes = compare(before, record);
        self.count(&changes, currencies, record);
        Ok(changes)
    }

    /// A file of payloads only contains orders that had to be sent.
    fn add_new(&mut self, record: &PlannedRecord) {
        let is_sent = matches!(record.verdict, RecordVerdict::Decided(Decision::Send(_)));
        if self.form == SavedPlanForm::Payloads && !is_sent {
            return;
        }
        self.only_now += 1;
        if self.only_now_examples.len() < EXAMPLES_MAX {
            self.only_now_examples.push(record.example());
        }
    }

    fn count(
        &mut self,
        changes: &[ValueChange],
        currencies: [Option<Currency>; 2],
        record: &PlannedRecord,
    ) {
        if changes.is_empty() {
            self.same += 1;
            return;
        }
        self.changed += 1;
        let paths: BTreeSet<&'static str> = changes.iter().map(|change| change.path).collect();
        paths.into_iter().for_each(|path| *self.by_path.entry(path).or_default() += 1);
        if self.examples.len() < EXAMPLES_MAX {
            let (example, changes) = (record.example(), changes.to_vec());
            self.examples.push(ChangedOrder { example, changes, currencies });
        }
    }
}

fn compare(before: SavedLine, record: &PlannedRecord) -> Vec<ValueChange> {
    let (action, reasons) = fate_of(&record.verdict);
    match before {
        SavedLine::Payload { body, .. } => match order_of(record) {
            Some(order) => diff(&body, &payload_of(order)),
            None => vec![fate_change("sent".to_owned(), fate_text(action, &reasons))],
        },
        SavedLine::Record { action: before, reasons: then, .. }
            if before == action && then == reasons =>
        {
            Vec::new()
        }
        SavedLine::Record { action: before, reasons: then, .. } => {
            let then: Vec<&str> = then.iter().map(String::as_str).collect();
            vec![fate_change(fate_text(before, &then), fate_text(action, &reasons))]
        }
        SavedLine::Beside => Vec::new(),
    }
}

fn fate_change(from: String, to: String) -> ValueChange {
    ValueChange { path: "action", product: None, from: Some(from.into()), to: Some(to.into()) }
}

fn fate_text(action: &str, reasons: &[&str]) -> String {
    if reasons.is_empty() { action.to_owned() } else { format!("{action}: {}", reasons.join(", ")) }
}

/// In the words of `plan --jsonl`.
fn fate_of(verdict: &RecordVerdict) -> (&'static str, Vec<&'static str>) {
    match verdict {
        RecordVerdict::Decided(Decision::Send(step)) => match step.action {
            Action::Create => ("create", vec![]),
            Action::Update(_) => ("update", vec![]),
            Action::LookUp(_) => ("look_up", vec![]),
        },
        RecordVerdict::Decided(Decision::Unchanged) | RecordVerdict::Settled => {
            ("unchanged", vec![])
        }
        RecordVerdict::Decided(Decision::Different) => ("different", vec![]),
        RecordVerdict::Decided(Decision::StillRefused) => ("refused", vec![]),
        RecordVerdict::Filtered(filter) => ("filtered", vec![filter.code()]),
        RecordVerdict::Invalid(faults) => {
            ("invalid", faults.iter().map(|fault| fault.reason.word()).collect())
        }
    }
}

/// The order of a valid record, whether it would be sent or not.
fn order_of(record: &PlannedRecord) -> Option<&Order> {
    match &record.verdict {
        RecordVerdict::Decided(Decision::Send(step)) => Some(&step.order),
        RecordVerdict::Decided(_) => record.details.order.as_deref(),
        _ => None,
    }
}

fn currency_of(body: &Map<String, Value>) -> Option<Currency> {
    Currency::parse(body.get("currency")?.as_str()?).ok()
}

fn payload_of(order: &Order) -> Map<String, Value> {
    match serde_json::to_value(order) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    }
}
