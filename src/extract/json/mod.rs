//! JSON exports: one document, several after each other, or one a line. Splits a file into records,
//! recognises their format, and gives each format a view of a record under the names of its fields.

mod candidates;
mod detection;
mod envelopes;
mod format;
mod further_lists;
mod input;
mod key_uses;
mod keys;
mod layout;
mod nesting;
mod outer_value;
mod reader;
mod record;
mod scan;
mod splitter;
mod syntax_errors;
mod tree;

#[cfg(test)]
mod tests;

pub use candidates::{SAMPLE_LEN_MAX, format_of, is_near};
pub use detection::recognise;
pub use envelopes::places;
pub use format::{CartKey, JsonFormat, JsonFormats, JsonPiece, ReadPiece, malformed};
pub use further_lists::{FurtherLists, Judge, Lack, not_sold};
pub use key_uses::KeyUses;
pub use keys::Keys;
pub use layout::JsonLayout;
pub use nesting::Wrappers;
pub use outer_value::outer_value;
pub use reader::{JsonFile, orders};
pub use record::{Document, Record, text_or};
pub use tree::{RepeatedKey, Tree, Value};
