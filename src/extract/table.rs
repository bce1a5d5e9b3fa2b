//! Recognises a table by its first bytes: its encoding, and whether it is CSV or JSON.

use super::codec::Source;
use super::error::ReadError;
use super::export::Options;
use super::join::{self, Part, TableSet};
use super::json::{self, DIALECTS, Dialect};
use super::sheet::Sheet;
use super::sheet_dialect::{SHEET_DIALECTS, SheetDialect};
use std::io::{self, Read};
use std::sync::Arc;

/// How much of the (uncompressed) text is looked at.
const PREFIX_BYTES: u64 = 64 * 1024;

pub(super) const UTF8_HINT: &str =
    "save it as \"CSV UTF-8\", or export again and don't open the file in a spreadsheet";

/// A table ready to be read: a file or a member of an archive, and how its text is built.
#[derive(Debug, Clone)]
pub struct Table {
    pub source: Source,
    pub layout: Layout,
}

#[derive(Debug, Clone)]
pub enum Layout {
    Csv(Sheet),
    Json(&'static Dialect),
    /// Several tables, or one, whose records are put together.
    Set(Arc<TableSet>),
}

/// What the settings say of the format.
#[derive(Debug, Clone, Copy)]
pub enum Asked {
    Anything,
    Csv(&'static dyn SheetDialect),
    Json(&'static Dialect),
}

/// Line, what is wrong, hint.
pub(super) type Fault = (u64, String, String);

impl Asked {
    /// `None` for a name that is not known.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Anything),
            name => {
                let json = DIALECTS.iter().find(|dialect| dialect.name == name);
                let csv = SHEET_DIALECTS.iter().find(|dialect| dialect.name() == name);
                json.map(|dialect| Self::Json(dialect)).or(csv.map(|dialect| Self::Csv(*dialect)))
            }
        }
    }
}

impl Table {
    /// Judges a table by its beginning.
    ///
    /// # Errors
    /// When it is no text, not what was asked for, or lacks columns or keys.
    pub fn recognise(source: Source, asked: Asked, options: &Options) -> Result<Self, ReadError> {
        let prefix = read_prefix(&source)?;
        let refused = |(line, what, hint): Fault| ReadError::new(source.shown(), line, what, hint);
        let text = text_of(&prefix).map_err(refused)?;
        let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        let layout = match (asked, is_json) {
            (Asked::Anything, true) => Layout::Json(json::recognise(&source, None)?),
            (Asked::Json(dialect), true) => Layout::Json(json::recognise(&source, Some(dialect))?),
            (Asked::Csv(_), true) => {
                let hint = "name another format in the settings, or auto; or export the orders as CSV";
                return Err(refused((1, "looks like JSON, expected CSV".to_owned(), hint.to_owned())));
            }
            (Asked::Json(_), false) => {
                let hint = "name another format in the settings, or auto; or export the orders as JSON";
                return Err(refused((
                    1,
                    "does not look like JSON, which begins with { or [".to_owned(),
                    hint.to_owned(),
                )));
            }
            (asked, false) => {
                let named = match asked {
                    Asked::Csv(dialect) => Some(dialect),
                    _ => None,
                };
                Layout::Csv(Sheet::recognise(text, named, options).map_err(refused)?)
            }
        };
        Ok(Self { source, layout })
    }

    /// The name of its format.
    pub fn format(&self) -> &str {
        match (&self.layout, self.part()) {
            (Layout::Csv(_), Some(part)) => part.label,
            (Layout::Csv(sheet), None) => &sheet.format,
            (Layout::Json(dialect), _) => dialect.name,
            (Layout::Set(set), _) => set.kind.name,
        }
    }

    /// What it is among several tables that are read together.
    pub fn part(&self) -> Option<Part> {
        match &self.layout {
            Layout::Csv(sheet) => sheet.layout.part(),
            Layout::Json(dialect) => join::part_of(dialect),
            Layout::Set(_) => None,
        }
    }

    /// The tables that it consists of.
    pub fn members(&self) -> &[Self] {
        match &self.layout {
            Layout::Set(set) => &set.tables,
            _ => std::slice::from_ref(self),
        }
    }
}

fn read_prefix(source: &Source) -> Result<Vec<u8>, ReadError> {
    let mut prefix = Vec::new();
    let bytes = source.open()?.bytes;
    let read: io::Result<usize> = bytes.take(PREFIX_BYTES).read_to_end(&mut prefix);
    read.map_err(|error| ReadError::from_io(&source.shown(), 0, &error))?;
    Ok(prefix)
}

/// The text without its byte order mark.
fn text_of(prefix: &[u8]) -> Result<&[u8], Fault> {
    let text = match prefix {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err((1, "is text in UTF-16, expected UTF-8".to_owned(), UTF8_HINT.to_owned()));
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        all => all,
    };
    match text.trim_ascii_start().first() {
        None => {
            return Err((
                0,
                "is empty, expected a header row, or orders in JSON".to_owned(),
                "export again".to_owned(),
            ));
        }
        Some(b'<') => {
            let hint = "was a web page saved in place of the export? download it again";
            return Err((1, "looks like HTML or XML, expected CSV or JSON".to_owned(), hint.to_owned()));
        }
        Some(_) => {}
    }
    let start = &text[..text.len().min(64)];
    if start.iter().filter(|b| **b == 0).count() > start.len() / 4 {
        let what = "holds zero bytes as UTF-16 does, expected text in UTF-8";
        return Err((1, what.to_owned(), UTF8_HINT.to_owned()));
    }
    Ok(text)
}
