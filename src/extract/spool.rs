//! Standard input as a file that can be read more than once.

use super::codec::Source;
use super::error::ReadError;
use crate::scratch::temp_file;
use std::io::{self, IsTerminal, Write};

/// The pattern for standard input.
pub const STANDARD_INPUT: &str = "-";
/// Its name in messages.
const SHOWN: &str = "standard input";

/// Copies standard input to an unnamed temporary file, and returns its tables. The system deletes
/// the file when the process ends, however it ends.
///
/// # Errors
/// When it is a terminal, empty, can't be copied, or has an unknown compression.
pub fn standard_input() -> Result<Vec<Source>, ReadError> {
    let mut input = io::stdin().lock();
    if input.is_terminal() {
        let hint = "pipe an export into the program: tap-shopify … | ordersync backfill";
        return Err(ReadError::new(SHOWN, 0, "is a terminal, expected an export", hint));
    }
    let failed = |error: io::Error| {
        let hint =
            "it is copied to a temporary file first: is there room in $TMPDIR, or else /tmp?";
        ReadError::new(SHOWN, 0, format!("can't be copied: {error}"), hint)
    };
    let mut file = temp_file::create().map_err(failed)?;
    let bytes = io::copy(&mut input, &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    if bytes == 0 {
        let hint = "look at what the program before the pipe said";
        return Err(ReadError::new(SHOWN, 0, "is empty, expected an export", hint));
    }
    Source::all_in_spooled(file, SHOWN)
}
