use super::Fingerprint;
use std::fmt;

/// ActiveCampaign's id of a record, as it writes it.
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

/// What the ledger stores about one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEntry {
    /// Never sent, as far as we know.
    Unknown,
    /// A write was about to be sent and its response was never recorded: look it up before sending
    /// again. With `update` it was an update of that id; without, a create of the payload with this
    /// fingerprint.
    Intended { update: Option<RemoteId>, fingerprint: Option<Fingerprint> },
    /// In ActiveCampaign under this id; `fingerprint` is that of the last payload it accepted, if
    /// known.
    Known { id: RemoteId, fingerprint: Option<Fingerprint> },
    /// ActiveCampaign accepted the payload with this fingerprint by the bulk path, and its REST API
    /// has not shown the copy yet: the id is not known.
    Accepted { fingerprint: Option<Fingerprint> },
    /// A cart that became an order, or whose order was created separately: nothing is left to send.
    BecameOrder,
    /// ActiveCampaign refused the payload with this fingerprint; the same one is not sent again.
    Refused { id: Option<RemoteId>, fingerprint: Fingerprint },
}

/// What the ledger stores about one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerEntry {
    Unknown,
    /// A create was about to be sent and its response was never recorded: look it up first.
    Intended,
    Known(RemoteId),
}
