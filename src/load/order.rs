mod customer;

use super::attempts::{Attempts, RetryBudget, StepError};
use super::delete::{TakenOut, take_out};
use super::ledger::WriteIntent;
use super::loader::Loader;
use super::lookup::{Again, OrderLookup};
use crate::activecampaign::{Disposition, Failure, RemoteOrder};
use crate::domain::{Deleted, LedgerEntry, MovedCustomer, Operation, Order, OrderKey, RemoteId};
use crate::plan::{Action, PriorWrite, Step};
use crate::state::{LetterPart, OrderOutcome};

/// The writing of one order until it is settled.
pub(super) struct OrderWrite<'a> {
    loader: &'a Loader,
    order: &'a Order,
    /// `None`: the order keeps the customer that it has.
    customer: Option<RemoteId>,
    /// ActiveCampaign has the order under another customer.
    pub(super) moved: Option<MovedCustomer>,
    /// The ledger may lack its customer and its cart, though we created them.
    is_behind: bool,
    attempts: Attempts<'a>,
    lookup: OrderLookup<'a>,
    /// What we may already have written to ActiveCampaign.
    earlier: Option<PriorWrite>,
    /// We did not create the remote record.
    is_foreign: bool,
    /// The record to update is the order's cart.
    is_conversion: bool,
    /// The record of the order's cart was deleted.
    is_cart_gone: bool,
    /// The customer was looked up or created again already, after ActiveCampaign had lost it.
    is_customer_replaced: bool,
    /// A list and another answer contradicted each other: a create was rejected as a duplicate of a
    /// record that no list shows, or a list shows a deleted record.
    is_contradicted: bool,
}

/// What the writing of an order does next.
pub(super) enum Next {
    /// Update the record of its cart if there is one, else create it.
    CreateOrConvert,
    Create,
    /// Look it up by its key before anything is sent again. With the rejection that led here, if
    /// any: it counts if the lookup finds nothing.
    LookUp(Option<Failure>),
    /// Update it, unless it became an order.
    UpdateCart(RemoteId),
    Update(RemoteId),
    /// Delete it and create it again.
    Recreate(RemoteId),
    Done(OrderOutcome),
}

impl<'a> OrderWrite<'a> {
    /// `is_behind`: the ledger may lack what was sent last.
    pub(super) fn new(loader: &'a Loader, step: &'a Step, is_behind: bool) -> Self {
        let earlier = match step.action {
            Action::LookUp(earlier) => Some(earlier),
            Action::Create | Action::Update(_) => None,
        };
        Self {
            loader,
            order: &step.order,
            customer: None,
            moved: None,
            is_behind,
            attempts: loader.attempts(),
            lookup: OrderLookup { loader, order: &step.order.key },
            earlier,
            is_foreign: false,
            is_conversion: false,
            is_cart_gone: false,
            is_customer_replaced: false,
            is_contradicted: false,
        }
    }

    pub(super) fn first(&self, action: &Action) -> Next {
        match action {
            Action::Create => Next::CreateOrConvert,
            Action::Update(id) if self.moved == Some(MovedCustomer::Recreate) => {
                Next::Recreate(id.clone())
            }
            Action::Update(id) if self.order.key.is_cart() => Next::UpdateCart(id.clone()),
            Action::Update(id) => Next::Update(id.clone()),
            Action::LookUp(_) => Next::LookUp(None),
        }
    }

    pub(super) async fn carry_out(mut self, mut next: Next) -> Result<OrderOutcome, StepError> {
        loop {
            next = match next {
                Next::CreateOrConvert => self.create_or_convert().await?,
                Next::Create => self.create().await?,
                Next::LookUp(refusal) => self.look_up(refusal).await?,
                Next::UpdateCart(id) => self.update_cart(id).await?,
                Next::Update(id) => self.update(id).await?,
                Next::Recreate(id) => self.recreate(id).await?,
                Next::Done(outcome) => return Ok(outcome),
            }
        }
    }

    /// An order whose cart ActiveCampaign has is made by updating that record; a create would make
    /// a second one.
    async fn create_or_convert(&mut self) -> Result<Next, StepError> {
        if let Err(outcome) = self.find_customer().await? {
            return Ok(Next::Done(outcome));
        }
        let Some(cart) = self.order.cart.as_ref().filter(|_| !self.is_cart_gone) else {
            return Ok(Next::Create);
        };
        let ledger = &self.loader.ledger;
        match ledger.order(cart).await? {
            LedgerEntry::Known { id, .. } | LedgerEntry::Refused { id: Some(id), .. } => {
                self.is_conversion = true;
                Ok(Next::Update(id))
            }
            LedgerEntry::Intended { .. } => self.find_cart(cart, Again::UntilListed).await,
            LedgerEntry::Unknown if self.is_behind || !ledger.knows_every_order().await? => {
                self.find_cart(cart, Again::Once).await
            }
            LedgerEntry::Unknown
            | LedgerEntry::Accepted { .. }
            | LedgerEntry::BecameOrder
            | LedgerEntry::Refused { id: None, .. } => Ok(Next::Create),
        }
    }

    /// Looks up the cart of an order that is to be created. A record that is already another order
    /// is left unchanged.
    async fn find_cart(&mut self, cart: &OrderKey, again: Again) -> Result<Next, StepError> {
        let found = self.lookup.find_in_time(cart, again).await?;
        self.loader.ledger.note_planned_lookup();
        Ok(match found {
            Err(failure) => self.given_up(&failure),
            Ok(None) => Next::Create,
            Ok(Some(remote)) if !remote.is_order() => {
                self.is_conversion = true;
                Next::Update(remote.id)
            }
            Ok(Some(remote)) if remote.externalid == self.order.key.as_str() => {
                self.take_over(remote).await?
            }
            Ok(Some(_)) => Next::Create,
        })
    }

    async fn create(&mut self) -> Result<Next, StepError> {
        let customer = match self.find_customer().await? {
            Ok(id) => id,
            Err(outcome) => return Ok(Next::Done(outcome)),
        };
        let turn = self.attempts.turn().await?;
        let intent = WriteIntent { is_new: true, ..self.intent() };
        let is_proof = intent.is_proof;
        self.loader.ledger.intend_orders([intent]).await?;
        let sent = turn.create_order(&self.loader.connection, &customer, self.order).await;
        let failure = match sent {
            Ok(id) => return Ok(Next::Done(OrderOutcome::Created(id))),
            Err(failure) => failure,
        };
        self.count(Operation::Create, &failure).await?;
        let next = match failure.disposition {
            Disposition::Throttled | Disposition::Again => Next::Create,
            Disposition::LookUp => {
                if is_proof {
                    self.earlier = Some(PriorWrite::SameCreate);
                }
                Next::LookUp(None)
            }
            Disposition::Exists | Disposition::Unclear => return Ok(Next::LookUp(Some(failure))),
            Disposition::RelationGone => {
                return self.replace_customer(&failure, Next::Create).await;
            }
            Disposition::Refused | Disposition::Gone => return Ok(self.refused(&failure)),
            Disposition::Stop(stop) => return Err(stop.into()),
        };
        self.pause_then(next, &failure).await
    }

    async fn look_up(&mut self, refusal: Option<Failure>) -> Result<Next, StepError> {
        let is_duplicate =
            refusal.as_ref().is_some_and(|refusal| refusal.disposition == Disposition::Exists);
        let is_expected = is_duplicate || self.earlier.is_some();
        let again = Again::if_expected(is_expected);
        let found = match self.lookup.find_in_time(&self.order.key, again).await? {
            Ok(found) => found,
            Err(failure) => return Ok(self.given_up(&failure)),
        };
        Ok(match (found, refusal) {
            (Some(remote), _) => self.take_over(remote).await?,
            // The create was rejected as a duplicate, but the lookup finds nothing; it was probably
            // deleted in between. Retry once, then give up as unconfirmed.
            (None, Some(refusal)) if is_duplicate => {
                if std::mem::replace(&mut self.is_contradicted, true) {
                    self.given_up(&refusal)
                } else {
                    Next::Create
                }
            }
            (None, Some(refusal)) => self.refused(&refusal),
            (None, None) if self.is_to_be_left() => Next::Done(OrderOutcome::LeftDeleted),
            (None, None) => {
                self.is_foreign = false;
                Next::CreateOrConvert
            }
        })
    }

    /// A create of ours may have arrived.
    fn is_in_doubt(&self) -> bool {
        matches!(self.earlier, Some(PriorWrite::SameCreate | PriorWrite::OtherCreate))
    }

    fn intent(&self) -> WriteIntent<'_> {
        // A create of other content may still arrive, and be found in its place.
        let is_proof = self.earlier != Some(PriorWrite::OtherCreate);
        WriteIntent { order: self.order, is_proof, keeps_customer: false, is_new: false }
    }

    /// We wrote it earlier and it is gone, so someone deleted it.
    fn is_to_be_left(&self) -> bool {
        self.earlier == Some(PriorWrite::Update) && self.loader.deleted == Deleted::Leave
    }

    /// ActiveCampaign has an order of this key: ours from a lost response, or someone else's.
    async fn take_over(&mut self, remote: RemoteOrder) -> Result<Next, StepError> {
        if self.order.key.is_cart() && remote.is_order() {
            // Someone already turned this cart into an order; sending the cart would revert that.
            return Ok(Next::Done(OrderOutcome::Superseded));
        }
        if self.moved.is_none()
            && let Err(outcome) = self.compare_customer(&remote).await?
        {
            return Ok(Next::Done(outcome));
        }
        if self.moved == Some(MovedCustomer::Recreate) {
            match self.find_customer().await? {
                // Created again already.
                Ok(id) if id == remote.customer => self.moved = None,
                Ok(_) => return Ok(Next::Recreate(remote.id)),
                Err(outcome) => return Ok(Next::Done(outcome)),
            }
        }
        let is_same = is_same(self.order, self.customer.as_ref(), &remote);
        Ok(match self.earlier {
            Some(PriorWrite::SameCreate) if is_same => Next::Done(OrderOutcome::Created(remote.id)),
            None if is_same => Next::Done(OrderOutcome::Adopted(remote.id)),
            earlier => {
                self.is_foreign = earlier != Some(PriorWrite::Update);
                self.earlier = None;
                // A refused update must not make the next run create the order a second time.
                self.loader.ledger.note_found(&self.order.key, &remote.id).await?;
                Next::Update(remote.id)
            }
        })
    }

    async fn update(&mut self, id: RemoteId) -> Result<Next, StepError> {
        let turn = self.attempts.turn().await?;
        let (key, customer) = (&self.order.key, self.customer.as_ref());
        let intent = WriteIntent { keeps_customer: customer.is_none(), ..self.intent() };
        self.loader.ledger.intend_orders([intent]).await?;
        let sent = turn.update_order(&id, &self.loader.connection, customer, self.order).await;
        let failure = match sent {
            Ok(is_of_other_customer) => {
                if is_of_other_customer {
                    self.loader.ledger.note_other_customer(key).await?;
                }
                return Ok(Next::Done(if self.is_foreign {
                    OrderOutcome::Adopted(id)
                } else {
                    OrderOutcome::Updated(id)
                }));
            }
            Err(failure) => failure,
        };
        self.count(Operation::Update, &failure).await?;
        let next = match failure.disposition {
            Disposition::Throttled | Disposition::Again => Next::Update(id),
            // A single 404 may come from something other than ActiveCampaign.
            Disposition::LookUp | Disposition::Gone if self.is_gone(&id).await? => {
                self.deleted(&id).await?
            }
            Disposition::LookUp | Disposition::Gone => Next::Update(id),
            Disposition::RelationGone => return self.update_without_customer(&failure, id).await,
            Disposition::Exists | Disposition::Unclear | Disposition::Refused => {
                return Ok(self.refused(&failure));
            }
            Disposition::Stop(stop) => return Err(stop.into()),
        };
        // Counts as an attempt too, or a list that still shows a deleted order would loop forever.
        self.pause_then(next, &failure).await
    }

    /// Deletes the order, which can't move to its customer, and creates it again.
    async fn recreate(&mut self, id: RemoteId) -> Result<Next, StepError> {
        Ok(match take_out(self.loader, self.order, &id, self.customer.as_ref()).await? {
            TakenOut::NotMoved => {
                self.moved = None;
                Next::Update(id)
            }
            TakenOut::Deleted => {
                self.earlier = None;
                Next::Create
            }
            TakenOut::Superseded => Next::Done(OrderOutcome::Superseded),
            // A list may still show a deleted record: that is looked up once, not repeatedly.
            TakenOut::NotThere if std::mem::replace(&mut self.is_contradicted, true) => {
                self.given_up(&Failure::undecided("recreate_order"))
            }
            TakenOut::NotThere if self.is_in_doubt() => Next::Create,
            TakenOut::NotThere => self.deleted(&id).await?,
            TakenOut::Unread(failure) => self.given_up(&failure),
            TakenOut::Refused(refusal) => Next::Done(OrderOutcome::Unconfirmed(refusal)),
        })
    }

    /// Someone deleted it there: create it again, or leave it alone, as the policy says. An order
    /// whose cart was deleted was never there. If no lookup by key follows, the record is read
    /// again first: a single 404 proves nothing.
    async fn deleted(&mut self, id: &RemoteId) -> Result<Next, StepError> {
        let is_looked_up = self.loader.deleted == Deleted::Create && !self.is_conversion;
        if !is_looked_up {
            match self.lookup.read_in_time(id).await? {
                Ok(Some(remote)) if self.order.key.is_cart() && remote.is_order() => {
                    return Ok(Next::Done(OrderOutcome::Superseded));
                }
                Ok(Some(_)) if self.moved == Some(MovedCustomer::Recreate) => {
                    return Ok(Next::Recreate(id.clone()));
                }
                Ok(Some(_)) => return Ok(Next::Update(id.clone())),
                Ok(None) => {}
                Err(failure) => return Ok(self.given_up(&failure)),
            }
        }
        if std::mem::take(&mut self.is_conversion) {
            self.is_cart_gone = true;
            return Ok(Next::LookUp(None));
        }
        Ok(match self.loader.deleted {
            Deleted::Leave => Next::Done(OrderOutcome::LeftDeleted),
            Deleted::Create => {
                self.earlier = None;
                Next::LookUp(None)
            }
        })
    }

    /// Someone may have turned the cart into an order, which an update would overwrite.
    async fn update_cart(&mut self, id: RemoteId) -> Result<Next, StepError> {
        Ok(match self.lookup.read(&id).await? {
            Ok(Some(remote)) if remote.is_order() => Next::Done(OrderOutcome::Superseded),
            Ok(Some(_)) => Next::Update(id),
            Ok(None) => self.deleted(&id).await?,
            Err(failure) => self.given_up(&failure),
        })
    }

    /// After an update that may not have arrived, or that was answered with 404: whether its record
    /// no longer exists. It is read by its id, as lists may lag.
    async fn is_gone(&self, id: &RemoteId) -> Result<bool, StepError> {
        // Undecided where the read failed: the update itself will show.
        Ok(matches!(self.lookup.read(id).await?, Ok(None)))
    }

    async fn pause_then(&mut self, next: Next, failure: &Failure) -> Result<Next, StepError> {
        if matches!(next, Next::Done(_)) {
            return Ok(next);
        }
        match self.attempts.pause(failure).await? {
            RetryBudget::Left => Ok(next),
            RetryBudget::Exhausted => Ok(self.given_up(failure)),
        }
    }

    async fn count(&mut self, operation: Operation, failure: &Failure) -> Result<(), StepError> {
        if let Some(attempt) = self.attempts.count(operation, failure) {
            self.loader.ledger.note(&self.order.key, attempt).await?;
        }
        Ok(())
    }

    /// A rejection settles nothing while an earlier create may have arrived: that may be its cause.
    fn refused(&self, failure: &Failure) -> Next {
        if self.is_in_doubt() {
            return self.given_up(failure);
        }
        Next::Done(OrderOutcome::Refused(self.attempts.refusal(LetterPart::Order, failure)))
    }

    fn given_up(&self, failure: &Failure) -> Next {
        Next::Done(OrderOutcome::Unconfirmed(self.attempts.refusal(LetterPart::Order, failure)))
    }
}

/// Whether the remote order has our total, currency, customer, date and number of products.
fn is_same(order: &Order, customer: Option<&RemoteId>, remote: &RemoteOrder) -> bool {
    let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity)).sum();
    remote.total_minor == Some(order.total.minor())
        && remote.currency.eq_ignore_ascii_case(order.currency.code())
        && customer.is_none_or(|customer| remote.customer == *customer)
        && remote.created_at == Some(order.created_at)
        // `totalProducts` may count lines or units.
        && remote.products.is_none_or(|n| n == order.lines.len() as u64 || n == units)
}
