//! The accounts with jobs that have a schedule, as a daemon runs them.

use super::assembly::{self, Dates};
use super::error::CliError;
use super::exit::Exit;
use super::notices::Notices;
use super::pull;
use crate::activecampaign::SendGuard;
use crate::daemon::{AccountOpenError, AccountPlan, JobPlan, Open, PullOptions, VerifyPlan};
use crate::settings::{Account, FirstRun, Job, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The accounts with jobs that have a schedule.
pub(super) type Planned = BTreeMap<String, PlannedAccount>;

/// An account, and its jobs that have a schedule.
#[derive(Clone)]
pub(super) struct PlannedAccount {
    pub account: Account,
    pub jobs: Vec<JobPlan>,
    /// Of all that says when its jobs are due.
    pub schedules: blake3::Hash,
    state_dir: PathBuf,
    notices: Arc<Notices>,
}

/// What is opened for a run.
struct Opening {
    state_dir: PathBuf,
    account: Account,
    guard: Option<SendGuard>,
}

impl PlannedAccount {
    /// What the daemon runs. Of an account that is shared nothing can be opened without a guard.
    pub(super) fn plan(&self, guard: Option<SendGuard>) -> AccountPlan {
        let opening = Arc::new(Opening {
            state_dir: self.state_dir.clone(),
            account: self.account.clone(),
            guard,
        });
        AccountPlan {
            state_dir: self.state_dir.clone(),
            open: opener(&opening, assembly::open_guarded_account),
            open_store: opener(&opening, assembly::open_guarded_store),
            on_event: self.notices.on_event(&self.account.name),
            timeout: Duration::from_secs(self.account.timeout_s),
            jobs: self.jobs.clone(),
        }
    }
}

/// The jobs that have a schedule, by account.
pub(super) fn planned(settings: &Settings) -> Result<Planned, CliError> {
    let notices = Arc::new(Notices::of(settings)?);
    let mut planned = Planned::new();
    for job in settings.jobs.values() {
        let account = settings.account_of(job)?;
        let Some((plan, when)) = job_plan(settings, job, account)? else { continue };
        let entry = planned.entry(account.name.clone()).or_insert_with(|| PlannedAccount {
            account: within_lease(account, settings),
            jobs: Vec::new(),
            schedules: blake3::hash(&[]),
            state_dir: settings.state_dir.clone(),
            notices: Arc::clone(&notices),
        });
        // Most accounts have one, and a daemon has thousands of accounts.
        entry.jobs.reserve_exact(1);
        entry.jobs.push(plan);
        let all = [entry.schedules.as_bytes(), when.as_bytes()].concat();
        entry.schedules = blake3::hash(&all);
    }
    if planned.is_empty() {
        return Err(CliError::usage(format!(
            "{}: no job has a schedule, so there is nothing to run\n  hint: set one, such as schedule = \"15 2 * * *\" under [jobs.NAME]; `ordersync schedule` shows what it means",
            settings.file.display()
        )));
    }
    Ok(planned)
}

/// A job that has a schedule, and all that says when it is due.
fn job_plan(
    settings: &Settings,
    job: &Job,
    account: &Account,
) -> Result<Option<(JobPlan, String)>, CliError> {
    let calendar = assembly::calendar(job).map_err(CliError::usage)?;
    let verify = verify_plan(job)?;
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
    opening: &Arc<Opening>,
    open: fn(&Path, &Account, Option<SendGuard>) -> Result<T, CliError>,
) -> Open<T> {
    let opening = Arc::clone(opening);
    Arc::new(move || {
        let Opening { state_dir, account, guard } = &*opening;
        open(state_dir, account, guard.clone()).map_err(|error| match error.exit {
            Exit::Locked => AccountOpenError::Locked,
            _ => AccountOpenError::Failed(error.message),
        })
    })
}
