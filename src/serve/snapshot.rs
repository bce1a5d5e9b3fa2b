use super::Sources;
use crate::daemon::{AccountView, JobView};
use crate::state::{JobFigures, StateError, View};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs of a job that are shown.
const RUNS_SHOWN: u32 = 8;

/// Everything that is shown, at one moment.
pub(super) struct Snapshot {
    pub at: Timestamp,
    /// `None` where no daemon is asked, but the state alone.
    pub process: Option<Process>,
    pub accounts: Vec<AccountView>,
    pub jobs: Vec<JobSnapshot>,
}

#[derive(Clone)]
pub(super) struct Process {
    pub started: Timestamp,
    /// The settings in force are those of the file, as far as it was read.
    pub is_current: bool,
    pub is_alive: bool,
}

pub(super) struct JobSnapshot {
    pub job: String,
    pub account: String,
    pub zone: TimeZone,
    pub live: Option<JobView>,
    /// `None` where the state can't be read.
    pub known: Option<StateData>,
}

/// What the state tells of a job.
pub(super) struct StateData {
    pub figures: JobFigures,
    /// Dead letters by reason, the most frequent first; one with two reasons counts in both.
    pub reasons: Vec<(String, u64)>,
}

impl Snapshot {
    /// Of a daemon and its state; may block on the disk.
    pub(super) fn take(sources: &Sources, is_current: bool) -> Self {
        let (view, is_alive) = (sources.board.view(), sources.board.is_alive());
        let job = |live: JobView| JobSnapshot {
            zone: sources.zones.get(&live.job).cloned().unwrap_or(TimeZone::UTC),
            known: read(&sources.state_dir, &live.account, &live.job),
            job: live.job.clone(),
            account: live.account.clone(),
            live: Some(live),
        };
        Self {
            at: Timestamp::now(),
            process: Some(Process { started: sources.started, is_current, is_alive }),
            accounts: view.accounts,
            jobs: view.jobs.into_iter().map(job).collect(),
        }
    }

    /// Of the state alone. `jobs`: each with its account.
    pub(super) fn of_state(
        state_dir: &Path,
        jobs: &[(String, String)],
    ) -> Result<Self, StateError> {
        let mut snapshots = Vec::new();
        for (job, account) in jobs {
            snapshots.push(JobSnapshot {
                job: job.clone(),
                account: account.clone(),
                zone: TimeZone::UTC,
                live: None,
                known: Some(StateData::read(state_dir, account, job)?),
            });
        }
        Ok(Self { at: Timestamp::now(), process: None, accounts: Vec::new(), jobs: snapshots })
    }
}

impl JobSnapshot {
    /// Records read that are not settled: of the run under way, else of the last one.
    pub(super) fn pending(&self) -> u64 {
        let row = self.known.as_ref().and_then(|known| known.figures.runs.first());
        let progress = self.live.as_ref().and_then(|live| live.running.as_ref()?.progress.as_ref());
        match (row, progress) {
            (Some(row), Some(progress)) if row.id == progress.run => {
                progress.read.saturating_sub(row.counts.sum())
            }
            (row, _) => row.map_or(0, |row| row.pending),
        }
    }

    /// How the last attempt ended, in the words of `RunEnd`; `None` before the first, and while it
    /// is not known. One that could not begin has failed.
    pub(super) fn outcome(&self) -> Option<&str> {
        let last = self.live.as_ref().and_then(|live| live.last.as_ref());
        if let Some(last) = last {
            return Some(last.end.map_or("failed", |end| end.word()));
        }
        let rows = &self.known.as_ref()?.figures.runs;
        rows.iter().find_map(|row| row.outcome.as_deref())
    }
}

impl StateData {
    fn read(state_dir: &Path, account: &str, job: &str) -> Result<Self, StateError> {
        let view = View::open(state_dir, account)?;
        let figures = view.figures(job, RUNS_SHOWN)?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (reasons, letters) in view.dead_letter_reasons(job)? {
            for reason in reasons.split_whitespace() {
                *counts.entry(reason.to_owned()).or_default() += letters;
            }
        }
        let mut reasons: Vec<(String, u64)> = counts.into_iter().collect();
        reasons.sort_by_key(|(_, letters)| std::cmp::Reverse(*letters));
        Ok(Self { figures, reasons })
    }
}

/// What can't be read is shown as not known; it is told in the log only when somebody looks for it.
fn read(state_dir: &Path, account: &str, job: &str) -> Option<StateData> {
    let known = StateData::read(state_dir, account, job);
    known.inspect_err(|error| tracing::debug!(job, "the state can't be read: {error}")).ok()
}
