use super::exposition::{Exposition, Family, Kind, Labels, seconds};
use super::snapshot::{JobSnapshot, Snapshot};
use crate::activecampaign::{Disposition, Traffic};
use crate::daemon::{AccountStatus, AccountView};
use crate::state::{Counts, RunEnd, StateError};
use std::path::Path;

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, help }
}

const BUILD: Family = gauge("ordersync_build_info", "The version that runs; always 1.");
const STARTED: Family =
    gauge("process_start_time_seconds", "When the daemon began, in seconds since 1970.");
const ALIVE: Family =
    gauge("ordersync_alive", "Whether every account waits for something known or gets on.");
const CURRENT: Family = gauge(
    "ordersync_settings_reload_successful",
    "Whether the settings in force are those that the file held when it was last read.",
);
const READABLE: Family =
    gauge("ordersync_state_readable", "Whether the state of the job can be read.");
const SUCCESS: Family = gauge(
    "ordersync_last_success_timestamp_seconds",
    "When a run of the job last finished, in seconds since 1970; 0 before the first.",
);
const OUTCOME: Family =
    gauge("ordersync_last_run_outcome", "1 for how the job's last run ended, 0 for the others.");
const RECORDS: Family = counter(
    "ordersync_records_total",
    "Records settled by all runs of the job, by what became of them.",
);
const PENDING: Family = gauge(
    "ordersync_pending_records",
    "Records read and not settled, of the run under way or the last one.",
);
const DEAD: Family =
    gauge("ordersync_dead_letters", "Records that were invalid or refused and still are.");
const DURATION: Family = gauge(
    "ordersync_run_duration_seconds",
    "How long the last run of each kind that ended was at work.",
);
const RUNNING: Family =
    gauge("ordersync_run_in_progress", "Whether a run of the job is under way.");
const NEXT: Family = gauge(
    "ordersync_next_run_timestamp_seconds",
    "When the job starts next, in seconds since 1970.",
);
const LAG: Family = gauge(
    "ordersync_schedule_lag_seconds",
    "How late the job is while its start waits, else by how much its last start was late.",
);
const REQUESTS: Family = counter(
    "ordersync_requests_total",
    "Requests to the target that ended, by what their end meant.",
);
const THROTTLED: Family =
    counter("ordersync_throttled_seconds_total", "Pauses in which nobody may send to the account.");
const RATE: Family =
    gauge("ordersync_request_rate", "Requests per second that the pace allows just now.");
const IN_FLIGHT: Family = gauge("ordersync_requests_in_flight", "Requests on their way.");
const STANDING: Family =
    gauge("ordersync_account_standing", "1 for how the account stands, 0 for the others.");

/// The verdict of a request that ended well.
const OK: &str = "ok";

/// The metrics that the state alone can tell, in the form that node_exporter reads from a file.
/// `jobs`: each with its account. Requests are not among them: their counts are a process' own, and
/// would begin at 0 with each run.
///
/// # Errors
/// When the state can't be read.
pub fn state_metrics(state_dir: &Path, jobs: &[(String, String)]) -> Result<String, StateError> {
    Ok(text(&Snapshot::of_state(state_dir, jobs)?))
}

pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut out = Exposition::default();
    if let Some(process) = &snapshot.process {
        out.add(&BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        out.add(&STARTED, &[], seconds(process.started.as_millisecond().into()));
        out.add(&ALIVE, &[], u8::from(process.is_alive));
        out.add(&CURRENT, &[], u8::from(process.is_current));
        for job in &snapshot.jobs {
            out.add(&READABLE, &[("job", &job.job)], u8::from(job.known.is_some()));
        }
    }
    known(&mut out, &snapshot.jobs);
    live(&mut out, snapshot);
    traffic(&mut out, &snapshot.accounts);
    status(&mut out, &snapshot.accounts);
    out.into_text()
}

/// Adds a sample for each job that has one.
fn each<'a>(
    out: &mut Exposition,
    family: &Family,
    jobs: &'a [JobSnapshot],
    add: impl Fn(&'a JobSnapshot, &mut dyn FnMut(Labels<'_>, String)),
) {
    for job in jobs {
        add(job, &mut |more, value| {
            let labels: Vec<_> =
                std::iter::once(("job", &*job.job)).chain(more.iter().copied()).collect();
            out.add(family, &labels, value);
        });
    }
}

/// What the state tells.
fn known(out: &mut Exposition, jobs: &[JobSnapshot]) {
    let figures = |job: &JobSnapshot| job.known.as_ref().map(|known| known.figures.clone());
    each(out, &SUCCESS, jobs, |job, add| {
        if let Some(figures) = figures(job) {
            add(&[], seconds(figures.last_success_ms.unwrap_or(0).into()));
        }
    });
    each(out, &OUTCOME, jobs, |job, add| {
        let ends = [
            RunEnd::Finished,
            RunEnd::Interrupted,
            RunEnd::Paused,
            RunEnd::Stopped,
            RunEnd::Failed,
        ];
        for end in ends.map(RunEnd::word) {
            let is_last = job.outcome() == Some(end);
            add(&[("outcome", end)], u8::from(is_last).to_string());
        }
    });
    each(out, &RECORDS, jobs, |job, add| {
        for (outcome, records) in figures(job).iter().flat_map(|figures| parts(&figures.settled)) {
            add(&[("outcome", outcome)], records.to_string());
        }
    });
    each(out, &PENDING, jobs, |job, add| {
        if job.known.is_some() {
            add(&[], job.pending().to_string());
        }
    });
    each(out, &DEAD, jobs, |job, add| {
        if let Some(figures) = figures(job) {
            add(&[], figures.dead_letters.to_string());
        }
    });
    each(out, &DURATION, jobs, |job, add| {
        for (kind, ms) in figures(job).iter().flat_map(|figures| &figures.durations) {
            add(&[("kind", kind)], seconds((*ms).into()));
        }
    });
}

/// What the daemon's board tells of jobs.
fn live(out: &mut Exposition, snapshot: &Snapshot) {
    let jobs = &snapshot.jobs;
    each(out, &RUNNING, jobs, |job, add| {
        if let Some(live) = &job.live {
            add(&[], u8::from(live.running.is_some()).to_string());
        }
    });
    each(out, &NEXT, jobs, |job, add| {
        if let Some(next) = job.live.as_ref().and_then(|live| live.next_due) {
            add(&[], seconds(next.as_millisecond().into()));
        }
    });
    each(out, &LAG, jobs, |job, add| {
        if let Some(live) = &job.live {
            add(&[], seconds(live.lag(snapshot.at).as_millis()));
        }
    });
}

/// All verdicts from the start, so that the first of each is an increase.
fn traffic(out: &mut Exposition, accounts: &[AccountView]) {
    let none = Traffic::default();
    let sent = |account: &AccountView| account.traffic.clone().unwrap_or_else(|| none.clone());
    for account in accounts {
        let (name, traffic) = (&*account.account, sent(account));
        out.add(&REQUESTS, &[("account", name), ("verdict", OK)], traffic.succeeded);
        for disposition in Disposition::WORDS {
            let count = traffic.dispositions.get(disposition).copied().unwrap_or(0);
            out.add(&REQUESTS, &[("account", name), ("verdict", disposition)], count);
        }
    }
    for account in accounts {
        let paused = seconds(sent(account).paused_ms.into());
        out.add(&THROTTLED, &[("account", &account.account)], paused);
    }
    for account in accounts {
        if let Some(traffic) = &account.traffic {
            out.add(&RATE, &[("account", &account.account)], traffic.requests_per_second);
        }
    }
    for account in accounts {
        out.add(&IN_FLIGHT, &[("account", &account.account)], account.in_flight);
    }
}

fn status(out: &mut Exposition, accounts: &[AccountView]) {
    for account in accounts {
        for word in ["idle", "running", "waits_for_lock", "away", "refused"] {
            let labels: Labels<'_> = &[("account", &account.account), ("standing", word)];
            out.add(&STANDING, labels, u8::from(word_of(&account.status) == word));
        }
    }
}

pub(super) fn word_of(status: &AccountStatus) -> &'static str {
    match status {
        AccountStatus::Idle => "idle",
        AccountStatus::Running => "running",
        AccountStatus::WaitsForLock { .. } => "waits_for_lock",
        AccountStatus::Away { .. } => "away",
        AccountStatus::Refused { .. } => "refused",
    }
}

/// Every part of the accounts, in the order of the interface; pending comes besides.
pub(super) fn parts(counts: &Counts) -> [(&'static str, u64); 7] {
    [
        ("created", counts.created),
        ("updated", counts.updated),
        ("adopted", counts.adopted),
        ("unchanged", counts.unchanged),
        ("filtered", counts.filtered),
        ("invalid", counts.invalid),
        ("refused", counts.refused),
    ]
}
