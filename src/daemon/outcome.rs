use super::{AccountStatus, LastRun};
use crate::activecampaign::FatalError;
use crate::run::{ConnectionError, RunError, RunReport};
use crate::state::RunEnd;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long an account whose target is away is left alone before its run goes on; longer where it
/// asked for longer.
pub const AWAY_REST: Duration = Duration::from_secs(15 * 60);
/// How long an account that refused us is left alone, however often its jobs are due.
const REFUSED_REST: Duration = Duration::from_secs(15 * 60);

/// What follows from how a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextAction {
    /// Nothing is sent to the account for this long.
    pub rest: Option<Duration>,
    /// The run goes on as soon as that is over.
    pub is_open: bool,
    pub status: AccountStatus,
}

impl NextAction {
    /// The account's next job may start when it is due.
    pub(super) fn none() -> Self {
        Self { rest: None, is_open: false, status: AccountStatus::Idle }
    }
}

/// Judges the end of a run for the account, and logs it: here a failure is handled.
pub(super) fn judge(job: &str, report: &RunReport, now: Timestamp) -> NextAction {
    let run = report.row.id;
    let until =
        |rest: Duration| now + SignedDuration::try_from(rest).unwrap_or(SignedDuration::MAX);
    let error = report.error.as_ref().map(ToString::to_string).unwrap_or_default();
    match report.end {
        RunEnd::Finished => {
            log_finished(job, report);
            NextAction::none()
        }
        RunEnd::Interrupted => {
            tracing::info!(
                job,
                run,
                pending = report.row.pending,
                "run {run} of {job} was stopped; it goes on later"
            );
            NextAction { is_open: true, ..NextAction::none() }
        }
        RunEnd::Paused => {
            let rest = asked_for(&report.error).unwrap_or_default().max(AWAY_REST);
            let rest_s = rest.as_secs();
            tracing::warn!(
                job,
                run,
                rest_s,
                "run {run} of {job}: {error}; it goes on in {rest_s} s"
            );
            NextAction {
                rest: Some(rest),
                is_open: true,
                status: AccountStatus::Away { until: until(rest) },
            }
        }
        RunEnd::Stopped if concerns_account(&report.error) => {
            tracing::error!(
                job,
                run,
                "run {run} of {job} was refused: {error}; it is tried again when it is due"
            );
            let status = AccountStatus::Refused { until: until(REFUSED_REST) };
            NextAction { rest: Some(REFUSED_REST), is_open: false, status }
        }
        RunEnd::Stopped | RunEnd::Failed => {
            tracing::error!(job, run, "run {run} of {job} {}: {error}", report.end.word());
            NextAction::none()
        }
    }
}

fn log_finished(job: &str, report: &RunReport) {
    let (row, counts) = (&report.row, &report.row.counts);
    let (run, read, created, updated) = (row.id, row.read(), counts.created, counts.updated);
    let left_out = counts.invalid + counts.refused;
    tracing::info!(
        job,
        run,
        read,
        created,
        updated,
        adopted = counts.adopted,
        unchanged = counts.unchanged,
        filtered = counts.filtered,
        invalid = counts.invalid,
        refused = counts.refused,
        duration_ms = row.active_ms,
        "run {run} of {job} finished: {read} records read, {created} created, {updated} updated"
    );
    if left_out > 0 {
        tracing::warn!(
            job,
            run,
            left_out,
            "{left_out} records of {job} were left out; `ordersync dead-letters list {job}` tells why"
        );
    }
}

/// The wait that the target asked for.
fn asked_for(error: &Option<RunError>) -> Option<Duration> {
    match error {
        Some(
            RunError::Fatal(FatalError::Away { retry_after })
            | RunError::Connection(ConnectionError::Fatal(FatalError::Away { retry_after })),
        ) => *retry_after,
        _ => None,
    }
}

/// Whether another job of the account would be refused as this one was.
fn concerns_account(error: &Option<RunError>) -> bool {
    match error {
        Some(RunError::Fatal(stop) | RunError::Connection(ConnectionError::Fatal(stop))) => {
            *stop != FatalError::ConnectionGone
        }
        _ => false,
    }
}

impl LastRun {
    pub(super) fn of(report: &RunReport, ended: Timestamp) -> Self {
        Self {
            ended,
            end: Some(report.end),
            row: Some(report.row.clone()),
            error: report.error.as_ref().map(ToString::to_string),
        }
    }

    /// No run could begin, or the state failed under it.
    pub(super) fn failed(error: String, ended: Timestamp) -> Self {
        Self { ended, end: None, row: None, error: Some(error) }
    }
}
