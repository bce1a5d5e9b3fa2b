use super::reading::Ledger;
use crate::domain::CustomerMemory;
use crate::plan::{Action, Step, Tally};
use crate::state::{Seen, StateError};

/// Counts what a plan takes in requests beside one for each order: customers, each with the first order sent that names it,
/// and carts that an order before them takes the place of.
#[derive(Debug)]
pub(super) struct Counting {
    customers: Seen,
    /// Carts whose order is sent.
    carts: Seen,
}

impl Default for Counting {
    fn default() -> Self {
        Self { customers: Seen::new(Seen::IN_MEMORY_MAX), carts: Seen::new(Seen::IN_MEMORY_MAX) }
    }
}

impl Counting {
    /// Holding no more than so many keys of each kind in memory from now on, and more of them on disk.
    pub(super) fn limited_to(self, keys_max: usize) -> Self {
        Self { customers: self.customers.limited_to(keys_max), carts: self.carts.limited_to(keys_max) }
    }

    /// Takes orders in the sequence in which a run would send them.
    ///
    /// # Errors
    /// When the state or the memory of what was met fails.
    pub(super) fn count(
        &mut self,
        step: &Step,
        ledger: &Ledger,
        tally: &mut Tally,
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
        if self.customers.meet(key.as_str(), 0)?.is_some() {
            return Ok(());
        }
        let known = match ledger.connection {
            Some(connection) => ledger.view.customer(connection, &ledger.fingerprints.customer(key))?,
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
