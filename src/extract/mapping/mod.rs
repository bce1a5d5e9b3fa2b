//! Exports read by a mapping: data that says which column, or which place in a JSON record, holds
//! what, and how dates and amounts are written there. The built-in ones (`profiles/*.toml`) and the
//! users' own have one form and are read by the same code. What does not match the declaration of a
//! mapping is an error, and never guessed.

mod amounts;
mod builtin;
mod cells;
mod consistency;
mod dates;
mod format;
mod lines;
mod mapped_json;
mod order;
mod parse;
mod parts;
mod profile;
mod records;
mod sheet;
mod status;
mod toml_table;

pub use builtin::{BUILT_IN, profile_text};
pub use mapped_json::open;
pub use parse::{Mappings, parse};
pub use profile::Profile;
pub use records::{fitting, note_uses, wrappers_of};
