use super::clock::now_ms;
use super::order_rows::{enrol, forget};
use super::sql::Sql;
use super::sql_types::{
    ConnectionId, OrderId, OrderState, RunId, StoredId, WriteOutcome, stored, stored_id, stored_key,
};
use super::{RunRow, Stage, StateError, Store, View, history};
use crate::domain::{
    Answer, Attempt, CustomerEntry, CustomerHash, Fingerprint, LedgerEntry, Operation, OrderKey,
    RemoteId,
};
use rusqlite::{Transaction, params};

/// Replaces the hash of a customer's key if ActiveCampaign has the order under an unknown or
/// deleted customer.
pub const OTHER_CUSTOMER: CustomerHash = [0; 12];

/// `orders.customer` holds this many bytes of a customer's hash, which is enough to compare two.
const PREFIX_BYTES: usize = 5;

pub(super) fn prefix_of(hash: &CustomerHash) -> &[u8] {
    &hash[..PREFIX_BYTES]
}

/// The ledger's entry of the last write of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWrite {
    /// The run that touched it last; 0 stands for `adopt`.
    pub run: RunId,
    /// The run that created it at ActiveCampaign; `None`: adopted, or not there.
    pub created_run: Option<RunId>,
    /// `created`, `updated`, `adopted`, `left deleted`, `refused` or `became an order`; `None`
    /// while no write has been answered.
    pub outcome: Option<&'static str>,
}

/// A write of an order that is about to be sent.
#[derive(Debug, Clone)]
pub struct OrderIntent {
    pub key: OrderKey,
    /// Of the payload; `None`: a lookup can't distinguish it from an earlier write.
    pub fingerprint: Option<Fingerprint>,
    /// The hash of the customer's key; `None`: the order keeps the customer that it has.
    pub customer: Option<CustomerHash>,
    /// The cart of an order that is created without a record of its cart: it must no longer be
    /// sent, whatever the outcome of the request.
    pub cart: Option<OrderKey>,
}

impl Store {
    /// Notes, durably, that these orders are about to be written at ActiveCampaign. If that fails,
    /// the request must not be sent.
    pub fn intend_orders(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        intents: &[OrderIntent],
    ) -> Result<(), StateError> {
        self.check_space()?;
        let transaction = self.db.transaction()?;
        for OrderIntent { key, fingerprint, customer, cart } in intents {
            enrol(&transaction, run, connection, &key.ledger_text())?;
            transaction.run(
                // An order that an intended delete may have removed is created, or found again by
                // its key. Which run created it is no longer known.
                "UPDATE orders SET state = iif(remote_id IS NULL OR state = ?8, ?5, ?6),
                         remote_id = iif(state = ?8, NULL, remote_id),
                         created_run = iif(state = ?8, NULL, created_run), verified = -abs(verified),
                         fingerprint = ?4, outcome = NULL, run = ?3, customer = coalesce(?7, customer)
                     WHERE connection = ?1 AND key = ?2",
                params![
                    connection,
                    stored_key(key),
                    run,
                    fingerprint.map(Fingerprint::to_i64),
                    OrderState::CreateIntended,
                    OrderState::UpdateIntended,
                    customer.as_ref().map(prefix_of),
                    OrderState::DeleteIntended,
                ],
            )?;
            if let Some(cart) = cart {
                become_order(&transaction, run, connection, cart)?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Notes, durably, the remote id of an order that a lookup found, if none is known, or if it
    /// could have been deleted.
    pub fn note_found(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
        id: &RemoteId,
    ) -> Result<(), StateError> {
        let sql = "UPDATE orders SET remote_id = ?3, state = iif(state = ?4, ?5, state),
                       created_run = iif(state = ?4 AND remote_id IS NOT ?3, NULL, created_run)
                   WHERE connection = ?1 AND key = ?2 AND (remote_id IS NULL OR state = ?4)";
        let (deleting, updating) = (OrderState::DeleteIntended, OrderState::UpdateIntended);
        let params = params![connection, stored_key(key), stored_id(id), deleting, updating];
        self.db.run(sql, params)
    }

    /// Notes, durably, that ActiveCampaign has this order under a customer that we don't know.
    pub fn note_other_customer(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<(), StateError> {
        let sql = "UPDATE orders SET customer = ?3 WHERE connection = ?1 AND key = ?2";
        self.db.run(sql, params![connection, stored_key(key), prefix_of(&OTHER_CUSTOMER)])
    }

    /// Notes that ActiveCampaign's order with this key differs from the ledger: the next sync
    /// writes it again; as a new one if it `is_missing` there. `found`: the fields that differ, for
    /// the history.
    pub fn doubt_order(
        &mut self,
        connection: ConnectionId,
        key: &OrderKey,
        is_missing: bool,
        found: &str,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        let text = key.ledger_text();
        let order: Option<(OrderId, OrderState)> = transaction.first(
            "SELECT id, state FROM orders WHERE connection = ?1 AND key = ?2",
            params![connection, stored(&text)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let doubted = match order {
            Some((id, OrderState::Settled | OrderState::Accepted | OrderState::Refused))
                if is_missing =>
            {
                forget(&transaction, connection, &text)?;
                Some(id)
            }
            Some((id, OrderState::Settled | OrderState::Accepted)) => {
                let sql = "UPDATE orders SET fingerprint = NULL WHERE connection = ?1 AND key = ?2";
                transaction.run(sql, params![connection, stored(&text)])?;
                Some(id)
            }
            _ => None,
        };
        if let Some(id) = doubted {
            let (disposition, code) = ("queued".to_owned(), Some(found.to_owned()));
            let answer = Answer::Failed { disposition, status: None, code };
            let attempt = Attempt::new(Operation::Repair, answer, None);
            history::add(&transaction, 0, id, &attempt)?;
        }
        // An interrupted run would count the order as settled.
        transaction.run(
            "UPDATE runs SET closed_ms = ?2 WHERE closed_ms IS NULL AND connection = ?1",
            params![connection, now_ms()],
        )?;
        Ok(transaction.commit()?)
    }

    /// Notes, durably, that the order of this cart is at ActiveCampaign. Earlier outcomes of the
    /// cart in this run still count.
    pub fn settle_cart(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        cart: &OrderKey,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        become_order(&transaction, run, connection, cart)?;
        Ok(transaction.commit()?)
    }

    /// Notes, durably, that this customer is about to be created at ActiveCampaign. If that fails,
    /// the request must not be sent.
    pub fn intend_customer(
        &mut self,
        connection: ConnectionId,
        hash: &CustomerHash,
    ) -> Result<(), StateError> {
        self.check_space()?;
        self.db.run(
            "INSERT OR REPLACE INTO customers VALUES (?1, ?2, NULL)",
            params![connection, &hash[..]],
        )
    }

    /// Notes, durably, the remote id of a customer, and counts it as created or adopted by this
    /// run.
    pub fn settle_customer(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        hash: &CustomerHash,
        id: &RemoteId,
        created: bool,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        transaction.run(
            "INSERT OR REPLACE INTO customers VALUES (?1, ?2, ?3)",
            params![connection, &hash[..], stored_id(id)],
        )?;
        transaction.run(
            "UPDATE runs SET customers_created = customers_created + ?2,
                     customers_adopted = customers_adopted + ?3 WHERE id = ?1",
            params![run, created, !created],
        )?;
        Ok(transaction.commit()?)
    }
}

/// The cart has become an order.
fn become_order(
    transaction: &Transaction<'_>,
    run: RunId,
    connection: ConnectionId,
    cart: &OrderKey,
) -> Result<(), StateError> {
    enrol(transaction, run, connection, &cart.ledger_text())?;
    transaction.run(
        "UPDATE orders SET state = ?3 WHERE connection = ?1 AND key = ?2",
        params![connection, stored_key(cart), OrderState::BecameOrder],
    )
}

impl View {
    /// Whether an order was sent for another customer than the one with this hash. Two keys of the
    /// same remote customer are equal.
    pub fn is_moved(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
        customer: &CustomerHash,
    ) -> Result<bool, StateError> {
        let kept = self.db.first(
            "SELECT customer FROM orders WHERE connection = ?1 AND key = ?2",
            params![connection, stored_key(key)],
            |row| row.get::<_, Option<[u8; PREFIX_BYTES]>>(0),
        )?;
        let Some(kept) = kept.flatten().filter(|kept| kept != prefix_of(customer)) else {
            return Ok(false);
        };
        let with_rest = |rest| {
            let mut hash = [rest; 12];
            hash[..PREFIX_BYTES].copy_from_slice(&kept);
            hash
        };
        let (first, last) = (with_rest(u8::MIN), with_rest(u8::MAX));
        let is_same = self.db.has(
            "SELECT 1 FROM customers a JOIN customers b ON a.remote_id = b.remote_id
             WHERE a.connection = ?1 AND a.key_hash BETWEEN ?2 AND ?3
             AND b.connection = ?1 AND b.key_hash = ?4",
            params![connection, &first[..], &last[..], &customer[..]],
        )?;
        Ok(!is_same)
    }

    pub fn order(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<LedgerEntry, StateError> {
        let row = self.db.first(
            "SELECT state, remote_id, fingerprint FROM orders WHERE connection = ?1 AND key = ?2",
            params![connection, stored_key(key)],
            |row| {
                let id = row.get::<_, Option<StoredId>>(1)?.map(|id| id.0);
                let fingerprint = row.get::<_, Option<i64>>(2)?.map(Fingerprint::from_i64);
                Ok((row.get(0)?, id, fingerprint))
            },
        )?;
        Ok(match row {
            Some((state, id, fingerprint)) => entry(state, id, fingerprint),
            None => LedgerEntry::Unknown,
        })
    }

    /// The ledger's entry of the last write of an order; `None` if it was never sent.
    pub fn last_write(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Option<LastWrite>, StateError> {
        let sql = "SELECT run, created_run, outcome, state FROM orders
                   WHERE connection = ?1 AND key = ?2 AND state <> ?3";
        let parameters = params![connection, stored_key(key), OrderState::Absent];
        self.db.first(sql, parameters, |row| {
            let outcome = match (row.get(3)?, row.get(2)?) {
                (OrderState::Refused, _) => Some("refused"),
                (OrderState::BecameOrder, _) => Some("became an order"),
                (_, Some(WriteOutcome::Created)) => Some("created"),
                (_, Some(WriteOutcome::Updated)) => Some("updated"),
                (_, Some(WriteOutcome::Adopted)) => Some("adopted"),
                (_, Some(WriteOutcome::LeftDeleted)) => Some("left deleted"),
                (_, Some(WriteOutcome::Superseded) | None) => None,
            };
            Ok(LastWrite { run: row.get(0)?, created_run: row.get(1)?, outcome })
        })
    }

    /// Whether this run has settled this order already, before it was interrupted.
    pub fn is_settled(
        &self,
        run: &RunRow,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<bool, StateError> {
        let written = "SELECT 1 FROM orders WHERE connection = ?1 AND key = ?2 AND run = ?3
                       AND (outcome IS NOT NULL OR state = ?4)";
        let refused = "SELECT 1 FROM dead_letters
                       WHERE job = ?1 AND record = ?2 AND stage = ?3 AND last_run = ?4";
        let key = stored_key(key);
        Ok(self.db.has(written, params![connection, key, run.id, OrderState::Refused])?
            || self.db.has(refused, params![run.job, key, Stage::Refused, run.id])?)
    }

    pub fn customer(
        &self,
        connection: ConnectionId,
        hash: &CustomerHash,
    ) -> Result<CustomerEntry, StateError> {
        let row = self.db.first(
            "SELECT remote_id FROM customers WHERE connection = ?1 AND key_hash = ?2",
            params![connection, &hash[..]],
            |row| row.get::<_, Option<StoredId>>(0),
        )?;
        Ok(match row {
            None => CustomerEntry::Unknown,
            Some(None) => CustomerEntry::Intended,
            Some(Some(id)) => CustomerEntry::Known(id.0),
        })
    }

    /// Orders of this connection in the ledger.
    pub fn orders_known(&self, connection: ConnectionId) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM orders WHERE connection = ?1 AND remote_id IS NOT NULL";
        self.db.one(sql, [connection])
    }

    /// Orders of this connection that its list shows, as far as is known: with those that were
    /// accepted by the bulk path and may have no id yet.
    pub fn orders_listed(&self, connection: ConnectionId) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM orders
                   WHERE connection = ?1 AND (remote_id IS NOT NULL OR state = ?2)";
        self.db.one(sql, params![connection, OrderState::Accepted])
    }

    /// The orders of [`Self::orders_known`] without carts.
    pub fn orders_known_but_carts(&self, connection: ConnectionId) -> Result<u64, StateError> {
        let sql = "SELECT count(*) FROM orders WHERE connection = ?1 AND remote_id IS NOT NULL AND key NOT LIKE ' %'";
        self.db.one(sql, [connection])
    }

    /// Whether any order of the account was ever sent, or found there.
    pub fn has_orders(&self) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM orders WHERE state <> ?1)";
        self.db.one(sql, [OrderState::Absent])
    }
}

fn entry(state: OrderState, id: Option<RemoteId>, fingerprint: Option<Fingerprint>) -> LedgerEntry {
    match (state, id, fingerprint) {
        (OrderState::Absent, ..) => LedgerEntry::Unknown,
        (OrderState::BecameOrder, ..) => LedgerEntry::BecameOrder,
        (OrderState::Refused, id, Some(fingerprint)) => LedgerEntry::Refused { id, fingerprint },
        (
            OrderState::Accepted | OrderState::Settled | OrderState::Refused,
            Some(id),
            fingerprint,
        ) => LedgerEntry::Known { id, fingerprint },
        (OrderState::Accepted, None, fingerprint) => LedgerEntry::Accepted { fingerprint },
        (OrderState::DeleteIntended, ..) => {
            LedgerEntry::Intended { update: None, fingerprint: None }
        }
        (OrderState::UpdateIntended, update, fingerprint) => {
            LedgerEntry::Intended { update, fingerprint }
        }
        (OrderState::CreateIntended, _, fingerprint)
        | (OrderState::Settled | OrderState::Refused, None, fingerprint) => {
            LedgerEntry::Intended { update: None, fingerprint }
        }
    }
}
