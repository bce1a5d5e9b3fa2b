//! Output files that may contain personal data: only their owner may read them.

use super::error::CliError;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Creates a file, or truncates an existing one and removes others' read permission.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.mode(0o600).open(path)?;
    // A pipe or a terminal has neither a mode nor a length.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.set_len(0)?;
    }
    Ok(file)
}

pub(super) fn write(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    create(path)?.write_all(text.as_ref())
}

/// A path that can't be written to is wrong usage; a disk that is full is not.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> CliError {
    let message = |hint: &str| format!("{}: {error}\n  hint: {hint}", path.display());
    match error.kind() {
        io::ErrorKind::NotFound => CliError::usage(message(
            "the folder does not exist; create it, or name a file in another one",
        )),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            CliError::usage(message("name a file in a folder that this user may write to"))
        }
        io::ErrorKind::IsADirectory => CliError::usage(message("name a file in that folder")),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CliError::failed(message(
            "the file is incomplete; free some space, or name a file on another disk",
        )),
        _ => CliError::failed(message("the file is incomplete; try another place")),
    }
}
