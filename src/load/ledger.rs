use crate::domain::{
    Attempt, BulkFindings, Customer, CustomerEntry, Fingerprint, LedgerEntry, Order, OrderKey,
    PriceReading, ProbeAnswer, RemoteId,
};
use crate::plan::Fingerprints;
use crate::state::{
    ConnectionId, CreatedOrder, DeletePurpose, OrderIntent, RunId, StateError, StateHandle, Store,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// The ledger as one run writes it. Each call returns once its change is durable; if one fails,
/// nothing may be sent.
pub struct RunLedger {
    state: StateHandle,
    run: RunId,
    connection: ConnectionId,
    fingerprints: Fingerprints,
    customers_settled: AtomicU64,
    planned_lookups: AtomicU64,
}

/// An order, or the cart that it replaces, that is about to be sent.
pub(super) struct WriteIntent<'a> {
    pub order: &'a Order,
    /// What is there later can be distinguished from what was sent before.
    pub is_proof: bool,
    /// It stays with another customer than its current one.
    pub keeps_customer: bool,
    /// It is created. Its cart, which ActiveCampaign does not have, is no longer sent: while the
    /// outcome of the order is unknown, the cart could become a second record.
    pub is_new: bool,
}

impl RunLedger {
    pub fn new(
        state: StateHandle,
        run: RunId,
        connection: ConnectionId,
        hash_key: [u8; 32],
    ) -> Self {
        let fingerprints = Fingerprints::new(hash_key);
        let (customers_settled, planned_lookups) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { state, run, connection, fingerprints, customers_settled, planned_lookups }
    }

    /// Customers settled through this ledger.
    pub fn customers_settled(&self) -> u64 {
        self.customers_settled.load(Ordering::Relaxed)
    }

    /// Lookups that the plan counted in addition to those of the steps.
    pub fn planned_lookups(&self) -> u64 {
        self.planned_lookups.load(Ordering::Relaxed)
    }

    pub(super) async fn customer(&self, customer: &Customer) -> Result<CustomerEntry, StateError> {
        let (connection, hash) = (self.connection, self.fingerprints.customer(&customer.key));
        self.state.call(move |store| store.customer(connection, &hash)).await
    }

    /// A create of this customer is about to be sent.
    pub(super) async fn intend_customer(&self, customer: &Customer) -> Result<(), StateError> {
        let (connection, hash) = (self.connection, self.fingerprints.customer(&customer.key));
        self.state.call(move |store| store.intend_customer(connection, &hash)).await
    }

    /// ActiveCampaign has the customer under `id`: `created` by us, or found there.
    pub(super) async fn settle_customer(
        &self,
        customer: &Customer,
        id: &RemoteId,
        created: bool,
    ) -> Result<(), StateError> {
        let (run, connection, id) = (self.run, self.connection, id.clone());
        let hash = self.fingerprints.customer(&customer.key);
        let settle = move |store: &mut crate::state::Store| {
            store.settle_customer(run, connection, &hash, &id, created)
        };
        self.state.call(settle).await?;
        self.customers_settled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    pub(super) async fn order(&self, key: &OrderKey) -> Result<LedgerEntry, StateError> {
        let (connection, key) = (self.connection, key.clone());
        self.state.call(move |store| store.order(connection, &key)).await
    }

    /// Whether every order and cart that the connection had when it was first seen is in the
    /// ledger.
    pub(super) async fn knows_every_order(&self) -> Result<bool, StateError> {
        let connection = self.connection;
        self.state.call(move |store| store.knows_every_order(connection)).await
    }

    /// Whether the ledger is an older copy, which may lack what was sent after it was made.
    pub(super) async fn is_behind(&self) -> Result<bool, StateError> {
        self.state.call(|store| store.is_behind()).await
    }

    /// An order or its cart was looked up before its create, as the plan counted.
    pub(super) fn note_planned_lookup(&self) {
        self.planned_lookups.fetch_add(1, Ordering::Relaxed);
    }

    /// These orders are about to be sent; noted in one commit.
    pub(super) async fn intend_orders<'a>(
        &self,
        orders: impl IntoIterator<Item = WriteIntent<'a>>,
    ) -> Result<(), StateError> {
        let (run, connection) = (self.run, self.connection);
        let intents: Vec<_> = orders.into_iter().map(|intent| self.stored(&intent)).collect();
        self.state.call(move |store| store.intend_orders(run, connection, &intents)).await
    }

    fn stored(&self, intent: &WriteIntent<'_>) -> OrderIntent {
        let WriteIntent { order, is_proof, keeps_customer, is_new } = *intent;
        let customer = (!keeps_customer).then(|| self.fingerprints.customer(&order.customer.key));
        let fingerprint = is_proof.then(|| self.fingerprint(order));
        let cart = order.cart.clone().filter(|_| is_new);
        OrderIntent { key: order.key.clone(), fingerprint, customer, cart }
    }

    /// Which of these orders have no row in the ledger, not even as deleted or refused.
    pub(super) async fn without_row<'a>(
        &self,
        keys: impl Iterator<Item = &'a OrderKey>,
    ) -> Result<Vec<bool>, StateError> {
        let (connection, keys) = (self.connection, keys.cloned().collect::<Vec<_>>());
        self.state.call(move |store| store.without_row(connection, &keys)).await
    }

    /// How a probe of the account found the price of a line to be read.
    pub(super) async fn probed_price(&self) -> Result<Option<PriceReading>, StateError> {
        let answer = self.state.call(|store| store.probe_answer(ProbeAnswer::BULK_PRICE)).await?;
        Ok(answer.and_then(|answer| PriceReading::from_word(&answer.word)))
    }

    /// What earlier canaries found out about the connection's bulk path.
    pub(super) async fn bulk_findings(&self) -> Result<Option<BulkFindings>, StateError> {
        let connection = self.connection;
        self.state.call(move |store| Ok(store.connection_path(connection)?.findings)).await
    }

    pub(super) async fn set_bulk_findings(&self, found: BulkFindings) -> Result<(), StateError> {
        let connection = self.connection;
        self.state.call(move |store| store.set_bulk_findings(connection, &found)).await
    }

    /// The fingerprint of the order's payload, by which the ledger knows what was sent.
    pub fn fingerprint(&self, order: &Order) -> Fingerprint {
        self.fingerprints.fingerprint(order)
    }

    /// Whether ActiveCampaign has the order under another customer than its current one.
    pub(super) async fn is_moved(&self, order: &Order) -> Result<bool, StateError> {
        let (connection, key) = (self.connection, order.key.clone());
        let hash = self.fingerprints.customer(&order.customer.key);
        self.state.call(move |store| store.is_moved(connection, &key, &hash)).await
    }

    /// ActiveCampaign keeps the order under another customer than it was sent for.
    pub(super) async fn note_other_customer(&self, key: &OrderKey) -> Result<(), StateError> {
        let (connection, key) = (self.connection, key.clone());
        self.state.call(move |store| store.note_other_customer(connection, &key)).await
    }

    /// The order is about to be deleted, to be created again.
    pub(super) async fn intend_delete(&self, key: &OrderKey) -> Result<(), StateError> {
        let (connection, key) = (self.connection, key.clone());
        self.state.call(move |store| store.intend_delete(connection, &key.ledger_text())).await
    }

    /// A lookup found the order, which is about to be updated.
    pub(super) async fn note_found(&self, key: &OrderKey, id: &RemoteId) -> Result<(), StateError> {
        let (connection, key, id) = (self.connection, key.clone(), id.clone());
        self.state.call(move |store| store.note_found(connection, &key, &id)).await
    }

    /// The order was deleted, to be created again.
    pub(super) async fn note_deleted(
        &self,
        key: &OrderKey,
        id: &RemoteId,
    ) -> Result<(), StateError> {
        let (run, connection) = (self.run, self.connection);
        let order = CreatedOrder { key: key.ledger_text().into_owned(), id: id.clone() };
        let purpose = DeletePurpose::Recreate;
        let settle =
            move |store: &mut Store| store.settle_deleted(run, connection, &order, purpose);
        self.state.call(settle).await
    }

    /// The order of this cart is at ActiveCampaign: the cart must no longer be sent.
    pub(super) async fn settle_cart(&self, cart: &OrderKey) -> Result<(), StateError> {
        let (run, connection, cart) = (self.run, self.connection, cart.clone());
        self.state.call(move |store| store.settle_cart(run, connection, &cart)).await
    }

    /// A request for this order that did not settle it.
    pub(super) async fn note(&self, key: &OrderKey, attempt: Attempt) -> Result<(), StateError> {
        let (run, connection, key) = (self.run, self.connection, key.clone());
        self.state
            .call(move |store| store.note(run, connection, &key.ledger_text(), &attempt))
            .await
    }
}
