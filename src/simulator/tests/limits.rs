use super::Client;
use super::client::order;
use crate::simulator::{Fault, Kind, Latency, Options, RetryAfter, Rule, Simulator, Window};
use serde_json::json;
use std::time::Duration;
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn the_sixth_request_in_a_second_is_refused() {
    let client = Client::with(Options::default()).await;
    for left in ["4", "3", "2", "1", "0"] {
        let answer = client.get("/users/me").await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, Some(left)));
    }
    let refused = client.get("/users/me").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(
        (refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")),
        (Some("5"), Some("0"))
    );
    advance(Duration::from_secs(1)).await;
    assert_eq!(client.get("/users/me").await.status, 200);
    let summary = client.simulator.summary();
    assert_eq!((summary.refused_429, summary.peak_in_one_second, summary.requests), (1, 6, 7));
    assert_eq!(client.broken(), []);
}

#[tokio::test(start_paused = true)]
async fn a_request_refused_for_the_rate_wrote_nothing() {
    let client = Client::with(Options { requests_per_second: Some(1), ..Options::default() }).await;
    client.get("/users/me").await;
    assert_eq!(client.post("/ecomOrders", &order("1")).await.status, 429);
    advance(Duration::from_secs(1)).await;
    client.post("/ecomOrders", &order("1")).await;
    let summary = client.simulator.summary();
    assert_eq!((summary.requests, summary.writes, summary.refused_429), (3, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_during_an_announced_pause_is_noted() {
    let client = Client::unlimited().await;
    let busy = Kind::Status { code: 503, retry_after: RetryAfter::Seconds(30), html: true };
    client.simulator.inject(Fault::new(busy));
    assert_eq!(client.get("/users/me").await.header("retry-after"), Some("30"));
    assert_eq!(
        client.get("/users/me").await.status,
        200,
        "it was on its way when the pause was announced"
    );
    assert_eq!(client.broken(), []);
    advance(Duration::from_secs(29)).await;
    client.get("/users/me").await;
    assert_eq!(client.broken(), [Rule::Paused]);
    advance(Duration::from_secs(1)).await;
    client.get("/users/me").await;
    assert_eq!(client.broken(), [Rule::Paused]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_until_a_date_ends_by_then() {
    let client = Client::unlimited().await;
    let busy = Kind::Status { code: 503, retry_after: RetryAfter::HttpDate(60), html: false };
    client.simulator.inject(Fault::new(busy));
    let answer = client.get("/users/me").await;
    let [date, sent] = ["retry-after", "date"].map(|name| answer.header(name).unwrap().to_owned());
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    let at = |text: &str| jiff::fmt::rfc2822::parse(text).unwrap().timestamp();
    assert_eq!(at(&date).duration_since(at(&sent)).as_secs(), 60, "by the answer's own date");
    advance(Duration::from_secs(60)).await;
    client.get("/users/me").await;
    assert_eq!(client.broken(), []);
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_answered_with_503_and_without_a_hint() {
    let client = Client::with(Options {
        requests_per_second: Some(1),
        limit_as_503: true,
        retry_after_s: None,
        rate_headers: false,
        window: Window::TokenBucket,
        ..Options::default()
    })
    .await;
    assert_eq!(client.get("/users/me").await.header("ratelimit-limit"), None);
    let refused = client.get("/users/me").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, None));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_refused_and_counts_for_nothing() {
    let mut client =
        Client::with(Options { requests_per_second: Some(1), ..Options::default() }).await;
    let good = std::mem::replace(&mut client.token, "wrong".to_owned());
    for _ in 0..3 {
        assert_eq!(client.get("/users/me").await.status, 403);
    }
    client.token = good;
    assert_eq!(client.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn the_checks_run_in_order() {
    let client = Client::unlimited().await;
    assert_eq!(client.get("/nowhere").await.status, 404);
    assert_eq!(
        client.send("GET", "/ecomOrders", None).await.unwrap().status,
        404,
        "outside /api/3"
    );
    assert_eq!(client.post("/ecomOrders", &json!({"order": {}})).await.status, 400);
    assert_eq!(client.put("/ecomOrders", &order("1")).await.status, 405);
    assert_eq!(client.delete("/ecomOrderProducts/1").await.status, 405);
    assert_eq!(client.get("/").await.status, 200);
    let answer = client.get("/users/me").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-id"), Some("sim-00000007"));
}

#[tokio::test(start_paused = true)]
async fn answers_take_their_time() {
    let latency = Latency::Fixed { ms: 440 };
    let client = Client::with(Options { latency, jitter_ms: 20, ..Options::default() }).await;
    let before = tokio::time::Instant::now();
    client.get("/users/me").await;
    assert!(before.elapsed() >= Duration::from_millis(440));
}

#[tokio::test]
async fn options_without_sense_are_named() {
    for (options, named) in [
        (Options { token: String::new(), ..Options::default() }, "token"),
        (Options { requests_per_second: Some(0), ..Options::default() }, "limit of 0"),
        (Options { time_zone: "Mars/Base".to_owned(), ..Options::default() }, "Mars/Base"),
    ] {
        let error = Simulator::start(options).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn stopping_frees_the_port() {
    // A freed port may be reused by another test immediately, but not every time.
    for _ in 0..20 {
        let client = Client::unlimited().await;
        let address = client.simulator.url().trim_start_matches("http://").to_owned();
        client.get("/users/me").await;
        client.simulator.stop().await;
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return;
        }
    }
    panic!("each time somebody listened on the port afterwards");
}
