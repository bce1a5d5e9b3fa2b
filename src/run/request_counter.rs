use super::ledger::Ledger;
use super::planned_record::label_of;
use crate::domain::{CustomerEntry, Email, Position};
use crate::plan::{Action, Example, PlanSummary, Step};
use crate::scratch::SeenKeys;
use crate::state::StateError;

/// Counts the requests of a plan in addition to one per order: for customers, each with the first
/// order that names it; minus carts that an earlier order replaces.
#[derive(Debug, Default)]
pub(super) struct RequestCounter {
    customers: SeenKeys,
    /// Carts that are sent, and carts whose order is sent.
    carts: SeenKeys,
    /// Customers of carts that are sent.
    cart_customers: SeenKeys,
}

/// Which of a cart and its order was sent first.
const CART: u64 = 0;
const ORDER: u64 = 1;

impl RequestCounter {
    /// Keeps at most this many keys of each kind in memory from now on, and more of them on disk.
    pub(super) fn limited_to(self, keys_max: usize) -> Self {
        Self {
            customers: self.customers.limited_to(keys_max),
            carts: self.carts.limited_to(keys_max),
            cart_customers: self.cart_customers.limited_to(keys_max),
        }
    }

    /// Counts orders in the sequence in which a run would send them. Returns whether the order's
    /// customer is created before it.
    pub(super) fn count(
        &mut self,
        step: &Step,
        position: Position,
        keeps_customer: bool,
        ledger: &Ledger,
        summary: &mut PlanSummary,
    ) -> Result<bool, StateError> {
        let order = &step.order;
        if order.key.is_cart() {
            if self.carts.insert(&order.key.ledger_text(), CART)? == Some(ORDER) {
                summary.spared += if matches!(step.action, Action::LookUp(_)) { 2 } else { 1 };
                return Ok(false);
            }
            summary.lookups += u64::from(matches!(step.action, Action::Update(_)));
            summary.cart_steps.requests += if step.action == Action::Create { 1 } else { 2 };
            if !keeps_customer
                && self.cart_customers.insert(order.customer.key.as_str(), 0)?.is_none()
            {
                summary.cart_steps.requests +=
                    creation_of(step, ledger)?.map_or(0, Creation::requests);
            }
        } else if let Some(cart) = &order.cart {
            let first = self.carts.insert(&cart.ledger_text(), ORDER)?;
            let is_create = !matches!(step.action, Action::Update(_));
            if first.is_none() && is_create && ledger.looks_up(cart)? {
                summary.lookups += 1;
            }
        }
        if keeps_customer {
            return Ok(false);
        }
        let key = &order.customer.key;
        let address = hash_of(&order.customer.email);
        if let Some(first) = self.customers.insert(key.as_str(), address)? {
            if first != address {
                summary.anomalies.other_address.add(|| Example::new(label_of(order), position));
            }
            return Ok(false);
        }
        let Some(creation) = creation_of(step, ledger)? else { return Ok(false) };
        summary.customers_new += 1;
        summary.lookups += u64::from(creation == Creation::AfterLookup);
        summary.customers_look_up += u64::from(creation == Creation::InDoubt);
        summary.consent.add(order.customer.accepts_marketing);
        Ok(true)
    }
}

/// How the customer of a step is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Creation {
    AtOnce,
    /// It may be there already.
    AfterLookup,
    /// An earlier create got no answer.
    InDoubt,
}

impl Creation {
    fn requests(self) -> u64 {
        if self == Self::AtOnce { 1 } else { 2 }
    }
}

/// `None`: the ledger has the customer.
fn creation_of(step: &Step, ledger: &Ledger) -> Result<Option<Creation>, StateError> {
    Ok(match ledger.customer(&step.order.customer.key)? {
        CustomerEntry::Known(_) => None,
        CustomerEntry::Unknown
            if step.action == Action::Create && !ledger.knows_every_order()? =>
        {
            Some(Creation::AfterLookup)
        }
        CustomerEntry::Unknown => Some(Creation::AtOnce),
        CustomerEntry::Intended => Some(Creation::InDoubt),
    })
}

/// FNV-1a, 32 bits: distinguishes addresses well enough for a warning.
fn hash_of(email: &Email) -> u64 {
    let fnv = |hash: u32, b: u8| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193);
    email.as_str().bytes().fold(0x811c_9dc5, fnv).into()
}
