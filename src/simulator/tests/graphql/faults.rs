//! Scripted faults of a batch.

use super::{BULK, account, sent};
use crate::simulator::{Edit, Ending, Fault, Kind, RetryAfter, Rule};
use serde_json::{Value, json};

/// Strikes the next batch, and neither other queries nor those for types.
fn on_batch(kind: Kind) -> Fault {
    Fault::new(kind).on("POST", "/ecom/graphql").operation("bulkUpsertOrders")
}

#[tokio::test]
async fn a_stored_batch_can_lose_its_answer() {
    for then in [
        Ending::Hold { ms: 1 },
        Ending::Reset,
        Ending::Cut,
        Ending::Status { code: 502, retry_after: RetryAfter::None, html: true },
    ] {
        let client = account(|_| {}).await;
        client.simulator.inject(on_batch(Kind::Stored { then: then.clone() }));
        assert_eq!(client.get_order("1", "email").await, Value::Null, "a query is not struck");
        let body = json!({"query": BULK, "variables": {"orders": [sent("1"), sent("2")]}});
        let lost = client.try_post("/ecom/graphql", &body).await;
        assert!(lost.is_err() || lost.unwrap().status == 502, "{then:?}");
        assert_eq!(client.v3().await.len(), 2, "{then:?}");
    }
}

#[tokio::test]
async fn a_batch_can_be_stored_in_part_before_its_answer_is_lost() {
    let client = account(|_| {}).await;
    client.simulator.inject(on_batch(Kind::StoredInPart { orders: 1, then: Ending::Reset }));
    let body = json!({"query": BULK, "variables": {"orders": [sent("1"), sent("2")]}});
    assert!(client.try_post("/ecom/graphql", &body).await.is_err());
    assert_eq!(client.get_order("1", "email").await, json!({"email": "ada@example.com"}));
    assert_eq!(client.get_order("2", "email").await, Value::Null);
}

#[tokio::test]
async fn a_batch_repeated_blindly_is_noted_and_a_read_back_prevents_it() {
    let search =
        "{ searchOrder(filter: {legacyConnectionId: {value: 1, filterOperator: EQ}}) { email } }";
    let by_id = "{ a: getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email }
        b: getOrder(legacyConnectionId: 1, storeOrderId: \"2\") { email } }";
    let one = "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email } }";
    for (read_back, broken) in [
        (None, vec![Rule::RepeatedCreate; 2]),
        (Some(one), vec![Rule::RepeatedCreate]),
        (Some(by_id), vec![]),
        (Some(search), vec![]),
    ] {
        let client = account(|_| {}).await;
        let code = 504;
        let then = Ending::Status { code, retry_after: RetryAfter::None, html: true };
        client.simulator.inject(on_batch(Kind::Stored { then }));
        assert_eq!(client.load(&[sent("1"), sent("2")]).await.status, code);
        if let Some(query) = read_back {
            client.ask_graphql(query, json!({})).await;
        }
        client.load(&[sent("1"), sent("2")]).await;
        assert_eq!(client.broken(), broken, "{read_back:?}");
    }
}

#[tokio::test]
async fn a_refused_batch_may_be_repeated() {
    let client = account(|_| {}).await;
    let refuse = Edit::RefuseOrder { externalid: "2".to_owned(), text: "closed".to_owned() };
    client.simulator.edit(refuse).unwrap();
    let busy = Kind::Status { code: 503, retry_after: RetryAfter::HttpDate(0), html: false };
    client.simulator.inject(on_batch(busy));
    let answer = client.load(&[sent("1"), sent("2")]).await;
    assert!(answer.status == 503 && answer.header("retry-after").unwrap().ends_with(" GMT"));
    client.load(&[sent("1"), sent("2")]).await;
    client.load(&[sent("1")]).await;
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn an_accepted_order_can_be_lost() {
    let query = BULK.replace("bulkUpsertOrders(", "bulkUpsertOrdersAsync(");
    let query = query
        .replace("storeOrderId legacyConnectionId normalizedStatus finalAmount email", "recordId");
    for (key, lost) in [(None, "3"), (Some("2".to_owned()), "2")] {
        let client = account(|_| {}).await;
        client
            .simulator
            .inject(Fault::new(Kind::AsyncDropsOne { key }).operation("bulkUpsertOrdersAsync"));
        let orders = json!({"orders": [sent("1"), sent("2"), sent("3")]});
        let body = client.ask_graphql(&query, orders).await.json();
        assert!(body["data"]["bulkUpsertOrdersAsync"]["recordId"].is_string(), "{body}");
        let stored = client.simulator.state()["graphqlOrders"].clone();
        assert_eq!(stored.as_array().unwrap().len(), 2);
        assert_eq!(client.get_order(lost, "email").await, Value::Null);
    }
}

#[tokio::test]
async fn a_copy_can_fail_to_arrive() {
    let client = account(|_| {}).await;
    client.simulator.inject(on_batch(Kind::CopyNeverArrives));
    client.load(&[sent("1")]).await;
    assert_eq!(client.get_order("1", "email").await, json!({"email": "ada@example.com"}));
    assert_eq!(client.v3().await.len(), 0);
    client.load(&[sent("1")]).await;
    assert_eq!(client.v3().await.len(), 1, "a later write is copied");
}

#[tokio::test]
async fn a_fault_for_one_order_finds_its_batch() {
    let client = account(|_| {}).await;
    client.simulator.inject(Fault::new(Kind::Forbidden).key("2").forever());
    assert_eq!(client.load(&[sent("1")]).await.status, 200);
    assert_eq!(client.load(&[sent("1"), sent("2")]).await.status, 403);
}

#[tokio::test]
async fn a_deleted_connection_refuses_its_orders() {
    let client = account(|_| {}).await;
    client.simulator.inject(on_batch(Kind::DeleteConnection));
    let body = client.load(&[sent("1")]).await.json();
    assert_eq!(
        body["errors"][0]["extensions"]["orders[0]-storeOrderId-1"],
        "legacyConnectionId is unknown"
    );
}
