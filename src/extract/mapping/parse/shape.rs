//! The structure of the export.

use crate::extract::mapping::profile::{FilledRows, LinesInCell, MappingSource, Names, RowLayout};
use crate::extract::mapping::toml_table::TomlTable;

/// The shape, and the separate names of lines, if they have any.
pub fn source(table: &TomlTable<'_>, names: &Names) -> (MappingSource, Option<Names>) {
    let sources = [("csv", false), ("json", true)];
    let is_json = table.get("source").and_then(|value| value.choice(&sources)).unwrap_or_default();
    if !is_json {
        csv(table, names)
    } else if table.get("rows").is_some() {
        flat_json(table, names)
    } else {
        (json(table), Some(Names::default()))
    }
}

fn csv(table: &TomlTable<'_>, names: &Names) -> (MappingSource, Option<Names>) {
    absent(table, &["records", "lines"], "csv");
    let delimiter = table.text("delimiter").map(|text| match text.as_bytes() {
        [one] if !one.is_ascii_alphanumeric() && *one != b'"' && *one != b'\n' => *one,
        _ => {
            if let Some(value) = table.get("delimiter") {
                value.fault("not a delimiter", "one sign, such as \";\" or \"\\t\"");
            }
            b','
        }
    });
    let (layout, line_names) = layout(table, names);
    (MappingSource::Csv { layout, delimiter }, line_names)
}

fn layout(table: &TomlTable<'_>, names: &Names) -> (RowLayout, Option<Names>) {
    let parts = table.table("parts");
    if let Some(parts) = parts {
        parts.only(&["cell", "keys"]);
        let keys = parts.texts("keys");
        let cell = parts.text("cell");
        if keys.len() < 2 || cell.is_none() {
            parts.fault(
                "is not complete",
                "`cell` with the column's name, and `keys` with at least two keys",
            );
        }
        let line_names = Names::default();
        for key in &keys {
            line_names.number(key);
        }
        let cell = names.number(&cell.unwrap_or_default());
        return (RowLayout::Parts(LinesInCell { cell, keys: keys.len() }), Some(line_names));
    }
    let layouts = [
        ("order", None),
        ("first", Some(FilledRows::First)),
        ("each", Some(FilledRows::Each)),
        ("either", Some(FilledRows::Either)),
    ];
    let repeats = match table.get("rows").map(|value| value.choice(&layouts)) {
        None | Some(Some(None)) => {
            absent_without_lines(table);
            return (RowLayout::Order, None);
        }
        Some(repeats) => repeats.flatten().unwrap_or(FilledRows::First),
    };
    let key = table.texts("key");
    if key.is_empty() {
        table.fault(
            "names no key",
            "key = \"…\", the column that the rows of an order have in common",
        );
    }
    (RowLayout::Lines { key: key.iter().map(|name| names.number(name)).collect(), repeats }, None)
}

fn absent_without_lines(table: &TomlTable<'_>) {
    if let Some(value) = table.get("line_key") {
        value.fault(
            "has no meaning where each row is an order",
            "rows = \"each\" or another layout",
        );
    }
}

fn flat_json(table: &TomlTable<'_>, names: &Names) -> (MappingSource, Option<Names>) {
    absent(table, &["lines", "delimiter", "parts"], "json");
    let (layout, line_names) = layout(table, names);
    (MappingSource::FlatJson { wrappers: table.texts("records"), layout }, line_names)
}

fn json(table: &TomlTable<'_>) -> MappingSource {
    absent(table, &["key", "line_key", "delimiter", "parts", "row_kind"], "json");
    let lines = table.texts("lines");
    if lines.is_empty() {
        let expected = "lines = \"/…\", where in a record the list of its lines is, or rows = \"each\" for records \
                        that are lines";
        table.fault("names no lines", expected);
    }
    MappingSource::Json { wrappers: table.texts("records"), lines }
}

fn absent(table: &TomlTable<'_>, keys: &[&str], source: &str) {
    for value in keys.iter().filter_map(|key| table.get(key)) {
        value.fault(&format!("has no meaning with source = \"{source}\""), "it to be left out");
    }
}
