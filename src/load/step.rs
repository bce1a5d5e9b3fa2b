use super::attempts::StepError;
use super::loader::Loader;
use super::order::{Next, OrderWrite};
use crate::domain::{CustomerEntry, LedgerEntry, MovedCustomer, Order, OrderKey};
use crate::plan::{Action, Step};
use crate::state::{OrderOutcome, StateError};

impl Loader {
    /// Carries out one step, with as many requests and retries as needed: customer first, then
    /// order. The steps of a cart and of its order never run at the same time. Two concurrent steps
    /// must not be of the same order.
    ///
    /// # Errors
    /// When the run must end; the step is then not settled, and its intent makes the next run look
    /// it up.
    pub async fn carry_out(&self, step: &Step) -> Result<OrderOutcome, StepError> {
        let order = &step.order;
        let cart = if order.key.is_cart() { Some(&order.key) } else { order.cart.as_ref() };
        let _held = match cart {
            Some(cart) => Some(self.carts.hold(cart).await),
            None => None,
        };
        if order.key.is_cart() && self.ledger.order(&order.key).await? == LedgerEntry::BecameOrder {
            return Ok(OrderOutcome::Superseded);
        }
        let is_behind = self.ledger.is_behind().await?;
        let mut write = OrderWrite::new(self, step, is_behind);
        let is_create = step.action == Action::Create;
        if !is_create && self.ledger.is_moved(order).await? {
            write.moved = Some(self.moved_customer);
        }
        let first = if is_create && (is_behind || self.may_be_foreign(order).await?) {
            self.ledger.note_planned_lookup();
            Next::LookUp(None)
        } else {
            if write.moved != Some(MovedCustomer::Keep)
                && let Err(outcome) = write.find_customer().await?
            {
                return Ok(outcome);
            }
            write.first(&step.action)
        };
        let outcome = write.carry_out(first).await?;
        let superseded = (outcome == OrderOutcome::Superseded).then_some(&order.key);
        let became = order.cart.as_ref().filter(|_| outcome.is_at_remote());
        if let Some(cart) = superseded.or(became) {
            self.settle_cart(cart).await?;
        }
        Ok(outcome)
    }

    /// Records that a cart became an order, unless the ledger has it already.
    pub(super) async fn settle_cart(&self, cart: &OrderKey) -> Result<(), StateError> {
        if self.ledger.order(cart).await? != LedgerEntry::BecameOrder {
            self.ledger.settle_cart(cart).await?;
        }
        Ok(())
    }

    /// Whether another program may have created an order that the ledger does not know: its
    /// customer is not known either. No customer is created for such an order before it was looked
    /// up.
    async fn may_be_foreign(&self, order: &Order) -> Result<bool, StateError> {
        Ok(self.ledger.customer(&order.customer).await? == CustomerEntry::Unknown
            && !self.ledger.knows_every_order().await?)
    }
}
