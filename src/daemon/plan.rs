use crate::activecampaign::Client;
use crate::run::Job;
use crate::schedule::Calendar;
use crate::state::StateHandle;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What time it is, on the clock that schedules go by.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Takes the account's lock and makes its client. Called before each run, so that a token that was
/// renewed is used, and that others can work on the account between runs. May block for a moment.
pub type Opener = Arc<dyn Fn() -> Result<OpenedAccount, AccountOpenError> + Send + Sync>;

/// An account ready to be written to.
pub struct OpenedAccount {
    pub state: StateHandle,
    pub client: Client,
}

/// Why an account can't be written to.
#[derive(Debug)]
pub enum AccountOpenError {
    /// Another process is at it: that will end.
    Locked,
    /// Somebody has to act; with what is wrong and what to try.
    Faulty(String),
}

/// What the daemon runs, by account.
pub type Plan = BTreeMap<String, Arc<AccountPlan>>;

/// An account, and its jobs that have a schedule.
pub struct AccountPlan {
    pub state_dir: PathBuf,
    pub open: Opener,
    /// The longest that one request may take.
    pub timeout: Duration,
    pub jobs: Vec<JobPlan>,
}

/// A job, and when it starts.
#[derive(Clone)]
pub struct JobPlan {
    pub job: Job,
    pub calendar: Calendar,
}
