use super::Client;
use super::client::{order, order_with};
use crate::simulator::{Ending, Fault, Kind, RetryAfter, Rule};
use serde_json::json;
use tokio::io::AsyncReadExt;

fn on_post(kind: Kind) -> Fault {
    Fault::new(kind).on("POST", "/ecomOrders")
}

fn stored(then: Ending) -> Fault {
    on_post(Kind::Stored { then })
}

async fn orders_after(fault: Fault) -> (String, usize) {
    let client = Client::with_customer().await;
    client.simulator.inject(fault);
    let seen = match client.try_post("/ecomOrders", &order("1")).await {
        Ok(answer) => answer.status.to_string(),
        Err(error) => error.kind().to_string(),
    };
    (seen, client.simulator.summary().orders)
}

#[tokio::test]
async fn a_stored_order_can_lose_its_answer_in_every_way() {
    let status = |code| Ending::Status { code, retry_after: RetryAfter::None, html: true };
    for (fault, seen, orders) in [
        (stored(status(500)), "500", 1),
        (stored(status(590)), "590", 1),
        (stored(Ending::Reset), "connection reset", 1),
        (stored(Ending::Cut), "unexpected end of file", 1),
        (stored(Ending::Hold { ms: 1 }), "connection reset", 1),
        (on_post(Kind::NotFoundSubscriberAfterStore), "404", 1),
        (on_post(Kind::EmptyBody), "200", 1),
        (on_post(Kind::TruncatedJson), "201", 1),
        (on_post(Kind::Slow { ms: 1 }), "201", 1),
        (on_post(Kind::ResetBefore), "connection reset", 0),
        (on_post(Kind::Status { code: 520, retry_after: RetryAfter::None, html: true }), "520", 0),
        (on_post(Kind::RateLimit), "429", 0),
        (on_post(Kind::Forbidden), "403", 0),
        (on_post(Kind::PaymentRequired), "402", 0),
        (on_post(Kind::Redirect), "302", 0),
        (on_post(Kind::ErrorsMissing), "422", 0),
        (on_post(Kind::DeleteConnection), "422", 0),
        (on_post(Kind::CreateDuplicateFirst), "422", 1),
    ] {
        let name = format!("{fault:?}");
        assert_eq!(orders_after(fault).await, (seen.to_owned(), orders), "{name}");
    }
}

#[tokio::test]
async fn a_fault_strikes_once_and_the_account_recovers() {
    let client = Client::with_customer().await;
    client.simulator.inject(on_post(Kind::Forbidden));
    assert_eq!(client.post("/ecomOrders", &order("1")).await.status, 403);
    assert_eq!(client.post("/ecomOrders", &order("1")).await.status, 201);
    client.simulator.inject(Fault::new(Kind::Forbidden).forever());
    assert_eq!(client.get("/users/me").await.status, 403);
    assert_eq!(client.get("/users/me").await.status, 403);
    client.simulator.clear_faults();
    assert_eq!(client.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn a_fault_for_one_key_finds_it_in_body_filter_and_path() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.simulator.inject(Fault::new(Kind::Forbidden).key("1").times(3));
    assert_eq!(client.post("/ecomOrders", &order("2")).await.status, 201);
    assert_eq!(client.put("/ecomOrders/1", &order("1")).await.status, 403);
    assert_eq!(client.get("/ecomOrders?filters[externalid]=1").await.status, 403);
    assert_eq!(client.get("/ecomOrders/1").await.status, 403);
    assert_eq!(client.get("/ecomOrders/1").await.status, 200);
}

#[tokio::test]
async fn answers_can_be_odd_and_still_true() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.post("/ecomOrders", &order("2")).await;
    let list = async |kind| {
        client.simulator.inject(Fault::new(kind));
        client.get("/ecomOrders?filters[externalid]=1").await.json()
    };
    assert_eq!(list(Kind::IgnoreFilters).await["ecomOrders"].as_array().unwrap().len(), 2);
    assert_eq!(list(Kind::TotalAsInt).await["meta"]["total"], 1);
    let extra = list(Kind::ExtraKeys).await;
    assert_eq!(
        (&extra["contactConversions"], extra["ecomOrders"][0].get("sms_marketing_state").is_some()),
        (&json!([]), true)
    );
    client.simulator.inject(Fault::new(Kind::LocalisedTitles));
    let german = client.post("/ecomOrders", &order("1")).await;
    assert_eq!(german.code(), "duplicate");
    assert!(german.text.contains("bereits vorhanden"), "{}", german.text);
    client.simulator.inject(Fault::new(Kind::ErrorsMissing));
    assert!(client.post("/ecomOrders", &order("1")).await.json().get("errors").is_none());
}

#[tokio::test]
async fn a_create_repeated_blindly_is_noted_and_a_look_up_prevents_it() {
    for (lookup, broken) in [
        (None, vec![Rule::RepeatedCreate]),
        (
            Some("/ecomOrders?filters[externalid]=2&filters[connectionid]=1"),
            vec![Rule::RepeatedCreate],
        ),
        (Some("/ecomOrders?filters[externalid]=1&filters[connectionid]=1"), vec![]),
        (Some("/ecomOrders?filters[connectionid]=1&limit=100"), vec![]),
    ] {
        let client = Client::with_customer().await;
        client.simulator.inject(on_post(Kind::ResetBefore));
        client.try_post("/ecomOrders", &order("1")).await.err().unwrap();
        if let Some(path) = lookup {
            client.get(path).await;
        }
        assert_eq!(client.post("/ecomOrders", &order("1")).await.status, 201);
        assert_eq!(client.broken(), broken, "{lookup:?}");
    }
}

#[tokio::test]
async fn a_look_up_that_fails_shows_nothing() {
    let client = Client::with_customer().await;
    client.simulator.inject(stored(Ending::Cut));
    client.simulator.inject(Fault::new(Kind::EmptyBody).on("GET", "/ecomOrders"));
    client.try_post("/ecomOrders", &order("1")).await.err().unwrap();
    assert_eq!(client.get("/ecomOrders?filters[externalid]=1").await.text, "");
    client.post("/ecomOrders", &order("1")).await;
    assert_eq!(client.broken(), [Rule::RepeatedCreate]);
}

#[tokio::test]
async fn a_clear_refusal_may_be_repeated() {
    let client = Client::with_customer().await;
    for kind in [
        Kind::RateLimit,
        Kind::Forbidden,
        Kind::Status { code: 503, retry_after: RetryAfter::Seconds(0), html: false },
        Kind::ErrorsMissing,
    ] {
        client.simulator.inject(on_post(kind));
        client.post("/ecomOrders", &order("1")).await;
    }
    assert_eq!(client.post("/ecomOrders", &order("1")).await.status, 201);
    assert_eq!(client.broken(), []);
}

#[tokio::test]
async fn a_lost_customer_is_looked_up_by_key_or_address() {
    for path in ["filters[email]=B@example.com", "filters[externalid]=c2"] {
        let client = Client::with_customer().await;
        let beta = super::client::customer("c2", "b@example.com");
        client
            .simulator
            .inject(Fault::new(Kind::Stored { then: Ending::Reset }).on("POST", "/ecomCustomers"));
        client.try_post("/ecomCustomers", &beta).await.err().unwrap();
        client.get(&format!("/ecomCustomers?{path}&filters[connectionid]=1")).await;
        assert_eq!(client.post("/ecomCustomers", &beta).await.code(), "duplicate");
        assert_eq!(client.broken(), [], "{path}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_has_not_seen_the_answer() {
    let client = Client::with_customer().await;
    client.simulator.inject(on_post(Kind::Slow { ms: 600_000 }));
    let asked = client.ask("POST", "/api/3/ecomOrders", Some(&order("1"))).await.unwrap();
    while client.simulator.summary().orders == 0 {
        tokio::task::yield_now().await;
    }
    drop(asked);
    while !client.simulator.state.world().writes.is_idle() {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.post("/ecomOrders", &order("1")).await.code(), "duplicate");
    assert_eq!(client.broken(), [Rule::RepeatedCreate]);
}

#[tokio::test]
async fn two_writes_at_once_for_one_order_are_noted() {
    let client = Client::with_customer().await;
    client.post("/ecomOrders", &order("1")).await;
    client.simulator.inject(Fault::new(Kind::Slow { ms: 600_000 }).on("PUT", "/ecomOrders/1"));
    let slow = client
        .ask("PUT", "/api/3/ecomOrders/1", Some(&order_with("1", "totalPrice", json!(1))))
        .await
        .unwrap();
    while client.simulator.state.world().writes.is_idle() {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.post("/ecomOrders", &order("2")).await.status, 201);
    assert_eq!(client.broken(), []);
    client.put("/ecomOrders/1", &order("1")).await;
    assert_eq!(client.broken(), [Rule::TwoWrites]);
    drop(slow);
}

#[tokio::test]
async fn a_release_ends_all_waits_and_later_requests_do_not_wait() {
    for (kind, seen) in [
        (Kind::Slow { ms: 600_000 }, "HTTP/1.1 201 Created"),
        (Kind::Stored { then: Ending::Hold { ms: 600_000 } }, ""),
    ] {
        let client = Client::with_customer().await;
        client.simulator.inject(on_post(kind).forever());
        let mut asked = client.ask("POST", "/api/3/ecomOrders", Some(&order("1"))).await.unwrap();
        while client.simulator.summary().orders == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.simulator.connections_open(), 1);
        client.simulator.release();
        let mut answer = Vec::new();
        // A held one is aborted.
        let _ = asked.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.lines().next().unwrap_or_default(), seen);
        drop(asked);
        while client.simulator.connections_open() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.post("/ecomOrders", &order("2")).await.status, 201);
    }
}
