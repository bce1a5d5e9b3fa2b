use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::{Global, parse_duration};
use super::planned::{Planned, PlannedAccount};
use super::signals::{Interrupt, hangups};
use super::status_server::StatusServer;
use super::systemd;
use crate::daemon::{Board, Daemon, JobPlan, Plan, Supervision};
use crate::report;
use crate::schedule::Calendar;
use crate::settings::Settings;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// On top of the grace, for what has to be written down after it.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// The same for a daemon of a fleet, which also copies its ledgers to the database.
const HAND_OVER_MAX: Duration = Duration::from_secs(60);
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
    let planned = Arc::new(Planned::of(&settings)?);
    if !has_tokens(&planned) {
        return Err(CliError::usage("no account has a token, so no job can run"));
    }
    allow_open_files();
    let runtime = assembly::runtime()?;
    let exit = runtime.block_on(serve(global, args.grace, settings, planned));
    // Whatever still blocks a thread is not waited for: its work is intended or settled, as after a
    // kill.
    runtime.shutdown_timeout(Duration::from_secs(1));
    exit
}

/// As many as the system lets this process have: each account that is worked on has about ten, and
/// many systems allow 1024 unless a process asks for more.
fn allow_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

async fn serve(
    global: &Global,
    grace: Duration,
    settings: Settings,
    planned: Arc<Planned>,
) -> Result<Exit, CliError> {
    let mut hangups = hangups().map_err(CliError::failed)?;
    let interrupt = Interrupt::listen().map_err(CliError::failed)?;
    let board = Board::default();
    let supervision = Supervision {
        clock: Arc::new(Timestamp::now),
        board: board.clone(),
        cancel: interrupt.cancel.clone(),
        grace,
    };
    let daemon = Daemon::new(supervision.clone());
    // The first request sees the jobs; and if it can't listen, no job was started.
    if settings.fleet.is_none() {
        daemon.announce(&plan_of(&planned));
    }
    let mut status_server = StatusServer::open(board.clone(), &settings, &planned).await?;
    let mut workers = Workers {
        daemon,
        #[cfg(feature = "fleet")]
        fleet: super::fleet::Fleet::join(&settings, &supervision).await?,
    };
    let in_force = of_fleet(&settings)?;
    let settle_max = if settings.fleet.is_some() { HAND_OVER_MAX } else { SETTLE_MAX };
    // The plan has what is needed of them.
    drop(settings);
    tracing::info!("daemon {} started: {}", env!("CARGO_PKG_VERSION"), summary(&planned));
    workers.follow(&planned);
    drop(planned);
    systemd::ready();
    let notifying = tokio::spawn(notify_systemd(board));
    let mut ended = Ok(());
    while !interrupt.cancel.is_cancelled() && ended.is_ok() {
        tokio::select! {
            () = interrupt.cancel.cancelled() => {}
            result = workers.ended() => ended = result,
            Some(()) = hangups.recv() => {
                reload(global, in_force, &mut workers, &mut status_server).await;
            }
        }
    }
    systemd::stopping();
    // An account's task that ended in a bug ends the daemon, so that its supervisor starts it
    // afresh.
    interrupt.cancel.cancel();
    let rest = tokio::time::timeout(grace + settle_max, workers.ended()).await;
    notifying.abort();
    match (ended, rest) {
        (Err(error), _) | (Ok(()), Ok(Err(error))) => Err(error),
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

/// Runs the accounts: as a daemon alone, or as one of a fleet.
struct Workers {
    daemon: Daemon,
    #[cfg(feature = "fleet")]
    fleet: Option<super::fleet::Fleet>,
}

impl Workers {
    fn follow(&mut self, planned: &Arc<Planned>) {
        #[cfg(feature = "fleet")]
        if let Some(fleet) = &self.fleet {
            return fleet.follow(planned);
        }
        self.daemon.follow(plan_of(planned));
    }

    /// Waits until all work has ended, which it does when it is cancelled, or in a bug.
    async fn ended(&mut self) -> Result<(), CliError> {
        #[cfg(feature = "fleet")]
        if let Some(fleet) = &mut self.fleet {
            return fleet.ended().await;
        }
        self.daemon.ended().await.map_err(CliError::failed)
    }
}

/// A faulty file changes nothing: what was in force stays in force.
async fn reload(
    global: &Global,
    in_force: Option<blake3::Hash>,
    workers: &mut Workers,
    status_server: &mut StatusServer,
) {
    systemd::reloading();
    match reloaded(global, in_force) {
        Ok((planned, settings)) => {
            has_tokens(&planned);
            tracing::info!("settings reloaded: {}", summary(&planned));
            status_server.follow(&settings, &planned).await;
            workers.follow(&planned);
        }
        Err(error) => {
            status_server.refused_settings();
            tracing::error!("the previous settings stay in effect: {}", error.message);
        }
    }
    systemd::ready();
}

fn reloaded(
    global: &Global,
    in_force: Option<blake3::Hash>,
) -> Result<(Arc<Planned>, Settings), CliError> {
    let settings = assembly::settings(global)?;
    if of_fleet(&settings)? != in_force {
        return Err(CliError::usage(format!(
            "{}: [fleet], the address that it names, or state.dir of a fleet is another, which takes a restart of the daemon",
            settings.file.display()
        )));
    }
    Ok((Arc::new(Planned::of(&settings)?), settings))
}

/// Digest of what the leases of a daemon in a fleet depend on; `None` of a daemon alone.
fn of_fleet(settings: &Settings) -> Result<Option<blake3::Hash>, CliError> {
    let Some(fleet) = &settings.fleet else { return Ok(None) };
    let (url, dir) = (fleet.url()?, settings.state_dir.as_os_str());
    let others = format!("{:?}", (fleet.lease_s, fleet.accounts_max, &fleet.ca_file, dir));
    let mut hasher = blake3::Hasher::new();
    hasher.update(others.as_bytes()).update(url.expose_secret().as_bytes());
    Ok(Some(hasher.finalize()))
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

fn plan_of(planned: &Planned) -> Plan {
    let plan =
        |planned: PlannedAccount| (planned.account.name.clone(), Arc::new(planned.plan(None)));
    planned.iter().map(plan).collect()
}

/// Whether any account has its token. One without does not keep the others from working; it is told
/// now, not only at night.
fn has_tokens(planned: &Planned) -> bool {
    let mut has_any = false;
    for (account, _) in planned.settings() {
        match account.token() {
            Ok(_) => has_any = true,
            Err(error) => tracing::error!("{error}"),
        }
    }
    has_any
}

/// More jobs than this are counted, not listed.
const LISTED_MAX: usize = 50;

/// Each job with its next start.
fn summary(planned: &Planned) -> String {
    let now = Timestamp::now();
    let counts = planned.iter().map(|account| account.jobs.len());
    let (accounts, count) =
        counts.fold((0, 0), |(accounts, all), of_one| (accounts + 1, all + of_one));
    if count > LISTED_MAX {
        return format!("{count} jobs of {accounts} accounts have a schedule");
    }
    let jobs: Vec<JobPlan> = planned.iter().flat_map(|account| account.jobs.to_vec()).collect();
    let start = |calendar: &Calendar| {
        let start = calendar.start_after(now).map(|at| at.to_zoned(calendar.zone().clone()));
        start.map_or("never".to_owned(), |at| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let starts = jobs.iter().flat_map(|job| {
        let name = &job.job.name;
        let runs = job.calendar.as_ref().map(|at| format!("{name} next at {}", start(at)));
        let verify = job.verify.as_ref().map(|by| &by.calendar);
        let verifies = verify.map(|at| format!("verification of {name} next at {}", start(at)));
        runs.into_iter().chain(verifies)
    });
    starts.collect::<Vec<_>>().join(", ")
}
