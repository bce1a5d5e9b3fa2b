//! Orders that a shop had and has no more.

use super::error::PullError;
use super::folder::Folder;
use super::manifest::PulledWindow;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The most orders that are asked for by their ids, to prove that they are gone.
const MISSING_MAX: usize = 1000;

/// The export that a full window replaces.
pub(super) struct Before<'a> {
    pub folder: &'a Folder,
    pub shop: &'a str,
    pub query: &'a str,
    /// Those that were missing then already, of which nobody has taken note yet.
    pub gone: &'a [u64],
}

impl Before<'_> {
    /// Its orders that are not among `present`.
    pub(super) fn missing(&self, present: &BTreeSet<u64>) -> Result<Vec<u64>, PullError> {
        let export = self.folder.export()?;
        let same = |window: &&PulledWindow| window.manifest.is_of(self.shop, self.query);
        let before = export.iter().filter(same).flat_map(ids_of);
        let before: BTreeSet<u64> = before.chain(self.gone.iter().copied()).collect();
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

/// The orders of an export that the shop has no more: those that its full window found gone, and
/// that no window after it has.
pub fn gone(export: &[PulledWindow]) -> Vec<u64> {
    let Some((full, later)) = export.split_first() else { return Vec::new() };
    if full.manifest.gone.is_empty() {
        return Vec::new();
    }
    let back: BTreeSet<u64> = later.iter().flat_map(ids_of).collect();
    full.manifest.gone.iter().copied().filter(|id| !back.contains(id)).collect()
}

/// The ids of a window's orders, in any of the forms of answers.
fn ids_of(window: &PulledWindow) -> impl Iterator<Item = u64> {
    /// An order, or a row that is a part of one.
    #[derive(Deserialize)]
    struct Row {
        id: Id,
        #[serde(rename = "__parentId")]
        parent: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Global(String),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Part {
        Page(Vec<Row>),
        Row(Row),
    }
    window.parts().flat_map(|part| {
        let rows = match serde_json::from_slice(&part) {
            Ok(Part::Page(rows)) => rows,
            Ok(Part::Row(row)) => vec![row],
            // Damaged, or the page of a result without orders.
            Err(_) => Vec::new(),
        };
        rows.into_iter().filter(|row| row.parent.is_none()).filter_map(|row| match row.id {
            Id::Number(id) => Some(id),
            Id::Global(id) => id.strip_prefix("gid://shopify/Order/")?.parse().ok(),
        })
    })
}
