use super::{AccountPlan, Clock, JobPlan};
use crate::state::{Kind, RunEnd, RunRow, StateError, View, is_locked};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A start further in the future than this was noted by a clock that was wrong. A clock that is set
/// back by less starts nothing twice.
const FUTURE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What is known of a job's last start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastStart {
    /// On the wall clock; of a job that never ran, when the daemon first saw it.
    pub at: Timestamp,
    /// It did not come to its end, and is resumed as soon as possible.
    pub is_open: bool,
}

/// The last start of each job of an account, from the state and from what was started since.
#[derive(Debug, Default)]
pub(super) struct LastStarts {
    jobs: BTreeMap<String, LastStart>,
}

impl LastStarts {
    /// Reads what the state knows of jobs that are new here, and mends what a wrong clock noted.
    ///
    /// # Errors
    /// If the state can't be read; its jobs then count as started now, and are not asked for again.
    pub(super) fn learn(
        &mut self,
        account: &str,
        plan: &AccountPlan,
        now: Timestamp,
    ) -> Result<(), StateError> {
        for last in self.jobs.values_mut().filter(|last| last.at.duration_since(now) > FUTURE_MAX) {
            last.at = now;
        }
        let names = plan.jobs.iter().map(|job| &job.job.name);
        let new: Vec<&String> = names.filter(|name| !self.jobs.contains_key(*name)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        let view = View::open(&plan.state_dir, account);
        let is_busy = is_locked(&plan.state_dir, account);
        for name in new {
            let rows = view.as_ref().map(|view| view.runs(name, 1)).map_err(ToString::to_string);
            let last = match rows {
                Ok(Ok(rows)) => rows.first().and_then(|row| last_start(row, is_busy, now)),
                Ok(Err(error)) => {
                    result = Err(error);
                    None
                }
                Err(_) => None,
            };
            self.jobs.insert(name.clone(), last.unwrap_or(LastStart { at: now, is_open: false }));
        }
        view.map(|_| ()).and(result)
    }

    /// The job that starts next, and when: in the past where a start was missed, now where a run is
    /// open.
    pub(super) fn next<'a>(
        &self,
        plan: &'a AccountPlan,
        now: Timestamp,
    ) -> Option<(Timestamp, &'a JobPlan)> {
        let starts = plan.jobs.iter().filter_map(|job| Some((self.due(job, now)?, job)));
        starts.min_by(|(a, job_a), (b, job_b)| (a, &job_a.job.name).cmp(&(b, &job_b.job.name)))
    }

    /// When a job starts next.
    pub(super) fn due(&self, job: &JobPlan, now: Timestamp) -> Option<Timestamp> {
        let last = self.jobs.get(&job.job.name)?;
        if last.is_open { Some(now) } else { job.calendar.start_after(last.at) }
    }

    pub(super) fn started(&mut self, job: &str, clock: &Clock) {
        self.jobs.insert(job.to_owned(), LastStart { at: clock(), is_open: false });
    }

    /// The run ended before its time, and goes on as soon as the account may be asked again.
    pub(super) fn left_open(&mut self, job: &str) {
        if let Some(last) = self.jobs.get_mut(job) {
            last.is_open = true;
        }
    }
}

/// A sync that was cut off goes on at once. A backfill is people's: one that stopped after its
/// canary is waiting for somebody to look at it.
fn last_start(row: &RunRow, is_busy: bool, now: Timestamp) -> Option<LastStart> {
    let noted = Timestamp::from_millisecond(row.started_ms).ok()?;
    let at = if noted.duration_since(now) > FUTURE_MAX { now } else { noted };
    let is_cut_off = match row.outcome {
        None => !is_busy,
        Some(end) => matches!(end, RunEnd::Interrupted | RunEnd::Paused),
    };
    Some(LastStart { at, is_open: is_cut_off && row.kind == Kind::Sync && row.undone_ms.is_none() })
}
