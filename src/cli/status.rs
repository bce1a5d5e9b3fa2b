use super::assembly;
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::report::{self, JobStatus};
use crate::state::{View, is_locked};
use clap::Args;
use jiff::Timestamp;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Jobs to show [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Runs to show of each job
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
}

pub(super) fn run(global: &Global, args: &StatusArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let mut jobs = Vec::new();
    for job in settings.jobs_named(&args.jobs).map_err(Fault::usage)? {
        let view = View::open(&settings.state_dir, &job.account)?;
        let connection = view.connection(&job.connection.service, &job.connection.externalid)?;
        let orders_loaded = match connection {
            Some((connection, _)) => view.orders_known(connection)?,
            None => 0,
        };
        let calendar = assembly::calendar(job).map_err(Fault::usage)?;
        jobs.push(JobStatus {
            job: job.name.clone(),
            account: job.account.clone(),
            zone: job.time_zone.clone(),
            schedule: job.schedule.clone(),
            next_due: calendar.and_then(|calendar| calendar.start_after(Timestamp::now())),
            runs: view.runs(&job.name, args.runs)?,
            dead_letters: view.dead_letters_count(&job.name)?,
            orders_loaded,
            is_locked: is_locked(&settings.state_dir, &job.account),
        });
    }
    match global.json {
        true => output::print_json(&report::status_json(&jobs)),
        false => output::print(&report::status_text(&jobs)),
    }
    Ok(Exit::Done)
}
