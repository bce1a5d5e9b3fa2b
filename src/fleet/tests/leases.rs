use super::postgres::Postgres;
use super::registration;
use crate::fleet::accounts::Handover;
use crate::fleet::{FleetError, Lease, Pace, Released, Renewal};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn held(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.account.as_str()).collect()
}

fn renewal(lease: &Lease, pace: Pace) -> Renewal {
    Renewal { account: lease.account.clone(), fence: lease.fence, pace }
}

fn ended(due: Duration) -> Released {
    Released { due, is_exact: true, pace: Pace::default() }
}

/// Takes one account as soon as its lease is free.
async fn take_in_time(node: &crate::fleet::Accounts, name: &str) -> Lease {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(lease) = node.take(&[name], 1).await.unwrap().pop() {
            return lease;
        }
        assert!(Instant::now() < deadline, "{name} never became free");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_has_one_holder_and_what_is_due_longest_comes_first() {
    let postgres = Postgres::start();
    postgres.fleet(&["a", "b", "c", "d"]).await;
    postgres
        .psql("UPDATE ordersync.accounts SET due_at = now() - interval '1 h' WHERE name = 'c'")
        .unwrap();
    let (one, two) = (postgres.node("one", 60_000), postgres.node("two", 60_000));
    let all = ["a", "b", "c", "d"];
    let first = one.take(&all, 1).await.unwrap();
    assert_eq!(held(&first), ["c"]);
    assert!(two.take(&["c"], 1).await.unwrap().is_empty(), "held by another");
    assert_eq!(two.take(&["a", "x"], 5).await.unwrap().len(), 1, "only what it knows");
    let far = Released { due: Duration::from_secs(3600), ..ended(MS) };
    one.release(&first[0], far).await.unwrap();
    assert_eq!(two.take(&all, 9).await.unwrap().len(), 2, "what is not due is not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_take_at_once_share_without_waiting() {
    let postgres = Postgres::start();
    let all: Vec<String> = (0..40).map(|n| format!("a{n:02}")).collect();
    postgres.fleet(&refs(&all)).await;
    let takes = (0..8).map(|n| {
        let (node, all) = (postgres.node(&format!("n{n}"), 60_000), all.clone());
        tokio::spawn(async move { node.take(&refs(&all), 5).await.unwrap() })
    });
    let mut taken: Vec<String> = Vec::new();
    for take in takes.collect::<Vec<_>>() {
        taken.extend(take.await.unwrap().into_iter().map(|lease| lease.account));
    }
    taken.sort();
    let mut once = taken.clone();
    once.dedup();
    assert_eq!(taken, once, "no account twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_leaves_others_their_share_unless_they_have_no_room() {
    let postgres = Postgres::start();
    let all: Vec<String> = (0..12).map(|n| format!("a{n:02}")).collect();
    postgres.fleet(&refs(&all)).await;
    let known = "INSERT INTO ordersync.nodes (name, host, since, seen_at, lost_after_ms, is_draining)
        VALUES ('one', 'h', now(), now(), 60000, false), ('two', 'h', now(), now(), 60000, false),
            ('lost', 'h', now(), now() - interval '1 h', 60000, false), ('drained', 'h', now(), now(), 60000, true)";
    postgres.psql(known).unwrap();
    let (one, two) = (postgres.node("one", 60_000), postgres.node("two", 60_000));
    assert_eq!(one.take(&refs(&all), 500).await.unwrap().len(), 6, "half, of two that work");
    assert_eq!(two.take(&refs(&all), 2).await.unwrap().len(), 2, "all that it has room for");
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(one.take(&refs(&all), 500).await.unwrap().len());
    }
    assert_eq!(taken, [2, 1, 1], "what is left, bit by bit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_renewed_stays_and_one_that_expires_is_lost() {
    let postgres = Postgres::start();
    postgres.fleet(&["a"]).await;
    let (one, two) = (postgres.node("one", 3_000), postgres.node("two", 60_000));
    let lease = take_in_time(&one, "a").await;
    let until = Instant::now() + 4_000 * MS;
    while Instant::now() < until {
        assert_eq!(one.renew(&[renewal(&lease, Pace::default())]).await.unwrap(), ["a"]);
        assert!(two.take(&["a"], 1).await.unwrap().is_empty());
    }
    let newer = take_in_time(&two, "a").await;
    assert_eq!(newer.fence, lease.fence + 1);
    assert!(one.renew(&[renewal(&lease, Pace::default())]).await.unwrap().is_empty());
    let late = one.release(&lease, ended(MS)).await.unwrap_err();
    assert!(matches!(late, FleetError::Lost { .. }), "{late}");
    assert_eq!(two.renew(&[renewal(&newer, Pace::default())]).await.unwrap(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pace_travels_and_so_does_what_may_be_unrecorded() {
    let postgres = Postgres::start();
    postgres.fleet(&["a"]).await;
    let (one, two) = (postgres.node("one", 500), postgres.node("two", 60_000));
    let lease = take_in_time(&one, "a").await;
    assert_eq!((lease.handover.unrecorded, lease.handover.pace), (Duration::ZERO, Pace::default()));
    let pace = Pace { sent: Some(20 * MS), pause: Some(Duration::from_secs(90)) };
    one.renew(&[renewal(&lease, pace)]).await.unwrap();
    // A report without news deletes nothing.
    one.renew(&[renewal(&lease, Pace::default())]).await.unwrap();
    let lease = take_in_time(&two, "a").await;
    let handover = &lease.handover;
    let (sent, pause) = (handover.pace.sent.unwrap(), handover.pace.pause.unwrap());
    assert!(sent >= 20 * MS && sent < Duration::from_secs(20), "{sent:?}");
    assert!(pause > Duration::from_secs(60) && pause < Duration::from_secs(90), "{pause:?}");
    assert!(handover.unrecorded >= 500 * MS, "the whole lease: {:?}", handover.unrecorded);
    two.release(&lease, ended(Duration::ZERO)).await.unwrap();
    let lease = take_in_time(&one, "a").await;
    assert_eq!(lease.handover.unrecorded, Duration::ZERO, "it ended in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_schedules_change_is_due_at_once() {
    let postgres = Postgres::start();
    postgres.fleet(&["a"]).await;
    let node = postgres.node("one", 60_000);
    let lease = take_in_time(&node, "a").await;
    node.release(&lease, ended(Duration::from_secs(3600))).await.unwrap();
    node.register(&[registration("a", 1)]).await.unwrap();
    assert!(node.take(&["a"], 1).await.unwrap().is_empty(), "as before");
    node.register(&[registration("a", 2)]).await.unwrap();
    assert_eq!(node.take(&["a"], 1).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_outlive_a_crash_of_the_database() {
    let mut postgres = Postgres::start();
    postgres.fleet(&["a"]).await;
    let node = postgres.node("one", 60_000);
    let lease = take_in_time(&node, "a").await;
    postgres.halt();
    postgres.resume();
    let deadline = Instant::now() + Duration::from_secs(20);
    let renewed = loop {
        match node.renew(&[renewal(&lease, Pace::default())]).await {
            Ok(renewed) => break renewed,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    };
    assert_eq!(renewed, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_made_once_and_a_newer_one_is_refused() {
    let postgres = Postgres::start();
    postgres.fleet(&[]).await;
    let nodes = (0..6).map(|_| {
        let database = postgres.database();
        tokio::spawn(async move { database.migrate().await })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.unwrap().unwrap();
    }
    postgres.psql("UPDATE ordersync.version SET number = 1000").unwrap();
    let error = postgres.database().migrate().await.unwrap_err();
    assert!(matches!(error, FleetError::Newer { found: 1000, .. }), "{error}");
}

#[test]
fn what_a_holder_may_have_sent_in_any_time_is_a_number_of_steps() {
    let steps = |unrecorded| {
        let pace = Pace::default();
        let handover = Handover { copy: None, unrecorded, seen: Duration::ZERO, pace };
        handover.unrecorded_steps(500.0, 1_600)
    };
    let days = |n: u64| Duration::from_secs(n * 86_400);
    assert_eq!([Duration::ZERO, 1_500 * MS].map(steps), [0, 750 + 3_200]);
    assert_eq!(steps(days(365)), u32::MAX);
}

#[tokio::test]
async fn an_address_is_quoted_nowhere() {
    for url in [
        "postgres://me:hunter2@:x/",
        "hunter2",
        "postgres://",
        "host= password=hunter2 port=hunter2",
    ] {
        let error = crate::fleet::Database::new(&url.into(), None, MS).err().unwrap().to_string();
        assert!(!error.contains("hunter2") && error.contains("fleet.url"), "{error}");
    }
    let url = "postgres://me:hunter2@127.0.0.1:1/db".into();
    let error =
        crate::fleet::Database::new(&url, None, 1000 * MS).unwrap().migrate().await.unwrap_err();
    assert!(
        matches!(error, FleetError::Unavailable(_)) && !error.to_string().contains("hunter2"),
        "{error}"
    );
}
