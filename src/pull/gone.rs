//! Orders that a shop had and has no more.

use super::error::PullError;
use super::folder::Folder;
use super::manifest::PulledWindow;
use std::collections::BTreeSet;

/// The most orders that are asked for by their ids, to prove that they are gone.
const MISSING_MAX: usize = 1000;

/// The export that a full window replaces.
pub(super) struct Before<'a> {
    pub folder: &'a Folder,
    pub shop: &'a str,
    pub query: &'a str,
}

impl Before<'_> {
    /// Its orders that are not among `present`. `ids_in` reads the ids in a part of a file.
    pub(super) fn missing(
        &self,
        present: &BTreeSet<u64>,
        ids_in: impl Fn(&[u8]) -> Vec<u64>,
    ) -> Result<Vec<u64>, PullError> {
        let mut before = BTreeSet::new();
        let same = |window: &PulledWindow| window.manifest.is_of(self.shop, self.query);
        for window in self.folder.export()?.iter().filter(|window| same(window)) {
            // A file that is damaged is what this full pull replaces.
            before.extend(window.parts().flat_map(|part| ids_in(&part)));
        }
        Ok(before.difference(present).copied().collect())
    }
}

/// The missing orders, if they are few enough to be asked for one by one. So many as are not are no
/// proof of anything but a shop that lost its orders, or shows them to us no more.
pub(super) fn few(missing: Vec<u64>, warnings: &mut Vec<String>) -> Vec<u64> {
    if missing.len() <= MISSING_MAX {
        return missing;
    }
    warnings.push(format!(
        "{} orders of the last full pull are missing from this one, too many to ask for each; none is taken for deleted",
        missing.len()
    ));
    Vec::new()
}
