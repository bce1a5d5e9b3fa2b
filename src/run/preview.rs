use super::Job;
use super::change_detector::ChangeDetector;
use super::job_history::JobHistory;
use super::reading::{Ledger, PlanReader, PlannedRecord, ReadingError};
use super::request_counter::RequestCounter;
use super::rules_digest::{check_key, mapping_of};
use super::shrinkage::{Shrinkage, shrinkage};
use crate::extract::{Export, ExportFile};
use crate::plan::{Assumptions, Fingerprints, Forecast, PlanSummary};
use crate::state::View;
use crate::transform::Rules;
use std::collections::BTreeMap;

/// What a run would do, without doing it: the dry run.
#[derive(Debug)]
pub struct Preview {
    pub job: String,
    pub files: Vec<ExportFile>,
    /// The rules that were in force.
    pub rules: Rules,
    pub summary: PlanSummary,
    pub forecast: Forecast,
    /// In what the export is less than it was; mostly nothing.
    pub shrinkage: Vec<Shrinkage>,
    pub history: JobHistory,
}

/// Requests for a connection that the ledger does not know: looking for it, and then making it or
/// seeing what it holds.
const CONNECTING: u64 = 2;

/// Told of each record in reading order, with its source.
pub type OnRecord<'a> = &'a mut dyn FnMut(PlannedRecord);

/// The jobs of one account that are planned to run one after the other: what the earlier ones send,
/// the later ones need not.
#[derive(Debug, Default)]
pub struct AccountPlanner {
    /// Jobs that are still to be planned, by their connection.
    jobs_left: BTreeMap<ConnectionKey, usize>,
    /// What was met, where a later job shares the connection: more would be memory for nothing.
    met: BTreeMap<ConnectionKey, RequestCounter>,
}

/// The reading of a dry run.
pub(super) struct PlanInProgress {
    pub reading: PlanReader,
    /// In what the export is less than it was.
    shrinkage: Vec<Shrinkage>,
    history: JobHistory,
    /// Whether the connection needs no request.
    is_found: bool,
}

/// What a connection is known by at the target: its service, and the shop's own name for itself.
type ConnectionKey = (String, String);

/// Plans a job by itself, as [`AccountPlanner::preview`].
///
/// # Errors
/// When the export or the state can't be read to the end.
pub fn preview(
    job: &Job,
    export: &Export,
    view: View,
    allowed_per_second: f64,
    each: Option<OnRecord<'_>>,
) -> Result<Preview, ReadingError> {
    let terms = Assumptions::new(allowed_per_second, job.in_flight_max);
    AccountPlanner::default().preview((job, export), view, terms, each)
}

impl AccountPlanner {
    /// Of these jobs, which are then planned in this sequence.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Self {
        let mut planning = Self::default();
        for job in jobs {
            *planning.jobs_left.entry(key_of(job)).or_default() += 1;
        }
        planning
    }

    /// Reads the whole export up to the decision on every record. Sends nothing, writes nothing.
    /// `each` is told of every record, for reports that go into detail.
    ///
    /// # Errors
    /// When the export or the state can't be read to the end.
    pub fn preview(
        &mut self,
        (job, export): (&Job, &Export),
        view: View,
        terms: Assumptions,
        each: Option<OnRecord<'_>>,
    ) -> Result<Preview, ReadingError> {
        let mut begun = self.begin((job, export), view, |_| ChangeDetector::of_fields())?;
        match each {
            None => while begun.reading.pass()? {},
            Some(each) => {
                begun.reading = begun.reading.keeping_sources();
                while let Some(judged) = begun.reading.next() {
                    each(judged?);
                }
            }
        }
        Ok(self.end((job, export), begun, terms))
    }

    pub(super) fn begin(
        &mut self,
        (job, export): (&Job, &Export),
        view: View,
        detector: impl FnOnce(&mut Fingerprints) -> ChangeDetector,
    ) -> Result<PlanInProgress, ReadingError> {
        let spec = &job.connection;
        check_key(&view, job, &mapping_of(job, export.files()))?;
        let shrinkage = shrinkage(&view.files_read(&job.name)?, export.files());
        let connection = view.connection(&spec.service, &spec.externalid)?.map(|(id, _)| id);
        let earlier = self.met.remove(&key_of(job));
        let is_found = connection.is_some() || earlier.is_some();
        let mut fingerprints = Fingerprints::new(view.hash_key()?);
        let history = JobHistory::of(&view, job)?;
        // Of a target that nothing was ever sent to nothing can have changed.
        let detector = connection.map(|_| detector(&mut fingerprints));
        let ledger = Ledger { view, connection, fingerprints, resumed: None };
        let mut reading = PlanReader::new(export.read(), job.rules.clone(), ledger)
            .counting_requests(earlier.unwrap_or_default());
        if let Some(detector) = detector {
            reading = reading.detector(detector);
        }
        Ok(PlanInProgress { reading, shrinkage, history, is_found })
    }

    /// What a reading that came to its end comes to.
    pub(super) fn end(
        &mut self,
        (job, export): (&Job, &Export),
        begun: PlanInProgress,
        terms: Assumptions,
    ) -> Preview {
        let PlanInProgress { reading, shrinkage, mut history, is_found } = begun;
        let (summary, counting) = reading.end();
        self.keep(job, counting);
        history.compare(&summary);
        let forecast = Forecast {
            requests: summary.requests(),
            one_by_one: if is_found { 0 } else { CONNECTING },
            unsure: summary.requests_unsure(),
            terms,
        };
        let (job, rules) = (job.name.clone(), job.rules.clone());
        Preview {
            job,
            files: export.files().to_vec(),
            rules,
            summary,
            forecast,
            shrinkage,
            history,
        }
    }

    /// For the jobs after this one.
    fn keep(&mut self, job: &Job, counting: Option<RequestCounter>) {
        let key = key_of(job);
        let left = self.jobs_left.get(&key).copied().unwrap_or_default().saturating_sub(1);
        self.jobs_left.insert(key.clone(), left);
        self.met.extend(counting.filter(|_| left > 0).map(|counting| (key, counting)));
    }
}

fn key_of(job: &Job) -> ConnectionKey {
    (job.connection.service.clone(), job.connection.externalid.clone())
}
