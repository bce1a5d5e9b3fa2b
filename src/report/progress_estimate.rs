//! Progress of a run in another process, estimated from the state.

use crate::run::time_left;
use crate::state::RunRow;
use jiff::Timestamp;
use std::time::Duration;

/// A run in progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgressEstimate {
    /// Records that are settled.
    pub settled: u64,
    /// Records there are, by its plan or by the job's last finished run.
    pub records_expected: Option<u64>,
    /// Averaged over its running time; `None` before the first settlement.
    pub requests_per_second: Option<f64>,
    /// ActiveCampaign asked to wait until then.
    pub waits_until: Option<Timestamp>,
    /// Since when ActiveCampaign does not answer.
    pub unanswered_since: Option<Timestamp>,
    /// The end at a constant rate, after the wait.
    pub expected_end: Option<Timestamp>,
}

impl ProgressEstimate {
    /// `records_before`: what the job's last finished run had read. With a plan, the estimate is by
    /// requests, which take the time; otherwise by records.
    pub fn of(
        row: &RunRow,
        records_before: Option<u64>,
        waits_until: Option<Timestamp>,
        unanswered_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let (settled, active) = (row.counts.sum(), Duration::from_millis(row.active_ms));
        let records_expected =
            row.records_planned.or(records_before).filter(|expected| *expected >= settled);
        let requests = row.requests.total;
        // More requests than planned: the plan was incomplete, so records are used.
        let left = match row.requests_planned {
            Some(planned) if requests < planned => time_left(requests, planned - requests, active),
            _ => {
                records_expected.and_then(|expected| time_left(settled, expected - settled, active))
            }
        };
        let waits_until = waits_until.filter(|until| *until > now);
        let left = left.filter(|_| unanswered_since.is_none());
        Self {
            settled,
            records_expected,
            requests_per_second: (row.active_ms > 0)
                .then(|| requests as f64 / active.as_secs_f64()),
            waits_until,
            unanswered_since,
            expected_end: left.and_then(|left| waits_until.unwrap_or(now).checked_add(left).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Counts, Requests};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn row(settled: u64, requests: u64, active_s: u64) -> RunRow {
        RunRow {
            id: 1,
            job: "shop".to_owned(),
            kind: crate::state::Kind::Backfill,
            started_ms: 0,
            ended_ms: None,
            active_ms: active_s * 1000,
            outcome: None,
            checkpoint: settled,
            records: None,
            counts: Counts { created: settled, ..Counts::default() },
            pending: 0,
            customers_created: 0,
            customers_adopted: 0,
            requests: Requests { total: requests, ..Requests::default() },
            undone_ms: None,
            is_closed: false,
            records_planned: None,
            requests_planned: None,
            plan: None,
        }
    }

    #[test]
    fn a_plan_shows_the_end_by_its_requests_and_without_one_the_last_run_by_its_records() {
        let planned = RunRow {
            records_planned: Some(1000),
            requests_planned: Some(1800),
            ..row(250, 450, 90)
        };
        let estimate = ProgressEstimate::of(&planned, None, None, None, at(10_000));
        assert_eq!((estimate.settled, estimate.records_expected), (250, Some(1000)));
        assert_eq!(
            (estimate.requests_per_second, estimate.expected_end),
            (Some(5.0), Some(at(10_270)))
        );
        // Existing records are looked up, which no plan includes.
        let more =
            RunRow { records_planned: Some(500), requests_planned: Some(400), ..row(250, 450, 90) };
        assert_eq!(
            ProgressEstimate::of(&more, None, None, None, at(10_000)).expected_end,
            Some(at(10_090))
        );
        let estimate = ProgressEstimate::of(&row(250, 450, 90), Some(500), None, None, at(10_000));
        assert_eq!(estimate.expected_end, Some(at(10_090)));
    }

    #[test]
    fn a_wait_moves_the_expected_end_and_a_past_wait_does_not() {
        let planned = RunRow { requests_planned: Some(900), ..row(250, 450, 90) };
        let estimate = ProgressEstimate::of(&planned, None, Some(at(10_600)), None, at(10_000));
        assert_eq!(
            (estimate.waits_until, estimate.expected_end),
            (Some(at(10_600)), Some(at(10_690)))
        );
        let estimate = ProgressEstimate::of(&planned, None, Some(at(9_000)), None, at(10_000));
        assert_eq!((estimate.waits_until, estimate.expected_end), (None, Some(at(10_090))));
    }

    #[test]
    fn a_run_that_gets_no_answer_has_no_end() {
        let planned = RunRow { requests_planned: Some(900), ..row(250, 450, 90) };
        let estimate = ProgressEstimate::of(&planned, None, None, Some(at(9_900)), at(10_000));
        assert_eq!((estimate.unanswered_since, estimate.expected_end), (Some(at(9_900)), None));
    }

    #[test]
    fn an_unknown_fact_is_not_reported() {
        for (row, before) in
            [(row(0, 0, 0), Some(10)), (row(5, 9, 2), None), (row(50, 60, 12), Some(10))]
        {
            assert_eq!(
                ProgressEstimate::of(&row, before, None, None, at(10_000)).expected_end,
                None
            );
        }
    }
}
