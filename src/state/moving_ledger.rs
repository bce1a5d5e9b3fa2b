//! The ledger of a single machine on its way to a fleet, and back.

use super::ledger_file::{Inheritance, add_unrecorded, copy_state, put_in_place};
use super::sql::Sql;
use super::store::{lock_account, path_of};
use super::{Lock, StateError, View};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

const MARK: &str = "INSERT OR REPLACE INTO account (name, value) VALUES ('handed_over', ?1)";
const CAME_BACK: &str = "INSERT OR REPLACE INTO account (name, value) VALUES ('came_back', ?1)";
const UNMARK: &str = "DELETE FROM account WHERE name = 'handed_over'";

/// The ledger of an account, locked against other writers on this machine.
#[derive(Debug)]
pub struct MovingLedger {
    dir: PathBuf,
    account: String,
    lock: Lock,
}

impl MovingLedger {
    /// # Errors
    /// [`StateError::Locked`] when another process writes to it.
    pub fn lock(dir: &Path, account: &str) -> Result<Self, StateError> {
        let lock = lock_account(dir, account)?;
        Ok(Self { dir: dir.to_owned(), account: account.to_owned(), lock })
    }

    /// The ledger itself; an empty one if there is none.
    pub fn view(&self) -> Result<View, StateError> {
        View::open(&self.dir, &self.account)
    }

    pub fn exists(&self) -> bool {
        self.path().is_file()
    }

    pub fn path(&self) -> PathBuf {
        path_of(&self.dir, &self.account)
    }

    /// A file next to it, for a copy.
    pub fn beside(&self) -> PathBuf {
        self.path().with_extension("moving")
    }

    /// Notes the number under which the ledger is handed to a fleet: from then on, it is not
    /// written here.
    pub fn mark(&self, number: i64) -> Result<(), StateError> {
        mark(&self.path(), number)
    }

    /// Marks it as this machine's, as it came back under this number.
    pub fn unmark(&self, number: i64) -> Result<(), StateError> {
        let path = self.path();
        let mut db = open(&path)?;
        let mut change = || {
            let change = db.transaction()?;
            change.execute(CAME_BACK, [number])?;
            change.execute(UNMARK, [])?;
            change.commit()
        };
        change().map_err(StateError::sqlite(&path))
    }

    /// Copies it to a file, without its mark.
    pub fn copy(&self, to: &Path) -> Result<(), StateError> {
        copy_state(&self.dir, &self.account, to)?;
        open(to)?.execute(UNMARK, []).map_err(StateError::sqlite(to))?;
        Ok(())
    }

    /// Replaces it by a ledger that still belongs to the fleet, under this number.
    pub fn replace(&self, from: &Inheritance, number: i64) -> Result<(), StateError> {
        if let Some(copy) = &from.copy {
            mark(copy, number)?;
            add_unrecorded(&open(copy)?, from.unrecorded)?;
        }
        put_in_place(&self.path(), &self.lock, from)
    }
}

fn open(path: &Path) -> Result<Connection, StateError> {
    Connection::open(path).map_err(StateError::sqlite(path))
}

/// It is on the disk afterwards.
fn mark(path: &Path, number: i64) -> Result<(), StateError> {
    open(path)?.execute(MARK, [number]).map_err(StateError::sqlite(path))?;
    Ok(())
}

impl View {
    /// The number under which the ledger was handed to a fleet; `None`: it belongs to its machine.
    pub fn handed_over(&self) -> Result<Option<i64>, StateError> {
        self.account_number("handed_over")
    }

    /// The number under which it last came back from a fleet.
    pub fn came_back(&self) -> Result<Option<i64>, StateError> {
        self.account_number("came_back")
    }

    fn account_number(&self, name: &str) -> Result<Option<i64>, StateError> {
        self.db.first("SELECT value FROM account WHERE name = ?1", [name], |row| row.get(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{SeenConnection, Store};

    #[test]
    fn a_ledger_that_was_handed_over_is_not_written_locally() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut store = Store::open(here.path(), "main").unwrap();
        store.record_connection(&SeenConnection::example("7")).unwrap();
        let key = store.hash_key().unwrap();
        assert!(MovingLedger::lock(here.path(), "main").is_err(), "it is in use");
        drop(store);

        let ledger = MovingLedger::lock(here.path(), "main").unwrap();
        ledger.mark(4).unwrap();
        assert_eq!(ledger.view().unwrap().handed_over().unwrap(), Some(4));
        let copy = there.path().join("main.copy");
        ledger.copy(&copy).unwrap();
        assert_eq!(View::of_file(&copy).unwrap().handed_over().unwrap(), None);
        drop(ledger);
        let refused = Store::open(here.path(), "main").unwrap_err();
        assert!(matches!(refused, StateError::HandedOver { .. }), "{refused}");

        let ledger = MovingLedger::lock(here.path(), "main").unwrap();
        let from = Inheritance { copy: Some(copy), unrecorded: 3, ..Inheritance::default() };
        ledger.replace(&from, 5).unwrap();
        assert_eq!(ledger.view().unwrap().handed_over().unwrap(), Some(5));
        ledger.unmark(5).unwrap();
        drop(ledger);
        let store = Store::open(here.path(), "main").unwrap();
        assert_eq!(store.came_back().unwrap(), Some(5));
        assert_eq!((store.hash_key().unwrap(), store.is_behind().unwrap()), (key, true));
    }
}
