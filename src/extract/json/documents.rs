//! The orders of one JSON file.

use super::dialect::Dialect;
use super::texts::Texts;
use crate::domain::{Fault, Reason, SourceOrder};
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

impl Records for Documents {
    fn pull(&mut self) -> Result<Option<SourceOrder>, ReadError> {
        let read = self.dialect.read;
        let Some((mut order, line)) = self.texts.next(|document, _| read(document), malformed)? else {
            return Ok(None);
        };
        order.position.line = line;
        Ok(Some(order))
    }
}

/// What takes the place of a record that is no object, or says one thing twice.
pub fn malformed() -> SourceOrder {
    SourceOrder { faults: vec![Fault::new(Reason::MalformedRow)], ..SourceOrder::default() }
}
