mod documents;
mod faults;
mod judging;
mod modes;
mod orders;

use super::Client;
use super::client::Answer;
use crate::simulator::{GraphqlOptions, Options};
use serde_json::{Map, Value, json};

const BULK: &str = "mutation load($orders: [OrderInput!]!) { bulkUpsertOrders(orders: $orders) {
    storeOrderId legacyConnectionId normalizedStatus finalAmount email } }";

/// An account without a limit and without lags, with a connection (id 1) and a customer of REST.
async fn account(change: impl FnOnce(&mut GraphqlOptions)) -> Client {
    let mut graphql =
        GraphqlOptions { object_lag_ms: 0, v3_lag_ms: 0, ..GraphqlOptions::default() };
    change(&mut graphql);
    let options = Options { requests_per_second: None, graphql, ..Options::default() };
    let client = Client::with(options).await;
    client.add_customer().await;
    client
}

impl Client {
    async fn ask_graphql(&self, query: &str, variables: Value) -> Answer {
        let body = json!({"query": query, "variables": variables});
        self.post("/ecom/graphql", &body).await
    }

    async fn load(&self, orders: &[Value]) -> Answer {
        self.ask_graphql(BULK, json!({"orders": orders})).await
    }

    /// The fields of an order as `getOrder` shows them.
    async fn get_order(&self, id: &str, fields: &str) -> Value {
        let query = format!(
            "query($id: String!) {{ getOrder(legacyConnectionId: 1, storeOrderId: $id) {{ {fields} }} }}"
        );
        self.ask_graphql(&query, json!({"id": id})).await.json()["data"]["getOrder"].take()
    }

    /// The orders of the REST API.
    async fn v3(&self) -> Vec<Value> {
        self.get("/ecomOrders?limit=100").await.json()["ecomOrders"].as_array().unwrap().clone()
    }
}

/// A historical order with two units at 12.50.
fn sent(id: &str) -> Value {
    json!({
        "storeOrderId": id, "legacyConnectionId": 1, "storeCreatedDate": "2021-03-02T17:48:16Z",
        "finalAmount": 24.5, "email": "ada@example.com", "storeCustomerId": "c1", "orderNumber": "77",
        "creationSource": "HISTORICAL", "normalizedStatus": "COMPLETED", "currency": "EUR",
        "discountsAmount": 0.5, "discounts": [{"name": "five", "type": "ORDER", "discountAmount": 0.5}],
        "lineItems": [{"storeBaseProductId": "p1", "productStorePrimaryId": "v1", "name": "Mug",
            "quantity": 2, "priceAmount": 12.5}],
    })
}

/// An order with one field changed; null removes it.
fn sent_with(id: &str, field: &str, value: Value) -> Value {
    let mut order = sent(id);
    let fields: &mut Map<String, Value> = order.as_object_mut().unwrap();
    match value {
        Value::Null => _ = fields.remove(field),
        value => _ = fields.insert(field.to_owned(), value),
    }
    order
}
