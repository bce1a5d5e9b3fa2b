//! What changes something in ActiveCampaign. Each call sends once; the
//! [`Disposition`](super::Disposition) of its failure decides whether it may be sent again.

use super::client::Turn;
use super::disposition::RequestKind;
use super::exchange::Request;
use super::failure::Failure;
use super::records::NewConnection;
use super::wire::{CustomerBody, Id, OrderBody, deleted, id_of, object, text_of, wrapped};
use crate::domain::{Customer, Order, RemoteId};
use serde_json::Value;

/// Records that can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removable {
    Order,
    Customer,
    Contact,
    Connection,
}

impl Removable {
    /// Its route, and what a request to delete it is called.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Order => ("/ecomOrders/{id}", "delete_order"),
            Self::Customer => ("/ecomCustomers/{id}", "delete_customer"),
            Self::Contact => ("/contacts/{id}", "delete_contact"),
            Self::Connection => ("/connections/{id}", "delete_connection"),
        }
    }
}

impl Turn<'_> {
    /// # Errors
    /// See [`super::Disposition`]; `Exists` when there is one of this service and externalid.
    pub async fn create_connection(self, new: &NewConnection) -> Result<RemoteId, Failure> {
        let kind = RequestKind::CreateConnection;
        let request = Request::to(kind, "create_connection", "/connections");
        let request = request.with(wrapped("connection", new));
        let sent = [("service", new.service.as_str()), ("externalid", new.externalid.as_str())];
        self.send(&request, |body| created(body, "connection", &sent)).await
    }

    pub async fn create_customer(
        self,
        connection: &RemoteId,
        customer: &Customer,
    ) -> Result<RemoteId, Failure> {
        let kind = RequestKind::CreateCustomer;
        let request = Request::to(kind, "create_customer", "/ecomCustomers");
        let body = CustomerBody { connection: Id(connection), customer };
        let request = request.with(wrapped("ecomCustomer", &body));
        let sent = [
            ("connectionid", connection.as_str()),
            ("externalid", customer.key.as_str()),
            ("email", customer.email.as_str()),
        ];
        self.send(&request, |body| created(body, "ecomCustomer", &sent)).await
    }

    pub async fn create_order(
        self,
        connection: &RemoteId,
        customer: &RemoteId,
        order: &Order,
    ) -> Result<RemoteId, Failure> {
        let request = Request::create_order(order_body(connection, customer, order));
        let mut sent = identity(connection, order);
        sent.push(("email", order.customer.email.as_str()));
        sent.push(("customerid", customer.as_str()));
        self.send(&request, |body| created(body, "ecomOrder", &sent)).await
    }

    /// Replaces the order, its lines and discounts included: ActiveCampaign drops lines that are
    /// not sent again. Without a `customer` the order keeps its customer and the customer's
    /// address. Returns whether it still belongs to another customer than the one that was sent, as
    /// ActiveCampaign doesn't move orders.
    ///
    /// # Errors
    /// See [`super::Disposition`]; `Gone` when it was deleted.
    pub async fn update_order(
        self,
        id: &RemoteId,
        connection: &RemoteId,
        customer: Option<&RemoteId>,
        order: &Order,
    ) -> Result<bool, Failure> {
        let request = Request::update_order(
            id,
            match customer {
                Some(customer) => order_body(connection, customer, order),
                None => body_without_customer(connection, order),
            },
        );
        let mut sent = identity(connection, order);
        if customer.is_some() {
            sent.push(("email", order.customer.email.as_str()));
        }
        self.send(&request, |body| {
            let record = object(body, "ecomOrder")?;
            if id_in(&record, &sent)? != *id {
                return Err("answer_mismatch");
            }
            let is_other = |field| {
                let stated = text_of(&record, field);
                !stated.is_empty() && customer.is_some_and(|sent| stated != sent.as_str())
            };
            // An answer may repeat what was sent; `customer` is never sent, so it is the record's.
            Ok(is_other("customerid") || is_other("customer"))
        })
        .await
    }

    /// # Errors
    /// See [`super::Disposition`]; `Gone` when it was deleted already.
    pub async fn remove(self, what: Removable, id: &RemoteId) -> Result<(), Failure> {
        let (route, name) = what.names();
        let request = Request::about(id, RequestKind::Delete, name, route);
        self.send(&request, deleted).await
    }
}

impl Request {
    pub(super) fn create_order(body: Vec<u8>) -> Self {
        Self::to(RequestKind::CreateOrder, "create_order", "/ecomOrders").with(body)
    }

    pub(super) fn update_order(id: &RemoteId, body: Vec<u8>) -> Self {
        Self::about(id, RequestKind::Update, "update_order", "/ecomOrders/{id}").with(body)
    }
}

fn order_body(connection: &RemoteId, customer: &RemoteId, order: &Order) -> Vec<u8> {
    let body = OrderBody { order, connection: Id(connection), customer: Some(Id(customer)) };
    wrapped("ecomOrder", &body)
}

/// Fields that are not sent keep their values.
fn body_without_customer(connection: &RemoteId, order: &Order) -> Vec<u8> {
    let body = OrderBody { order, connection: Id(connection), customer: None };
    let mut body = serde_json::to_value(&body).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("email");
    }
    wrapped("ecomOrder", &body)
}

fn identity<'a>(connection: &'a RemoteId, order: &'a Order) -> Vec<(&'static str, &'a str)> {
    vec![("connectionid", connection.as_str()), (order.key.field(), order.key.as_str())]
}

/// The id of the record in the answer to a create.
fn created(
    body: &[u8],
    name: &'static str,
    sent: &[(&str, &str)],
) -> Result<RemoteId, &'static str> {
    id_in(&object(body, name)?, sent)
}

/// The id of a record, which must be the one that was sent: what the answer states of its identity
/// is compared, what it leaves out is not.
fn id_in(record: &Value, sent: &[(&str, &str)]) -> Result<RemoteId, &'static str> {
    let id = id_of(record, "id").ok_or("answer_unreadable")?;
    if sent.iter().all(|(key, value)| same(record, key, value)) {
        Ok(id)
    } else {
        Err("answer_mismatch")
    }
}

fn same(record: &Value, key: &str, sent: &str) -> bool {
    let answered = text_of(record, key);
    match key {
        "email" => answered.is_empty() || answered.to_lowercase() == sent,
        _ => answered.is_empty() || answered == sent,
    }
}
