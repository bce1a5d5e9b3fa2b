use crate::domain::{CustomerEntry, CustomerKey, LedgerEntry, Order, OrderKey};
use crate::plan::Fingerprints;
use crate::state::{ConnectionId, RunRow, StateError, View};

/// The ledger of a connection's orders and customers.
pub(super) struct Ledger {
    pub view: View,
    /// `None`: the connection has never been seen, so nothing has been sent to it.
    pub connection: Option<ConnectionId>,
    pub fingerprints: Fingerprints,
    /// The run being resumed, if any.
    pub resumed: Option<RunRow>,
}

impl Ledger {
    /// An empty one, for reading an export by itself.
    pub(super) fn empty(fingerprints: Fingerprints) -> Result<Self, StateError> {
        Ok(Self { view: View::empty()?, connection: None, fingerprints, resumed: None })
    }

    /// Whether the run being resumed settled every record up to this one.
    pub(super) fn is_below_checkpoint(&self, record: u64) -> bool {
        self.resumed.as_ref().is_some_and(|run| record < run.checkpoint)
    }

    /// Whether the run being resumed settled the order before it was interrupted.
    pub(super) fn is_settled(&self, key: &OrderKey) -> Result<bool, StateError> {
        match (&self.resumed, self.connection) {
            (Some(run), Some(connection)) => self.view.is_settled(run, connection, key),
            _ => Ok(false),
        }
    }

    pub(super) fn order(&self, key: &OrderKey) -> Result<LedgerEntry, StateError> {
        self.connection
            .map_or(Ok(LedgerEntry::Unknown), |connection| self.view.order(connection, key))
    }

    /// Whether the last verification that compared the order found it different or missing.
    pub(super) fn is_found_different(&self, key: &OrderKey) -> Result<bool, StateError> {
        self.connection
            .map_or(Ok(false), |connection| self.view.is_found_different(connection, key))
    }

    /// Whether ActiveCampaign has the order under another customer than its current one.
    pub(super) fn is_moved(&self, order: &Order) -> Result<bool, StateError> {
        self.connection.map_or(Ok(false), |connection| {
            let customer = self.fingerprints.customer(&order.customer.key);
            self.view.is_moved(connection, &order.key, &customer)
        })
    }

    /// Whether ActiveCampaign has no order that the ledger does not know. A connection that was
    /// never seen counts as empty.
    pub(super) fn knows_every_order(&self) -> Result<bool, StateError> {
        self.connection.map_or(Ok(true), |connection| self.view.knows_every_order(connection))
    }

    /// Whether the cart of an order is looked up before a create.
    pub(super) fn looks_up(&self, cart: &OrderKey) -> Result<bool, StateError> {
        Ok(match self.order(cart)? {
            LedgerEntry::Intended { .. } => true,
            LedgerEntry::Unknown => !self.knows_every_order()?,
            _ => false,
        })
    }

    pub(super) fn customer(&self, key: &CustomerKey) -> Result<CustomerEntry, StateError> {
        self.connection.map_or(Ok(CustomerEntry::Unknown), |connection| {
            self.view.customer(connection, &self.fingerprints.customer(key))
        })
    }
}
