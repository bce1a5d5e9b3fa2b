use super::{AccountPlan, Clock, JobPlan, Task};
use crate::state::{Kind, RunEnd, RunRow, StateError, View, is_locked};
use jiff::{SignedDuration, Timestamp};

/// A recorded start further in the future than this is the mistake of a wrong clock. A clock that
/// is set back by less starts nothing twice.
const FUTURE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What is known of a job's last start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastStart {
    /// On the wall clock; of a job that never ran, when the daemon first saw it.
    pub at: Timestamp,
    /// It did not finish, and is resumed as soon as possible.
    pub is_open: bool,
    /// A recorded start that is ahead of the clock. It counts again once the clock has reached it.
    ahead: Option<Timestamp>,
}

/// The last start of each task of an account's jobs, from the state and from what was started
/// since.
#[derive(Debug, Default)]
pub(super) struct LastStarts {
    /// A few at most, and thousands of accounts have one each.
    tasks: Vec<KnownStart>,
    /// When another daemon last looked at the account, if one did.
    seen: Option<Timestamp>,
}

/// The last start of one task of a job.
#[derive(Debug)]
struct KnownStart {
    job: Box<str>,
    task: Task,
    last: LastStart,
}

/// What starts next, and when.
pub(super) struct DueTask<'a> {
    pub job: &'a JobPlan,
    pub task: Task,
    /// In the past for a missed start, now for an open run.
    pub at: Timestamp,
}

impl LastStart {
    fn new(at: Timestamp, is_open: bool) -> Self {
        Self { at, is_open, ahead: None }
    }

    /// A recorded start ahead of the clock: the clock was wrong then, or it is wrong now. Until it
    /// has reached that start, the task counts as started now, so that it keeps its schedule. Once
    /// it has, no start up to that one counts as missed.
    fn follow(&mut self, now: Timestamp) {
        if self.at.duration_since(now) > FUTURE_MAX {
            self.ahead = self.ahead.max(Some(self.at));
            self.at = now;
        }
        if let Some(ahead) = self.ahead.take_if(|ahead| *ahead <= now) {
            self.at = self.at.max(ahead);
        }
    }
}

impl LastStarts {
    /// The starts of a job that never ran count from this moment on.
    pub(super) fn seen(at: Timestamp) -> Self {
        Self { seen: Some(at), ..Self::default() }
    }

    /// Reads the last starts of jobs that are new here, and corrects those that a wrong clock
    /// recorded.
    ///
    /// # Errors
    /// If the state can't be read. Its jobs then count as never started, and are not read again.
    pub(super) fn learn(
        &mut self,
        account: &str,
        plan: &AccountPlan,
        now: Timestamp,
    ) -> Result<(), StateError> {
        self.tasks.iter_mut().for_each(|known| known.last.follow(now));
        let tasks = plan.jobs.iter().flat_map(|job| {
            let tasks = [Task::Sync, Task::Verify].into_iter();
            tasks.filter(|task| job.calendar_of(*task).is_some()).map(|task| (&job.job.name, task))
        });
        let is_new = |(name, task): &(&String, Task)| self.last(name, *task).is_none();
        let new: Vec<(&String, Task)> = tasks.filter(is_new).collect();
        if new.is_empty() {
            return Ok(());
        }
        let view = View::existing(&plan.state_dir, account);
        let is_busy = is_locked(&plan.state_dir, account);
        let mut result = Ok(());
        for (name, task) in new {
            let last = match (&view, task) {
                (Ok(Some(view)), Task::Sync) => last_synced(view, name, is_busy),
                (Ok(Some(view)), Task::Verify) => last_verified(view, name, is_busy),
                (Ok(None) | Err(_), _) => Ok(None),
            };
            let last = last.unwrap_or_else(|error| {
                result = Err(error);
                None
            });
            let mut last = last.unwrap_or(LastStart::new(self.seen.unwrap_or(now), false));
            last.follow(now);
            self.set(name, task, last);
        }
        view.map(|_| ()).and(result)
    }

    /// What starts next. If a sync and a verification of a job are due, the sync comes first, as
    /// the verification would report what is not sent yet; unless a sync that finished has begun
    /// since the verification was due.
    pub(super) fn next<'a>(&self, plan: &'a AccountPlan, now: Timestamp) -> Option<DueTask<'a>> {
        let tasks = plan.jobs.iter().flat_map(|job| {
            let sync = self.due(job, Task::Sync, now);
            let verification = self.due(job, Task::Verify, now).filter(|due| {
                let synced = self.last(&job.job.name, Task::Sync);
                let waits = sync.is_some_and(|sync| sync <= now)
                    && synced.is_some_and(|last| last.is_open || last.at < *due);
                !waits
            });
            let tasks = [(Task::Sync, sync), (Task::Verify, verification)];
            tasks.into_iter().filter_map(move |(task, at)| Some(DueTask { job, task, at: at? }))
        });
        tasks.min_by(|a, b| (a.at, a.task, &a.job.job.name).cmp(&(b.at, b.task, &b.job.job.name)))
    }

    /// When a task of a job starts next.
    pub(super) fn due(&self, job: &JobPlan, task: Task, now: Timestamp) -> Option<Timestamp> {
        let last = self.last(&job.job.name, task)?;
        let calendar = job.calendar_of(task)?;
        if last.is_open { Some(now) } else { calendar.start_after(last.at) }
    }

    pub(super) fn started(&mut self, job: &str, task: Task, clock: &Clock) {
        let now = clock();
        let last = self.last(job, task).copied().unwrap_or(LastStart::new(now, false));
        self.set(job, task, LastStart { at: now, is_open: false, ..last });
    }

    /// The task was interrupted, and resumes as soon as the account may be used again.
    pub(super) fn left_open(&mut self, job: &str, task: Task) {
        if let Some(last) = self.last(job, task).copied() {
            self.set(job, task, LastStart { is_open: true, ..last });
        }
    }

    fn last(&self, job: &str, task: Task) -> Option<&LastStart> {
        let of = |known: &&KnownStart| *known.job == *job && known.task == task;
        self.tasks.iter().find(of).map(|known| &known.last)
    }

    fn set(&mut self, job: &str, task: Task, last: LastStart) {
        self.tasks.retain(|known| *known.job != *job || known.task != task);
        self.tasks.reserve_exact(1);
        self.tasks.push(KnownStart { job: job.into(), task, last });
    }
}

fn last_synced(view: &View, job: &str, is_busy: bool) -> Result<Option<LastStart>, StateError> {
    Ok(view.runs(job, 1)?.first().and_then(|row| last_start(row, is_busy)))
}

/// An interrupted verification resumes at once. A job that was never verified waits from its first
/// load on, however often the daemon starts meanwhile.
fn last_verified(view: &View, job: &str, is_busy: bool) -> Result<Option<LastStart>, StateError> {
    let at = |ms: i64| Timestamp::from_millisecond(ms).ok();
    let Some(last) = view.newest_whole_verification(job)? else {
        let loaded = view.first_load_ms(job)?.and_then(at);
        return Ok(loaded.map(|at| LastStart::new(at, false)));
    };
    // One that was resumed keeps the start of its first attempt, so its end counts.
    let is_open = last.ended_ms.is_none() && !is_busy;
    let last_ms = last.ended_ms.unwrap_or(last.started_ms);
    Ok(at(last_ms).map(|at| LastStart::new(at, is_open)))
}

/// An interrupted sync resumes at once. A backfill is started by people: one that stopped after its
/// canary waits for a decision.
fn last_start(row: &RunRow, is_busy: bool) -> Option<LastStart> {
    let at = Timestamp::from_millisecond(row.started_ms).ok()?;
    let is_interrupted = match row.outcome {
        None => !is_busy,
        Some(end) => matches!(end, RunEnd::Interrupted | RunEnd::Paused),
    };
    let is_open = is_interrupted && row.kind == Kind::Sync && row.undone_ms.is_none();
    Some(LastStart::new(at, is_open))
}
