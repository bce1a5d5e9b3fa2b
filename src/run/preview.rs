use super::bulk::{batch_terms, check_path};
use super::change_detector::ChangeDetector;
use super::existing::{Existing, ToCreate};
use super::job_history::JobHistory;
use super::ledger::Ledger;
use super::pipeline::with_consumer;
use super::plan_id::PlanId;
use super::plan_reader::{DryRun, PlanReader, ReadPlan};
use super::planned_record::{KeptDetails, PlannedRecord};
use super::reading_error::ReadingError;
use super::records::Records;
use super::request_counter::RequestCounter;
use super::rules_digest::{check_carts, check_key, mapping_of, plan_settings};
use super::shrinkage::Shrinkage;
use super::{ConnectionSpec, Job};
use crate::domain::{LoadPath, PassedOver, Unplaced};
use crate::extract::{Export, ExportFile};
use crate::plan::{Assumptions, BatchCost, BatchTerms, Fingerprints, Forecast, PlanSummary};
use crate::state::{ORDER_BYTES, View};
use crate::transform::Rules;
use std::collections::BTreeMap;

/// What a run would do, without doing it: the dry run.
#[derive(Debug)]
pub struct Preview {
    pub job: String,
    pub id: PlanId,
    pub destination: Destination,
    pub files: Vec<ExportFile>,
    /// The rules in force.
    pub rules: Rules,
    pub summary: PlanSummary,
    pub forecast: Forecast,
    /// How the export shrank; usually empty.
    pub shrinkage: Vec<Shrinkage>,
    pub history: JobHistory,
    pub disk: DiskNeed,
    /// Rows of tables that were skipped because they are not rows of orders.
    pub passed_over: Vec<PassedOver>,
    /// Fields of the export that are not used for orders.
    pub unplaced: Vec<Unplaced>,
    /// The records that it would create, if ActiveCampaign is to be queried for them.
    pub to_create: Option<ToCreate>,
    /// The existing records, if ActiveCampaign was queried.
    pub existing: Option<Existing>,
}

/// The disk space that a plan needs for the state.
#[derive(Debug, Clone, Default)]
pub struct DiskNeed {
    /// Estimated space of the orders to create.
    pub bytes: u64,
    /// Free space; `None`: the system does not say.
    pub free_bytes: Option<u64>,
    /// Space that is kept free, see [`Job::state_free_min_bytes`].
    pub free_min_bytes: u64,
}

impl DiskNeed {
    /// Usable free space; `None`: the system does not say.
    pub fn usable_bytes(&self) -> Option<u64> {
        self.free_bytes.map(|free| free.saturating_sub(self.free_min_bytes))
    }

    /// No run would begin.
    pub fn is_below_floor(&self) -> bool {
        self.free_bytes.is_some_and(|free| free < self.free_min_bytes)
    }

    /// A run would stop before its end.
    pub fn is_too_much(&self) -> bool {
        self.usable_bytes().is_some_and(|usable| usable < self.bytes)
    }
}

/// The destination of a job's orders.
#[derive(Debug, Clone, Default)]
pub struct Destination {
    /// The API address of the account.
    pub account_url: String,
    pub service: String,
    pub externalid: String,
    /// The display name.
    pub name: String,
}

impl Destination {
    pub fn of(job: &Job) -> Self {
        let ConnectionSpec { service, externalid, name, .. } = job.connection.clone();
        Self { account_url: job.account_url.clone(), service, externalid, name }
    }

    /// The account without the scheme: `example.api-us1.com`.
    pub fn host(&self) -> &str {
        let url = self.account_url.as_str();
        url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/')
    }
}

/// Requests for a connection that the ledger does not know: looking it up, and then creating it or
/// checking whether it is empty.
const CONNECTING: u64 = 2;

/// Called for each record of a plan, in reading order and on another thread, so that a plan does
/// not wait for its output files.
pub struct OnRecord<'a> {
    pub keep: KeptDetails,
    pub each: &'a mut (dyn FnMut(PlannedRecord) + Send),
}

/// One job to plan. `view` and `assumptions` are those of its account.
pub struct PlanInput<'a> {
    pub job: &'a Job,
    pub export: &'a Export,
    pub view: View,
    pub assumptions: Assumptions,
    /// [`ask`](super::ask) comes after it.
    pub is_asked: bool,
}

/// Plans the jobs of one account in the sequence in which they run: later ones need not send what
/// earlier ones send.
#[derive(Debug, Default)]
pub struct AccountPlanner {
    /// Jobs that are still to be planned, by their connection.
    jobs_left: BTreeMap<ConnectionKey, usize>,
    /// Kept only where a later job shares the connection.
    counters: BTreeMap<ConnectionKey, RequestCounter>,
}

/// A dry run in progress.
pub(super) struct PlanInProgress<'a> {
    job: &'a Job,
    export: &'a Export,
    assumptions: Assumptions,
    pub reader: PlanReader,
    shrinkage: Vec<Shrinkage>,
    history: JobHistory,
    free_bytes: Option<u64>,
    /// Whether the connection needs no request.
    is_found: bool,
    /// `None`: each order has a separate request.
    batches: Option<BatchTerms>,
}

impl PlanInProgress<'_> {
    /// Plans every record: passes it to `look` first, on this thread, and then to `on_record`.
    pub(super) fn read_all(
        &mut self,
        on_record: Option<OnRecord<'_>>,
        mut look: impl FnMut(&PlannedRecord),
    ) -> Result<(), ReadingError> {
        let Some(OnRecord { keep, each }) = on_record else {
            for record in &mut self.reader {
                look(&record?);
            }
            return Ok(());
        };
        self.reader.keep(keep);
        with_consumer(each, |out| {
            for record in &mut self.reader {
                let record = record?;
                look(&record);
                if !out.send(record) {
                    break;
                }
            }
            Ok(())
        })?
    }
}

/// What identifies a connection at ActiveCampaign: its service and external id.
type ConnectionKey = (String, String);

/// Plans a job by itself, see [`AccountPlanner::preview`].
pub fn preview(
    job: &Job,
    export: &Export,
    view: View,
    allowed_per_second: f64,
) -> Result<Preview, ReadingError> {
    let assumptions = Assumptions::new(allowed_per_second, job.in_flight_max);
    let input = PlanInput { job, export, view, assumptions, is_asked: false };
    AccountPlanner::default().preview(input, None)
}

impl AccountPlanner {
    /// For these jobs, which are then planned in this sequence.
    pub fn of<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Self {
        let mut planner = Self::default();
        for job in jobs {
            *planner.jobs_left.entry(key_of(job)).or_default() += 1;
        }
        planner
    }

    /// Reads the whole export up to the decision on every record. Sends nothing, writes nothing.
    pub fn preview(
        &mut self,
        input: PlanInput<'_>,
        on_record: Option<OnRecord<'_>>,
    ) -> Result<Preview, ReadingError> {
        let mut plan = self.begin(input, |_| ChangeDetector::of_fields())?;
        plan.read_all(on_record, |_| {})?;
        Ok(self.end(plan))
    }

    pub(super) fn begin<'a>(
        &mut self,
        PlanInput { job, export, view, assumptions, is_asked }: PlanInput<'a>,
        detector: impl FnOnce(&mut Fingerprints) -> ChangeDetector,
    ) -> Result<PlanInProgress<'a>, ReadingError> {
        let spec = &job.connection;
        let mapping = mapping_of(job, export.files());
        check_key(&view, job, &mapping)?;
        check_carts(&view, job, &mapping)?;
        check_path(&view, job)?;
        let shrinkage = job.shrinkage(&view, export.files())?;
        let connection = view.connection(&spec.service, &spec.externalid)?.map(|(id, _)| id);
        let earlier = self.counters.remove(&key_of(job));
        let is_found = connection.is_some() || earlier.is_some();
        let mut fingerprints = Fingerprints::new(view.hash_key()?);
        let history = JobHistory::of(&view, job)?;
        let batches = match job.load {
            LoadPath::Rest => None,
            LoadPath::Bulk => Some(batch_terms(&view, job, connection)?),
        };
        let free_bytes = view.disk().and_then(|disk| disk.free_bytes);
        // If nothing was ever sent to the connection, nothing can have changed.
        let detector = connection.map(|_| detector(&mut fingerprints));
        let ledger = Ledger { view, connection, fingerprints, resumed: None };
        let records = Records::threaded(export.read(), job.rules.policy.order_key)?;
        let reader = PlanReader::new(records, job.rules.clone(), ledger)
            .for_dry_run(earlier.unwrap_or_default())
            .with_detector(detector)
            .collecting(is_asked.then(ToCreate::default));
        Ok(PlanInProgress {
            job,
            export,
            assumptions,
            reader,
            shrinkage,
            history,
            free_bytes,
            is_found,
            batches,
        })
    }

    /// Builds the preview once the export has been read completely.
    pub(super) fn end(&mut self, plan: PlanInProgress<'_>) -> Preview {
        let PlanInProgress { job, export, assumptions, reader, shrinkage, mut history, .. } = plan;
        let ReadPlan { summary, dry_run, to_create } = reader.end();
        let DryRun { counter, digest } = dry_run.unwrap_or_default();
        self.keep(job, counter);
        history.compare(&summary);
        let cost = match plan.batches {
            None => BatchCost { requests: summary.requests(), ..BatchCost::default() },
            Some(terms) => {
                summary.cost_in_batches(terms, |orders| job.bulk_sample.share_of(orders))
            }
        };
        let forecast = Forecast {
            requests: cost.requests,
            one_by_one: if plan.is_found { 0 } else { CONNECTING },
            in_turn: cost.in_turn,
            waits: cost.waits,
            unsure: summary.requests_unsure(),
            batch_max: plan.batches.map(|terms| terms.lengths.max),
            terms: assumptions,
        };
        Preview {
            job: job.name.clone(),
            id: digest.finish(&plan_settings(job, export.files()), history.written),
            disk: DiskNeed {
                bytes: summary.create.saturating_mul(ORDER_BYTES),
                free_bytes: plan.free_bytes,
                free_min_bytes: job.state_free_min_bytes,
            },
            destination: Destination::of(job),
            files: export.files().to_vec(),
            rules: job.rules.clone(),
            summary,
            forecast,
            shrinkage,
            history,
            passed_over: export.passed_over(),
            unplaced: export.unplaced(),
            to_create,
            existing: None,
        }
    }

    /// For the jobs after this one.
    fn keep(&mut self, job: &Job, counter: RequestCounter) {
        let key = key_of(job);
        let left = self.jobs_left.get(&key).copied().unwrap_or_default().saturating_sub(1);
        self.jobs_left.insert(key.clone(), left);
        if left > 0 {
            self.counters.insert(key, counter);
        }
    }
}

fn key_of(job: &Job) -> ConnectionKey {
    (job.connection.service.clone(), job.connection.externalid.clone())
}
