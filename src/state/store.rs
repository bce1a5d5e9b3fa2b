use super::StateError;
use super::clock::now_ms;
use super::disk::{Floor, StateDisk};
use super::lock::{Lock, private};
use super::sql::Sql;
use super::sql_types::{ConnectionId, RunEnd, StoredId, stored_id};
use crate::domain::RemoteId;
use rusqlite::{Connection, TransactionBehavior, params};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The state of one account, open for writing: at most one per account on a machine.
#[derive(Debug)]
pub struct Store {
    view: View,
    pub(super) path: PathBuf,
    pub(super) floor: Floor,
    lock: Lock,
}

/// A store reads what a view reads.
impl Deref for Store {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl DerefMut for Store {
    fn deref_mut(&mut self) -> &mut View {
        &mut self.view
    }
}

impl Store {
    /// Opens `dir/<account>.db`, creating the folder and the file if they are missing, and takes
    /// the account's lock.
    ///
    /// # Errors
    /// When another process holds the lock, the file is of a newer version, was handed to a fleet,
    /// or can't be written.
    pub fn open(dir: &Path, account: &str) -> Result<Self, StateError> {
        let lock = lock_account(dir, account)?;
        let path = path_of(dir, account);
        private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(StateError::io(&path))?;
        let db = Connection::open(&path).map_err(StateError::sqlite(&path))?;
        let view = View { db, file: Some(path.clone()) };
        let mut store = Self { view, path, floor: Floor::default(), lock };
        store.prepare()?;
        match store.handed_over()? {
            Some(_) => Err(StateError::HandedOver { path: store.path }),
            None => Ok(store),
        }
    }

    fn prepare(&mut self) -> Result<(), StateError> {
        tune(&self.db).map_err(StateError::sqlite(&self.path))?;
        // A transaction that begins by reading can't wait for the write lock later: SQLite refuses
        // it at once. A reader takes that lock for a moment when it opens the file or finds the WAL
        // index incomplete.
        self.view.db.set_transaction_behavior(TransactionBehavior::Immediate);
        // FULL: acknowledged changes survive a power failure. At five requests a second it costs
        // nothing. Checkpoints after 100 pages instead of 1000: a copy of the file without its WAL
        // then lacks at most the last 400 KiB of changes.
        self.db
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 100;",
            )
            .map_err(StateError::sqlite(&self.path))?;
        migrate(&mut self.view.db, &self.path)?;
        // This process holds the account's lock, so a run without an outcome was killed.
        let sql = "UPDATE runs SET outcome = ?1 WHERE outcome IS NULL";
        self.db.execute(sql, [RunEnd::Interrupted]).map_err(StateError::sqlite(&self.path))?;
        Ok(())
    }

    /// The file of the state.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on, refuses to begin anything new with less free space than this. Work in progress
    /// is still settled, in the reserved space.
    pub fn keep_free(&mut self, min_bytes: u64) {
        self.floor.min_bytes = min_bytes;
    }

    /// # Errors
    /// [`StateError::LowDisk`] with less than [`Self::keep_free`] requires.
    pub fn check_space(&self) -> Result<(), StateError> {
        self.floor.check(&self.path)
    }

    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// A second connection to the same file, for reading while this one writes.
    pub fn view(&self) -> Result<View, StateError> {
        View::of_file(&self.path)
    }

    /// The ledger's id of a connection resource, which becomes the one in use for its service and
    /// external id.
    pub fn record_connection(&mut self, seen: &SeenConnection) -> Result<ConnectionId, StateError> {
        let SeenConnection { service, externalid, id, is_empty } = seen;
        self.db.run(
            "INSERT INTO connections (service, externalid, remote_id, seen_ms, was_empty)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms",
            params![service, externalid, stored_id(id), now_ms(), is_empty],
        )?;
        self.db.one(
            "SELECT id FROM connections WHERE service = ?1 AND externalid = ?2 AND remote_id = ?3",
            params![service, externalid, stored_id(id)],
        )
    }

    /// Notes that a connection was deleted at ActiveCampaign: the next run looks for another.
    pub fn lose_connection(&mut self, connection: ConnectionId) -> Result<(), StateError> {
        self.db.run(
            "DELETE FROM connections_asked WHERE (service, externalid) IN
                 (SELECT service, externalid FROM connections WHERE id = ?1)",
            [connection],
        )?;
        self.db.run("UPDATE connections SET seen_ms = 0 WHERE id = ?1", [connection])
    }

    /// Notes the consent to create the connection again, if it was deleted.
    pub fn give_up_connection(
        &mut self,
        service: &str,
        externalid: &str,
    ) -> Result<(), StateError> {
        self.db.run(
            "UPDATE connections SET seen_ms = -1 WHERE service = ?1 AND externalid = ?2 AND seen_ms = 0",
            params![service, externalid],
        )
    }
}

/// A connection resource that exists at ActiveCampaign.
#[derive(Debug, Clone)]
pub struct SeenConnection {
    pub service: String,
    pub externalid: String,
    pub id: RemoteId,
    /// It has no orders. Only used when this state sees the connection for the first time.
    pub is_empty: bool,
}

/// The state of one account, for reading only: needs no lock, and changes nothing.
#[derive(Debug)]
pub struct View {
    pub(super) db: Connection,
    /// `None` for a state in memory.
    pub(super) file: Option<PathBuf>,
}

impl View {
    /// Opens the state of an account; if there is none yet, an empty one.
    ///
    /// # Errors
    /// When the file exists and can't be read, or is of a newer version.
    pub fn open(dir: &Path, account: &str) -> Result<Self, StateError> {
        match Self::existing(dir, account)? {
            Some(view) => Ok(view),
            None => Self::still_empty(&path_of(dir, account)),
        }
    }

    /// Opens the state of an account; `None` if there is none yet. An empty one in memory would
    /// take as long to create as a file takes to open.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn existing(dir: &Path, account: &str) -> Result<Option<Self>, StateError> {
        let path = path_of(dir, account);
        // An inaccessible file does not count as missing.
        let exists = path.try_exists().map_err(StateError::io(&path))?;
        exists.then(|| Self::of_file(&path)).transpose()
    }

    /// An empty state.
    pub fn empty() -> Result<Self, StateError> {
        let mut db = Connection::open_in_memory()?;
        migrate(&mut db, Path::new("(in memory)"))?;
        Ok(Self { db, file: None })
    }

    /// If there is no state yet.
    fn still_empty(path: &Path) -> Result<Self, StateError> {
        Ok(Self { file: Some(path.to_owned()), ..Self::empty()? })
    }

    pub fn of_file(path: &Path) -> Result<Self, StateError> {
        // Not opened read-only, so that the last connection to close the file also removes its
        // journal.
        let mut db = Connection::open(path).map_err(StateError::sqlite(path))?;
        tune(&db).map_err(StateError::sqlite(path))?;
        if version(&db).map_err(StateError::sqlite(path))? == 0 {
            // A file whose first writer was killed.
            return Self::still_empty(path);
        }
        // A file of an older version is migrated, as new tables could not be read otherwise.
        migrate(&mut db, path)?;
        db.pragma_update(None, "query_only", true).map_err(StateError::sqlite(path))?;
        Ok(Self { db, file: Some(path.to_owned()) })
    }

    /// Releases the cached pages, as the state will be idle for a while.
    pub fn rest(&self) {
        // They are read again; a failure changes nothing.
        let _ = self.db.execute_batch("PRAGMA shrink_memory");
    }

    /// The disk of an account's state, which need not exist yet.
    pub fn disk_of(dir: &Path, account: &str) -> StateDisk {
        StateDisk::of(&path_of(dir, account))
    }

    /// `None` for a state in memory.
    pub fn disk(&self) -> Option<StateDisk> {
        self.file.as_deref().map(StateDisk::of)
    }

    /// Checks that this many bytes are free on its disk, for callers that don't write to it.
    pub fn check_free(&self, min_bytes: u64) -> Result<(), StateError> {
        let floor = Floor { min_bytes, ..Floor::default() };
        self.file.as_deref().map_or(Ok(()), |file| floor.check(file))
    }

    /// The key of all hashes of this account.
    pub fn hash_key(&self) -> Result<[u8; 32], StateError> {
        let sql = "SELECT value FROM account WHERE name = 'hash_key'";
        self.db.one(sql, [])
    }

    /// The connection in use for a service and external id, with ActiveCampaign's id of it.
    pub fn connection(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Option<(ConnectionId, RemoteId)>, StateError> {
        self.db.first(
            "SELECT id, remote_id FROM connections WHERE service = ?1 AND externalid = ?2
             AND seen_ms > 0 ORDER BY seen_ms DESC, id DESC LIMIT 1",
            params![service, externalid],
            |row| Ok((row.get(0)?, row.get::<_, StoredId>(1)?.0)),
        )
    }

    /// Whether this state has sent to the connection with this id, or was about to.
    pub fn knows_connection(
        &self,
        service: &str,
        externalid: &str,
        id: &RemoteId,
    ) -> Result<bool, StateError> {
        self.db.has(
            "SELECT 1 FROM connections WHERE service = ?1 AND externalid = ?2 AND remote_id = ?3",
            params![service, externalid, stored_id(id)],
        )
    }

    /// Whether every order and cart of a connection is in the ledger, because it was empty when
    /// this state first saw it.
    pub fn knows_every_order(&self, connection: ConnectionId) -> Result<bool, StateError> {
        self.db.one("SELECT was_empty FROM connections WHERE id = ?1", [connection])
    }

    /// Orders in the ledger on the connections of a service and external id, including deleted
    /// ones.
    pub fn orders_sent_to(&self, service: &str, externalid: &str) -> Result<u64, StateError> {
        self.db.one(
            "SELECT count(*) FROM orders WHERE remote_id IS NOT NULL AND connection IN
                 (SELECT id FROM connections WHERE service = ?1 AND externalid = ?2 AND seen_ms >= 0)",
            params![service, externalid])
    }
}

/// A connection that may write to the state of an account without its lock, if there is a state.
///
/// # Errors
/// When the file exists and can't be read, or is of a newer version.
pub(super) fn writable(dir: &Path, account: &str) -> Result<Option<Connection>, StateError> {
    let path = path_of(dir, account);
    if !path.try_exists().map_err(StateError::io(&path))? {
        return Ok(None);
    }
    let mut db = Connection::open(&path).map_err(StateError::sqlite(&path))?;
    tune(&db).map_err(StateError::sqlite(&path))?;
    if version(&db).map_err(StateError::sqlite(&path))? == 0 {
        return Ok(None);
    }
    migrate(&mut db, &path)?;
    Ok(Some(db))
}

/// The state file of an account.
pub(super) fn path_of(dir: &Path, account: &str) -> PathBuf {
    dir.join(format!("{account}.db"))
}

/// Locks an account without opening its state, for callers that only read from ActiveCampaign.
///
/// # Errors
/// [`StateError::Locked`] when another process holds it.
pub fn lock_account(dir: &Path, account: &str) -> Result<Lock, StateError> {
    make_private_dir(dir)?;
    Lock::acquire(&path_of(dir, account).with_extension("lock"))
}

fn make_private_dir(dir: &Path) -> Result<(), StateError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(StateError::io(dir))
}

/// Writes a byte into the folder of the state, creating it if needed, and removes it again, so that
/// a full or read-only disk is detected before a run needs it.
pub fn check_writable(dir: &Path) -> Result<(), StateError> {
    make_private_dir(dir)?;
    let path = dir.join(format!(".writable-{}", std::process::id()));
    let written = private(OpenOptions::new().create(true).truncate(true).write(true))
        .open(&path)
        .and_then(|mut file| file.write_all(b"\n"));
    let removed = std::fs::remove_file(&path);
    written.and(removed).map_err(StateError::io(&path))
}

fn tune(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(64);
    // 8 MiB of pages: enough for the upper levels of a ledger of millions.
    db.execute_batch(&format!(
        "PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = FILE;
         PRAGMA soft_heap_limit = {LEDGERS_BYTES};"
    ))
}

/// The memory of all ledgers of a process. Beyond it, SQLite reuses the pages that it has.
const LEDGERS_BYTES: u64 = 192 << 20;

/// Each applied once, in this order, in one transaction with the version it leads to.
const MIGRATIONS: &[&str] = &[include_str!("../../state/0001_schema.sql")];

/// Brings the schema up to date, and gives a new file its secret key.
fn migrate(db: &mut Connection, path: &Path) -> Result<(), StateError> {
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
        // A reader may migrate too: the second one finds it done.
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
    if !db.has("SELECT value FROM account WHERE name = 'hash_key'", [])? {
        let mut fresh = [0_u8; 32];
        getrandom::fill(&mut fresh).map_err(|error| StateError::Io {
            path: path.to_owned(),
            source: std::io::Error::other(format!("the system gives no random numbers: {error}")),
        })?;
        db.run(
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

#[cfg(test)]
mod tests;
