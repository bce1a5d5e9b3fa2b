//! Fields of an export that are not used for orders: ActiveCampaign has no field for them, or they
//! are not read.

use super::json::{JsonFile, KeyUses, Wrappers};
use super::mapping::{note_uses as note_mapped, wrappers_of};
use super::messages::note_uses;
use super::table::{DetectedFormat, Table};
use crate::domain::Unplaced;
use std::collections::{BTreeMap, BTreeSet};

/// Records of a JSON file whose keys are examined.
const RECORDS_MAX: usize = 50;
/// Files of one format that are examined.
const FILES_MAX: usize = 20;
/// A longer name is truncated.
const NAME_LEN_MAX: usize = 60;

#[derive(Default)]
struct FoundKeys<'a> {
    files: usize,
    columns: BTreeSet<&'a str>,
    keys: KeyUses,
}

/// By format: the columns of tables that are not read, and such keys of the first records of JSON.
pub fn unplaced<'a>(tables: impl Iterator<Item = &'a Table>) -> Vec<Unplaced> {
    let mut by_format: BTreeMap<&str, FoundKeys<'_>> = BTreeMap::new();
    for table in tables {
        let found = by_format.entry(table.format_name()).or_default();
        found.files += 1;
        if let DetectedFormat::Csv(csv) = &table.format {
            found.columns.extend(csv.unread.iter().map(String::as_str));
        }
        if found.files <= FILES_MAX {
            look(table, &mut found.keys);
        }
    }
    let unplaced = by_format.into_iter().map(|(format, found)| {
        let columns = found.columns.into_iter().map(shown);
        let fields: Vec<String> =
            columns.chain(found.keys.unread().map(|key| shown(&key))).collect();
        Unplaced { format: format.to_owned(), fields }
    });
    unplaced.filter(|unplaced| !unplaced.fields.is_empty()).collect()
}

fn look(table: &Table, uses: &mut KeyUses) {
    let wrappers = match &table.format {
        DetectedFormat::Json(layout) => layout.wrappers(),
        DetectedFormat::Messages(_) => Wrappers::default(),
        DetectedFormat::MappedJson(profile) => wrappers_of(profile),
        DetectedFormat::Csv(csv) => return csv.note_uses(table.source.clone(), RECORDS_MAX, uses),
    };
    // What can't be read is reported when the orders are read.
    let Ok(mut file) = JsonFile::open(table.source.clone(), wrappers) else { return };
    for _ in 0..RECORDS_MAX {
        let looked = file.next(|document| match &table.format {
            DetectedFormat::Json(layout) => layout.format.note_uses(document, uses),
            DetectedFormat::Messages(streams) => note_uses(streams, document, uses),
            DetectedFormat::MappedJson(profile) => note_mapped(profile, document.value, uses),
            DetectedFormat::Csv(_) => {}
        });
        if !matches!(looked, Ok(Some(_))) {
            return;
        }
    }
}

/// A name as it may be shown, which must not be an e-mail address.
fn shown(name: &str) -> String {
    if name.contains('@') {
        return "(a name with an address)".to_owned();
    }
    match name.char_indices().nth(NAME_LEN_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
