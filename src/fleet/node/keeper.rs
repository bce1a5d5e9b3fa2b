//! Keeps the leases of a node renewed, and the node known to the fleet.

use super::{HeldLease, Node};
use crate::fleet::{Beat, BothClocks, Renewal};
use std::sync::Arc;

impl Node {
    /// Renews what is held, for as long as it is polled.
    pub(super) async fn keep(self: Arc<Self>) {
        let every = self.accounts.lease_length() / 6;
        loop {
            tokio::time::sleep(every).await;
            let leases: Vec<(String, i64)> =
                self.held().iter().map(|(name, held)| (name.clone(), held.fence)).collect();
            if leases.is_empty() {
                continue;
            }
            let renewal = |(account, fence): (String, i64)| {
                let pace = self.pace(&account);
                Renewal { account, fence, pace }
            };
            let renewals: Vec<Renewal> = leases.into_iter().map(renewal).collect();
            // The lease is valid from when the database renewed it, which is not before now.
            let asked = BothClocks::now();
            match self.note_availability(self.accounts.renew(&renewals).await) {
                Some(renewed) => self.note_renewed(&renewals, &renewed, asked),
                None => self.count(|counts| counts.renewals_failed += 1),
            }
        }
    }

    fn note_renewed(&self, renewals: &[Renewal], renewed: &[String], asked: BothClocks) {
        let held = self.held();
        for Renewal { account, fence, .. } in renewals {
            // One that is being given back was not lost.
            let is_kept = |held: &&HeldLease| held.fence == *fence && !held.guard.is_revoked();
            let Some(holding) = held.get(account).filter(is_kept) else { continue };
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
    pub(super) async fn beat(self: Arc<Self>) {
        let mut was_draining = false;
        loop {
            let before = self.last_leases().clone();
            match self.heartbeat.beat(&before).await {
                Ok(Beat { mut view, superseded }) => {
                    let mut leases = self.last_leases();
                    leases.retain(|account, fence| {
                        before.get(account) != Some(fence) || !superseded.contains(&**account)
                    });
                    self.options.supervision.board.keep(|account| leases.contains_key(account));
                    drop(leases);
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
                    self.options.supervision.board.show_fleet(view);
                }
                Err(error) => tracing::debug!("no heartbeat was sent: {error}"),
            }
            tokio::time::sleep(self.heartbeat.every()).await;
        }
    }

    /// Ends the work on every account, as before a stop.
    fn hand_over(&self) {
        self.held().values().for_each(|held| held.cancel.cancel());
    }
}
