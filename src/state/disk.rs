//! Space on the disk that the state is on.

use super::StateError;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a new order in the state, with its customer and its share of the indexes. Measured: 148
/// in a backfill of 20,000 orders; keys and remote ids may be longer than theirs.
/// `disk::an_order_takes_…` measures it.
pub const ORDER_BYTES: u64 = 250;

/// The state file of an account, and the disk it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDisk {
    /// It need not exist yet.
    pub file: PathBuf,
    /// Including its journal.
    pub size_bytes: u64,
    /// `None`: the system does not say.
    pub free_bytes: Option<u64>,
}

impl StateDisk {
    pub(super) fn of(file: &Path) -> Self {
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let journal = file.with_extension("db-wal");
        Self {
            file: file.to_owned(),
            size_bytes: size(file) + size(&journal),
            free_bytes: free_bytes(file),
        }
    }
}

/// Free space below which nothing new is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floor {
    pub min_bytes: u64,
    /// Free bytes on the disk of a path.
    pub free: fn(&Path) -> Option<u64>,
}

impl Default for Floor {
    fn default() -> Self {
        Self { min_bytes: 0, free: free_bytes }
    }
}

impl Floor {
    pub(super) fn check(self, path: &Path) -> Result<(), StateError> {
        let Self { min_bytes, free } = self;
        match free(path) {
            Some(free_bytes) if free_bytes < min_bytes => {
                Err(StateError::LowDisk { path: path.to_owned(), free_bytes, min_bytes })
            }
            _ => Ok(()),
        }
    }
}

/// The bytes that an unprivileged user may still write to the disk of `path`, or of its nearest
/// existing parent folder.
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = path.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        rustix::fs::statvfs(path).ok()
    })?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_space_of_a_folder_that_is_still_to_be_made_is_that_of_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let below = StateDisk::of(&dir.path().join("a/b/main.db"));
        assert!(free_bytes(dir.path()) > Some(0) && below.free_bytes > Some(0), "{below:?}");
        assert_eq!(below.size_bytes, 0, "there is no state yet");
    }
}
