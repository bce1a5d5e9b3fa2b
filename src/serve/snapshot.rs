use crate::daemon::{AccountView, Board, FleetView, JobView, Running};
use crate::state::{JobStats, RunEnd, StateDisk, StateError, View};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Runs shown of each job.
const RUNS_SHOWN: u32 = 8;

/// Where a snapshot comes from; replaced when the settings are reloaded.
#[derive(Clone)]
pub struct Sources {
    pub board: Board,
    pub state_dir: PathBuf,
    /// What is kept free on the disk of the states.
    pub state_free_min_bytes: u64,
    pub started: Timestamp,
}

/// What the daemon and its state say at one moment: the page and the metrics are made from it.
pub(super) struct Snapshot {
    pub at: Timestamp,
    /// `None` if only the state was read.
    pub process: Option<Process>,
    pub accounts: Vec<AccountView>,
    pub jobs: Vec<JobSnapshot>,
    /// `None` for a daemon alone.
    pub fleet: Option<FleetView>,
    pub state_free_min_bytes: u64,
}

#[derive(Clone)]
pub(super) struct Process {
    pub started: Timestamp,
    /// The settings in force are those last read from the file.
    pub is_current: bool,
    pub is_alive: bool,
}

pub(super) struct JobSnapshot {
    pub job: String,
    pub account: String,
    pub zone: TimeZone,
    pub live: Option<JobView>,
    /// `None` if the state can't be read.
    pub stored: Option<StoredJob>,
}

/// What the state says of a job.
pub(super) struct StoredJob {
    pub figures: JobStats,
    /// Dead letters by reason, the most frequent first; one with two reasons counts in both.
    pub reasons: Vec<(String, u64)>,
    /// `None` of a state in memory.
    pub disk: Option<StateDisk>,
}

impl Snapshot {
    /// May block on the disk.
    pub(super) fn take(sources: &Sources, is_current: bool) -> Self {
        let (view, is_alive) = (sources.board.view(), sources.board.is_alive());
        let job = |live: JobView| {
            let stored = StoredJob::read(&sources.state_dir, &live.account, &live.job);
            JobSnapshot {
                zone: live.zone.clone(),
                job: live.job.clone(),
                account: live.account.clone(),
                // Only logged for debugging: the page says that the state can't be read.
                stored: stored
                    .inspect_err(|error| {
                        tracing::debug!(job = live.job, "the state can't be read: {error}")
                    })
                    .ok(),
                live: Some(live),
            }
        };
        Self {
            at: Timestamp::now(),
            process: Some(Process { started: sources.started, is_current, is_alive }),
            accounts: view.accounts,
            jobs: view.jobs.into_iter().map(job).collect(),
            fleet: view.fleet,
            state_free_min_bytes: sources.state_free_min_bytes,
        }
    }

    /// Without a daemon. `jobs`: each with its account.
    pub(super) fn of_state(
        state_dir: &Path,
        jobs: &[(String, String)],
        state_free_min_bytes: u64,
    ) -> Result<Self, StateError> {
        let job = |(job, account): &(String, String)| {
            Ok(JobSnapshot {
                job: job.clone(),
                account: account.clone(),
                zone: TimeZone::UTC,
                live: None,
                stored: Some(StoredJob::read(state_dir, account, job)?),
            })
        };
        let jobs = jobs.iter().map(job).collect::<Result<_, StateError>>()?;
        let (at, accounts) = (Timestamp::now(), Vec::new());
        Ok(Self { at, process: None, accounts, jobs, fleet: None, state_free_min_bytes })
    }
}

impl JobSnapshot {
    /// Records read and not settled, of the run in progress or else of the last one.
    pub(super) fn pending(&self) -> u64 {
        let row = self.stored.as_ref().and_then(|stored| stored.figures.runs.first());
        let progress = self.running().and_then(|running| running.progress.as_ref());
        match (row, progress) {
            (Some(row), Some(progress)) if row.id == progress.run => {
                progress.read.saturating_sub(row.counts.sum())
            }
            (row, _) => row.map_or(0, |row| row.pending),
        }
    }

    /// How the last attempt ended; one that could not begin has failed. `None` before the first
    /// attempt, and if unknown.
    pub(super) fn outcome(&self) -> Option<RunEnd> {
        let last = self.live.as_ref().and_then(|live| live.last.as_ref());
        if let Some(last) = last {
            return Some(last.end.unwrap_or(RunEnd::Failed));
        }
        let rows = &self.stored.as_ref()?.figures.runs;
        rows.iter().find_map(|row| row.outcome)
    }
    pub(super) fn running(&self) -> Option<&Running> {
        self.live.as_ref()?.running.as_ref()
    }
}

impl StoredJob {
    fn read(state_dir: &Path, account: &str, job: &str) -> Result<Self, StateError> {
        let disk = Some(View::disk_of(state_dir, account));
        let Some(view) = View::existing(state_dir, account)? else {
            return Ok(Self { figures: JobStats::default(), reasons: Vec::new(), disk });
        };
        let figures = view.figures(job, RUNS_SHOWN)?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (reasons, letters) in view.dead_letter_reasons(job)? {
            for reason in reasons.0 {
                *counts.entry(reason.to_string()).or_default() += letters;
            }
        }
        let mut reasons: Vec<(String, u64)> = counts.into_iter().collect();
        reasons.sort_by_key(|(_, letters)| std::cmp::Reverse(*letters));
        Ok(Self { figures, reasons, disk })
    }
}
