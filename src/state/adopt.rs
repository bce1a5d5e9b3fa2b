use super::ledger::prefix_of;
use super::order_rows::enrol;
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderState, WriteOutcome, stored_id, stored_key};
use super::{StateError, Store, history, order_digests};
use crate::domain::{
    Attempt, CustomerHash, Fingerprint, Operation, OrderDigest, OrderKey, RemoteId,
};
use rusqlite::params;

/// The confirmed content of an order.
pub type AdoptedContent = (Fingerprint, OrderDigest);

/// An order that was found at ActiveCampaign.
#[derive(Debug, Clone)]
pub struct AdoptedOrder {
    pub key: OrderKey,
    pub id: RemoteId,
    /// `None`: it differs from the export, so the next run updates it.
    pub content: Option<AdoptedContent>,
    /// The hash of its customer's key; `None`: not stated.
    pub customer: Option<CustomerHash>,
}

/// The records found in ActiveCampaign, for a ledger that was lost.
#[derive(Debug, Clone, Default)]
pub struct AdoptedOrders {
    pub orders: Vec<AdoptedOrder>,
    /// Carts that became orders.
    pub carts: Vec<OrderKey>,
    pub customers: Vec<(CustomerHash, RemoteId)>,
}

impl AdoptedOrders {
    pub fn len(&self) -> usize {
        self.orders.len() + self.carts.len() + self.customers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Store {
    /// Adds missing rows to the ledger; existing ones say more than ActiveCampaign's list. Returns
    /// the number of added customers.
    pub fn adopt(
        &mut self,
        connection: ConnectionId,
        found: &AdoptedOrders,
    ) -> Result<u64, StateError> {
        let transaction = self.db.transaction()?;
        let mut customers = 0;
        for AdoptedOrder { key, id, content, customer } in &found.orders {
            let order = enrol(&transaction, 0, connection, &key.ledger_text())?;
            let added = transaction.changed(
                "UPDATE orders SET remote_id = ?3, fingerprint = ?4, state = ?5, outcome = ?6,
                         customer = ?8
                     WHERE connection = ?1 AND key = ?2 AND state = ?7",
                params![
                    connection,
                    stored_key(key),
                    stored_id(id),
                    content.map(|(fingerprint, _)| fingerprint.to_i64()),
                    OrderState::Settled,
                    WriteOutcome::Adopted,
                    OrderState::Absent,
                    customer.as_ref().map(prefix_of),
                ],
            )?;
            if added > 0 {
                let attempt = Attempt::done(Operation::Adopt, Some(id.clone()));
                history::add(&transaction, 0, order, &attempt)?;
                if let Some((_, digest)) = content {
                    order_digests::write(&transaction, order, digest)?;
                }
            }
        }
        for cart in &found.carts {
            enrol(&transaction, 0, connection, &cart.ledger_text())?;
            transaction.run(
                "UPDATE orders SET state = ?3 WHERE connection = ?1 AND key = ?2 AND state = ?4",
                params![connection, stored_key(cart), OrderState::BecameOrder, OrderState::Absent,],
            )?;
        }
        for (hash, id) in &found.customers {
            customers += transaction.changed(
                "INSERT OR IGNORE INTO customers VALUES (?1, ?2, ?3)",
                params![connection, &hash[..], stored_id(id)],
            )?;
        }
        transaction.commit()?;
        Ok(customers as u64)
    }
}
