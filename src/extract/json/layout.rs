//! A format, and where in a file its records are.

use super::format::{JsonFormat, JsonFormats};
use super::further_lists::{FormatJudge, FurtherLists};
use super::nesting::{Path, Wrappers};
use std::sync::Arc;

#[derive(Debug, Clone, Copy)]
pub struct JsonLayout {
    pub format: &'static JsonFormat,
    /// The names around the records, if they are not those that the format knows.
    pub envelope: Option<Path>,
    /// Distinguishes orders from other records in the file.
    pub formats: &'static JsonFormats,
}

impl JsonLayout {
    pub fn wrappers(self) -> Wrappers {
        let wrappers = match self.envelope {
            Some(place) => Wrappers::declared(vec![place]),
            None => Wrappers::known(self.format.wrappers),
        };
        let Self { format, formats, .. } = self;
        let judge = Box::new(FormatJudge { format, formats });
        wrappers.with_further(Arc::new(FurtherLists { judge, complete: None }))
    }
}
