use super::copier::Copier;
use super::{
    Accounts, Beat, FleetError, Guard, Heartbeat, Lease, LedgerCopies, Moment, Pace, Registration,
    Released, Renewal,
};
use crate::activecampaign::SendGuard;
use crate::daemon::{AccountPlan, Board, Clock, FleetCounts, Tenure};
use crate::state::{
    Inheritance, StateError, asked_pause, check_writable, inherit_state, last_send_at,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often a node with room looks for accounts that are due.
const TAKE_EVERY: Duration = Duration::from_secs(1);
/// An account is looked at again after this at the latest, also when none of its jobs is due.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long an account rests whose ledger could not be restored.
const RESTORE_REST: Duration = Duration::from_secs(60);

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
    pub clock: Clock,
    pub board: Board,
    /// Ends it; what is in flight then is waited for up to `grace`.
    pub cancel: CancellationToken,
    pub grace: Duration,
}

/// One daemon of a fleet: takes leases of accounts that are due, runs what is due under them, and
/// releases them.
pub struct Node {
    accounts: Accounts,
    copies: LedgerCopies,
    heartbeat: Heartbeat,
    options: NodeOptions,
    held: Mutex<BTreeMap<String, Held>>,
    /// The number of its last lease of each account, until another node has a newer one.
    had: Mutex<BTreeMap<Arc<str>, i64>>,
    counts: Mutex<FleetCounts>,
    is_unreachable: AtomicBool,
}

/// A lease that this node holds.
struct Held {
    fence: i64,
    guard: Guard,
    cancel: CancellationToken,
}

/// Keeps a lease renewed until it is dropped, however its work ends.
struct Holding<'a> {
    node: &'a Node,
    account: &'a str,
    guard: Guard,
    cancel: CancellationToken,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.guard.revoke();
        self.node.held().remove(self.account);
    }
}

/// How the work under a lease ended.
struct Worked {
    /// For how long nothing is due.
    rest: Duration,
    /// The copy in the database holds all that was sent.
    is_exact: bool,
}

impl Node {
    pub fn new(
        accounts: Accounts,
        copies: LedgerCopies,
        heartbeat: Heartbeat,
        options: NodeOptions,
    ) -> Self {
        let (held, had, counts, is_unreachable) = Default::default();
        Self { accounts, copies, heartbeat, options, held, had, counts, is_unreachable }
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
        while !self.options.cancel.is_cancelled() {
            while let Some(ended) = tenures.try_join_next() {
                log_bug(ended);
            }
            let shared = followed.borrow_and_update().clone();
            if let Some(shared) = shared {
                if !is_registered {
                    self.options.board.keep(|name| shared.schedules(name).is_some());
                    is_registered = self.heard(self.register(&*shared).await).is_some();
                }
                if is_registered {
                    self.take(&*shared, &mut tenures).await;
                }
            }
            tokio::select! {
                biased;
                () = self.options.cancel.cancelled() => {}
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
        // Else it is forgotten once it was not heard of for long enough.
        let _ = self.heartbeat.leave().await;
        Ok(())
    }

    /// Returns false if it was cancelled before.
    async fn join(&self) -> Result<bool, FleetError> {
        while !self.options.cancel.is_cancelled() {
            match self.heartbeat.join().await {
                Err(error) if error.is_unreachable() => {
                    self.heard::<()>(Err(error));
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(self.heard(Ok(())).is_some()),
            }
            tokio::select! {
                biased;
                () = self.options.cancel.cancelled() => {}
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
        let asked = Moment::now();
        let taken = self.heard(self.accounts.take(&names, room).await);
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
            let cancel = self.options.cancel.child_token();
            let held = Held { fence: lease.fence, guard: guard.clone(), cancel: cancel.clone() };
            self.held().insert(lease.account.clone(), held);
            self.had().insert(lease.account.as_str().into(), lease.fence);
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
        let ended = Released { due: RESTORE_REST, is_exact, pace };
        self.heard(self.accounts.release(lease, ended).await);
    }

    async fn work_on(
        &self,
        lease: &Lease,
        account: SharedAccount,
        guard: Guard,
        cancel: CancellationToken,
    ) {
        let holding = Holding { node: self, account: &lease.account, guard, cancel };
        let (name, fence) = (&lease.account, lease.fence);
        tracing::info!(account = name, fence, "lease {fence} of account {name} was taken");
        let worked = self.work(lease, account, &holding).await;
        holding.guard.revoke();
        let Worked { rest, is_exact } = worked;
        let ended =
            Released { due: rest.min(LOOK_EVERY), is_exact, pace: self.pace(&lease.account) };
        match self.accounts.release(lease, ended).await {
            Ok(()) => tracing::info!(
                account = name,
                fence,
                "lease {fence} of account {name} was given back"
            ),
            Err(error) => tracing::warn!(
                account = name,
                fence,
                "lease {fence} of account {name} was not given back: {error}"
            ),
        }
    }

    async fn work(&self, lease: &Lease, account: SharedAccount, holding: &Holding<'_>) -> Worked {
        let name = &lease.account;
        if let Err(error) = self.inherit(lease, &account).await {
            self.had().remove(name.as_str());
            tracing::error!(
                account = name,
                "the ledger of account {name} could not be restored: {error}"
            );
            let is_exact = lease.handover.unrecorded.is_zero();
            return Worked { rest: RESTORE_REST, is_exact };
        }
        let now = (self.options.clock)();
        let seen = SignedDuration::try_from(lease.handover.seen).unwrap_or_default();
        let (guard, cancel) = (holding.guard.clone(), holding.cancel.clone());
        // The first request that is withheld ends the run, and none begins after it.
        let guard = SendGuard::new(move || {
            let may_send = guard.may_send();
            if !may_send {
                cancel.cancel();
            }
            may_send
        });
        let tenure = Tenure {
            account: name.clone(),
            plan: Arc::new((account.plan)(guard)),
            seen: now.checked_sub(seen).unwrap_or(now),
            clock: Arc::clone(&self.options.clock),
            board: self.options.board.clone(),
            cancel: holding.cancel.clone(),
            grace: self.options.grace,
        };
        let (mut copier, done) = (
            Copier::new(&self.copies, &self.options.dir, lease, self.accounts.lease_length() / 4),
            CancellationToken::new(),
        );
        let ran = async {
            let rest = tenure.run().await;
            done.cancel();
            rest
        };
        let (rest, ()) = tokio::join!(ran, copier.run(&done));
        Worked { rest, is_exact: copier.finish().await }
    }

    /// Puts the newest copy of the ledger in place, with what is known of the holder before.
    async fn inherit(&self, lease: &Lease, account: &SharedAccount) -> Result<(), FleetError> {
        let (dir, name, handover) = (&self.options.dir, &lease.account, &lease.handover);
        let copy = dir.join(format!("{name}.inherited"));
        if let Some(head) = &handover.copy {
            self.copies.read(name, head, &copy).await?;
        }
        let unrecorded =
            handover.unrecorded_steps(account.orders_per_second, account.in_flight_max);
        let from = Inheritance {
            copy: handover.copy.as_ref().map(|_| copy),
            unrecorded,
            sent_at: handover.pace.sent.and_then(|ago| SystemTime::now().checked_sub(ago)),
            pause_left: handover.pace.pause,
        };
        if from.unrecorded > 0 {
            let orders = from.unrecorded;
            tracing::warn!(
                account = name,
                "the holder before was lost: of account {name} up to {orders} orders are looked up before they are created"
            );
        }
        let (dir, account) = (dir.clone(), name.clone());
        let inherited = tokio::task::spawn_blocking(move || inherit_state(&dir, &account, &from));
        let inherited =
            inherited.await.map_err(|error| StateError::from(std::io::Error::other(error)));
        Ok(inherited??)
    }

    /// Renews what is held, for as long as it is polled.
    async fn keep(self: Arc<Self>) {
        let every = self.accounts.lease_length() / 6;
        loop {
            tokio::time::sleep(every).await;
            let names: Vec<(String, i64)> =
                self.held().iter().map(|(name, held)| (name.clone(), held.fence)).collect();
            if names.is_empty() {
                continue;
            }
            let renewal = |(account, fence): (String, i64)| {
                let pace = self.pace(&account);
                Renewal { account, fence, pace }
            };
            let renewals: Vec<Renewal> = names.into_iter().map(renewal).collect();
            // The lease is valid from when the database renewed it, which is not before now.
            let asked = Moment::now();
            match self.heard(self.accounts.renew(&renewals).await) {
                Some(renewed) => self.note_renewed(&renewals, &renewed, asked),
                None => self.count(|counts| counts.renewals_failed += 1),
            }
        }
    }

    fn note_renewed(&self, renewals: &[Renewal], renewed: &[String], asked: Moment) {
        let held = self.held();
        for Renewal { account, fence, .. } in renewals {
            let Some(holding) = held.get(account).filter(|held| held.fence == *fence) else {
                continue;
            };
            if renewed.contains(account) {
                holding.guard.renewed(asked);
            } else {
                tracing::error!(account, fence, "lease {fence} of account {account} was lost");
                self.count(|counts| counts.lost += 1);
                holding.guard.revoke();
                holding.cancel.cancel();
            }
        }
    }

    /// Sends heartbeats, and does what operators ask of this node, for as long as it is polled. The
    /// renewals notice whether the database is unavailable.
    async fn beat(self: Arc<Self>) {
        let mut was_draining = false;
        loop {
            let had = self.had().clone();
            match self.heartbeat.beat(&had).await {
                Ok(Beat { mut view, superseded }) => {
                    let mut now_had = self.had();
                    now_had.retain(|account, fence| {
                        had.get(account) != Some(fence) || !superseded.contains(&**account)
                    });
                    self.options.board.keep(|account| now_had.contains_key(account));
                    drop(now_had);
                    if view.is_draining {
                        self.hand_over();
                    }
                    if view.is_draining != was_draining {
                        was_draining = view.is_draining;
                        let what =
                            if was_draining { "takes no account" } else { "takes accounts again" };
                        tracing::warn!("this node, {}, {what}: it was asked to", view.node);
                    }
                    self.count(|counts| view.counts = *counts);
                    self.options.board.show_fleet(view);
                }
                Err(error) => tracing::debug!("no sign of life was given: {error}"),
            }
            tokio::time::sleep(self.heartbeat.every()).await;
        }
    }

    /// Ends the work on every account, as before a stop.
    fn hand_over(&self) {
        self.held().values().for_each(|held| held.cancel.cancel());
    }

    fn count(&self, count: impl FnOnce(&mut FleetCounts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What the next holder must know of the requests of this one.
    fn pace(&self, account: &str) -> Pace {
        let (dir, now) = (&self.options.dir, SystemTime::now());
        let sent = last_send_at(dir, account).map(|at| now.duration_since(at).unwrap_or_default());
        let pause = asked_pause(dir, account, now).and_then(|until| until.duration_since(now).ok());
        Pace { sent, pause }
    }

    /// Logs when the database becomes unavailable, and when it is back.
    fn heard<T>(&self, result: Result<T, FleetError>) -> Option<T> {
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

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn had(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, i64>> {
        self.had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_bug(ended: Result<(), tokio::task::JoinError>) {
    if let Err(bug) = ended {
        tracing::error!("the work on an account ended in a bug: {bug}; its lease expires");
    }
}
