use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::report::{self, JobStatus, ProgressEstimate};
use crate::schedule::Schedules;
use crate::state::{View, asked_pause, is_locked};
use clap::Args;
use jiff::Timestamp;
use std::time::SystemTime;

/// Runs looked through for the last one that finished.
const RUNS_SEARCHED: u32 = 10;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Jobs to show [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Runs to show of each job
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
}

pub(super) fn run(global: &Global, args: &StatusArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let (mut jobs, mut schedules) = (Vec::new(), Schedules::default());
    for job in settings.jobs_named(&args.jobs)? {
        let view = View::open(&settings.state_dir, &job.account)?;
        let connection = view.connection(&job.connection.service, &job.connection.externalid)?;
        let orders_loaded = match connection {
            Some((connection, _)) => view.orders_known(connection)?,
            None => 0,
        };
        let is_locked = || is_locked(&settings.state_dir, &job.account);
        let was_locked = is_locked();
        let now = Timestamp::now();
        let waits_until = asked_pause(&settings.state_dir, &job.account, SystemTime::now())
            .and_then(|until| Timestamp::try_from(until).ok());
        let shown = usize::try_from(args.runs).unwrap_or(usize::MAX);
        let last = view.runs(&job.name, args.runs.max(RUNS_SEARCHED))?;
        let records_before =
            last.iter().filter(|row| row.is_finished_load()).find_map(|row| row.records);
        // A process that takes the account's lock marks the runs of dead processes as ended, so a
        // run without an outcome is in progress while the lock is held. It is checked before the
        // runs are read and after, as a run may begin or end meanwhile.
        let at_work =
            last.first().filter(|row| row.outcome.is_none() && (was_locked || is_locked()));
        let unanswered_since = at_work.map(|row| view.unanswered_since(row.id)).transpose()?;
        let silence =
            unanswered_since.flatten().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let estimate =
            at_work.map(|row| ProgressEstimate::of(row, records_before, waits_until, silence, now));
        let calendars = assembly::calendars(job, &mut schedules).map_err(CliError::usage)?;
        let [calendar, verifies] = calendars;
        jobs.push(JobStatus {
            job: job.name.clone(),
            account: job.account.clone(),
            zone: job.time_zone.clone(),
            schedule: job.schedule.clone(),
            next_due: calendar.and_then(|calendar| calendar.start_after(now)),
            verify: job.verify.clone(),
            next_verification: verifies.and_then(|calendar| calendar.start_after(now)),
            trouble: view.trouble(&job.name)?,
            runs: last.into_iter().take(shown).collect(),
            dead_letters: view.dead_letters_count(&job.name)?,
            orders_loaded,
            is_locked: was_locked,
            disk: view.disk(),
            now,
            estimate,
            asked_to_wait_ms: waits_until.map(Timestamp::as_millisecond),
            last_verification: view.last_verification(&job.name)?,
            path: connection.map(|(id, _)| view.connection_path(id)).transpose()?,
        });
    }
    let text = || report::status_text(&jobs, output::width());
    output::print_with_headings(global, || report::status_json(&jobs), text);
    Ok(Exit::Done)
}
