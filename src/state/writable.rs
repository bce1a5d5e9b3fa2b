use super::store::make_private_dir;
use super::{StateError, lock};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Writes a byte into the folder of the state, which is made where it does not exist, and takes it
/// away again: a disk that is full or read-only is known before a run needs it.
///
/// # Errors
/// When nothing can be written there.
pub fn check_writable(dir: &Path) -> Result<(), StateError> {
    make_private_dir(dir)?;
    let path = dir.join(format!(".writable-{}", std::process::id()));
    let written = lock::private(OpenOptions::new().create(true).truncate(true).write(true))
        .open(&path)
        .and_then(|mut file| file.write_all(b"\n"));
    let removed = std::fs::remove_file(&path);
    written.and(removed).map_err(StateError::io(&path))
}
