use super::target::{Say, Target, client, customer, json, order, turn};
use crate::activecampaign::{
    Disposition, FatalError, NewConnection, Options, Removable, RetryDecision,
};
use crate::domain::RemoteId;
use tokio::net::TcpSocket;

fn id(text: &str) -> RemoteId {
    RemoteId::new(text)
}

#[tokio::test]
async fn a_created_order_is_known_by_its_id_however_it_is_written() {
    for (status, answer) in [
        (
            201,
            r##"{"connections":[{"id":"3"}],"ecomOrder":{"id":"89","externalid":"#1001","connectionid":"3"}}"##,
        ),
        (
            200,
            r#"{"ecomOrder":{"id":89,"connectionid":3,"email":"Ann@Example.com","new":{"key":[]}},"meta":{}}"#,
        ),
        (202, r#"{"ecomOrder":{"id":89}}"#),
    ] {
        let target = Target::always(status, answer).await;
        let client = target.client();
        let created = turn(&client).await.create_order(&id("3"), &id("7"), &order()).await;
        assert_eq!(created, Ok(id("89")), "{answer}");
    }
}

#[tokio::test]
async fn a_request_carries_the_token_and_the_body_and_is_sent_once() {
    let target = Target::always(201, r#"{"ecomOrder":{"id":"89"}}"#).await;
    let client = target.client();
    turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap();
    let requests = target.requests();
    assert_eq!(requests.len(), 1);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /api/3/ecomOrders HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\napi-token: s3cret-t0ken"), "{head}");
    assert!(
        head.contains(concat!("\r\nuser-agent: ordersync/", env!("CARGO_PKG_VERSION"))),
        "{head}"
    );
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    assert!(body.starts_with(r##"{"ecomOrder":{"externalid":"#1001","source":0,"##), "{body}");
    assert!(body.ends_with(r#","connectionid":3,"customerid":7}}"#), "{body}");
}

#[tokio::test]
async fn an_answer_that_leaves_doubt_is_looked_up() {
    let long =
        format!("{{\"ecomOrder\":{{\"id\":\"1\"}},\"x\":\"{}\"}}", "y".repeat(9 * 1024 * 1024));
    type Script = fn(&str) -> Say;
    let cases: [(&str, Script); 8] = [
        ("answer_empty", |_| json(200, "")),
        ("answer_unreadable", |_| json(201, r#"{"ecomOrder":{"id":"#)),
        ("answer_web_page", |_| json(200, "<html>busy</html>")),
        ("answer_mismatch", |_| json(201, r##"{"ecomOrder":{"id":"1","externalid":"#1002"}}"##)),
        ("connection_lost", |_| Say::Cut(String::new())),
        ("answer_cut", |_| {
            Say::Cut("HTTP/1.1 201 X\r\nContent-Length: 99\r\n\r\n{\"ecom".to_owned())
        }),
        ("timed_out", |_| Say::Hang),
        ("answer_too_large", |long| json(201, long)),
    ];
    for (code, script) in cases {
        let long = long.clone();
        let target = Target::start(move |_, _| script(&long)).await;
        let client = target.client();
        let (turn, key, customer, order) = (turn(&client).await, id("3"), id("7"), order());
        let sending = turn.create_order(&key, &customer, &order);
        let failure = if code == "timed_out" {
            tokio::join!(sending, target.time_out(1)).0.unwrap_err()
        } else {
            sending.await.unwrap_err()
        };
        assert_eq!(
            (failure.disposition, failure.code.as_deref()),
            (Disposition::LookUp, Some(code))
        );
        assert_eq!(target.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn slow_heads_count_against_the_timeout_too() {
    let target = Target::start(|_, _| Say::Hang).await;
    let (client, id) = (target.client(), id("5"));
    let failure = tokio::join!(client.order(&id), target.time_out(1)).0.unwrap_err();
    assert_eq!(
        (failure.disposition, failure.code.as_deref()),
        (Disposition::Again, Some("timed_out"))
    );
}

#[tokio::test]
async fn a_refused_connection_has_carried_out_nothing() {
    // Bound, so that no other test gets the port, but not listening.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let client = client(Options { attempts_max: 1, ..Options::new(url, "t".into()) });
    let failure = turn(&client).await.create_customer(&id("3"), &customer()).await.unwrap_err();
    assert_eq!(
        (failure.disposition, failure.code.as_deref()),
        (Disposition::Again, Some("not_connected"))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_stops_everyone() {
    let target =
        Target::start(|_, _| Say::Answer(302, "Location: /elsewhere\r\n", String::new())).await;
    let client = target.client();
    let failure = turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::Stop(FatalError::Redirect));
    assert_eq!(client.turn().await.err(), Some(FatalError::Redirect));
    let read = client.connections().await.unwrap_err();
    assert_eq!(read.disposition, Disposition::Stop(FatalError::Redirect));
    assert_eq!(target.requests().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_reported_by_code_and_pointer_and_never_by_its_title() {
    let target = Target::always(
        422,
        r#"{"errors":[{"title":"ann@example.com ist vergeben","code":"duplicate","source":{"pointer":"/data/attributes/email"}}]}"#,
    )
    .await;
    let client = target.client();
    let failure = turn(&client).await.create_customer(&id("3"), &customer()).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "create_customer: ActiveCampaign answered 422 (duplicate) at /data/attributes/email; ActiveCampaign already has a record with this key"
    );
    assert!(!format!("{failure:?}").contains("example.com"));
    assert_eq!(client.traffic().dispositions.get("exists"), Some(&1));
}

#[tokio::test]
async fn a_refusal_that_cannot_be_read_is_looked_up_and_not_believed() {
    for body in ["", "<html>422</html>", r#"{"errors":[{"title":"The ecomOr"#] {
        let target = Target::always(422, body).await;
        let client = target.client();
        let failure =
            turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap_err();
        assert_eq!(
            (failure.disposition, failure.status),
            (Disposition::LookUp, Some(422)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_exists_is_not_created_twice() {
    let target = Target::always(422, r#"{"errors":[{"title":"x","code":"field_invalid"}]}"#).await;
    let new = NewConnection {
        service: "shopify".to_owned(),
        externalid: "store".to_owned(),
        name: "Store".to_owned(),
        logo_url: "https://example.com/l.png".to_owned(),
        link_url: "https://example.com".to_owned(),
    };
    let client = target.client();
    let failure = turn(&client).await.create_connection(&new).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::Exists);
    let sent = target.requests().remove(0);
    assert!(sent.ends_with(r#"{"connection":{"service":"shopify","externalid":"store","name":"Store","logoUrl":"https://example.com/l.png","linkUrl":"https://example.com"}}"#), "{sent}");
}

#[tokio::test]
async fn a_turn_held_when_the_run_must_end_sends_nothing() {
    let target = Target::always(200, "{}").await;
    let client = target.client();
    let held = turn(&client).await;
    client.0.breaker.stop(FatalError::Credentials);
    let failure = held.remove(Removable::Order, &id("89")).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::Stop(FatalError::Credentials));
    assert_eq!(failure.status, None);
    assert!(target.requests().is_empty());
    assert_eq!(client.traffic().total, 0);
}

#[tokio::test]
async fn workers_share_one_client_and_its_counts() {
    let target = Target::always(201, r#"{"ecomOrder":{"id":"89"}}"#).await;
    let client = target.client();
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let found = client.order(&id("89")).await;
                let created = turn(&client).await.create_order(&id("3"), &id("7"), &order()).await;
                found.is_ok() && created.is_ok()
            })
        })
        .collect();
    for worker in workers {
        assert!(worker.await.unwrap());
    }
    assert_eq!(client.traffic().total, 12);
    assert_eq!(target.requests().len(), 12);
}

#[tokio::test]
async fn an_update_and_a_delete_name_their_order() {
    let target = Target::start(|number, _| match number {
        0 => {
            json(200, r#"{"ecomOrderProducts":[],"ecomOrder":{"id":"89"},"contactConversions":[]}"#)
        }
        1 => json(200, r#"{"ecomOrder":{"id":"90"}}"#),
        2 => json(200, "{}"),
        _ => json(404, r#"{"message":"No Result found for EcomOrder with id 89"}"#),
    })
    .await;
    let client = target.client();
    let order = order();
    turn(&client).await.update_order(&id("89"), &id("3"), Some(&id("7")), &order).await.unwrap();
    let other = turn(&client)
        .await
        .update_order(&id("89"), &id("3"), Some(&id("7")), &order)
        .await
        .unwrap_err();
    assert_eq!(other.disposition, Disposition::LookUp);
    turn(&client).await.remove(Removable::Order, &id("89")).await.unwrap();
    let gone = turn(&client).await.remove(Removable::Order, &id("89")).await.unwrap_err();
    assert_eq!(gone.disposition, Disposition::Gone);
    let lines: Vec<_> = target
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(lines[1], "PUT /api/3/ecomOrders/89 HTTP/1.1");
    assert_eq!(lines[2], "DELETE /api/3/ecomOrders/89 HTTP/1.1");
    assert_eq!(client.traffic().total, 4);
}

#[tokio::test]
async fn five_403s_in_a_row_are_a_bad_token_and_one_is_not() {
    let target = Target::start(|number, _| {
        if number == 1 { json(200, r#"{"ecomOrder":{"id":"89"}}"#) } else { json(403, "") }
    })
    .await;
    let client = client(Options { attempts_max: 8, ..target.options() });
    let mut dispositions = Vec::new();
    for _ in 0..7 {
        let sent = turn(&client).await.create_order(&id("3"), &id("7"), &order()).await;
        dispositions.push(sent.map_err(|failure| failure.disposition).err());
    }
    let again = Some(Disposition::Again);
    assert_eq!(
        dispositions,
        [again, None, again, again, again, again, Some(Disposition::Stop(FatalError::Credentials))]
    );
    assert_eq!(client.turn().await.err(), Some(FatalError::Credentials));
}

#[tokio::test]
async fn a_target_that_only_fails_is_unavailable() {
    let target = Target::always(502, "<html></html>").await;
    let client = target.client();
    let mut last = None;
    for sent in 1..=10 {
        let failure =
            turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap_err();
        assert_eq!(failure.disposition == Disposition::LookUp, sent < 10, "{sent}");
        last = Some(failure.disposition);
    }
    let unavailable =
        FatalError::Unavailable { retry_after: None, cause: "a web page in place of a response" };
    assert_eq!(last, Some(Disposition::Stop(unavailable)));
    assert_eq!(client.turn().await.err(), Some(unavailable));
}

#[tokio::test]
async fn maintenance_of_hours_ends_the_run_and_a_429_does_not() {
    let target = Target::start(|number, _| match number {
        0 => Say::Answer(429, "Retry-After: 0\r\n", String::new()),
        _ => Say::Answer(503, "Retry-After: 7200\r\n", String::new()),
    })
    .await;
    let client = target.client();
    let throttled =
        turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap_err();
    assert_eq!(throttled.disposition, Disposition::Throttled);
    assert!(
        matches!(client.retry().after(&throttled), RetryDecision::After(delay) if delay.is_zero())
    );
    let traffic = client.traffic();
    assert_eq!((traffic.throttled, traffic.retried), (1, 0));
    assert!(traffic.paused_ms >= 990, "{}", traffic.paused_ms);
    let unavailable =
        turn(&client).await.create_order(&id("3"), &id("7"), &order()).await.unwrap_err();
    assert!(
        matches!(unavailable.disposition, Disposition::Stop(FatalError::Unavailable { retry_after: Some(wait), .. }) if wait.as_secs() == 7200)
    );
}
