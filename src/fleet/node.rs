mod keeper;
mod work;

use super::{
    Accounts, BothClocks, FleetError, Guard, Heartbeat, Lease, LedgerCopies, Pace, Registration,
    Released,
};
use crate::activecampaign::SendGuard;
use crate::daemon::{AccountPlan, FleetCounts, Supervision};
use crate::state::check_writable;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often a node with room looks for accounts that are due.
const TAKE_EVERY: Duration = Duration::from_secs(1);
/// An account is looked at again after this at the latest, also when none of its jobs is due.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long an account rests that can't be worked on.
const FAULT_REST: Duration = Duration::from_secs(60);

/// The accounts that a node may work on. There may be thousands, so each is made when its lease is
/// taken.
pub trait SharedAccounts: Send + Sync {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// Digest of the schedules of an account's jobs; `None` of an unknown account.
    fn schedules(&self, account: &str) -> Option<&[u8]>;

    /// `None` of an unknown account.
    fn account(&self, name: &str) -> Option<SharedAccount>;
}

/// An account whose lease was taken.
pub struct SharedAccount {
    /// What it runs, where each request is allowed by the guard.
    pub plan: Box<dyn FnOnce(SendGuard) -> AccountPlan + Send + Sync>,
    /// The longest that one request may take.
    pub request: Duration,
    /// How many orders a run may create in a second, at most.
    pub orders_per_second: f64,
    /// How many orders may be under way concurrently.
    pub in_flight_max: usize,
}

/// How a node works.
pub struct NodeOptions {
    /// Holds the ledgers of the accounts that it holds, and what is left of others.
    pub dir: PathBuf,
    /// How many accounts it works on concurrently, at most.
    pub room: usize,
    /// What is left of a lease once the last request under it is over.
    pub margin: Duration,
    pub supervision: Supervision,
}

/// One daemon of a fleet: takes leases of accounts that are due, runs what is due under them, and
/// releases them.
pub struct Node {
    accounts: Accounts,
    copies: LedgerCopies,
    heartbeat: Heartbeat,
    options: NodeOptions,
    held: Mutex<BTreeMap<String, HeldLease>>,
    /// The number of its last lease of each account, until another node has a newer one.
    last_leases: Mutex<BTreeMap<Arc<str>, i64>>,
    counts: Mutex<FleetCounts>,
    is_unreachable: AtomicBool,
}

/// A lease that this node holds.
struct HeldLease {
    fence: i64,
    guard: Guard,
    cancel: CancellationToken,
}

impl Node {
    pub fn new(
        accounts: Accounts,
        copies: LedgerCopies,
        heartbeat: Heartbeat,
        options: NodeOptions,
    ) -> Self {
        let (held, last_leases, counts, is_unreachable) = Default::default();
        Self { accounts, copies, heartbeat, options, held, last_leases, counts, is_unreachable }
    }

    /// Works until it is cancelled, and ends once every lease was released. It waits for a database
    /// that is unavailable, also at the start: after a power cut that may be up later than this
    /// machine.
    ///
    /// # Errors
    /// When the folder of the ledgers can't be written to, or the database refuses this node.
    pub async fn run(
        self: Arc<Self>,
        mut followed: watch::Receiver<Option<Arc<dyn SharedAccounts>>>,
    ) -> Result<(), FleetError> {
        check_writable(&self.options.dir)?;
        if !self.join().await? {
            return Ok(());
        }
        let keeper = tokio::spawn(Arc::clone(&self).keep());
        let beating = tokio::spawn(Arc::clone(&self).beat());
        let mut tenures = JoinSet::new();
        let mut is_registered = false;
        while !self.options.supervision.cancel.is_cancelled() {
            while let Some(ended) = tenures.try_join_next() {
                log_bug(ended);
            }
            let shared = followed.borrow_and_update().clone();
            if let Some(shared) = shared {
                if !is_registered {
                    self.options.supervision.board.keep(|name| shared.schedules(name).is_some());
                    is_registered = self.note_availability(self.register(&*shared).await).is_some();
                }
                if is_registered {
                    self.take(&*shared, &mut tenures).await;
                }
            }
            tokio::select! {
                biased;
                () = self.options.supervision.cancel.cancelled() => {}
                Ok(()) = followed.changed() => is_registered = false,
                Some(ended) = tenures.join_next() => log_bug(ended),
                () = tokio::time::sleep(TAKE_EVERY) => {}
            }
        }
        while let Some(ended) = tenures.join_next().await {
            log_bug(ended);
        }
        keeper.abort();
        beating.abort();
        // If this fails, the fleet forgets the node once it was silent for long enough.
        let _ = self.heartbeat.leave().await;
        Ok(())
    }

    /// Returns false if it was cancelled before.
    async fn join(&self) -> Result<bool, FleetError> {
        while !self.options.supervision.cancel.is_cancelled() {
            match self.heartbeat.join().await {
                Err(error) if error.is_unavailable() => {
                    self.note_availability::<()>(Err(error));
                }
                Err(error) => return Err(error),
                Ok(()) => {
                    self.note_availability(Ok(()));
                    return Ok(true);
                }
            }
            tokio::select! {
                biased;
                () = self.options.supervision.cancel.cancelled() => {}
                () = tokio::time::sleep(TAKE_EVERY) => {}
            }
        }
        Ok(false)
    }

    async fn register(&self, shared: &dyn SharedAccounts) -> Result<(), FleetError> {
        let registration = |name: &str| {
            let schedules = shared.schedules(name)?.to_vec();
            Some(Registration { name: name.to_owned(), schedules })
        };
        let accounts: Vec<_> = shared.names().filter_map(registration).collect();
        self.accounts.register(&accounts).await
    }

    /// Takes what is due longest, as far as there is room, and begins to work on it.
    async fn take(self: &Arc<Self>, shared: &dyn SharedAccounts, tenures: &mut JoinSet<()>) {
        let room = self.options.room.saturating_sub(tenures.len());
        let names: Vec<&str> = {
            let held = self.held();
            shared.names().filter(|name| !held.contains_key(*name)).collect()
        };
        if room == 0 || names.is_empty() {
            return;
        }
        let asked = BothClocks::now();
        let taken = self.note_availability(self.accounts.take(&names, room).await);
        for lease in taken.unwrap_or_default() {
            self.count(|counts| {
                counts.taken += 1;
                counts.takeovers += u64::from(!lease.handover.unrecorded.is_zero());
            });
            let Some(account) = shared.account(&lease.account) else {
                self.give_up(&lease).await;
                continue;
            };
            let guard =
                Guard::new(self.accounts.lease_length(), self.options.margin, account.request);
            guard.renewed(asked);
            let cancel = self.options.supervision.cancel.child_token();
            let held =
                HeldLease { fence: lease.fence, guard: guard.clone(), cancel: cancel.clone() };
            self.held().insert(lease.account.clone(), held);
            self.last_leases().insert(lease.account.as_str().into(), lease.fence);
            let node = Arc::clone(self);
            tenures.spawn(async move { node.work_on(&lease, account, guard, cancel).await });
        }
    }

    /// Releases a lease whose account this node can't work on.
    async fn give_up(&self, lease: &Lease) {
        tracing::error!(
            account = lease.account,
            "the settings of account {} can't be read again; a reload reads them anew",
            lease.account
        );
        let (pace, is_exact) = (lease.handover.pace, lease.handover.unrecorded.is_zero());
        let ended = Released { due: FAULT_REST, is_exact, pace };
        self.note_availability(self.accounts.release(lease, ended).await);
    }

    fn count(&self, count: impl FnOnce(&mut FleetCounts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What the next holder must know of the requests of this one.
    fn pace(&self, account: &str) -> Pace {
        Pace::of(&self.options.dir, account)
    }

    /// Logs when the database becomes unavailable, and when it is back.
    fn note_availability<T>(&self, result: Result<T, FleetError>) -> Option<T> {
        let was_unreachable = self.is_unreachable.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_unreachable => {
                tracing::error!(
                    "{error}; it is asked again, and nothing is sent once the leases can't be renewed in time"
                );
            }
            Ok(_) if was_unreachable => tracing::info!("the fleet's database is back"),
            _ => {}
        }
        result.ok()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, HeldLease>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_leases(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, i64>> {
        self.last_leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_bug(ended: Result<(), tokio::task::JoinError>) {
    if let Err(bug) = ended {
        tracing::error!("the work on an account ended in a bug: {bug}; its lease expires");
    }
}
