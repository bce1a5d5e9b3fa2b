//! Requests that a correct client never sends.

use super::{BULK, account, sent, sent_with};
use crate::simulator::tests::client::{Client, order};
use crate::simulator::{Edit, Fault, Kind, Rule};
use serde_json::{Value, json};

#[tokio::test]
async fn every_bad_habit_in_an_order_is_noted() {
    let mut missed = Vec::new();
    let address = json!({"firstName": "Bo", "city": "Berlin"});
    for (field, value, rule) in [
        ("creationSource", json!("REAL_TIME"), Rule::SourceNotZero),
        ("creationSource", Value::Null, Rule::SourceNotZero),
        ("shippingAddress", address.clone(), Rule::PersonalData),
        ("billingAddress", address, Rule::PersonalData),
        ("notes", json!(["leave it at the door"]), Rule::PersonalData),
        ("finalAmount", json!("24.50"), Rule::WrongJsonType),
        ("storeOrderId", json!(1), Rule::WrongJsonType),
        ("legacyConnectionId", json!("1"), Rule::WrongJsonType),
        ("lineItems", json!([{"name": "Mug", "quantity": "2"}]), Rule::WrongJsonType),
        ("orderUrl", json!(""), Rule::BlankField),
        ("storeCreatedDate", json!("2021-03-02 17:48:16"), Rule::DateWithoutOffset),
        ("finalAmount", json!(24.505), Rule::AmountTooFine),
        ("currency", json!("JPY"), Rule::AmountTooFine),
        (
            "lineItems",
            json!([{"name": "Mug", "quantity": 3, "priceAmount": 3.333}]),
            Rule::AmountTooFine,
        ),
        (
            "discounts",
            json!([{"name": "x", "type": "ORDER", "discountAmount": 0.001}]),
            Rule::AmountTooFine,
        ),
    ] {
        let client = account(|_| {}).await;
        client.load(&[sent_with("1", field, value.clone())]).await;
        let mut broken = client.broken();
        broken.dedup();
        if broken != [rule] {
            missed.push(format!("{field} {value}: {broken:?}"));
        }
    }
    assert_eq!(missed, [""; 0]);
    let dinar = sent_with("1", "currency", json!("KWD"));
    let client = account(|_| {}).await;
    client.load(&[dinar, sent_with("2", "finalAmount", json!(24))]).await;
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn a_live_order_sets_off_automations() {
    let client = account(|_| {}).await;
    client.load(&[sent_with("1", "creationSource", json!("REAL_TIME"))]).await;
    client.load(&[sent_with("1", "creationSource", Value::Null)]).await;
    let triggers = client.send("GET", "/__sim/triggers", None).await.unwrap().json();
    let names: Value =
        triggers.as_array().unwrap().iter().map(|trigger| trigger["name"].clone()).collect();
    assert_eq!(
        names,
        json!(["Order created", "Makes a purchase", "Order updated", "Makes a purchase"])
    );
    assert_eq!(client.v3().await[0]["source"], "1");
}

#[tokio::test]
async fn an_address_renames_the_buyer_unless_customer_data_is_sent() {
    let client = account(|_| {}).await;
    let first_name = async |client: &Client| {
        client.get("/ecomCustomers/1").await.json()["ecomCustomer"]["first_name"].take()
    };
    let mut gift = sent_with("1", "shippingAddress", json!({"firstName": "Bo"}));
    client.load(&[gift.clone()]).await;
    assert_eq!(first_name(&client).await, "Bo");
    gift["customerData"] = json!({"firstName": "Ada", "lastName": "Lovelace"});
    client.load(&[gift]).await;
    assert_eq!(first_name(&client).await, "Ada");
}

#[tokio::test]
async fn several_types_requested_together_are_noted() {
    let client = account(|_| {}).await;
    client
        .ask_graphql(
            "{ a: __type(name: \"Order\") { name } b: __type(name: \"X\") { name } }",
            json!({}),
        )
        .await;
    assert_eq!(client.broken(), [Rule::SeveralIntrospections]);
}

#[tokio::test]
async fn a_batch_has_each_order_once_and_is_not_too_long() {
    let client = account(|_| {}).await;
    client.load(&[sent("1"), sent("2"), sent("1")]).await;
    assert_eq!(client.broken(), [Rule::SameKeyTwice]);
    let many: Vec<Value> = (0..101).map(|n| sent(&format!("n{n}"))).collect();
    client.load(&many).await;
    assert_eq!(client.broken(), [Rule::SameKeyTwice, Rule::BatchTooLong]);
}

#[tokio::test]
async fn one_order_in_two_requests_at_once_is_noted() {
    let client = account(|_| {}).await;
    client.simulator.inject(Fault::new(Kind::Slow { ms: 600_000 }).operation("bulkUpsertOrders"));
    let body = json!({"query": BULK, "variables": {"orders": [sent("1"), sent("2")]}});
    let slow = client.ask("POST", "/api/3/ecom/graphql", Some(&body)).await.unwrap();
    while client.simulator.state.world().writes.is_idle() {
        tokio::task::yield_now().await;
    }
    client.load(&[sent("3")]).await;
    assert_eq!(client.broken(), []);
    client.load(&[sent("2"), sent("4")]).await;
    assert_eq!(client.broken(), [Rule::TwoWrites]);
    drop(slow);
}

#[tokio::test]
async fn a_connection_keeps_to_one_way_until_a_switch() {
    let client = account(|_| {}).await;
    client.post("/ecomOrders", &order("1")).await;
    client.load(&[sent("2")]).await;
    assert_eq!(client.broken(), [Rule::MixedPaths]);
    client.simulator.edit(Edit::SwitchPath { id: 1 }).unwrap();
    client.load(&[sent("3")]).await;
    client.delete("/ecomOrders/1").await;
    assert_eq!(client.broken(), [Rule::MixedPaths], "deletions have no other way than REST");
    client.put("/ecomOrders/2", &order("2")).await;
    assert_eq!(client.broken(), [Rule::MixedPaths; 2]);

    let client = account(|options| options.one_path = false).await;
    client.post("/ecomOrders", &order("1")).await;
    client.load(&[sent("2")]).await;
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn the_log_of_a_batch_names_no_person() {
    let client = account(|_| {}).await;
    client
        .load(&[
            sent_with("1", "email", json!("canary@example.com")),
            sent_with("2", "notes", json!(["canary"])),
        ])
        .await;
    let log = client.simulator.requests();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["operation"], &last["orders"], &last["connection"]),
        (&json!("bulkUpsertOrders"), &json!(2), &json!("1"))
    );
    let shown = format!("{} {log}", client.simulator.summary());
    assert!(!shown.contains("canary"), "{shown}");
}
