use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::signals::Interrupt;
use super::{Global, output};
use crate::activecampaign::{Client, Stop};
use crate::domain::Moment;
use crate::extract::Export;
use crate::report;
use crate::run::{Books, ConnectionError, Job, Progress, RunError, RunReport, Task, execute};
use crate::settings::{Account, Settings};
use crate::state::{Kind, Store};
use clap::Args;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long what is in flight may take once the end was asked for.
pub(super) const GRACE: Duration = Duration::from_secs(30);
/// Between two lines on how it is getting on.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Load this many orders, then stop; the next backfill goes on from there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
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
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// Jobs to load [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Stop cleanly after this long (6h, 90m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_duration: Option<Duration>,
}

fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "expected a day such as 2024-01-31".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as 6h, 90m or 30s";
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| expected.to_owned())?;
    Duration::try_from(parsed).ok().filter(|time| !time.is_zero()).ok_or_else(|| expected.to_owned())
}

/// What was asked for, in one form for both verbs.
struct Asked<'a> {
    kind: Kind,
    jobs: &'a [String],
    from: Option<jiff::civil::Date>,
    to: Option<jiff::civil::Date>,
    sends_max: Option<u64>,
    duration_max: Option<Duration>,
}

pub(super) fn backfill(global: &Global, args: &BackfillArgs) -> Result<Exit, Fault> {
    let BackfillArgs { jobs, canary, from, to, max_duration } = args;
    let (from, to) = (*from, *to);
    run(
        global,
        &Asked { kind: Kind::Backfill, jobs, from, to, sends_max: *canary, duration_max: *max_duration },
    )
}

pub(super) fn sync(global: &Global, args: &SyncArgs) -> Result<Exit, Fault> {
    let SyncArgs { jobs, max_duration } = args;
    run(
        global,
        &Asked { kind: Kind::Sync, jobs, from: None, to: None, sends_max: None, duration_max: *max_duration },
    )
}

/// Everything that can fail without a request comes first: settings, exports, tokens, locks.
fn run(global: &Global, asked: &Asked<'_>) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let accounts = gather(&settings, asked)?;
    let runtime = assembly::runtime()?;
    let mut workers = Vec::new();
    for (account, jobs) in accounts {
        let store = Store::open(&settings.state_dir, &account.name)?;
        let client = assembly::client(account, Some(store.lock()))?;
        workers.push(Worker { client, books: Books::open(store)?, jobs });
    }
    let results = runtime.block_on(async {
        let interrupt = Interrupt::listen().map_err(Fault::failed)?;
        if let Some(limit) = asked.duration_max {
            let cancel = interrupt.cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(limit).await;
                tracing::info!("stopping: the time it was given is over");
                cancel.cancel();
            });
        }
        let results = run_all(workers, asked, &interrupt, global.quiet).await;
        Ok::<_, Fault>((results, interrupt.signal()))
    });
    let (results, signal) = results?;
    tell(global, &results.reports);
    for job in &results.left {
        output::note(&format!("{job}: not begun"));
    }
    let mut exit =
        results.reports.iter().fold(Exit::Done, |exit, report| exit.worse(Exit::of_run(report, signal)));
    if let (Some(signal), false) = (signal, results.left.is_empty()) {
        exit = exit.worse(Exit::Interrupted(signal));
    }
    match results.fault {
        Some(fault) => Err(fault),
        None => Ok(exit),
    }
}

/// An account with its jobs, and the exports they read.
type Work<'a> = (&'a Account, Vec<(Job, Export)>);

/// The jobs asked for with their exports, by account.
fn gather<'a>(settings: &'a Settings, asked: &Asked<'_>) -> Result<Vec<Work<'a>>, Fault> {
    if let (Some(from), Some(to)) = (asked.from, asked.to)
        && from >= to
    {
        return Err(Fault::usage(format!(
            "--from {from} is not before --to {to}, so no order is between them"
        )));
    }
    let chosen = settings.jobs_named(asked.jobs).map_err(Fault::usage)?;
    let mut jobs = Vec::new();
    for job in chosen {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        let day = |date: Option<jiff::civil::Date>| {
            date.map(|date| Moment::parse(&format!("{date} 00:00:00"), &job.time_zone).map_err(Fault::usage))
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
        by_account.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push((job, export));
    }
    Ok(by_account.into_values().collect())
}

/// One account with its jobs: one client, one ledger.
struct Worker {
    client: Client,
    books: Books,
    jobs: Vec<(Job, Export)>,
}

/// What came of the jobs of one account.
#[derive(Default)]
struct Results {
    reports: Vec<RunReport>,
    /// Jobs that were not begun, because the account could not be used any more.
    left: Vec<String>,
    fault: Option<Fault>,
}

/// Accounts side by side, the jobs of one account one after the other. A fault of one account is no other's.
async fn run_all(workers: Vec<Worker>, asked: &Asked<'_>, interrupt: &Interrupt, quiet: bool) -> Results {
    let mut accounts = tokio::task::JoinSet::new();
    for worker in workers {
        let (interrupt, kind, sends_max) = (interrupt.clone(), asked.kind, asked.sends_max);
        accounts.spawn(async move { run_account(&worker, kind, sends_max, &interrupt, quiet).await });
    }
    let mut all = Results::default();
    while let Some(done) = accounts.join_next().await {
        let Results { reports, left, fault } =
            done.unwrap_or_else(|error| Results { fault: Some(Fault::failed(error)), ..Results::default() });
        all.reports.extend(reports);
        all.left.extend(left);
        all.fault = all.fault.or(fault);
    }
    all.reports.sort_by(|a, b| a.row.job.cmp(&b.row.job));
    all
}

async fn run_account(
    worker: &Worker,
    kind: Kind,
    sends_max: Option<u64>,
    interrupt: &Interrupt,
    quiet: bool,
) -> Results {
    let mut results = Results::default();
    let progress = ProgressLine::new(quiet);
    for (job, export) in &worker.jobs {
        if interrupt.cancel.is_cancelled()
            || results.fault.is_some()
            || results.reports.iter().any(ends_account)
        {
            results.left.push(job.name.clone());
            continue;
        }
        let task = Task {
            job,
            kind,
            export,
            books: &worker.books,
            client: &worker.client,
            cancel: interrupt.cancel.clone(),
            grace: GRACE,
            sends_max,
            progress: &|at| progress.tell(at),
        };
        match execute(task).await {
            Ok(report) => results.reports.push(report),
            Err(error) => results.fault = Some(error.into()),
        }
    }
    results
}

/// Whether another job would find the account as this one did.
fn ends_account(report: &RunReport) -> bool {
    match &report.error {
        Some(RunError::Stop(stop) | RunError::Connection(ConnectionError::Stop(stop))) => {
            *stop != Stop::ConnectionGone
        }
        Some(RunError::State(_) | RunError::Journal(_)) => true,
        _ => false,
    }
}

/// A line on standard error now and then.
pub(super) struct ProgressLine {
    last: Mutex<Instant>,
    quiet: bool,
}

impl ProgressLine {
    pub(super) fn new(quiet: bool) -> Self {
        Self { last: Mutex::new(Instant::now()), quiet }
    }

    pub(super) fn tell(&self, at: &Progress) {
        let Ok(mut last) = self.last.lock() else { return };
        if !self.quiet && last.elapsed() >= PROGRESS_EVERY {
            *last = Instant::now();
            output::note(&report::progress_line(at));
        }
    }
}

fn tell(global: &Global, reports: &[RunReport]) {
    if global.json {
        output::print_json(&report::runs_json(reports));
    }
    for report in reports {
        if !global.json {
            output::print(&format!("{}\n", report::run_text(report)));
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
}
