use super::text::local;
use crate::schedule::ClockChange;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The coming runs of one job.
#[derive(Debug)]
pub struct ComingRuns {
    pub job: String,
    pub account: String,
    /// As it was written; `None` for a job that has to be run manually.
    pub schedule: Option<String>,
    pub zone: TimeZone,
    pub zone_name: String,
    /// The delay of its starts.
    pub jitter: SignedDuration,
    pub starts: Vec<Start>,
    /// As it was written; `None` for a job that is verified manually.
    pub verify: Option<String>,
    pub verifications: Vec<Start>,
}

/// One coming run.
#[derive(Debug)]
pub struct Start {
    pub at: Timestamp,
    /// Clocks change on its day.
    pub clock_change: Option<ClockChange>,
}

pub fn schedule_json(jobs: &[ComingRuns]) -> Value {
    let start = |job: &ComingRuns, start: &Start| {
        let change = start
            .clock_change
            .map(|change| json!({ "from": hours(change.from), "to": hours(change.to) }));
        json!({ "at": local(start.at, &job.zone), "clock_change": change })
    };
    let job = |job: &ComingRuns| {
        json!({
            "job": job.job,
            "account": job.account,
            "schedule": job.schedule,
            "time_zone": job.zone_name,
            "jitter_ms": i64::try_from(job.jitter.as_millis()).unwrap_or_default(),
            "runs": job.starts.iter().map(|at| start(job, at)).collect::<Value>(),
            "verify": job.verify,
            "verifications": job.verifications.iter().map(|at| start(job, at)).collect::<Value>(),
        })
    };
    json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>() })
}

pub fn schedule_text(jobs: &[ComingRuns]) -> String {
    jobs.iter().map(job_text).collect::<Vec<_>>().join("\n")
}

fn job_text(job: &ComingRuns) -> String {
    let mut text = match &job.schedule {
        Some(schedule) => starts_text(job, &job.job, schedule, &job.starts),
        None => format!("{}: no schedule; runs only by `ordersync sync {0}`\n", job.job),
    };
    if let Some(verify) = &job.verify {
        let name = format!("verification of {}", job.job);
        text.push_str(&starts_text(job, &name, verify, &job.verifications));
    }
    text
}

fn starts_text(job: &ComingRuns, name: &str, schedule: &str, starts: &[Start]) -> String {
    let jitter = match job.jitter.as_secs() {
        0 => String::new(),
        seconds => format!(", {seconds} s later each time (jitter)"),
    };
    let mut text = format!("{name} ({schedule} in {}{jitter})\n", job.zone_name);
    for start in starts {
        text.push_str(&format!(
            "  {}",
            start.at.to_zoned(job.zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %:z")
        ));
        if let Some(ClockChange { from, to }) = start.clock_change {
            text.push_str(&format!(
                "  clocks change on this day, {} to {}",
                hours(from),
                hours(to)
            ));
        }
        text.push('\n');
    }
    if starts.is_empty() {
        text.push_str("  none is coming\n");
    }
    text
}

/// An offset as hours and minutes: `+01:00`.
fn hours(offset: Offset) -> String {
    let sign = if offset.is_negative() { '-' } else { '+' };
    let minutes = offset.seconds().unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
