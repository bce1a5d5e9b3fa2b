//! The orders of one JSON file.

use super::dialect::{Dialect, Document};
use super::texts::Texts;
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::sheet_dialect::Records;

/// The orders of one JSON file, in its order.
pub struct Documents {
    texts: Texts,
    dialect: &'static Dialect,
}

impl Documents {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, dialect: &'static Dialect) -> Result<Self, ReadError> {
        Ok(Self { texts: Texts::open(source, dialect.wrappers)?, dialect })
    }
}

impl Documents {
    /// The next record, as `read` has it, and its line; `None` in place of one that is no object,
    /// or says one thing twice.
    ///
    /// # Errors
    /// When the file can't be read on, changed, is no JSON or ends too soon.
    pub fn advance<T>(
        &mut self,
        read: impl Fn(&Document<'_>) -> serde_json::Result<T>,
    ) -> Result<Option<(u64, Option<T>)>, ReadError> {
        let next = self.texts.next(|document, _| read(document).map(Some), || None)?;
        Ok(next.map(|(record, line)| (line, record)))
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
pub fn malformed() -> SourceOrder {
    SourceOrder { faults: vec![RecordError::new(Reason::MalformedRow)], ..SourceOrder::default() }
}
