use std::fmt;
use std::io;

/// Advice for an export that matches no format.
pub(super) const MAPPING_ADVICE: &str = "a mapping in the settings reads any other CSV or JSON of orders (docs/formats.md, `Your own mapping`)";

/// Why a file does not match a format, and what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMatch {
    pub what: String,
    pub hint: String,
}

impl NoMatch {
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }

    pub fn at(self, file: String, line: u64) -> ReadError {
        ReadError::new(file, line, self.what, self.hint)
    }
}

/// Something wrong with one export file: where, what, and what to try. Never contains the text of a
/// cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The file's path, with the member's name where the file is an archive; or the pattern that
    /// matched none.
    pub file: String,
    /// Line of the (uncompressed) file, from 1; 0 if the error is not on a line.
    pub line: u64,
    /// Byte of that line, from 1; 0 if only the line is known.
    pub column: u64,
    pub what: String,
    /// What to try next; may be empty.
    pub hint: String,
}

impl ReadError {
    pub(super) fn new(
        file: impl Into<String>,
        line: u64,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, column: 0, what: what.into(), hint: hint.into() }
    }

    pub(super) fn at_column(self, column: u64) -> Self {
        Self { column, ..self }
    }

    /// An error of a temporary file, which needs this much an order.
    pub(super) fn no_room(what: &str, needs: &str, error: &io::Error) -> Self {
        let hint = format!(
            "it needs room for about {needs} an order; set TMPDIR to a folder on a larger disk"
        );
        let folder = std::env::temp_dir().display().to_string();
        Self::new(folder, 0, format!("{what}: {error}"), hint)
    }

    /// An error of the system, or of a decompressor.
    pub(super) fn from_io(file: &str, line: u64, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the file is cut short; copy or download it again",
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                "the compressed data is damaged; copy or download it again"
            }
            io::ErrorKind::PermissionDenied => {
                "give the user this program runs as the right to read it"
            }
            io::ErrorKind::NotFound => "the file was moved or removed meanwhile; run again",
            _ => "check the disk or network share it is on, then run again",
        };
        Self::new(file, line, format!("can't be read: {error}"), hint)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}: {}", self.file, self.what)?,
            (line, 0) => write!(f, "{}, line {line}: {}", self.file, self.what)?,
            (line, column) => {
                write!(f, "{}, line {line}, column {column}: {}", self.file, self.what)?
            }
        }
        match self.hint.as_str() {
            "" => Ok(()),
            hint => write!(f, "\nhint: {hint}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Every fault found while opening an export, in the order of its files; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError {
    pub faults: Vec<ReadError>,
}

impl OpenError {
    /// One error without a place in a file.
    pub fn of(place: &str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { faults: vec![ReadError::new(place, 0, what, hint)] }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for OpenError {}
