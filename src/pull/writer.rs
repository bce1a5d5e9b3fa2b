use super::error::PullError;
use super::manifest::{Manifest, PulledFile, PulledWindow};
use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(super) const MANIFEST: &str = "manifest.json";
/// A file under this suffix is being written.
const PARTIAL: &str = "part";

/// Writes a window: its files in the order of the requests, then its manifest.
#[derive(Debug)]
pub struct WindowWriter {
    dir: PathBuf,
    files: Vec<PulledFile>,
}

impl WindowWriter {
    /// Writes to an existing, empty folder.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, files: Vec::new() }
    }

    /// Adds an answer as received. The suffix states its form: `json` or `jsonl`.
    pub(super) fn add(&mut self, body: &[u8], suffix: &str) -> Result<(), PullError> {
        let name = format!("{:06}.{suffix}.gz", self.files.len() + 1);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(body).and_then(|()| packed.finish());
        let packed = packed.map_err(PullError::io(&self.dir.join(&name)))?;
        self.put(&name, &packed)?;
        let hash = blake3::hash(&packed).to_hex().to_string();
        self.files.push(PulledFile { name, bytes: packed.len() as u64, hash });
        Ok(())
    }

    /// Begins a file that is written in chunks.
    pub(super) fn open(&self, suffix: &str) -> Result<OpenFile, PullError> {
        let name = format!("{:06}.{suffix}.gz", self.files.len() + 1);
        let partial = self.dir.join(format!("{name}.{PARTIAL}"));
        let file = private_file(&partial).map_err(PullError::io(&partial))?;
        Ok(OpenFile { name, partial, packed: GzEncoder::new(file, Compression::fast()) })
    }

    /// Ends a file that was written in chunks.
    pub(super) fn close(&mut self, open: OpenFile) -> Result<(), PullError> {
        let OpenFile { name, partial, packed } = open;
        let mut hasher = blake3::Hasher::new();
        let written = packed
            .finish()
            .and_then(|file| file.sync_all())
            .and_then(|()| hasher.update_reader(File::open(&partial)?).map(drop))
            .and_then(|()| fs::rename(&partial, self.dir.join(&name)));
        written.map_err(PullError::io(&partial))?;
        sync_dir(&self.dir)?;
        let hash = hasher.finalize().to_hex().to_string();
        self.files.push(PulledFile { name, bytes: hasher.count(), hash });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Removes what was written, to begin again.
    pub(super) fn clear(&mut self) -> Result<(), PullError> {
        self.truncate(0)
    }

    /// Removes what was written after so many files.
    pub(super) fn truncate(&mut self, len: usize) -> Result<(), PullError> {
        for file in self.files.drain(len..) {
            let path = self.dir.join(file.name);
            fs::remove_file(&path).map_err(PullError::io(&path))?;
        }
        Ok(())
    }

    /// Removes the folder of a window that is read differently.
    pub(super) fn discard(self) -> Result<(), PullError> {
        fs::remove_dir_all(&self.dir).map_err(PullError::io(&self.dir))
    }

    /// Makes the window complete.
    pub(super) fn commit(mut self, mut manifest: Manifest) -> Result<PulledWindow, PullError> {
        manifest.files = std::mem::take(&mut self.files);
        let text = manifest.text().map_err(PullError::io(&self.dir))?;
        self.put(MANIFEST, &text)?;
        if let Some(parent) = self.dir.parent() {
            sync_dir(parent)?;
        }
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(PulledWindow { name, dir: self.dir, manifest })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), PullError> {
        put(&self.dir, name, bytes)
    }
}

/// A file that is being written.
pub(super) struct OpenFile {
    name: String,
    partial: PathBuf,
    packed: GzEncoder<File>,
}

impl OpenFile {
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), PullError> {
        self.packed.write_all(piece).map_err(PullError::io(&self.partial))
    }
}

/// Writes a file atomically: it only exists under its name with all its bytes on disk.
pub(super) fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), PullError> {
    let path = dir.join(name);
    let partial = dir.join(format!("{name}.{PARTIAL}"));
    let written = private_file(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, &path));
    written.map_err(PullError::io(&path))?;
    sync_dir(dir)
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn sync_dir(dir: &Path) -> Result<(), PullError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(PullError::io(dir))
}
