//! `backfill` and `sync`.

use super::assembly;
use super::consent::can_ask;
use super::error::CliError;
use super::exit::{Exit, FailOn};
use super::load_jobs::{JobFailure, Results, load_all};
use super::load_output::print_results;
use super::metrics_file::MetricsFile;
use super::notices::Notices;
use super::options::{Global, parse_day, parse_duration};
use super::output;
use super::preflight::{Plans, PreparedAccount, PreparedJob};
use super::prepare::{LoadRequest, OrderLimits, prepare};
use super::progress::{ProgressDisplay, ProgressForm};
use super::pull::{BeforeLoad, pull_before_load, remove_replaced};
use super::signals::Interrupt;
use crate::report::OrdersLeft;
use crate::run::{PlanId, RunEvent};
use crate::settings::Settings;
use crate::state::Kind;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Load this many orders of different kinds, read them back, and stop; the next backfill
    /// loads the rest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    canary: Option<u64>,
    /// Only orders placed on or after this day (2024-01-31, in the job's time zone)
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    from: Option<jiff::civil::Date>,
    /// Only orders placed before this day
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    to: Option<jiff::civil::Date>,
    /// Stop cleanly after this long (6h, 90m); the next backfill continues
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_duration: Option<Duration>,
    /// Load exactly the plan with this id, which `ordersync plan` printed, or refuse; the job's
    /// shop is not pulled before
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "to"])]
    plan: Option<PlanId>,
    /// Answer yes to the question before the first write to an account, and to that after a canary
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    reporting: ReportingArgs,
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Stop cleanly after this long (6h, 90m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_duration: Option<Duration>,
    /// Answer yes to the question before the first write to an account
    #[arg(long)]
    yes: bool,
    /// Run as the daemon does: a job that was never loaded is loaded only with first_run = "load"
    #[arg(long)]
    scheduled: bool,
    #[command(flatten)]
    reporting: ReportingArgs,
}

#[derive(Debug, Args)]
struct ReportingArgs {
    /// The dead letters that make a finished run end with 3
    #[arg(long, value_name = "WHICH", default_value = "new")]
    fail_on: FailOn,
    /// How to show progress
    #[arg(long, value_name = "FORM", default_value = "auto")]
    progress: ProgressForm,
    /// Write metrics of the jobs to this file at the end, as node_exporter's textfile collector
    /// reads them
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
}

pub(super) fn backfill(global: &Global, args: &BackfillArgs) -> Result<Exit, CliError> {
    let request = LoadRequest {
        kind: if args.canary.is_some() { Kind::Canary } else { Kind::Backfill },
        jobs: &args.jobs,
        limits: OrderLimits { canary: args.canary, from: args.from, to: args.to },
        max_duration: args.max_duration,
        approved: args.plan,
        is_confirmed: args.yes,
        is_scheduled: false,
    };
    run(global, &request, &args.reporting)
}

pub(super) fn sync(global: &Global, args: &SyncArgs) -> Result<Exit, CliError> {
    let request = LoadRequest {
        kind: Kind::Sync,
        jobs: &args.jobs,
        limits: OrderLimits::default(),
        max_duration: args.max_duration,
        approved: None,
        is_confirmed: args.yes || args.scheduled,
        is_scheduled: args.scheduled,
    };
    run(global, &request, &args.reporting)
}

fn run(
    global: &Global,
    request: &LoadRequest<'_>,
    reporting: &ReportingArgs,
) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let Some(path) = &reporting.metrics_file else {
        return load(global, &settings, request, reporting);
    };
    let chosen = settings.jobs_named(request.jobs)?;
    let jobs: Vec<_> = chosen.iter().map(|job| (job.name.clone(), job.account.clone())).collect();
    let file = MetricsFile::prepare(path)?;
    let result = load(global, &settings, request, reporting);
    // Written after a failed run too, so that monitoring sees that no success was added.
    let Err(error) = file.put(&settings, &jobs) else { return result };
    output::report_error(&error.message);
    result.map(|exit| exit.worse(error.exit))
}

fn load(
    global: &Global,
    settings: &Settings,
    request: &LoadRequest<'_>,
    reporting: &ReportingArgs,
) -> Result<Exit, CliError> {
    let notices = Arc::new(Notices::of(settings)?);
    let before = match request.approved {
        // The approved plan is of what was pulled before it.
        Some(_) => BeforeLoad::of_what_is_there(settings, request.jobs)?,
        None => pull_before_load(settings, request.jobs)?,
    };
    let BeforeLoad { jobs, failed, exit } = before;
    for (job, error) in &failed {
        notify_of_no_run(settings, request.kind, std::slice::from_ref(job), &notices, error);
    }
    let request = &LoadRequest { jobs: &jobs, ..*request };
    let failures: Vec<JobFailure> =
        failed.into_iter().map(|(job, error)| JobFailure { job, error }).collect();
    let begun = if jobs.is_empty() && !failures.is_empty() {
        Err(None)
    } else {
        prepare(global, settings, request).map_err(|error| {
            notify_of_no_run(settings, request.kind, &jobs, &notices, &error);
            Some(error)
        })
    };
    let accounts = match begun {
        Ok(accounts) => accounts,
        Err(error) => {
            finish(notices);
            let pulls = failures.into_iter().map(|failure| failure.error);
            return CliError::all(pulls.chain(error).collect()).map(|()| exit);
        }
    };
    let prepared = || accounts.iter().flat_map(|account| &account.jobs);
    let plans = plans_of(prepared());
    let has_states = prepared().any(|prepared| prepared.export.has_states());
    // STATE messages of a Singer stream then have standard output to themselves.
    let print = if has_states { output::print_to_stderr } else { output::print };
    let display = ProgressDisplay::new(reporting.progress, global.quiet, &plans);
    let loading = load_until_stopped(accounts, request, display, &notices);
    let (mut results, signal) = assembly::runtime()?.block_on(loading)?;
    results.failures.extend(failures);
    print_results(global, &results, &plans, print);
    // What can't be removed stays until the next run.
    if let Err(error) = remove_replaced(settings, &jobs) {
        output::report_error(&error.message);
    }
    finish(notices);
    match results.error {
        Some(error) => Err(error),
        None => Ok(exit.worse(exit_of(&results, signal, reporting.fail_on))),
    }
}

/// What is known of the runs before they begin.
fn plans_of<'a>(prepared: impl Iterator<Item = &'a PreparedJob>) -> Plans {
    let mut plans = Plans::default();
    for PreparedJob { job, preflight, .. } in prepared {
        plans.forecasts.extend(preflight.forecast.map(|forecast| (job.name.clone(), forecast)));
        plans.left.extend(preflight.left.map(|left| (job.name.clone(), left)));
        let canary = preflight.canary.as_ref();
        let canary = canary.map(|keys| OrdersLeft { loaded: 0, to_go: keys.len() as u64 });
        plans.sent.extend(canary.or(preflight.left).map(|sent| (job.name.clone(), sent)));
    }
    plans
}

/// Loads the jobs until they end, or a signal or `--max-duration` stops them. Returns the signal
/// too.
async fn load_until_stopped(
    accounts: Vec<PreparedAccount>,
    request: &LoadRequest<'_>,
    display: ProgressDisplay,
    notices: &Arc<Notices>,
) -> Result<(Results, Option<u8>), CliError> {
    let interrupt = Interrupt::listen_in_foreground().map_err(CliError::failed)?;
    if let Some(limit) = request.max_duration {
        let cancel = interrupt.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            tracing::info!("stopping: --max-duration is over");
            cancel.cancel();
        });
    }
    let results = load_all(accounts, request.kind, &interrupt, display, notices).await;
    Ok((results, interrupt.signal()))
}

/// Sends notices about unattended syncs that could not begin.
fn notify_of_no_run(
    settings: &Settings,
    kind: Kind,
    jobs: &[String],
    notices: &Notices,
    error: &CliError,
) {
    let jobs = settings.jobs_named(jobs).unwrap_or_default();
    for job in jobs.iter().filter(|_| kind == Kind::Sync && !can_ask()) {
        notices.run(&job.account, &job.name, RunEvent::Failed(&error.message));
    }
}

/// Waits until the notices are delivered or given up.
fn finish(notices: Arc<Notices>) {
    if let Some(notices) = Arc::into_inner(notices) {
        notices.finish();
    }
}

fn exit_of(results: &Results, signal: Option<u8>, fail_on: FailOn) -> Exit {
    let runs = results.reports.iter().map(|report| Exit::of_run(report, signal, fail_on));
    let differs = results.canaries.iter().any(|canary| canary.verification.differences_count() > 0);
    let canaries = differs.then_some(Exit::Differences);
    let failed = results.failures.iter().map(|failure| failure.error.exit);
    let skipped = signal.filter(|_| !results.not_started.is_empty()).map(Exit::Interrupted);
    runs.chain(canaries).chain(failed).chain(skipped).fold(Exit::Done, Exit::worse)
}
