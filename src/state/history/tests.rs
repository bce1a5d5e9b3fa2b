use super::*;
use crate::domain::{Fingerprint, RemoteId};
use crate::state::OrderIntent;
use crate::state::{Kind, OrderOutcome, RunStart, SeenConnection, Settled, Settlement};

struct Ledger {
    store: Store,
    connection: ConnectionId,
    run: RunId,
    dir: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        let start = RunStart { job: "shop", kind: Kind::Backfill, export: [1; 16], mapping: "" };
        let run = store.begin(&start).unwrap().id;
        store.set_connection(run, connection).unwrap();
        Self { store, connection, run, dir }
    }

    fn create(&mut self, keys: impl Iterator<Item = u64>) {
        let mut orders = Vec::new();
        for number in keys {
            let key = key(&number.to_string());
            let outcome = OrderOutcome::Created(RemoteId::new((number % 9_000_000).to_string()));
            orders.push(Settled {
                key,
                fingerprint: Fingerprint::from_i64(1),
                outcome,
                digest: None,
            });
        }
        let settlement = Settlement { orders, ..Settlement::default() };
        self.store.settle(self.run, self.connection, &settlement).unwrap();
    }

    fn history(&self, of: &str) -> Vec<Remembered> {
        self.store.view().unwrap().history(self.connection, &key(of)).unwrap()
    }
}

fn key(text: &str) -> OrderKey {
    OrderKey::parse(text).unwrap()
}

/// 0: no answer came.
fn failed(status: u16) -> Attempt {
    let (disposition, code) = ("again".to_owned(), Some("answer_cut".to_owned()));
    let answer = Answer::Failed { disposition, status: (status > 0).then_some(status), code };
    Attempt::new(Operation::Create, answer, None)
}

#[test]
fn a_run_is_unanswered_from_the_first_failure_after_the_last_answer_on() {
    let mut ledger = Ledger::new();
    let (run, connection) = (ledger.run, ledger.connection);
    let unanswered = |ledger: &Ledger| ledger.store.view().unwrap().unanswered_since(run).unwrap();
    let answered = Attempt::found(Operation::LookUp, None);
    let told = [(&answered, 100), (&failed(503), 110), (&failed(0), 120), (&failed(0), 130)];
    for (n, (attempt, at_s)) in told.into_iter().enumerate() {
        assert_eq!(unanswered(&ledger), None, "{n}");
        ledger.store.note(run, connection, "7", attempt).unwrap();
        let sql = "UPDATE history SET at_s = ?1 WHERE n = ?2";
        ledger.store.db.run(sql, params![at_s, n as i64 + 1]).unwrap();
    }
    assert_eq!(unanswered(&ledger), Some(110_000));
    ledger.create(7..8);
    assert_eq!(unanswered(&ledger), None);
}

#[test]
fn questions_and_answers_are_reported_in_order() {
    let mut ledger = Ledger::new();
    let (run, connection) = (ledger.run, ledger.connection);
    for attempt in [failed(503), Attempt::found(Operation::LookUp, None)] {
        ledger.store.note(run, connection, "7", &attempt).unwrap();
    }
    ledger.create(7..8);
    let history = ledger.history("7");
    let output: Vec<_> = history.iter().map(|past| past.attempt.clone()).collect();
    let done = Attempt::done(Operation::Create, Some(RemoteId::new("7")));
    assert_eq!(output, [failed(503), Attempt::found(Operation::LookUp, None), done]);
    assert!(history.iter().all(|past| past.run == run && past.at_ms > 1_700_000_000_000));
    assert_eq!(ledger.history("8"), []);
}

#[test]
fn the_first_attempt_and_the_last_nine_are_kept() {
    let mut ledger = Ledger::new();
    for status in 500..530 {
        ledger.store.note(ledger.run, ledger.connection, "7", &failed(status)).unwrap();
    }
    let kept: Vec<u64> = ledger.history("7").iter().map(|past| past.n).collect();
    assert_eq!(kept, [1, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    let answers: i64 = ledger.store.db.one("SELECT count(*) FROM answers", []).unwrap();
    assert_eq!(answers, 10, "the answers of the others are gone too");
}

/// The disk space of an order's history, as written by a backfill.
#[test]
fn the_history_of_an_order_takes_less_than_thirty_bytes() {
    const ORDERS: u64 = 20_000;
    let mut ledger = Ledger::new();
    let size = |ledger: &Ledger| {
        ledger.store.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        std::fs::metadata(ledger.dir.path().join("main.db")).unwrap().len()
    };
    for chunk in 0..ORDERS / 1000 {
        let from = 5_012_345_678_901 + chunk * 1000;
        ledger.create(from..from + 1000);
    }
    let with = size(&ledger);
    ledger.store.db.execute_batch("DELETE FROM history; VACUUM").unwrap();
    let without = size(&ledger);
    let bytes = (with - without) / ORDERS;
    assert!(bytes < 30, "{bytes} bytes an order");
}

#[test]
fn a_verification_is_reported_as_older_once_the_order_is_sent_again() {
    let mut ledger = Ledger::new();
    ledger.create(7..9);
    let (run, connection) = (ledger.run, ledger.connection);
    let by = ledger.store.begin_verification("shop", connection, None).unwrap();
    ledger
        .store
        .note_compared(by, connection, &[(key("7"), 2), (key("8"), 0), (key("9"), 0)])
        .unwrap();
    let verified = |ledger: &Ledger, of| {
        let found = ledger.store.view().unwrap().verified(connection, &key(of)).unwrap();
        found.map(|found| (found.by.id, found.differs, found.is_written_since))
    };
    assert_eq!(
        (verified(&ledger, "7"), verified(&ledger, "8")),
        (Some((by, 2, false)), Some((by, 0, false)))
    );
    assert_eq!(verified(&ledger, "9"), None, "the ledger does not have it");
    for _ in 0..2 {
        let fingerprint = Some(Fingerprint::from_i64(2));
        let intent = OrderIntent { key: key("7"), fingerprint, customer: None, cart: None };
        ledger.store.intend_orders(run, connection, &[intent]).unwrap();
    }
    assert_eq!(
        (verified(&ledger, "7"), verified(&ledger, "8")),
        (Some((by, 2, true)), Some((by, 0, false)))
    );
    let view = ledger.store.view().unwrap();
    assert_eq!(view.last_verification("shop").unwrap(), None, "it did not come to its end");
    drop(view);
    ledger.store.end_verification(by, &crate::state::VerificationSums::default()).unwrap();
    assert_eq!(
        ledger.store.view().unwrap().last_verification("shop").unwrap().map(|row| row.id),
        Some(by)
    );
}

#[test]
fn the_holder_of_the_lock_resumes_runs_without_an_outcome() {
    let ledger = Ledger::new();
    let (run, dir) = (ledger.run, ledger.dir);
    drop(ledger.store);
    let mut store = Store::open(dir.path(), "main").unwrap();
    assert_eq!(store.run(run).unwrap().unwrap().outcome, Some(crate::state::RunEnd::Interrupted));
    let start = RunStart { job: "shop", kind: Kind::Backfill, export: [1; 16], mapping: "" };
    assert_eq!(store.begin(&start).unwrap().id, run);
}
