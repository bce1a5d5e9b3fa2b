use super::reading::{Ledger, label_of};
use crate::domain::{CustomerMemory, Email, Position};
use crate::plan::{Action, PlanSummary, Step};
use crate::state::{Seen, StateError};

/// Counts what a plan takes in requests beside one for each order: customers, each with the first
/// order sent that names it, and carts that an order before them takes the place of.
#[derive(Debug)]
pub(super) struct Counting {
    customers: Seen,
    /// Carts whose order is sent.
    carts: Seen,
}

/// Marks there are: each is a file's number that [`Seen`] holds in memory.
const MARKS: u32 = 0xfffe;

impl Default for Counting {
    fn default() -> Self {
        Self { customers: Seen::new(Seen::IN_MEMORY_MAX), carts: Seen::new(Seen::IN_MEMORY_MAX) }
    }
}

impl Counting {
    /// Holding no more than so many keys of each kind in memory from now on, and more of them on
    /// disk.
    pub(super) fn limited_to(self, keys_max: usize) -> Self {
        Self {
            customers: self.customers.limited_to(keys_max),
            carts: self.carts.limited_to(keys_max),
        }
    }

    /// Takes orders in the sequence in which a run would send them.
    ///
    /// # Errors
    /// When the state or the memory of what was met fails.
    pub(super) fn count(
        &mut self,
        step: &Step,
        position: Position,
        ledger: &Ledger,
        tally: &mut PlanSummary,
    ) -> Result<(), StateError> {
        let order = &step.order;
        if order.key.is_cart() {
            if self.carts.meet(&order.key.ledger_text(), 0)?.is_some() {
                tally.spared += if matches!(step.action, Action::LookUp(_)) { 2 } else { 1 };
                return Ok(());
            }
        } else if let Some(cart) = &order.cart {
            self.carts.meet(&cart.ledger_text(), 0)?;
        }
        let key = &order.customer.key;
        let address = mark_of(&order.customer.email);
        if let Some(first) = self.customers.meet(key.as_str(), address)? {
            if first != address {
                tally.oddities.other_address.add(position, || label_of(order));
            }
            return Ok(());
        }
        let known = match ledger.connection {
            Some(connection) => {
                ledger.view.customer(connection, &ledger.fingerprints.customer(key))?
            }
            None => CustomerMemory::Unknown,
        };
        match known {
            CustomerMemory::Known(_) => {}
            CustomerMemory::Unknown => tally.customers_new += 1,
            CustomerMemory::Intended => {
                tally.customers_new += 1;
                tally.customers_look_up += 1;
            }
        }
        Ok(())
    }
}

/// Tells addresses apart, all but one in sixty thousand: enough for a warning, and it takes the
/// place of a file's number in the memory of customers. FNV-1a, folded.
fn mark_of(email: &Email) -> u32 {
    let fnv = |hash: u32, b: u8| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193);
    let hash = email.as_str().bytes().fold(0x811c_9dc5, fnv);
    (hash ^ (hash >> 16)) % MARKS
}
