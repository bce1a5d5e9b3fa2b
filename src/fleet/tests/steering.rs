//! Draining and evicting nodes, and accounts that don't belong to the fleet.

use super::postgres::Postgres;
use crate::fleet::{FleetError, Pace, Renewal, drain, evict_account};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_takes_nothing_and_no_node_takes_an_exported_account() {
    let postgres = Postgres::start();
    postgres.fleet(&["a", "b"]).await;
    postgres
        .psql(
            "UPDATE ordersync.accounts SET exported = 0 WHERE name = 'b';
             INSERT INTO ordersync.nodes (name, host, since, seen_at, lost_after_ms)
                 VALUES ('one', 'host', now(), now(), 1000)",
        )
        .unwrap();
    let (node, all) = (postgres.node("one", 60_000), ["a", "b"]);
    drain(&postgres.database(), &["one".to_owned()], true).await.unwrap();
    assert!(node.take(&all, 9).await.unwrap().is_empty());
    drain(&postgres.database(), &["one".to_owned()], false).await.unwrap();
    let taken = node.take(&all, 9).await.unwrap();
    assert_eq!(taken.iter().map(|lease| &lease.account).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evicted_node_writes_nothing_and_what_it_may_still_send_is_looked_up() {
    let postgres = Postgres::start();
    postgres.fleet(&["a"]).await;
    let (one, two) = (postgres.node("one", 60_000), postgres.node("two", 60_000));
    let lease = one.take(&["a"], 1).await.unwrap().remove(0);
    let evicted = evict_account(&postgres.database(), "a").await.unwrap().unwrap();
    assert!(evicted.left > Duration::from_secs(30), "{evicted:?}");
    let renewal = Renewal { account: "a".to_owned(), fence: lease.fence, pace: Pace::default() };
    assert!(one.renew(&[renewal]).await.unwrap().is_empty());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a ledger").unwrap();
    let written = postgres.copies().write(&lease, 1, file.path(), Instant::now()).await;
    assert!(matches!(written, Err(FleetError::Lost { .. })), "{written:?}");
    let next = two.take(&["a"], 1).await.unwrap().remove(0);
    assert!(next.fence > lease.fence);
    // The whole lease, though it was taken early.
    assert!(next.handover.unrecorded >= Duration::from_secs(59), "{:?}", next.handover);
    assert!(evict_account(&postgres.database(), "b").await.unwrap().is_none());
}
