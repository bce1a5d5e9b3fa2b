//! Errors of a file that is not JSON, or is truncated: the place, what was expected there, and
//! never a value.

use super::input::BytePlace;
use crate::extract::error::ReadError;
use serde::de::IgnoredAny;

const HINT_BROKEN: &str =
    "export again; if the file was edited by hand, a quote, comma or bracket may be missing";
const HINT_CUT: &str = "the file is cut short; copy or download it again";

/// Creates the errors of one file.
pub struct SyntaxErrors {
    shown: String,
}

impl SyntaxErrors {
    pub fn new(shown: String) -> Self {
        Self { shown }
    }

    pub fn io(&self, place: BytePlace, error: &std::io::Error) -> ReadError {
        ReadError::from_io(&self.shown, place.line, error)
    }

    pub fn broken(&self, place: BytePlace, what: &str) -> ReadError {
        self.at(place, format!("is not valid JSON: {what}"), HINT_BROKEN)
    }

    /// The file is truncated.
    pub fn cut(&self, place: BytePlace, what: &str) -> ReadError {
        self.at(place, what.to_owned(), HINT_CUT)
    }

    /// The file ends within the value that `bytes` begin, unless the parser finds another error
    /// before that.
    pub fn unclosed(&self, place: BytePlace, bytes: &[u8], what: &str) -> ReadError {
        self.syntax_of(place, bytes).unwrap_or_else(|| self.cut(place, what))
    }

    /// The value that `bytes` begin is longer than `bytes_max`, or a missing quote makes it look
    /// so.
    pub fn overlong(&self, place: BytePlace, bytes: &[u8], bytes_max: u64) -> ReadError {
        let mib = bytes_max / (1024 * 1024);
        let what = format!("the record that begins here is longer than {mib} MiB");
        self.syntax_of(place, bytes).unwrap_or_else(|| self.at(place, what, HINT_BROKEN))
    }

    /// The parser's error in a value that begins at `place`.
    pub fn syntax(&self, place: BytePlace, error: &serde_json::Error) -> ReadError {
        let (lines, column) = (error.line() as u64, error.column() as u64);
        let place = match lines {
            0 | 1 => BytePlace { column: place.column + column.saturating_sub(1), ..place },
            lines => BytePlace { line: place.line + lines - 1, column },
        };
        let message = error.to_string();
        self.broken(place, message.split(" at line ").next().unwrap_or_default())
    }

    fn syntax_of(&self, place: BytePlace, bytes: &[u8]) -> Option<ReadError> {
        let error = serde_json::from_slice::<IgnoredAny>(bytes).err()?;
        error.is_syntax().then(|| self.syntax(place, &error))
    }

    fn at(&self, place: BytePlace, what: String, hint: &str) -> ReadError {
        ReadError::new(&self.shown, place.line, what, hint).at_column(place.column)
    }
}
