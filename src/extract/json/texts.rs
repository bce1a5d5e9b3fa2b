//! The records of one JSON file as text, each parsed by who asks for it.

use super::dialect::Document;
use super::elements::Elements;
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

    /// What `read` makes of the next record, or `damaged` where that is no object or says one thing
    /// twice; with the line it begins at. `read` is given the bytes as well, which are not always
    /// text.
    ///
    /// # Errors
    /// When the file can't be read on, changed, is no JSON or ends too soon. A record that the file
    /// ends within is not given out.
    pub fn next<T>(
        &mut self,
        mut read: impl FnMut(&Document<'_>, &[u8]) -> serde_json::Result<T>,
        damaged: impl Fn() -> T,
    ) -> Result<Option<(T, u64)>, ReadError> {
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
            let found =
                read(&Document { text: &text, line: place.line, has_bad_bytes }, element.bytes);
            drop(text);
            return match found {
                Ok(found) => Ok(Some((found, place.line))),
                Err(_) if self.elements.take_back() => continue,
                Err(error) if error.is_data() => Ok(Some((damaged(), place.line))),
                Err(error) => Err(self.elements.no_json(place, &error)),
            };
        }
    }
}
