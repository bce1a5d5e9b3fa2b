use super::ledger::{OrderState, entry_of};
use super::store::{current_connection, migrate, path_of, tune, version};
use super::{
    ConnectionId, DeadLetter, LastWrite, RunId, RunRow, StateError, dead_letters, ledger, runs,
};
use crate::domain::{CustomerEntry, LedgerEntry, OrderKey, RemoteId};
use rusqlite::Connection;
use std::path::Path;

/// The state of one account, for reading only: needs no lock, and changes nothing.
#[derive(Debug)]
pub struct View {
    pub(super) db: Connection,
}

impl View {
    /// Opens the state of an account; where there is none yet, one that remembers nothing.
    ///
    /// # Errors
    /// When the file exists and can't be read, or is of a newer version.
    pub fn open(dir: &Path, account: &str) -> Result<Self, StateError> {
        let path = path_of(dir, account);
        // What can't be looked at is not what is not there.
        match path.try_exists().map_err(StateError::io(&path))? {
            true => Self::of_file(&path),
            false => Self::empty(),
        }
    }

    /// A state that remembers nothing.
    ///
    /// # Errors
    /// When memory is short.
    pub fn empty() -> Result<Self, StateError> {
        let mut db = Connection::open_in_memory()?;
        migrate(&mut db, Path::new("(in memory)"))?;
        Ok(Self { db })
    }

    pub(super) fn of_file(path: &Path) -> Result<Self, StateError> {
        // Not opened read-only: as the last one to close the file it then also puts its journal
        // away.
        let mut db = Connection::open(path).map_err(StateError::sqlite(path))?;
        tune(&db).map_err(StateError::sqlite(path))?;
        if version(&db).map_err(StateError::sqlite(path))? == 0 {
            // A file that its first writer was killed over.
            return Self::empty();
        }
        // Of an older version: it is brought up to date, or what is new here could not be read.
        migrate(&mut db, path)?;
        db.pragma_update(None, "query_only", true).map_err(StateError::sqlite(path))?;
        Ok(Self { db })
    }

    /// The key of all hashes of this account.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn hash_key(&self) -> Result<[u8; 32], StateError> {
        Ok(self
            .db
            .query_row("SELECT value FROM account WHERE name = 'hash_key'", [], |row| row.get(0))?)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn connection(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Option<(ConnectionId, RemoteId)>, StateError> {
        current_connection(&self.db, service, externalid)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn order(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<LedgerEntry, StateError> {
        entry_of(&self.db, connection, key)
    }

    /// What the ledger says of the last write of an order; `None` where it was never sent.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn last_write(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Option<LastWrite>, StateError> {
        ledger::last_write(&self.db, connection, key)
    }

    /// Whether this run has settled this order already, before it was interrupted.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn is_settled(
        &self,
        run: &RunRow,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<bool, StateError> {
        ledger::is_settled(&self.db, run, connection, key)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn customer(
        &self,
        connection: ConnectionId,
        hash: &[u8; 16],
    ) -> Result<CustomerEntry, StateError> {
        ledger::customer(&self.db, connection, hash)
    }

    /// Orders this connection holds as far as the ledger knows.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn orders_known(&self, connection: ConnectionId) -> Result<u64, StateError> {
        ledger::orders_known(&self.db, connection)
    }

    /// Whether any order of the account was ever sent, or found there.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn has_orders(&self) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM orders WHERE state <> ?1)";
        Ok(self.db.query_row(sql, [OrderState::Absent], |row| row.get(0))?)
    }

    /// The runs of a job, the last one first.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn runs(&self, job: &str, at_most: u32) -> Result<Vec<RunRow>, StateError> {
        runs::of_job(&self.db, job, at_most)
    }

    /// # Errors
    /// When the state can't be read.
    pub fn run(&self, id: RunId) -> Result<Option<RunRow>, StateError> {
        runs::get(&self.db, id)
    }

    /// The dead letters of a job.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn dead_letters(&self, job: &str, at_most: u32) -> Result<Vec<DeadLetter>, StateError> {
        dead_letters::of_job(&self.db, job, at_most)
    }

    /// How many dead letters a job has.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn dead_letters_count(&self, job: &str) -> Result<u64, StateError> {
        dead_letters::count(&self.db, job)
    }
}
