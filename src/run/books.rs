use crate::domain::{
    Attempt, Customer, CustomerEntry, Fingerprint, LedgerEntry, OrderKey, RemoteId,
};
use crate::load::{Journal, JournalError};
use crate::plan::Fingerprints;
use crate::state::{ConnectionId, RunId, StateError, StateHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The loader's journal of one run.
pub(super) struct RunJournal {
    pub(super) state: StateHandle,
    pub(super) run: RunId,
    pub(super) connection: ConnectionId,
    pub(super) fingerprints: Fingerprints,
    /// Customers settled by this process.
    pub(super) customers: Arc<AtomicU64>,
}

fn failed(error: StateError) -> JournalError {
    JournalError(Box::new(error))
}

impl Journal for RunJournal {
    async fn customer(&self, customer: &Customer) -> Result<CustomerEntry, JournalError> {
        let (connection, hash) = (self.connection, self.fingerprints.customer(&customer.key));
        self.state.call(move |store| store.customer(connection, &hash)).await.map_err(failed)
    }

    async fn intend_customer(&self, customer: &Customer) -> Result<(), JournalError> {
        let (run, connection, hash) =
            (self.run, self.connection, self.fingerprints.customer(&customer.key));
        self.state
            .call(move |store| store.intend_customer(run, connection, &hash))
            .await
            .map_err(failed)
    }

    async fn settle_customer(
        &self,
        customer: &Customer,
        id: &RemoteId,
        created: bool,
    ) -> Result<(), JournalError> {
        let (run, connection, hash) =
            (self.run, self.connection, self.fingerprints.customer(&customer.key));
        let id = id.clone();
        self.state
            .call(move |store| store.settle_customer(run, connection, &hash, &id, created))
            .await
            .map_err(failed)?;
        self.customers.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn order(&self, key: &OrderKey) -> Result<LedgerEntry, JournalError> {
        let (connection, key) = (self.connection, key.clone());
        self.state.call(move |store| store.order(connection, &key)).await.map_err(failed)
    }

    async fn settle_cart(&self, cart: &OrderKey) -> Result<(), JournalError> {
        let (run, connection, cart) = (self.run, self.connection, cart.clone());
        self.state
            .call(move |store| store.settle_cart(run, connection, &cart))
            .await
            .map_err(failed)
    }

    async fn intend_order(
        &self,
        key: &OrderKey,
        fingerprint: Fingerprint,
    ) -> Result<(), JournalError> {
        let (run, connection, key) = (self.run, self.connection, key.clone());
        self.state
            .call(move |store| store.intend_order(run, connection, &key, fingerprint))
            .await
            .map_err(failed)
    }

    async fn note(&self, key: &OrderKey, attempt: Attempt) -> Result<(), JournalError> {
        let (run, connection, key) = (self.run, self.connection, key.clone());
        self.state
            .call(move |store| store.note(run, connection, &key, &attempt))
            .await
            .map_err(failed)
    }
}
