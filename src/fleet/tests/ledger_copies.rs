use super::postgres::Postgres;
use crate::domain::RemoteId;
use crate::fleet::copier::Copier;
use crate::fleet::{Accounts, CopyHead, FleetError, Lease};
use crate::state::{SeenConnection, Store};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

async fn take(node: &Accounts) -> Lease {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(lease) = node.take(&["a"], 1).await.unwrap().pop() {
            return lease;
        }
        assert!(Instant::now() < deadline, "a never became free");
    }
}

/// A file that does not compress well, of more than one chunk.
fn file(dir: &Path, seed: u64, len: usize) -> PathBuf {
    let mut random = fastrand::Rng::with_seed(seed);
    let path = dir.join(format!("{seed}.db"));
    std::fs::write(&path, (0..len).map(|_| random.u8(..)).collect::<Vec<u8>>()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_read_back_unchanged_and_replaces_the_previous_one() {
    let (postgres, dir) = (Postgres::start(), tempfile::tempdir().unwrap());
    postgres.fleet(&["a"]).await;
    let (copies, one) = (postgres.copies(), postgres.node("one", 60_000));
    let lease = take(&one).await;
    assert_eq!(lease.handover.copy, None);
    for (number, len) in [(1, 3_000_000), (2, 0), (3, 1024 * 1024)] {
        let written = file(dir.path(), number, len);
        let head = copies.write(&lease, number as i64, &written, Instant::now()).await.unwrap();
        let read = dir.path().join("read.db");
        copies.read("a", &head, &read).await.unwrap();
        assert_eq!(std::fs::read(&read).unwrap(), std::fs::read(&written).unwrap());
    }
    let chunks = postgres.psql("SELECT count(*) FROM ordersync.copy_chunks").unwrap();
    assert_eq!(chunks, "1", "only the newest is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_its_lease_writes_no_copy() {
    let (postgres, dir) = (Postgres::start(), tempfile::tempdir().unwrap());
    postgres.fleet(&["a"]).await;
    let copies = postgres.copies();
    let older = take(&postgres.node("one", 200)).await;
    let (old, new) = (file(dir.path(), 1, 10_000), file(dir.path(), 2, 10_000));
    copies.write(&older, 1, &old, Instant::now()).await.unwrap();
    let newer = take(&postgres.node("two", 60_000)).await;
    assert_eq!(newer.handover.copy.as_ref().map(|head| (head.fence, head.number)), Some((1, 1)));
    let head = copies.write(&newer, 1, &new, Instant::now()).await.unwrap();
    let late = copies.write(&older, 2, &old, Instant::now()).await.unwrap_err();
    assert!(matches!(late, FleetError::Lost { .. }), "{late}");
    // The triggers refuse it too, without our client.
    for statement in [
        "INSERT INTO ordersync.copy_chunks VALUES ('a', 1, 9, 0, '')",
        "UPDATE ordersync.accounts SET copy_fence = 1",
        "UPDATE ordersync.accounts SET fence = 1",
    ] {
        let refused = postgres.psql(statement).unwrap_err();
        assert!(refused.contains("lease"), "{statement}: {refused}");
    }
    let read = dir.path().join("read.db");
    copies.read("a", &head, &read).await.unwrap();
    assert_eq!(std::fs::read(&read).unwrap(), std::fs::read(&new).unwrap());
}

/// The number of lookups after a loss grows with the time for which the copy may be incomplete.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_nothing_was_written_to_is_not_copied_again_and_holds_all_until_now() {
    let (postgres, dir) = (Postgres::start(), tempfile::tempdir().unwrap());
    postgres.fleet(&["a"]).await;
    let copies = postgres.copies();
    let lease = take(&postgres.node("one", 60_000)).await;
    let mut copier = Copier::new(&copies, dir.path(), &lease, Duration::from_secs(15));
    let age = || {
        postgres.psql("UPDATE ordersync.accounts SET exact_at = now() - interval '1 h'").unwrap();
    };
    let now = || {
        let newest =
            "SELECT exact_at > now() - interval '1 min', copy_number FROM ordersync.accounts";
        postgres.psql(newest).unwrap()
    };
    let write = |id| {
        let mut store = Store::open(dir.path(), "a").unwrap();
        store
            .record_connection(&SeenConnection {
                service: "shopify".to_owned(),
                externalid: "store".to_owned(),
                id: RemoteId::new(id),
                is_empty: true,
            })
            .unwrap();
    };
    write("7");
    assert!(copier.finish().await);
    assert_eq!(now(), "t|1");
    age();
    assert!(copier.finish().await);
    assert_eq!(now(), "t|1", "as nothing was sent since");
    age();
    write("8");
    assert!(copier.finish().await);
    assert_eq!(now(), "t|2");
    postgres.psql("UPDATE ordersync.accounts SET fence = fence + 1").unwrap();
    assert!(!copier.finish().await, "another node may have sent something");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_damaged_is_not_used() {
    let (postgres, dir) = (Postgres::start(), tempfile::tempdir().unwrap());
    postgres.fleet(&["a"]).await;
    let copies = postgres.copies();
    let lease = take(&postgres.node("one", 60_000)).await;
    let written = file(dir.path(), 1, 2_500_000);
    let head = copies.write(&lease, 1, &written, Instant::now()).await.unwrap();
    let read = async |head: &CopyHead| {
        copies.read("a", head, &dir.path().join("read.db")).await.unwrap_err()
    };
    let other = CopyHead { hash: vec![0; 32], ..head.clone() };
    assert!(matches!(read(&other).await, FleetError::Damaged { .. }));
    postgres
        .psql("UPDATE ordersync.copy_chunks SET bytes = substr(bytes, 1, 9) WHERE position = 1")
        .unwrap();
    assert!(matches!(read(&head).await, FleetError::Damaged { .. }));
    postgres.psql("DELETE FROM ordersync.copy_chunks WHERE position = 1").unwrap();
    assert!(matches!(read(&head).await, FleetError::Damaged { .. }));
}
