//! An export as the settings name it: the files, what they hold, and whether that can be read.

use super::codec::Source;
use super::customers::Customers;
use super::error::{OpenError, ReadError};
use super::find;
use super::join;
use super::json::DIALECTS;
use super::mapping::Mappings;
use super::messages::{Envelope, States, Streams};
use super::reader::Reader;
use super::sheet_dialect::SHEET_DIALECTS;
use super::spool::{self, STANDARD_INPUT};
use super::table::{Asked, Layout, Table};
use super::unfinished;
use crate::domain::DateShift;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

/// What is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Paths and glob patterns, or `-` alone for standard input. Of two files that hold the same
    /// order the later one counts.
    pub patterns: Vec<String>,
    /// `auto`, or the name of one of [`formats`] or of a mapping.
    pub format: String,
    /// Of dates in the export that carry no offset; needed where a dialect has to tell whether such
    /// dates were moved.
    pub zone: TimeZone,
    pub webtoffee_date_shift: DateShift,
    /// The mappings of the settings.
    pub mappings: Mappings,
    /// Paths and glob patterns of files that say which address an order's customer has.
    pub customers: Vec<String>,
}

/// Nothing yet, of whatever format it is.
impl Default for Options {
    fn default() -> Self {
        Self {
            patterns: Vec::new(),
            format: "auto".to_owned(),
            zone: TimeZone::UTC,
            webtoffee_date_shift: DateShift::Auto,
            mappings: Mappings::default(),
            customers: Vec::new(),
        }
    }
}

impl Options {
    /// Stands for what decides, besides the export's files, what is read: the mapping, and the
    /// customers files as they lie there.
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

impl Options {
    /// Stands for what a mapping of the settings says; `None` where the format is one of the
    /// program's own.
    pub fn mapping_digest(&self, format: &str) -> Option<String> {
        let profile = self.mappings.named(format)?;
        Some(profile.digest.iter().map(|byte| format!("{byte:02x}")).collect())
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
        let csv =
            SHEET_DIALECTS.iter().map(|d| Format { name: d.name(), description: d.description() });
        let json = DIALECTS.iter().map(|d| Format { name: d.name, description: d.description });
        let messages =
            Envelope::ALL.map(|of| Format { name: of.name(), description: of.description() });
        csv.chain(json).chain(messages).collect()
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
    /// The name of its format; with a slash and its name there, where it is one of several tables
    /// read together.
    pub format: String,
    /// It came by standard input, and lies nowhere under a name.
    pub is_piped: bool,
    /// How its letters are written: "UTF-8", "UTF-16 LE", "UTF-16 BE" or "Windows-1252".
    pub encoding: &'static str,
    /// Why it was taken for that format.
    pub why: String,
    /// What a person should know before anything of it is sent; mostly nothing.
    pub notes: Vec<String>,
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

impl Options {
    /// Whether it is read from standard input, which is gone once it was read.
    pub fn is_piped(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern == STANDARD_INPUT)
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
        for source in sources(options, &mut faults) {
            match Table::recognise(source, &asked, options) {
                Ok(table) => tables.push(table),
                Err(fault) => faults.push(fault),
            }
        }
        tables.reverse();
        // A file that can't be read may be the one that another table lacks.
        let tables = if faults.is_empty() { join::gather(tables, &mut faults) } else { tables };
        let customers = Customers::open(options, &mut faults);
        if !faults.is_empty() {
            return Err(OpenError { faults });
        }
        let files = tables.iter().flat_map(Table::members).map(file_of).collect();
        Ok(Self { files, tables: tables.into(), customers: customers.map(Arc::new) })
    }

    /// The files in reading order: the last one named comes first, because it supersedes the
    /// earlier ones.
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// The STATE messages that the writer of a Singer stream on standard input waits for; `None`
    /// for other exports.
    ///
    /// # Errors
    /// When what came can't be read again.
    pub fn states(&self) -> Result<Option<States>, ReadError> {
        self.piped_singer()
            .map(|(source, streams)| States::open(source.clone(), Arc::clone(streams)))
            .transpose()
    }

    /// Whether there may be STATE messages to pass on.
    pub fn has_states(&self) -> bool {
        self.piped_singer().is_some()
    }

    fn piped_singer(&self) -> Option<(&Source, &Arc<Streams>)> {
        match &*self.tables {
            [Table { source, layout: Layout::Messages(streams), .. }]
                if source.is_spooled() && streams.envelope == Envelope::Singer =>
            {
                Some((source, streams))
            }
            _ => None,
        }
    }

    /// Whether the files lie still: to be asked before anything of them is sent. Takes a fifth of a
    /// second where one was written to in the last two.
    ///
    /// # Errors
    /// With each file that is being written to.
    pub fn check_quiet(&self) -> Result<(), OpenError> {
        unfinished::check_quiet(&self.files).map_err(|faults| OpenError { faults })
    }

    /// Reads from the beginning.
    pub fn read(&self) -> Reader {
        Reader::new(Arc::clone(&self.tables), self.customers.clone())
    }
}

/// The tables in the files that the patterns name, or on standard input.
fn sources(options: &Options, faults: &mut Vec<ReadError>) -> Vec<Source> {
    let found: Vec<Result<Vec<Source>, ReadError>> = match options.patterns.as_slice() {
        [only] if only == STANDARD_INPUT => vec![spool::standard_input()],
        patterns if patterns.iter().any(|pattern| pattern == STANDARD_INPUT) => {
            let hint = "write the others to one stream, or give standard input a job of its own";
            vec![Err(ReadError::new("export", 0, "names standard input (-) beside files", hint))]
        }
        patterns => {
            let whole = |path: &PathBuf| {
                unfinished::check_downloaded(path).and_then(|()| Source::all_in(path))
            };
            find::files(patterns, faults).iter().map(whole).collect()
        }
    };
    let mut sources = Vec::new();
    for found in found {
        match found {
            Ok(found) => sources.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    sources
}

fn file_of(table: &Table) -> ExportFile {
    ExportFile {
        path: table.source.path.clone(),
        member: table.source.member().map(str::to_owned),
        size_bytes: table.source.size_bytes,
        modified: table.source.modified,
        format: table.format().to_owned(),
        is_piped: table.source.is_spooled(),
        encoding: table.source.form.encoding.name(),
        why: table.seen.why.clone(),
        notes: table.seen.notes.clone(),
        holds_orders: table.part().is_none_or(|part| part.holds == join::Holds::Orders),
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
