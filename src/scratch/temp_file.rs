//! Unnamed temporary files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;

/// Creates an unnamed file in `$TMPDIR`, else `/tmp`. It disappears when it is closed, however the
/// process ends. Its mode is 0600, because some systems let others open the files of a process
/// through `/proc`.
pub fn create() -> io::Result<File> {
    let file = tempfile::tempfile()?;
    file.set_permissions(PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Reads an open file from its start. Each reader has its own position, so an unnamed file can be
/// read by several readers concurrently.
#[derive(Debug)]
pub struct PositionedReader {
    file: Arc<File>,
    position: u64,
}

impl PositionedReader {
    pub fn new(file: &Arc<File>) -> Self {
        Self { file: Arc::clone(file), position: 0 }
    }
}

impl Read for PositionedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buffer, self.position)?;
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for PositionedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
