use super::routes::{self, Draft};
use super::store::{Connection, Customer, Discount, Order, Row, Table};
use super::world::World;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A change of the account by another program: it bypasses all checks, and no client is blamed for
/// it.
///
/// As JSON: `{"op":"delete_order","externalid":"1001"}`. Keys are those of the shop.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    AddConnection {
        service: String,
        externalid: String,
        name: String,
        /// One of the account's own integrations.
        #[serde(default)]
        native: bool,
    },
    DeleteConnection {
        id: u64,
    },
    /// New contacts of a connection join this list.
    SetList {
        id: u64,
        list: String,
    },
    AddCustomer {
        connectionid: u64,
        externalid: String,
        email: String,
    },
    DeleteCustomer {
        externalid: String,
    },
    /// Its customers stay, with an invented address and without a key.
    DeleteContact {
        email: String,
    },
    /// The fields of an `ecomOrder`. It is stored even if the account has that order already.
    AddOrder {
        order: Map<String, Value>,
    },
    DeleteOrder {
        /// Of a cart its `externalcheckoutid`.
        externalid: String,
    },
    /// `total` is in minor units.
    SetTotal {
        externalid: String,
        total: i64,
    },
    /// Replaces the product with this `externalid` by another one.
    ExchangeProduct {
        externalid: String,
        product: String,
        by: String,
    },
    /// `amount` is in minor units.
    AddDiscount {
        externalid: String,
        amount: i64,
    },
    /// GraphQL refuses this order from now on, with this text.
    RefuseOrder {
        externalid: String,
        text: String,
    },
    /// The client switches the orders of this connection to the other API.
    SwitchPath {
        id: u64,
    },
    /// Orders of connections of this service may test what the documentation leaves open.
    AllowTrials {
        service: String,
    },
    /// Removes the product with this `externalid` from an order.
    RemoveProduct {
        externalid: String,
        product: String,
    },
}

/// Why an edit could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("there is no such {0} in the account; GET /__sim/state shows what there is")]
    NotThere(&'static str),
    #[error("the order lacks or misstates {0}; send the fields of an ecomOrder")]
    Order(String),
}

impl World {
    /// Makes an edit, and returns the id of the record.
    pub fn edit(&mut self, edit: Edit) -> Result<u64, EditError> {
        let now = Timestamp::now();
        match edit {
            Edit::AddConnection { service, externalid, name, native } => {
                let id = self.store.connections.take_id();
                let row = Connection::new(id, service, externalid, now);
                self.store.connections.insert(Connection { name, is_internal: native, ..row });
                Ok(id)
            }
            Edit::DeleteConnection { id } => {
                let removed = self.store.connections.remove(id);
                removed.map(|row| row.id).ok_or(EditError::NotThere("connection"))
            }
            Edit::SetList { id, list } => self.set_list(id, list),
            Edit::AddCustomer { connectionid, externalid, email } => {
                let id = self.store.customers.take_id();
                self.store.add_customer(Customer::new(id, connectionid, externalid, email, now));
                Ok(id)
            }
            Edit::DeleteCustomer { externalid } => {
                let id = with_key(&self.store.customers, &externalid, "customer")?;
                self.store.customers.remove(id);
                Ok(id)
            }
            Edit::DeleteContact { email } => {
                self.store.delete_contact(&email).ok_or(EditError::NotThere("contact"))
            }
            Edit::AddOrder { order } => self.add_order(&order, now),
            Edit::DeleteOrder { externalid } => {
                let id = with_key(&self.store.orders, &externalid, "order")?;
                self.store.remove_order(id);
                Ok(id)
            }
            Edit::SetTotal { externalid, total } => {
                self.change(&externalid, |order| order.total = total)
            }
            Edit::ExchangeProduct { externalid, product, by } => {
                self.exchange_product(&externalid, &product, &by)
            }
            Edit::AddDiscount { externalid, amount } => self.change(&externalid, |order| {
                let (name, kind) = (None, Some("order".to_owned()));
                order.discounts.push(Discount { id: 0, name, kind, amount });
            }),
            Edit::RefuseOrder { externalid, text } => {
                self.graphql.refused.insert(externalid, text);
                Ok(0)
            }
            Edit::SwitchPath { id } => {
                self.graphql.switch_path(id);
                Ok(id)
            }
            Edit::AllowTrials { service } => {
                self.trial_service = Some(service);
                Ok(0)
            }
            Edit::RemoveProduct { externalid, product } => {
                self.remove_product(&externalid, &product)
            }
        }
    }

    fn change(
        &mut self,
        externalid: &str,
        change: impl FnOnce(&mut Order),
    ) -> Result<u64, EditError> {
        let id = with_key(&self.store.orders, externalid, "order")?;
        self.store.change_order(id, change);
        Ok(id)
    }

    fn add_order(&mut self, order: &Map<String, Value>, now: Timestamp) -> Result<u64, EditError> {
        let draft = Draft::of_new(order, &self.zone).map_err(|problems| {
            EditError::Order(
                problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>().join(", "),
            )
        })?;
        Ok(routes::stored(self, draft, now))
    }

    fn set_list(&mut self, id: u64, list: String) -> Result<u64, EditError> {
        let mut row = self.store.connections.remove(id).ok_or(EditError::NotThere("connection"))?;
        row.list_id = Some(list);
        self.store.connections.insert(row);
        Ok(id)
    }

    fn exchange_product(
        &mut self,
        externalid: &str,
        product: &str,
        by: &str,
    ) -> Result<u64, EditError> {
        self.change(externalid, |order| {
            let exchanged = order
                .products
                .iter_mut()
                .filter(|line| line.externalid.as_deref() == Some(product));
            exchanged.for_each(|line| line.externalid = Some(by.to_owned()));
        })
    }

    fn remove_product(&mut self, externalid: &str, product: &str) -> Result<u64, EditError> {
        let id = with_key(&self.store.orders, externalid, "order")?;
        let mut taken = false;
        self.store.change_order(id, |order| {
            let before = order.products.len();
            order.products.retain(|line| line.externalid.as_deref() != Some(product));
            taken = order.products.len() < before;
        });
        if taken { Ok(id) } else { Err(EditError::NotThere("product of that order")) }
    }
}

/// The first row with this key of the shop; without one, the first cart with it.
fn with_key<R: Row>(table: &Table<R>, key: &str, what: &'static str) -> Result<u64, EditError> {
    let find = |field| table.having(field, key).next().map(Row::id);
    find("externalid").or_else(|| find("externalcheckoutid")).ok_or(EditError::NotThere(what))
}
