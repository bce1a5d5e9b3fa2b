//! The orders of one JSON file.

use super::dialect::JsonFormat;
use super::record::Document;
use super::texts::Texts;
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::format::Records;

/// The orders of one JSON file, in its order.
pub struct Documents {
    texts: Texts,
    dialect: &'static JsonFormat,
}

impl Documents {
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, dialect: &'static JsonFormat) -> Result<Self, ReadError> {
        Ok(Self { texts: Texts::open(source, dialect.wrappers)?, dialect })
    }
}

impl Documents {
    /// What `read` makes of the next record, with the line it begins at.
    ///
    /// # Errors
    /// When the file can't be read on, changed, is no JSON or ends too soon.
    pub fn next<T>(
        &mut self,
        read: impl FnOnce(&Document<'_>) -> T,
    ) -> Result<Option<(T, u64)>, ReadError> {
        self.texts.next(read)
    }
}

impl Records for Documents {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let dialect = self.dialect;
        let next = self.texts.next(|document| dialect.order(document))?;
        Ok(next.map(|(mut order, line)| {
            order.position.line = line;
            order
        }))
    }
}

/// What takes the place of a record that is no object, or has a key twice.
pub fn malformed() -> SourceOrder {
    SourceOrder { faults: vec![RecordError::new(Reason::MalformedRow)], ..SourceOrder::default() }
}
