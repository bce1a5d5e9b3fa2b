//! A table that can be read: a file or a member of an archive, and its format.

use super::codec::Source;
use super::csv_table::CsvTable;
use super::error::ReadError;
use super::format::Records;
use super::join::{self, Holds, Part, Pieces};
use super::json::{self, JsonLayout};
use super::mapping::{self, Profile};
use super::messages::{self, Streams};
use super::order_versions::CopyTimes;
use super::passed_over::{FileTally, SharedTally};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

#[derive(Debug, Clone)]
pub struct Table {
    pub source: Source,
    pub format: DetectedFormat,
    /// Why it was recognised as that format.
    pub why: String,
    /// Notes for the operator before it is sent.
    pub notes: Vec<String>,
    /// What was skipped in it, after it was read completely.
    pub passed_over: SharedTally,
}

/// The recognised format of a table, and what is needed to read it.
#[derive(Debug, Clone)]
pub enum DetectedFormat {
    Csv(CsvTable),
    Json(JsonLayout),
    Messages(Arc<Streams>),
    /// JSON, by a mapping of the settings.
    MappedJson(Arc<Profile>),
}

impl Table {
    /// The name of its format; with a slash and its own name, if it is one of several tables that
    /// are read together.
    pub fn format_name(&self) -> &str {
        match (&self.format, self.part()) {
            (DetectedFormat::Csv(_), Some(part)) => part.label,
            (DetectedFormat::Csv(table), None) => &table.format,
            (DetectedFormat::Json(layout), _) => layout.format.name,
            (DetectedFormat::Messages(streams), _) => streams.envelope.name(),
            (DetectedFormat::MappedJson(profile), _) => &profile.name,
        }
    }

    /// Whether several of its records may be on one line.
    pub fn is_json(&self) -> bool {
        matches!(self.format, DetectedFormat::Json(_) | DetectedFormat::MappedJson(_))
    }

    /// What it is among several tables that are read together.
    pub fn part(&self) -> Option<Part> {
        match &self.format {
            DetectedFormat::Csv(table) => table.layout.part(),
            DetectedFormat::Json(layout) => layout.format.piece.map(|piece| piece.part),
            DetectedFormat::Messages(_) | DetectedFormat::MappedJson(_) => None,
        }
    }

    /// Whether its records say when they were modified.
    pub fn copy_times(&self) -> CopyTimes {
        match &self.format {
            DetectedFormat::Csv(table) => table.layout.copy_times(),
            DetectedFormat::Json(layout) => layout.format.copy_times(),
            DetectedFormat::Messages(_) => CopyTimes::Compared,
            DetectedFormat::MappedJson(profile) => profile.copy_times(),
        }
    }

    /// Its orders.
    pub fn read(&self) -> Result<Box<dyn Records>, ReadError> {
        let source = self.source.clone();
        Ok(match &self.format {
            DetectedFormat::Csv(table) => {
                Arc::clone(&table.layout).read(table.rows(source, &self.passed_over)?)
            }
            DetectedFormat::Json(layout) => {
                let format = layout.format;
                let of = |document: &json::Document<'_>| format.order(document);
                json::orders(source, layout.wrappers(), &self.passed_over, of)?
            }
            DetectedFormat::Messages(streams) => messages::orders(source, Arc::clone(streams))?,
            DetectedFormat::MappedJson(profile) => {
                mapping::open(&source, profile, &self.passed_over)?
            }
        })
    }

    /// Its records as parts of orders; `None` if they are not used.
    pub fn pieces(&self) -> Result<Option<Box<dyn Pieces>>, ReadError> {
        let source = self.source.clone();
        Ok(match &self.format {
            DetectedFormat::Csv(table) => {
                Arc::clone(&table.layout).pieces(table.rows(source, &self.passed_over)?)
            }
            DetectedFormat::Json(layout) => match layout.format.piece {
                Some(piece) => {
                    Some(join::json_pieces(source, *layout, piece.read, &self.passed_over)?)
                }
                None => None,
            },
            DetectedFormat::Messages(_) | DetectedFormat::MappedJson(_) => None,
        })
    }

    /// Its rows and records that are not orders, after it was read completely.
    pub fn passed_over(&self) -> FileTally {
        FileTally { file: self.file().to_string(), tally: Arc::clone(&self.passed_over) }
    }

    /// Whether its records are carts, by its format.
    pub fn holds_carts_only(&self) -> bool {
        matches!(self.format, DetectedFormat::Json(JsonLayout { format, .. }) if format.cart_key.is_some())
    }

    pub fn file(&self) -> ExportFile {
        ExportFile {
            path: self.source.path.clone(),
            member: self.source.member().map(str::to_owned),
            size_bytes: self.source.size_bytes,
            modified: self.source.modified,
            format: self.format_name().to_owned(),
            is_piped: self.source.is_spooled(),
            encoding: self.source.form.encoding.name(),
            why: self.why.clone(),
            notes: self.notes.clone(),
            holds_orders: self.part().is_none_or(|part| part.holds == Holds::Orders),
        }
    }
}

/// A table of an export: a file, or a member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    pub path: PathBuf,
    /// The member's name, if the file is an archive.
    pub member: Option<String>,
    /// Size of the file on disk.
    pub size_bytes: u64,
    pub modified: SystemTime,
    /// The name of its format; with a slash and the table's name, if it is one of several read
    /// together.
    pub format: String,
    /// It came from standard input, so it has no path.
    pub is_piped: bool,
    /// Its encoding: "UTF-8", "UTF-16 LE", "UTF-16 BE" or "Windows-1252".
    pub encoding: &'static str,
    /// Why it was recognised as that format.
    pub why: String,
    /// Notes for the operator before any of it is sent; usually empty.
    pub notes: Vec<String>,
    /// It contains orders, not only parts of orders in other files.
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
