//! Temporary files that nobody else can open, and that are gone when they are closed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

/// A new file, for its owner only, that has no name any more.
pub fn file() -> io::Result<File> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| io::Error::other("no random number for a file's name"))?;
    let path = std::env::temp_dir().join(format!("ordersync-{:032x}.tmp", u128::from_le_bytes(random)));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
