//! What must be known about orders before they are sent: whether they still exist, their customers
//! at ActiveCampaign, and whether another program wrote them.

use super::super::attempts::StepError;
use super::super::customer;
use super::super::delete::{TakenOut, take_out};
use super::super::lookup::{Again, OrderLookup};
use super::batch::BatchWrite;
use crate::activecampaign::{Failure, KeptCustomer, READ_BACK_MAX, RemoteOrder};
use crate::domain::{Deleted, LedgerEntry, MovedCustomer, RemoteId};
use crate::plan::{Action, PriorWrite};
use crate::state::{LetterPart, OrderOutcome};

impl BatchWrite<'_> {
    pub(super) async fn prepare(&mut self, orders: &[usize]) -> Result<(), StepError> {
        let mut kept = Vec::new();
        for index in orders.iter().copied() {
            match self.steps[index].action {
                Action::Update(_) | Action::LookUp(PriorWrite::Update) => {
                    if self.prepare_update(index).await? {
                        kept.push(index);
                    }
                }
                Action::LookUp(PriorWrite::OtherCreate) => kept.push(index),
                Action::Create | Action::LookUp(PriorWrite::SameCreate) => {}
            }
        }
        self.compare_customers(&self.unsettled(&kept)).await?;
        self.find_foreign(orders).await
    }

    /// An update of a deleted order would create it again. Returns whether the order belongs to
    /// another customer, which it keeps.
    async fn prepare_update(&mut self, index: usize) -> Result<bool, StepError> {
        let (order, rest) = (self.order(index), &*self.loader.rest);
        let is_moved = rest.ledger.is_moved(order).await?;
        let is_recreated = is_moved && rest.moved_customer == MovedCustomer::Recreate;
        if rest.deleted == Deleted::Create && !is_recreated {
            return Ok(is_moved);
        }
        // An order that was accepted and has no id yet was not deleted.
        let Some(id) = self.id_of(index).await? else { return Ok(is_moved) };
        if is_recreated {
            self.recreate(index, &id).await?;
            return Ok(false);
        }
        let lookup = OrderLookup { loader: rest, order: &order.key };
        match lookup.read_in_time(&id).await? {
            Ok(Some(_)) => {}
            Ok(None) => self.outcomes[index] = Some(OrderOutcome::LeftDeleted),
            Err(failure) => self.give_up(index, &failure),
        }
        Ok(is_moved)
    }

    async fn id_of(&self, index: usize) -> Result<Option<RemoteId>, StepError> {
        if let Action::Update(id) = &self.steps[index].action {
            return Ok(Some(id.clone()));
        }
        let entry = self.loader.rest.ledger.order(&self.order(index).key).await?;
        Ok(match entry {
            LedgerEntry::Intended { update, .. } => update,
            _ => None,
        })
    }

    /// Deletes the order, so that it can be created under its customer, unless it has that
    /// customer.
    async fn recreate(&mut self, index: usize, id: &RemoteId) -> Result<(), StepError> {
        let (order, rest) = (self.order(index), &*self.loader.rest);
        let Some(customer) = self.customer(index).await? else { return Ok(()) };
        let mut taken = take_out(rest, order, id, customer.as_ref()).await?;
        let lookup = OrderLookup { loader: rest, order: &order.key };
        if matches!(taken, TakenOut::NotThere)
            && matches!(lookup.read_in_time(id).await?, Ok(Some(_)))
        {
            taken = take_out(rest, order, id, customer.as_ref()).await?;
        }
        match taken {
            TakenOut::NotMoved => return Ok(()),
            TakenOut::Deleted => {}
            TakenOut::NotThere if rest.deleted == Deleted::Leave && !self.orders[index].is_new => {
                self.outcomes[index] = Some(OrderOutcome::LeftDeleted);
            }
            TakenOut::NotThere => {}
            TakenOut::Superseded => self.outcomes[index] = Some(OrderOutcome::Superseded),
            TakenOut::Unread(failure) => self.give_up(index, &failure),
            TakenOut::Refused(refusal) => {
                self.outcomes[index] = Some(OrderOutcome::Unconfirmed(refusal));
            }
        }
        self.orders[index].is_new = true;
        Ok(())
    }

    /// ActiveCampaign's id of the order's customer, if it has it. The outer `None`: the lookup
    /// failed, which settles the order.
    async fn customer(&mut self, index: usize) -> Result<Option<Option<RemoteId>>, StepError> {
        match customer::find(&self.loader.rest, self.order(index)).await? {
            Ok(customer) => Ok(Some(customer)),
            Err(outcome) => {
                self.outcomes[index] = Some(outcome);
                Ok(None)
            }
        }
    }

    /// The customers of orders that may belong to another one, as shown by GraphQL, else by the
    /// REST API.
    async fn compare_customers(&mut self, orders: &[usize]) -> Result<(), StepError> {
        let rest = &*self.loader.rest;
        for part in orders.chunks(READ_BACK_MAX) {
            let keys: Vec<_> = part.iter().map(|index| &self.order(*index).key).collect();
            let reading = rest.client.orders_by_key(&rest.connection, &keys);
            let found = self.loader.read(reading).await?;
            for (index, found) in part.iter().copied().zip(found) {
                let key = self.order(index).customer.key.as_str();
                match found {
                    Some(found) if found.customer == key => {}
                    Some(found) if !found.customer.is_empty() && !found.email.is_empty() => {
                        let there = KeptCustomer { email: found.email, key: found.customer };
                        self.keep_or_recreate(index, there).await?;
                    }
                    _ => self.compare_with_rest(index).await?,
                }
            }
        }
        Ok(())
    }

    async fn keep_or_recreate(
        &mut self,
        index: usize,
        there: KeptCustomer,
    ) -> Result<(), StepError> {
        let (order, rest) = (self.order(index), &*self.loader.rest);
        if rest.moved_customer == MovedCustomer::Keep {
            rest.ledger.note_other_customer(&order.key).await?;
            self.orders[index].kept = Some(there);
            return Ok(());
        }
        // GraphQL shows it, so its copy is expected.
        let lookup = OrderLookup { loader: rest, order: &order.key };
        match lookup.find_in_time(&order.key, Again::UntilListed).await? {
            Ok(Some(remote)) => self.recreate(index, &remote.id).await,
            Ok(None) => Ok(()),
            Err(failure) => {
                self.give_up(index, &failure);
                Ok(())
            }
        }
    }

    async fn compare_with_rest(&mut self, index: usize) -> Result<(), StepError> {
        let (order, rest) = (self.order(index), &*self.loader.rest);
        let lookup = OrderLookup { loader: rest, order: &order.key };
        match lookup.find_in_time(&order.key, Again::Never).await? {
            Ok(Some(remote)) => self.compare_customer(index, remote).await?,
            Ok(None) => {}
            Err(failure) => self.give_up(index, &failure),
        }
        Ok(())
    }

    async fn compare_customer(
        &mut self,
        index: usize,
        remote: RemoteOrder,
    ) -> Result<(), StepError> {
        let Some(customer) = self.customer(index).await? else { return Ok(()) };
        let is_stated = !remote.customer.as_str().is_empty() && !remote.email.is_empty();
        if is_stated && customer.as_ref() != Some(&remote.customer) {
            let there = KeptCustomer { email: remote.email, key: String::new() };
            self.keep_or_recreate(index, there).await?;
        }
        Ok(())
    }

    /// Looks for orders that the ledger may lack: another program wrote them, or it is an older
    /// copy.
    async fn find_foreign(&mut self, orders: &[usize]) -> Result<(), StepError> {
        let ledger = &self.loader.rest.ledger;
        if ledger.knows_every_order().await? && !ledger.is_behind().await? {
            return Ok(());
        }
        for index in self.unsettled(orders) {
            if self.steps[index].action != Action::Create {
                continue;
            }
            let (order, rest) = (self.order(index), &*self.loader.rest);
            let lookup = OrderLookup { loader: rest, order: &order.key };
            rest.ledger.note_planned_lookup();
            match lookup.find_in_time(&order.key, Again::Never).await? {
                Ok(Some(remote)) => {
                    rest.ledger.note_found(&order.key, &remote.id).await?;
                    (self.orders[index].is_new, self.orders[index].is_first) = (false, false);
                    self.compare_customer(index, remote).await?;
                }
                Ok(None) => {}
                Err(failure) => self.give_up(index, &failure),
            }
        }
        Ok(())
    }

    fn give_up(&mut self, index: usize, failure: &Failure) {
        let refusal = self.loader.rest.attempts().refusal(LetterPart::Order, failure);
        self.outcomes[index] = Some(OrderOutcome::Unconfirmed(refusal));
    }
}
