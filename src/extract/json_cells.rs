//! Tables whose rows are records of a JSON format: lists and objects are JSON in their cells, as a
//! query of a warehouse saves them.

use super::blank::value_bytes;
use super::error::NoMatch;
use super::format::{About, CsvFormat, CsvHead, CsvMatch, Format, Syntax};
use super::header::Header;
use super::json::{JsonFormat, JsonFormats, Keys, Tree, format_of, is_near};
use super::row_objects::RowObjects;
use csv::ByteRecord;

/// A table of records, one a row.
#[derive(Debug)]
pub struct JsonCells;

pub static FORMAT: JsonCells = JsonCells;

/// Columns that hold JSON in the tables of some shop system; they decide the delimiter.
const NAMES: [&str; 3] = ["line_items", "shipping_lines", "billing_address"];

impl Format for JsonCells {
    fn about(&self) -> About<'_> {
        About {
            name: "json-cells-csv",
            title: "table of orders with JSON in its cells",
            description: "Warehouses: a CSV table of orders whose lists and objects are JSON in their cells",
            how: "The result of a query over the table of orders, written to a CSV file with all its columns.",
        }
    }

    fn needs(&self) -> Vec<String> {
        vec!["the columns of one of the JSON formats".to_owned()]
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for JsonCells {
    fn known_columns(&self, header: &Header) -> usize {
        header.count(|name| NAMES.contains(&name))
    }

    fn is_generic(&self) -> bool {
        true
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let objects = RowObjects::of_api(head.header);
        let Some(column) = json_column(head.header, head.rows) else {
            if let Some((column, format)) = not_json(&objects, head) {
                let what = format!(
                    "has the columns of {}, but its column {column} does not hold JSON",
                    format.title
                );
                let hint = "write the table again, with its lists and objects as JSON (double quotes, no \\ \
                            before them), not as a program prints them";
                return CsvMatch::Unreadable(NoMatch::new(what, hint));
            }
            let what = "no cell of its first rows holds JSON";
            let hint = "name another format in the settings, or auto";
            return if head.is_named {
                CsvMatch::Unusable(NoMatch::new(what, hint))
            } else {
                CsvMatch::NotThisFormat
            };
        };
        let keys = keys(&objects, head.rows, head.json_formats);
        match format_of(&keys, head.json_formats) {
            Ok(format) => {
                let keys_read = objects.keys_read(head.rows, format);
                if let Some(twice) = objects.twice(head.rows, &keys_read) {
                    return CsvMatch::Unreadable(twice);
                }
                CsvMatch::Complete(objects.layout(format.copy_times(), keys_read, format))
            }
            Err(why) => within_a_cell(objects, head).unwrap_or_else(|| {
                if !head.is_named && !is_near(&keys, head.json_formats) {
                    return CsvMatch::NotThisFormat;
                }
                let what = format!("its column {column} holds JSON; {}", why.what);
                let hint = format!("{}, or read it by a mapping with source = \"json\"", why.hint);
                CsvMatch::Unusable(NoMatch::new(what, hint))
            }),
        }
    }
}

/// The first column with a cell that begins like JSON, and the format that the columns match, if
/// they match one.
fn not_json<'a>(
    objects: &'a RowObjects,
    head: &CsvHead<'_>,
) -> Option<(&'a str, &'static JsonFormat)> {
    let keys = Keys::of_columns(&objects.names);
    let format = format_of(&keys, head.json_formats).ok()?;
    let begins_like_json = |at: usize| {
        let mut cells = head.rows.iter().filter_map(|row| row.get(at)).map(value_bytes);
        cells.any(|cell| matches!(cell.first(), Some(b'[' | b'{' | b'"')))
    };
    let (_, name) = objects.names.iter().enumerate().find(|(at, _)| begins_like_json(*at))?;
    Some((name, format))
}

/// The table as one with a column that holds whole records.
fn within_a_cell(objects: RowObjects, head: &CsvHead<'_>) -> Option<CsvMatch> {
    let format = |column: usize| {
        let mut keys = Keys::default();
        for cell in head.rows.iter().filter_map(|row| row.get(column)) {
            let text = std::str::from_utf8(value_bytes(cell)).unwrap_or_default();
            if let Ok(tree) = Tree::parse(text)
                && tree.root().is_object()
            {
                keys.add(head.json_formats.keys_of(tree.root()));
            }
        }
        format_of(&keys, head.json_formats).ok()
    };
    let (column, format) = (0..head.header.len()).find_map(|at| Some((at, format(at)?)))?;
    Some(CsvMatch::Complete(objects.within(column).layout(format.copy_times(), Vec::new(), format)))
}

/// The name of a column with a list or an object in one of these rows.
fn json_column<'a>(header: &'a Header, rows: &[ByteRecord]) -> Option<&'a str> {
    let is_json = |cell: &[u8]| {
        let text = std::str::from_utf8(value_bytes(cell)).unwrap_or_default();
        text.starts_with(['{', '[']) && Tree::parse(text).is_ok()
    };
    let column = rows.iter().find_map(|row| row.iter().position(is_json))?;
    header.names().nth(column)
}

fn keys(objects: &RowObjects, rows: &[ByteRecord], formats: &JsonFormats) -> Keys {
    // A column that is blank in the first rows counts as present.
    let mut keys = Keys::of_columns(&objects.names);
    for object in objects.first(rows) {
        if let Ok(tree) = Tree::parse(&object) {
            keys.add(formats.keys_of(tree.root()));
        }
    }
    keys
}
