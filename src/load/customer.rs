use super::attempts::{Attempts, RetryBudget, StepError};
use super::loader::Loader;
use super::lookup::{Again, Found};
use crate::activecampaign::{Disposition, Failure, FatalError, RemoteCustomer};
use crate::domain::{Customer, CustomerEntry, Operation, Order, OrderKey, RemoteId};
use crate::state::{LetterPart, OrderOutcome};

/// Whether what the ledger has of a customer can be trusted.
pub(super) enum CachedId {
    Trusted,
    /// A customer that it does not know may exist.
    Incomplete,
    /// ActiveCampaign answered that it has no record of this id.
    Doubted(RemoteId),
}

/// The remote id of an order's customer, who is created if ActiveCampaign has none. The inner
/// error: it rejected the customer. Attempts are noted under the first order that needs the
/// customer.
pub(super) async fn find_or_create(
    loader: &Loader,
    order: &Order,
    cached: CachedId,
) -> Result<Result<RemoteId, OrderOutcome>, StepError> {
    let customer = &order.customer;
    let _held = loader.customers.hold(&customer.key).await;
    let entry = loader.ledger.customer(customer).await?;
    let mut create = CustomerCreate::new(loader, order);
    match (entry, cached) {
        (CustomerEntry::Known(id), CachedId::Trusted | CachedId::Incomplete) => Ok(Ok(id)),
        // Another order has replaced it in the meantime.
        (CustomerEntry::Known(id), CachedId::Doubted(doubted)) if id != doubted => Ok(Ok(id)),
        (CustomerEntry::Known(_), CachedId::Doubted(_)) => create.look_up_then_create(None).await,
        (CustomerEntry::Intended, _) => {
            create.sent_by_us = true;
            create.look_up_then_create(None).await
        }
        (CustomerEntry::Unknown, CachedId::Incomplete) => create.look_up_then_create(None).await,
        (CustomerEntry::Unknown, _) => create.create().await,
    }
}

/// The remote id of an order's customer, if ActiveCampaign has it; none is created. The inner
/// error: the lookup failed.
pub(super) async fn find(
    loader: &Loader,
    order: &Order,
) -> Result<Result<Option<RemoteId>, OrderOutcome>, StepError> {
    let _held = loader.customers.hold(&order.customer.key).await;
    let entry = loader.ledger.customer(&order.customer).await?;
    if let CustomerEntry::Known(id) = entry {
        return Ok(Ok(Some(id)));
    }
    let sent_by_us = entry == CustomerEntry::Intended;
    let lookup = CustomerCreate { sent_by_us, ..CustomerCreate::new(loader, order) };
    let remote = match lookup.look_up_in_time(sent_by_us).await? {
        Ok(Some(remote)) => remote,
        Ok(None) => return Ok(Ok(None)),
        Err(failure) => return Ok(Err(lookup.unconfirmed(&failure))),
    };
    let is_ours = sent_by_us && remote.externalid == order.customer.key.as_str();
    Ok(lookup.settle(remote.id, is_ours).await?.map(Some))
}

struct CustomerCreate<'a> {
    loader: &'a Loader,
    customer: &'a Customer,
    order: &'a OrderKey,
    attempts: Attempts<'a>,
    /// An earlier create of ours may have arrived.
    sent_by_us: bool,
    /// A create was rejected as a duplicate, and the lookup found nothing.
    is_contradicted: bool,
}

impl<'a> CustomerCreate<'a> {
    fn new(loader: &'a Loader, order: &'a Order) -> Self {
        Self {
            loader,
            customer: &order.customer,
            order: &order.key,
            attempts: loader.attempts(),
            sent_by_us: false,
            is_contradicted: false,
        }
    }

    async fn create(&mut self) -> Result<Result<RemoteId, OrderOutcome>, StepError> {
        loop {
            let turn = self.attempts.turn().await?;
            self.loader.ledger.intend_customer(self.customer).await?;
            let failure = match turn.create_customer(&self.loader.connection, self.customer).await {
                Ok(id) => return self.settle(id, true).await,
                Err(failure) => failure,
            };
            if let Some(attempt) = self.attempts.count(Operation::CreateCustomer, &failure) {
                self.loader.ledger.note(self.order, attempt).await?;
            }
            match failure.disposition {
                Disposition::Throttled | Disposition::Again => {}
                Disposition::LookUp => self.sent_by_us = true,
                Disposition::Exists | Disposition::Unclear => {
                    return Box::pin(self.look_up_then_create(Some(failure))).await;
                }
                // A customer's only relation is its connection.
                Disposition::RelationGone => return Err(FatalError::ConnectionGone.into()),
                Disposition::Refused | Disposition::Gone => {
                    return Ok(Err(self.refused(&failure)));
                }
                Disposition::Stop(stop) => return Err(stop.into()),
            }
            if self.attempts.pause(&failure).await? == RetryBudget::Exhausted {
                return Ok(Err(self.unconfirmed(&failure)));
            }
            if failure.disposition == Disposition::LookUp {
                return Box::pin(self.look_up_then_create(None)).await;
            }
        }
    }

    /// By external id, then by e-mail address: ActiveCampaign may require either to be unique.
    async fn look_up_then_create(
        &mut self,
        refusal: Option<Failure>,
    ) -> Result<Result<RemoteId, OrderOutcome>, StepError> {
        let is_duplicate =
            refusal.as_ref().is_some_and(|refusal| refusal.disposition == Disposition::Exists);
        let found = match self.look_up_in_time(is_duplicate || self.sent_by_us).await? {
            Ok(found) => found,
            Err(failure) => return Ok(Err(self.unconfirmed(&failure))),
        };
        match (found, refusal) {
            (Some(remote), _) => {
                let ours = self.sent_by_us && remote.externalid == self.customer.key.as_str();
                self.settle(remote.id, ours).await
            }
            // The create was rejected as a duplicate, but the lookup finds nothing; it was probably
            // deleted in between. Retry once, then give up as unconfirmed.
            (None, Some(refusal)) if is_duplicate => {
                if std::mem::replace(&mut self.is_contradicted, true) {
                    Ok(Err(self.unconfirmed(&refusal)))
                } else {
                    Box::pin(self.create()).await
                }
            }
            (None, Some(refusal)) => Ok(Err(self.refused(&refusal))),
            (None, None) => Box::pin(self.create()).await,
        }
    }

    /// One that is expected to exist is looked up until lists must show it. The inner error: the
    /// lookup failed.
    async fn look_up_in_time(&self, is_expected: bool) -> Result<Found<RemoteCustomer>, StepError> {
        self.loader.find_in_time(Again::if_expected(is_expected), || self.look_up()).await
    }

    async fn look_up(&self) -> Result<Found<RemoteCustomer>, StepError> {
        let (loader, found) = (self.loader, self.find().await);
        loader.note_lookup(self.order, Operation::LookUpCustomer, found, |known| &known.id).await
    }

    async fn find(&self) -> Result<Option<RemoteCustomer>, Failure> {
        let (client, connection) = (&self.loader.client, &self.loader.connection);
        match client.customer_by_key(connection, &self.customer.key).await? {
            Some(remote) => Ok(Some(remote)),
            None => client.customer_by_email(connection, &self.customer.email).await,
        }
    }

    async fn settle(
        &self,
        id: RemoteId,
        created: bool,
    ) -> Result<Result<RemoteId, OrderOutcome>, StepError> {
        self.loader.ledger.settle_customer(self.customer, &id, created).await?;
        Ok(Ok(id))
    }

    /// A rejection settles nothing while an earlier create may have arrived: that may be its cause.
    fn refused(&self, failure: &Failure) -> OrderOutcome {
        if self.sent_by_us {
            return self.unconfirmed(failure);
        }
        OrderOutcome::Refused(self.attempts.refusal(LetterPart::Customer, failure))
    }

    fn unconfirmed(&self, failure: &Failure) -> OrderOutcome {
        OrderOutcome::Unconfirmed(self.attempts.refusal(LetterPart::Customer, failure))
    }
}
