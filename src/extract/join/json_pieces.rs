//! The records of a JSON file as pieces of orders.

use super::piece::{Piece, Pieces};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{JsonFile, JsonLayout, ReadPiece};

/// The records of one file.
pub struct JsonPieces {
    file: JsonFile,
    shown: String,
    read: ReadPiece,
}

impl JsonPieces {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, layout: JsonLayout, read: ReadPiece) -> Result<Self, ReadError> {
        let shown = source.shown();
        Ok(Self { file: JsonFile::open(source, layout.wrappers())?, shown, read })
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
        "this record can't be read and may belong to any order, so none of them can be relied on to be complete",
        "export again; if the file was edited by hand, look for a field that is there twice; if it is the last line of a \
         complete file, add the missing line end",
    )
}
