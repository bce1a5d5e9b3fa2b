//! The daemon as a node of a fleet.

use super::error::CliError;
use super::planned::Planned;
use crate::daemon::Supervision;
use crate::domain::LoadPath;
use crate::fleet::{
    Accounts, Database, FleetError, Heartbeat, LedgerCopies, Node, NodeName, NodeOptions,
    SharedAccount, SharedAccounts,
};
use crate::run::BATCH_LEN_MAX;
use crate::schedule::Schedules;
use crate::settings::{self, Settings};
use crate::state::clock_now;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest that a chunk of a ledger may take to or from the database.
pub(super) const CHUNK_TIMEOUT: Duration = Duration::from_secs(30);

/// A node notices a request of an operator within this time.
const BEAT_EVERY_MAX: Duration = Duration::from_secs(5);

/// The longest that the database may take to answer what a person asks.
pub(super) const ASK_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Fleet {
    accounts: watch::Sender<Option<Arc<dyn SharedAccounts>>>,
    /// `None` once its end was returned.
    node: Option<JoinHandle<Result<(), FleetError>>>,
}

impl Fleet {
    /// Migrates the schema of the database, if that is available, and starts the node, still
    /// without accounts; `None` without a fleet in the settings.
    pub(super) async fn join(
        settings: &Settings,
        supervision: &Supervision,
    ) -> Result<Option<Self>, CliError> {
        let Some(fleet) = &settings.fleet else { return Ok(None) };
        let lease = Duration::from_secs(fleet.lease_s);
        let database = database(fleet, lease / 6)?;
        let beats_every = (lease / 6).min(BEAT_EVERY_MAX);
        let node = NodeName { name: name(), host: host(), beats_every };
        let name = node.name.clone();
        let heartbeat = Heartbeat::new(database.another(lease / 6), node);
        // A fault of the settings or the database is reported before the daemon counts as started.
        match heartbeat.join().await {
            Err(error) if !error.is_unavailable() => return Err(CliError::failed(error)),
            _ => {}
        }
        let copies = LedgerCopies::new(database.another(CHUNK_TIMEOUT));
        let options = NodeOptions {
            dir: settings.state_dir.clone(),
            room: fleet.accounts_max,
            margin: lease / 12,
            supervision: Supervision { clock: Arc::new(clock_now), ..supervision.clone() },
        };
        let (accounts, followed) = watch::channel(None);
        let node = Node::new(Accounts::new(database, name, lease), copies, heartbeat, options);
        let node = Some(tokio::spawn(Arc::new(node).run(followed)));
        Ok(Some(Self { accounts, node }))
    }

    /// Replaces the accounts to work on. Runs under way keep their settings.
    pub(super) fn follow(&self, planned: &Arc<Planned>) {
        self.accounts.send_replace(Some(Arc::clone(planned) as Arc<dyn SharedAccounts>));
    }

    /// Waits until every lease is released, after the cancellation.
    pub(super) async fn ended(&mut self) -> Result<(), CliError> {
        let Some(node) = &mut self.node else { return Ok(()) };
        let ended = node.await;
        self.node = None;
        ended.map_err(CliError::failed)?.map_err(CliError::failed)
    }
}

impl SharedAccounts for Planned {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.names())
    }

    fn schedules(&self, account: &str) -> Option<&[u8]> {
        self.schedules(account).map(|digest| digest.as_bytes().as_slice())
    }

    fn account(&self, name: &str) -> Option<SharedAccount> {
        let planned = self.account(name, &mut Schedules::default())?;
        let jobs = planned.jobs.iter().map(|planned| &planned.job);
        let orders =
            jobs.map(|job| orders_per_request(job.load, job.bulk_max, job.is_bulk_max_set));
        let orders_max = orders.max().unwrap_or(1);
        Some(SharedAccount {
            request: Duration::from_secs(planned.account.timeout_s),
            orders_per_second: planned.account.requests_per_second * orders_max as f64,
            in_flight_max: planned.account.in_flight_max * orders_max,
            plan: Box::new(move |guard| planned.plan(Some(guard))),
        })
    }
}

/// Orders that one request of a job may carry. A probe can raise a maximum that is not set.
pub(super) fn orders_per_request(load: LoadPath, bulk_max: usize, is_bulk_max_set: bool) -> usize {
    match load {
        LoadPath::Rest => 1,
        LoadPath::Bulk if is_bulk_max_set => bulk_max,
        LoadPath::Bulk => BATCH_LEN_MAX,
    }
}

/// The fleet of the settings.
pub(super) fn of(settings: &Settings) -> Result<&settings::Fleet, CliError> {
    settings.fleet.as_ref().ok_or_else(|| {
        CliError::usage(format!(
            "{}: there is no fleet in the settings\n  hint: fleet.url_file names a file with the address of its database; see deploy/README.md",
            settings.file.display()
        ))
    })
}

fn database(fleet: &settings::Fleet, timeout: Duration) -> Result<Database, CliError> {
    Database::new(&fleet.url()?, fleet.ca_file.clone(), timeout).map_err(CliError::usage)
}

/// The database of the fleet, with its schema up to date.
pub(super) async fn open(fleet: &settings::Fleet, timeout: Duration) -> Result<Database, CliError> {
    let database = database(fleet, timeout)?;
    database.another(CHUNK_TIMEOUT).migrate().await.map_err(CliError::failed)?;
    Ok(database)
}

/// The name of this node, for display: leases are told apart by their numbers.
pub(super) fn name() -> String {
    format!("{}-{}", host(), std::process::id())
}

/// The name of this machine.
pub(super) fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if host.trim().is_empty() { "node".to_owned() } else { host.trim().to_owned() }
}
