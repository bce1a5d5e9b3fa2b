use super::run::run_json;
use super::text::{columns, count, duration};
use crate::state::RunRow;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::time::Duration;

/// What is known of one job.
#[derive(Debug)]
pub struct JobStatus {
    pub job: String,
    pub account: String,
    pub zone: TimeZone,
    pub schedule: Option<String>,
    /// When the daemon starts it next.
    pub next_due: Option<Timestamp>,
    /// The last ones first.
    pub runs: Vec<RunRow>,
    pub dead_letters: u64,
    pub orders_loaded: u64,
    /// A process holds the account's lock right now.
    pub is_locked: bool,
}

pub fn status_json(jobs: &[JobStatus]) -> Value {
    let job = |job: &JobStatus| {
        json!({
            "job": job.job,
            "account": job.account,
            "schedule": job.schedule,
            "next_due": job.next_due.map(|at| instant(at.as_millisecond(), &job.zone)),
            "orders_loaded": job.orders_loaded,
            "dead_letters": job.dead_letters,
            "account_busy": job.is_locked,
            "runs": job.runs.iter().map(|row| {
                let mut value = run_json(row);
                value["started"] = instant(row.started_ms, &job.zone).into();
                value["ended"] = row.ended_ms.map(|ms| instant(ms, &job.zone)).into();
                value["checkpoint"] = row.checkpoint.into();
                value["undone"] = row.undone_ms.map(|ms| instant(ms, &job.zone)).into();
                value
            }).collect::<Vec<_>>(),
        })
    };
    json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>() })
}

pub fn status_text(jobs: &[JobStatus]) -> String {
    jobs.iter().map(job_text).collect::<Vec<_>>().join("\n")
}

fn job_text(job: &JobStatus) -> String {
    let mut text = format!(
        "{} (account {}): {} orders loaded, {} dead letters\n",
        job.job,
        job.account,
        count(job.orders_loaded),
        count(job.dead_letters)
    );
    if let Some(due) = job.next_due {
        let due = instant(due.as_millisecond(), &job.zone);
        text.push_str(&format!("  next due {due}, where a daemon runs\n"));
    }
    if job.runs.is_empty() {
        text.push_str("  no run yet\n");
        return text;
    }
    let rows: Vec<Vec<String>> = job.runs.iter().enumerate().map(|(n, row)| run_row(job, n, row)).collect();
    text.push_str(&columns("><<<<<", &rows));
    text
}

fn run_row(job: &JobStatus, n: usize, row: &RunRow) -> Vec<String> {
    let counts = &row.counts;
    let outcome = match &row.outcome {
        Some(outcome) if row.undone_ms.is_some() => format!("{outcome}, undone since"),
        Some(outcome) => outcome.clone(),
        // Its process is the one that holds the lock, or it was killed.
        None if n == 0 && job.is_locked => "at work".to_owned(),
        None => "killed; the next run resumes it".to_owned(),
    };
    vec![
        row.id.to_string(),
        row.kind.clone(),
        instant(row.started_ms, &job.zone),
        duration(Duration::from_millis(row.active_ms)),
        outcome,
        format!(
            "{} created, {} updated, {} adopted, {} unchanged, {} filtered, {} invalid, {} refused, {} pending",
            count(counts.created),
            count(counts.updated),
            count(counts.adopted),
            count(counts.unchanged),
            count(counts.filtered),
            count(counts.invalid),
            count(counts.refused),
            count(row.pending)
        ),
    ]
}

fn instant(ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
