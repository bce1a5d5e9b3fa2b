use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::report::{self, ComingRuns, Start};
use crate::schedule::{Calendar, Schedules, clock_change};
use clap::Args;
use jiff::Timestamp;

#[derive(Debug, Args)]
pub(super) struct ScheduleArgs {
    /// Jobs to show [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Coming runs to show of each job
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    next: u16,
}

pub(super) fn run(global: &Global, args: &ScheduleArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let now = Timestamp::now();
    let (mut jobs, mut schedules) = (Vec::new(), Schedules::default());
    for job in settings.jobs_named(&args.jobs)? {
        let calendars = assembly::calendars(job, &mut schedules).map_err(CliError::usage)?;
        let [calendar, verifies] = calendars;
        let jitter = calendar.as_ref().or(verifies.as_ref()).map(Calendar::jitter);
        jobs.push(ComingRuns {
            job: job.name.clone(),
            account: job.account.clone(),
            schedule: job.schedule.clone(),
            zone: job.time_zone.clone(),
            zone_name: job.time_zone.iana_name().unwrap_or_default().to_owned(),
            jitter: jitter.unwrap_or_default(),
            starts: starts(calendar.as_ref(), now, args.next),
            verify: job.verify.clone(),
            verifications: starts(verifies.as_ref(), now, args.next),
        });
    }
    output::print_result(
        global.json,
        || report::schedule_json(&jobs),
        || report::schedule_text(&jobs),
    );
    Ok(Exit::Done)
}

fn starts(calendar: Option<&Calendar>, now: Timestamp, count: u16) -> Vec<Start> {
    let Some(calendar) = calendar else { return Vec::new() };
    std::iter::successors(calendar.start_after(now), |at| calendar.start_after(*at))
        .take(usize::from(count))
        .map(|at| {
            let day = at.to_zoned(calendar.zone().clone()).date();
            Start { at, clock_change: clock_change(day, calendar.zone()) }
        })
        .collect()
}
