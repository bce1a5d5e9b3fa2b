//! Requests that only a probe of the API sends, as their refusal is a result.

use super::client::{Client, Turn};
use super::exchange::Request;
use super::failure::Failure;
use super::reads::Sort;
use super::records::{RemoteContact, RemoteOrder};
use super::wire::{Id, OrderBody, id_of, object, wrapped};
use crate::domain::{Order, RemoteId};
use serde_json::Value;

/// An order with fields that no load sends.
pub struct OrderTrial<'a> {
    pub connection: &'a RemoteId,
    pub customer: &'a RemoteId,
    pub order: &'a Order,
    /// Replace the order's own; null leaves one out. `source` stays historical.
    pub fields: &'a [(&'static str, Value)],
}

impl OrderTrial<'_> {
    fn body(&self) -> Vec<u8> {
        let (connection, customer) = (Id(self.connection), Some(Id(self.customer)));
        let body = OrderBody { order: self.order, connection, customer };
        let mut body = serde_json::to_value(&body).unwrap_or_default();
        if let Some(sent) = body.as_object_mut() {
            for (name, value) in self.fields.iter().filter(|(name, _)| *name != "source") {
                match value {
                    Value::Null => drop(sent.remove(*name)),
                    value => drop(sent.insert((*name).to_owned(), value.clone())),
                }
            }
        }
        wrapped("ecomOrder", &body)
    }
}

impl Turn<'_> {
    pub async fn try_order(self, trial: &OrderTrial<'_>) -> Result<RemoteId, Failure> {
        self.send(&Request::create_order(trial.body()), id_of_order).await
    }

    pub async fn try_update(self, id: &RemoteId, trial: &OrderTrial<'_>) -> Result<(), Failure> {
        let request = Request::update_order(id, trial.body());
        self.send(&request, |body| id_of_order(body).map(|_| ())).await
    }
}

fn id_of_order(body: &[u8]) -> Result<RemoteId, &'static str> {
    id_of(&object(body, "ecomOrder")?, "id").ok_or("answer_unreadable")
}

impl Client {
    /// The first page of the orders that a list shows for these filters, not compared with them.
    pub async fn listed_orders(
        &self,
        filters: &[(&str, &str)],
        is_newest_first: bool,
    ) -> Result<Vec<RemoteOrder>, Failure> {
        let sort = if is_newest_first { Sort::Newest } else { Sort::AsItComes };
        Ok(self.page("list_orders", filters, sort, 0).await?.records)
    }

    /// The contact of an address.
    pub async fn contact_of(&self, email: &str) -> Result<Option<RemoteContact>, Failure> {
        let matches = |found: &RemoteContact| found.email.to_lowercase() == email;
        self.find("find_contact", &[("email", email)], Sort::Newest, matches).await
    }
}
