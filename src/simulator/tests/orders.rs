use super::Client;
use super::client::{order, order_with};
use crate::simulator::{ClientResponse, Ending, Fault, Kind};
use serde_json::{Value, json};

#[tokio::test]
async fn a_historical_order_is_answered_as_recorded() {
    let client = Client::with_customer().await;
    let answer = client.post("/ecomOrders", &order("1001")).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    let created = &body["ecomOrder"];
    assert_eq!(
        (&created["source"], &created["totalPrice"], &created["customerid"]),
        (&json!(0), &json!(2500), &json!(1))
    );
    assert_eq!((&created["state"], &created["totalProducts"]), (&json!(1), &json!(1)));
    assert_eq!(created["externalCreatedDate"], "2021-03-02T11:48:16-06:00");
    assert_eq!(created["orderDate"], created["externalCreatedDate"]);
    assert_eq!(created["orderProducts"], json!(["1"]));
    assert!(created.get("taxAmount").is_none());
    let product = &body["ecomOrderProducts"][0];
    assert_eq!(
        (&product["price"], &product["quantity"], &product["sku"]),
        (&json!("1250"), &json!("2"), &json!(""))
    );

    let read = &client.get("/ecomOrders/1").await.json()["ecomOrder"];
    assert_eq!(
        (&read["source"], &read["totalPrice"], &read["state"]),
        (&json!("0"), &json!("2500"), &json!("1"))
    );
    assert!(read["taxAmount"].is_null() && read["externalcheckoutid"].is_null());
    assert_eq!((&read["orderNumber"], read.get("orderProducts")), (&json!(""), None));
    assert_eq!(client.broken(), []);
    assert_eq!(client.simulator.summary().triggers_fired, 0);
}

#[tokio::test]
async fn the_same_order_twice_is_a_duplicate() {
    let client = Client::with_customer().await;
    assert_eq!(client.post("/ecomOrders", &order("1001")).await.status, 201);
    let again = client.post("/ecomOrders", &order("1001")).await;
    assert_eq!((again.status, again.code().as_str()), (422, "duplicate"));
    assert_eq!(again.json()["errors"][0]["title"], "The ecomOrder already exists in the system.");
    let summary = client.simulator.summary();
    assert_eq!((summary.orders, summary.duplicate_orders_refused), (1, 1));
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused() {
    let client = Client::with_customer().await;
    for (field, value, code) in [
        ("email", Value::Null, "field_missing"),
        ("currency", Value::Null, "field_missing"),
        ("externalCreatedDate", Value::Null, "field_missing"),
        ("externalid", Value::Null, "field_missing"),
        ("totalPrice", json!(25.5), "field_invalid"),
        ("totalPrice", json!(-1), "field_invalid"),
        ("totalPrice", json!(2_147_483_648_i64), "field_invalid"),
        ("currency", json!("EURO"), "field_invalid"),
        ("externalCreatedDate", json!("yesterday"), "field_invalid"),
        ("orderProducts", json!([{"name": "Mug", "price": 1}]), "field_missing"),
        ("orderProducts", json!({"name": "Mug"}), "field_invalid"),
        ("customerid", json!(99), "related_missing"),
        ("connectionid", json!(99), "related_missing"),
        ("email", json!("ada"), "email_invalid"),
    ] {
        let answer = client.post("/ecomOrders", &order_with("1", field, value.clone())).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, code), "{field} {value}");
    }
    assert_eq!(client.simulator.summary().orders, 0);
}

#[tokio::test]
async fn a_product_without_quantity_is_pointed_at() {
    let client = Client::with_customer().await;
    let products = json!([{"name": "Mug", "price": 1, "quantity": 1}, {"name": "Cup", "price": 1}]);
    let errors =
        client.post("/ecomOrders", &order_with("1", "orderProducts", products)).await.json();
    assert_eq!(
        errors["errors"][0]["source"]["pointer"],
        "/data/attributes/orderProducts/1/quantity"
    );
}

#[tokio::test]
async fn numbers_may_come_as_digits() {
    let client = Client::with_customer().await;
    let mut sent = order_with("1", "totalPrice", json!("2500"));
    sent["ecomOrder"]["orderProducts"][0]["price"] = json!("1250");
    let answer = client.post("/ecomOrders", &sent).await;
    assert_eq!((answer.status, &answer.json()["ecomOrder"]["totalPrice"]), (201, &json!("2500")));
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn orders_count_in_the_totals_of_their_customer() {
    let client = Client::with_customer().await;
    let totals = async || {
        let customer = client.get("/ecomCustomers/1").await.json();
        let field = |name: &str| customer["ecomCustomer"][name].as_str().unwrap().to_owned();
        (field("totalRevenue"), field("totalOrders"), field("avgRevenuePerOrder"))
    };
    let of = |revenue: &str, orders: &str, average: &str| {
        (revenue.to_owned(), orders.to_owned(), average.to_owned())
    };
    client.post("/ecomOrders", &order("1")).await;
    client.post("/ecomOrders", &order_with("2", "totalPrice", json!(501))).await;
    assert_eq!(totals().await, of("3001", "2", "1500"));
    client.put("/ecomOrders/2", &order_with("2", "totalPrice", json!(500))).await;
    assert_eq!(totals().await, of("3000", "2", "1500"));
    client.delete("/ecomOrders/1").await;
    client.delete("/ecomOrders/2").await;
    assert_eq!(totals().await, of("0", "0", "0"));
}

#[tokio::test]
async fn an_update_replaces_products_and_discounts() {
    let client = Client::with_customer().await;
    let mut sent = order("1");
    sent["ecomOrder"]["orderDiscounts"] =
        json!([{"name": "Spring", "type": "order", "discountAmount": 100}]);
    let created = client.post("/ecomOrders", &sent).await.json();
    assert_eq!(created["ecomOrderDiscounts"][0]["discountAmount"], "100");
    let changed =
        client.put("/ecomOrders/1", &order_with("1", "totalPrice", json!(2000))).await.json();
    assert_eq!(
        (&changed["ecomOrderProducts"][0]["id"], &changed["ecomOrder"]["totalPrice"]),
        (&json!("2"), &json!(2000))
    );
    assert_eq!(changed["contactConversions"], json!([]));
    assert_eq!(
        client.get("/ecomOrders/1/orderDiscounts").await.json()["ecomOrderDiscounts"],
        json!([])
    );
    assert_eq!(client.get("/ecomOrderProducts/1").await.status, 404);
    let partial = client
        .put("/ecomOrders/1", &json!({"ecomOrder": {"totalPrice": 1, "source": 0}}))
        .await
        .json();
    assert_eq!(
        (&partial["ecomOrderProducts"], &partial["ecomOrder"]["totalProducts"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(partial["ecomOrder"]["currency"], "EUR");
}

#[tokio::test]
async fn a_cart_becomes_a_recovered_order() {
    let client = Client::with_customer().await;
    let mut cart = order_with("", "externalid", Value::Null);
    cart["ecomOrder"]["externalcheckoutid"] = json!("k1");
    assert_eq!(client.post("/ecomOrders", &cart).await.code(), "field_missing");
    cart["ecomOrder"]["abandonedDate"] = json!("2021-03-02T18:00:00Z");
    let created = client.post("/ecomOrders", &cart).await.json();
    assert_eq!(
        (&created["ecomOrder"]["state"], &created["ecomOrder"]["externalid"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(client.get("/ecomCustomers/1").await.json()["ecomCustomer"]["totalOrders"], "0");
    assert_eq!(client.post("/ecomOrders", &cart).await.code(), "duplicate");
    let bought = client.put("/ecomOrders/1", &order("1001")).await.json();
    assert_eq!(bought["ecomOrder"]["state"], 3);
    assert_eq!(client.get("/ecomCustomers/1").await.json()["ecomCustomer"]["totalOrders"], "1");
}

#[tokio::test]
async fn an_order_cannot_be_given_to_a_customer_that_is_gone() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.delete("/ecomCustomers/1").await;
    assert_eq!(client.put("/ecomOrders/1", &order("1")).await.code(), "related_missing");
}

#[tokio::test]
async fn a_request_without_a_socket_gets_the_same_answer() {
    let client = Client::with_customer().await;
    let request = |externalid: &str| {
        let request =
            axum::http::Request::post("/api/3/ecomOrders").header("api-token", &client.token);
        request.body(order(externalid).to_string().into_bytes()).unwrap()
    };
    let over_the_wire = client.post("/ecomOrders", &order("1")).await;
    let ClientResponse::Whole(output) = client.simulator.serve(request("2")).await else {
        panic!("an answer")
    };
    assert_eq!(output.status().as_u16(), over_the_wire.status);
    let answer: Value = serde_json::from_slice(output.body()).unwrap();
    assert_eq!(answer["ecomOrder"]["totalPrice"], over_the_wire.json()["ecomOrder"]["totalPrice"]);
    assert_eq!(client.simulator.summary().orders, 2);

    client.simulator.inject(Fault::new(Kind::Stored { then: Ending::Reset }));
    assert!(matches!(client.simulator.serve(request("3")).await, ClientResponse::Reset));
    client.simulator.inject(Fault::new(Kind::Stored { then: Ending::Cut }));
    let ClientResponse::Cut(output) = client.simulator.serve(request("4")).await else {
        panic!("the head of an answer")
    };
    assert!(serde_json::from_slice::<Value>(output.body()).is_err());
    assert_eq!(client.simulator.summary().orders, 4);
}

#[tokio::test]
async fn a_key_cannot_be_taken_from_another_order() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.post("/ecomOrders", &order("2")).await;
    assert_eq!(client.put("/ecomOrders/2", &order("1")).await.code(), "duplicate");
}

#[tokio::test]
async fn a_live_order_fires_and_loses_its_contact() {
    let client = Client::with_customer().await;
    let live = order_with("1", "source", json!(1));
    assert_eq!(client.post("/ecomOrders", &live).await.status, 201);
    let mut stranger = order_with("2", "source", json!(1));
    stranger["ecomOrder"]["email"] = json!("nobody@example.com");
    let answer = client.post("/ecomOrders", &stranger).await;
    assert_eq!(
        (answer.status, answer.json()["message"].as_str()),
        (404, Some("No Result found for Subscriber with id 1"))
    );
    let summary = client.simulator.summary();
    assert_eq!((summary.orders, summary.triggers_fired), (2, 2));
    let triggers = client.send("GET", "/__sim/triggers", None).await.unwrap().json();
    assert_eq!(
        (&triggers[0]["name"], &triggers[0]["order"]),
        (&json!("Makes a purchase"), &json!("1"))
    );
}
