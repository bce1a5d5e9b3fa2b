use super::attempts::Attempts;
use super::keyed_lock::KeyedLock;
use super::ledger::RunLedger;
use crate::activecampaign::Client;
use crate::domain::{CustomerKey, Deleted, MovedCustomer, OrderKey, Policy, RemoteId};
use tokio_util::sync::CancellationToken;

/// Carries out steps against one connection. Many may be in progress concurrently; the client's
/// turns limit their rate.
pub struct Loader {
    pub(super) client: Client,
    pub(super) ledger: RunLedger,
    pub(super) connection: RemoteId,
    pub(super) customers: KeyedLock<CustomerKey>,
    /// A cart and the order it became are one record at ActiveCampaign.
    pub(super) carts: KeyedLock<OrderKey>,
    pub(super) deleted: Deleted,
    pub(super) moved_customer: MovedCustomer,
    pub(super) cancel: CancellationToken,
}

impl Loader {
    /// `cancel` ends every step at its next request; what was sent is still waited for.
    pub fn new(
        client: Client,
        ledger: RunLedger,
        connection: RemoteId,
        policy: &Policy,
        cancel: CancellationToken,
    ) -> Self {
        let (customers, carts) = (KeyedLock::new(), KeyedLock::new());
        let (deleted, moved_customer) = (policy.deleted, policy.moved_customer);
        Self { client, ledger, connection, customers, carts, deleted, moved_customer, cancel }
    }

    pub fn ledger(&self) -> &RunLedger {
        &self.ledger
    }

    pub(super) fn attempts(&self) -> Attempts<'_> {
        Attempts::new(&self.client, &self.cancel)
    }
}
