//! What a backfill shows before it asks for confirmation.

use super::error::CliError;
use super::options::Global;
use super::output;
use crate::extract::Export;
use crate::plan::{Assumptions, Forecast};
use crate::report::{self, OrdersLeft};
use crate::run::{
    AccountPlanner, Canary, Job, KeptDetails, OnRecord, OpenedAccount, PlanId, PlanInput,
    PlannedRecord, Preview, RunReport,
};
use crate::settings::Account;
use crate::state::View;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What a job's plan says before it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Preflight {
    /// Records of the export; `None` without a plan.
    pub records: Option<u64>,
    /// `None` without a plan.
    pub forecast: Option<Forecast>,
    /// `None` without a plan.
    pub left: Option<OrdersLeft>,
    /// `None` without a plan.
    pub id: Option<PlanId>,
    /// The approved plan that is loaded, where one was named.
    pub approved: Option<PlanId>,
    /// The keys of a canary's orders.
    pub canary: Option<Arc<BTreeSet<String>>>,
}

impl Preflight {
    /// Records and requests, unless only a part is sent.
    pub(super) fn planned(&self) -> Option<(u64, u64)> {
        let (records, forecast) = (self.records?, self.forecast?);
        self.canary.is_none().then(|| (records, forecast.total()))
    }
}

/// Results of the plans before the runs, by job; none for a job that was not planned.
#[derive(Default)]
pub(super) struct Plans {
    pub forecasts: BTreeMap<String, Forecast>,
    pub left: BTreeMap<String, OrdersLeft>,
    /// What the runs themselves send: a canary only its own orders.
    pub sent: BTreeMap<String, OrdersLeft>,
}

impl Plans {
    pub(super) fn left_after(&self, report: &RunReport) -> Option<OrdersLeft> {
        Some(self.left.get(&report.row.job)?.after(report))
    }
}

/// An account with the jobs to run, one after the other.
pub(super) struct PreparedAccount {
    pub account: Account,
    pub opened: OpenedAccount,
    pub jobs: Vec<PreparedJob>,
}

pub(super) struct PreparedJob {
    pub job: Job,
    pub export: Export,
    pub preflight: Preflight,
}

/// A job that is to be planned.
pub(super) struct Unplanned<'a> {
    pub account: &'a Account,
    pub view: View,
    pub job: &'a Job,
    pub export: &'a Export,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Orders of a canary.
    pub canary: Option<u64>,
    /// The run is stopped after this long.
    pub duration: Option<Duration>,
}

/// Plans a job after those before it of its account, shows the plan's summary, and selects the
/// orders of a canary. Nothing is sent if the export can't be read to its end.
pub(super) fn preflight(
    global: &Global,
    unplanned: Unplanned<'_>,
    planner: &mut AccountPlanner,
    limits: Limits,
) -> Result<Preflight, CliError> {
    let Unplanned { account, view, job, export } = unplanned;
    let wanted = limits.canary.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut choosing = wanted.map(Canary::new);
    let mut look = |record: PlannedRecord| {
        if let Some(choosing) = &mut choosing {
            choosing.take(&record);
        }
    };
    let on_record =
        wanted.is_some().then_some(OnRecord { keep: KeptDetails::default(), each: &mut look });
    let assumptions = Assumptions::new(account.requests_per_second, account.in_flight_max);
    let input = PlanInput { job, export, view, assumptions, is_asked: false };
    let planned = planner.preview(input, on_record).map_err(|error| {
        CliError::from(error)
            .map_message(|message| format!("{}: {message}\nnothing was sent", job.name))
    })?;
    let preflight = chosen(choosing.map(Canary::choose), &planned);
    if !global.quiet {
        let now = Timestamp::now().to_zoned(job.rules.zone.clone());
        output::note(report::plan_summary(&planned, &now).trim_end());
        if let (Some(forecast), Some(keys)) = (&preflight.forecast, &preflight.canary) {
            output::note(&format!("  {}", report::canary_forecast_text(forecast, keys.len())));
        } else if let Some(text) =
            limits.duration.and_then(|limit| report::runs_text(&planned.forecast, limit))
        {
            output::note(&format!("  {text}"));
        }
    }
    Ok(preflight)
}

/// A canary sends each of its orders, and at most one customer with it.
fn chosen(canary: Option<BTreeSet<String>>, planned: &Preview) -> Preflight {
    let mut forecast = planned.forecast;
    if let Some(keys) = &canary {
        forecast.requests = (keys.len() as u64).saturating_mul(2).min(forecast.requests);
    }
    Preflight {
        records: Some(planned.summary.read),
        id: Some(planned.id),
        approved: None,
        forecast: Some(forecast),
        left: Some(OrdersLeft::of_plan(&planned.summary)),
        canary: canary.map(Arc::new),
    }
}
