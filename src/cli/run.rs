use super::assembly::{self, Dates};
use super::canary::{self, CanaryReport};
use super::exit::{CliError, Exit};
use super::metrics_file::MetricsFile;
use super::preflight::{Preflight, confirm, preflight};
use super::progress::{Form, ProgressDisplay};
use super::signals::Interrupt;
use super::singer_state::{StateForwarder, take_output};
use super::{Global, output};
use crate::activecampaign::{Client, FatalError};
use crate::domain::Moment;
use crate::extract::Export;
use crate::plan::Forecast;
use crate::report;
use crate::run::{
    self, AccountPlanner, ConnectionError, Job, RunError, RunReport, Verification, execute,
};
use crate::settings::{Account, Settings};
use crate::state::{Kind, RunEnd, StateHandle};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long what is in flight may take once the end was asked for.
pub(super) const GRACE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Load this many orders of different kinds, read them back, and stop; the next backfill goes
    /// on from there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    canary: Option<u64>,
    /// Only orders placed on or after this day (2024-01-31, in the job's time zone)
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    from: Option<jiff::civil::Date>,
    /// Only orders placed before this day
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    to: Option<jiff::civil::Date>,
    /// Stop cleanly after this long (6h, 90m); the next backfill goes on from there
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_duration: Option<Duration>,
    /// Don't ask before the first write to an account
    #[arg(long)]
    yes: bool,
    /// How to show how it is getting on
    #[arg(long, value_name = "FORM", default_value = "auto")]
    progress: Form,
    /// Write metrics of the jobs to this file at the end, as node_exporter's textfile collector
    /// reads them
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Stop cleanly after this long (6h, 90m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_duration: Option<Duration>,
    /// How to show how it is getting on
    #[arg(long, value_name = "FORM", default_value = "auto")]
    progress: Form,
    /// Write metrics of the jobs to this file at the end, as node_exporter's textfile collector
    /// reads them
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
}

fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "expected a day such as 2024-01-31".to_owned())
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as 6h, 90m or 30s";
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| expected.to_owned())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| expected.to_owned())
}

/// What was asked for, in one form for both verbs.
struct Asked<'a> {
    kind: Kind,
    jobs: &'a [String],
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
    canary: Option<u64>,
    duration_max: Option<Duration>,
    is_sure: bool,
    progress: Form,
    metrics_file: Option<&'a Path>,
}

pub(super) fn backfill(global: &Global, args: &BackfillArgs) -> Result<Exit, CliError> {
    let BackfillArgs { jobs, canary, from, to, max_duration, yes, progress, metrics_file } = args;
    let (from, to, canary, duration_max) = (*from, *to, *canary, *max_duration);
    let (is_sure, progress, metrics_file) = (*yes, *progress, metrics_file.as_deref());
    let kind = Kind::Backfill;
    run(
        global,
        &Asked { kind, jobs, from, to, canary, duration_max, is_sure, progress, metrics_file },
    )
}

pub(super) fn sync(global: &Global, args: &SyncArgs) -> Result<Exit, CliError> {
    let SyncArgs { jobs, max_duration, progress, metrics_file } = args;
    let (from, to, canary, duration_max) = (None, None, None, *max_duration);
    let (is_sure, progress, metrics_file) = (true, *progress, metrics_file.as_deref());
    let kind = Kind::Sync;
    run(
        global,
        &Asked { kind, jobs, from, to, canary, duration_max, is_sure, progress, metrics_file },
    )
}

fn run(global: &Global, asked: &Asked<'_>) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let Some(path) = asked.metrics_file else { return carry_out(global, &settings, asked) };
    let chosen = settings.jobs_named(asked.jobs).map_err(CliError::usage)?;
    let jobs: Vec<_> = chosen.iter().map(|job| (job.name.clone(), job.account.clone())).collect();
    let file = MetricsFile::prepare(path)?;
    let result = carry_out(global, &settings, asked);
    // Also of a run that failed: who watches the file sees that no success was added.
    match (result, file.put(&settings.state_dir, &jobs)) {
        (result, Ok(())) => result,
        (Ok(exit), Err(error)) => {
            output::complain(&error.message);
            Ok(exit.worse(error.exit))
        }
        (Err(first), Err(error)) => {
            output::complain(&error.message);
            Err(first)
        }
    }
}

/// Everything that can fail without a request comes first: exports, tokens, locks.
fn carry_out(global: &Global, settings: &Settings, asked: &Asked<'_>) -> Result<Exit, CliError> {
    let accounts = gather(settings, asked)?;
    if asked.from.or(asked.to).is_some()
        && accounts.iter().flat_map(|(_, jobs)| jobs).any(|(_, export)| export.has_states())
    {
        return Err(CliError::usage(
            "--from and --to leave orders of the stream out, which its STATE messages would call done\n  hint: let the tap itself begin at a date",
        ));
    }
    let data =
        match take_output(accounts.iter().flat_map(|(_, jobs)| jobs).map(|(_, export)| export)) {
            true => output::print_aside,
            false => output::print,
        };
    let runtime = assembly::runtime()?;
    let mut workers = Vec::new();
    let named: Vec<&Account> = accounts.iter().map(|(account, _)| *account).collect();
    for (account, jobs) in accounts {
        let store = assembly::store(&settings.state_dir, account)?;
        let client = assembly::client(account, Some(store.lock()))?;
        let mut planning = AccountPlanner::of(jobs.iter().map(|(job, _)| job));
        let mut prepared = Vec::new();
        for (job, export) in jobs {
            let preflight = match asked.kind {
                Kind::Backfill => {
                    let limits = (asked.canary, asked.duration_max);
                    let work = (&job, &export, &mut planning);
                    preflight(global, (account, &settings.state_dir), work, limits)?
                }
                Kind::Sync => Preflight::default(),
            };
            prepared.push(PreparedJob { job, export, preflight });
        }
        let state = (account.name.clone(), settings.state_dir.clone());
        workers.push(Worker { client, handle: StateHandle::open(store)?, jobs: prepared, state });
    }
    if asked.kind == Kind::Backfill {
        confirm(&named, &settings.state_dir, asked.is_sure)?;
    }
    let planned = workers.iter().flat_map(|worker| &worker.jobs);
    let planned =
        planned.filter_map(|task| Some((task.job.name.clone(), task.preflight.forecast?)));
    let planned: Forecasts = planned.collect();
    let display = ProgressDisplay::new(asked.progress, global.quiet, planned.clone());
    let results = runtime.block_on(async {
        let interrupt = Interrupt::listen().map_err(CliError::failed)?;
        if let Some(limit) = asked.duration_max {
            let cancel = interrupt.cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(limit).await;
                tracing::info!("stopping: the time it was given is over");
                cancel.cancel();
            });
        }
        let results = run_all(workers, asked, &interrupt, display).await;
        Ok::<_, CliError>((results, interrupt.signal()))
    });
    let (results, signal) = results?;
    tell(global, &results, &planned, data);
    for job in &results.left {
        output::note(&format!("{job}: not begun"));
    }
    let mut exit = results
        .reports
        .iter()
        .fold(Exit::Done, |exit, report| exit.worse(Exit::of_run(report, signal)));
    if results.canaries.iter().any(|canary| canary.verification.differences_count() > 0) {
        exit = exit.worse(Exit::Differences);
    }
    if let (Some(signal), false) = (signal, results.left.is_empty()) {
        exit = exit.worse(Exit::Interrupted(signal));
    }
    match results.error {
        Some(error) => Err(error),
        None => Ok(exit),
    }
}

/// What was forecast of each job that was planned.
type Forecasts = BTreeMap<String, Forecast>;

/// An account with its jobs, and the exports they read.
type Work<'a> = (&'a Account, Vec<(Job, Export)>);

/// The jobs asked for with their exports, by account.
fn gather<'a>(settings: &'a Settings, asked: &Asked<'_>) -> Result<Vec<Work<'a>>, CliError> {
    if let (Some(from), Some(to)) = (asked.from, asked.to)
        && from >= to
    {
        return Err(CliError::usage(format!(
            "--from {from} is not before --to {to}, so no order is between them"
        )));
    }
    let chosen = settings.jobs_named(asked.jobs).map_err(CliError::usage)?;
    let mut jobs = Vec::new();
    for job in chosen {
        let account = settings.account_of(job).map_err(CliError::usage)?;
        let day = |date: Option<jiff::civil::Date>| {
            date.map(|date| {
                Moment::parse(&format!("{date} 00:00:00"), &job.time_zone).map_err(CliError::usage)
            })
            .transpose()
        };
        let dates = Dates { from: day(asked.from)?, to: day(asked.to)? };
        jobs.push((account, assembly::job(job, account, dates)));
    }
    let assembled: Vec<_> = jobs.iter().map(|(_, job)| job.clone()).collect();
    let exports = assembly::exports(&assembled)?;
    assembly::check_quiet(exports.iter())?;
    let mut by_account: BTreeMap<&str, Work<'_>> = BTreeMap::new();
    for ((account, job), export) in jobs.into_iter().zip(exports) {
        by_account
            .entry(&account.name)
            .or_insert_with(|| (account, Vec::new()))
            .1
            .push((job, export));
    }
    Ok(by_account.into_values().collect())
}

/// One account with its jobs: one client, one ledger.
struct Worker {
    client: Client,
    handle: StateHandle,
    jobs: Vec<PreparedJob>,
    /// The account's name, and the folder its state is in.
    state: (String, PathBuf),
}

/// A job to carry out.
struct PreparedJob {
    job: Job,
    export: Export,
    preflight: Preflight,
}

/// What came of the jobs of one account.
#[derive(Default)]
struct Results {
    reports: Vec<RunReport>,
    canaries: Vec<CanaryReport>,
    /// Jobs that were not begun, because the account could not be used any more.
    left: Vec<String>,
    error: Option<CliError>,
}

/// Accounts side by side, the jobs of one account one after the other. A fault of one account is no
/// other's.
async fn run_all(
    workers: Vec<Worker>,
    asked: &Asked<'_>,
    interrupt: &Interrupt,
    display: ProgressDisplay,
) -> Results {
    let display = Arc::new(display);
    let mut accounts = tokio::task::JoinSet::new();
    for worker in workers {
        let (interrupt, kind, display) = (interrupt.clone(), asked.kind, Arc::clone(&display));
        accounts.spawn(async move {
            let results = run_account(&worker, kind, &interrupt, &display).await;
            (worker, results)
        });
    }
    let mut all = Results::default();
    while let Some(done) = accounts.join_next().await {
        let (worker, mut results) = match done {
            Ok(done) => done,
            Err(error) => {
                all.error = all.error.or(Some(CliError::failed(error)));
                continue;
            }
        };
        if !interrupt.cancel.is_cancelled() {
            read_back(&worker, &mut results).await;
        }
        all.reports.extend(results.reports);
        all.canaries.extend(results.canaries);
        all.left.extend(results.left);
        all.error = all.error.or(results.error);
    }
    all.reports.sort_by(|a, b| a.row.job.cmp(&b.row.job));
    all
}

async fn run_account(
    worker: &Worker,
    kind: Kind,
    interrupt: &Interrupt,
    display: &ProgressDisplay,
) -> Results {
    let mut results = Results::default();
    for PreparedJob { job, export, preflight } in &worker.jobs {
        if interrupt.cancel.is_cancelled()
            || results.error.is_some()
            || results.reports.iter().any(ends_account)
        {
            results.left.push(job.name.clone());
            continue;
        }
        let passing = match StateForwarder::of(export) {
            Ok(passing) => passing,
            Err(error) => {
                results.error = Some(error);
                continue;
            }
        };
        let task = run::RunContext {
            job,
            kind,
            export,
            state: &worker.handle,
            client: &worker.client,
            cancel: interrupt.cancel.clone(),
            grace: GRACE,
            only: preflight.only.clone(),
            planned: preflight.planned(),
            progress: &|at| {
                display.show(at);
                passing.pass(at.settled);
            },
        };
        match execute(task).await {
            Ok(report) => {
                passing.pass(report.row.checkpoint);
                results.reports.push(report);
            }
            Err(error) => results.error = Some(error.into()),
        }
    }
    results
}

/// Looks at the orders of each canary that came to its end.
async fn read_back(worker: &Worker, results: &mut Results) {
    for PreparedJob { job, export, preflight } in &worker.jobs {
        let is_done = |report: &RunReport| {
            report.row.job == job.name
                && matches!(report.end, RunEnd::Finished | RunEnd::Interrupted)
        };
        let Some(keys) = preflight.canary.as_ref().filter(|_| results.reports.iter().any(is_done))
        else {
            continue;
        };
        let (account, state_dir) = &worker.state;
        match canary::look((job, export), (account, state_dir), &worker.client, keys).await {
            Ok(looked) => results.canaries.push(looked),
            Err(error) => results.error = Some(error),
        }
    }
}

/// Whether another job would find the account as this one did.
fn ends_account(report: &RunReport) -> bool {
    match &report.error {
        Some(RunError::Fatal(stop) | RunError::Connection(ConnectionError::Fatal(stop))) => {
            *stop != FatalError::ConnectionGone
        }
        Some(RunError::State(_) | RunError::Journal(_)) => true,
        _ => false,
    }
}

/// `data` writes what a program may read: to standard output, unless that belongs to something
/// else.
fn tell(global: &Global, results: &Results, planned: &Forecasts, data: fn(&str)) {
    let verified: Vec<Verification> =
        results.canaries.iter().map(|canary| canary.verification.clone()).collect();
    if global.json {
        let mut runs = report::runs_json(&results.reports);
        for (run, report) in runs["runs"].as_array_mut().into_iter().flatten().zip(&results.reports)
        {
            let forecast = planned.get(&report.row.job);
            run["forecast"] =
                forecast.map(|forecast| report::forecast_held_json(report, forecast)).into();
        }
        if !verified.is_empty() {
            runs["verifications"] = report::verification_json(&verified)["verifications"].take();
        }
        data(&output::json_text(&runs));
    }
    for report in &results.reports {
        if !global.json {
            let forecast = planned.get(&report.row.job).filter(|_| report.end == RunEnd::Finished);
            let held = forecast.map(|forecast| report::forecast_held_text(report, forecast));
            data(&format!("{}{}\n", report::run_text(report), held.unwrap_or_default()));
        }
        match &report.error {
            Some(RunError::Interrupted) => output::note(&format!(
                "{}: stopped with {} records not settled yet; running it again goes on from there",
                report.row.job, report.row.pending
            )),
            Some(error) => output::complain(&format!("{}: {error}", report.row.job)),
            None => {}
        }
        if report.row.counts.invalid + report.row.counts.refused > 0 {
            output::note(&format!(
                "{0}: `ordersync dead-letters list {0}` tells what was left out, and why",
                report.row.job
            ));
        }
    }
    for canary in results.canaries.iter().filter(|_| !global.json) {
        let of_job = |report: &&RunReport| report.row.job == canary.verification.job;
        let is_all = results
            .reports
            .iter()
            .find(of_job)
            .is_some_and(|report| report.end == RunEnd::Finished);
        data(&format!("{}\n", report::canary_text(&canary.verification, &canary.orders, is_all)));
    }
}
