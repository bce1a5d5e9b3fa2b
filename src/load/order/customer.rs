//! The customer of the order that is being written.

use super::{Next, OrderWrite};
use crate::activecampaign::{Failure, RemoteOrder};
use crate::domain::{MovedCustomer, RemoteId};
use crate::load::attempts::StepError;
use crate::load::customer::{CachedId, find, find_or_create};
use crate::state::OrderOutcome;

impl OrderWrite<'_> {
    /// The id of the order's customer, who is created if ActiveCampaign has none. A refused one
    /// settles nothing while an earlier create of the order may have arrived.
    pub(in crate::load) async fn find_customer(
        &mut self,
    ) -> Result<Result<RemoteId, OrderOutcome>, StepError> {
        if let Some(id) = &self.customer {
            return Ok(Ok(id.clone()));
        }
        let cached = if self.is_behind { CachedId::Incomplete } else { CachedId::Trusted };
        match find_or_create(self.loader, self.order, cached).await? {
            Ok(id) => Ok(Ok(self.customer.insert(id).clone())),
            Err(OrderOutcome::Refused(refusal)) if self.is_in_doubt() => {
                Ok(Err(OrderOutcome::Unconfirmed(refusal)))
            }
            Err(outcome) => Ok(Err(outcome)),
        }
    }

    /// Notes whether the remote order belongs to another customer, which no update changes.
    pub(super) async fn compare_customer(
        &mut self,
        remote: &RemoteOrder,
    ) -> Result<Result<(), OrderOutcome>, StepError> {
        if self.customer.is_none() {
            match find(self.loader, self.order).await? {
                Ok(found) => self.customer = found,
                Err(outcome) => return Ok(Err(outcome)),
            }
        }
        let is_stated = !remote.customer.as_str().is_empty();
        if is_stated && self.customer.as_ref() != Some(&remote.customer) {
            self.moved = Some(self.loader.moved_customer);
            if self.moved == Some(MovedCustomer::Keep) {
                self.customer = None;
                self.loader.ledger.note_other_customer(&self.order.key).await?;
            }
        }
        Ok(Ok(()))
    }

    /// ActiveCampaign no longer has the customer that an update named. It does not move the order
    /// to another one, so none is created for it, unless the order is to be created again.
    pub(super) async fn update_without_customer(
        &mut self,
        failure: &Failure,
        id: RemoteId,
    ) -> Result<Next, StepError> {
        if self.loader.moved_customer == MovedCustomer::Recreate && !self.is_conversion {
            self.moved = Some(MovedCustomer::Recreate);
            return self.replace_customer(failure, Next::Recreate(id)).await;
        }
        if self.customer.take().is_none() {
            return Ok(self.refused(failure));
        }
        self.moved = Some(MovedCustomer::Keep);
        self.loader.ledger.note_other_customer(&self.order.key).await?;
        Ok(Next::Update(id))
    }

    /// ActiveCampaign no longer has the customer we knew: looks it up or creates it again, once.
    pub(super) async fn replace_customer(
        &mut self,
        failure: &Failure,
        next: Next,
    ) -> Result<Next, StepError> {
        if std::mem::replace(&mut self.is_customer_replaced, true) {
            return Ok(self.refused(failure));
        }
        let Some(doubted) = self.customer.clone() else { return Ok(self.refused(failure)) };
        Ok(match find_or_create(self.loader, self.order, CachedId::Doubted(doubted)).await? {
            Ok(id) => {
                self.customer = Some(id);
                next
            }
            Err(outcome) => Next::Done(outcome),
        })
    }
}
