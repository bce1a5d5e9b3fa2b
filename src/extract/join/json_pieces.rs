//! The records of a JSON file as pieces of orders.

use super::piece::{Piece, Pieces};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{JsonFile, JsonFormat, ReadPiece};

/// The records of one file.
pub struct JsonPieces {
    file: JsonFile,
    shown: String,
    read: ReadPiece,
}

impl JsonPieces {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, format: &JsonFormat, read: ReadPiece) -> Result<Self, ReadError> {
        let shown = source.shown();
        Ok(Self { file: JsonFile::open(source, format.wrappers)?, shown, read })
    }
}

impl Pieces for JsonPieces {
    fn pull(&mut self) -> Result<Option<Piece>, ReadError> {
        let Some((read, line)) = self.file.next(|document| document.read(self.read))? else {
            return Ok(None);
        };
        let Some((Some(mut piece), faults)) = read else { return Err(lost(&self.shown, line)) };
        piece.stated.faults = faults;
        piece.stated.position.line = line;
        Ok(Some(piece))
    }
}

/// A record that can't be read may be a line of any order.
pub fn lost(shown: &str, line: u64) -> ReadError {
    ReadError::new(
        shown,
        line,
        "the record that begins here is not built as the others are, so no order can be relied on to be whole",
        "export again; where the file was edited by hand, look for a field that stands twice; where it is the last line \
         of a whole file and has no end, end it",
    )
}
