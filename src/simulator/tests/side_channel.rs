use super::Client;
use super::client::{order, order_with};
use crate::simulator::{CurrencyTotal, Edit, EditError, Rule};
use serde_json::{Value, json};

async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let answer = client.send("POST", path, Some(&body)).await.unwrap();
    (answer.status, answer.json())
}

#[tokio::test]
async fn the_state_shows_orders_with_their_products() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    let state = client.send("GET", "/__sim/state", None).await.unwrap().json();
    assert_eq!(state["ecomOrders"][0]["ecomOrderProducts"][0]["name"], "Mug");
    assert_eq!(state["ecomCustomers"].as_array().unwrap().len(), 2);
    assert_eq!(state, client.simulator.state());
}

#[tokio::test]
async fn the_log_shows_each_request_with_its_time() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1001")).await;
    let log = client.send("GET", "/__sim/requests", None).await.unwrap().json();
    let last = &log[2];
    assert_eq!(
        (&last["number"], &last["method"], &last["path"]),
        (&json!(3), &json!("POST"), &json!("/ecomOrders"))
    );
    assert_eq!(
        (&last["status"], &last["connection"], &last["order"]),
        (&json!(201), &json!("1"), &json!("1001"))
    );
    assert!(last["at_ms"].is_u64());
}

#[tokio::test]
async fn the_summary_adds_up() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.post("/ecomOrders", &order_with("2", "currency", json!("jpy"))).await;
    client.post("/ecomOrders", &order_with("3", "totalPrice", json!(1))).await;
    client.get("/ecomOrders/3").await;
    let summary = client.simulator.summary();
    assert_eq!((summary.requests, summary.writes), (6, 5));
    assert_eq!(
        (summary.by_route["POST /ecomOrders"], summary.by_route["GET /ecomOrders/{id}"]),
        (3, 1)
    );
    assert_eq!((summary.by_status[&201], summary.by_status[&200]), (5, 1));
    assert_eq!((summary.customers, summary.connections, summary.contacts), (1, 1, 1));
    assert_eq!(summary.by_currency["EUR"], CurrencyTotal { orders: 2, total_minor: 2501 });
    assert_eq!(summary.by_currency["JPY"], CurrencyTotal { orders: 1, total_minor: 2500 });
    let shown = summary.to_string();
    assert!(shown.contains("3 orders, 1 customers") && shown.ends_with("violations  0"), "{shown}");
    let output = client.send("GET", "/__sim/summary", None).await.unwrap().json();
    assert_eq!(
        (&output["orders"], &output["refused_429"], &output["violations"]),
        (&json!(3), &json!(0), &json!([]))
    );
}

#[tokio::test]
async fn faults_come_as_one_or_as_a_list() {
    let client = Client::unlimited().await;
    let one = json!({"matches": {"method": "GET"}, "kind": "forbidden"});
    assert_eq!(post(&client, "/__sim/faults", one.clone()).await, (200, json!({"added": 1})));
    assert_eq!(client.get("/users/me").await.status, 403);
    assert_eq!(post(&client, "/__sim/faults", json!([one, one])).await, (200, json!({"added": 2})));
    client.send("DELETE", "/__sim/faults", None).await.unwrap();
    assert_eq!(client.get("/users/me").await.status, 200);
    let (status, output) = post(&client, "/__sim/faults", json!({"kind": "explode"})).await;
    assert!(status == 400 && output["message"].as_str().unwrap().contains("explode"), "{output}");
}

#[tokio::test]
async fn another_program_changes_the_account() {
    let client = Client::with_customer().await;
    for key in ["1", "2"] {
        client.post("/ecomOrders", &order(key)).await;
    }
    assert_eq!(
        post(&client, "/__sim/edit", json!({"op": "delete_order", "externalid": "1"})).await.0,
        200
    );
    let total = Edit::SetTotal { externalid: "2".to_owned(), total: 7 };
    assert_eq!(client.simulator.edit(total), Ok(2));
    let product = Edit::RemoveProduct { externalid: "2".to_owned(), product: "p1".to_owned() };
    assert_eq!(client.simulator.edit(product.clone()), Ok(2));
    assert_eq!(client.simulator.edit(product), Err(EditError::NotThere("product of that order")));
    let row = client.get("/ecomOrders/2").await.json();
    assert_eq!(
        (&row["ecomOrder"]["totalPrice"], &row["ecomOrder"]["totalProducts"]),
        (&json!("7"), &json!("0"))
    );
    let (status, _) =
        post(&client, "/__sim/edit", json!({"op": "delete_order", "externalid": "1"})).await;
    assert_eq!(status, 404, "it is gone already");
}

#[tokio::test]
async fn another_program_duplicates_and_deletes_behind_the_client() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("2")).await;
    let double = order("2")["ecomOrder"].as_object().unwrap().clone();
    assert_eq!(client.simulator.edit(Edit::AddOrder { order: double }), Ok(2));
    assert_eq!(client.get("/ecomOrders?filters[externalid]=2").await.json()["meta"]["total"], "2");
    client.simulator.edit(Edit::DeleteContact { email: "ada@example.com".to_owned() }).unwrap();
    let gone = client.get("/ecomCustomers/1").await.json();
    assert_eq!(
        (&gone["ecomCustomer"]["email"], &gone["ecomCustomer"]["externalid"]),
        (&json!("deleted+1@example.com"), &json!(""))
    );
    client.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    assert_eq!(client.post("/ecomOrders", &order("9")).await.code(), "related_missing");
}

#[tokio::test]
async fn a_shop_can_be_set_up_and_forgotten() {
    let client = Client::unlimited().await;
    let (_, connection) = post(
        &client,
        "/__sim/edit",
        json!({
            "op": "add_connection", "service": "shop", "externalid": "s1", "name": "Shop",
        }),
    )
    .await;
    assert_eq!(connection, json!({"id": "1"}));
    let customer = Edit::AddCustomer {
        connectionid: 1,
        externalid: "c1".to_owned(),
        email: "ada@example.com".to_owned(),
    };
    assert_eq!(client.simulator.edit(customer), Ok(1));
    client.post("/ecomOrders", &order_with("1", "source", json!(1))).await;
    assert_eq!(client.broken(), [Rule::SourceNotZero]);
    assert_eq!(post(&client, "/__sim/reset", json!({})).await.0, 200);
    let summary = client.simulator.summary();
    assert_eq!(
        (summary.requests, summary.orders, summary.connections, summary.violations_total),
        (0, 0, 0, 0)
    );
}
