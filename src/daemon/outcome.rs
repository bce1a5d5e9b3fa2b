use super::{AccountStatus, LastRun};
use crate::run::{AccountCondition, RunError, RunReport};
use crate::state::RunEnd;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long an account rests while ActiveCampaign is unavailable, unless it asks for longer.
pub const AWAY_REST: Duration = Duration::from_secs(15 * 60);
/// How long an account rests after a refusal, however often its jobs are due.
const REFUSED_REST: Duration = Duration::from_secs(15 * 60);

/// What the account does after a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextAction {
    /// Nothing is sent for this long.
    pub rest: Option<Duration>,
    /// The run is resumed after the rest.
    pub is_resumable: bool,
    /// It did what was due.
    pub is_finished: bool,
    pub status: AccountStatus,
}

impl NextAction {
    /// The account's next job starts when it is due.
    pub(super) const FINISHED: Self =
        Self { rest: None, is_resumable: false, is_finished: true, status: AccountStatus::Idle };

    /// The same, and the job is tried again when it is due.
    pub(super) const FAILED: Self = Self { is_finished: false, ..Self::FINISHED };

    /// The job is resumed at once, unless the daemon is stopping.
    pub(super) const INTERRUPTED: Self = Self { is_resumable: true, ..Self::FAILED };

    /// ActiveCampaign is unavailable, and asked to wait this long.
    pub(super) fn unavailable(retry_after: Option<Duration>, now: Timestamp) -> Self {
        let rest = retry_after.unwrap_or_default().max(AWAY_REST);
        let status = AccountStatus::Unavailable { until: after(now, rest) };
        Self { rest: Some(rest), status, ..Self::INTERRUPTED }
    }

    pub(super) fn refused(now: Timestamp) -> Self {
        let status = AccountStatus::Refused { until: after(now, REFUSED_REST) };
        Self { rest: Some(REFUSED_REST), status, ..Self::FAILED }
    }
}

fn after(now: Timestamp, rest: Duration) -> Timestamp {
    now + SignedDuration::try_from(rest).unwrap_or(SignedDuration::MAX)
}

/// Decides what to do after a run, and logs how the run ended.
pub(super) fn next_action(
    job: &str,
    ended: &Result<RunReport, RunError>,
    now: Timestamp,
) -> NextAction {
    let report = match ended {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(job, "{job} failed: {error}");
            return NextAction::FAILED;
        }
    };
    let run = report.row.id;
    let error = report.error.as_ref().map(ToString::to_string).unwrap_or_default();
    match (report.end, AccountCondition::after(ended)) {
        (RunEnd::Finished, _) => {
            log_finished(job, report);
            NextAction::FINISHED
        }
        (RunEnd::Interrupted, _) => {
            tracing::info!(
                job,
                run,
                pending = report.row.pending,
                "run {run} of {job} was stopped; it resumes later"
            );
            NextAction::INTERRUPTED
        }
        (_, AccountCondition::Unavailable { retry_after }) => {
            let next = NextAction::unavailable(retry_after, now);
            let rest_s = next.rest.unwrap_or_default().as_secs();
            tracing::warn!(
                job,
                run,
                rest_s,
                "run {run} of {job}: {error}; it resumes in {rest_s} s"
            );
            next
        }
        (_, AccountCondition::Refused) => {
            tracing::error!(
                job,
                run,
                "run {run} of {job} was refused: {error}; it is tried again when it is due"
            );
            NextAction::refused(now)
        }
        // Each run opens the account again, so even a broken state is worth another attempt.
        (end, AccountCondition::Usable | AccountCondition::Broken) => {
            tracing::error!(job, run, "run {run} of {job} {}: {error}", end.word());
            NextAction::FAILED
        }
    }
}

fn log_finished(job: &str, report: &RunReport) {
    let (row, counts) = (&report.row, &report.row.counts);
    let (run, read, created, updated) = (row.id, row.read(), counts.created, counts.updated);
    let left_out = report.dead_letters.new;
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
            "not sent and not accepted: {left_out} of the {read} records of {job}; `ordersync dead-letters list {job}` shows why"
        );
    }
}

impl LastRun {
    pub(super) fn of(ended: &Result<RunReport, RunError>) -> Self {
        match ended {
            Ok(report) => Self {
                end: Some(report.end),
                error: report.error.as_ref().map(ToString::to_string),
            },
            Err(error) => Self::failed(error.to_string()),
        }
    }

    /// The run could not begin, or the state failed during it.
    pub(super) fn failed(error: String) -> Self {
        Self { end: None, error: Some(error) }
    }
}
