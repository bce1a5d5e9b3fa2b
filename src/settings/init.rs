use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The annotated settings that `init` writes: the documentation of every key.
pub const ANNOTATED: &str = include_str!("../../config/ordersync.toml");

/// The folders that the annotated settings name, besides that of the file.
const FOLDERS: [&str; 2] = ["exports", "state"];

/// What [`write_new`] did, each path below the folder it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub settings_file: PathBuf,
    /// What was not there before, in the order it was made.
    pub created: Vec<PathBuf>,
    /// What existed and was not changed.
    pub kept: Vec<PathBuf>,
}

/// Writes `dir/config/ordersync.toml`, for its owner only as it may come to hold a token, and the
/// folders it names. What is there already stays as it is.
///
/// # Errors
/// When a folder or the file can't be made; its path is in the message.
pub fn write_new(dir: &Path) -> io::Result<Written> {
    let settings_file = dir.join("config/ordersync.toml");
    let (mut created, mut kept) = (Vec::new(), Vec::new());
    make_dir(dir, 0o755)?;
    let mut sort =
        |path: PathBuf, new: bool| if new { created.push(path) } else { kept.push(path) };
    for (name, mode) in [("config", 0o755), (FOLDERS[0], 0o755), (FOLDERS[1], 0o700)] {
        let path = dir.join(name);
        let new = make_dir(&path, mode)?;
        sort(path, new);
    }
    let new = make_file(&settings_file)?;
    sort(settings_file.clone(), new);
    Ok(Written { settings_file, created, kept })
}

/// Whether the folder is new.
fn make_dir(path: &Path, mode: u32) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|fault| naming(path, &fault))?;
    Ok(true)
}

/// Whether the file is new.
fn make_file(path: &Path) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(fault) => return Err(naming(path, &fault)),
    };
    file.write_all(ANNOTATED.as_bytes()).and_then(|()| file.sync_all()).map_err(|fault| {
        // Half a file would be kept by the next `init`. If it can't be removed either, the message
        // names it.
        let _ = std::fs::remove_file(path);
        naming(path, &fault)
    })?;
    Ok(true)
}

fn naming(path: &Path, fault: &io::Error) -> io::Error {
    io::Error::new(fault.kind(), format!("can't make {}: {fault}", path.display()))
}
