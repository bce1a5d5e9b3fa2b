use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the state can't be used. Names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(
        "{}: another process is writing to this account\n  hint: wait until it ends, or stop it; `ordersync status` shows its run",
        path.display()
    )]
    Locked { path: PathBuf },
    #[error(
        "{}: made by a newer ordersync (schema {found}, this one knows {known})\n  hint: run the newer version, or restore the file from before its upgrade",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{}: holds what was loaded into {held}, and the settings name {asked}\n  hint: another account needs a state of its own: give it another name in the settings, or another state.dir; if it is the same account under a new address, move this file away and run `ordersync adopt JOB`",
        path.display()
    )]
    Elsewhere { path: PathBuf, held: String, asked: String },
    #[error(
        "{}: this ledger was handed to a fleet, whose nodes write to the account\n  hint: `ordersync fleet export ACCOUNT` brings it back to this machine; after an interrupted `fleet import` or `fleet export`, run that again",
        path.display()
    )]
    HandedOver { path: PathBuf },
    #[error("{}: {source}\n  hint: check that the folder exists and belongs to the user ordersync runs as", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Also for reading: SQLite keeps a file next to it through which readers and the writer are
    /// coordinated.
    #[error(
        "{}: it can't be used without writing beside it, and this user may not ({source})\n  hint: run ordersync as the user its folder belongs to, or let it look at a copy of the folder",
        path.display()
    )]
    ReadOnly { path: PathBuf, source: rusqlite::Error },
    #[error("{}: {source}{}", path.display(), hint_of(source))]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error(
        "{}: {} MB are free on its disk, and {} MB are kept free; nothing new is sent\n  hint: free some space in that folder, then run it again: nothing is lost, and it resumes; state.free_min_mb sets the limit",
        path.display(), free_bytes / 1_000_000, min_bytes / 1_000_000
    )]
    LowDisk { path: PathBuf, free_bytes: u64, min_bytes: u64 },
    #[error(
        "temporary file: {0}\n  hint: free some space in the folder of temporary files (TMPDIR); then run it again"
    )]
    Scratch(#[from] std::io::Error),
    #[error("state: {error}{hint}", error = .0, hint = hint_of(.0))]
    Sql(#[from] rusqlite::Error),
}

impl StateError {
    /// The disk is full or nearly full: the state itself is intact.
    pub fn is_lack_of_space(&self) -> bool {
        match self {
            Self::LowDisk { .. } => true,
            Self::Sql(source) | Self::Sqlite { source, .. } => {
                source.sqlite_error_code() == Some(ErrorCode::DiskFull)
            }
            Self::Io { source, .. } | Self::Scratch(source) => {
                source.kind() == std::io::ErrorKind::StorageFull
            }
            _ => false,
        }
    }

    /// Adds the file, if the error is about the state's file and does not name it yet.
    pub(super) fn at(self, path: &Path) -> Self {
        match self {
            Self::Sql(source) => Self::sqlite(path)(source),
            other => other,
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| match source.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, source }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

/// The hint for an error of the database that can be fixed.
fn hint_of(error: &rusqlite::Error) -> &'static str {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    const DAMAGED: &str = "\n  hint: the state file is damaged; move it and its -wal and -shm files away, and restore a backup; \
         without one, run `ordersync adopt JOB` for each job before the next run";
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DAMAGED,
        // A value that ordersync never writes there.
        None if matches!(
            error,
            FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
        ) =>
        {
            DAMAGED
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "\n  hint: another program holds the state file open, such as a backup or an SQLite shell; close it, then \
             run again: nothing is lost"
        }
        Some(ErrorCode::DiskFull) => {
            "\n  hint: free some space in the folder of `state.dir`, and in that of temporary files (TMPDIR); then run it \
             again: nothing is lost"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn a_state_that_this_user_may_not_touch_is_reported_with_what_to_do() {
        for code in [ffi::SQLITE_READONLY_CANTINIT, ffi::SQLITE_CANTOPEN, ffi::SQLITE_PERM] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let output =
                StateError::sqlite(Path::new("/var/lib/ordersync/main.db"))(source).to_string();
            assert!(
                output.starts_with("/var/lib/ordersync/main.db: ") && output.contains("hint:"),
                "{output}"
            );
        }
        let full = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None);
        let output = StateError::sqlite(Path::new("main.db"))(full);
        assert!(matches!(output, StateError::Sqlite { .. }), "{output}");
    }

    #[test]
    fn a_damaged_or_locked_state_is_reported_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("main.db"), "SQLite format 2\0".repeat(600)).unwrap();
        let damaged = crate::state::View::open(dir.path(), "main").unwrap_err().to_string();
        assert!(damaged.contains("main.db") && damaged.contains("ordersync adopt"), "{damaged}");
        let foreign = StateError::Sql(rusqlite::Error::IntegralValueOutOfRange(20, -2));
        assert!(foreign.to_string().contains("restore a backup"), "{foreign}");
        for (code, advice) in [
            (ffi::SQLITE_CORRUPT, "restore a backup"),
            (ffi::SQLITE_BUSY, "close it"),
            (ffi::SQLITE_LOCKED, "close it"),
        ] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let message = StateError::Sql(source).to_string();
            assert!(message.contains(advice), "{message}");
        }
    }

    #[test]
    fn a_full_disk_is_reported_with_what_to_do() {
        let full = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(13), None);
        for error in
            [StateError::Sql(full()), StateError::sqlite(Path::new("state/main.db"))(full())]
        {
            assert!(error.to_string().contains("hint: free some space"), "{error}");
        }
        assert!(
            !StateError::Sql(rusqlite::Error::QueryReturnedNoRows).to_string().contains("hint")
        );
    }
}
