//! Temporary files without a name: for what outgrows memory, or comes but once.

use std::fs::File;
use std::io;

/// A file in `$TMPDIR`, or else /tmp, that nobody can open and that is gone when it is closed,
/// however the program ends. Its rights are taken from others before anything is in it: some
/// systems show the open files of a process, and let others open them from there.
///
/// # Errors
/// When there is no room, or no right to write there.
pub fn file() -> io::Result<File> {
    let file = tempfile::tempfile()?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
