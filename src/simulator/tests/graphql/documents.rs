//! Requests that are refused before anything is carried out.

use super::{BULK, account, sent, sent_with};
use serde_json::{Value, json};

/// A document, and a part of the message that refuses it.
const REFUSED: &[(&str, &str)] = &[
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email } ",
        "offending token '<EOF>'",
    ),
    ("{ ...all }", "offending token 'all'"),
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { tax } }",
        "(FieldUndefined@[getOrder/tax]) : Field 'tax' in type 'Order' is undefined",
    ),
    ("{ ... on Query { getOrder { id } } }", "Field '...' in type 'Query' is undefined"),
    ("mutation { deleteOrder(id: 1) }", "Field 'deleteOrder' in type 'Mutation' is undefined"),
    ("{ getOrder(legacyConnectionId: 1) { email } }", "Missing field argument 'storeOrderId'"),
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\", id: 2) { email } }",
        "Unknown field argument 'id'",
    ),
    ("{ getOrder(legacyConnectionId: 1, storeOrderId: 1) { email } }", "(WrongType@[getOrder])"),
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") }",
        "Subselection required for type 'Order'",
    ),
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email { name } } }",
        "Subselection not allowed",
    ),
    ("{ getOrder(legacyConnectionId: 1, storeOrderId: $id) { email } }", "Undefined variable 'id'"),
    ("query($id: Int) { __typename }", "Unused variable 'id'"),
    (
        "query($id: Id) { getOrder(legacyConnectionId: 1, storeOrderId: $id) { email } }",
        "Unknown type 'Id'",
    ),
    (
        "query($id: String) { getOrder(legacyConnectionId: 1, storeOrderId: $id) { email } }",
        "Variable type 'String' does not match expected type 'String!'",
    ),
    (
        "query($o: [OrderInput]) { getOrder(legacyConnectionId: 1, storeOrderId: $o) { email } }",
        "VariableTypeMismatch",
    ),
    (
        "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email }
            getOrder(legacyConnectionId: 1, storeOrderId: \"2\") { email } }",
        "(FieldsConflict@[getOrder])",
    ),
    (
        "mutation { upsertOrder(order: {storeOrderId: \"1\", vat: 2}) { email } }",
        "contains a field not in 'OrderInput': 'vat'",
    ),
    (
        "mutation { upsertOrder(order: {creationSource: \"HISTORICAL\"}) { email } }",
        "for enum 'CreationSource'",
    ),
    ("query a { __typename } query b { __typename }", "Must provide operation name"),
];

#[tokio::test]
async fn a_document_that_does_not_fit_the_schema_is_refused_with_the_reason() {
    let client = account(|_| {}).await;
    let mut missed = Vec::new();
    for (query, message) in REFUSED {
        let answer = client.ask_graphql(query, json!({})).await;
        let body = answer.json();
        let found = body["errors"][0]["message"].as_str().unwrap_or_default();
        if answer.status != 200 || !body["data"].is_null() || !found.contains(message) {
            missed.push(format!("{query}: {body}"));
        }
    }
    assert_eq!(missed, [""; 0]);
    assert_eq!(client.simulator.state()["graphqlOrders"], json!([]));
}

#[tokio::test]
async fn variables_are_coerced_strictly() {
    let client = account(|_| {}).await;
    let mut missed = Vec::new();
    for (field, value, reason) in [
        (
            "storeOrderId",
            json!(1001),
            "'orders[0].storeOrderId' expected a value that can be converted to type 'String' but it was a 'Integer'",
        ),
        ("legacyConnectionId", json!("1"), "type 'Int' but it was a 'String'"),
        ("legacyConnectionId", json!(2_147_483_648_i64), "type 'Int'"),
        ("isTestOrder", json!("false"), "type 'Boolean'"),
        ("finalAmount", json!(true), "type 'BigDecimal'"),
        (
            "finalAmount",
            Value::Null,
            "Field 'finalAmount' of 'orders[0]' has coerced Null value for NonNull type 'BigDecimal!'",
        ),
        ("normalizedStatus", json!("PAID"), "No value found for name 'PAID'"),
        ("vat", json!(1), "contains a field not in 'OrderInput': 'vat'"),
        ("discountAmount", json!(1), "contains a field not in 'OrderInput': 'discountAmount'"),
        (
            "lineItems",
            json!([{"legacyConnectionId": 1}]),
            "contains a field not in 'LineItemInput'",
        ),
    ] {
        let body = client.load(&[sent_with("1", field, value.clone())]).await.json();
        let error = &body["errors"][0];
        let message = error["message"].as_str().unwrap_or_default();
        let is_named = message.starts_with("Variable 'orders' has an invalid value: ");
        if !is_named
            || !message.contains(reason)
            || error["extensions"]["classification"] != "ValidationError"
        {
            missed.push(format!("{field} {value}: {body}"));
        }
    }
    assert_eq!(missed, [""; 0]);
    // A single value counts as a list of one, and a decimal may be a text.
    let order = sent_with("1", "finalAmount", json!("24.50"));
    let body = client.ask_graphql(BULK, json!({"orders": order})).await.json();
    assert_eq!(body["data"]["bulkUpsertOrders"][0]["finalAmount"].to_string(), "24.5");
}

#[tokio::test]
async fn only_the_document_counts_for_the_limits_of_the_parser() {
    let client = account(|_| {}).await;
    let many: Vec<Value> = (0..100).map(|n| sent(&n.to_string())).collect();
    assert_eq!(
        client.load(&many).await.json()["data"]["bulkUpsertOrders"].as_array().unwrap().len(),
        100
    );
    let tokens = |n: usize| format!("{{ {} }}", "__typename ".repeat(n));
    let long = format!("{{ __typename }} #{}", "x".repeat(1 << 20));
    for (query, message) in [
        (tokens(15_000), "More than 15000 'grammar' tokens have been presented."),
        (long, "More than 1048576 characters have been presented."),
        (tokens(501), "Maximum field count exceeded. 501 > 500"),
    ] {
        client.simulator.configure_graphql(crate::simulator::GraphqlOptions {
            body_limit: 2 << 20,
            ..Default::default()
        });
        let body = client.ask_graphql(&query, json!({})).await.json();
        assert!(body["errors"][0]["message"].as_str().unwrap().starts_with(message), "{body}");
    }
}

#[tokio::test]
async fn the_schema_answers_about_one_type_a_request() {
    let client = account(|_| {}).await;
    let query = "query($name: String!) { __type(name: $name) { kind name
        inputFields { name type { kind name ofType { kind name ofType { kind name } } } } } }";
    let ask = async |name: &str| client.ask_graphql(query, json!({"name": name})).await.json();
    let order = ask("OrderInput").await;
    let field = |name: &str| {
        let fields = order["data"]["__type"]["inputFields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).map(|field| field["type"].clone())
    };
    assert_eq!(order["data"]["__type"]["kind"], "INPUT_OBJECT");
    assert_eq!(
        field("storeOrderId").unwrap(),
        json!({"kind": "NON_NULL", "name": null, "ofType": {"kind": "SCALAR", "name": "String", "ofType": null}})
    );
    assert_eq!(
        field("lineItems").unwrap()["ofType"]["ofType"],
        json!({"kind": "INPUT_OBJECT", "name": "LineItemInput"})
    );
    assert_eq!((field("discountAmount"), field("suppressAutomations")), (None, None));
    assert_eq!(ask("Nothing").await, json!({"data": {"__type": null}}));
    let values = "{ __type(name: \"CreationSource\") { enumValues { name } } }";
    assert_eq!(
        client.ask_graphql(values, json!({})).await.json()["data"]["__type"]["enumValues"],
        json!([{"name": "HISTORICAL"}, {"name": "REAL_TIME"}])
    );
    for (query, field) in [
        (
            "{ a: __type(name: \"Order\") { name } b: __type(name: \"Discount\") { name } }",
            "Query.__type",
        ),
        ("{ __type(name: \"Order\") { fields { type { fields { name } } } } }", "__Type.fields"),
    ] {
        let body = client.ask_graphql(query, json!({})).await.json();
        assert_eq!(body["errors"][0]["extensions"]["classification"], "BadFaithIntrospection");
        assert!(
            body["data"].is_null()
                && body["errors"][0]["message"].as_str().unwrap().contains(field),
            "{body}"
        );
    }
}
