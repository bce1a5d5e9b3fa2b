use super::StateError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// One writer for each account: an advisory lock on a file beside the state, freed by the system when the
/// process dies. (Such locks don't hold on network file systems.)
///
/// The lock file's modification time is the time of the last request sent, so that the next process keeps
/// its distance from it even after a crash; setting it costs microseconds and needs no flush, as a crash of
/// the whole machine takes longer than the distance.
#[derive(Debug)]
pub struct Lock {
    file: File,
    sent_before: Option<SystemTime>,
}

impl Lock {
    /// # Errors
    /// [`StateError::Locked`] when another process holds it.
    pub(super) fn acquire(path: &Path) -> Result<Self, StateError> {
        let existed = path.exists();
        let file = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(path)
            .map_err(StateError::io(path))?;
        if !try_lock(&file).map_err(StateError::io(path))? {
            return Err(StateError::Locked { path: path.to_owned() });
        }
        let modified = file.metadata().and_then(|meta| meta.modified()).map_err(StateError::io(path))?;
        Ok(Self { file, sent_before: existed.then_some(modified) })
    }

    /// When the process before this one sent its last request, as far as is known.
    pub fn last_send_at(&self) -> Option<SystemTime> {
        self.sent_before
    }

    /// A handle that notes each request sent.
    ///
    /// # Errors
    /// When the file handle can't be duplicated.
    pub fn send_log(&self) -> Result<impl Fn(SystemTime) + Send + Sync + use<>, StateError> {
        let file = self.file.try_clone()?;
        Ok(move |at| {
            // Losing this note costs nothing but distance after a crash, and there is nobody to tell.
            let _ = file.set_modified(at);
        })
    }
}

/// A look at whether it is held takes the lock for a moment; so one refusal is not believed.
fn try_lock(file: &File) -> std::io::Result<bool> {
    for attempt in 0..5 {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(source)) => return Err(source),
            Err(TryLockError::WouldBlock) if attempt < 4 => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Ok(false)
}

/// Whether some process is writing to an account's state right now.
pub fn is_locked(dir: &Path, account: &str) -> bool {
    let Ok(file) = File::open(dir.join(format!("{account}.lock"))) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

impl From<std::io::Error> for StateError {
    fn from(source: std::io::Error) -> Self {
        Self::Io { path: "state".into(), source }
    }
}

/// Readable and writable by its owner only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
