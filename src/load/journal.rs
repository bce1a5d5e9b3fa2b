use crate::domain::{
    Attempt, Customer, CustomerEntry, Fingerprint, LedgerEntry, OrderKey, RemoteId,
};
use std::future::Future;

/// A journal entry could not be made; nothing may be sent without it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JournalError(#[from] pub Box<dyn std::error::Error + Send + Sync>);

/// Where intents and customers are kept. Each call returns once what it says is durable.
pub trait Journal: Send + Sync + 'static {
    fn customer(
        &self,
        customer: &Customer,
    ) -> impl Future<Output = Result<CustomerEntry, JournalError>> + Send;

    /// A create of this customer is about to be sent.
    fn intend_customer(
        &self,
        customer: &Customer,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// The customer is at the target under `id`: `created` by us, or found there.
    fn settle_customer(
        &self,
        customer: &Customer,
        id: &RemoteId,
        created: bool,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// What the ledger remembers of an order or a cart.
    fn order(
        &self,
        key: &OrderKey,
    ) -> impl Future<Output = Result<LedgerEntry, JournalError>> + Send;

    /// The order of this cart is at the target: the cart must not be sent any more.
    fn settle_cart(&self, cart: &OrderKey)
    -> impl Future<Output = Result<(), JournalError>> + Send;

    /// A create or update of this order is about to be sent, with the payload of this fingerprint.
    fn intend_order(
        &self,
        key: &OrderKey,
        fingerprint: Fingerprint,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// What was asked of the target for this order, and did not settle it.
    fn note(
        &self,
        key: &OrderKey,
        attempt: Attempt,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;
}
