//! Export bytes to `SourceOrder`: finds the files, undoes compression, reads rows or documents (a *format*) and names
//! the fields (a *dialect*, one folder per shop system).
//!
//! It interprets nothing beyond grouping rows into orders and the shop's word for an order's status: whether an
//! amount, a date or an address is valid is for `transform` to say. Memory does not grow with the file: one order
//! is held at a time. It never writes, and never puts a cell's text into an error.

mod codec;
mod decimal;
mod error;
mod export;
mod find;
mod json;
mod names;
mod reader;
mod rows;
mod sheet;
mod shopify_csv;
mod shopify_json;
mod split;
mod table;
mod zip_member;
mod zstd_frames;

#[cfg(test)]
mod tests;

pub use error::{OpenError, ReadError};
pub use export::{Export, ExportFile, Format, Options, formats};
pub use reader::Reader;
pub use shopify_csv::{ORDER_BYTES_MAX, ORDER_LINES_MAX};
pub use split::RECORD_BYTES_MAX;
