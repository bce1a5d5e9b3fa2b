use super::{FleetError, Lease, LedgerCopies};
use crate::state::{StateError, copy_state, state_mark};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use tokio_util::sync::CancellationToken;

/// How much each mebibyte of ledger lengthens the time between two copies.
const PER_MEBIBYTE: Duration = Duration::from_secs(1);
const EVERY_MAX: Duration = Duration::from_secs(600);
/// Attempts at the last copy of a lease.
const ATTEMPTS_MAX: u32 = 3;

/// Copies the ledger of an account to the database while it is written to, at an interval that
/// follows its size.
pub(super) struct Copier<'a> {
    copies: &'a LedgerCopies,
    dir: &'a Path,
    lease: &'a Lease,
    /// The least time between two copies.
    every_min: Duration,
    number: i64,
    /// The state of the ledger in the newest copy; `None`: no copy contains everything.
    copied: Option<Vec<(u64, Option<SystemTime>)>>,
}

impl<'a> Copier<'a> {
    /// For a ledger that was just put in place.
    pub fn new(
        copies: &'a LedgerCopies,
        dir: &'a Path,
        lease: &'a Lease,
        every_min: Duration,
    ) -> Self {
        let mut copier = Self { copies, dir, lease, every_min, number: 0, copied: None };
        if lease.handover.unrecorded.is_zero() {
            copier.copied = Some(copier.mark());
        }
        copier
    }

    /// Copies until the work is done. A copy in progress is then finished.
    pub async fn run(&mut self, done: &CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = done.cancelled() => return,
                () = tokio::time::sleep(self.interval()) => {}
            }
            if let Err(error) = self.copy().await {
                self.log(&error);
            }
        }
    }

    fn log(&self, error: &FleetError) {
        let account = &self.lease.account;
        tracing::warn!(account, "the ledger of account {account} was not copied: {error}");
    }

    /// The last copy, of a ledger that is no longer written. Returns whether the database has
    /// everything.
    pub async fn finish(&mut self) -> bool {
        for _ in 0..ATTEMPTS_MAX {
            match self.copy().await {
                Ok(()) => return true,
                Err(error) => {
                    self.log(&error);
                    if matches!(error, FleetError::Lost { .. }) {
                        return false;
                    }
                }
            }
        }
        false
    }

    async fn copy(&mut self) -> Result<(), FleetError> {
        let (began, mark) = (Instant::now(), self.mark());
        if self.copied.as_ref() == Some(&mark) {
            // Intents are recorded before sending, so nothing was sent.
            return self.copies.still_hold_all(self.lease, began).await;
        }
        let (dir, account, to) = (self.dir.to_owned(), self.lease.account.clone(), self.file());
        let copied = tokio::task::spawn_blocking(move || copy_state(&dir, &account, &to)).await;
        let is_there = copied.map_err(|error| StateError::from(std::io::Error::other(error)))??;
        if is_there {
            // Each attempt has its own number, so that it never mixes with the remains of an
            // earlier one.
            self.number += 1;
            let file = self.file();
            self.copies.write(self.lease, self.number, &file, began).await?;
            // The next copy overwrites a leftover.
            let _ = std::fs::remove_file(file);
        }
        self.copied = Some(mark);
        Ok(())
    }

    fn interval(&self) -> Duration {
        let bytes: u64 = self.mark().iter().map(|(len, _)| len).sum();
        let mebibytes = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
        let least = self.every_min.min(EVERY_MAX);
        PER_MEBIBYTE.saturating_mul(mebibytes).clamp(least, EVERY_MAX)
    }

    fn mark(&self) -> Vec<(u64, Option<SystemTime>)> {
        state_mark(self.dir, &self.lease.account)
    }

    fn file(&self) -> PathBuf {
        self.dir.join(format!("{}.copy", self.lease.account))
    }
}
