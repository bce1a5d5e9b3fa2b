//! The export of a job that pulls its shop: the windows on disk, and what the state knows of them.

use super::Job;
use crate::extract::{Export, ExportFile, OpenError, Options};
use crate::pull::{Extent, Folder, PullError, PulledWindow};
use crate::state::{StateError, View};
use std::collections::BTreeSet;

/// Why the windows of a job can't be looked through.
#[derive(Debug, thiserror::Error)]
pub enum PullsError {
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Job {
    /// Opens the export: the files that the settings name, or what was pulled last. Pulled files are
    /// compared with their manifests.
    ///
    /// # Errors
    /// With every fault of every file; also where nothing was pulled yet.
    pub fn open_export(&self) -> Result<Export, OpenError> {
        if self.pulls.is_none() {
            return Export::open(&self.export);
        }
        let windows = self.export_windows().map_err(|error| {
            let (what, hint) = split_hint(&error.to_string());
            OpenError::of("pull", what, hint)
        })?;
        if windows.is_empty() {
            let hint = format!("run `ordersync pull {}`", self.name);
            return Err(OpenError::of("pull", "nothing was pulled yet", hint));
        }
        let files = windows.iter().flat_map(PulledWindow::files);
        let patterns = files.map(|file| file.to_string_lossy().into_owned()).collect();
        Export::open(&Options { patterns, ..self.export.clone() })
    }

    fn export_windows(&self) -> Result<Vec<PulledWindow>, PullError> {
        let Some(dir) = &self.pulls else { return Ok(Vec::new()) };
        let windows = Folder::view(dir.clone()).export()?;
        windows.iter().try_for_each(PulledWindow::verify)?;
        Ok(windows)
    }

    /// The names of the windows that these files are of.
    pub(super) fn windows_of(&self, files: &[ExportFile]) -> Result<Vec<String>, PullError> {
        let Some(dir) = &self.pulls else { return Ok(Vec::new()) };
        let read: BTreeSet<_> = files.iter().filter_map(|file| file.path.parent()).collect();
        let windows = Folder::view(dir.clone()).windows()?;
        let read = windows.into_iter().filter(|window| read.contains(window.dir.as_path()));
        Ok(read.map(|window| window.name).collect())
    }

    /// The windows of the export that no finished run has loaded, in the order of the pulls.
    ///
    /// # Errors
    /// When the folder or the state can't be read.
    pub fn unsettled_windows(&self, view: &View) -> Result<Vec<PulledWindow>, PullsError> {
        let Some(dir) = &self.pulls else { return Ok(Vec::new()) };
        let settled = view.settled_windows(&self.name)?;
        let mut windows = Folder::view(dir.clone()).export()?;
        windows.retain(|window| !settled.contains(&window.name));
        Ok(windows)
    }

    /// Removes windows that the last full one replaces, once that one was loaded. Returns them.
    ///
    /// # Errors
    /// When the folder or the state can't be read, or another process pulls.
    pub fn remove_replaced_windows(&self, view: &View) -> Result<Vec<PulledWindow>, PullsError> {
        let Some(dir) = &self.pulls else { return Ok(Vec::new()) };
        let folder = Folder::open(dir.clone())?;
        let settled = view.settled_windows(&self.name)?;
        let mut windows = folder.windows()?;
        let is_loaded_full = |window: &PulledWindow| {
            window.manifest.window.extent == Extent::Full && settled.contains(&window.name)
        };
        windows.truncate(windows.iter().rposition(is_loaded_full).unwrap_or(0));
        for window in &windows {
            folder.remove(window)?;
        }
        Ok(windows)
    }
}

/// What is wrong, and what to do, of a message with both.
fn split_hint(message: &str) -> (String, String) {
    let (what, hint) = message.split_once("\n  hint: ").unwrap_or((message, ""));
    (what.to_owned(), hint.to_owned())
}
