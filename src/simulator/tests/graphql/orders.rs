//! How orders that GraphQL writes are stored and copied to the REST records.

use super::{account, sent, sent_with};
use serde_json::{Value, json};

#[tokio::test]
async fn a_batch_is_stored_and_copied_to_the_rest_api() {
    let client = account(|_| {}).await;
    let answer = client.load(&[sent("A-1"), sent("ü#2")]).await;
    let receipt = json!({"storeOrderId": "A-1", "legacyConnectionId": 1, "normalizedStatus": "COMPLETED",
        "finalAmount": 24.5, "email": "ada@example.com"});
    let body = answer.json();
    assert_eq!((answer.status, &body["data"]["bulkUpsertOrders"][0]), (200, &receipt));
    assert_eq!(body["data"]["bulkUpsertOrders"][1]["storeOrderId"], "ü#2");
    assert_eq!(body.get("errors"), None);

    let order =
        client.get_order("A-1", "email lineItems { name priceAmount brand } __typename").await;
    let line = json!({"name": "Mug", "priceAmount": 12.5, "brand": null});
    assert_eq!(
        order,
        json!({"email": "ada@example.com", "lineItems": [line], "__typename": "Order"})
    );
    let copies = client.v3().await;
    assert_eq!(copies.len(), 2);
    let copy = &copies[0];
    let shown = [
        "externalid",
        "source",
        "totalPrice",
        "discountAmount",
        "taxAmount",
        "orderNumber",
        "customerid",
        "state",
    ];
    let values: Vec<Value> = shown.iter().map(|name| copy[*name].clone()).collect();
    assert_eq!(json!(values), json!(["A-1", "0", "2450", "50", null, "77", "1", "1"]));
    assert_eq!(copy["externalCreatedDate"], "2021-03-02T11:48:16-06:00");
    let products = client.get("/ecomOrders/1/orderProducts").await.json();
    let product = &products["ecomOrderProducts"][0];
    assert_eq!(
        (&product["externalid"], &product["price"], &product["quantity"]),
        (&json!("p1"), &json!("1250"), &json!("2"))
    );
    let summary = client.simulator.summary();
    assert_eq!((summary.triggers_fired, client.broken()), (0, vec![]));
}

#[tokio::test]
async fn a_second_write_updates_the_order_and_its_copy() {
    let client = account(|_| {}).await;
    client.load(&[sent("1")]).await;
    client.load(&[sent_with("1", "finalAmount", json!(9.99))]).await;
    assert_eq!(client.get_order("1", "finalAmount").await, json!({"finalAmount": 9.99}));
    let copies = client.v3().await;
    assert_eq!((copies.len(), &copies[0]["totalPrice"]), (1, &json!("999")));
    assert_eq!(client.get("/ecomCustomers/1").await.json()["ecomCustomer"]["totalRevenue"], "999");
}

#[tokio::test]
async fn one_invalid_order_refuses_the_whole_batch_and_is_named() {
    let client = account(|_| {}).await;
    let mut missed = Vec::new();
    for (field, value) in [
        ("email", json!("ada")),
        ("email", Value::Null),
        ("storeOrderId", json!(" ")),
        ("legacyConnectionId", json!(9)),
        ("currency", json!("")),
        ("storeCreatedDate", json!("yesterday")),
        ("finalAmount", json!(-1)),
        ("finalAmount", json!(21_474_836.48)),
        ("lineItems", json!([{"name": "", "quantity": 1}])),
        ("lineItems", json!([{"name": "Mug", "quantity": 0}])),
    ] {
        let id = if field == "storeOrderId" { " " } else { "ü-2" };
        let answer = client.load(&[sent("1"), sent_with("ü-2", field, value.clone())]).await;
        let error = &answer.json()["errors"][0];
        let key = format!("orders[1]-storeOrderId-{id}");
        if error["message"] != "Validation errors" || !error["extensions"][key].is_string() {
            missed.push(format!("{field} {value}: {error}"));
        }
    }
    assert_eq!(missed, [""; 0]);
    assert_eq!(client.simulator.state()["graphqlOrders"], json!([]));
    assert_eq!(client.v3().await.len(), 0);
}

#[tokio::test]
async fn orders_are_searched_by_conditions_page_by_page() {
    let client = account(|_| {}).await;
    let total = |id: &str, total: f64| sent_with(id, "finalAmount", json!(total));
    client.load(&[total("a", 1.0), total("b", 3.0), total("c", 2.0)]).await;
    for (filter, found) in [
        ("{storeOrderId: {value: \"b\", filterOperator: EQ}}", json!(["b"])),
        (
            "{legacyConnectionId: {value: 1, filterOperator: EQ}, finalAmount: {sort: DESC}}",
            json!(["b", "c", "a"]),
        ),
        ("{finalAmount: {value: 1.5, filterOperator: GT, sort: ASC}}", json!(["c", "b"])),
        (
            "{email: {value: \"ada@\", filterOperator: CONTAINS}, pagination: {offset: 1, limit: 1}}",
            json!(["b"]),
        ),
        ("{creationSource: {value: REAL_TIME, filterOperator: EQ}}", json!([])),
    ] {
        let query = format!("{{ searchOrder(filter: {filter}) {{ storeOrderId }} }}");
        let body = client.ask_graphql(&query, json!({})).await.json();
        let ids: Vec<&Value> = body["data"]["searchOrder"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| &order["storeOrderId"])
            .collect();
        assert_eq!(json!(ids), found, "{filter}");
    }
    for filter in [
        "{email: {value: \"x\"}}",
        "{email: {value: \"x\", filterOperator: GT}}",
        "{pagination: {limit: 101}}",
    ] {
        let query = format!("{{ searchOrder(filter: {filter}) {{ storeOrderId }} }}");
        let body = client.ask_graphql(&query, json!({})).await.json();
        assert_eq!(
            body["errors"][0]["extensions"]["classification"], "DataFetchingException",
            "{filter}"
        );
    }
}

#[tokio::test]
async fn aliases_read_many_orders_back_at_once() {
    let client = account(|_| {}).await;
    client.load(&[sent("1")]).await;
    let query = "{ a: getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { total: finalAmount }
        b: getOrder(legacyConnectionId: 1, storeOrderId: \"2\") { total: finalAmount } }";
    let body = client.ask_graphql(query, json!({})).await.json();
    assert_eq!(body["data"], json!({"a": {"total": 24.5}, "b": null}));
}

#[tokio::test]
async fn orders_of_rest_are_unknown_to_graphql() {
    let client = account(|_| {}).await;
    client.post("/ecomOrders", &super::super::client::order("1")).await;
    assert_eq!(client.get_order("1", "email").await, Value::Null);
}
