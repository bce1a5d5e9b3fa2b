use super::Client;
use super::client::{customer, order};

#[tokio::test]
async fn lists_filter_sort_and_page() {
    let client = Client::with_customer().await;
    client.post("/ecomCustomers", &customer("c2", "b+c@example.com")).await;
    for n in 1..=25 {
        client.post("/ecomOrders", &order(&format!("A{n:02}"))).await;
    }
    let ids = async |query: &str| {
        let list = client.get(&format!("/ecomOrders?{query}")).await.json();
        let ids = list["ecomOrders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["externalid"].as_str().unwrap().to_owned());
        (list["meta"]["total"].as_str().unwrap().to_owned(), ids.collect::<Vec<_>>())
    };
    assert_eq!(
        ids("filters[externalid]=A07&filters[connectionid]=1").await,
        ("1".to_owned(), vec!["A07".to_owned()])
    );
    assert_eq!(ids("filters[externalid]=A0").await.0, "0", "filters compare whole values");
    assert_eq!(ids("").await.1.len(), 20);
    assert_eq!(ids("limit=1000").await.1.len(), 25);
    let (total, page) =
        ids("filters[connectionid]=1&limit=10&offset=20&orders[externalid]=DESC").await;
    assert_eq!(
        (total.as_str(), page.as_slice()),
        ("25", &["A05", "A04", "A03", "A02", "A01"].map(str::to_owned)[..])
    );
    assert_eq!(client.get("/ecomOrders?filters[connectionid]=0").await.status, 422);
    let plus = client
        .get("/ecomCustomers?filters%5Bemail%5D=b%2Bc%40example.com&filters[connectionid]=1")
        .await
        .json();
    assert_eq!(plus["ecomCustomers"][0]["externalid"], "c2");
    assert_eq!(
        client.get("/ecomOrderProducts?limit=3&offset=24").await.json()["ecomOrderProducts"][0]["id"],
        "25"
    );
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn slashes_are_escaped_and_read_back_whole() {
    let client = Client::with_customer().await;
    let answer = client.get("/connections/1").await;
    assert!(answer.text.contains(r"https:\/\/shop.example.com\/logo.png"), "{}", answer.text);
    assert_eq!(answer.json()["connection"]["logoUrl"], "https://shop.example.com/logo.png");
}
