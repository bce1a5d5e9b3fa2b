use super::assembly::{self, Dates};
use super::error::CliError;
use super::exit::Exit;
use super::notices::Notices;
use super::options::{Global, parse_duration};
use super::pull;
use super::signals::{Interrupt, hangups};
use super::status_server::StatusServer;
use super::systemd;
use crate::daemon::{
    AccountOpenError, AccountPlan, Board, Daemon, JobPlan, Open, Plan, PullOptions, VerifyPlan,
};
use crate::report;
use crate::schedule::Calendar;
use crate::settings::{Account, FirstRun, Job, Settings};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// On top of the grace, for what has to be written down after it.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// How often systemd is notified.
const TELL_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct DaemonArgs {
    /// How long requests in flight may take after a stop signal
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "30s")]
    grace: Duration,
}

/// Everything that can fail without a request comes first: settings, schedules, tokens.
pub(super) fn run(global: &Global, args: &DaemonArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let plan = plan_of(&settings)?;
    if !has_tokens(&settings, &plan) {
        return Err(CliError::usage("no account has a token, so no job can run"));
    }
    let runtime = assembly::runtime()?;
    let exit = runtime.block_on(serve(global, args.grace, (settings, plan)));
    // Whatever still blocks a thread is not waited for: its work is intended or settled, as after a
    // kill.
    runtime.shutdown_timeout(Duration::from_secs(1));
    exit
}

async fn serve(
    global: &Global,
    grace: Duration,
    (settings, plan): (Settings, Plan),
) -> Result<Exit, CliError> {
    let mut hangups = hangups().map_err(CliError::failed)?;
    let interrupt = Interrupt::listen().map_err(CliError::failed)?;
    let board = Board::default();
    let clock = Arc::new(Timestamp::now);
    let mut daemon = Daemon::new(clock, board.clone(), interrupt.cancel.clone(), grace);
    // Who asks at once sees the jobs; and where it can't listen, none was started.
    daemon.announce(&plan);
    let mut status_server = StatusServer::open(board.clone(), &settings, &plan).await?;
    // The plan has what is needed of them.
    drop(settings);
    tracing::info!("daemon {} started: {}", env!("CARGO_PKG_VERSION"), summary(&plan));
    daemon.follow(plan);
    systemd::ready();
    let notifying = tokio::spawn(notify_systemd(board));
    let mut ended = Ok(());
    while !interrupt.cancel.is_cancelled() && ended.is_ok() {
        tokio::select! {
            () = interrupt.cancel.cancelled() => {}
            result = daemon.ended() => ended = result,
            Some(()) = hangups.recv() => reload(global, &mut daemon, &mut status_server).await,
        }
    }
    systemd::stopping();
    // An account's task that ended in a bug ends the daemon, so that its supervisor starts it
    // afresh.
    interrupt.cancel.cancel();
    let rest = tokio::time::timeout(grace + SETTLE_MAX, daemon.ended()).await;
    notifying.abort();
    match (ended, rest) {
        (Err(error), _) | (Ok(()), Ok(Err(error))) => Err(CliError::failed(error)),
        (Ok(()), Ok(Ok(()))) => {
            tracing::info!("daemon stopped");
            Ok(Exit::Done)
        }
        (Ok(()), Err(_)) => {
            tracing::warn!(
                "daemon stopped; requests that did not finish in time are looked up by the next run"
            );
            Ok(Exit::Done)
        }
    }
}

/// A faulty file changes nothing: what was in force stays in force.
async fn reload(global: &Global, daemon: &mut Daemon, status_server: &mut StatusServer) {
    systemd::reloading();
    match assembly::settings(global).and_then(|settings| Ok((plan_of(&settings)?, settings))) {
        Ok((plan, settings)) => {
            has_tokens(&settings, &plan);
            tracing::info!("settings reloaded: {}", summary(&plan));
            status_server.follow(&settings, &plan).await;
            daemon.follow(plan);
        }
        Err(error) => {
            status_server.refused_settings();
            tracing::error!("the previous settings stay in effect: {}", error.message);
        }
    }
    systemd::ready();
}

/// Keeps systemd informed of the status, and that the daemon is alive.
async fn notify_systemd(board: Board) {
    let (zone, watchdog) = (TimeZone::system(), systemd::watchdog());
    // Twice within the time, as a busy host may be late.
    let every = watchdog.map_or(TELL_EVERY, |within| (within / 2).min(TELL_EVERY));
    let mut last = String::new();
    loop {
        let line = report::status_line(&board.view(), Timestamp::now(), &zone);
        if line != last {
            systemd::status(&line);
            last = line;
        }
        // Read in any case: probes rely on regular checks.
        if board.is_alive() && watchdog.is_some() {
            systemd::alive();
        }
        tokio::time::sleep(every).await;
    }
}

/// The jobs that have a schedule, by account.
fn plan_of(settings: &Settings) -> Result<Plan, CliError> {
    let notices = Arc::new(Notices::of(settings)?);
    let mut jobs: BTreeMap<&str, (&Account, Vec<JobPlan>)> = BTreeMap::new();
    for job in settings.jobs.values() {
        let account = settings.account_of(job)?;
        let calendar = assembly::calendar(job).map_err(CliError::usage)?;
        let verify = verify_plan(job)?;
        if calendar.is_none() && verify.is_none() {
            continue;
        }
        let sharing = assembly::sharing(settings, job, account);
        let loads_first = job.first_run == FirstRun::Load;
        let pull = job.pull.is_some().then(|| pull_options(job.clone()));
        let job = assembly::job(job, account, Dates::default());
        let planned = JobPlan { job, pull, calendar, verify, sharing, loads_first };
        jobs.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push(planned);
    }
    if jobs.is_empty() {
        return Err(CliError::usage(format!(
            "{}: no job has a schedule, so there is nothing to run\n  hint: set one, such as schedule = \"15 2 * * *\" under [jobs.NAME]; `ordersync schedule` shows what it means",
            settings.file.display()
        )));
    }
    let plan = |(name, (account, jobs)): (&str, (&Account, Vec<JobPlan>))| {
        let shared = Arc::new((settings.state_dir.clone(), account.clone()));
        let plan = AccountPlan {
            state_dir: settings.state_dir.clone(),
            open: opener(&shared, assembly::open_account),
            open_store: opener(&shared, assembly::open_store),
            on_event: notices.on_event(&account.name),
            timeout: Duration::from_secs(account.timeout_s),
            jobs,
        };
        (name.to_owned(), Arc::new(plan))
    };
    Ok(jobs.into_iter().map(plan).collect())
}

/// When a job is verified, and how deep.
fn verify_plan(job: &Job) -> Result<Option<VerifyPlan>, CliError> {
    let calendar = assembly::verify_calendar(job).map_err(CliError::usage)?;
    let lines = assembly::verify_sample(job).map_err(CliError::usage)?;
    Ok(calendar.map(|calendar| VerifyPlan { calendar, lines }))
}

/// The key is read each time, so that a new one needs no reload.
fn pull_options(job: Job) -> PullOptions {
    Arc::new(move || match &job.pull {
        Some(pull) => pull::options_of(&job, pull).map_err(|error| error.message),
        None => Err(format!("jobs.{} has no pull", job.name)),
    })
}

/// The token is read each time, so that a new one needs no reload.
fn opener<T: 'static>(
    shared: &Arc<(PathBuf, Account)>,
    open: fn(&Path, &Account) -> Result<T, CliError>,
) -> Open<T> {
    let shared = Arc::clone(shared);
    Arc::new(move || {
        let (state_dir, account) = &*shared;
        open(state_dir, account).map_err(|error| match error.exit {
            Exit::Locked => AccountOpenError::Locked,
            _ => AccountOpenError::Failed(error.message),
        })
    })
}

/// Whether any account has its token. One without does not keep the others from working; it is told
/// now, not only at night.
fn has_tokens(settings: &Settings, plan: &Plan) -> bool {
    let accounts = plan.keys().filter_map(|name| settings.accounts.get(name));
    let faults: Vec<_> = accounts.filter_map(|account| account.token().err()).collect();
    for error in &faults {
        tracing::error!("{error}");
    }
    faults.len() < plan.len()
}

/// More jobs than this are counted, not listed.
const LISTED_MAX: usize = 50;

/// Each job with its next start.
fn summary(plan: &Plan) -> String {
    let now = Timestamp::now();
    let count: usize = plan.values().map(|account| account.jobs.len()).sum();
    if count > LISTED_MAX {
        return format!("{count} jobs of {} accounts have a schedule", plan.len());
    }
    let jobs = plan.values().flat_map(|account| &account.jobs);
    let start = |calendar: &Calendar| {
        let start = calendar.start_after(now).map(|at| at.to_zoned(calendar.zone().clone()));
        start.map_or("never".to_owned(), |at| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let starts = jobs.flat_map(|job| {
        let name = &job.job.name;
        let runs = job.calendar.as_ref().map(|at| format!("{name} next at {}", start(at)));
        let verify = job.verify.as_ref().map(|by| &by.calendar);
        let verifies = verify.map(|at| format!("verification of {name} next at {}", start(at)));
        runs.into_iter().chain(verifies)
    });
    starts.collect::<Vec<_>>().join(", ")
}
