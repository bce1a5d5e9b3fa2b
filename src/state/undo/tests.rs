use super::*;
use crate::domain::{Fingerprint, LedgerEntry, OrderKey};
use crate::state::OrderIntent;
use crate::state::{
    DeletePurpose, Kind, OrderOutcome, RunClose, RunEnd, RunStart, SeenConnection, Settled,
    Settlement,
};

struct Ledger {
    store: Store,
    connection: ConnectionId,
    _dir: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        Self { store, connection, _dir: dir }
    }

    fn begin(&mut self, kind: Kind) -> RunId {
        let run = self
            .store
            .begin(&RunStart { job: "shop", kind, export: [1; 16], mapping: "" })
            .unwrap()
            .id;
        self.store.set_connection(run, self.connection).unwrap();
        run
    }

    fn settle(&mut self, run: RunId, key: &str, outcome: OrderOutcome) {
        let key = OrderKey::parse(key).unwrap();
        let settled = Settled { key, fingerprint: Fingerprint::from_i64(7), outcome, digest: None };
        let settlement = Settlement { orders: vec![settled], ..Settlement::default() };
        self.store.settle(run, self.connection, &settlement).unwrap();
    }

    fn intend(&mut self, run: RunId, key: &str) {
        let (key, fingerprint) = (OrderKey::parse(key).unwrap(), Some(Fingerprint::from_i64(1)));
        let intent = OrderIntent { key, fingerprint, customer: None, cart: None };
        self.store.intend_orders(run, self.connection, &[intent]).unwrap();
    }

    fn end(&mut self, run: RunId) {
        let close = RunClose { end: RunEnd::Interrupted, records: None, pending: 0, whole: false };
        self.store.end(run, &close).unwrap();
    }

    fn created_by(&self, run: RunId) -> Vec<String> {
        let created = self.store.created_by(run, self.connection, None, 10).unwrap();
        created.into_iter().map(|order| order.key).collect()
    }

    /// How many orders an undo of the run would delete.
    fn undoable(&self, run: RunId) -> u64 {
        self.store.undoable(run, self.connection).unwrap().orders
    }

    fn memory(&self, key: &str) -> LedgerEntry {
        let key = OrderKey::parse(key).unwrap();
        self.store.view().unwrap().order(self.connection, &key).unwrap()
    }
}

fn created(id: &str) -> OrderOutcome {
    OrderOutcome::Created(RemoteId::new(id))
}

fn accepted() -> OrderOutcome {
    OrderOutcome::Accepted { is_new: true, batch: 1 }
}

fn refusal() -> crate::state::Refusal {
    let part = crate::state::LetterPart::Order;
    crate::state::Refusal { part, status: Some(422), code: None, pointer: None, attempts: 1 }
}

#[test]
fn an_order_stays_with_the_run_whose_intent_created_it() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", created("1"));
    ledger.intend(first, "B");
    let second = ledger.begin(Kind::Sync);
    assert_ne!(first, second);
    // An interrupted update is looked up and found to be done: that creates nothing.
    ledger.intend(second, "A");
    ledger.settle(second, "A", created("1"));
    // A create of the first run, with a lost answer, is found by the second.
    ledger.settle(second, "B", created("2"));
    ledger.intend(second, "C");
    ledger.settle(second, "C", created("3"));
    assert_eq!(ledger.created_by(first), ["A", "B"]);
    assert_eq!(ledger.created_by(second), ["C"]);
}

#[test]
fn an_accepted_order_is_not_forgotten_when_its_update_is_cut_off() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", accepted());
    let second = ledger.begin(Kind::Sync);
    ledger.intend(second, "A");
    for run in [first, second] {
        assert_eq!(ledger.store.unconfirmed_of(run, ledger.connection).unwrap(), ["A"]);
        assert_eq!(ledger.store.undoable(run, ledger.connection).unwrap().unconfirmed, 1);
    }
}

#[test]
fn an_accepted_order_stays_with_its_run_when_a_later_one_repeats_its_update() {
    for is_refused_between in [false, true] {
        let mut ledger = Ledger::new();
        let first = ledger.begin(Kind::Backfill);
        ledger.intend(first, "A");
        ledger.settle(first, "A", accepted());
        let second = ledger.begin(Kind::Sync);
        ledger.intend(second, "A");
        if is_refused_between {
            ledger.settle(second, "A", OrderOutcome::Refused(refusal()));
            let keys = ["A".to_owned()];
            assert_eq!(ledger.store.retry_refused("shop", ledger.connection, &keys).unwrap(), 1);
            assert_eq!(ledger.memory("A"), LedgerEntry::Accepted { fingerprint: None });
        }
        let third = ledger.begin(Kind::Backfill);
        ledger.intend(third, "A");
        ledger.settle(third, "A", accepted());
        assert_eq!([first, second, third].map(|run| ledger.undoable(run)), [1, 0, 0]);
    }
}

#[test]
fn an_accepted_order_whose_update_was_refused_is_unconfirmed() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", accepted());
    let second = ledger.begin(Kind::Sync);
    ledger.intend(second, "A");
    ledger.settle(second, "A", OrderOutcome::Refused(refusal()));
    for (run, unconfirmed) in [(first, vec!["A".to_owned()]), (second, Vec::new())] {
        let view = ledger.store.view().unwrap();
        let found = view.undoable(run, ledger.connection).unwrap();
        assert_eq!(found.unconfirmed, unconfirmed.len() as u64);
        assert_eq!(ledger.store.unconfirmed_of(run, ledger.connection).unwrap(), unconfirmed);
    }
    let held = ledger.store.held_among(ledger.connection, &["A".to_owned()]).unwrap();
    assert_eq!(held.in_doubt, ["A"]);
}

#[test]
fn an_order_that_is_found_after_an_intended_delete_stays_with_its_run() {
    for (id, left) in [("1", [1, 0]), ("2", [0, 0])] {
        let mut ledger = Ledger::new();
        let first = ledger.begin(Kind::Backfill);
        ledger.intend(first, "A");
        ledger.settle(first, "A", created("1"));
        ledger.store.intend_delete(ledger.connection, "A").unwrap();
        let key = OrderKey::parse("A").unwrap();
        ledger.store.note_found(ledger.connection, &key, &RemoteId::new(id)).unwrap();
        let second = ledger.begin(Kind::Sync);
        ledger.intend(second, "A");
        assert!(
            matches!(ledger.memory("A"), LedgerEntry::Intended { update: Some(_), .. }),
            "its update is sent again, whatever was found"
        );
        assert_eq!([first, second].map(|run| ledger.undoable(run)), left, "{id}");
    }
}

#[test]
fn an_order_that_is_accepted_after_an_intended_delete_belongs_to_the_run_that_sent_it() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", created("1"));
    ledger.store.intend_delete(ledger.connection, "A").unwrap();
    let second = ledger.begin(Kind::Sync);
    ledger.intend(second, "A");
    ledger.settle(second, "A", accepted());
    assert_eq!([first, second].map(|run| ledger.undoable(run)), [0, 1]);
}

#[test]
fn a_deleted_order_that_is_created_again_belongs_to_the_run_that_created_it() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", created("1"));
    let second = ledger.begin(Kind::Sync);
    ledger.intend(second, "A");
    ledger.settle(second, "A", created("9"));
    assert_eq!((ledger.created_by(first).len(), ledger.created_by(second).len()), (0, 1));
}

/// As an update of a deleted order, it would be left alone if the policy says so.
#[test]
fn an_order_that_is_sent_after_an_intended_delete_is_one_that_is_created() {
    let mut ledger = Ledger::new();
    let run = ledger.begin(Kind::Backfill);
    ledger.intend(run, "A");
    ledger.settle(run, "A", created("1"));
    ledger.store.intend_delete(ledger.connection, "A").unwrap();
    ledger.intend(run, "A");
    let fingerprint = Some(Fingerprint::from_i64(1));
    assert_eq!(ledger.memory("A"), LedgerEntry::Intended { update: None, fingerprint });
}

#[test]
fn a_delete_is_intended_then_settled_and_read_back() {
    let mut ledger = Ledger::new();
    let run = ledger.begin(Kind::Backfill);
    for (key, id) in [("A", "1"), ("B", "2")] {
        ledger.intend(run, key);
        ledger.settle(run, key, created(id));
    }
    let connection = ledger.connection;
    ledger.store.begin_undo(run, connection).unwrap();
    ledger.store.intend_delete(connection, "A").unwrap();
    assert!(
        matches!(ledger.memory("A"), LedgerEntry::Intended { .. }),
        "neither there nor gone until it is known"
    );
    let order = CreatedOrder { key: "A".into(), id: RemoteId::new("1") };
    ledger.store.settle_deleted(run, connection, &order, DeletePurpose::Undo).unwrap();
    assert_eq!(ledger.memory("A"), LedgerEntry::Unknown);
    let undoable = ledger.store.view().unwrap().undoable(run, connection).unwrap();
    assert_eq!((undoable.orders, undoable.deleted), (1, 1));
    let among = ["A", "B", "C"].map(str::to_owned);
    assert_eq!(ledger.store.deleted_among(run, &among).unwrap(), [order]);
    assert_eq!(ledger.store.finish_undo(run, connection).unwrap(), 1, "B is left");
    assert_eq!(ledger.store.run(run).unwrap().unwrap().undone_ms, None);
}

#[test]
fn a_partly_undone_run_is_not_resumed() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.end(first);
    assert_eq!(ledger.begin(Kind::Backfill), first, "an interrupted run is resumed");
    ledger.end(first);
    ledger.store.begin_undo(first, ledger.connection).unwrap();
    assert_ne!(ledger.begin(Kind::Backfill), first);
}

#[test]
fn a_retry_takes_the_refusal_back_and_closes_the_run_that_counted_it() {
    let mut ledger = Ledger::new();
    let first = ledger.begin(Kind::Backfill);
    ledger.intend(first, "A");
    ledger.settle(first, "A", created("1"));
    for key in ["A", "B", "C"] {
        ledger.settle(first, key, OrderOutcome::Refused(refusal()));
    }
    ledger.end(first);
    let keys = ["A", "B", "Z"].map(str::to_owned);
    assert_eq!(ledger.store.retry_refused("shop", ledger.connection, &keys).unwrap(), 2);
    assert_eq!(
        ledger.memory("A"),
        LedgerEntry::Known { id: RemoteId::new("1"), fingerprint: None }
    );
    assert_eq!(ledger.memory("B"), LedgerEntry::Unknown);
    assert!(matches!(ledger.memory("C"), LedgerEntry::Refused { .. }));
    assert_ne!(ledger.begin(Kind::Backfill), first);
}
