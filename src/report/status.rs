use super::ProgressEstimate;
use super::dead_letters::letter_counts_text;
use super::labelled_text::{ColumnTable, fitted};
use super::run::run_json;
use super::text::{count, duration, local, local_ms, many, size};
use crate::domain::{LoadPath, PriceReading};
use crate::state::{
    ConnectionPath, Kind, LetterCounts, RunEnd, RunRow, StateDisk, Trouble, TroubleKind,
    VerificationRow,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::time::Duration;

/// The status of one job.
#[derive(Debug)]
pub struct JobStatus {
    pub job: String,
    pub account: String,
    pub zone: TimeZone,
    pub schedule: Option<String>,
    /// When the daemon starts it next.
    pub next_due: Option<Timestamp>,
    /// As it was written; `None` for a job that is verified manually.
    pub verify: Option<String>,
    /// When the daemon verifies it next.
    pub next_verification: Option<Timestamp>,
    /// Why the last attempt did not finish.
    pub trouble: Option<Trouble>,
    /// The last ones first.
    pub runs: Vec<RunRow>,
    pub dead_letters: LetterCounts,
    pub orders_loaded: u64,
    /// A process holds the account's lock right now.
    pub is_locked: bool,
    /// The estimate for the last run, if a process works on it.
    pub estimate: Option<ProgressEstimate>,
    /// Until when ActiveCampaign asked to wait, in milliseconds since 1970; also if no process is
    /// working.
    pub asked_to_wait_ms: Option<i64>,
    pub last_verification: Option<VerificationRow>,
    /// The state of its account.
    pub disk: Option<StateDisk>,
    pub now: Timestamp,
    /// How orders reach its connection; `None`: there is none yet.
    pub path: Option<ConnectionPath>,
}

pub fn status_json(jobs: &[JobStatus]) -> Value {
    let job = |job: &JobStatus| {
        json!({
            "job": job.job,
            "account": job.account,
            "schedule": job.schedule,
            "next_due": job.next_due.map(|at| local(at, &job.zone)),
            "verify": job.verify,
            "next_verification": job.next_verification.map(|at| local(at, &job.zone)),
            "trouble": job.trouble.as_ref().map(|trouble| trouble_json(trouble, &job.zone)),
            "orders_loaded": job.orders_loaded,
            "dead_letters": job.dead_letters.all,
            "dead_letters_new": job.dead_letters.new,
            "account_busy": job.is_locked,
            "target_asked_to_wait_until": job.asked_to_wait_ms.map(|ms| local_ms(ms, &job.zone)),
            "state": job.disk.as_ref().map(|disk| json!({
                "file": disk.file.display().to_string(),
                "size_bytes": disk.size_bytes,
                "free_bytes": disk.free_bytes,
            })),
            "path": job.path.as_ref().map(|path| path_json(path, &job.zone)),
            "last_verification": job.last_verification.as_ref().map(|by| verification_json(by, &job.zone)),
            "runs": job.runs.iter().enumerate().map(|(n, row)| {
                let mut value = run_json(row);
                value["started"] = local_ms(row.started_ms, &job.zone).into();
                value["ended"] = row.ended_ms.map(|ms| local_ms(ms, &job.zone)).into();
                value["in_future"] = is_in_future(row, job.now).into();
                value["checkpoint"] = row.checkpoint.into();
                value["undone"] = row.undone_ms.map(|ms| local_ms(ms, &job.zone)).into();
                let estimate = job.estimate.as_ref().filter(|_| n == 0);
                value["at_work"] = estimate.is_some().into();
                value["goes_on"] = is_resumable(job, n, row).into();
                value["progress"] = estimate.map(|estimate| estimate_json(estimate, &job.zone)).into();
                value["expected_end"] = estimate
                    .and_then(|estimate| estimate.expected_end)
                    .map(|end| local(end, &job.zone))
                    .into();
                value
            }).collect::<Value>(),
        })
    };
    json!({ "jobs": jobs.iter().map(job).collect::<Value>() })
}

/// `width`: columns of the terminal; `None`: no wrapping.
pub fn status_text(jobs: &[JobStatus], width: Option<usize>) -> String {
    let texts = jobs.iter().map(|job| fitted(&job_text(job, width), width));
    texts.collect::<Vec<_>>().join("\n")
}

fn path_json(path: &ConnectionPath, zone: &TimeZone) -> Value {
    let found = path.findings;
    json!({
        "load": path.load.map(LoadPath::word),
        "price": found.and_then(|found| found.price).map(PriceReading::word),
        "tax_arrives": found.and_then(|found| found.has_tax),
        "schema": found.map(|found| found.schema_text()),
        "decided": path.decided_ms.map(|ms| local_ms(ms, zone)),
        "not_visible": path.accepted,
        "not_read_back": path.not_read,
        "open_switch": path.open_switch.map(LoadPath::word),
    })
}

/// The status of a connection's bulk path.
fn bulk_text(path: &ConnectionPath, zone: &TimeZone) -> String {
    let price = match path.findings.and_then(|found| found.price) {
        Some(PriceReading::Unit) => "prices of lines are of one unit",
        Some(PriceReading::LineTotal) => "prices of lines are of all units",
        None => "whether prices of lines are of one unit is not known yet",
    };
    let tax = match path.findings.and_then(|found| found.has_tax) {
        Some(true) => ", taxes arrive",
        Some(false) => ", taxes do not arrive",
        None => "",
    };
    let decided = path.decided_ms.map(|ms| format!(" (canary of {})", local_ms(ms, zone)));
    let accepted = many(path.accepted, "order");
    let not_read = match path.not_read {
        0 => String::new(),
        n => format!(", {} not read back (bulk_sample)", count(n)),
    };
    format!(
        "  loads in batches: {price}{tax}{}; {accepted} accepted and not visible yet{not_read}\n",
        decided.unwrap_or_default()
    )
}

fn job_text(job: &JobStatus, width: Option<usize>) -> String {
    let mut text = format!(
        "{} (account {}): {} loaded, {}\n",
        job.job,
        job.account,
        many(job.orders_loaded, "order"),
        letter_counts_text(job.dead_letters)
    );
    if let Some(due) = job.next_due {
        let due = local(due, &job.zone);
        text.push_str(&format!("  next due {due}, if a daemon runs\n"));
    }
    if let Some(path) = job.path.filter(ConnectionPath::is_bulk) {
        text.push_str(&bulk_text(&path, &job.zone));
    }
    if let Some(to) = job.path.and_then(|path| path.open_switch) {
        text.push_str(&format!(
            "  a switch to `{to}` is not decided, and nothing is sent until then: run `ordersync connection switch {} --to {to}` again\n",
            job.job,
            to = to.word()
        ));
    }
    if let Some(by) = &job.last_verification {
        text.push_str(&verification_text(by, &job.zone));
    }
    if let Some(due) = job.next_verification {
        let due = local(due, &job.zone);
        text.push_str(&format!("  next verification {due}, if a daemon runs\n"));
    }
    // While a run is running, its progress is what counts.
    if let (Some(trouble), None) = (&job.trouble, &job.estimate) {
        text.push_str(&format!("  {}\n", trouble_text(trouble, &job.zone)));
    }
    if let Some(disk) = &job.disk {
        text.push_str(&format!("  state {}\n", disk_text(disk)));
    }
    if job.runs.is_empty() {
        text.push_str("  no run yet\n");
        return text;
    }
    let rows: Vec<Vec<String>> =
        job.runs.iter().enumerate().map(|(n, row)| run_row(job, n, row)).collect();
    text.push_str(&ColumnTable { align: "><<<<<", head: &[], lead: 4, rows: &rows }.text(width));
    if let Some(row) = job.runs.iter().find(|row| is_in_future(row, job.now)) {
        text.push_str(&format!(
            "  run {} ended in the future, so this host's clock was wrong then or is wrong now\n",
            row.id
        ));
    }
    if let (Some(estimate), Some(row)) = (&job.estimate, job.runs.first()) {
        text.push_str(&estimate_text(row, estimate, &job.zone));
    }
    if let (Some(ms), None) = (job.asked_to_wait_ms, &job.estimate) {
        text.push_str(&format!(
            "  ActiveCampaign asked to wait until {}\n",
            local_ms(ms, &job.zone)
        ));
    }
    text
}

/// The size of a state, and the free space on its disk.
pub fn disk_text(disk: &StateDisk) -> String {
    let free = disk.free_bytes.map(|free| format!(", {} free on its disk", size(free)));
    format!("{}{}", size(disk.size_bytes), free.unwrap_or_default())
}

fn trouble_json(trouble: &Trouble, zone: &TimeZone) -> Value {
    json!({
        "kind": trouble.kind,
        "since": local_ms(trouble.since_ms, zone),
        "at": local_ms(trouble.at_ms, zone),
        "reason": trouble.reason,
    })
}

/// Why a job does not finish, in one sentence.
pub fn trouble_text(trouble: &Trouble, zone: &TimeZone) -> String {
    let Trouble { kind, since_ms, at_ms, reason } = trouble;
    let (since, at) = (local_ms(*since_ms, zone), local_ms(*at_ms, zone));
    match kind {
        TroubleKind::Unavailable => {
            format!("ActiveCampaign is not answering since {since}; last tried {at}: {reason}")
        }
        TroubleKind::Refused => format!("refused since {since}; last tried {at}: {reason}"),
        TroubleKind::Failed => format!("the last attempt failed at {at}: {reason}"),
    }
}

/// Clocks that differ by less than this are not wrong.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(1);

/// Whether a time, in milliseconds since 1970, can only come from a wrong clock.
pub fn is_ahead(ms: i64, now: Timestamp) -> bool {
    Timestamp::from_millisecond(ms).is_ok_and(|at| at.duration_since(now) > CLOCK_SLACK)
}

fn is_in_future(row: &RunRow, now: Timestamp) -> bool {
    is_ahead(row.ended_ms.unwrap_or(row.started_ms), now)
}

/// Whether the next run of its kind resumes it: no process runs it, and it did not finish.
fn is_resumable(job: &JobStatus, n: usize, row: &RunRow) -> bool {
    let is_open = match row.outcome {
        None => job.estimate.is_none(),
        Some(end) => matches!(end, RunEnd::Interrupted | RunEnd::Paused | RunEnd::Stopped),
    };
    n == 0 && is_open && !row.is_closed && row.kind != Kind::Canary
}

fn estimate_json(estimate: &ProgressEstimate, zone: &TimeZone) -> Value {
    json!({
        "settled": estimate.settled,
        "records_expected": estimate.records_expected,
        "requests_per_second": estimate.requests_per_second,
        "unanswered_since": estimate.unanswered_since.map(|since| local(since, zone)),
        "waits_until": estimate.waits_until.map(|until| local(until, zone)),
    })
}

fn estimate_text(row: &RunRow, estimate: &ProgressEstimate, zone: &TimeZone) -> String {
    let mut text = format!("  run {} in progress: {}", row.id, count(estimate.settled));
    if let Some(expected) = estimate.records_expected {
        let about = if row.records_planned.is_some() { "" } else { "about " };
        text.push_str(&format!(" of {about}{}", count(expected)));
    }
    text.push_str(" records settled");
    if let Some(rate) = estimate.requests_per_second {
        text.push_str(&format!(", {rate:.1} requests/s"));
    }
    if let Some(until) = estimate.waits_until {
        let until = local(until, zone);
        text.push_str(&format!(", paused until {until}, as ActiveCampaign asked"));
    }
    if let Some(since) = estimate.unanswered_since {
        let since = local(since, zone);
        return format!("{text}; ActiveCampaign is not answering since {since}\n");
    }
    match estimate.expected_end {
        Some(end) => text.push_str(&format!(", done about {}\n", local(end, zone))),
        None => text.push_str(", end not known yet\n"),
    }
    text
}

fn verification_json(by: &VerificationRow, zone: &TimeZone) -> Value {
    json!({
        "at": local_ms(by.ended_ms.unwrap_or(by.started_ms), zone),
        "canary": by.canary,
        "sample": by.sample.map(|(part, of)| format!("{part}/{of}")),
        "expected": by.sums.expected,
        "matching": by.sums.matching,
        "differences": by.sums.differences,
        "missing": by.sums.missing,
        "queued_for_sync": by.sums.queued,
    })
}

fn verification_text(by: &VerificationRow, zone: &TimeZone) -> String {
    let at = local_ms(by.ended_ms.unwrap_or(by.started_ms), zone);
    let missing = by.sums.missing.filter(|missing| *missing > 0);
    let missing = missing.map(|n| format!(", {} of them missing", count(n))).unwrap_or_default();
    let part = match (by.canary, by.sample) {
        (Some(run), _) => format!(" the canary (run {run}) line by line"),
        (None, None) => " by lists".to_owned(),
        (None, Some((1, 1))) => " line by line".to_owned(),
        (None, Some((part, of))) => format!(" line by line, part {part}/{of},"),
    };
    let (matching, differences) = (count(by.sums.matching), count(by.sums.differences));
    format!(
        "  verified{part} {at}: {matching} orders the same on both sides, {differences} differences{missing}\n"
    )
}

fn run_row(job: &JobStatus, n: usize, row: &RunRow) -> Vec<String> {
    let to_go = row.records_planned.map(|all| all.saturating_sub(row.counts.sum()));
    let rest = match to_go {
        // The reader is ahead, so its position does not show what remains.
        Some(to_go) if is_resumable(job, n, row) => ("to go", to_go),
        _ => ("pending", row.pending),
    };
    let all = row.counts.named().into_iter().chain([rest]);
    let counts: Vec<String> = all.map(|(name, n)| format!("{} {name}", count(n))).collect();
    let outcome = match &row.outcome {
        Some(outcome) if row.undone_ms.is_some() => format!("{outcome}, undone since"),
        Some(outcome) if is_resumable(job, n, row) => {
            format!("{outcome}; the next {} resumes it", row.kind)
        }
        Some(outcome) => outcome.to_string(),
        None if n == 0 && job.estimate.is_some() => "running".to_owned(),
        None if is_resumable(job, n, row) => {
            format!("interrupted (killed); the next {} resumes it", row.kind)
        }
        None => "interrupted (killed)".to_owned(),
    };
    vec![
        row.id.to_string(),
        row.kind.to_string(),
        local_ms(row.started_ms, &job.zone),
        duration(Duration::from_millis(row.active_ms)),
        outcome,
        counts.join(", "),
    ]
}
