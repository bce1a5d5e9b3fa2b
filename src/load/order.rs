use super::Journal;
use super::customer::{Found, find_or_create};
use super::loader::{Attempts, Loader, Patience};
use super::outcome::{Halt, Outcome, Part, Refusal};
use crate::activecampaign::{Failure, RemoteOrder, Stop, Verdict};
use crate::domain::{Order, RemoteId};
use crate::plan::{Action, Step};

/// Customer first, then order.
pub(super) async fn carry_out<J: Journal>(loader: &Loader<J>, step: &Step) -> Result<Outcome, Halt> {
    let customer = match find_or_create(loader, &step.order.customer, Found::Trusted).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(outcome),
    };
    let mut write = Write {
        loader,
        order: &step.order,
        customer,
        attempts: loader.attempts(),
        sent_by_us: false,
        mended: false,
        contradicted: false,
    };
    match &step.action {
        Action::Create => write.create().await,
        Action::LookUp => {
            write.sent_by_us = true;
            write.look_up_then_write(None).await
        }
        Action::Update(id) => write.update(id.clone()).await,
    }
}

/// The writing of one order until it is settled.
struct Write<'a, J> {
    loader: &'a Loader<J>,
    order: &'a Order,
    customer: RemoteId,
    attempts: Attempts,
    /// An earlier create of ours may be at the target.
    sent_by_us: bool,
    /// The customer was gone at the target and was made again.
    mended: bool,
    /// The target refused a second one of this key and then showed none.
    contradicted: bool,
}

impl<J: Journal> Write<'_, J> {
    async fn create(&mut self) -> Result<Outcome, Halt> {
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
                Verdict::RelationGone => match self.mend_customer().await? {
                    Some(outcome) => return Ok(outcome),
                    None => continue,
                },
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
        let found = match self.loader.look_up(self.order).await? {
            Ok(found) => found,
            Err(failure) => return Ok(self.given_up(&failure)),
        };
        match (found, refusal) {
            (Some(remote), _) => self.take_over(remote).await,
            // Deleted in between, most likely; only who says so twice is believed.
            (None, Some(Failure { verdict: Verdict::Exists, .. }))
                if !std::mem::replace(&mut self.contradicted, true) =>
            {
                Box::pin(self.create()).await
            }
            (None, Some(refusal)) => Ok(self.refused(&refusal)),
            (None, None) => Box::pin(self.create()).await,
        }
    }

    /// The target holds an order of this key: ours from a lost answer, or by another hand.
    async fn take_over(&mut self, remote: RemoteOrder) -> Result<Outcome, Halt> {
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
                // Deleted there by someone: the order is new again.
                Verdict::Gone => return Box::pin(self.look_up_then_write(None)).await,
                Verdict::RelationGone => match self.mend_customer().await? {
                    Some(outcome) => return Ok(outcome),
                    None => continue,
                },
                Verdict::Exists | Verdict::Unclear | Verdict::Refused => return Ok(self.refused(&failure)),
                Verdict::Stop(stop) => return Err(stop.into()),
            }
            if self.loader.pause(&mut self.attempts, &failure).await? == Patience::Spent {
                return Ok(self.given_up(&failure));
            }
            if failure.verdict == Verdict::LookUp && self.loader.is_gone(self.order, &id).await? {
                return Box::pin(self.look_up_then_write(None)).await;
            }
        }
    }

    /// The customer we knew is gone at the target: look for it there, or make it again. Where it still is not enough,
    /// it is the connection that is gone.
    async fn mend_customer(&mut self) -> Result<Option<Outcome>, Halt> {
        if std::mem::replace(&mut self.mended, true) {
            return Err(Stop::ConnectionGone.into());
        }
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
    async fn look_up(&self, order: &Order) -> Result<Result<Option<RemoteOrder>, Failure>, Halt> {
        match self.client.order_by_key(&self.connection, &order.key).await {
            Ok(found) => Ok(Ok(found)),
            Err(Failure { verdict: Verdict::Stop(stop), .. }) => Err(stop.into()),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Whether an update that may not have arrived has nothing left to update.
    async fn is_gone(&self, order: &Order, id: &RemoteId) -> Result<bool, Halt> {
        Ok(
            matches!(self.look_up(order).await?, Ok(found) if found.as_ref().map(|remote| &remote.id) != Some(id)),
        )
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
