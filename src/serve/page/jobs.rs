use super::{runs, times};
use crate::daemon::{AccountView, Running};
use crate::report::{count, disk_text, is_ahead, many, trouble_text};
use crate::serve::snapshot::{JobSnapshot, StoredJob};
use crate::state::{ConnectionPath, RunEnd};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use std::time::Duration;

/// A later start is shown as late.
const LATE_SHOWN_FROM: SignedDuration = SignedDuration::from_mins(2);
/// Reasons shown of a job's dead letters.
const REASONS_SHOWN: usize = 20;

/// `account`: the job's.
pub(super) fn card(job: &JobSnapshot, account: Option<&AccountView>, now: Timestamp) -> Markup {
    let running = job.running();
    let (class, word) = badge(job, running.is_some());
    html! {
        section.card aria-label=(format!("Job {}", job.job)) {
            div.head { h3 { (job.job) } span class=(format!("badge {class}")) { (word) } }
            @if let Some(running) = running { (progress(job, running, account, now)) }
            dl {
                dt { "Account" } dd { (job.account) }
                (next(job, now))
                @if let Some(stored) = &job.stored {
                    (success(job, stored, now))
                    (verified(job, stored))
                }
                (next_verification(job, now))
                (not_visible(job))
                @if let Some(disk) = job.stored.as_ref().and_then(|stored| stored.disk.as_ref()) {
                    dt { "State" } dd { (disk_text(disk)) }
                }
            }
            @if let Some(trouble) = trouble(job) { p.bad { (trouble) } }
            @match &job.stored {
                Some(stored) => {
                    (runs::table(job, &stored.figures.runs, now))
                    (dead_letters(job, stored))
                }
                None => p.bad { "The state of this job can't be read." },
            }
        }
    }
}

/// Why the last attempt did not finish, unless a run is in progress.
fn trouble(job: &JobSnapshot) -> Option<String> {
    let stored = job.stored.as_ref().and_then(|stored| stored.figures.trouble.as_ref());
    let known = stored.map(|trouble| trouble_text(trouble, &job.zone));
    let live = || job.live.as_ref()?.last.as_ref()?.error.clone();
    known.or_else(live).filter(|_| job.running().is_none())
}

/// A class of the style sheet, and the word.
fn badge(job: &JobSnapshot, is_running: bool) -> (&'static str, &'static str) {
    match job.outcome() {
        _ if is_running => ("good", "running"),
        None => ("soft", "no run yet"),
        Some(RunEnd::Finished) => ("good", "finished"),
        Some(RunEnd::Interrupted) => ("warn", "interrupted; will resume"),
        Some(RunEnd::Paused) => ("warn", "ActiveCampaign unavailable; will resume"),
        Some(RunEnd::Stopped) => ("bad", "stopped"),
        Some(RunEnd::Failed) => ("bad", "failed"),
    }
}

fn progress(
    job: &JobSnapshot,
    running: &Running,
    account: Option<&AccountView>,
    now: Timestamp,
) -> Markup {
    let silence = account.and_then(|account| account.unanswered_for);
    let silence = silence.map(|silence| html! { p.bad { (unanswered(silence, now, &job.zone)) } });
    let Some(at) = &running.progress else {
        return html! {
            p role="status" { "Started " (times::instant(running.since, &job.zone)) "; nothing is settled yet." }
            @if let Some(silence) = silence { (silence) }
        };
    };
    let expected = running.records_expected.filter(|expected| *expected >= at.read);
    let seconds = at.elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { at.requests.total as f64 / seconds } else { 0.0 };
    html! {
        // Without a value the bar shows that the length is unknown.
        @match expected {
            Some(expected) => progress max=(expected) value=(at.read) aria-label="Records read" {},
            None => progress aria-label="Records read, of a number that is not known" {},
        }
        p {
            (count(at.read))
            @if let Some(expected) = expected { " of about " (count(expected)) }
            " records, " (format!("{rate:.1}")) " requests/s, " (account.map_or(0, |account| account.in_flight)) " in flight"
            @if let (Some(end), None) = (running.expected_end(now), &silence) { ", done about " (times::coming(end, now, &job.zone)) }
        }
        @if let Some(silence) = silence { (silence) }
    }
}

/// Since when a run in progress gets no answer.
pub(super) fn unanswered(silence: Duration, now: Timestamp, zone: &TimeZone) -> String {
    let since = now.checked_sub(silence).unwrap_or(now);
    format!("ActiveCampaign is not answering since {}", times::instant(since, zone))
}

fn next(job: &JobSnapshot, now: Timestamp) -> Markup {
    let Some(live) = &job.live else { return html! {} };
    let lag = live.lag(now);
    html! {
        dt { "Next run" }
        dd {
            @match live.next_due {
                Some(due) if due > now => (times::coming(due, now, &job.zone)),
                Some(_) if job.running().is_some() => "right after this run",
                Some(_) => "as soon as the account is free",
                None => "not known yet",
            }
        }
        @if lag > LATE_SHOWN_FROM {
            dt { "Late by" } dd.warn { (times::span(lag)) }
        }
    }
}

fn success(job: &JobSnapshot, stored: &StoredJob, now: Timestamp) -> Markup {
    let last = stored.figures.last_success_ms;
    let is_ahead = last.is_some_and(|ms| is_ahead(ms, now));
    html! {
        dt { "Last success" }
        dd.warn[is_ahead] {
            @match last {
                Some(ms) => (times::instant_ms(ms, &job.zone)),
                None => "none yet",
            }
            @if is_ahead { ": in the future, so the clock was wrong" }
        }
    }
}

fn verified(job: &JobSnapshot, stored: &StoredJob) -> Markup {
    let failed = job.live.as_ref().and_then(|live| live.last_verification.as_ref());
    let failed = failed.and_then(|last| Some((last.ended, last.error.as_ref()?)));
    html! {
        @if let Some(by) = &stored.figures.last_verification {
            dt { "Verified" }
            dd.warn[by.sums.differences > 0] {
                (times::instant_ms(by.ended_ms.unwrap_or(by.started_ms), &job.zone)) ": "
                (count(by.sums.matching)) " orders the same, " (many(by.sums.differences, "difference"))
                @if let Some(missing) = by.sums.missing.filter(|missing| *missing > 0) {
                    ", " (count(missing)) " of them missing"
                }
            }
        }
        @if let Some((at, error)) = failed {
            dt { "Not verified" } dd.bad { (times::instant(at, &job.zone)) ": " (error) }
        }
    }
}

fn next_verification(job: &JobSnapshot, now: Timestamp) -> Markup {
    let due = job.live.as_ref().and_then(|live| live.next_verification);
    html! {
        @if let Some(due) = due {
            dt { "Next verification" } dd { (times::coming(due, now, &job.zone)) }
        }
    }
}

/// Of a job that loads in batches.
fn not_visible(job: &JobSnapshot) -> Markup {
    let path = job.stored.as_ref().and_then(|stored| stored.figures.path);
    let path = path.filter(ConnectionPath::is_bulk);
    html! {
        @if let Some(path) = path {
            dt { "In batches" }
            dd.warn[path.accepted > 0] {
                @if path.accepted == 0 && path.not_read == 0 { "every accepted order is visible" }
                @else if path.accepted == 0 { (many(path.not_read, "accepted order")) " not read back" }
                @else { (many(path.accepted, "order")) " accepted and not visible yet" }
            }
        }
    }
}

fn dead_letters(job: &JobSnapshot, stored: &StoredJob) -> Markup {
    let letters = stored.figures.dead_letters;
    html! {
        h4 {
            "Dead letters: " (count(letters.all))
            @if letters.new < letters.all { ", " (count(letters.all - letters.new)) " accepted" }
        }
        @if letters.all > 0 {
            div.wide { table {
                thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Records" } } }
                tbody { @for (reason, records) in stored.reasons.iter().take(REASONS_SHOWN) {
                    tr { td { (reason) } td.number { (count(*records)) } }
                } }
            } }
            @if stored.reasons.len() > REASONS_SHOWN {
                p.soft { "And " (stored.reasons.len() - REASONS_SHOWN) " more reasons." }
            }
            p.soft { "`ordersync dead-letters list " (job.job) "` shows each with its file and line." }
        }
    }
}
