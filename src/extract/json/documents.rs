//! The orders of one JSON file.

use super::dialect::{Dialect, Document};
use super::elements::Elements;
use crate::domain::{Fault, Reason, SourceOrder};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::sheet_dialect::Records;
use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

/// The orders of one JSON file, in its order.
pub struct Documents {
    elements: Elements,
    dialect: &'static Dialect,
    source: Source,
    file: Arc<File>,
}

impl Documents {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, dialect: &'static Dialect) -> Result<Self, ReadError> {
        let stream = source.open()?;
        let elements = Elements::new(stream.bytes, source.shown(), dialect.wrappers.to_vec());
        Ok(Self { elements, dialect, source, file: stream.file })
    }
}

impl Documents {
    /// The next record, as `read` has it, and its line; `None` in place of one that is no object, or says one thing
    /// twice.
    pub fn advance<T>(
        &mut self,
        read: impl Fn(&Document<'_>) -> serde_json::Result<T>,
    ) -> Result<Option<(u64, Option<T>)>, ReadError> {
        loop {
            let Some(element) = self.elements.advance()? else {
                self.source.check_unchanged(&self.file, 0)?;
                return Ok(None);
            };
            let place = element.place;
            let text = match std::str::from_utf8(element.bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => String::from_utf8_lossy(element.bytes),
            };
            let has_bad_bytes = matches!(text, Cow::Owned(_));
            let read = read(&Document { text: &text, line: place.line, has_bad_bytes });
            drop(text);
            return match read {
                Ok(record) => Ok(Some((place.line, Some(record)))),
                Err(_) if self.elements.take_back() => continue,
                Err(error) if error.is_data() => Ok(Some((place.line, None))),
                Err(error) => Err(self.elements.no_json(place, &error)),
            };
        }
    }
}

impl Records for Documents {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let Some((line, read)) = self.advance(self.dialect.read)? else { return Ok(None) };
        let mut order = read.unwrap_or_else(malformed);
        order.position.line = line;
        Ok(Some(order))
    }
}

/// What takes the place of a record that is no object, or says one thing twice.
fn malformed() -> SourceOrder {
    SourceOrder { faults: vec![Fault::new(Reason::MalformedRow)], ..SourceOrder::default() }
}
