//! The accounts with jobs that have a schedule, as a daemon runs them.

use super::assembly::{self, Dates};
use super::error::CliError;
use super::exit::Exit;
use super::notices::Notices;
use super::pull;
use crate::activecampaign::SendGuard;
use crate::daemon::{AccountOpenError, AccountPlan, JobPlan, Open, PullOptions, VerifyPlan};
use crate::schedule::Schedules;
use crate::settings::{Account, FirstRun, Job, Settings};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The accounts with jobs that have a schedule.
pub(super) type Planned = BTreeMap<String, Arc<PlannedAccount>>;

/// An account, and its jobs that have a schedule. Held once, as a daemon has thousands.
pub(super) struct PlannedAccount {
    pub account: Account,
    pub jobs: Arc<[JobPlan]>,
    /// Of all that says when its jobs are due.
    #[cfg_attr(not(feature = "fleet"), expect(dead_code, reason = "only a fleet compares it"))]
    pub schedules: blake3::Hash,
    notices: Arc<Notices>,
}

/// What is opened for a run.
struct Opening {
    planned: Arc<PlannedAccount>,
    guard: Option<SendGuard>,
}

impl PlannedAccount {
    /// What the daemon runs. Of an account that is shared nothing can be opened without a guard.
    pub(super) fn plan(self: &Arc<Self>, guard: Option<SendGuard>) -> AccountPlan {
        let opening = Arc::new(Opening { planned: Arc::clone(self), guard });
        AccountPlan {
            state_dir: self.notices.state_dir.clone(),
            is_shared: self.account.is_shared,
            open: opener(&opening, assembly::open_guarded_account),
            open_store: opener(&opening, assembly::open_guarded_store),
            on_event: self.notices.on_event(&self.account.name),
            timeout: Duration::from_secs(self.account.timeout_s),
            jobs: Arc::clone(&self.jobs),
        }
    }
}

/// The jobs that have a schedule, by account.
pub(super) fn planned(settings: &Settings) -> Result<Planned, CliError> {
    let notices = Arc::new(Notices::of(settings)?);
    let mut schedules = Schedules::default();
    let mut accounts = BTreeMap::new();
    for job in settings.jobs.values() {
        let account = settings.account_of(job)?;
        let Some((plan, when)) = job_plan(settings, job, account, &mut schedules)? else {
            continue;
        };
        let (_, jobs, digest) = accounts
            .entry(account.name.clone())
            .or_insert_with(|| (account, Vec::new(), blake3::hash(&[])));
        jobs.push(plan);
        *digest = blake3::hash(&[digest.as_bytes(), when.as_bytes()].concat());
    }
    if accounts.is_empty() {
        return Err(CliError::usage(format!(
            "{}: no job has a schedule, so there is nothing to run\n  hint: set one, such as schedule = \"15 2 * * *\" under [jobs.NAME]; `ordersync schedule` shows what it means",
            settings.file.display()
        )));
    }
    let planned = |(account, jobs, schedules): (&Account, Vec<_>, _)| PlannedAccount {
        account: within_lease(account, settings),
        jobs: jobs.into(),
        schedules,
        notices: Arc::clone(&notices),
    };
    Ok(accounts.into_iter().map(|(name, account)| (name, Arc::new(planned(account)))).collect())
}

/// A job that has a schedule, and all that says when it is due.
fn job_plan(
    settings: &Settings,
    job: &Job,
    account: &Account,
    schedules: &mut Schedules,
) -> Result<Option<(JobPlan, String)>, CliError> {
    let calendar = assembly::calendar(job, schedules).map_err(CliError::usage)?;
    let verify = verify_plan(job, schedules)?;
    if calendar.is_none() && verify.is_none() {
        return Ok(None);
    }
    let when = format!(
        "{}\n{:?}\n{:?}\n{:?}\n{:?}\n",
        job.name,
        job.schedule,
        job.verify,
        job.jitter_s,
        job.time_zone.iana_name()
    );
    let plan = JobPlan {
        calendar,
        verify,
        sharing: assembly::sharing(settings, job, account),
        loads_first: job.first_run == FirstRun::Load,
        pull: job.pull.is_some().then(|| pull_options(job.clone())),
        job: assembly::job(job, account, Dates::default()),
    };
    Ok(Some((plan, when)))
}

/// No request to an account of a fleet takes longer than half of a lease.
fn within_lease(account: &Account, settings: &Settings) -> Account {
    let request_s = settings.fleet.as_ref().map_or(u64::MAX, |fleet| fleet.lease_s / 2);
    let mut account = account.clone();
    account.timeout_s = account.timeout_s.min(request_s);
    account
}

/// When a job is verified, and how deep.
fn verify_plan(job: &Job, schedules: &mut Schedules) -> Result<Option<Box<VerifyPlan>>, CliError> {
    let calendar = assembly::verify_calendar(job, schedules).map_err(CliError::usage)?;
    let lines = assembly::verify_sample(job).map_err(CliError::usage)?;
    Ok(calendar.map(|calendar| Box::new(VerifyPlan { calendar, lines })))
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
        let PlannedAccount { account, notices, .. } = &*opening.planned;
        let opened = open(&notices.state_dir, account, opening.guard.clone());
        opened.map_err(|error| match error.exit {
            Exit::Locked => AccountOpenError::Locked,
            _ => AccountOpenError::Failed(error.message),
        })
    })
}
