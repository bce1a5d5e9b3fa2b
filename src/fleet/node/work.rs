//! The work on an account under a lease.

use super::{FAULT_REST, LOOK_EVERY, Node, SharedAccount};
use crate::activecampaign::SendGuard;
use crate::daemon::{Supervision, Tenure};
use crate::fleet::copier::Copier;
use crate::fleet::{FleetError, Guard, Lease, Released};
use crate::state::{Inheritance, StateError, inherit_state};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// Keeps a lease renewed until it is dropped, however its work ends.
struct LeaseHold<'a> {
    node: &'a Node,
    account: &'a str,
    guard: Guard,
    cancel: CancellationToken,
}

impl Drop for LeaseHold<'_> {
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
    pub(super) async fn work_on(
        &self,
        lease: &Lease,
        account: SharedAccount,
        guard: Guard,
        cancel: CancellationToken,
    ) {
        let holding = LeaseHold { node: self, account: &lease.account, guard, cancel };
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

    async fn work(&self, lease: &Lease, account: SharedAccount, holding: &LeaseHold<'_>) -> Worked {
        let name = &lease.account;
        if let Err(error) = self.inherit(lease, &account).await {
            self.last_leases().remove(name.as_str());
            tracing::error!(
                account = name,
                "the ledger of account {name} could not be restored: {error}"
            );
            let is_exact = lease.handover.unrecorded.is_zero();
            return Worked { rest: FAULT_REST, is_exact };
        }
        let now = (self.options.supervision.clock)();
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
            supervision: Supervision {
                cancel: holding.cancel.clone(),
                ..self.options.supervision.clone()
            },
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
}
