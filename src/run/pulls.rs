//! The export of a job that pulls its shop: the windows on disk, and their entries in the state.

use super::shrinkage::{Shrinkage, is_less, shrinkage};
use super::{ConnectionSpec, Job};
use crate::domain::{Gone, OrderKey};
use crate::extract::{Export, ExportFile, OpenError, Options};
use crate::pull::{Extent, Folder, OrderId, PullError, PulledWindow, gone_orders, missing_orders};
use crate::state::{StateError, View};
use std::collections::BTreeSet;

/// Why the windows of a job can't be examined.
#[derive(Debug, thiserror::Error)]
pub enum PullsError {
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Job {
    /// Opens the export: the files that the settings name, or what was pulled last. Pulled files
    /// are compared with their manifests. For a job that keeps nothing, only the orders that are
    /// not loaded yet.
    ///
    /// # Errors
    /// With every fault of every file; also if nothing was pulled yet.
    pub fn open_export(&self) -> Result<Export, OpenError> {
        let Some(pulls) = &self.pulls else { return Export::open(&self.export) };
        let windows = Folder::view(pulls.dir.clone()).export().map_err(open_error)?;
        if windows.is_empty() {
            let hint = format!("run `ordersync pull {}`", self.name);
            return Err(OpenError::of("pull", "nothing was pulled yet", hint));
        }
        self.open_windows(&windows)
    }

    /// Opens the export for a comparison of all its orders.
    ///
    /// # Errors
    /// As [`Self::open_export`]; also if orders were removed after they were loaded.
    pub fn open_whole_export(&self) -> Result<Export, OpenError> {
        let Some(pulls) = &self.pulls else { return self.open_export() };
        let windows = Folder::view(pulls.dir.clone()).export().map_err(open_error)?;
        if windows.iter().any(|window| window.manifest.is_emptied) {
            return Err(removed());
        }
        self.open_export()
    }

    /// Opens the orders of these windows.
    pub fn open_windows(&self, windows: &[PulledWindow]) -> Result<Export, OpenError> {
        windows.iter().try_for_each(PulledWindow::verify).map_err(open_error)?;
        let files = windows.iter().flat_map(PulledWindow::files);
        let patterns: Vec<String> = files.map(|file| file.to_string_lossy().into_owned()).collect();
        if patterns.is_empty() {
            return Err(removed());
        }
        Export::open(&Options { patterns, ..self.export.clone() })
    }

    /// The names of the windows that contain these files.
    pub(super) fn windows_of(&self, files: &[ExportFile]) -> Result<Vec<String>, PullError> {
        let Some(pulls) = &self.pulls else { return Ok(Vec::new()) };
        let read: BTreeSet<_> = files.iter().filter_map(|file| file.path.parent()).collect();
        let windows = Folder::view(pulls.dir.clone()).windows()?;
        let read = windows.into_iter().filter(|window| read.contains(window.dir.as_path()));
        Ok(read.map(|window| window.name).collect())
    }

    /// The windows of the export that no finished run has loaded, in the order of the pulls.
    pub fn unsettled_windows(&self, view: &View) -> Result<Vec<PulledWindow>, PullsError> {
        let Some(pulls) = &self.pulls else { return Ok(Vec::new()) };
        let settled = view.settled_windows(&self.name)?;
        let mut windows = Folder::view(pulls.dir.clone()).export()?;
        windows.retain(|window| !settled.contains(&window.name) && !window.manifest.is_emptied);
        Ok(windows)
    }

    /// Whether only changes in the shop are to be loaded, as usual.
    pub(super) fn loads_changes_only(&self, view: &View) -> Result<bool, PullsError> {
        let is_increment =
            |window: &PulledWindow| window.manifest.window.extent == Extent::Increment;
        Ok(self.pulls.is_some() && self.unsettled_windows(view)?.iter().all(is_increment))
    }

    /// The window that has to be loaded before anything is pulled, if there is one. There is none
    /// in a damaged export: a pull replaces it.
    pub fn waiting_window(&self, view: &View) -> Result<Option<PulledWindow>, PullsError> {
        let waiting = self.unsettled_windows(view)?.pop();
        let (Some(pulls), Some(waiting)) = (&self.pulls, waiting) else { return Ok(None) };
        let export = Folder::view(pulls.dir.clone()).export()?;
        let is_whole = export.iter().all(|window| window.verify().is_ok());
        Ok(is_whole.then_some(waiting))
    }

    /// Whether a full pull is needed: another machine loaded a newer window than those of this
    /// folder, and may have deleted orders that they still contain.
    pub fn needs_full_pull(&self, view: &View) -> Result<bool, PullsError> {
        let Some(pulls) = &self.pulls else { return Ok(false) };
        if self.rules.policy.gone != Gone::Delete {
            return Ok(false);
        }
        let windows = Folder::view(pulls.dir.clone()).windows()?;
        let is_here = |name: &String| windows.iter().any(|window| window.name == *name);
        Ok(!view.last_settled_windows(&self.name)?.iter().all(is_here))
    }

    /// Removes windows that the last full one replaces, once that one was loaded; and the orders of
    /// every loaded window, if nothing is kept. Returns the removed windows.
    pub fn remove_replaced_windows(&self, view: &View) -> Result<Vec<PulledWindow>, PullsError> {
        let Some(pulls) = &self.pulls else { return Ok(Vec::new()) };
        let folder = Folder::open(pulls.dir.clone())?;
        let settled = view.settled_windows(&self.name)?;
        let mut windows = folder.windows()?;
        let is_loaded = |window: &PulledWindow| settled.contains(&window.name);
        let is_loaded_full = |window: &PulledWindow| {
            window.manifest.window.extent == Extent::Full && is_loaded(window)
        };
        let kept = windows.split_off(windows.iter().rposition(is_loaded_full).unwrap_or(0));
        for window in &windows {
            folder.remove(window)?;
        }
        for window in kept.into_iter().filter(|window| !pulls.keeps_export && is_loaded(window)) {
            if !window.manifest.is_emptied {
                folder.empty(&window)?;
                windows.push(window);
            }
        }
        Ok(windows)
    }

    /// The orders that the last full pull found gone and the ledger still has: those not deleted
    /// yet, those whose create is in doubt, and all of them if the policy only reports them, as it
    /// may change. The next full pull must request them too.
    pub fn gone_before(&self, view: &View) -> Result<Vec<OrderId>, PullsError> {
        let ConnectionSpec { service, externalid, .. } = &self.connection;
        let Some((connection, _)) = view.connection(service, externalid)? else {
            return Ok(Vec::new());
        };
        let held = view.held_among(connection, &keys_of(&self.gone()?.found))?;
        Ok(held.keys().map(|key| key.as_str().into()).collect())
    }

    /// The orders that no longer exist in the shop, according to the windows of the export.
    pub(super) fn gone(&self) -> Result<GoneOrders, PullError> {
        let Some(pulls) = &self.pulls else { return Ok(GoneOrders::default()) };
        let export = Folder::view(pulls.dir.clone()).export()?;
        Ok(GoneOrders { found: gone_orders(&export), suspected: missing_orders(&export).to_vec() })
    }

    /// How the export shrank since the last finished run: files by their sizes, full pulls by their
    /// orders.
    pub fn shrinkage(
        &self,
        view: &View,
        files: &[ExportFile],
    ) -> Result<Vec<Shrinkage>, StateError> {
        let Some(pulls) = &self.pulls else {
            return Ok(shrinkage(&view.files_read(&self.name)?, files));
        };
        let windows = Folder::view(pulls.dir.clone()).windows().unwrap_or_else(|error| {
            tracing::warn!(job = self.name, "{error}");
            Vec::new()
        });
        Ok(fewer_orders(&windows).into_iter().collect())
    }
}

/// Ids of orders that a full pull did not contain.
#[derive(Default)]
pub(super) struct GoneOrders {
    /// The shop does not know them.
    pub found: Vec<OrderId>,
    /// Still to be requested from the shop.
    pub suspected: Vec<OrderId>,
}

/// The ledger keys of these orders.
pub(super) fn keys_of(ids: &[OrderId]) -> Vec<String> {
    let keys = ids.iter().filter_map(|id| OrderKey::parse(&id.to_string()).ok());
    keys.map(|key| key.ledger_text().into_owned()).collect()
}

/// Compares the last full window with those that it replaces: the last loaded one, and the full
/// ones since then that were not loaded. `None` if it does not have fewer orders.
fn fewer_orders(windows: &[PulledWindow]) -> Option<Shrinkage> {
    let manifests = windows.iter().map(|window| &window.manifest);
    let mut full = manifests.filter(|manifest| manifest.window.extent == Extent::Full);
    let last = full.next_back()?;
    let replaced = full.filter(|before| before.shop == last.shop && before.query == last.query);
    let (before, now) = (replaced.map(|before| before.orders).max()?, last.orders);
    is_less(now, before).then_some(Shrinkage::FewerOrders { before, now })
}

fn removed() -> OpenError {
    let what = "the pulled orders were removed once they were loaded (keep = \"none\")";
    OpenError::of(
        "pull",
        what,
        "pull them again: `ordersync verify JOB --pull`, `ordersync pull JOB --full`",
    )
}

fn open_error(error: PullError) -> OpenError {
    let (what, hint) = error.parts();
    OpenError::of("pull", what, hint)
}
