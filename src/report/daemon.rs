use super::run::rate_of;
use super::text::count;
use crate::daemon::{AccountStatus, DaemonView, JobView, Running};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What the daemon is doing, in one line: runs in progress with their rate and expected end,
/// waiting accounts, and the next start. Times are in `zone`.
pub fn status_line(view: &DaemonView, now: Timestamp, zone: &TimeZone) -> String {
    let mut parts: Vec<String> = view
        .jobs
        .iter()
        .filter_map(|job| Some(running(job, job.running.as_ref()?, now, zone)))
        .collect();
    parts.extend(view.accounts.iter().filter_map(|account| {
        let name = &account.account;
        match &account.status {
            AccountStatus::Idle | AccountStatus::Running => None,
            AccountStatus::Verifying { job, .. } => Some(format!("verifying {job}")),
            AccountStatus::WaitsForLock { .. } => {
                Some(format!("account {name} is waiting for another process"))
            }
            AccountStatus::Unavailable { until } => Some(format!(
                "account {name} is unavailable, retrying at {}",
                clock(*until, now, zone)
            )),
            AccountStatus::Refused { until } => Some(format!(
                "ActiveCampaign refused access to account {name}, next try at {}",
                clock(*until, now, zone)
            )),
        }
    }));
    let next = view.jobs.iter().filter(|job| job.running.is_none());
    let next = next.filter_map(|job| Some((job.next_due?, &job.job)));
    if let Some((due, job)) = next.filter(|(due, _)| *due > now).min() {
        parts.push(format!("next {job} at {}", clock(due, now, zone)));
    }
    if parts.is_empty() { "nothing to do".to_owned() } else { parts.join("; ") }
}

fn running(job: &JobView, running: &Running, now: Timestamp, zone: &TimeZone) -> String {
    let Some(progress) = &running.progress else {
        return format!("{} begins", job.job);
    };
    let rate = rate_of(progress);
    let of = running.records_expected.filter(|expected| *expected >= progress.read);
    let of = of.map(|expected| format!(" of about {}", count(expected))).unwrap_or_default();
    let end = running.expected_end(now);
    let end = end.map(|end| format!(", done about {}", clock(end, now, zone))).unwrap_or_default();
    format!("{}: {}{of} records, {rate:.1} requests/s{end}", job.job, count(progress.read))
}

/// A time of day, with its date unless that is today.
fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    at.strftime(format).to_string()
}
