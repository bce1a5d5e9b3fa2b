//! The records of a JSON file as pieces of orders.

use super::piece::Pieces;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::json::{JsonFile, JsonLayout, ReadPiece};
use crate::extract::passed_over::SharedTally;

pub fn json_pieces(
    source: Source,
    layout: JsonLayout,
    read: ReadPiece,
    passed_over: &SharedTally,
) -> Result<Box<dyn Pieces>, ReadError> {
    let shown = source.shown();
    let mut file = JsonFile::open(source, layout.wrappers())?.counting(passed_over);
    let mut in_file = 0;
    Ok(Box::new(move || {
        let Some((read, line)) = file.next(|document| document.read(read))? else {
            return Ok(None);
        };
        let Some((Some(mut piece), faults)) = read else { return Err(lost(&shown, line)) };
        in_file += 1;
        piece.stated.position.in_file = in_file;
        piece.stated.faults = faults;
        piece.stated.position.line = line;
        Ok(Some(piece))
    }))
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
