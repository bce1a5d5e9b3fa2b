//! The folder of the windows of one job: `pulls/<job>/<number>-<end>-<extent>/`.

use super::error::PullError;
use super::manifest::{Manifest, PulledWindow};
use super::window::{Extent, Window};
use super::writer::{MANIFEST, WindowWriter, put};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes backup programs leave the folder out; <https://bford.info/cachedir/>.
const CACHE_TAG: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# Orders pulled from a shop, with personal data. The next full pull fetches them again.\n",
);
const LOCK: &str = "lock";

/// The pulled windows of a job. Held for writing by one process at a time.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    _lock: Option<Held>,
}

/// The locked file. Closing it is not enough to give the lock back: a program that this process is
/// just starting has a copy of it for a moment.
#[derive(Debug)]
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // If that fails, closing releases it.
        let _ = self.0.unlock();
    }
}

impl Folder {
    /// For reading; the folder need not exist.
    pub fn view(dir: PathBuf) -> Self {
        Self { dir, _lock: None }
    }

    /// For writing: creates the folder, takes its lock, and removes the remains of a killed pull.
    ///
    /// # Errors
    /// When another process pulls into it, other users can read it, or it can't be
    /// written.
    pub fn open(dir: PathBuf) -> Result<Self, PullError> {
        let folder = Self::locked(dir)?;
        put(&folder.dir, CACHE_TAG.0, CACHE_TAG.1.as_bytes())?;
        folder.remove_incomplete()?;
        Ok(folder)
    }

    /// The same for a folder that is removed after use: what an earlier use left in it is removed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_empty(dir: PathBuf) -> Result<Self, PullError> {
        let folder = Self::locked(dir)?;
        folder.clear()?;
        put(&folder.dir, CACHE_TAG.0, CACHE_TAG.1.as_bytes())?;
        Ok(folder)
    }

    fn locked(dir: PathBuf) -> Result<Self, PullError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(PullError::io(&dir))?;
        check_private(&dir)?;
        check_own(&dir)?;
        let path = dir.join(LOCK);
        let lock = private_file(&path).map_err(PullError::io(&path))?;
        let is_free = match lock.try_lock() {
            // The process that held the lock may have removed its file together with the folder.
            Ok(()) => is_file_at(&lock, &path),
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(PullError::io(&path)(error)),
        };
        if !is_free {
            return Err(PullError::Settings {
                what: format!("{}: another process is pulling into it", dir.display()),
                expected: "one pull of a job at a time".to_owned(),
                hint: "wait for the other one, or look for it with `ps`".to_owned(),
            });
        }
        Ok(Self { dir, _lock: Some(Held(lock)) })
    }

    /// Removes the folder, which is held for writing, with everything in it.
    pub fn remove_whole(&self) -> Result<(), PullError> {
        self.clear()?;
        // Last, as until then nobody else can have begun to use the folder.
        let lock = self.dir.join(LOCK);
        fs::remove_file(&lock).map_err(PullError::io(&lock))?;
        fs::remove_dir(&self.dir).map_err(PullError::io(&self.dir))
    }

    /// Removes everything but the lock.
    fn clear(&self) -> Result<(), PullError> {
        for entry in fs::read_dir(&self.dir).map_err(PullError::io(&self.dir))? {
            let entry = entry.map_err(PullError::io(&self.dir))?;
            let path = entry.path();
            if entry.file_name() == LOCK {
                continue;
            }
            let is_dir = entry.file_type().map_err(PullError::io(&path))?.is_dir();
            let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(PullError::io(&path))?;
        }
        Ok(())
    }

    /// Complete windows, in the order in which they were pulled.
    pub fn windows(&self) -> Result<Vec<PulledWindow>, PullError> {
        let mut windows = Vec::new();
        for (name, dir) in self.folders()? {
            if let Some(manifest) = read_manifest(&dir)? {
                windows.push(PulledWindow { name, dir, manifest });
            }
        }
        Ok(windows)
    }

    /// The windows that together are the whole export: the last full one and those after it.
    pub fn export(&self) -> Result<Vec<PulledWindow>, PullError> {
        let mut windows = self.windows()?;
        let full = windows.iter().rposition(|window| window.manifest.window.extent == Extent::Full);
        Ok(full.map(|at| windows.split_off(at)).unwrap_or_default())
    }

    /// Begins a window in a new folder.
    pub(super) fn begin(&self, window: &Window) -> Result<WindowWriter, PullError> {
        let last = self.folders()?.last().and_then(|(name, _)| number_of(name)).unwrap_or(0);
        let dir = self.dir.join(window.name(last + 1));
        DirBuilder::new().mode(0o700).create(&dir).map_err(PullError::io(&dir))?;
        Ok(WindowWriter::new(dir))
    }

    /// A note that an unfinished pull left in the folder.
    pub(super) fn note(&self, name: &str) -> Result<Option<Vec<u8>>, PullError> {
        let path = self.dir.join(name);
        found(fs::read(&path), &path)
    }

    /// Leaves a note for the next pull, in case this one is interrupted.
    pub(super) fn leave_note(&self, name: &str, text: &[u8]) -> Result<(), PullError> {
        put(&self.dir, name, text)
    }

    pub(super) fn remove_note(&self, name: &str) -> Result<(), PullError> {
        let path = self.dir.join(name);
        found(fs::remove_file(&path), &path).map(drop)
    }

    /// Removes a window.
    pub fn remove(&self, window: &PulledWindow) -> Result<(), PullError> {
        remove_window(&window.dir)
    }

    /// Removes the files of a window, but keeps its manifest: the next window begins at its end.
    pub fn empty(&self, window: &PulledWindow) -> Result<(), PullError> {
        let manifest = Manifest { is_emptied: true, ..window.manifest.clone() };
        put(&window.dir, MANIFEST, &manifest.text().map_err(PullError::io(&window.dir))?)?;
        remove_files(&window.dir)
    }

    /// Removes the remains of windows that are incomplete or were being emptied.
    pub(super) fn remove_incomplete(&self) -> Result<(), PullError> {
        for (_, dir) in self.folders()? {
            match read_manifest(&dir)? {
                None => remove_window(&dir)?,
                Some(manifest) if manifest.is_emptied => remove_files(&dir)?,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Folders of windows, complete or not, by number.
    fn folders(&self) -> Result<Vec<(String, PathBuf)>, PullError> {
        let Some(entries) = found(fs::read_dir(&self.dir), &self.dir)? else {
            return Ok(Vec::new());
        };
        check_private(&self.dir)?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(PullError::io(&self.dir))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if number_of(&name).is_some() && entry.path().is_dir() {
                found.push((name, entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The result for a file or folder that need not exist; `None` without it.
fn found<T>(result: io::Result<T>, path: &Path) -> Result<Option<T>, PullError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some).map_err(PullError::io(path)),
    }
}

/// The number at the beginning of a window's name; `None` for other names, as other folders next to
/// windows are not ours.
fn number_of(name: &str) -> Option<u32> {
    let (number, rest) = name.split_once('-')?;
    let (end, extent) = rest.split_once('-')?;
    let is_end = end.len() == "20260101T000000Z".len() && end.ends_with('Z');
    let is_extent = [Extent::Full, Extent::Increment].iter().any(|own| own.word() == extent);
    (number.len() >= 6 && is_end && is_extent).then(|| number.parse().ok()).flatten()
}

/// `None` if there is none. A manifest of a newer program is an error and must not be ignored.
fn read_manifest(dir: &Path) -> Result<Option<Manifest>, PullError> {
    let path = dir.join(MANIFEST);
    let Some(text) = found(fs::read(&path), &path)? else { return Ok(None) };
    Manifest::parse(&text).map(Some).ok_or_else(|| PullError::Settings {
        what: format!("{}: can't be read", path.display()),
        expected: "a manifest that this version of ordersync wrote, or an older one".to_owned(),
        hint: "update ordersync, or remove the folder and pull with --full".to_owned(),
    })
}

/// Removes everything but the manifest.
fn remove_files(dir: &Path) -> Result<(), PullError> {
    for entry in fs::read_dir(dir).map_err(PullError::io(dir))? {
        let path = entry.map_err(PullError::io(dir))?.path();
        if !path.ends_with(MANIFEST) {
            fs::remove_file(&path).map_err(PullError::io(&path))?;
        }
    }
    Ok(())
}

/// The manifest is removed first, so that an interrupted removal leaves nothing that looks
/// complete.
fn remove_window(dir: &Path) -> Result<(), PullError> {
    let manifest = dir.join(MANIFEST);
    if found(fs::remove_file(&manifest), &manifest)?.is_some() {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(PullError::io(dir))?;
    }
    fs::remove_dir_all(dir).map_err(PullError::io(dir))
}

/// Pulled orders contain personal data: their folder must not be a link, and only its owner may
/// read it.
fn check_private(dir: &Path) -> Result<(), PullError> {
    let metadata = fs::symlink_metadata(dir).map_err(PullError::io(dir))?;
    let mode = metadata.mode() & 0o777;
    let what = if !metadata.is_dir() {
        "is not a folder".to_owned()
    } else if mode & 0o077 != 0 {
        format!("others can read it (mode {mode:04o})")
    } else {
        return Ok(());
    };
    Err(PullError::Settings {
        what: format!("{}: {what}", dir.display()),
        expected: "a folder of mode 0700".to_owned(),
        hint: format!("chmod 700 {}", dir.display()),
    })
}

/// Another owner could change the folder, or be unable to read the files written to it.
fn check_own(dir: &Path) -> Result<(), PullError> {
    let owner = fs::metadata(dir).map_err(PullError::io(dir))?.uid();
    let user = rustix::process::geteuid().as_raw();
    if owner == user {
        return Ok(());
    }
    Err(PullError::Settings {
        what: format!("{}: belongs to the user {owner}, not to {user}", dir.display()),
        expected: "a folder of the user who pulls".to_owned(),
        hint: "run ordersync as its owner, such as with `sudo -u`, or chown the folder".to_owned(),
    })
}

/// Whether this is the file that has this path now.
fn is_file_at(file: &File, path: &Path) -> bool {
    let id = |file: fs::Metadata| (file.dev(), file.ino());
    match (file.metadata().map(id), fs::metadata(path).map(id)) {
        (Ok(own), Ok(there)) => own == there,
        _ => false,
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_once_its_pull_ended_though_a_program_that_was_started_has_a_copy_of_the_lock()
     {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("shop");
        let folder = Folder::open(dir.clone()).unwrap();
        let copy = folder._lock.as_ref().unwrap().0.try_clone().unwrap();
        assert!(Folder::open(dir.clone()).is_err());
        drop(folder);
        assert!(Folder::open(dir).is_ok());
        drop(copy);
    }

    #[test]
    fn a_folder_for_one_use_is_emptied_and_removed_by_its_holder_alone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("aside");
        let left = dir.join("000001-20260101T000000Z-full");
        let leave = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&left).unwrap();
            fs::write(left.join(MANIFEST), "of another version").unwrap();
        };
        leave();
        let folder = Folder::open_empty(dir.clone()).unwrap();
        assert!(!left.exists(), "a killed use left it");
        leave();
        assert!(Folder::open_empty(dir.clone()).is_err());
        assert!(left.exists(), "it belongs to the holder");
        folder.remove_whole().unwrap();
        assert!(!dir.exists());
        assert!(Folder::open_empty(dir).is_ok());
    }

    #[test]
    fn the_lock_of_a_folder_that_was_removed_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(LOCK);
        let lock = private_file(&path).unwrap();
        assert!(is_file_at(&lock, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_file_at(&lock, &path));
        let _other = private_file(&path).unwrap();
        assert!(!is_file_at(&lock, &path));
    }
}
