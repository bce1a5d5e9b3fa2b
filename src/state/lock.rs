use super::StateError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const NOTE_LEN_MAX: u64 = 64;

/// One writer for each account: an advisory lock on a file next to the state, freed by the system
/// when the process dies. (Such locks don't hold on network file systems.)
///
/// The lock file's modification time is the time of the last request sent, so that the next process
/// keeps the spacing even after a crash; setting it costs microseconds and needs no flush, as a
/// reboot after a machine crash takes longer than the spacing. Its text is the last pause that
/// ActiveCampaign asked for.
#[derive(Debug)]
pub struct Lock {
    file: Arc<Held>,
    sent_before: Option<SystemTime>,
    pause_before: Option<Duration>,
}

/// Notes what the next process must know. A lost note only affects the spacing after a crash, so
/// failures are ignored.
#[derive(Debug)]
pub struct SendLog {
    file: Mutex<Arc<Held>>,
}

/// The locked file. The last holder unlocks it explicitly: closing the file is not enough, as a
/// program that this process is just starting has a copy of it for a moment.
#[derive(Debug)]
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // If that fails, closing releases it.
        let _ = self.0.unlock();
    }
}

impl SendLog {
    /// A request leaves.
    pub fn sent(&self, at: SystemTime) {
        let _ = self.file().0.set_modified(at);
    }

    /// ActiveCampaign asked for a pause.
    pub fn paused(&self, from: SystemTime, until: SystemTime) {
        let held = self.file();
        let mut file = &held.0;
        // With a fixed width, so that it overwrites the previous one.
        let text = format!("{:>15} {:>15}\n", millis(from), millis(until));
        let _ = file.rewind().and_then(|()| file.write_all(text.as_bytes()));
    }

    fn file(&self) -> MutexGuard<'_, Arc<Held>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(at: SystemTime) -> u128 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// The remainder at `now` of the pause in a lock file. If the clock went back, it is the whole
/// pause and never more.
fn pause_left(text: &str, now: SystemTime) -> Option<Duration> {
    let mut parts = text.split_whitespace().map(|part| part.parse::<u64>().ok());
    let (from, until) = (parts.next()??, parts.next()??);
    let now = u64::try_from(millis(now)).ok()?;
    let left = until.checked_sub(now.max(from))?;
    (left > 0).then(|| Duration::from_millis(left))
}

impl Lock {
    /// # Errors
    /// [`StateError::Locked`] when another process holds it.
    pub(super) fn acquire(path: &Path) -> Result<Self, StateError> {
        let existed = path.exists();
        let file = private(OpenOptions::new().create(true).truncate(false).read(true).write(true))
            .open(path)
            .map_err(StateError::io(path))?;
        if !try_lock(&file).map_err(StateError::io(path))? {
            return Err(StateError::Locked { path: path.to_owned() });
        }
        let file = Arc::new(Held(file));
        let modified =
            file.0.metadata().and_then(|meta| meta.modified()).map_err(StateError::io(path))?;
        let mut text = String::new();
        // Unreadable text was not written by us.
        let _ = (&file.0).take(NOTE_LEN_MAX).read_to_string(&mut text);
        let pause_before = pause_left(&text, SystemTime::now());
        Ok(Self { file, sent_before: existed.then_some(modified), pause_before })
    }

    /// When the previous process sent its last request, as far as is known.
    pub fn last_send_at(&self) -> Option<SystemTime> {
        self.sent_before
    }

    /// The remainder of a pause that ActiveCampaign asked the previous process for.
    pub fn pause_left(&self) -> Option<Duration> {
        self.pause_before
    }

    /// A handle that notes requests and pauses, and holds the lock too.
    pub fn send_log(&self) -> SendLog {
        SendLog { file: Mutex::new(Arc::clone(&self.file)) }
    }
}

/// Checking whether it is held takes the lock for a moment, so one failure is not conclusive.
fn try_lock(file: &File) -> std::io::Result<bool> {
    for attempt in 0..5 {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(source)) => return Err(source),
            Err(TryLockError::WouldBlock) if attempt < 4 => {
                std::thread::sleep(Duration::from_millis(20))
            }
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Ok(false)
}

/// Whether some process is writing to an account's state right now.
pub fn is_locked(dir: &Path, account: &str) -> bool {
    let Ok(file) = File::open(dir.join(format!("{account}.lock"))) else { return false };
    let looked = file.try_lock_shared();
    // Explicitly, as for a held lock.
    let _ = file.unlock();
    matches!(looked, Err(TryLockError::WouldBlock))
}

/// Until when ActiveCampaign asked the writers of an account to wait; `None` if that has passed, or
/// it did not ask.
pub fn asked_pause(dir: &Path, account: &str, now: SystemTime) -> Option<SystemTime> {
    let mut text = String::new();
    let file = File::open(dir.join(format!("{account}.lock"))).ok()?;
    file.take(NOTE_LEN_MAX).read_to_string(&mut text).ok()?;
    now.checked_add(pause_left(&text, now)?)
}

/// Readable and writable by its owner only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_known_to_the_next_process_until_it_is_over() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("main.lock");
        let lock = Lock::acquire(&path).unwrap();
        assert_eq!(lock.pause_left(), None);
        let now = SystemTime::now();
        let log = lock.send_log();
        log.paused(now, now + Duration::from_secs(2_000_000));
        log.paused(now, now + Duration::from_secs(3_600));
        log.sent(now);
        drop((lock, log));
        let left = Lock::acquire(&path).unwrap().pause_left().unwrap();
        assert!(
            left > Duration::from_secs(3_000) && left <= Duration::from_secs(3_600),
            "{left:?}"
        );
    }

    #[test]
    fn it_is_free_once_given_up_though_a_program_being_started_has_a_copy_of_the_file() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("main.lock");
        let lock = Lock::acquire(&path).unwrap();
        let log = lock.send_log();
        let copy = lock.file.0.try_clone().unwrap();
        drop(lock);
        assert!(
            matches!(Lock::acquire(&path), Err(StateError::Locked { .. })),
            "who notes requests holds it"
        );
        drop(log);
        assert!(Lock::acquire(&path).is_ok());
        drop(copy);
    }

    #[test]
    fn a_clock_that_jumps_makes_no_pause_longer() {
        let at = |s: u64| UNIX_EPOCH + Duration::from_secs(s);
        let left = |now| {
            pause_left("        1000000         1030000\n", at(now)).map(|left| left.as_secs())
        };
        assert_eq!(
            [left(1_000), left(1_010), left(1_030), left(9_999), left(5)],
            [Some(30), Some(20), None, None, Some(30)]
        );
        for other in ["", "x", "1000000", "1030000 1000000", "\0\0 \0"] {
            assert_eq!(pause_left(other, at(1_000)), None, "{other:?}");
        }
    }
}
