//! Reads the records of a JSON file one by one.

use super::nesting::Wrappers;
use super::record::Document;
use super::splitter::Splitter;
use super::tree::Tree;
use crate::domain::SourceOrder;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::passed_over::SharedTally;
use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

/// The records of one file, in its order.
pub struct JsonFile {
    splitter: Splitter,
    source: Source,
    file: Arc<File>,
    /// Receives the tally of skipped records at the end of the file.
    shared: SharedTally,
}

impl JsonFile {
    pub fn open(source: Source, wrappers: Wrappers) -> Result<Self, ReadError> {
        let stream = source.open()?;
        let splitter = Splitter::new(stream.bytes, source.shown(), wrappers);
        Ok(Self { splitter, source, file: stream.file, shared: SharedTally::default() })
    }

    /// Stores the tally of skipped records here.
    pub fn counting(self, shared: &SharedTally) -> Self {
        Self { shared: Arc::clone(shared), ..self }
    }

    /// Makes a record longer than this an error.
    pub fn limit(&mut self, bytes_max: u64) {
        self.splitter.limit(bytes_max);
    }

    /// The name that the last record was wrapped in.
    pub fn wrapper(&self) -> Option<&'static str> {
        self.splitter.wrapper()
    }

    /// Applies `read` to the bytes of the next record, which are not parsed; blank if it is not an
    /// object.
    ///
    /// # Errors
    /// As [`Self::next`], except errors that only a parser finds, and a file that changed.
    pub fn next_unparsed<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, ReadError> {
        loop {
            let Some(record) = self.splitter.advance()? else { return Ok(None) };
            if record.bytes.ends_with(b"}") {
                return Ok(Some(read(record.bytes)));
            }
            if !self.splitter.take_back() {
                return Ok(Some(read(b"")));
            }
        }
    }

    /// Applies `read` to the next record; returns the result with the line at which the record
    /// begins.
    ///
    /// # Errors
    /// When the file can't be read, changed, is not JSON or is truncated. A truncated
    /// record is not returned.
    pub fn next<T>(
        &mut self,
        read: impl FnOnce(&Document<'_>) -> T,
    ) -> Result<Option<(T, u64)>, ReadError> {
        loop {
            let Some(record) = self.splitter.advance()? else {
                self.source.check_unchanged(&self.file, 0)?;
                let _ = self.shared.set(self.splitter.passed_over().clone());
                return Ok(None);
            };
            let (bytes, place) = (record.bytes, record.place);
            let text = String::from_utf8_lossy(bytes);
            let has_bad_bytes = matches!(text, Cow::Owned(_));
            let parsed = Tree::parse(&text);
            let error = match parsed.or_else(Tree::null_unless_syntax) {
                Ok(tree) => {
                    let (value, line) = (tree.root(), place.line);
                    let document = Document { value, bytes, line, has_bad_bytes, columns: &[] };
                    return Ok(Some((read(&document), line)));
                }
                Err(error) => error,
            };
            if !self.splitter.take_back() {
                return Err(self.splitter.syntax_error(place, &error));
            }
        }
    }
}

/// The orders of one file, in its order.
pub fn orders(
    source: Source,
    wrappers: Wrappers,
    passed_over: &SharedTally,
    order_of: impl Fn(&Document<'_>) -> SourceOrder + Send + 'static,
) -> Result<Box<dyn Records>, ReadError> {
    let mut file = JsonFile::open(source, wrappers)?.counting(passed_over);
    Ok(Box::new(move || {
        let next = file.next(&order_of)?;
        Ok(next.map(|(mut order, line)| {
            order.position.line = line;
            Box::new(order)
        }))
    }))
}
