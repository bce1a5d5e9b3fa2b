use super::Client;
use super::client::{customer, order};
use crate::simulator::{CustomerRule, Options};
use serde_json::json;

#[tokio::test]
async fn a_connection_is_answered_as_recorded() {
    let client = Client::with_customer().await;
    let connection = &client.get("/connections/1").await.json()["connection"];
    assert_eq!(connection["isInternal"], "0");
    assert_eq!(connection["status"], "1");
    assert!(connection["lastSync"].is_null());
    assert_eq!(
        connection["links"]["customers"],
        format!("{}/api/3/connections/1/customers", client.simulator.url())
    );
    let list =
        client.get("/connections?filters%5Bservice%5D=shop&filters[externalid]=s1").await.json();
    assert_eq!((&list["meta"]["total"], &list["connections"][0]["id"]), (&json!("1"), &json!("1")));
    assert_eq!(
        client.get("/connections?filters[service]=other").await.json()["meta"]["total"],
        "0"
    );
}

#[tokio::test]
async fn writes_echo_the_types_that_were_sent() {
    let client = Client::unlimited().await;
    let sent = json!({"connection": {
        "service": "shop", "externalid": 77, "name": "Shop", "logoUrl": "https://a.example.com",
        "linkUrl": "https://b.example.com",
    }});
    let created = client.post("/connections", &sent).await.json();
    assert_eq!(
        (&created["connection"]["externalid"], &created["connection"]["isInternal"]),
        (&json!(77), &json!(0))
    );
    assert!(created["connection"].get("status").is_none());
    let changed =
        client.put("/connections/1", &json!({"connection": {"syncStatus": 1}})).await.json();
    assert_eq!(changed["connection"]["syncStatus"], 1);
    let read = client.get("/connections/1").await.json();
    assert_eq!(
        (&read["connection"]["syncStatus"], &read["connection"]["externalid"]),
        (&json!("1"), &json!("77"))
    );
}

#[tokio::test]
async fn a_connection_without_its_fields_is_refused_field_by_field() {
    let client = Client::unlimited().await;
    let answer = client
        .post("/connections", &json!({"connection": {"service": "shop", "name": "Shop"}}))
        .await;
    assert_eq!(answer.status, 422);
    let errors = &answer.json()["errors"];
    assert_eq!(
        errors[0],
        json!({
            "title": "The connection externalid was not provided.", "detail": "", "code": "field_missing",
            "source": {"pointer": "/data/attributes/externalid"},
        })
    );
    assert_eq!(errors.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_second_connection_of_the_same_shop_is_refused() {
    let client = Client::with_customer().await;
    let again = json!({"connection": {
        "service": "shop", "externalid": "s1", "name": "Other", "logoUrl": "x", "linkUrl": "y",
    }});
    let answer = client.post("/connections", &again).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "field_invalid"));
}

#[tokio::test]
async fn a_new_customer_brings_its_connection_and_a_sum_over_its_address() {
    let client = Client::with_customer().await;
    let mut beta = customer("c2", "beta@example.com");
    beta["ecomCustomer"]["connectionid"] = json!(1);
    let created = client.post("/ecomCustomers", &beta).await;
    assert_eq!(created.status, 201);
    let body = created.json();
    assert_eq!(
        (&body["connections"][0]["id"], &body["ecomCustomer"]["connectionid"]),
        (&json!("1"), &json!(1))
    );
    assert!(body["ecomCustomer"].get("totalRevenue").is_none());
    let all = client.get("/ecomCustomers?filters[email]=BETA@example.com").await.json();
    assert_eq!(all["meta"]["total"], "2");
    let pseudo = all["ecomCustomers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["connectionid"] == "0")
        .unwrap();
    assert_eq!((&pseudo["externalid"], pseudo["connection"].is_null()), (&json!("0"), true));
    let own = client
        .get("/ecomCustomers?filters[email]=beta@example.com&filters[connectionid]=1")
        .await
        .json();
    assert_eq!(own["meta"]["total"], "1");
    assert_eq!(client.simulator.summary().customers, 2);
}

#[tokio::test]
async fn the_customer_key_follows_the_rule() {
    let same_key = customer("c1", "other@example.com");
    let same_email = customer("c9", "ADA@example.com");
    for (customer_key, expected) in
        [(CustomerRule::ByExternalId, [422, 201]), (CustomerRule::ByEmail, [201, 422])]
    {
        let options = Options { requests_per_second: None, customer_key, ..Options::default() };
        let client = Client::with(options).await;
        client.add_customer().await;
        let first = client.post("/ecomCustomers", &same_key).await;
        let second = client.post("/ecomCustomers", &same_email).await;
        assert_eq!([first.status, second.status], expected);
        let refused = if first.status == 422 { first } else { second };
        assert_eq!(refused.code(), "duplicate");
    }
}

#[tokio::test]
async fn a_customer_that_cannot_be_is_refused() {
    let client = Client::with_customer().await;
    let code = async |body| client.post("/ecomCustomers", &body).await.code();
    assert_eq!(code(customer("c2", "not an address")).await, "email_invalid");
    assert_eq!(
        code(json!({"ecomCustomer": {"connectionid": 7, "externalid": "c2", "email": "b@example.com"}}))
            .await,
        "related_missing"
    );
    assert_eq!(
        code(json!({"ecomCustomer": {"connectionid": 1, "email": "b@example.com"}})).await,
        "field_missing"
    );
}

#[tokio::test]
async fn a_customer_changes_its_address_and_its_totals_move() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    let changed = client
        .put("/ecomCustomers/1", &json!({"ecomCustomer": {"email": "new@example.com"}}))
        .await;
    assert_eq!(changed.status, 200);
    let sum = async |email: &str| {
        let list = client
            .get(&format!("/ecomCustomers?filters[email]={email}&filters[externalid]=0"))
            .await
            .json();
        list["ecomCustomers"][0]["totalRevenue"].clone()
    };
    assert_eq!(sum("ada@example.com").await, "0");
    assert_eq!(sum("new@example.com").await, "2500");
}

#[tokio::test]
async fn absent_records_are_not_found() {
    let client = Client::with_customer().await;
    for (path, class) in [
        ("/connections/9", "Connection"),
        ("/ecomCustomers/9", "EcomCustomer"),
        ("/ecomOrders/9", "EcomOrder"),
        ("/ecomOrders/9/orderProducts", "EcomOrder"),
        ("/ecomOrderProducts/9", "EcomOrderProduct"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["message"], format!("No Result found for {class} with id 9"));
    }
    assert_eq!(client.put("/ecomOrders/9", &order("1")).await.status, 404);
    assert_eq!(client.delete("/ecomCustomers/9").await.status, 404);
}

#[tokio::test]
async fn records_know_what_they_belong_to() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    assert_eq!(
        client.get("/connections/1/customers").await.json()["ecomCustomers"][0]["externalid"],
        "c1"
    );
    assert_eq!(client.get("/connections/1/options").await.json()["options"], json!([]));
    assert_eq!(
        client.get("/ecomCustomers/1/connection").await.json()["connection"]["service"],
        "shop"
    );
    assert_eq!(
        client.get("/ecomCustomers/1/orders").await.json()["ecomOrders"][0]["externalid"],
        "1"
    );
    assert_eq!(
        client.get("/ecomOrders/1/customer").await.json()["ecomCustomer"]["externalid"],
        "c1"
    );
    assert_eq!(
        client.get("/ecomOrders/1/orderActivities").await.json()["ecomOrderActivities"],
        json!([])
    );
    assert_eq!(client.get("/ecomOrderProducts/1").await.json()["ecomOrderProduct"]["orderid"], "1");
    assert_eq!(client.get("/users/me").await.json()["user"]["id"], "1");
}
