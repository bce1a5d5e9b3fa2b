use super::sql_types::{StoredId, now_ms, stored_id};
use super::{Lock, StateError, View, lock, runs};
use crate::domain::RemoteId;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each applied once, in this order, in one transaction with the version it leads to.
const MIGRATIONS: &[&str] = &[include_str!("../../state/0001_schema.sql")];

/// A connection resource in the ledger: not the target's id of it, but ours.
pub type ConnectionId = i64;

/// The state of one account, open for writing: there is one of these for each account on a machine.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    lock: Lock,
}

impl Store {
    /// Opens `dir/<account>.db`, making folder and file where they don't exist, and takes the
    /// account's lock.
    ///
    /// # Errors
    /// When another process holds the lock, the file is of a newer version, or can't be written.
    pub fn open(dir: &Path, account: &str) -> Result<Self, StateError> {
        make_private_dir(dir)?;
        let path = path_of(dir, account);
        let lock = Lock::acquire(&path.with_extension("lock"))?;
        lock::private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(StateError::io(&path))?;
        let db = Connection::open(&path).map_err(StateError::sqlite(&path))?;
        let mut store = Self { db, path, lock };
        store.prepare()?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<(), StateError> {
        tune(&self.db).map_err(StateError::sqlite(&self.path))?;
        // FULL: what was acknowledged survives a power cut. At five requests a second it costs
        // nothing.
        self.db
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .map_err(StateError::sqlite(&self.path))?;
        migrate(&mut self.db, &self.path)?;
        runs::end_killed(&self.db).map_err(StateError::sqlite(&self.path))
    }

    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// A second connection to the same file, for reading while this one writes.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn view(&self) -> Result<View, StateError> {
        View::of_file(&self.path)
    }

    /// The ledger's id of a connection resource, which becomes the one in use for its service and
    /// external id.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn connection(
        &mut self,
        service: &str,
        externalid: &str,
        id: &RemoteId,
    ) -> Result<ConnectionId, StateError> {
        self.db.execute(
            "INSERT INTO connections (service, externalid, remote_id, seen_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms",
            params![service, externalid, stored_id(id), now_ms()],
        )?;
        Ok(self.db.query_row(
            "SELECT id FROM connections WHERE service = ?1 AND externalid = ?2 AND remote_id = ?3",
            params![service, externalid, stored_id(id)],
            |row| row.get(0),
        )?)
    }
}

impl Store {
    /// Notes that a connection was deleted at the target: the next run looks for another, or makes
    /// one.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn lose_connection(&mut self, connection: ConnectionId) -> Result<(), StateError> {
        self.db.execute(
            "DELETE FROM connections_asked WHERE (service, externalid) IN
                 (SELECT service, externalid FROM connections WHERE id = ?1)",
            [connection],
        )?;
        self.db.execute("UPDATE connections SET seen_ms = 0 WHERE id = ?1", [connection])?;
        Ok(())
    }
}

/// The state file of an account.
pub(super) fn path_of(dir: &Path, account: &str) -> PathBuf {
    dir.join(format!("{account}.db"))
}

pub(super) fn make_private_dir(dir: &Path) -> Result<(), StateError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(StateError::io(dir))
}

pub(super) fn tune(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(32);
    // 8 MiB of pages: enough for the upper levels of a ledger of millions.
    db.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = FILE;",
    )
}

/// Brings the schema up to date, and gives a new file its secret key.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StateError> {
    apply(MIGRATIONS, db, path)?;
    give_hash_key(db, path)
}

/// Applies those migrations that the file has not had.
fn apply(migrations: &[&str], db: &mut Connection, path: &Path) -> Result<(), StateError> {
    let found = version(db).map_err(StateError::sqlite(path))?;
    let known = migrations.len() as i64;
    if found > known {
        return Err(StateError::Newer { path: path.to_owned(), found, known });
    }
    for (index, sql) in migrations.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        // A reader may be at it too: whoever comes second finds it done.
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if version(&transaction)? == index as i64 {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", index as i64 + 1)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

fn give_hash_key(db: &Connection, path: &Path) -> Result<(), StateError> {
    let key: Option<Vec<u8>> = db
        .query_row("SELECT value FROM account WHERE name = 'hash_key'", [], |row| row.get(0))
        .optional()?;
    if key.is_none() {
        let mut fresh = [0_u8; 32];
        getrandom::fill(&mut fresh).map_err(|error| StateError::Io {
            path: path.to_owned(),
            source: std::io::Error::other(format!("the system gives no random numbers: {error}")),
        })?;
        db.execute(
            "INSERT OR IGNORE INTO account (name, value) VALUES ('hash_key', ?1)",
            [&fresh[..]],
        )?;
    }
    Ok(())
}

/// Migrations a file has had.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The connection in use for a service and external id, with the target's id of it.
pub(super) fn current_connection(
    db: &Connection,
    service: &str,
    externalid: &str,
) -> Result<Option<(ConnectionId, RemoteId)>, StateError> {
    Ok(db
        .query_row(
            "SELECT id, remote_id FROM connections WHERE service = ?1 AND externalid = ?2
             AND seen_ms > 0 ORDER BY seen_ms DESC, id DESC LIMIT 1",
            params![service, externalid],
            |row| Ok((row.get(0)?, row.get::<_, StoredId>(1)?.0)),
        )
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
