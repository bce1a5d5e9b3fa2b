use super::board::JobEntry;
use super::last_starts::{DueTask, LastStarts};
use super::liveness::Liveness;
use super::outcome::NextAction;
use super::{AccountPlan, AccountStatus, Board, Clock, JobPlan, Plan, Supervision, Task};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The longest sleep before the wall clock is looked at again: it can be set, and a host that slept
/// wakes up late.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A start that is later than this is logged as caught up.
const LATE_MIN: SignedDuration = SignedDuration::from_mins(2);

/// Starts the jobs of one account when they are due, one after the other.
pub(super) struct AccountWorker {
    pub(super) name: String,
    pub(super) clock: Clock,
    pub(super) board: Board,
    pub(super) cancel: CancellationToken,
    pub(super) grace: Duration,
    /// The plan to follow, which may lack the account.
    pub(super) followed: watch::Receiver<Arc<Plan>>,
    pub(super) last_starts: LastStarts,
    /// Nothing is started before: ActiveCampaign refused the account or is unavailable.
    rests_until: Option<Instant>,
}

/// What to do next.
enum NextTask<'a> {
    Start(DueTask<'a>),
    Sleep(Duration),
}

impl AccountWorker {
    pub(super) fn new(
        name: String,
        supervision: Supervision,
        followed: watch::Receiver<Arc<Plan>>,
    ) -> Self {
        let Supervision { clock, board, cancel, grace } = supervision;
        Self {
            name,
            clock,
            board,
            cancel,
            grace,
            followed,
            last_starts: LastStarts::default(),
            rests_until: None,
        }
    }

    /// Ends when it is cancelled, after the run under way was wound up.
    pub(super) async fn run(mut self) {
        while !self.cancel.is_cancelled() {
            if self.followed.has_changed().unwrap_or(false) {
                self.end_rest();
            }
            let Some(plan) = self.plan() else {
                self.board.remove(&self.name);
                self.sleep(LOOK_EVERY).await;
                continue;
            };
            match self.next(&plan) {
                // On the heap, so that an account that waits costs no memory for a run.
                NextTask::Start(due) => Box::pin(self.start(&plan, due)).await,
                NextTask::Sleep(length) => self.sleep(length.min(LOOK_EVERY)).await,
            }
        }
        self.board.write(&self.name, |entry| entry.liveness = None);
    }

    /// What is to run now; `None` while the account is in no plan.
    fn plan(&mut self) -> Option<Arc<AccountPlan>> {
        self.followed.borrow_and_update().get(&self.name).cloned()
    }

    /// Starts what is due, until nothing is or it is cancelled. Returns for how long nothing is
    /// due; zero if it was cancelled.
    pub(super) async fn run_due(mut self) -> Duration {
        let mut rest = Duration::ZERO;
        if let Some(plan) = self.plan() {
            while !self.cancel.is_cancelled() {
                match self.next(&plan) {
                    NextTask::Start(due) => self.start(&plan, due).await,
                    NextTask::Sleep(length) => {
                        rest = length;
                        break;
                    }
                }
            }
        }
        self.board.write(&self.name, |entry| entry.liveness = None);
        rest
    }

    async fn start(&mut self, plan: &AccountPlan, DueTask { job, task, at: due }: DueTask<'_>) {
        let name = &job.job.name;
        if (self.clock)().duration_since(due) > LATE_MIN {
            let what = match task {
                Task::Sync => name.clone(),
                Task::Verify => format!("the verification of {name}"),
            };
            tracing::info!(job = name, %due, "{what} is caught up: it was due at {due}");
        }
        let attempted = match (task, &job.verify) {
            (Task::Verify, Some(verify)) => self.verify(plan, job, verify, due).await,
            (Task::Verify, None) => None,
            (Task::Sync, _) => self.sync(plan, job, due).await,
        };
        let Some(next) = attempted else { return };
        if next.is_resumable {
            self.last_starts.left_open(name, task);
        }
        self.rests_until = next.rest.map(|rest| Instant::now() + rest);
    }

    pub(super) async fn sync(
        &mut self,
        plan: &AccountPlan,
        job: &JobPlan,
        due: Timestamp,
    ) -> Option<NextAction> {
        let name = &job.job.name;
        self.write_job(name, |entry| entry.waits_since = Some(due));
        let attempted = self.attempt(plan, job).await;
        self.write_job(name, |entry| entry.waits_since = None);
        attempted
    }

    fn next<'a>(&mut self, plan: &'a AccountPlan) -> NextTask<'a> {
        let now = (self.clock)();
        if let Err(error) = self.last_starts.learn(&self.name, plan, now) {
            tracing::error!("the last runs are not known: {error}");
        }
        self.show(plan, now);
        if let Some(rest) = self.rest_left() {
            return NextTask::Sleep(rest);
        }
        match self.last_starts.next(plan, now) {
            Some(due) if due.at <= now => NextTask::Start(due),
            Some(due) => NextTask::Sleep(until(now, due.at)),
            None => NextTask::Sleep(Duration::MAX),
        }
    }

    fn rest_left(&mut self) -> Option<Duration> {
        let left = self.rests_until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            self.end_rest();
        }
        left.filter(|left| !left.is_zero())
    }

    /// A new plan ends it early: an operator acted, and ActiveCampaign may no longer refuse the
    /// account or be unavailable.
    fn end_rest(&mut self) {
        self.rests_until = None;
        self.set_status(AccountStatus::Idle);
    }

    pub(super) fn set_status(&self, status: AccountStatus) {
        self.board.write(&self.name, |entry| entry.status = status);
    }

    /// Shows when each job starts next.
    pub(super) fn show(&self, plan: &AccountPlan, now: Timestamp) {
        let rest = self.rests_until.map(|until| until.saturating_duration_since(Instant::now()));
        let earliest =
            rest.and_then(|rest| now.checked_add(SignedDuration::try_from(rest).ok()?).ok());
        self.board.write(&self.name, |entry| {
            for job in &*plan.jobs {
                if let Some(shown) = entry.job(&job.job.name) {
                    let next = |task| {
                        let due = self.last_starts.due(job, task, now)?;
                        Some(due.max(earliest.unwrap_or(due)))
                    };
                    shown.next_due = next(Task::Sync);
                    shown.next_verification = next(Task::Verify);
                }
            }
        });
    }

    pub(super) fn write_job(&self, job: &str, write: impl FnOnce(&mut JobEntry)) {
        self.board.write(&self.name, |entry| {
            if let Some(job) = entry.job(job) {
                write(job);
            }
        });
    }

    async fn sleep(&mut self, length: Duration) {
        self.board.write(&self.name, |entry| entry.liveness = Some(Liveness::waits(length)));
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {}
            _ = self.followed.changed() => self.end_rest(),
            () = tokio::time::sleep(length) => {}
        }
    }
}

/// From now until a moment to come; at least a millisecond, as the clock counts finer than a sleep.
fn until(now: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now)).unwrap_or_default().max(Duration::from_millis(1))
}
