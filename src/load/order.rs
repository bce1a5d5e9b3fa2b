use super::Journal;
use super::customer::{Found, find_or_create};
use super::loader::{Attempts, Deleted, Loader, Patience};
use super::outcome::{Halt, Outcome, Part, Refusal};
use crate::activecampaign::{Failure, RemoteOrder, Stop, Verdict};
use crate::domain::{Memory, Order, OrderKey, RemoteId};
use crate::plan::{Action, Step};

/// Customer first, then order. A cart and its order wait for each other.
pub(super) async fn carry_out<J: Journal>(loader: &Loader<J>, step: &Step) -> Result<Outcome, Halt> {
    let order = &step.order;
    let cart = if order.key.is_cart() { Some(&order.key) } else { order.cart.as_ref() };
    let _held = match cart {
        Some(cart) => Some(loader.carts.hold(cart).await),
        None => None,
    };
    if order.key.is_cart() && loader.journal.order(&order.key).await? == Memory::BecameOrder {
        return Ok(Outcome::Idle);
    }
    let customer = match find_or_create(loader, &order.customer, Found::Trusted).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(outcome),
    };
    let mut write = Write { loader, order, customer, attempts: loader.attempts(), sent_by_us: false };
    let outcome = match &step.action {
        Action::Create => write.create_or_convert().await?,
        Action::LookUp => {
            write.sent_by_us = true;
            write.look_up_then_write(None).await?
        }
        Action::Update(id) => write.update(id.clone()).await?,
    };
    let is_there = matches!(outcome, Outcome::Created(_) | Outcome::Updated(_) | Outcome::Adopted(_));
    if let (true, Some(cart)) = (is_there, &order.cart) {
        loader.journal.settle_cart(cart).await?;
    }
    Ok(outcome)
}

/// The writing of one order until it is settled.
struct Write<'a, J> {
    loader: &'a Loader<J>,
    order: &'a Order,
    customer: RemoteId,
    attempts: Attempts,
    /// An earlier create of ours may be at the target.
    sent_by_us: bool,
}

impl<J: Journal> Write<'_, J> {
    /// An order whose cart the target holds is made of that record, never a second one beside it.
    async fn create_or_convert(&mut self) -> Result<Outcome, Halt> {
        let Some(cart) = &self.order.cart else { return self.create().await };
        match self.loader.journal.order(cart).await? {
            Memory::Known { id, .. } | Memory::Refused { id: Some(id), .. } => self.update(id).await,
            Memory::Intended => match self.loader.look_up(cart).await? {
                Ok(Some(remote)) => self.update(remote.id).await,
                Ok(None) => self.create().await,
                Err(failure) => Ok(self.given_up(&failure)),
            },
            Memory::Unknown | Memory::BecameOrder | Memory::Refused { id: None, .. } => self.create().await,
        }
    }

    async fn create(&mut self) -> Result<Outcome, Halt> {
        let mut customer_mended = false;
        loop {
            let turn = self.loader.turn().await?;
            self.loader.journal.intend_order(&self.order.key).await?;
            let sent = turn.create_order(&self.loader.connection, &self.customer, self.order).await;
            let failure = match sent {
                Ok(id) => return Ok(Outcome::Created(id)),
                Err(failure) => failure,
            };
            self.count(&failure);
            match failure.verdict {
                Verdict::Throttled | Verdict::Again => {}
                Verdict::LookUp => self.sent_by_us = true,
                Verdict::Exists | Verdict::Unclear => {
                    return Box::pin(self.look_up_then_write(Some(failure))).await;
                }
                Verdict::RelationGone if !customer_mended => {
                    customer_mended = true;
                    if let Some(outcome) = self.mend_customer().await? {
                        return Ok(outcome);
                    }
                    continue;
                }
                Verdict::RelationGone => return Err(Stop::ConnectionGone.into()),
                Verdict::Refused | Verdict::Gone => return Ok(self.refused(&failure)),
                Verdict::Stop(stop) => return Err(stop.into()),
            }
            if self.loader.pause(&mut self.attempts, &failure).await? == Patience::Spent {
                return Ok(self.given_up(&failure));
            }
            if failure.verdict == Verdict::LookUp {
                return Box::pin(self.look_up_then_write(None)).await;
            }
        }
    }

    /// Looks the order up by its key before anything is sent again. `refusal` is the answer that sent us here,
    /// where the target said no: if there is nothing to be found, that answer stands.
    async fn look_up_then_write(&mut self, refusal: Option<Failure>) -> Result<Outcome, Halt> {
        let found = match self.loader.look_up(&self.order.key).await? {
            Ok(found) => found,
            Err(failure) => return Ok(self.given_up(&failure)),
        };
        match (found, refusal) {
            (Some(remote), _) => self.take_over(remote).await,
            (None, Some(refusal)) => Ok(self.refused(&refusal)),
            (None, None) => Box::pin(self.create_or_convert()).await,
        }
    }

    /// The target holds an order of this key: ours from a lost answer, or by another hand.
    async fn take_over(&mut self, remote: RemoteOrder) -> Result<Outcome, Halt> {
        if self.order.key.is_cart() && !remote.externalid.is_empty() {
            // It is an order by now, of another hand; sent as a cart it would be one again.
            return Ok(Outcome::Adopted(remote.id));
        }
        let same = is_same(self.order, &self.customer, &remote);
        match (same, self.sent_by_us) {
            (true, true) => Ok(Outcome::Created(remote.id)),
            (true, false) => Ok(Outcome::Adopted(remote.id)),
            (false, _) => match Box::pin(self.update(remote.id)).await? {
                Outcome::Updated(id) => Ok(Outcome::Adopted(id)),
                other => Ok(other),
            },
        }
    }

    async fn update(&mut self, id: RemoteId) -> Result<Outcome, Halt> {
        loop {
            let turn = self.loader.turn().await?;
            self.loader.journal.intend_order(&self.order.key).await?;
            let sent = turn.update_order(&id, &self.loader.connection, &self.customer, self.order).await;
            let failure = match sent {
                Ok(()) => return Ok(Outcome::Updated(id)),
                Err(failure) => failure,
            };
            self.count(&failure);
            match failure.verdict {
                Verdict::Throttled | Verdict::Again | Verdict::LookUp => {}
                // Deleted there by someone: the order is new again, or to be left alone.
                Verdict::Gone if self.loader.deleted == Deleted::Leave => return Ok(Outcome::Left(id)),
                Verdict::Gone => return Box::pin(self.look_up_then_write(None)).await,
                Verdict::RelationGone => return Err(Stop::ConnectionGone.into()),
                Verdict::Exists | Verdict::Unclear | Verdict::Refused => return Ok(self.refused(&failure)),
                Verdict::Stop(stop) => return Err(stop.into()),
            }
            if self.loader.pause(&mut self.attempts, &failure).await? == Patience::Spent {
                return Ok(self.given_up(&failure));
            }
            if failure.verdict == Verdict::LookUp && self.loader.is_gone(self.order, &id).await? {
                return match self.loader.deleted {
                    Deleted::Leave => Ok(Outcome::Left(id)),
                    Deleted::CreateAgain => Box::pin(self.look_up_then_write(None)).await,
                };
            }
        }
    }

    /// The customer we knew is gone at the target: look for it there, or make it again.
    async fn mend_customer(&mut self) -> Result<Option<Outcome>, Halt> {
        match find_or_create(self.loader, &self.order.customer, Found::Doubted(self.customer.clone())).await?
        {
            Ok(id) => {
                self.customer = id;
                Ok(None)
            }
            Err(outcome) => Ok(Some(outcome)),
        }
    }

    fn count(&mut self, failure: &Failure) {
        if failure.verdict != Verdict::Throttled {
            self.attempts.made += 1;
        }
    }

    fn refused(&self, failure: &Failure) -> Outcome {
        Outcome::Refused(Refusal::new(Part::Order, failure, self.attempts.made))
    }

    fn given_up(&self, failure: &Failure) -> Outcome {
        Outcome::Unconfirmed(Refusal::new(Part::Order, failure, self.attempts.made))
    }
}

impl<J: Journal> Loader<J> {
    /// The target's order of this key; the inner error: it could not be found out.
    async fn look_up(&self, key: &OrderKey) -> Result<Result<Option<RemoteOrder>, Failure>, Halt> {
        match self.client.order_by_key(&self.connection, key).await {
            Ok(found) => Ok(Ok(found)),
            Err(Failure { verdict: Verdict::Stop(stop), .. }) => Err(stop.into()),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Whether an update that may not have arrived has nothing left to update. An order that is being made of a
    /// cart is known by its own id only once that arrived.
    async fn is_gone(&self, order: &Order, id: &RemoteId) -> Result<bool, Halt> {
        for key in [Some(&order.key), order.cart.as_ref()].into_iter().flatten() {
            match self.look_up(key).await? {
                Ok(Some(remote)) if remote.id == *id => return Ok(false),
                Ok(_) => {}
                // Not found out: the update itself will tell.
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Whether the target's order is what we would send, by all that its list tells.
fn is_same(order: &Order, customer: &RemoteId, remote: &RemoteOrder) -> bool {
    let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity)).sum();
    remote.total_minor == Some(order.total.minor())
        && remote.currency.eq_ignore_ascii_case(order.currency.code())
        && remote.customer == *customer
        && remote.created_at == Some(order.created_at)
        // The target's `totalProducts` may count lines or units.
        && remote.products.is_none_or(|n| n == order.lines.len() as u64 || n == units)
}
