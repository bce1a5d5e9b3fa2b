use super::super::attempts::{Attempts, RetryBudget, StepError, failed};
use super::super::lookup::OrderLookup;
use super::path::{BulkPath, ended};
use crate::activecampaign::{
    BulkBody, BulkForm, BulkReply, Disposition, Failure, FatalError, READ_BACK_MAX,
};
use crate::domain::{Operation, Order};
use crate::plan::{Action, PriorWrite, Step};
use crate::state::{OrderOutcome, Part, Refusal};
use std::collections::VecDeque;

/// Answers without a word on a batch after which it is divided.
const UNCLEAR_MAX: u32 = 2;

/// The writing of some orders until each is settled. Orders are named by their place in `steps`.
pub(super) struct BatchWrite<'a> {
    pub(super) loader: &'a BulkPath,
    pub(super) steps: &'a [&'a Step],
    pub(super) outcomes: &'a mut [Option<OrderOutcome>],
    attempts: Attempts<'a>,
    /// What is known of each.
    orders: Vec<Sent>,
    /// Orders that are sent together, the next first.
    parts: VecDeque<Vec<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    is_new: bool,
    /// Its customer is sent too.
    with_customer: bool,
    /// It may have arrived.
    in_doubt: bool,
}

impl<'a> BatchWrite<'a> {
    pub(super) async fn new(
        loader: &'a BulkPath,
        steps: &'a [&'a Step],
        outcomes: &'a mut [Option<OrderOutcome>],
    ) -> Result<Self, StepError> {
        let mut orders = Vec::new();
        for step in steps {
            let prior = match &step.action {
                Action::Create => None,
                Action::Update(_) => Some(PriorWrite::Update),
                Action::LookUp(prior) => Some(*prior),
            };
            let is_new = prior != Some(PriorWrite::Update);
            let in_doubt = matches!(prior, Some(PriorWrite::SameCreate | PriorWrite::OtherCreate));
            let keeps_customer = !is_new && loader.rest.ledger.is_moved(&step.order).await?;
            orders.push(Sent { is_new, with_customer: !keeps_customer, in_doubt });
        }
        let attempts = loader.rest.attempts();
        Ok(Self { loader, steps, outcomes, attempts, orders, parts: VecDeque::new() })
    }

    /// Carries out these orders: first those whose earlier write may have arrived are read.
    pub(super) async fn carry_out(&mut self, orders: Vec<usize>) -> Result<(), StepError> {
        let doubted = |index: &usize| matches!(self.steps[*index].action, Action::LookUp(_));
        let doubted: Vec<usize> = orders.iter().copied().filter(doubted).collect();
        let same =
            |index: &usize| self.steps[*index].action != Action::LookUp(PriorWrite::OtherCreate);
        let same: Vec<usize> = doubted.into_iter().filter(same).collect();
        self.read_back(&same).await?;
        self.find_strangers(&orders).await?;
        let left: Vec<usize> =
            orders.into_iter().filter(|index| self.outcomes[*index].is_none()).collect();
        let (form, left) = self.canary(left).await?;
        self.send_all(&form, left).await
    }

    /// Sends these orders until each is settled.
    pub(super) async fn send_all(
        &mut self,
        form: &BulkForm,
        orders: Vec<usize>,
    ) -> Result<(), StepError> {
        self.parts.push_back(orders);
        while let Some(part) = self.parts.pop_front() {
            if !part.is_empty() {
                self.send(form, part).await?;
            }
        }
        Ok(())
    }

    pub(super) fn order(&self, index: usize) -> &'a Order {
        let steps: &'a [&'a Step] = self.steps;
        &steps[index].order
    }

    /// Looks for orders that someone else wrote, where the ledger does not know every order.
    async fn find_strangers(&mut self, orders: &[usize]) -> Result<(), StepError> {
        if self.loader.rest.ledger.knows_every_order().await? {
            return Ok(());
        }
        for index in orders.iter().copied() {
            let (step, rest) = (self.steps[index], &*self.loader.rest);
            if step.action != Action::Create || self.outcomes[index].is_some() {
                continue;
            }
            let lookup = OrderLookup { loader: rest, order: &step.order.key };
            rest.ledger.note_planned_lookup();
            match lookup.find_in_time(&step.order.key, false).await? {
                Ok(Some(remote)) => {
                    rest.ledger.note_found(&step.order.key, &remote.id).await?;
                    self.orders[index].is_new = false;
                }
                Ok(None) => {}
                Err(failure) => {
                    let refusal = self.attempts.refusal(Part::Order, &failure);
                    self.outcomes[index] = Some(OrderOutcome::Unconfirmed(refusal));
                }
            }
        }
        Ok(())
    }

    /// Sends one batch, and settles what it can of it. What is left becomes further parts.
    async fn send(&mut self, form: &BulkForm, part: Vec<usize>) -> Result<(), StepError> {
        let mut unclear = 0;
        loop {
            let left: Vec<usize> =
                part.iter().copied().filter(|index| self.outcomes[*index].is_none()).collect();
            if left.is_empty() {
                return Ok(());
            }
            let orders: Vec<&Order> = left.iter().map(|index| self.order(*index)).collect();
            let pairs =
                left.iter().map(|index| (self.order(*index), self.orders[*index].with_customer));
            let body = match BulkBody::new(form, &pairs.collect::<Vec<_>>()) {
                Ok(body) => body,
                Err(fields) => {
                    tracing::error!("{fields}");
                    return Err(FatalError::Schema.into());
                }
            };
            if body.is_too_long() && left.len() > 1 {
                self.divide(&left);
                return Ok(());
            }
            let turn = self.attempts.turn().await?;
            self.intend(&left).await?;
            let failure = match turn.upsert_orders(body, &orders, &form.connection).await {
                Ok(replies) => return self.take(&left, replies).await,
                Err(failure) => failure,
            };
            self.count(&left, &failure).await?;
            match failure.disposition {
                Disposition::Throttled | Disposition::Again => {}
                Disposition::LookUp => {
                    left.iter().for_each(|index| self.orders[*index].in_doubt = true);
                    self.loader.length.too_much(left.len());
                    unclear += 1;
                }
                Disposition::Stop(stop) => return Err(stop.into()),
                Disposition::Exists
                | Disposition::Unclear
                | Disposition::Gone
                | Disposition::RelationGone
                | Disposition::Refused => {
                    if left.len() > 1 {
                        self.loader.length.too_much(left.len());
                        self.divide(&left);
                    } else {
                        self.refuse(left[0], self.attempts.refusal(Part::Order, &failure));
                    }
                    return Ok(());
                }
            }
            if self.attempts.pause(&failure).await? == RetryBudget::Exhausted {
                self.give_up(&left, &failure);
                return Ok(());
            }
            if failure.disposition == Disposition::LookUp {
                self.read_back(&left).await?;
            }
            if unclear >= UNCLEAR_MAX && left.len() > 1 {
                self.divide(&left);
                return Ok(());
            }
        }
    }

    async fn intend(&self, orders: &[usize]) -> Result<(), StepError> {
        let intents = orders.iter().map(|index| {
            let step = self.steps[*index];
            (&*step.order, step.fingerprint, self.orders[*index].with_customer)
        });
        Ok(self.loader.rest.ledger.intend_orders(intents).await?)
    }

    /// Settles what the replies decide. An order that is named is tried alone before it is rejected:
    /// an error may name the wrong one.
    async fn take(&mut self, part: &[usize], replies: Vec<BulkReply>) -> Result<(), StepError> {
        let (mut named, mut others, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
        for (index, reply) in part.iter().copied().zip(&replies) {
            match reply {
                BulkReply::Accepted => self.accept(index),
                BulkReply::Named(_) => named.push(index),
                BulkReply::NotStored => others.push(index),
                BulkReply::Unclear => unclear.push(index),
            }
        }
        if named.is_empty() && others.is_empty() && unclear.is_empty() {
            self.loader.length.taken(part.len());
            return Ok(());
        }
        if let ([index], [reply]) = (part, replies.as_slice())
            && *reply != BulkReply::Unclear
        {
            let code = match reply {
                BulkReply::Named(text) => Some(text.clone()),
                _ => Some("validation_errors".to_owned()),
            };
            let refusal =
                Refusal { part: Part::Order, status: None, code, pointer: None, attempts: 1 };
            self.refuse(*index, refusal);
            return Ok(());
        }
        if !unclear.is_empty() {
            self.read_again(&mut unclear).await?;
            others.extend(unclear);
        }
        let is_attributed = !named.is_empty() || others.len() < part.len();
        for index in named {
            self.parts.push_front(vec![index]);
        }
        if is_attributed {
            self.parts.push_back(others);
        } else {
            self.divide(&others);
        }
        Ok(())
    }

    /// After an answer that does not say what became of these orders: waits, and reads them.
    async fn read_again(&mut self, orders: &mut Vec<usize>) -> Result<(), StepError> {
        orders.iter().for_each(|index| self.orders[*index].in_doubt = true);
        let failure = Failure::unclear("upsert_orders");
        self.count(orders, &failure).await?;
        let budget = self.attempts.pause(&failure).await?;
        self.read_back(orders).await?;
        orders.retain(|index| self.outcomes[*index].is_none());
        if budget == RetryBudget::Exhausted {
            self.give_up(orders, &failure);
            orders.clear();
        }
        Ok(())
    }

    fn divide(&mut self, part: &[usize]) {
        let (first, second) = part.split_at(part.len().div_ceil(2));
        self.parts.push_front(second.to_vec());
        self.parts.push_front(first.to_vec());
    }

    /// Settles those of these orders that GraphQL shows as they are to be.
    async fn read_back(&mut self, orders: &[usize]) -> Result<(), StepError> {
        let rest = &self.loader.rest;
        for part in orders.chunks(READ_BACK_MAX) {
            let keys: Vec<_> = part.iter().map(|index| &self.order(*index).key).collect();
            let found = match rest.client.orders_by_key(&rest.connection, &keys).await {
                Ok(found) => found,
                Err(failure) => return Err(ended(failure)),
            };
            for (index, found) in part.iter().copied().zip(found) {
                if found.is_some_and(|found| found.shows(self.order(index), &rest.connection)) {
                    self.accept(index);
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, index: usize) {
        let is_new = self.orders[index].is_new;
        self.outcomes[index] = Some(OrderOutcome::Accepted { is_new });
    }

    /// A rejection settles nothing while an earlier write may have arrived.
    fn refuse(&mut self, index: usize, refusal: Refusal) {
        self.outcomes[index] = Some(match self.orders[index].in_doubt {
            true => OrderOutcome::Unconfirmed(refusal),
            false => OrderOutcome::Refused(refusal),
        });
    }

    fn give_up(&mut self, orders: &[usize], failure: &Failure) {
        for index in orders {
            let refusal = self.attempts.refusal(Part::Order, failure);
            self.outcomes[*index] = Some(OrderOutcome::Unconfirmed(refusal));
        }
    }

    /// Adds a failed attempt to the history of each of these orders.
    async fn count(&mut self, orders: &[usize], failure: &Failure) -> Result<(), StepError> {
        if self.attempts.count(Operation::Create, failure).is_none() {
            return Ok(());
        }
        for index in orders {
            let operation = match self.orders[*index].is_new {
                true => Operation::Create,
                false => Operation::Update,
            };
            let attempt = failed(operation, failure);
            self.loader.rest.ledger.note(&self.order(*index).key, attempt).await?;
        }
        Ok(())
    }
}
