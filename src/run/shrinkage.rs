//! Whether an export shrank since the job's last finished run.
//!
//! That is logged, and stops nothing: no order is ever deleted because it is missing from an
//! export, many shops only export the last weeks, and the orders in a shorter export are valid.

use crate::extract::ExportFile;
use crate::state::FileRead;
use std::fmt;

/// One way in which an export shrank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shrinkage {
    /// The file has fewer bytes.
    Shrunk { file: String, before: u64, now: u64 },
    /// The file is gone, and its replacement is smaller.
    Gone { file: String, before: u64 },
    /// The last full pull has fewer orders than the one that it replaces.
    FewerOrders { before: u64, now: u64 },
}

impl fmt::Display for Shrinkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shrunk { file, before, now } => write!(
                f,
                "{file} has {now} bytes and had {before} when the last run finished; if it was to be the whole export, \
                 it may be cut: export again"
            ),
            Self::FewerOrders { before, now } => write!(
                f,
                "the last full pull has {now} orders and the one before had {before}; if none were deleted, the key \
                 may have lost access to the others: check its rights and pull again with --full"
            ),
            Self::Gone { file, before } => write!(
                f,
                "{file} ({before} bytes) was read by the last finished run and is gone; orders that only it held are \
                 not looked at"
            ),
        }
    }
}

/// A tenth less is insignificant: a re-export of the last weeks varies by that much.
pub(super) fn is_less(now: u64, before: u64) -> bool {
    now.saturating_mul(10) < before.saturating_mul(9)
}

/// What is missing from an export of files, except files that were replaced by others, as when each
/// night's export has the date in its name.
pub(super) fn shrinkage(before: &[FileRead], files: &[ExportFile]) -> Vec<Shrinkage> {
    let now: Vec<(String, u64)> =
        files.iter().map(|file| (file.to_string(), file.size_bytes)).collect();
    let total = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0, u64::saturating_add);
    let all_now = total(&mut now.iter().map(|(_, bytes)| *bytes));
    let all_before = total(&mut before.iter().map(|read| read.bytes));
    let mut found = Vec::new();
    for FileRead { file, bytes } in before {
        let (file, before) = (file.clone(), *bytes);
        match now.iter().find(|(name, _)| *name == file).map(|(_, bytes)| *bytes) {
            Some(now) if is_less(now, before) => {
                found.push(Shrinkage::Shrunk { file, before, now })
            }
            None if is_less(all_now, all_before) => found.push(Shrinkage::Gone { file, before }),
            _ => {}
        }
    }
    found
}

/// What a run stores for the next one. Not for a pipe, as an incremental tap sends less each time.
pub(super) fn files_read(files: &[ExportFile]) -> Vec<FileRead> {
    files
        .iter()
        .filter(|file| !file.is_piped)
        .map(|file| FileRead { file: file.to_string(), bytes: file.size_bytes })
        .collect()
}
