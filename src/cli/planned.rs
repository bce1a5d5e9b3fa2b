//! The accounts with jobs that have a schedule, as a daemon runs them.

use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::notices::Notices;
use super::pull;
use crate::activecampaign::SendGuard;
use crate::daemon::{AccountOpenError, AccountPlan, JobPlan, Open, PullOptions, VerifyPlan};
use crate::schedule::Schedules;
use crate::settings::{Account, FirstRun, Job, PackedAccount, Settings};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The accounts with jobs that have a schedule. There may be thousands, so that they are packed.
pub(super) struct Planned {
    accounts: BTreeMap<Box<str>, Packed>,
    notices: Arc<Notices>,
}

struct Packed {
    settings: PackedAccount,
    /// Of all that says when its jobs are due.
    #[cfg_attr(not(feature = "fleet"), expect(dead_code, reason = "only a fleet compares it"))]
    schedules: blake3::Hash,
}

/// An account, and its jobs that have a schedule.
pub(super) struct PlannedAccount {
    pub account: Account,
    pub jobs: Arc<[JobPlan]>,
    notices: Arc<Notices>,
}

/// What is opened for a run.
struct Opening {
    account: Account,
    notices: Arc<Notices>,
    guard: Option<SendGuard>,
}

impl PlannedAccount {
    /// What the daemon runs. Of an account that is shared nothing can be opened without a guard.
    pub(super) fn plan(self, guard: Option<SendGuard>) -> AccountPlan {
        let Self { account, jobs, notices } = self;
        let (timeout, is_shared) = (Duration::from_secs(account.timeout_s), account.is_shared);
        let (state_dir, on_event) = (notices.state_dir.clone(), notices.on_event(&account.name));
        let opening = Arc::new(Opening { account, notices, guard });
        AccountPlan {
            state_dir,
            is_shared,
            open: opener(&opening, assembly::open_guarded_account),
            open_store: opener(&opening, assembly::open_guarded_store),
            on_event,
            timeout,
            jobs,
        }
    }
}

impl Planned {
    /// # Errors
    /// If a schedule can't be read, or no job has one.
    pub(super) fn of(settings: &Settings) -> Result<Self, CliError> {
        let (mut schedules, mut accounts) = (Schedules::default(), BTreeMap::new());
        for account in settings.accounts.values() {
            let jobs: Vec<&Job> = settings.jobs_of(&account.name).collect();
            let plans = job_plans(account, &jobs, &mut schedules)?;
            if plans.is_empty() {
                continue;
            }
            let account = within_lease(account, settings);
            let settings = PackedAccount::pack(&account, &jobs).map_err(|error| {
                CliError::usage(format!(
                    "accounts.{}: its settings can't be kept: {error}\n  expected paths in UTF-8",
                    account.name
                ))
            })?;
            let packed = Packed { settings, schedules: digest_of(&jobs) };
            accounts.insert(account.name.into(), packed);
        }
        if accounts.is_empty() {
            return Err(CliError::usage(format!(
                "{}: no job has a schedule, so there is nothing to run\n  hint: set one, such as schedule = \"15 2 * * *\" under [jobs.NAME]; `ordersync schedule` shows what it means",
                settings.file.display()
            )));
        }
        Ok(Self { accounts, notices: Arc::new(Notices::of(settings)?) })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(|name| &**name)
    }

    /// Digest of all that says when the jobs of an account are due; `None` of an unknown account.
    #[cfg(feature = "fleet")]
    pub(super) fn schedules(&self, account: &str) -> Option<&blake3::Hash> {
        self.accounts.get(account).map(|packed| &packed.schedules)
    }

    /// `None` of an unknown account.
    pub(super) fn account(&self, name: &str, schedules: &mut Schedules) -> Option<PlannedAccount> {
        let (account, jobs) = self.accounts.get(name)?.settings.unpack()?;
        let jobs: Vec<&Job> = jobs.iter().collect();
        // They were read once, when the settings were.
        let jobs = job_plans(&account, &jobs, schedules).ok()?;
        Some(PlannedAccount { account, jobs: jobs.into(), notices: Arc::clone(&self.notices) })
    }

    /// The settings of each account, with all its jobs, in the order of their names.
    pub(super) fn settings(&self) -> impl Iterator<Item = (Account, Vec<Job>)> {
        self.accounts.values().filter_map(|packed| packed.settings.unpack())
    }

    /// All of them, in the order of their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = PlannedAccount> {
        let mut schedules = Schedules::default();
        self.names().filter_map(move |name| self.account(name, &mut schedules))
    }
}

/// The jobs of an account that have a schedule.
fn job_plans(
    account: &Account,
    jobs: &[&Job],
    schedules: &mut Schedules,
) -> Result<Vec<JobPlan>, CliError> {
    let plans = jobs.iter().map(|job| job_plan(job, account, jobs, schedules));
    plans.filter_map(Result::transpose).collect()
}

/// A job, if it has a schedule. `jobs`: all jobs of its account.
fn job_plan(
    job: &Job,
    account: &Account,
    jobs: &[&Job],
    schedules: &mut Schedules,
) -> Result<Option<JobPlan>, CliError> {
    let [calendar, verifies] = assembly::calendars(job, schedules).map_err(CliError::usage)?;
    let lines = assembly::verify_sample(job).map_err(CliError::usage)?;
    let verify = verifies.map(|calendar| Box::new(VerifyPlan { calendar, lines }));
    if calendar.is_none() && verify.is_none() {
        return Ok(None);
    }
    Ok(Some(JobPlan {
        calendar,
        verify,
        sharing: assembly::sharing(jobs.iter().copied(), job, account),
        loads_first: job.first_run == FirstRun::Load,
        pull: job.pull.is_some().then(|| pull_options(job.clone())),
        job: assembly::job(job, account),
    }))
}

/// Digest of all that says when these jobs are due.
fn digest_of(jobs: &[&Job]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for job in jobs.iter().filter(|job| job.is_scheduled()) {
        let (name, zone) = (&job.name, job.time_zone.iana_name());
        let when = (name, &job.schedule, &job.verify, job.jitter_s, zone);
        hasher.update(format!("{when:?}").as_bytes());
    }
    hasher.finalize()
}

/// No request to an account of a fleet takes longer than half of a lease.
fn within_lease(account: &Account, settings: &Settings) -> Account {
    let request_s = settings.fleet.as_ref().map_or(u64::MAX, |fleet| fleet.lease_s / 2);
    let mut account = account.clone();
    account.timeout_s = account.timeout_s.min(request_s);
    account
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
    opening: &Arc<Opening>,
    open: fn(&Path, &Account, Option<SendGuard>) -> Result<T, CliError>,
) -> Open<T> {
    let opening = Arc::clone(opening);
    Arc::new(move || {
        let Opening { account, notices, guard } = &*opening;
        let opened = open(&notices.state_dir, account, guard.clone());
        opened.map_err(|error| match error.exit {
            Exit::Locked => AccountOpenError::Locked,
            _ => AccountOpenError::Failed(error.message),
        })
    })
}
