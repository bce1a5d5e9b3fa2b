use super::*;
use crate::domain::{Fingerprint, OrderKey, RemoteId};
use crate::state::{Kind, OrderIntent, OrderOutcome, RunStart, Settled, Settlement};

impl SeenConnection {
    /// A connection for tests, with this id.
    pub(crate) fn example(id: &str) -> Self {
        let (service, externalid) = ("shopify".to_owned(), "store".to_owned());
        Self { service, externalid, id: RemoteId::new(id), is_empty: true }
    }
}

fn start() -> RunStart<'static> {
    RunStart { job: "shop", kind: Kind::Backfill, export: [1; 16], mapping: "" }
}

#[test]
fn the_last_runs_that_wrote_and_that_finished_are_found_however_many_followed_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "main").unwrap();
    let add = "INSERT INTO runs (job, kind, export, started_ms, ended_ms, outcome, created)
               VALUES ('shop', 'sync', x'', ?1, ?1 + 5, ?2, ?3)";
    store.db.run(add, params![10, "finished", 3]).unwrap();
    for started_ms in 20..80 {
        store.db.run(add, params![started_ms, "failed", 0]).unwrap();
    }
    assert_eq!(store.last_write_ms("shop").unwrap(), Some(15));
    assert_eq!(store.last_load("shop").unwrap().map(|run| run.started_ms), Some(10));
    assert_eq!(store.last_write_ms("other").unwrap(), None);
}

/// In a separate process, so that its memory can be measured.
#[test]
fn many_ledgers_together_stay_within_their_memory_limit() {
    const ALONE: &str = "ORDERSYNC_TEST_ALONE";
    const NAME: &str = "state::store::tests::many_ledgers_together_stay_within_their_memory_limit";
    if std::env::var_os(ALONE).is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", NAME]).env(ALONE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "main").unwrap();
    let fill = "CREATE TABLE pages AS WITH RECURSIVE n (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500) SELECT zeroblob(3000) AS page FROM n";
    store.db.execute_batch(fill).unwrap();
    let views: Vec<View> = (0..64).map(|_| store.view().unwrap()).collect();
    for view in &views {
        let read: u64 = view.db.one("SELECT sum(length(page)) FROM pages", []).unwrap();
        assert_eq!(read, 2500 * 3000);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let resident: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(resident < (LEDGERS_BYTES >> 10) + (64 << 10), "{resident} KiB");
}

#[test]
fn below_the_floor_nothing_new_is_noted_and_what_is_under_way_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), "main").unwrap();
    let connection = store.record_connection(&SeenConnection::example("7")).unwrap();
    let run = store.begin(&start()).unwrap().id;
    let intent = || {
        let key = OrderKey::parse("1").unwrap();
        OrderIntent {
            key,
            fingerprint: Some(Fingerprint::from_i64(1)),
            customer: Some([7; 12]),
            cart: None,
        }
    };
    store.floor = Floor { min_bytes: 1000, free: |_| Some(1000) };
    store.intend_orders(run, connection, &[intent()]).unwrap();
    store.floor.free = |_| Some(999);
    let refused = [
        store.intend_orders(run, connection, &[intent()]).unwrap_err(),
        store.intend_customer(connection, &[8; 12]).unwrap_err(),
        store.begin(&start()).unwrap_err(),
        store.begin_undo(run, connection).unwrap_err(),
        store.intend_delete(connection, "1").unwrap_err(),
    ];
    for error in refused {
        assert!(
            matches!(error, StateError::LowDisk { free_bytes: 999, min_bytes: 1000, .. }),
            "{error}"
        );
    }
    let settled = Settlement { active_ms: 7, ..Settlement::default() };
    store.settle(run, 0, &settled).unwrap();
    assert_eq!(store.run(run).unwrap().unwrap().active_ms, 7);
}

#[test]
fn an_accepted_update_of_a_known_order_is_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), "main").unwrap();
    let connection = store.record_connection(&SeenConnection::example("7")).unwrap();
    let run = store.begin(&start()).unwrap().id;
    let mut settle = |key: &str, outcome| {
        let (key, fingerprint) = (OrderKey::parse(key).unwrap(), Fingerprint::from_i64(1));
        let orders = vec![Settled { key, fingerprint, outcome, digest: None }];
        store.settle(run, connection, &Settlement { orders, ..Settlement::default() }).unwrap();
        store.orders_listed(connection).unwrap()
    };
    let accepted = |is_new| OrderOutcome::Accepted { is_new, batch: 1 };
    let created = OrderOutcome::Created(RemoteId::new("7"));
    let listed = [settle("A", created), settle("A", accepted(false)), settle("B", accepted(true))];
    assert_eq!(listed, [1, 1, 2]);
}

#[test]
fn a_transaction_that_reads_first_waits_for_the_write_lock() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), "main").unwrap();
    let other = Connection::open(&store.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The other one releases the lock after the wait begins.
    let wait = move |_| other.execute_batch("ROLLBACK").is_ok();
    store.view.db.busy_handler(Some(wait)).unwrap();
    store.begin(&start()).unwrap();
}

#[test]
fn a_copy_of_the_file_alone_during_a_run_lacks_its_last_moments_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), "main").unwrap();
    for n in 0..300 {
        store.record_connection(&SeenConnection::example(&n.to_string())).unwrap();
    }
    std::fs::copy(dir.path().join("main.db"), dir.path().join("copy.db")).unwrap();
    let copy = View::open(dir.path(), "copy").unwrap();
    let sql = "SELECT count(*) FROM connections";
    let copied: i64 = copy.db.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!((200..=300).contains(&copied), "{copied} of 300");
}

#[test]
fn a_file_of_the_version_before_is_brought_up_to_date_and_one_of_a_newer_version_is_refused() {
    let path = Path::new("main.db");
    let mut db = Connection::open_in_memory().unwrap();
    let migrations = ["CREATE TABLE first (n);", "ALTER TABLE first ADD COLUMN m DEFAULT 7;"];
    apply(&migrations[..1], &mut db, path).unwrap();
    db.execute("INSERT INTO first (n) VALUES (1)", []).unwrap();
    for _ in 0..2 {
        apply(&migrations, &mut db, path).unwrap();
    }
    let row = db.query_row("SELECT n, m FROM first", [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(row.unwrap(), (1, 7));
    assert_eq!(version(&db).unwrap(), 2);
    let newer = apply(&migrations[..1], &mut db, path).unwrap_err();
    assert!(matches!(newer, StateError::Newer { found: 2, known: 1, .. }), "{newer}");
}
