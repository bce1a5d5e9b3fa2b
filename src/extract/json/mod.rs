//! The format JSON: one document, several after each other, or one a line. Finds the records in it
//! and tells who wrote them; what a record says is for a *dialect* to read. Records are read one at
//! a time, numbers as their digits.

mod dialect;
mod documents;
mod elements;
mod keys;
mod nesting;
mod scan;
mod texts;
mod trouble;
mod values;
mod window;
mod wrappers;

#[cfg(test)]
mod tests;

pub use dialect::{DIALECTS, Dialect, Document, NoMatch, SAMPLE_LEN_MAX, dialect_of, recognise};
pub use documents::{Documents, malformed};
pub use elements::Elements;
pub use keys::{Keys, each_member};
pub use texts::Texts;
pub use values::{Fields, List, Object, Raw, even_null, is_true};
