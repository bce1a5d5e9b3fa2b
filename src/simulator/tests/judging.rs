use super::Client;
use super::client::{customer, order, order_with};
use crate::simulator::{Options, Rule};
use serde_json::{Value, json};

#[tokio::test]
async fn every_bad_habit_in_an_order_is_noted() {
    for (field, value, rule) in [
        ("source", json!(1), Rule::SourceNotZero),
        ("source", Value::Null, Rule::SourceNotZero),
        ("totalPrice", json!(25.0), Rule::NotAnInteger),
        ("taxAmount", json!("1.50"), Rule::NotAnInteger),
        ("orderUrl", json!(""), Rule::BlankField),
        ("status", json!("paid"), Rule::UnknownField),
        ("email", json!("other@example.com"), Rule::EmailDiffers),
        ("externalCreatedDate", json!("2021-03-02 17:48:16"), Rule::DateWithoutOffset),
        (
            "orderProducts",
            json!([{"name": "Mug", "price": 12.5, "quantity": 1}]),
            Rule::NotAnInteger,
        ),
        (
            "orderProducts",
            json!([{"name": "Mug", "price": 1, "quantity": 1, "sku": ""}]),
            Rule::BlankField,
        ),
        (
            "orderDiscounts",
            json!([{"name": "x", "type": "order", "amount": 1}]),
            Rule::UnknownField,
        ),
    ] {
        let client = Client::with_customer().await;
        client.post("/ecomOrders", &order_with("1", field, value.clone())).await;
        assert_eq!(client.broken(), [rule], "{field} {value}");
    }
}

#[tokio::test]
async fn null_fields_are_noted() {
    let client = Client::with_customer().await;
    let mut sent = order("1");
    sent["ecomOrder"]["shippingAmount"] = Value::Null;
    client.post("/ecomOrders", &sent).await;
    assert_eq!(client.broken(), [Rule::BlankField]);
}

#[tokio::test]
async fn an_order_belongs_to_a_customer_of_its_connection() {
    let client = Client::with_customer().await;
    let pseudo = client.get("/ecomCustomers?filters[externalid]=0").await.json();
    let pseudo: u64 = pseudo["ecomCustomers"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        client.post("/ecomOrders", &order_with("1", "customerid", json!(pseudo))).await.status,
        422
    );
    assert_eq!(client.broken(), [Rule::PseudoCustomer]);
    let second = json!({"connection": {
        "service": "shop", "externalid": "s2", "name": "Two", "logoUrl": "x", "linkUrl": "y",
    }});
    client.post("/connections", &second).await;
    assert_eq!(
        client.post("/ecomOrders", &order_with("1", "connectionid", json!(2))).await.code(),
        "field_invalid"
    );
    assert_eq!(client.broken(), [Rule::PseudoCustomer, Rule::ForeignCustomer]);
}

#[tokio::test]
async fn an_update_that_drops_products_is_noted() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.put("/ecomOrders/1", &order_with("1", "orderProducts", Value::Null)).await;
    assert_eq!(client.broken(), [Rule::ProductsDropped]);
}

#[tokio::test]
async fn an_undocumented_filter_is_ignored_and_noted() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    let list = client.get("/ecomOrders?filters[orderNumber]=77").await.json();
    assert_eq!(list["meta"]["total"], "1");
    assert_eq!(client.broken(), [Rule::UnknownFilter]);
}

#[tokio::test]
async fn a_token_in_the_address_is_accepted_and_noted() {
    let mut client = Client::unlimited().await;
    client.token = "none".to_owned();
    assert_eq!(client.get("/users/me?api_key=simulator").await.status, 200);
    assert_eq!(client.broken(), [Rule::TokenInUrl]);
}

#[tokio::test]
async fn the_log_of_requests_names_no_person_and_no_token() {
    let client = Client::with(Options { requests_per_second: None, ..Options::default() }).await;
    client.add_customer().await;
    client.post("/ecomOrders", &order_with("1", "email", json!("canary@example.com"))).await;
    client
        .post("/ecomCustomers", &customer("guest:canary@example.com", "canary@example.com"))
        .await;
    client.get("/ecomCustomers?filters[email]=canary@example.com").await;
    let summary = client.simulator.summary();
    assert_eq!(client.broken(), [Rule::EmailDiffers]);
    let shown =
        format!("{summary} {summary:?} {} {:?}", client.simulator.requests(), client.simulator);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!format!("{:?}", Options::default()).contains("token"), "the token is left out");
}
