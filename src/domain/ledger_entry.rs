use super::Fingerprint;
use std::fmt;

/// The target's id of a record, as it writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteId(String);

impl RemoteId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the ledger remembers of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEntry {
    /// Never sent, as far as we know.
    Unknown,
    /// A write was about to be sent and its answer was never recorded: look it up before sending
    /// again. `update`: the id of what was to be updated; without one it was a create, of the
    /// payload with this fingerprint.
    Intended { update: Option<RemoteId>, fingerprint: Option<Fingerprint> },
    /// At the target under this id; `fingerprint` is of what it took last, absent where that is not
    /// known.
    Known { id: RemoteId, fingerprint: Option<Fingerprint> },
    /// A cart whose record is an order by now, or whose order was made without it: there is nothing
    /// left to send.
    BecameOrder,
    /// The target would not take the payload with this fingerprint; asking again with the same one
    /// is idle.
    Refused { id: Option<RemoteId>, fingerprint: Fingerprint },
}

/// What the ledger remembers of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerEntry {
    Unknown,
    /// A create was about to be sent and its answer was never recorded: look it up first.
    Intended,
    Known(RemoteId),
}
