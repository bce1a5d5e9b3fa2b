//! An export as the settings name it: the files, what they hold, and whether that can be read.

use super::codec::Source;
use super::error::{OpenError, ReadError};
use super::find;
use super::join;
use super::json::DIALECTS;
use super::reader::Reader;
use super::sheet_dialect::SHEET_DIALECTS;
use super::table::{Asked, Table};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Paths and glob patterns. Of two files that hold the same order the later one counts.
    pub patterns: Vec<String>,
    /// `auto`, or the name of one of [`formats`].
    pub format: String,
}

/// A kind of export that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Its name in the settings.
    pub name: &'static str,
    pub description: &'static str,
}

/// Every kind of export that can be read.
pub fn formats() -> &'static [Format] {
    static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
        let csv = SHEET_DIALECTS.iter().map(|d| Format { name: d.name(), description: d.description() });
        let json = DIALECTS.iter().map(|d| Format { name: d.name, description: d.description });
        csv.chain(json).collect()
    });
    &FORMATS
}

/// An export that was found, recognised and checked.
#[derive(Debug, Clone)]
pub struct Export {
    files: Vec<ExportFile>,
    tables: Arc<[Table]>,
}

/// A table of an export: a file, or a member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    pub path: PathBuf,
    /// The member's name, where the file is an archive.
    pub member: Option<String>,
    /// Size of the file as it lies there.
    pub size_bytes: u64,
    pub modified: SystemTime,
    /// The name of its format; with a slash and its name there, where it is one of several tables read together.
    pub format: String,
    /// It holds orders, not only what belongs to orders of other files.
    pub holds_orders: bool,
}

impl std::fmt::Display for ExportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.member {
            Some(member) => write!(f, "{} ({member})", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

impl Export {
    /// Finds the files, opens each, recognises its format by its content and checks its columns.
    ///
    /// # Errors
    /// With every fault of every file, not just the first.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let mut faults = Vec::new();
        let asked = Asked::named(&options.format).unwrap_or_else(|| {
            faults.push(unknown_format(&options.format));
            Asked::Anything
        });
        let mut tables = Vec::new();
        for path in find::files(&options.patterns, &mut faults) {
            let sources = Source::all_in(&path).unwrap_or_else(|fault| {
                faults.push(fault);
                Vec::new()
            });
            for source in sources {
                match Table::recognise(source, asked, options) {
                    Ok(table) => tables.push(table),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        tables.reverse();
        // A file that can't be read may be the one that another table lacks.
        let tables = if faults.is_empty() { join::gather(tables, &mut faults) } else { tables };
        if !faults.is_empty() {
            return Err(OpenError { faults });
        }
        let files = tables.iter().flat_map(Table::members).map(file_of).collect();
        Ok(Self { files, tables: tables.into() })
    }

    /// The files in reading order: the last one named comes first, because it supersedes the earlier ones.
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// Reads from the beginning.
    pub fn read(&self) -> Reader {
        Reader::new(Arc::clone(&self.tables))
    }
}

fn file_of(table: &Table) -> ExportFile {
    ExportFile {
        path: table.source.path.clone(),
        member: table.source.member().map(str::to_owned),
        size_bytes: table.source.size_bytes,
        modified: table.source.modified,
        format: table.format().to_owned(),
        holds_orders: table.part().is_none_or(|part| part.holds == join::Holds::Orders),
    }
}

fn unknown_format(name: &str) -> ReadError {
    let known: Vec<&str> = formats().iter().map(|format| format.name).collect();
    ReadError::new(
        "format",
        0,
        format!("\"{name}\" is not a format that is known"),
        format!("expected auto or one of: {}", known.join(", ")),
    )
}
