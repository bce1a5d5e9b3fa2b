use super::fleet_view::FleetView;
use super::liveness::Liveness;
use super::{AccountPlan, JobPlan, Plan};
use crate::activecampaign::{Client, Traffic};
use crate::run::{Progress, time_left};
use crate::state::RunEnd;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the daemon is doing: cheap to write, read as one consistent snapshot.
#[derive(Debug, Clone, Default)]
pub struct Board {
    accounts: Arc<Mutex<AccountEntries>>,
    fleet: Arc<Mutex<Option<FleetView>>>,
}

/// Boxed, as a node of the map reserves room for eleven entries.
type AccountEntries = BTreeMap<String, Box<AccountEntry>>;

/// One account on the board.
#[derive(Debug, Default)]
pub(super) struct AccountEntry {
    pub status: AccountStatus,
    /// Of the run or verification under way. It holds the account's lock, so it is dropped with it.
    pub client: Option<Client>,
    /// Of the earlier runs since the daemon began.
    pub traffic: Option<Box<Traffic>>,
    pub liveness: Option<Liveness>,
    pub running: Option<Box<Running>>,
    /// In the order of the plan.
    jobs: Box<[ShownJob]>,
}

/// A job on the board.
#[derive(Debug)]
struct ShownJob {
    name: Box<str>,
    /// Of its schedules.
    zone: TimeZone,
    entry: JobEntry,
}

#[derive(Debug, Default)]
pub(super) struct JobEntry {
    pub next_due: Option<Timestamp>,
    /// Since when a start is due that could not be made yet.
    pub waits_since: Option<Timestamp>,
    /// By how much the last start was late.
    pub late: SignedDuration,
    pub last: Option<Box<LastRun>>,
    pub next_verification: Option<Timestamp>,
    pub last_verification: Option<Box<LastVerification>>,
}

/// The status of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AccountStatus {
    /// Waits for its next job to be due.
    #[default]
    Idle,
    Running,
    /// A job of it is verified.
    Verifying {
        job: String,
        since: Timestamp,
    },
    /// A job is due, and another process is writing to the account.
    WaitsForLock {
        since: Timestamp,
    },
    /// ActiveCampaign is unavailable; the next request is sent then.
    Unavailable {
        until: Timestamp,
    },
    /// ActiveCampaign refused the account, and an operator has to act; nothing is sent before then.
    Refused {
        until: Timestamp,
    },
}

impl AccountStatus {
    pub const WORDS: [&str; 6] =
        ["idle", "running", "waits_for_lock", "away", "refused", "verifying"];

    pub fn word(&self) -> &'static str {
        let n = match self {
            Self::Idle => 0,
            Self::Running => 1,
            Self::WaitsForLock { .. } => 2,
            Self::Unavailable { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Verifying { .. } => 5,
        };
        Self::WORDS[n]
    }
}

/// The whole board at one moment.
#[derive(Debug, Clone)]
pub struct DaemonView {
    /// `None` without a fleet, and before its first report.
    pub fleet: Option<FleetView>,
    pub accounts: Vec<AccountView>,
    pub jobs: Vec<JobView>,
}

#[derive(Debug, Clone)]
pub struct AccountView {
    pub account: String,
    pub status: AccountStatus,
    /// Since the daemon began, including the run under way; `None` before the first run.
    pub traffic: Option<Traffic>,
    /// Requests without a response yet.
    pub in_flight: u64,
    /// How long no request may be sent, as ActiveCampaign or the rate limiter asked for a pause.
    pub pause_left: Duration,
    /// How long the run under way has had no response; `None` while it gets them.
    pub unanswered_for: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct JobView {
    pub job: String,
    pub account: String,
    /// Of its schedules.
    pub zone: TimeZone,
    pub next_due: Option<Timestamp>,
    /// Since when a start is due that could not be made yet.
    pub waits_since: Option<Timestamp>,
    /// By how much the last start was late.
    pub late: SignedDuration,
    pub running: Option<Running>,
    pub last: Option<LastRun>,
    /// `None`: it has no schedule for verifications.
    pub next_verification: Option<Timestamp>,
    pub last_verification: Option<LastVerification>,
}

impl JobView {
    /// How late it is: since it was due while its start waits for something, else by how much its
    /// last start was late.
    pub fn lag(&self, now: Timestamp) -> SignedDuration {
        let passed = self.next_due.filter(|due| self.running.is_none() && *due < now);
        let waited = self.waits_since.or(passed).map(|due| now.duration_since(due));
        waited.unwrap_or(self.late).max(SignedDuration::ZERO)
    }
}

/// A run under way.
#[derive(Debug, Clone)]
pub struct Running {
    pub job: String,
    pub since: Timestamp,
    /// Records that the job's last finished run had read.
    pub records_expected: Option<u64>,
    /// `None` until something was settled.
    pub progress: Option<Progress>,
}

/// How the daemon's last verification of a job ended.
#[derive(Debug, Clone)]
pub struct LastVerification {
    pub ended: Timestamp,
    /// Why it did not finish.
    pub error: Option<String>,
}

/// How a job's last attempt ended.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// `None` where no run could begin.
    pub end: Option<RunEnd>,
    /// Why it did not finish.
    pub error: Option<String>,
}

impl Running {
    /// Estimated from the speed so far; `None` while there is too little to estimate from.
    pub fn expected_end(&self, now: Timestamp) -> Option<Timestamp> {
        let progress = self.progress.as_ref()?;
        let left = self.records_expected?.checked_sub(progress.read)?;
        now.checked_add(time_left(progress.read, left, progress.elapsed)?).ok()
    }
}

impl AccountEntry {
    /// `None` for a job that left the plan.
    pub fn job(&mut self, name: &str) -> Option<&mut JobEntry> {
        self.jobs.iter_mut().find(|job| *job.name == *name).map(|job| &mut job.entry)
    }

    /// Takes a job's entry out; a new one for an unknown job.
    fn take_job(&mut self, name: &str) -> JobEntry {
        self.job(name).map(std::mem::take).unwrap_or_default()
    }

    /// Adds the traffic of the run under way to that of the earlier runs.
    fn traffic_with(&self, now: Option<Traffic>) -> Option<Traffic> {
        match (now, &self.traffic) {
            (Some(now), Some(before)) => Some(now.after(before)),
            (now, before) => now.or_else(|| before.as_deref().cloned()),
        }
    }
}

impl Board {
    /// The whole board.
    pub fn view(&self) -> DaemonView {
        let (accounts, fleet) = (self.lock(), self.fleet().clone());
        let account = |name: &String, entry: &AccountEntry| {
            let client = entry.client.as_ref();
            let traffic = client.map(Client::traffic);
            AccountView {
                account: name.clone(),
                status: entry.status.clone(),
                in_flight: traffic.as_ref().map_or(0, Traffic::in_flight),
                pause_left: client.map_or(Duration::ZERO, Client::pause_left),
                unanswered_for: client
                    .filter(|_| entry.status == AccountStatus::Running)
                    .and_then(Client::unanswered_for),
                traffic: entry.traffic_with(traffic),
            }
        };
        let jobs = accounts.iter().flat_map(|(name, entry)| {
            entry.jobs.iter().map(|ShownJob { name: job, zone, entry: of_job }| JobView {
                job: job.to_string(),
                account: name.clone(),
                zone: zone.clone(),
                next_due: of_job.next_due,
                waits_since: of_job.waits_since,
                late: of_job.late,
                running: entry.running.as_deref().filter(|running| *running.job == **job).cloned(),
                last: of_job.last.as_deref().cloned(),
                next_verification: of_job.next_verification,
                last_verification: of_job.last_verification.as_deref().cloned(),
            })
        });
        DaemonView {
            accounts: accounts.iter().map(|(name, entry)| account(name, entry)).collect(),
            jobs: jobs.collect(),
            fleet,
        }
    }

    /// Whether every account's task makes progress or waits for something known. Each call compares
    /// with the one before, so it has to be called regularly.
    pub fn is_alive(&self) -> bool {
        let mut accounts = self.lock();
        let mut is_alive = true;
        for entry in accounts.values_mut() {
            let progress = entry.running.as_ref().and_then(|running| running.progress.as_ref());
            // No short circuit: each call records what the next one compares with.
            is_alive &= entry.liveness.as_mut().is_none_or(|liveness| liveness.is_alive(progress));
        }
        is_alive
    }

    /// Shows the jobs of a plan, and those of other accounts only while they run or are verified.
    pub(super) fn plan(&self, plan: &Plan) {
        self.keep(|name| plan.contains_key(name));
        for (name, account) in plan {
            self.add(name, account);
        }
    }

    /// Removes the other accounts, except where a run or a verification is under way. In a fleet,
    /// those are the accounts that another node has worked on since: what the board holds of them
    /// is outdated.
    pub fn keep(&self, is_kept: impl Fn(&str) -> bool) {
        self.lock().retain(|name, entry| is_kept(name) || entry.client.is_some());
    }

    /// Shows the jobs of an account.
    pub(super) fn add(&self, name: &str, account: &AccountPlan) {
        let mut accounts = self.lock();
        let entry = accounts.entry(name.to_owned()).or_default();
        let jobs = account.jobs.iter().map(|JobPlan { job, .. }| ShownJob {
            name: job.name.as_str().into(),
            zone: job.rules.zone.clone(),
            entry: entry.take_job(&job.name),
        });
        entry.jobs = jobs.collect();
    }

    /// Writes to an account's entry, unless it left the plan.
    pub(super) fn write(&self, account: &str, write: impl FnOnce(&mut AccountEntry)) {
        if let Some(entry) = self.lock().get_mut(account) {
            write(entry);
        }
    }

    /// Drops everything that belongs to a run.
    pub(super) fn close(&self, account: &str, status: AccountStatus) {
        self.write(account, |entry| {
            if let Some(client) = entry.client.take() {
                entry.traffic = entry.traffic_with(Some(client.traffic())).map(Box::new);
            }
            (entry.running, entry.liveness, entry.status) = (None, None, status);
        });
    }

    /// Removes an account that is in no plan.
    pub(super) fn remove(&self, account: &str) {
        self.lock().remove(account);
    }

    /// Shows the fleet as the daemon sees it now.
    pub fn show_fleet(&self, view: FleetView) {
        *self.fleet() = Some(view);
    }

    fn fleet(&self) -> MutexGuard<'_, Option<FleetView>> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, AccountEntries> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
