//! The format JSON: one document, several after each other, or one a line. Finds the records in it
//! and tells who wrote them; what a record says is for a *dialect* to read. Records are read one at
//! a time, numbers as their digits.

mod dialect;
mod documents;
mod elements;
mod input;
mod keys;
mod nesting;
mod record;
mod scan;
mod syntax_errors;
mod texts;
mod tree;

#[cfg(test)]
mod tests;

pub use dialect::{
    JsonFormat, JsonFormats, JsonPiece, ReadPiece, SAMPLE_LEN_MAX, format_of, recognise,
};
pub use documents::{Documents, malformed};
pub use keys::Keys;
pub use record::{Document, Record, interned, text_or};
pub use texts::Texts;
pub use tree::{RepeatedKey, Tree, Value};
