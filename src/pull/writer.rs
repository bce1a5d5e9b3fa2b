use super::error::PullError;
use super::manifest::{Manifest, PulledFile, PulledWindow};
use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
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
    /// In a folder that exists and is empty.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, files: Vec::new() }
    }

    /// Adds an answer as it was received. The suffix says what it is: `json` or `jsonl`.
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

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Removes what was written, to begin again.
    pub(super) fn clear(&mut self) -> Result<(), PullError> {
        for file in self.files.drain(..) {
            let path = self.dir.join(file.name);
            fs::remove_file(&path).map_err(PullError::io(&path))?;
        }
        Ok(())
    }

    /// Removes the folder of a window that is read in another way.
    pub(super) fn discard(self) -> Result<(), PullError> {
        fs::remove_dir_all(&self.dir).map_err(PullError::io(&self.dir))
    }

    /// Makes the window complete.
    pub(super) fn commit(mut self, mut manifest: Manifest) -> Result<PulledWindow, PullError> {
        manifest.files = std::mem::take(&mut self.files);
        let mut text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| PullError::io(&self.dir)(error.into()))?;
        text.push(b'\n');
        self.put(MANIFEST, &text)?;
        if let Some(parent) = self.dir.parent() {
            sync_dir(parent)?;
        }
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(PulledWindow { name, dir: self.dir, manifest })
    }

    /// A file is there under its name only with all its bytes on disk.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), PullError> {
        let path = self.dir.join(name);
        let partial = self.dir.join(format!("{name}.{PARTIAL}"));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&partial, &path));
        written.map_err(PullError::io(&path))?;
        sync_dir(&self.dir)
    }
}

fn sync_dir(dir: &Path) -> Result<(), PullError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(PullError::io(dir))
}
