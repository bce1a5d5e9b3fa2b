//! The records of one JSON file as text, each parsed by who asks for it.

use super::elements::Elements;
use super::record::Document;
use super::tree::Tree;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;
use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

/// The records of one file, in its order.
pub struct Texts {
    elements: Elements,
    source: Source,
    file: Arc<File>,
}

impl Texts {
    /// `wrappers` are the names that records may be wrapped in.
    ///
    /// # Errors
    /// When the file can't be read, or is not the one that was judged.
    pub fn open(source: Source, wrappers: &[&'static str]) -> Result<Self, ReadError> {
        let stream = source.open()?;
        let elements = Elements::new(stream.bytes, source.shown(), wrappers.to_vec());
        Ok(Self { elements, source, file: stream.file })
    }

    /// Takes no record that is longer than this.
    pub fn limit(&mut self, bytes_max: u64) {
        self.elements.limit(bytes_max);
    }

    /// What `read` makes of the next record, with the line it begins at.
    ///
    /// # Errors
    /// When the file can't be read on, changed, is no JSON or ends too soon. A record that the file
    /// ends within is not given out.
    pub fn next<T>(
        &mut self,
        read: impl FnOnce(&Document<'_>) -> T,
    ) -> Result<Option<(T, u64)>, ReadError> {
        loop {
            let Some(element) = self.elements.advance()? else {
                self.source.check_unchanged(&self.file, 0)?;
                return Ok(None);
            };
            let (bytes, place) = (element.bytes, element.place);
            let text = String::from_utf8_lossy(bytes);
            let has_bad_bytes = matches!(text, Cow::Owned(_));
            let parsed = Tree::parse(&text);
            let error = match parsed.or_else(Tree::null_unless_syntax) {
                Ok(tree) => {
                    let (value, line) = (tree.root(), place.line);
                    let document = Document { value, bytes, line, has_bad_bytes };
                    return Ok(Some((read(&document), line)));
                }
                Err(error) => error,
            };
            if !self.elements.take_back() {
                return Err(self.elements.syntax_error(place, &error));
            }
        }
    }
}
