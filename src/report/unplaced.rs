//! Fields of the export that are not sent, because they are not used.

use super::text::{count, many, printable};
use crate::domain::Unplaced;
use crate::run::Preview;
use serde_json::{Value, json};

/// Fields that a line of text names.
const NAMED_MAX: usize = 12;

/// A line for each format.
pub(super) fn unplaced_lines(preview: &Preview) -> Vec<String> {
    preview.unplaced.iter().map(line).collect()
}

fn line(unplaced: &Unplaced) -> String {
    let names = unplaced.fields.iter().take(NAMED_MAX).map(|name| printable(name));
    let mut names = names.collect::<Vec<_>>().join(", ");
    let more = unplaced.fields.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        names
            .push_str(&format!(" and {} more, which the page and --json name", count(more as u64)));
    }
    format!("{}: {names}", head(unplaced))
}

/// `shopify-csv: 3 fields are not sent, …`
pub(super) fn head(unplaced: &Unplaced) -> String {
    let fields = unplaced.fields.len() as u64;
    let (are, them) = if fields == 1 { ("is", "it") } else { ("are", "them") };
    format!(
        "{}: {} {are} not sent, as there is no place for {them} or another field states the same",
        unplaced.format,
        many(fields, "field")
    )
}

pub(super) fn unplaced_json(preview: &Preview) -> Value {
    let json = |unplaced: &Unplaced| json!({ "format": unplaced.format, "count": unplaced.fields.len(), "fields": unplaced.fields });
    preview.unplaced.iter().map(json).collect()
}
