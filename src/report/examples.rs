//! Records that a plan names as examples, and where they are in the export.

use super::text::printable;
use crate::domain::{Position, ShownValue};
use crate::plan::Example;
use crate::run::Preview;
use serde_json::{Value, json};

pub(super) fn example_json(preview: &Preview, example: &Example) -> Value {
    json!({
        "order": example.order,
        "file": file_of(preview, example.position.file),
        "line": example.position.line,
        "record": record_json(example.position),
        "field": example.field,
        "value": example.value.get(),
    })
}

pub(super) fn file_of(preview: &Preview, file: u32) -> String {
    let file = usize::try_from(file).ok().and_then(|index| preview.files.get(index));
    file.map(ToString::to_string).unwrap_or_default()
}

/// The order and its place.
pub(super) fn example_text(preview: &Preview, example: &Example) -> String {
    let order = match example.order.as_str() {
        "" => "no number".to_owned(),
        number => printable(number),
    };
    let file = short_name(preview, example.position.file);
    let place = place_text(&file, example.position);
    format!("{order} at {place}{}", field_text(example.field, &example.value))
}

/// ` (created_at: `19/09/2022`)`; blank without a field.
pub(super) fn field_text(field: Option<&str>, value: &ShownValue) -> String {
    match (field, value.get()) {
        (None, _) => String::new(),
        (Some(field), None) => format!(" ({field})"),
        (Some(field), Some(value)) => format!(" ({field}: `{}`)", printable(value)),
    }
}

/// `orders.csv:7`, or `record 3 of orders.json, line 57` if several records may be on a line.
pub(super) fn place_text(file: &str, position: Position) -> String {
    let Position { in_file, line, .. } = position;
    match in_file {
        0 => format!("{file}:{line}"),
        // A line number that adds nothing is left out.
        n if line == n || line <= 1 => format!("record {n} of {file}"),
        n => format!("record {n} of {file}, line {line}"),
    }
}

/// The same number for scripts; null if lines distinguish records.
pub(super) fn record_json(position: Position) -> Value {
    if position.in_file == 0 { Value::Null } else { position.in_file.into() }
}

/// The file name without its folder, unless another file has the same name.
pub(super) fn short_name(preview: &Preview, file: u32) -> String {
    let file = usize::try_from(file).ok().and_then(|index| preview.files.get(index));
    file.map(|file| short_name_of(preview, &file.to_string())).unwrap_or_default()
}

/// The short name of the file with this display name. A customers file is not part of the export.
pub(super) fn short_name_of(preview: &Preview, shown: &str) -> String {
    let Some(file) = preview.files.iter().find(|file| file.to_string() == shown) else {
        return shortened(&printable(shown.rsplit(['/', '\\']).next().unwrap_or_default()));
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
