//! Each behaviour that an option selects, and the same in the other position.

use super::{BULK, account, sent, sent_with};
use crate::simulator::tests::client::{Client, order};
use crate::simulator::{
    ClientResponse, CopiedTax, CopiedUnits, Edit, GraphqlOptions, LineConnection, Options,
    PriceReading, RestOrder, Simulator, Update,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The price in the copy of a line of `quantity` pieces with this `priceAmount`.
async fn copied_price(client: &Client, id: &str, quantity: i64, amount: f64) -> Value {
    let lines = json!([{"name": "Mug", "quantity": quantity, "priceAmount": amount}]);
    client.load(&[sent_with(id, "lineItems", lines)]).await;
    let products = client.get("/ecomOrderProducts?limit=100").await.json();
    products["ecomOrderProducts"].as_array().unwrap().last().unwrap()["price"].clone()
}

#[tokio::test]
async fn a_price_is_read_in_four_ways() {
    for (price, first, second) in [
        (PriceReading::Unit, "1000", "1000"),
        (PriceReading::LineTotal, "500", "500"),
        (PriceReading::Alternating, "1000", "500"),
        (PriceReading::Multiplied, "2000", "2000"),
    ] {
        let client = account(|options| options.price = price).await;
        assert_eq!(copied_price(&client, "1", 2, 10.0).await, first, "{price:?}");
        assert_eq!(copied_price(&client, "2", 2, 10.0).await, second, "{price:?}");
    }
}

#[tokio::test]
async fn an_update_replaces_or_merges() {
    let line =
        |id: &str| json!({"storeLineItemId": id, "name": id, "quantity": 1, "priceAmount": 1});
    for (update, lines, number) in [
        (Update::Replace, json!(["b"]), Value::Null),
        (Update::Merge, json!(["b", "a"]), json!("77")),
    ] {
        let client = account(|options| options.update = update).await;
        client.load(&[sent_with("1", "lineItems", json!([line("a"), line("b")]))]).await;
        let mut again = sent_with("1", "lineItems", json!([line("b")]));
        again.as_object_mut().unwrap().remove("orderNumber");
        client.load(&[again]).await;
        let shown = client.get_order("1", "orderNumber lineItems { name }").await;
        let names: Value = shown["lineItems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["name"].clone())
            .collect();
        assert_eq!((names, &shown["orderNumber"]), (lines.clone(), &number), "{update:?}");
        assert_eq!(
            client.v3().await[0]["totalProducts"],
            lines.as_array().unwrap().len().to_string()
        );
    }
}

#[tokio::test]
async fn validation_is_answered_under_either_status_with_any_prefix() {
    for (status, prefix, extensions) in [
        (200, Some("orders[{i}]"), json!({"orders[0]-storeOrderId-a-1": "closed"})),
        (400, Some("x-y"), json!({"x-y-storeOrderId-a-1": "closed"})),
        (400, None, Value::Null),
    ] {
        let client = account(|options| {
            options.validation_status = status;
            options.ext_prefix = prefix.map(str::to_owned);
        })
        .await;
        let refuse = Edit::RefuseOrder { externalid: "a-1".to_owned(), text: "closed".to_owned() };
        client.simulator.edit(refuse).unwrap();
        let answer = client.load(&[sent("a-1"), sent("1")]).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["errors"][0]["extensions"]), (status, &extensions));
        assert_eq!(client.load(&[sent("1")]).await.status, 200);
    }
}

#[tokio::test]
async fn a_batch_can_be_stored_in_part() {
    let client = account(|options| options.partial_null = true).await;
    let query = BULK.replace("bulkUpsertOrders(", "mine: bulkUpsertOrders(");
    let orders = json!({"orders": [sent("1"), sent_with("2", "email", json!("x")), sent("3")]});
    let answer = client.ask_graphql(&query, orders).await;
    let body = answer.json();
    let ids: Value = body["data"]["mine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["storeOrderId"].clone())
        .collect();
    assert_eq!((answer.status, ids), (200, json!(["1", null, "3"])));
    assert_eq!(body["errors"][0]["path"], json!(["mine", 1]));
    assert_eq!(client.v3().await.len(), 2);
}

#[tokio::test]
async fn the_schema_has_variants() {
    let has = async |client: &Client, ty: &str, name: &str| {
        let query = format!(
            "{{ __type(name: \"{ty}\") {{ inputFields {{ name type {{ kind name }} }} }} }}"
        );
        let body = client.ask_graphql(&query, json!({})).await.json();
        let fields = body["data"]["__type"]["inputFields"].as_array().unwrap().clone();
        fields.into_iter().find(|field| field["name"] == name).map(|field| field["type"].clone())
    };
    let client = account(|options| {
        options.discount_field = "discountAmount".to_owned();
        options.creation_source_text = true;
        options.suppress_automations = true;
        options.line_connection = LineConnection::Required;
    })
    .await;
    assert!(has(&client, "OrderInput", "discountAmount").await.is_some());
    assert!(has(&client, "OrderInput", "discountsAmount").await.is_none());
    assert!(has(&client, "OrderInput", "suppressAutomations").await.is_some());
    assert_eq!(has(&client, "OrderInput", "creationSource").await.unwrap()["name"], "String");
    assert_eq!(
        has(&client, "LineItemInput", "legacyConnectionId").await.unwrap()["kind"],
        "NON_NULL"
    );
    let mut order = sent_with("1", "discountsAmount", Value::Null);
    order["discountAmount"] = json!(0.5);
    let message = client.load(&[order.clone()]).await.json()["errors"][0]["message"].take();
    assert!(
        message
            .as_str()
            .unwrap()
            .contains("Field 'legacyConnectionId' of 'orders[0].lineItems[0]'"),
        "{message}"
    );
    order["lineItems"][0]["legacyConnectionId"] = json!(1);
    assert_eq!(client.load(&[order]).await.json().get("errors"), None);
    assert_eq!(client.v3().await[0]["discountAmount"], "50");
}

#[tokio::test]
async fn a_receipt_comes_alone_or_in_a_list() {
    let query = BULK.replace("bulkUpsertOrders(", "bulkUpsertOrdersAsync(");
    let query = query
        .replace("storeOrderId legacyConnectionId normalizedStatus finalAmount email", "recordId");
    for (list, receipt) in [
        (false, json!({"recordId": "record-000001"})),
        (true, json!([{"recordId": "record-000001"}])),
    ] {
        let client = account(|options| options.receipt_list = list).await;
        let body = client.ask_graphql(&query, json!({"orders": [sent("1")]})).await.json();
        assert_eq!(body["data"]["bulkUpsertOrdersAsync"], receipt);
        assert_eq!(client.v3().await.len(), 1);
    }
}

#[tokio::test]
async fn introspection_can_be_refused_and_bodies_and_batches_can_be_too_large() {
    let client = account(|options| {
        options.introspection_refused = true;
        options.body_limit = 1_000;
        options.batch_limit = Some(2);
    })
    .await;
    let body = client.ask_graphql("{ __type(name: \"Order\") { name } }", json!({})).await.json();
    assert_eq!(body["errors"][0]["extensions"]["classification"], "IntrospectionDisabled");
    let three = [json!({}), json!({}), json!({})].map(|_| sent("1"));
    assert_eq!(client.load(&three).await.status, 413);
    client
        .simulator
        .configure_graphql(GraphqlOptions { batch_limit: Some(2), ..Default::default() });
    assert_eq!(client.load(&three).await.status, 400);
    assert_eq!(client.load(&three[..2]).await.status, 200);
}

#[tokio::test]
async fn an_order_of_rest_is_updated_or_doubled() {
    for (rest_order, copies) in [(RestOrder::Updated, 1), (RestOrder::Doubled, 2)] {
        let client = account(|options| options.rest_order = rest_order).await;
        client.post("/ecomOrders", &order("1")).await;
        client.load(&[sent("1")]).await;
        client.load(&[sent("1")]).await;
        assert_eq!(client.v3().await.len(), copies, "{rest_order:?}");
        assert_eq!(
            client.get("/ecomOrders/1").await.json()["ecomOrder"]["totalPrice"],
            if copies == 1 { "2450" } else { "2500" }
        );
    }
}

#[tokio::test]
async fn a_deleted_copy_keeps_or_loses_its_order() {
    for (deletes, left) in [(false, json!({"email": "ada@example.com"})), (true, Value::Null)] {
        let client = account(|options| options.v3_delete_deletes = deletes).await;
        client.load(&[sent("1"), sent("2")]).await;
        client.delete("/ecomOrders/1").await;
        assert_eq!(client.get_order("1", "email").await, left);
        assert_eq!(client.get_order("2", "email").await, json!({"email": "ada@example.com"}));
        client.load(&[sent("1")]).await;
        assert_eq!(client.v3().await.len(), 2, "it comes back");
    }
}

#[tokio::test]
async fn a_cart_becomes_the_order_that_names_it() {
    let client = account(|_| {}).await;
    let mut cart = order("");
    cart["ecomOrder"].as_object_mut().unwrap().remove("externalid");
    cart["ecomOrder"]["externalcheckoutid"] = json!("k1");
    cart["ecomOrder"]["abandonedDate"] = json!("2021-03-02T18:00:00Z");
    assert_eq!(client.post("/ecomOrders", &cart).await.status, 201);
    client.load(&[sent_with("1", "cartId", json!("k1"))]).await;
    let copies = client.v3().await;
    assert_eq!(copies.len(), 1);
    let shown = ["externalid", "externalcheckoutid", "state"].map(|name| copies[0][name].clone());
    assert_eq!(json!(shown), json!(["1", "k1", "3"]));
    assert_eq!(client.broken(), [], "carts have no other way than REST");
}

#[tokio::test]
async fn tax_and_units_of_the_copy_follow_the_options() {
    let yen = |id| sent_with(id, "currency", json!("JPY"));
    for (tax, units, shown) in [
        (CopiedTax::Absent, CopiedUnits::Currency, json!(["25", null])),
        (CopiedTax::Absent, CopiedUnits::Hundredths, json!(["2450", null])),
        (CopiedTax::Derived, CopiedUnits::Hundredths, json!(["2450", "0"])),
    ] {
        let client = account(|options| (options.tax, options.copied_units) = (tax, units)).await;
        client.load(&[yen("1")]).await;
        let copy = &client.v3().await[0];
        assert_eq!(json!([copy["totalPrice"], copy["taxAmount"]]), shown, "{tax:?} {units:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_shows_after_its_lags() {
    let options = Options { requests_per_second: None, ..Options::default() };
    let token = options.token.clone();
    let simulator = Simulator::in_process(options).unwrap();
    let (service, externalid, name) = ("shop".to_owned(), "s1".to_owned(), "Shop".to_owned());
    simulator.edit(Edit::AddConnection { service, externalid, name, native: false }).unwrap();
    let ask = async |query: &str, variables: Value| {
        let body = json!({"query": query, "variables": variables}).to_string().into_bytes();
        let request = axum::http::Request::post("/api/3/ecom/graphql").header("api-token", &token);
        let ClientResponse::Whole(answer) = simulator.serve(request.body(body).unwrap()).await
        else {
            panic!("an answer")
        };
        serde_json::from_slice::<Value>(answer.body()).unwrap()
    };
    let visible = async || {
        let query = "{ getOrder(legacyConnectionId: 1, storeOrderId: \"1\") { email } }";
        !ask(query, json!({})).await["data"]["getOrder"].is_null()
    };
    ask(BULK, json!({"orders": [sent("1")]})).await;
    let summary = simulator.summary();
    assert_eq!((summary.customers, summary.contacts), (1, 1), "the customer is there at once");
    for (ms, is_visible, orders) in
        [(0, false, 0), (499, false, 0), (1, true, 0), (1_499, true, 0), (1, true, 1)]
    {
        tokio::time::advance(Duration::from_millis(ms)).await;
        assert_eq!((visible().await, simulator.summary().orders), (is_visible, orders), "{ms}");
    }
}

#[tokio::test]
async fn the_side_channel_changes_the_options() {
    let client = account(|_| {}).await;
    let set = async |options: Value| {
        client.send("POST", "/__sim/graphql", Some(&options)).await.unwrap().status
    };
    assert_eq!(set(json!({"price": "line_total", "object_lag_ms": 0, "v3_lag_ms": 0})).await, 200);
    assert_eq!(copied_price(&client, "1", 2, 10.0).await, "500");
    assert_eq!(set(json!({"prices": "line_total"})).await, 422);
}
