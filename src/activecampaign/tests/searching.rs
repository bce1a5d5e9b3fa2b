use super::target::{Say, Target, client, json};
use crate::activecampaign::{Disposition, Options};
use crate::domain::{CustomerKey, Email, OrderKey, RemoteId};

fn connection() -> RemoteId {
    RemoteId::new("3")
}

fn key(text: &str) -> OrderKey {
    OrderKey::parse(text).unwrap()
}

/// A page of orders of our connection whose keys are their ids, newest first.
fn page(ids: std::ops::Range<u32>, total: u32) -> String {
    let orders: Vec<_> = ids
        .rev()
        .map(|id| format!(r#"{{"id":"{id}","externalid":"K{id}","connectionid":"3"}}"#))
        .collect();
    format!(r#"{{"ecomOrders":[{}],"meta":{{"total":"{total}"}}}}"#, orders.join(","))
}

fn offset(request: &str) -> u32 {
    let after = request.split_once("offset=").unwrap().1;
    after.split([' ', '&']).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_order_is_found_by_exactly_its_key_in_its_connection() {
    let target = Target::always(
        200,
        r##"{"ecomOrders":[
            {"id":"4","externalid":"#10010","connectionid":"3"},
            {"id":"5","externalid":"#1001","connectionid":"2"},
            {"id":"100","externalid":"#1001","connectionid":"3","totalPrice":"1050","totalProducts":"2",
             "externalCreatedDate":"2024-01-31T03:11:12-06:00","customerid":"7","source":"0","currency":"EUR"},
            {"id":"99","externalid":"#1001","connectionid":3}],"meta":{"total":4}}"##,
    )
    .await;
    let client = target.client();
    let found = client.order_by_key(&connection(), &key("#1001")).await.unwrap().unwrap();
    assert_eq!(found.id, RemoteId::new("99"), "of several, the oldest");
    assert_eq!(client.order_by_key(&connection(), &key("#100")).await.unwrap(), None);
    let line = target.requests()[0].lines().next().unwrap().to_owned();
    assert_eq!(
        line,
        "GET /api/3/ecomOrders?filters[connectionid]=3&filters[externalid]=%231001&orders[id]=DESC&limit=100&offset=0 HTTP/1.1"
    );
}

#[tokio::test]
async fn an_order_is_read_with_what_verification_compares() {
    let target = Target::always(
        200,
        r##"{"ecomOrder":{"id":"100","externalid":"#1001","externalcheckoutid":null,"connectionid":"3","customerid":"7",
            "email":"ann@example.com","currency":"EUR","totalPrice":"1050","totalProducts":"2","source":"0",
            "externalCreatedDate":"2024-01-31T03:11:12-06:00"}}"##,
    )
    .await;
    let order = target.client().order(&RemoteId::new("100")).await.unwrap().unwrap();
    assert_eq!((order.total_minor, order.products, order.source), (Some(1050), Some(2), Some(0)));
    assert_eq!((order.customer.as_str(), order.externalcheckoutid.as_str()), ("7", ""));
    let utc = order.created_at.unwrap().timestamp().to_string();
    assert_eq!(utc, "2024-01-31T09:11:12Z");
}

#[tokio::test]
async fn a_deleted_order_is_absent_and_another_order_is_an_error() {
    let target =
        Target::always(404, r#"{"message":"No Result found for EcomOrder with id 9"}"#).await;
    assert_eq!(target.client().order(&RemoteId::new("9")).await, Ok(None));
    let target = Target::always(200, r#"{"ecomOrder":{"id":"8"}}"#).await;
    let failure = target.client().order(&RemoteId::new("9")).await.unwrap_err();
    assert_eq!(failure.code.as_deref(), Some("answer_mismatch"));
}

#[tokio::test]
async fn if_filters_are_ignored_the_list_is_read_on() {
    let target = Target::start(|_, request| {
        let offset = offset(request);
        json(200, page(250 - 100.min(250 - offset) - offset..250 - offset, 250))
    })
    .await;
    let client = target.client();
    let found = client.order_by_key(&connection(), &key("K120")).await.unwrap().unwrap();
    assert_eq!(found.id, RemoteId::new("120"));
    assert_eq!(target.requests().len(), 2);
    assert_eq!(client.order_by_key(&connection(), &key("K999")).await.unwrap(), None);
    assert_eq!(target.requests().len(), 5);
}

#[tokio::test]
async fn a_list_whose_length_is_stated_is_read_to_its_end_however_many_others_it_has() {
    let total = 12_345;
    let target = Target::start(move |_, request| {
        let offset = offset(request).min(total);
        json(200, page(total - offset - 100.min(total - offset)..total - offset, total))
    })
    .await;
    let client = target.client();
    let found = client.order_by_key(&connection(), &key("K7")).await.unwrap().unwrap();
    assert_eq!(found.id, RemoteId::new("7"));
    assert_eq!(target.requests().len(), 124);
    assert_eq!(client.order_by_key(&connection(), &key("K99999")).await.unwrap(), None);
    let like = client.orders_like(&connection(), &key("K7"), "ann@example.com").await.unwrap();
    assert_eq!(like.len(), 1);
}

#[tokio::test]
async fn an_endless_list_never_proves_absence() {
    let endless = Target::start(|_, request| {
        let from = 1_000_000 - offset(request);
        json(200, page(from - 100..from, 1_000_000))
    })
    .await;
    let failure = endless.client().order_by_key(&connection(), &key("K1")).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::LookUp);
    assert_eq!(endless.requests().len(), 50);

    let stuck = Target::start(|_, _| json(200, page(0..100, 250))).await;
    let failure = stuck.client().order_by_key(&connection(), &key("K999")).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::LookUp);
    assert_eq!(stuck.requests().len(), 2);
}

#[tokio::test]
async fn a_search_that_gets_no_list_is_a_failure_and_not_absent() {
    for body in ["", "{}", "[]", r#"{"ecomOrders":null}"#, r#"{"ecomOrders":[{"id":"#] {
        let target = Target::start(move |_, _| json(200, body)).await;
        let failure = target.client().order_by_key(&connection(), &key("K1")).await.unwrap_err();
        assert_eq!(failure.disposition, Disposition::Again, "{body}");
    }
}

#[tokio::test]
async fn a_read_that_fails_once_is_repeated() {
    let target = Target::start(|number, _| match number {
        0 => json(500, ""),
        _ => json(200, page(1..2, 1)),
    })
    .await;
    let client = client(Options { attempts_max: 2, ..target.options() });
    assert!(client.order_by_key(&connection(), &key("K1")).await.unwrap().is_some());
    assert_eq!(client.traffic().retried, 1);
}

#[tokio::test]
async fn sums_over_an_address_and_deleted_contacts_are_not_customers() {
    let target = Target::always(
        200,
        r#"{"ecomCustomers":[
            {"id":"1","connectionid":"0","externalid":"0","email":"ann+x@example.com","connection":null},
            {"id":"2","connectionid":"3","externalid":"","email":"ann+x@example.com"},
            {"id":"3","connectionid":"4","externalid":"c3","email":"ann+x@example.com"},
            {"id":"11","connectionid":"3","externalid":"c11","email":"Ann+X@example.com"},
            {"id":"9","connectionid":"3","externalid":"c9","email":"ann+x@example.com"}]}"#,
    )
    .await;
    let client = target.client();
    let ann = Email::parse("ann+x@example.com").unwrap();
    let found = client.customer_by_email(&connection(), &ann).await.unwrap().unwrap();
    assert_eq!(found.id, RemoteId::new("9"));
    let by_key = client
        .customer_by_key(&connection(), &CustomerKey::registered("c11"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_key.id, RemoteId::new("11"));
    let mut pages = client.customers(&connection());
    assert_eq!(pages.next().await.unwrap().unwrap().records.len(), 2);
    assert!(pages.next().await.unwrap().is_none());
    let zero = RemoteId::new("0");
    assert_eq!(client.customer_by_email(&zero, &ann).await.unwrap(), None);
    let line = target.requests()[0].lines().next().unwrap().to_owned();
    assert!(line.contains("filters[email]=ann%2Bx%40example.com&"), "{line}");
}

#[tokio::test]
async fn orders_are_paged_by_what_the_target_listed_not_by_what_is_ours() {
    let target = Target::start(|_, request| match offset(request) {
        0 => json(
            200,
            r#"{"ecomOrders":[{"id":"1","connectionid":"3"},{"id":"2","connectionid":"5"}],"meta":{"total":"3"}}"#,
        ),
        2 => json(200, r#"{"ecomOrders":[{"id":"3","connectionid":"3"}],"meta":{"total":"3"}}"#),
        _ => json(200, r#"{"ecomOrders":[],"meta":{"total":"3"}}"#),
    })
    .await;
    let client = target.client();
    let mut pages = client.orders(&connection());
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!((first.records.len(), first.total), (1, Some(3)));
    assert_eq!(pages.next().await.unwrap().unwrap().records.len(), 1);
    assert!(pages.next().await.unwrap().is_none());
    assert!(target.requests()[0].contains("orders[id]=ASC"));
}

/// Orders with the ids `from` to `to`, from a list of so many.
fn orders(from: usize, to: usize, total: usize) -> Say {
    let rows = (from..=to).map(|id| format!(r#"{{"id":"{id}","connectionid":"3"}}"#));
    let rows = rows.collect::<Vec<_>>().join(",");
    json(200, format!(r#"{{"ecomOrders":[{rows}],"meta":{{"total":"{total}"}}}}"#))
}

/// The ids of all pages, up to so many of them read at once, and the requests.
async fn read_all(target: &Target, in_flight_max: usize) -> (Vec<usize>, usize) {
    let client = target.client();
    let mut pages = client.orders(&connection()).side_by_side(in_flight_max);
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        ids.extend(page.records.iter().map(|order| order.id.as_str().parse::<usize>().unwrap()));
    }
    (ids, target.requests().len())
}

#[tokio::test]
async fn pages_that_are_read_side_by_side_come_in_order_and_once() {
    for in_flight_max in [1, 3, 16] {
        for total in [0, 1, 99, 100, 101, 450] {
            let script = move |_: usize, request: &str| {
                let offset = usize::try_from(offset(request)).unwrap();
                orders(offset + 1, total.min(offset + 100), total)
            };
            let target = Target::start(script).await;
            let (ids, requests) = read_all(&target, in_flight_max).await;
            assert!(ids.iter().copied().eq(1..=total), "{total}: {ids:?}");
            assert_eq!(requests, total.div_ceil(100).max(1), "{total}, {in_flight_max}");
        }
    }
}

#[tokio::test]
async fn pages_that_come_short_or_a_list_that_grows_leave_no_gap() {
    // The second page is cut to 30 orders, and the list grows from 260 to 390 meanwhile.
    let target = Target::start(|_, request| {
        let offset = usize::try_from(offset(request)).unwrap();
        let len = if offset == 100 { 30 } else { 100 };
        orders(offset + 1, 390.min(offset + len), if offset < 200 { 260 } else { 390 })
    })
    .await;
    let (ids, _) = read_all(&target, 8).await;
    assert!(ids.iter().copied().eq(1..=390), "{ids:?}");
}

#[tokio::test]
async fn a_list_that_ignores_the_offset_ends_with_an_error() {
    // No record belongs to the connection, and no total says where the list ends.
    let rows: Vec<String> =
        (1..=100).map(|id| format!(r#"{{"id":"{id}","connectionid":"5"}}"#)).collect();
    let body = format!(r#"{{"ecomCustomers":[{0}],"ecomOrders":[{0}]}}"#, rows.join(","));
    let target = Target::start(move |_, _| json(200, &body)).await;
    let client = target.client();
    let mut orders = client.orders(&connection());
    assert!(orders.next().await.unwrap().unwrap().records.is_empty());
    assert_eq!(orders.next().await.unwrap_err().code.as_deref(), Some("list_endless"));
    let mut customers = client.customers(&connection());
    assert!(customers.next().await.unwrap().unwrap().records.is_empty());
    assert_eq!(customers.next().await.unwrap_err().code.as_deref(), Some("list_endless"));
}

#[tokio::test]
async fn a_list_that_repeats_pages_or_far_exceeds_its_total_ends_with_an_error() {
    let circle = Target::start(|_, request| {
        let from = usize::try_from(offset(request) / 100 % 3 * 100).unwrap();
        orders(from + 1, from + 100, 1_000_000)
    })
    .await;
    let made_up = Target::start(|_, request| {
        let offset = usize::try_from(offset(request)).unwrap();
        orders(offset + 1, offset + 100, offset + 200)
    })
    .await;
    for (target, pages_max) in [(circle, 4), (made_up, 110)] {
        let client = target.client();
        let mut pages = client.orders(&connection());
        let failure = loop {
            match pages.next().await {
                Ok(page) => assert!(page.is_some(), "it has an end"),
                Err(failure) => break failure,
            }
        };
        assert_eq!(failure.code.as_deref(), Some("list_endless"));
        assert!(target.requests().len() <= pages_max, "{}", target.requests().len());
    }
}

#[tokio::test]
async fn connections_without_end_are_an_error() {
    let rows = (1..=100).map(|id| format!(r#"{{"id":"{id}","service":"s","externalid":"{id}"}}"#));
    let body = format!(r#"{{"connections":[{}]}}"#, rows.collect::<Vec<_>>().join(","));
    let target = Target::start(move |_, _| json(200, &body)).await;
    let failure = target.client().connections().await.unwrap_err();
    assert_eq!(failure.code.as_deref(), Some("list_endless"));
    assert_eq!(target.requests().len(), 2);
}

#[tokio::test]
async fn a_connection_is_found_by_both_of_its_names() {
    let target = Target::always(
        200,
        r#"{"connections":[
            {"id":"1","service":"shopify","externalid":"other","name":"O","isInternal":"0","listId":null},
            {"id":"2","service":"shopify","externalid":"store","name":"S","isInternal":"1","listId":"6"}],
            "meta":{"total":"2"}}"#,
    )
    .await;
    let client = target.client();
    let found = client.connection_of("shopify", "store").await.unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.is_internal, found.list_id.as_deref()),
        ("2", true, Some("6"))
    );
    assert_eq!(client.connection_of("shopify", "none").await.unwrap(), None);
    let all = client.connections().await.unwrap();
    assert_eq!((all.len(), all[0].is_internal, all[0].list_id.clone()), (2, false, None));
}

#[tokio::test]
async fn a_connection_is_gone_if_neither_its_list_nor_its_id_shows_it() {
    for (status, body, exists) in [
        (200, r#"{"connection":{"id":"7","service":"shopify","externalid":"store"}}"#, true),
        (404, r#"{"message":"No Result found for Connection with id 7"}"#, false),
        (400, "{}", false),
    ] {
        let target = Target::start(move |_, request| match request.contains("/connections/7") {
            true => json(status, body),
            false => json(200, r#"{"connections":[],"meta":{"total":"0"}}"#),
        });
        let (client, id) = (target.await.client(), RemoteId::new("7"));
        let found = client.has_connection("shopify", "store", &id).await.unwrap();
        assert_eq!(found, exists, "{status}");
        let known = client.connection_of_known("shopify", "store", Some(&id)).await.unwrap();
        assert_eq!(known.is_some(), exists, "{status}");
    }
}

#[tokio::test]
async fn the_lines_of_an_order_are_read_once_where_they_are_not_paged() {
    let target = Target::start(|_, request| {
        assert!(request.starts_with("GET /api/3/ecomOrders/89/orderProducts?limit=100&offset="));
        let lines: Vec<_> = (1..=30)
            .map(|id| {
                format!(r#"{{"id":"{id}","externalid":"p{id}","price":"101","quantity":"2"}}"#)
            })
            .collect();
        json(200, format!(r#"{{"ecomOrderProducts":[{}]}}"#, lines.join(",")))
    })
    .await;
    let lines = target.client().products_of(&RemoteId::new("89")).await.unwrap();
    assert_eq!(lines.len(), 30);
    assert_eq!((lines[0].price_minor, lines[0].quantity), (Some(101), Some(2)));
}
