//! The state of an account as a file that moves between machines: copied while it is written to,
//! and replaced by a copy.

use super::lock::{Lock, private};
use super::sql::Sql;
use super::store::{lock_account, path_of, version};
use super::{StateError, Store, View};
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The state left by the previous writer, if it was on another machine.
#[derive(Debug, Clone, Default)]
pub struct Inheritance {
    /// A copy of its state, which is moved into place; `None`: there is none.
    pub copy: Option<PathBuf>,
    /// How many steps it may have begun that the copy lacks.
    pub unrecorded: u32,
    /// When it sent its last request.
    pub sent_at: Option<SystemTime>,
    /// What is left of a pause that ActiveCampaign asked for.
    pub pause_left: Option<Duration>,
}

/// Copies the current state of an account, even while it is written to. False if there is none yet.
pub fn copy_state(dir: &Path, account: &str, to: &Path) -> Result<bool, StateError> {
    let path = path_of(dir, account);
    if !path.try_exists().map_err(StateError::io(&path))? {
        return Ok(false);
    }
    let db = Connection::open(&path).map_err(StateError::sqlite(&path))?;
    db.busy_timeout(Duration::from_secs(10)).map_err(StateError::sqlite(&path))?;
    if version(&db).map_err(StateError::sqlite(&path))? == 0 {
        return Ok(false);
    }
    // SQLite writes into an empty file that only its owner may read.
    private(OpenOptions::new().create(true).truncate(true).write(true))
        .open(to)
        .map_err(StateError::io(to))?;
    let target = to.to_string_lossy();
    db.execute("VACUUM INTO ?1", [target.as_ref()]).map_err(StateError::sqlite(to))?;
    Ok(true)
}

/// Changes whenever the state is written to.
pub fn state_mark(dir: &Path, account: &str) -> Vec<(u64, Option<SystemTime>)> {
    let path = path_of(dir, account);
    let files = [path.clone(), path.with_extension("db-wal")];
    let of = |file: &PathBuf| std::fs::metadata(file).ok();
    files.iter().filter_map(of).map(|file| (file.len(), file.modified().ok())).collect()
}

/// When a request was last sent to an account from this machine, as far as is known.
pub fn last_send_at(dir: &Path, account: &str) -> Option<SystemTime> {
    let lock = path_of(dir, account).with_extension("lock");
    std::fs::metadata(lock).ok()?.modified().ok()
}

/// Replaces the local state by what another machine left.
///
/// # Errors
/// [`StateError::Locked`] when a process on this machine writes to the account.
pub fn inherit_state(dir: &Path, account: &str, from: &Inheritance) -> Result<(), StateError> {
    let lock = lock_account(dir, account)?;
    put_in_place(&path_of(dir, account), &lock, from)?;
    drop(lock);
    if from.unrecorded > 0 {
        add_unrecorded(&Store::open(dir, account)?.db, from.unrecorded)?;
    }
    Ok(())
}

/// Replaces the ledger at a path by a copy, under its lock, with what is known about its writer's
/// requests.
pub(super) fn put_in_place(path: &Path, lock: &Lock, from: &Inheritance) -> Result<(), StateError> {
    let beside = [path.with_extension("db-wal"), path.with_extension("db-shm")];
    // A copy replaces the file atomically, so that it is never missing.
    let own = from.copy.is_none().then(|| path.to_owned());
    for file in beside.into_iter().chain(own) {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StateError::io(&file)(error));
            }
            _ => {}
        }
    }
    if let Some(copy) = &from.copy {
        std::fs::rename(copy, path).map_err(StateError::io(path))?;
    }
    let log = lock.send_log();
    if let Some(left) = from.pause_left {
        let now = SystemTime::now();
        log.paused(now, now + left);
    }
    if let Some(at) = from.sent_at {
        log.sent(at);
    }
    Ok(())
}

impl View {
    /// Whether ActiveCampaign may have records that this ledger lacks: it is an older copy, and
    /// fewer steps were settled since than may have been begun after it was made.
    pub fn is_behind(&self) -> Result<bool, StateError> {
        self.db.has("SELECT 1 FROM account WHERE name = 'unrecorded' AND value > 0", [])
    }
}

/// Notes steps that a ledger may lack.
pub(super) fn add_unrecorded(db: &Connection, steps: u32) -> Result<(), StateError> {
    db.run(
        "INSERT INTO account (name, value) VALUES ('unrecorded', ?1)
         ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        [steps],
    )
}

/// Steps that were lost after a copy are repeated in the same sequence, so each settled step
/// reduces the number that may be unrecorded.
pub(super) fn count_recorded(db: &Connection, steps: usize) -> Result<(), StateError> {
    let sql =
        "UPDATE account SET value = max(0, value - ?1) WHERE name = 'unrecorded' AND value > 0";
    db.run(sql, [i64::try_from(steps).unwrap_or(i64::MAX)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::SeenConnection;

    #[test]
    fn a_copy_made_while_the_state_is_written_to_holds_all_that_was_settled() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let copy = there.path().join("copy");
        assert!(!copy_state(here.path(), "main", &copy).unwrap(), "there is nothing to copy");
        let mut store = Store::open(here.path(), "main").unwrap();
        let before = state_mark(here.path(), "main");
        store.record_connection(&SeenConnection::example("7")).unwrap();
        assert_ne!(state_mark(here.path(), "main"), before);
        assert!(copy_state(here.path(), "main", &copy).unwrap());
        let sent_at = SystemTime::now() - Duration::from_secs(3);
        let from = Inheritance {
            copy: Some(copy),
            unrecorded: 2,
            sent_at: Some(sent_at),
            pause_left: Some(Duration::from_secs(60)),
        };
        inherit_state(there.path(), "main", &from).unwrap();
        assert!(matches!(
            inherit_state(here.path(), "main", &from),
            Err(StateError::Locked { .. })
        ));
        let inherited = Store::open(there.path(), "main").unwrap();
        assert_eq!(inherited.hash_key().unwrap(), store.hash_key().unwrap());
        assert!(inherited.connection("shopify", "store").unwrap().is_some());
        let is_behind = [1, 1, 1].map(|steps| {
            let is_behind = inherited.is_behind().unwrap();
            count_recorded(&inherited.db, steps).unwrap();
            is_behind
        });
        assert_eq!(is_behind, [true, true, false], "two steps may be unrecorded");
        // Files other than the state's, so that only the system's timestamps count.
        let lock = inherited.lock();
        assert!(lock.pause_left().unwrap() > Duration::from_secs(50));
    }

    #[test]
    fn without_a_copy_nothing_stays_that_was_here() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        store.record_connection(&SeenConnection::example("7")).unwrap();
        drop(store);
        let from = Inheritance { unrecorded: 3, ..Inheritance::default() };
        inherit_state(dir.path(), "main", &from).unwrap();
        inherit_state(dir.path(), "main", &Inheritance::default()).unwrap();
        let store = Store::open(dir.path(), "main").unwrap();
        assert!(store.connection("shopify", "store").unwrap().is_none());
        assert!(!store.is_behind().unwrap());
    }
}
