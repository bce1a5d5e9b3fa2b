use super::rows::{Connection, Contact, Customer, Order, Product};
use super::table::{Age, Table};
use crate::simulator::options::CustomerRule;
use std::collections::BTreeMap;

/// Everything the account holds.
#[derive(Default)]
pub(in crate::simulator) struct Store {
    pub connections: Table<Connection>,
    pub customers: Table<Customer>,
    pub orders: Table<Order>,
    pub contacts: Table<Contact>,
    /// The order each product belongs to.
    products: BTreeMap<u64, u64>,
    last_product_id: u64,
    last_discount_id: u64,
}

impl Store {
    pub fn connection_like(&self, service: &str, externalid: &str) -> Option<u64> {
        let same = |row: &&Connection| row.service == service && row.externalid == externalid;
        self.connections.iter().find(same).map(|row| row.id)
    }

    /// The customer that this one would double, by the account's rule.
    pub fn customer_like(&self, rule: CustomerRule, new: &Customer, age: Age) -> Option<u64> {
        let by_email = rule == CustomerRule::ByEmail || new.externalid.is_empty();
        let (field, value) =
            if by_email { ("email", &new.email) } else { ("externalid", &new.externalid) };
        let mut rows = self.customers.having(field, value);
        rows.find(|row| {
            let is_other = row.connectionid == new.connectionid && row.id != new.id;
            is_other && self.customers.is_older(row.id, age)
        })
        .map(|row| row.id)
    }

    /// The order of this connection with this `externalid` or `externalcheckoutid`.
    pub fn order_like(&self, field: &str, key: &str, connectionid: u64, age: Age) -> Option<u64> {
        let mut rows = self.orders.having(field, key);
        rows.find(|row| row.connectionid == connectionid && self.orders.is_older(row.id, age))
            .map(|row| row.id)
    }

    /// Stores a customer, its contact, and the account's own sum over the address when it is new.
    pub fn add_customer(&mut self, customer: Customer) {
        self.add_contact(&customer);
        self.customers.insert(customer);
    }

    fn add_contact(&mut self, customer: &Customer) {
        if !self.has_contact(&customer.email) {
            let id = self.contacts.take_id();
            self.contacts.insert(Contact { id, email: customer.email.clone() });
        }
        if self.pseudo(&customer.email).is_some() {
            return;
        }
        let id = self.customers.take_id();
        let (zero, email) = ("0".to_owned(), customer.email.clone());
        self.customers.insert(Customer::new(id, 0, zero, email, customer.updated));
    }

    pub fn has_contact(&self, email: &str) -> bool {
        self.contacts.having("email", email).next().is_some()
    }

    /// Changes a customer; with its address, its totals move to another sum.
    pub fn change_customer(&mut self, id: u64, change: impl FnOnce(&mut Customer)) {
        let Some(mut customer) = self.customers.remove(id) else {
            return;
        };
        let old = customer.clone();
        change(&mut customer);
        self.customers.insert(customer.clone());
        if customer.is_pseudo() || customer.email.eq_ignore_ascii_case(&old.email) {
            return;
        }
        self.add_contact(&customer);
        for (email, sign) in [(&old.email, -1), (&customer.email, 1)] {
            if let Some(pseudo) = self.pseudo(email) {
                self.customers.change(pseudo, |row| {
                    row.revenue = row.revenue.saturating_add(sign * old.revenue);
                    row.orders += sign * old.orders;
                    row.products = row.products.saturating_add(sign * old.products);
                });
            }
        }
    }

    fn pseudo(&self, email: &str) -> Option<u64> {
        self.customers.having("email", email).find(|row| row.is_pseudo()).map(|row| row.id)
    }

    /// Deletes the contact: its customers keep their totals under a made-up address.
    pub fn delete_contact(&mut self, email: &str) -> Option<u64> {
        let contacts: Vec<u64> = self.contacts.having("email", email).map(|row| row.id).collect();
        contacts.into_iter().for_each(|id| drop(self.contacts.remove(id)));
        let ids: Vec<u64> = self.customers.having("email", email).map(|row| row.id).collect();
        for id in &ids {
            self.customers.change(*id, |row| {
                row.email = format!("deleted+{id}@example.com");
                row.externalid = String::new();
            });
        }
        ids.first().copied()
    }

    /// Stores an order; its products and discounts get their ids here.
    pub fn add_order(&mut self, mut order: Order) {
        self.number_parts(&mut order);
        self.count(&order, 1);
        self.orders.insert(order);
    }

    /// Changes an order. Products and discounts with id 0 are new.
    pub fn change_order(&mut self, id: u64, change: impl FnOnce(&mut Order)) {
        let Some(mut order) = self.orders.remove(id) else {
            return;
        };
        self.count(&order, -1);
        for product in &order.products {
            self.products.remove(&product.id);
        }
        change(&mut order);
        self.add_order(order);
    }

    pub fn remove_order(&mut self, id: u64) -> bool {
        let Some(order) = self.orders.remove(id) else {
            return false;
        };
        self.count(&order, -1);
        for product in &order.products {
            self.products.remove(&product.id);
        }
        true
    }

    fn number_parts(&mut self, order: &mut Order) {
        for product in &mut order.products {
            if product.id == 0 {
                self.last_product_id += 1;
                product.id = self.last_product_id;
            }
            self.products.insert(product.id, order.id);
        }
        for discount in order.discounts.iter_mut().filter(|discount| discount.id == 0) {
            self.last_discount_id += 1;
            discount.id = self.last_discount_id;
        }
    }

    /// Adds an order to the totals of its customer and of the sum over its customer's address, or
    /// subtracts it.
    fn count(&mut self, order: &Order, sign: i64) {
        if !order.is_bought() {
            return;
        }
        let email = self.customers.get(order.customerid).map(|row| row.email.clone());
        let pseudo = email.and_then(|email| self.pseudo(&email));
        for id in [Some(order.customerid), pseudo].into_iter().flatten() {
            self.customers.change(id, |row| {
                row.revenue = row.revenue.saturating_add(sign * order.total);
                row.orders += sign;
                row.products = row.products.saturating_add(sign * order.quantity());
            });
        }
    }

    /// The order and the line with this product id.
    pub fn product(&self, id: u64) -> Option<(&Order, &Product)> {
        let order = self.orders.get(*self.products.get(&id)?)?;
        Some((order, order.products.iter().find(|product| product.id == id)?))
    }

    /// A page of all lines in rising order of id, and how many there are.
    pub fn product_page(&self, offset: usize, limit: usize) -> (Vec<(&Order, &Product)>, usize) {
        let page = self.products.keys().skip(offset).take(limit).filter_map(|id| self.product(*id));
        (page.collect(), self.products.len())
    }

    /// Customers that a shop has, without the account's own sums.
    pub fn customer_count(&self) -> usize {
        self.customers.iter().filter(|row| !row.is_pseudo()).count()
    }
}
