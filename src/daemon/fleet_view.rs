//! What is known of a fleet: of all its daemons, and of the one that this is.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A daemon of a fleet, by the clock of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetNode {
    pub name: String,
    /// Its machine.
    pub host: String,
    pub since: Timestamp,
    /// How long ago it was last heard of.
    pub seen: Duration,
    pub leases: u64,
    /// It takes no lease, and hands over those it has.
    pub is_draining: bool,
    /// Several heartbeats in a row are missing: it stopped, or does not reach the database.
    pub is_lost: bool,
}

impl FleetNode {
    /// What it does, in one word.
    pub fn state(&self) -> &'static str {
        match self {
            Self { is_lost: true, .. } => "lost",
            Self { is_draining: true, leases: 0, .. } => "drained",
            Self { is_draining: true, .. } => "draining",
            _ => "active",
        }
    }
}

/// Accounts that are due and that no node works on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub accounts: u64,
    /// For how long the first of them is due.
    pub oldest: Duration,
}

/// The copy of a ledger in the database of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerCopy {
    /// Length of the ledger's file.
    pub bytes: u64,
    /// It holds all that was sent before then.
    pub age: Duration,
}

/// An account of a fleet, by the clock of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetAccount {
    pub name: String,
    /// The node that holds its lease.
    pub holder: Option<String>,
    /// That lease has expired: the next node that has room takes it.
    pub is_expired: bool,
    /// The fencing number of its last lease; 0 before the first.
    pub fence: i64,
    /// Its ledger was handed to a machine of its own.
    pub is_exported: bool,
    /// For how long it is due; negative: it is not yet.
    pub due_since: SignedDuration,
    /// `None` before the first copy.
    pub copy: Option<LedgerCopy>,
    /// For how long the holder may have sent what the copy does not hold.
    pub unrecorded: Duration,
}

/// A lease that was taken from its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetEviction {
    pub account: String,
    pub node: String,
    /// For how long the node may still send, if it runs and does not reach the database.
    pub left: Duration,
}

/// A ledger that was moved between a machine of its own and the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerMove {
    pub account: String,
    /// The number of the lease under which it was moved.
    pub fence: i64,
    pub bytes: u64,
}

/// The fleet as one of its daemons last saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetView {
    /// When it did, by the clock of this machine.
    pub at: Timestamp,
    /// The daemon's own name.
    pub node: String,
    pub is_draining: bool,
    pub nodes: Vec<FleetNode>,
    pub backlog: Backlog,
    /// The accounts whose leases it holds, with the newest copies of their ledgers.
    pub leases: Vec<(String, Option<LedgerCopy>)>,
    pub counts: FleetCounts,
}

/// Counts of a daemon since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// Leases that it took.
    pub taken: u64,
    /// Of these, leases whose previous holder was lost.
    pub takeovers: u64,
    /// Leases that it lost.
    pub lost: u64,
    /// Renewals that the database did not answer, or refused.
    pub renewals_failed: u64,
}
