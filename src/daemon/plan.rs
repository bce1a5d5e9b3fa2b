use crate::activecampaign::Client;
use crate::run::{Job, OpenedAccount, RunEvent, Sample};
use crate::schedule::Calendar;
use crate::state::Store;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The clock that schedules follow.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Takes the account's lock and creates its client. Called before each run, so that a renewed token
/// is used and other processes can use the account between runs. May block for a moment.
pub type Open<T> = Arc<dyn Fn() -> Result<T, AccountOpenError> + Send + Sync>;

/// For a run.
pub type Opener = Open<OpenedAccount>;

/// For a verification, which writes to the state itself.
pub type StoreOpener = Open<(Store, Client)>;

/// What a pull has to know of a job's shop. Called before each pull, so that a renewed key is used.
pub type PullOptions = Arc<dyn Fn() -> Result<crate::pull::Options, String> + Send + Sync>;

#[derive(Debug)]
pub enum AccountOpenError {
    /// Another process is writing to the account; worth waiting for.
    Locked,
    /// Someone has to act; the message says what is wrong and what to try.
    Failed(String),
}

/// Called for each run and verification of a job; must not block.
pub type OnRunEvent = Arc<dyn Fn(&str, RunEvent<'_>) + Send + Sync>;

/// What the daemon runs, by account name.
pub type Plan = BTreeMap<String, Arc<AccountPlan>>;

/// An account, and its jobs that have a schedule.
pub struct AccountPlan {
    pub state_dir: PathBuf,
    /// Other daemons work on it too, one at a time.
    pub is_shared: bool,
    pub open: Opener,
    pub open_store: StoreOpener,
    pub on_event: OnRunEvent,
    /// The longest that one request may take.
    pub timeout: Duration,
    pub jobs: Arc<[JobPlan]>,
}

/// What a job does at its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    Sync,
    Verify,
}

/// A job, and when it starts.
#[derive(Clone)]
pub struct JobPlan {
    pub job: Job,
    /// `None`: the job pulls no shop.
    pub pull: Option<PullOptions>,
    /// When it runs; `None`: only by hand.
    pub calendar: Option<Calendar>,
    /// When it is verified; `None`: only by hand.
    pub verify: Option<Box<VerifyPlan>>,
    /// Every job on its connection, this one too; empty if there is no other.
    pub sharing: Vec<Job>,
    /// The job is also started if it was never loaded.
    pub loads_first: bool,
}

/// When a job is verified, and how deep.
#[derive(Clone)]
pub struct VerifyPlan {
    pub calendar: Calendar,
    /// The orders that are compared line by line; `None`: all are compared by lists alone.
    pub lines: Option<Sample>,
}

impl JobPlan {
    pub(super) fn calendar_of(&self, task: Task) -> Option<&Calendar> {
        match task {
            Task::Sync => self.calendar.as_ref(),
            Task::Verify => self.verify.as_ref().map(|verify| &verify.calendar),
        }
    }
}
