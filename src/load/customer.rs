use super::Journal;
use super::loader::{Attempts, Loader, RetryBudget};
use super::outcome::{Outcome, Part, Refusal, StepError, failed};
use crate::activecampaign::{Disposition, Failure, FatalError, RemoteCustomer};
use crate::domain::{Attempt, Customer, CustomerEntry, Operation, Order, OrderKey, RemoteId};

/// Whether the ledger's id of a customer is believed.
pub(super) enum Found {
    Trusted,
    /// The target said that a record of this id does not exist.
    Doubted(RemoteId),
}

/// The target's id of an order's customer, which is created where the target has none. The inner
/// error: the target would not take it. What is asked for on the way is noted under the order that
/// asked first.
pub(super) async fn find_or_create<J: Journal>(
    loader: &Loader<J>,
    order: &Order,
    found: Found,
) -> Result<Result<RemoteId, Outcome>, StepError> {
    let customer = &order.customer;
    let _held = loader.customers.hold(&customer.key).await;
    let memory = loader.journal.customer(customer).await?;
    let attempts = loader.attempts();
    let mut create = Create {
        loader,
        customer,
        order: &order.key,
        attempts,
        sent_by_us: false,
        is_contradicted: false,
    };
    match (memory, found) {
        (CustomerEntry::Known(id), Found::Trusted) => Ok(Ok(id)),
        // Another order has mended it in the meantime.
        (CustomerEntry::Known(id), Found::Doubted(doubted)) if id != doubted => Ok(Ok(id)),
        (CustomerEntry::Known(_), Found::Doubted(_)) => create.look_up_then_create(None).await,
        (CustomerEntry::Intended, _) => {
            create.sent_by_us = true;
            create.look_up_then_create(None).await
        }
        (CustomerEntry::Unknown, _) => create.create().await,
    }
}

struct Create<'a, J> {
    loader: &'a Loader<J>,
    customer: &'a Customer,
    order: &'a OrderKey,
    attempts: Attempts,
    /// An earlier create of ours may be at the target.
    sent_by_us: bool,
    /// The target refused a second one and then showed none.
    is_contradicted: bool,
}

impl<J: Journal> Create<'_, J> {
    async fn create(&mut self) -> Result<Result<RemoteId, Outcome>, StepError> {
        loop {
            let turn = self.loader.turn().await?;
            self.loader.journal.intend_customer(self.customer).await?;
            let failure = match turn.create_customer(&self.loader.connection, self.customer).await {
                Ok(id) => return self.settle(id, true).await,
                Err(failure) => failure,
            };
            if failure.disposition != Disposition::Throttled {
                self.attempts.made += 1;
                let attempt = failed(Operation::CreateCustomer, &failure);
                self.loader.journal.note(self.order, attempt).await?;
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
                    return Ok(Err(Outcome::Refused(self.refusal(&failure))));
                }
                Disposition::Stop(stop) => return Err(stop.into()),
            }
            if self.loader.pause(&mut self.attempts, &failure).await? == RetryBudget::Exhausted {
                return Ok(Err(Outcome::Unconfirmed(self.refusal(&failure))));
            }
            if failure.disposition == Disposition::LookUp {
                return Box::pin(self.look_up_then_create(None)).await;
            }
        }
    }

    /// By external id, then by address: the target may hold either to be unique.
    async fn look_up_then_create(
        &mut self,
        refusal: Option<Failure>,
    ) -> Result<Result<RemoteId, Outcome>, StepError> {
        let found = self.look_up().await;
        let attempt = match &found {
            Ok(found) => Attempt::found(
                Operation::LookUpCustomer,
                found.as_ref().map(|remote| remote.id.clone()),
            ),
            Err(failure) => failed(Operation::LookUpCustomer, failure),
        };
        self.loader.journal.note(self.order, attempt).await?;
        let found = match found {
            Ok(found) => found,
            Err(Failure { disposition: Disposition::Stop(stop), .. }) => return Err(stop.into()),
            Err(failure) => return Ok(Err(Outcome::Unconfirmed(self.refusal(&failure)))),
        };
        match (found, refusal) {
            (Some(remote), _) => {
                let ours = self.sent_by_us && remote.externalid == self.customer.key.as_str();
                self.settle(remote.id, ours).await
            }
            // It is there, says the answer, and it is not, says the list: deleted in between, most
            // likely. Who says so twice leaves it unsettled.
            (None, Some(refusal)) if refusal.disposition == Disposition::Exists => {
                match std::mem::replace(&mut self.is_contradicted, true) {
                    false => Box::pin(self.create()).await,
                    true => Ok(Err(Outcome::Unconfirmed(self.refusal(&refusal)))),
                }
            }
            (None, Some(refusal)) => Ok(Err(Outcome::Refused(self.refusal(&refusal)))),
            (None, None) => Box::pin(self.create()).await,
        }
    }

    async fn look_up(&self) -> Result<Option<RemoteCustomer>, Failure> {
        let (client, connection) = (&self.loader.client, &self.loader.connection);
        match client.customer_by_key(connection, &self.customer.key).await? {
            Some(remote) => Ok(Some(remote)),
            None => client.customers_by_email(connection, &self.customer.email).await,
        }
    }

    async fn settle(
        &self,
        id: RemoteId,
        created: bool,
    ) -> Result<Result<RemoteId, Outcome>, StepError> {
        self.loader.journal.settle_customer(self.customer, &id, created).await?;
        Ok(Ok(id))
    }

    fn refusal(&self, failure: &Failure) -> Refusal {
        Refusal::new(Part::Customer, failure, self.attempts.made)
    }
}
