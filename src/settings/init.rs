use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The annotated settings that `init` writes: the documentation of every key.
pub const ANNOTATED: &str = include_str!("../../config/ordersync.toml");

/// The folders that the annotated settings name, in addition to that of the file.
const FOLDERS: [&str; 2] = ["exports", "state"];

/// What [`write_new`] did, each path below the folder it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub settings_file: PathBuf,
    /// What was created, in this order.
    pub created: Vec<PathBuf>,
    /// What existed and was not changed.
    pub kept: Vec<PathBuf>,
}

/// A key of the annotated settings with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledKey {
    /// The whole key, such as `jobs.shop.format`.
    pub key: &'static str,
    /// As TOML; `None` keeps the annotated value.
    pub value: Option<String>,
    /// A comment above it; blank for none.
    pub note: String,
}

/// A key that the annotated settings do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the annotated settings have no key {0}")]
pub struct UnknownKey(pub &'static str);

/// The annotated settings with these values.
pub fn filled(keys: &[FilledKey]) -> Result<String, UnknownKey> {
    let mut text = String::with_capacity(ANNOTATED.len());
    let mut table = "";
    let mut open: Vec<&str> = keys.iter().map(|filled| filled.key).collect();
    for line in ANNOTATED.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = name;
        }
        let leaf = line.strip_prefix("# ").unwrap_or(line).split_once(" = ").map(|(leaf, _)| leaf);
        let is_this = |filled: &&FilledKey| {
            leaf.is_some_and(|leaf| filled.key.rsplit_once('.') == Some((table, leaf)))
        };
        let Some(filled) = keys.iter().find(is_this) else {
            text.push_str(&format!("{line}\n"));
            continue;
        };
        open.retain(|key| *key != filled.key);
        if !filled.note.is_empty() {
            text.push_str(&format!("# {}\n", filled.note));
        }
        match &filled.value {
            Some(value) => text.push_str(&format!("{} = {value}\n", leaf.unwrap_or_default())),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    open.first().map_or(Ok(text), |key| Err(UnknownKey(key)))
}

/// The settings file that [`write_new`] writes below a folder.
pub fn new_file(dir: &Path) -> PathBuf {
    dir.join("config/ordersync.toml")
}

/// Whether a path is a symbolic link whose target does not exist: there is no file to keep, and
/// none is created through it.
pub fn is_dangling(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// Writes `dir/config/ordersync.toml`, for its owner only, as it may contain a token later, and the
/// folders it names. Existing files are unchanged.
///
/// # Errors
/// When a folder or the file can't be made; its path is in the message.
pub fn write_new(dir: &Path, text: &str) -> io::Result<Written> {
    let settings_file = new_file(dir);
    let (mut created, mut kept) = (Vec::new(), Vec::new());
    make_dir(dir, 0o755)?;
    let mut sort =
        |path: PathBuf, new: bool| if new { created.push(path) } else { kept.push(path) };
    for (name, mode) in [("config", 0o755), (FOLDERS[0], 0o755), (FOLDERS[1], 0o700)] {
        let path = dir.join(name);
        let new = make_dir(&path, mode)?;
        sort(path, new);
    }
    let new = write_private(&settings_file, text)?;
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

/// Writes a file for its owner only, unless it exists. Returns whether it is new.
///
/// # Errors
/// When it can't be written; its path is in the message, and nothing of it is left.
pub fn write_private(path: &Path, text: &str) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(fault) => return Err(naming(path, &fault)),
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|fault| {
        // The next `init` would keep an incomplete file. If it can't be removed either, the message
        // names it.
        let _ = std::fs::remove_file(path);
        naming(path, &fault)
    })?;
    Ok(true)
}

fn naming(path: &Path, fault: &io::Error) -> io::Error {
    io::Error::new(fault.kind(), format!("can't make {}: {fault}", path.display()))
}
