//! An export as the settings name it: the files, what they hold, and whether that can be read.

use super::codec::Source;
use super::customers::Customers;
use super::error::{OpenError, ReadError};
use super::find;
use super::json::DIALECTS;
use super::mapping::Mappings;
use super::reader::Reader;
use super::sheet_dialect::SHEET_DIALECTS;
use super::table::{Asked, Table};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

/// What is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Paths and glob patterns. Of two files that hold the same order the later one counts.
    pub patterns: Vec<String>,
    /// `auto`, or the name of one of [`formats`] or of a mapping.
    pub format: String,
    /// The mappings of the settings.
    pub mappings: Mappings,
    /// Paths and glob patterns of files that say which address an order's customer has.
    pub customers: Vec<String>,
}

impl Options {
    /// Stands for what decides, besides the export's files, what is read: the mapping, and the customers files as they
    /// lie there.
    pub fn identity(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        if let Some(profile) = self.mappings.named(&self.format) {
            hasher.update(&profile.digest);
        } else if self.format == "auto" {
            self.mappings.0.iter().for_each(|profile| {
                hasher.update(&profile.digest);
            });
        }
        for path in find::files(&self.customers, &mut Vec::new()) {
            hasher.update(path.as_os_str().as_encoded_bytes());
            let meta = std::fs::metadata(&path).ok();
            let modified = meta.as_ref().and_then(|meta| meta.modified().ok());
            let age = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            hasher.update(&meta.map_or(0, |meta| meta.len()).to_le_bytes());
            hasher.update(&age.map_or(0, |age| age.as_nanos()).to_le_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }
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
    customers: Option<Arc<Customers>>,
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
    /// The name of its format.
    pub format: String,
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
        let asked = Asked::named(&options.format, &options.mappings).unwrap_or_else(|| {
            faults.push(unknown_format(options));
            Asked::Anything
        });
        let mut tables = Vec::new();
        for path in find::files(&options.patterns, &mut faults) {
            let sources = Source::all_in(&path).unwrap_or_else(|fault| {
                faults.push(fault);
                Vec::new()
            });
            for source in sources {
                match Table::recognise(source, &asked, options) {
                    Ok(table) => tables.push(table),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        let customers = Customers::open(options, &mut faults);
        if !faults.is_empty() {
            return Err(OpenError { faults });
        }
        tables.reverse();
        let files = tables.iter().map(file_of).collect();
        Ok(Self { files, tables: tables.into(), customers: customers.map(Arc::new) })
    }

    /// The files in reading order: the last one named comes first, because it supersedes the earlier ones.
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// Reads from the beginning.
    pub fn read(&self) -> Reader {
        Reader::new(Arc::clone(&self.tables), self.customers.clone())
    }
}

fn file_of(table: &Table) -> ExportFile {
    ExportFile {
        path: table.source.path.clone(),
        member: table.source.member().map(str::to_owned),
        size_bytes: table.source.size_bytes,
        modified: table.source.modified,
        format: table.format().to_owned(),
    }
}

fn unknown_format(options: &Options) -> ReadError {
    let own = options.mappings.0.iter().map(|profile| profile.name.as_str());
    let known: Vec<&str> = formats().iter().map(|format| format.name).chain(own).collect();
    ReadError::new(
        "format",
        0,
        format!("\"{}\" is not a format that is known", options.format),
        format!("expected auto or one of: {}", known.join(", ")),
    )
}
