//! Records that a plan names as examples, and where they are in the export.

use super::text::printable;
use crate::plan::Example;
use crate::run::Preview;
use serde_json::{Value, json};

pub(super) fn example_json(preview: &Preview, example: &Example) -> Value {
    json!({
        "order": example.order,
        "file": file_of(preview, example.position.file),
        "line": example.position.line,
        "field": example.field,
    })
}

pub(super) fn file_of(preview: &Preview, file: u32) -> String {
    let file = usize::try_from(file).ok().and_then(|index| preview.files.get(index));
    file.map(ToString::to_string).unwrap_or_default()
}

/// The order, and where to look.
pub(super) fn example_text(preview: &Preview, example: &Example) -> String {
    let order = match example.order.as_str() {
        "" => "no number".to_owned(),
        number => printable(number),
    };
    let field = example.field.map(|field| format!(" ({field})")).unwrap_or_default();
    let file = short_name(preview, example.position.file);
    format!("{order} at {file}:{}{field}", example.position.line)
}

/// The file name without its folder, unless another file has the same name.
pub(super) fn short_name(preview: &Preview, file: u32) -> String {
    let Some(file) = usize::try_from(file).ok().and_then(|index| preview.files.get(index)) else {
        return String::new();
    };
    let same_name = preview
        .files
        .iter()
        .filter(|other| other.path.file_name() == file.path.file_name())
        .count();
    match file.path.file_name().filter(|_| same_name == 1 && file.member.is_none()) {
        Some(name) => shortened(&printable(&name.to_string_lossy())),
        None => shortened(&printable(&file.to_string())),
    }
}

/// Shortens long names in the middle; the whole name is at the top of a report.
fn shortened(name: &str) -> String {
    const PART_LEN: usize = 18;
    let letters: Vec<char> = name.chars().collect();
    match (letters.first_chunk::<PART_LEN>(), letters.last_chunk::<PART_LEN>()) {
        (Some(first), Some(last)) if letters.len() > PART_LEN * 2 => {
            first.iter().chain(&['…']).chain(last).collect()
        }
        _ => name.to_owned(),
    }
}
