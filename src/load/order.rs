use super::Journal;
use super::customer::{Found, find_or_create};
use super::loader::{Attempts, Loader, RetryBudget};
use super::outcome::{Outcome, Part, Refusal, StepError, failed};
use crate::activecampaign::{Disposition, Failure, RemoteOrder};
use crate::domain::{
    Attempt, Deleted, Fingerprint, LedgerEntry, Operation, Order, OrderKey, RemoteId,
};
use crate::plan::{Action, PriorWrite, Step};

/// Customer first, then order. A cart and its order wait for each other.
pub(super) async fn carry_out<J: Journal>(
    loader: &Loader<J>,
    step: &Step,
) -> Result<Outcome, StepError> {
    let order = &step.order;
    let cart = if order.key.is_cart() { Some(&order.key) } else { order.cart.as_ref() };
    let _held = match cart {
        Some(cart) => Some(loader.carts.hold(cart).await),
        None => None,
    };
    if order.key.is_cart() && loader.journal.order(&order.key).await? == LedgerEntry::BecameOrder {
        return Ok(Outcome::Idle);
    }
    let customer = match find_or_create(loader, order, Found::Trusted).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(outcome),
    };
    let outcome = Write::new(loader, step, customer).carry_out(&step.action).await?;
    let is_there =
        matches!(outcome, Outcome::Created(_) | Outcome::Updated(_) | Outcome::Adopted(_));
    if let (true, Some(cart)) = (is_there, &order.cart) {
        loader.journal.settle_cart(cart).await?;
    }
    Ok(outcome)
}

/// The writing of one order until it is settled.
struct Write<'a, J> {
    loader: &'a Loader<J>,
    order: &'a Order,
    fingerprint: Fingerprint,
    customer: RemoteId,
    attempts: Attempts,
    /// What of ours may be at the target already.
    earlier: Option<PriorWrite>,
    /// The record at the target is not of our making.
    is_foreign: bool,
    is_customer_mended: bool,
    /// The target refused a second one of this key and then showed none.
    is_contradicted: bool,
}

/// What the writing of an order does next.
enum Next {
    /// Make it, of its cart where the target holds that.
    Make,
    Create,
    /// Look it up by its key before anything is sent again. With the answer that said no, where one
    /// did: if there is nothing to be found, that answer stands.
    LookUp(Option<Failure>),
    Update(RemoteId),
    Done(Outcome),
}

impl<'a, J: Journal> Write<'a, J> {
    fn new(loader: &'a Loader<J>, step: &'a Step, customer: RemoteId) -> Self {
        Self {
            loader,
            order: &step.order,
            fingerprint: step.fingerprint,
            customer,
            attempts: loader.attempts(),
            earlier: None,
            is_foreign: false,
            is_customer_mended: false,
            is_contradicted: false,
        }
    }

    async fn carry_out(mut self, action: &Action) -> Result<Outcome, StepError> {
        let mut next = match action {
            Action::Create => Next::Make,
            Action::Update(id) => Next::Update(id.clone()),
            Action::LookUp(earlier) => {
                self.earlier = Some(*earlier);
                Next::LookUp(None)
            }
        };
        loop {
            next = match next {
                Next::Make => self.make().await?,
                Next::Create => self.create().await?,
                Next::LookUp(refusal) => self.look_up(refusal).await?,
                Next::Update(id) => self.update(id).await?,
                Next::Done(outcome) => return Ok(outcome),
            }
        }
    }

    /// An order whose cart the target holds is made of that record, never a second one beside it.
    async fn make(&mut self) -> Result<Next, StepError> {
        let Some(cart) = &self.order.cart else { return Ok(Next::Create) };
        match self.loader.journal.order(cart).await? {
            LedgerEntry::Known { id, .. } | LedgerEntry::Refused { id: Some(id), .. } => {
                Ok(Next::Update(id))
            }
            LedgerEntry::Intended { .. } => Ok(match self.find(cart).await? {
                Ok(Some(remote)) => Next::Update(remote.id),
                Ok(None) => Next::Create,
                Err(failure) => self.given_up(&failure),
            }),
            LedgerEntry::Unknown
            | LedgerEntry::BecameOrder
            | LedgerEntry::Refused { id: None, .. } => Ok(Next::Create),
        }
    }

    async fn create(&mut self) -> Result<Next, StepError> {
        let turn = self.loader.turn().await?;
        self.loader.journal.intend_order(&self.order.key, self.fingerprint).await?;
        let sent = turn.create_order(&self.loader.connection, &self.customer, self.order).await;
        let failure = match sent {
            Ok(id) => return Ok(Next::Done(Outcome::Created(id))),
            Err(failure) => failure,
        };
        self.count(Operation::Create, &failure).await?;
        let next = match failure.disposition {
            Disposition::Throttled | Disposition::Again => Next::Create,
            Disposition::LookUp => {
                self.earlier = Some(PriorWrite::SameCreate);
                Next::LookUp(None)
            }
            Disposition::Exists | Disposition::Unclear => return Ok(Next::LookUp(Some(failure))),
            Disposition::RelationGone => return self.mend_customer(&failure, Next::Create).await,
            Disposition::Refused | Disposition::Gone => return Ok(self.refused(&failure)),
            Disposition::Stop(stop) => return Err(stop.into()),
        };
        self.pause_then(next, &failure).await
    }

    async fn look_up(&mut self, refusal: Option<Failure>) -> Result<Next, StepError> {
        let found = match self.find(&self.order.key).await? {
            Ok(found) => found,
            Err(failure) => return Ok(self.given_up(&failure)),
        };
        Ok(match (found, refusal) {
            (Some(remote), _) => self.take_over(remote),
            // It is there, says the answer, and it is not, says the list: deleted in between, most
            // likely. Who says so twice leaves it unsettled.
            (None, Some(refusal)) if refusal.disposition == Disposition::Exists => {
                match std::mem::replace(&mut self.is_contradicted, true) {
                    false => Next::Create,
                    true => self.given_up(&refusal),
                }
            }
            (None, Some(refusal)) => self.refused(&refusal),
            (None, None) if self.is_to_be_left() => Next::Done(Outcome::Left),
            (None, None) => {
                self.is_foreign = false;
                Next::Make
            }
        })
    }

    /// What was there and is no more was deleted by another hand.
    fn is_to_be_left(&self) -> bool {
        self.earlier == Some(PriorWrite::Update) && self.loader.deleted == Deleted::Leave
    }

    /// The target holds an order of this key: ours from a lost answer, or by another hand.
    fn take_over(&mut self, remote: RemoteOrder) -> Next {
        if self.order.key.is_cart() && !remote.externalid.is_empty() {
            // It is an order by now, of another hand; sent as a cart it would be one again.
            return Next::Done(Outcome::Adopted(remote.id));
        }
        match (is_same(self.order, &self.customer, &remote), self.earlier) {
            (true, Some(PriorWrite::SameCreate)) => Next::Done(Outcome::Created(remote.id)),
            (true, None) => Next::Done(Outcome::Adopted(remote.id)),
            (_, earlier) => {
                self.is_foreign = earlier != Some(PriorWrite::Update);
                Next::Update(remote.id)
            }
        }
    }

    async fn update(&mut self, id: RemoteId) -> Result<Next, StepError> {
        let turn = self.loader.turn().await?;
        self.loader.journal.intend_order(&self.order.key, self.fingerprint).await?;
        let sent =
            turn.update_order(&id, &self.loader.connection, &self.customer, self.order).await;
        let failure = match sent {
            Ok(()) if self.is_foreign => return Ok(Next::Done(Outcome::Adopted(id))),
            Ok(()) => return Ok(Next::Done(Outcome::Updated(id))),
            Err(failure) => failure,
        };
        self.count(Operation::Update, &failure).await?;
        let next = match failure.disposition {
            Disposition::Throttled | Disposition::Again => Next::Update(id),
            Disposition::LookUp if self.is_gone(&id).await? => self.deleted(),
            Disposition::LookUp => Next::Update(id),
            Disposition::Gone => self.deleted(),
            Disposition::RelationGone => {
                return self.mend_customer(&failure, Next::Update(id)).await;
            }
            Disposition::Exists | Disposition::Unclear | Disposition::Refused => {
                return Ok(self.refused(&failure));
            }
            Disposition::Stop(stop) => return Err(stop.into()),
        };
        // A list that still shows what is gone must not lead round for ever: this counts as an
        // attempt too.
        self.pause_then(next, &failure).await
    }

    /// Somebody deleted it there: it is new again, or to be left alone.
    fn deleted(&mut self) -> Next {
        match self.loader.deleted {
            Deleted::Leave => Next::Done(Outcome::Left),
            Deleted::Create => {
                self.earlier = None;
                Next::LookUp(None)
            }
        }
    }

    /// Whether an update that may not have arrived has nothing left to update. An order that is
    /// being made of a cart is known by its own id only once that arrived.
    async fn is_gone(&self, id: &RemoteId) -> Result<bool, StepError> {
        for key in [Some(&self.order.key), self.order.cart.as_ref()].into_iter().flatten() {
            match self.find(key).await? {
                Ok(Some(remote)) if remote.id == *id => return Ok(false),
                Ok(_) => {}
                // Not found out: the update itself will tell.
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The customer we knew is gone at the target: looks for it there, or makes it again, once.
    async fn mend_customer(&mut self, failure: &Failure, next: Next) -> Result<Next, StepError> {
        if std::mem::replace(&mut self.is_customer_mended, true) {
            return Ok(self.refused(failure));
        }
        let doubted = Found::Doubted(self.customer.clone());
        Ok(match find_or_create(self.loader, self.order, doubted).await? {
            Ok(id) => {
                self.customer = id;
                next
            }
            Err(outcome) => Next::Done(outcome),
        })
    }

    async fn pause_then(&mut self, next: Next, failure: &Failure) -> Result<Next, StepError> {
        if matches!(next, Next::Done(_)) {
            return Ok(next);
        }
        match self.loader.pause(&mut self.attempts, failure).await? {
            RetryBudget::Left => Ok(next),
            RetryBudget::Exhausted => Ok(self.given_up(failure)),
        }
    }

    /// A throttled request was not carried out, and is no attempt.
    async fn count(&mut self, operation: Operation, failure: &Failure) -> Result<(), StepError> {
        if failure.disposition == Disposition::Throttled {
            return Ok(());
        }
        self.attempts.made += 1;
        Ok(self.loader.journal.note(&self.order.key, failed(operation, failure)).await?)
    }

    /// The target's order of this key; the inner error: it could not be found out.
    async fn find(
        &self,
        key: &OrderKey,
    ) -> Result<Result<Option<RemoteOrder>, Failure>, StepError> {
        let found = self.loader.client.order_by_key(&self.loader.connection, key).await;
        let attempt = match &found {
            Ok(found) => {
                Attempt::found(Operation::LookUp, found.as_ref().map(|remote| remote.id.clone()))
            }
            Err(failure) => failed(Operation::LookUp, failure),
        };
        self.loader.journal.note(&self.order.key, attempt).await?;
        match found {
            Err(Failure { disposition: Disposition::Stop(stop), .. }) => Err(stop.into()),
            found => Ok(found),
        }
    }

    fn refused(&self, failure: &Failure) -> Next {
        Next::Done(Outcome::Refused(Refusal::new(Part::Order, failure, self.attempts.made)))
    }

    fn given_up(&self, failure: &Failure) -> Next {
        Next::Done(Outcome::Unconfirmed(Refusal::new(Part::Order, failure, self.attempts.made)))
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
