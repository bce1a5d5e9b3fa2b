//! Everything that must succeed before the first request of a backfill or sync: exports, tokens,
//! locks.

use super::assembly;
use super::error::CliError;
use super::fault::Fault;
use super::first_write::{confirm, is_to_be_created_again};
use super::options::Global;
use super::preflight::{Limits, Preflight, PreparedAccount, PreparedJob, Unplanned, preflight};
use crate::domain::Moment;
use crate::extract::Export;
use crate::run::{
    AccountPlanner, ConnectionSpec, Job, NotApproved, PlanId, check_approved, never_loaded,
};
use crate::settings::{self, Account, FirstRun, Settings};
use crate::state::{Kind, StateHandle};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::time::Duration;

/// A backfill or sync as it was asked for.
pub(super) struct LoadRequest<'a> {
    pub kind: Kind,
    pub jobs: &'a [String],
    pub limits: OrderLimits,
    pub max_duration: Option<Duration>,
    /// Only this plan is loaded.
    pub approved: Option<PlanId>,
    /// The first write to an account was confirmed with `--yes`.
    pub is_confirmed: bool,
    /// It was started by a schedule, unattended.
    pub is_scheduled: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OrderLimits {
    pub canary: Option<u64>,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

pub(super) fn prepare(
    global: &Global,
    settings: &Settings,
    request: &LoadRequest<'_>,
) -> Result<Vec<PreparedAccount>, CliError> {
    let chosen = gather(settings, request)?;
    let limits = Limits { canary: request.limits.canary, duration: request.max_duration };
    let mut prepared = Vec::new();
    let mut given_up = Vec::new();
    for (account, jobs) in chosen {
        let opened = assembly::open_account(&settings.state_dir, account)?;
        let mut planner = AccountPlanner::of(jobs.iter().map(|(job, _)| job));
        let mut prepared_jobs = Vec::new();
        for (job, export) in jobs {
            if request.is_scheduled {
                check_first_run(settings, account, &job)?;
            }
            let preflight = match request.kind {
                Kind::Backfill | Kind::Canary => {
                    let view = assembly::view(&settings.state_dir, account)?;
                    if is_to_be_created_again(&view, &job, request.is_confirmed)? {
                        given_up.push((opened.state.clone(), job.connection.clone()));
                    }
                    let unplanned = Unplanned { account, view, job: &job, export: &export };
                    let mut preflight = preflight(global, unplanned, &mut planner, limits)?;
                    if let (Some(approved), Some(now)) = (request.approved, preflight.id) {
                        let view = assembly::view(&settings.state_dir, account)?;
                        check_approved(&view, &job.name, approved, now)?.map_err(not_approved)?;
                        preflight.approved = Some(approved);
                    }
                    preflight
                }
                Kind::Sync => Preflight::default(),
            };
            prepared_jobs.push(PreparedJob { job, export, preflight });
        }
        let account = account.clone();
        prepared.push(PreparedAccount { account, opened, jobs: prepared_jobs });
    }
    if !request.is_confirmed {
        confirm(&prepared, &settings.state_dir, request.kind)?;
    }
    // Only now that the run is certain, as a sync creates the connection without asking.
    for (state, connection) in given_up {
        give_up_connection(&state, &connection)?;
    }
    Ok(prepared)
}

fn not_approved(error: NotApproved) -> CliError {
    let fault = Fault::of_text("not_approved", &error.to_string()).at_key("--plan");
    CliError::usage(error).with_faults([fault])
}

/// A job that was never loaded is loaded unattended only where the settings say so.
fn check_first_run(settings: &Settings, account: &Account, job: &Job) -> Result<(), CliError> {
    let first_run = settings.jobs.get(&job.name).map(|job| job.first_run);
    if first_run == Some(FirstRun::Load) {
        return Ok(());
    }
    let view = assembly::view(&settings.state_dir, account)?;
    never_loaded(&view, job)?.map_or(Ok(()), |why| Err(CliError::usage(why)))
}

fn give_up_connection(state: &StateHandle, spec: &ConnectionSpec) -> Result<(), CliError> {
    let (service, externalid) = (spec.service.clone(), spec.externalid.clone());
    let noted = state.call(move |store| store.give_up_connection(&service, &externalid));
    Ok(assembly::runtime()?.block_on(noted)?)
}

type AccountJobs<'a> = (&'a Account, Vec<(Job, Export)>);

/// The jobs asked for, with their exports, by account.
fn gather<'a>(
    settings: &'a Settings,
    request: &LoadRequest<'_>,
) -> Result<Vec<AccountJobs<'a>>, CliError> {
    let OrderLimits { from, to, .. } = request.limits;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(CliError::usage(format!(
            "--from {from} is not before --to {to}, so no order can match"
        )));
    }
    let mut accounts = Vec::new();
    let mut jobs = Vec::new();
    let named = settings.jobs_named(request.jobs)?;
    if request.approved.is_some() && named.len() > 1 {
        return Err(CliError::usage("--plan is of one job\n  hint: name it before `--plan`"));
    }
    for job in &named {
        let account = settings.account_of(job)?;
        let mut run_job = assembly::job(job, account);
        run_job.rules.from = midnight(from, job)?;
        run_job.rules.to = midnight(to, job)?;
        accounts.push(account);
        jobs.push(run_job);
    }
    let exports = assembly::exports(&jobs)?;
    assembly::check_quiet(exports.iter())?;
    if from.or(to).is_some() && exports.iter().any(Export::has_states) {
        return Err(CliError::usage(
            "--from and --to exclude orders of the stream that its STATE messages would mark as done\n  hint: set the start date in the tap itself",
        ));
    }
    assembly::check_shared_orders(settings, &named, &exports)?;
    let mut by_account: BTreeMap<&str, AccountJobs<'_>> = BTreeMap::new();
    for (account, job) in accounts.into_iter().zip(jobs.into_iter().zip(exports)) {
        by_account.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push(job);
    }
    let mut by_account: Vec<AccountJobs<'_>> = by_account.into_values().collect();
    for (_, jobs) in &mut by_account {
        // A cart whose order is already loaded is not sent as a second record (decision 007).
        jobs.sort_by_key(|(_, export)| export.holds_carts_only());
    }
    Ok(by_account)
}

/// The first moment of a day in the job's time zone.
fn midnight(day: Option<Date>, job: &settings::Job) -> Result<Option<Moment>, CliError> {
    let moment = |day: Date| Moment::parse(&format!("{day} 00:00:00"), &job.time_zone);
    day.map(moment).transpose().map_err(CliError::usage)
}
