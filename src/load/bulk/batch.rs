//! The writing of some orders until each is settled.

use super::super::attempts::{Attempts, RetryBudget, StepError, failed};
use super::super::ledger::WriteIntent;
use super::path::BulkLoader;
use crate::activecampaign::{
    BulkBody, BulkForm, BulkReply, Disposition, Failure, FatalError, GraphqlOrder, KeptCustomer,
    READ_BACK_MAX, SentOrder,
};
use crate::domain::{Operation, Order};
use crate::plan::{Action, PriorWrite, Step};
use crate::state::{LetterPart, OrderOutcome, Refusal};
use std::collections::VecDeque;

/// Unclear answers to a batch after which it is divided.
const UNCLEAR_MAX: u32 = 2;

/// Orders are identified by their index in `steps`.
pub(super) struct BatchWrite<'a> {
    pub(super) loader: &'a BulkLoader,
    pub(super) steps: &'a [&'a Step],
    pub(super) outcomes: &'a mut [Option<OrderOutcome>],
    /// The state of each order.
    pub(super) orders: Vec<KnownOrder>,
    /// It is not known how ActiveCampaign reads what is sent now, so a response alone settles
    /// nothing.
    pub(super) is_canary: bool,
    /// Orders that are sent together, the next first.
    parts: VecDeque<Vec<usize>>,
}

/// What is known about an order when it is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownOrder {
    pub(super) is_new: bool,
    /// ActiveCampaign has it under another customer and keeps it there.
    pub(super) kept: Option<KeptCustomer>,
    /// It may have arrived.
    pub(super) in_doubt: bool,
    /// Only this payload was ever sent for this order, so what GraphQL shows is this payload. In
    /// all other cases an equal total proves nothing.
    pub(super) is_first: bool,
    /// Orders of the batch that it was sent in last; 0: it was not sent.
    batch: u32,
}

impl<'a> BatchWrite<'a> {
    pub(super) async fn new(
        loader: &'a BulkLoader,
        steps: &'a [&'a Step],
        outcomes: &'a mut [Option<OrderOutcome>],
    ) -> Result<Self, StepError> {
        let without_row =
            loader.rest.ledger.without_row(steps.iter().map(|step| &step.order.key)).await?;
        let known = |(step, is_without_row): (&&Step, bool)| {
            let prior = match &step.action {
                Action::Create => None,
                Action::Update(_) => Some(PriorWrite::Update),
                Action::LookUp(prior) => Some(*prior),
            };
            KnownOrder {
                is_new: prior != Some(PriorWrite::Update),
                kept: None,
                in_doubt: matches!(prior, Some(PriorWrite::SameCreate | PriorWrite::OtherCreate)),
                is_first: prior == Some(PriorWrite::SameCreate)
                    || (prior.is_none() && is_without_row),
                batch: 0,
            }
        };
        let orders = steps.iter().zip(without_row).map(known).collect();
        let parts = VecDeque::new();
        Ok(Self { loader, steps, outcomes, orders, is_canary: false, parts })
    }

    /// Carries out these orders: those whose write may have arrived already are read first.
    pub(super) async fn carry_out(&mut self, orders: Vec<usize>) -> Result<(), StepError> {
        self.prepare(&orders).await?;
        let is_doubted = |index: &usize| matches!(self.steps[*index].action, Action::LookUp(_));
        let doubted: Vec<usize> = self.unsettled(&orders).into_iter().filter(is_doubted).collect();
        self.read_back(&doubted).await?;
        let left = self.unsettled(&orders);
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
            self.send(form, part).await?;
        }
        Ok(())
    }

    pub(super) fn order(&self, index: usize) -> &'a Order {
        let steps: &'a [&'a Step] = self.steps;
        &steps[index].order
    }

    pub(super) fn sent(&self, index: usize) -> SentOrder<'_> {
        SentOrder { order: self.order(index), kept: self.orders[index].kept.as_ref() }
    }

    pub(super) fn unsettled(&self, orders: &[usize]) -> Vec<usize> {
        orders.iter().copied().filter(|index| self.outcomes[*index].is_none()).collect()
    }

    /// Sends one batch, with its own retry budget, and settles what it can. Orders to be sent in
    /// other batches become further parts.
    async fn send(&mut self, form: &BulkForm, mut left: Vec<usize>) -> Result<(), StepError> {
        let (mut attempts, mut unclear) = (self.loader.rest.attempts(), 0);
        while !left.is_empty() {
            let body = self.body(form, &left)?;
            if body.is_too_long() && left.len() > 1 {
                self.divide(&left);
                return Ok(());
            }
            let turn = attempts.turn().await?;
            // While it waited for its turn, other batches may have shown that it is too long.
            let length = self.loader.length.now();
            if left.len() > length {
                self.split(&left, length);
                return Ok(());
            }
            self.intend(&left).await?;
            let sent = self.all_sent(&left);
            let failure = match turn.upsert_orders(body, &sent, form).await {
                Ok(replies) => {
                    left = self.take(&left, replies);
                    if left.is_empty() {
                        return Ok(());
                    }
                    Failure::unclear("upsert_orders")
                }
                Err(failure) => failure,
            };
            self.count(&mut attempts, &left, &failure).await?;
            match failure.disposition {
                Disposition::Throttled | Disposition::Again => {}
                Disposition::LookUp => {
                    self.doubt(&left);
                    unclear += 1;
                }
                Disposition::Stop(stop) => return Err(stop.into()),
                Disposition::Exists
                | Disposition::Unclear
                | Disposition::Gone
                | Disposition::RelationGone
                | Disposition::Refused => {
                    self.divide_or_refuse(&left, attempts.refusal(LetterPart::Order, &failure));
                    return Ok(());
                }
            }
            if attempts.pause(&failure).await? == RetryBudget::Exhausted {
                let refusal = attempts.refusal(LetterPart::Order, &failure);
                self.settle_all(&left, &OrderOutcome::Unconfirmed(refusal));
                return Ok(());
            }
            if failure.disposition == Disposition::LookUp {
                self.read_back(&left).await?;
                left = self.unsettled(&left);
            }
            if unclear >= UNCLEAR_MAX && left.len() > 1 {
                self.divide(&left);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The body of a request with these orders, which notes how many they are.
    fn body(&mut self, form: &BulkForm, orders: &[usize]) -> Result<BulkBody, StepError> {
        let batch = u32::try_from(orders.len()).unwrap_or(u32::MAX);
        orders.iter().for_each(|index| self.orders[*index].batch = batch);
        let body = BulkBody::new(form, &self.all_sent(orders));
        Ok(body.map_err(|fields| {
            tracing::error!("{fields}");
            FatalError::Schema
        })?)
    }

    fn all_sent(&self, orders: &[usize]) -> Vec<SentOrder<'_>> {
        orders.iter().map(|index| self.sent(*index)).collect()
    }

    /// Orders of a canary are stored without fingerprint, and so are those of which an earlier
    /// payload may have arrived: a later run sends them again, whatever GraphQL shows.
    async fn intend(&self, orders: &[usize]) -> Result<(), StepError> {
        let intents = orders.iter().map(|index| {
            let (step, known) = (self.steps[*index], &self.orders[*index]);
            let is_proof = !self.is_canary && known.is_first;
            WriteIntent {
                order: &step.order,
                is_proof,
                keeps_customer: known.kept.is_some(),
                is_new: known.is_new,
            }
        });
        Ok(self.loader.rest.ledger.intend_orders(intents).await?)
    }

    /// Settles what the replies decide, and returns what they leave unclear. A named order is sent
    /// alone before it is rejected: an error may name the wrong one.
    fn take(&mut self, part: &[usize], replies: Vec<BulkReply>) -> Vec<usize> {
        if replies.iter().all(|reply| *reply == BulkReply::BatchRefused) {
            self.loader.length.too_much(part.len());
            self.divide(part);
            return Vec::new();
        }
        let (mut named, mut others, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
        for (index, reply) in part.iter().copied().zip(&replies) {
            match reply {
                BulkReply::Accepted => self.accept(index),
                BulkReply::Named(_) => named.push(index),
                BulkReply::NotStored | BulkReply::BatchRefused => others.push(index),
                BulkReply::Unclear => unclear.push(index),
            }
        }
        if named.is_empty() && others.is_empty() && unclear.is_empty() {
            self.loader.length.taken(part.len());
        }
        if let ([index], [BulkReply::Named(_) | BulkReply::NotStored]) = (part, replies.as_slice())
        {
            let text = match &replies[0] {
                BulkReply::Named(text) => text,
                _ => "validation_errors",
            };
            self.refuse(*index, refusal_of(text));
            return Vec::new();
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
        unclear
    }

    fn divide(&mut self, part: &[usize]) {
        self.split(part, part.len().div_ceil(2));
    }

    /// Splits the orders into parts of this length, which are sent next.
    fn split(&mut self, part: &[usize], length: usize) {
        for chunk in part.chunks(length.max(1)).rev() {
            self.parts.push_front(chunk.to_vec());
        }
        if part.len() > length {
            self.loader.rest.client.note_divided();
        }
    }

    /// No answer states the outcome of a whole request.
    fn doubt(&mut self, part: &[usize]) {
        part.iter().for_each(|index| self.orders[*index].in_doubt = true);
        self.loader.length.too_much(part.len());
    }

    /// A whole request was refused, because of one of its orders or their number.
    fn divide_or_refuse(&mut self, part: &[usize], refusal: Refusal) {
        if let [index] = part {
            self.refuse(*index, refusal);
        } else {
            self.loader.length.too_much(part.len());
            self.divide(part);
        }
    }

    /// Reads these orders before any of them is sent again, and settles those that GraphQL shows as
    /// sent, if that is proof.
    async fn read_back(&mut self, orders: &[usize]) -> Result<(), StepError> {
        let rest = &self.loader.rest;
        for part in orders.chunks(READ_BACK_MAX) {
            let keys: Vec<_> = part.iter().map(|index| &self.order(*index).key).collect();
            let reading = rest.client.orders_by_key(&rest.connection, &keys);
            let found = self.loader.read(reading).await?;
            for (index, found) in part.iter().copied().zip(found) {
                let is_proof = self.orders[index].is_first && !self.is_canary;
                let is_shown =
                    |found: GraphqlOrder| found.shows(&self.sent(index), &rest.connection);
                if is_proof && found.is_some_and(is_shown) {
                    self.accept(index);
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, index: usize) {
        let KnownOrder { is_new, batch, .. } = self.orders[index];
        self.outcomes[index] = Some(OrderOutcome::Accepted { is_new, batch });
    }

    /// A rejection settles nothing while an earlier write may have arrived.
    fn refuse(&mut self, index: usize, refusal: Refusal) {
        let is_in_doubt = self.orders[index].in_doubt;
        let outcome = if is_in_doubt { OrderOutcome::Unconfirmed } else { OrderOutcome::Refused };
        self.outcomes[index] = Some(outcome(refusal));
    }

    pub(super) fn settle_all(&mut self, orders: &[usize], outcome: &OrderOutcome) {
        orders.iter().for_each(|index| self.outcomes[*index] = Some(outcome.clone()));
    }

    /// Adds a failed attempt to the history of each of these orders.
    async fn count(
        &self,
        attempts: &mut Attempts<'_>,
        orders: &[usize],
        failure: &Failure,
    ) -> Result<(), StepError> {
        if attempts.count(Operation::Create, failure).is_none() {
            return Ok(());
        }
        for index in orders {
            let operation =
                if self.orders[*index].is_new { Operation::Create } else { Operation::Update };
            let attempt = failed(operation, failure).in_batch(self.orders[*index].batch);
            self.loader.rest.ledger.note(&self.order(*index).key, attempt).await?;
        }
        Ok(())
    }
}

/// Refused by an error that names the order, or that answers a request with this order alone.
fn refusal_of(text: &str) -> Refusal {
    let code = Some(text.to_owned());
    Refusal { part: LetterPart::Order, status: None, code, pointer: None, attempts: 1 }
}
