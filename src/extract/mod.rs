//! Export bytes to `SourceOrder`: finds the files, undoes compression, reads rows or documents (a
//! *format*) and names the fields (a *dialect*, one folder per shop system).
//!
//! It only interprets which rows form an order and the shop's word for an order's status;
//! `transform` decides whether an amount, a date or an address is valid. Memory does not grow with
//! the file: what can't be passed on at once waits in temporary files (`scratch`). It never puts a
//! cell's text into an error.

mod bigcommerce_json;
mod blank;
mod cells;
mod codec;
mod copies;
mod csv_scanner;
mod csv_table;
mod customers;
mod decimal;
mod decisive;
mod decode;
mod detection;
mod double_quoted_rows;
mod encoding;
mod error;
mod expertsender_json;
mod export;
mod fast_json;
mod file_stability;
mod find;
mod fivetran_csv;
mod format;
mod grouping;
mod header;
mod html_entities;
mod join;
mod json;
mod json_cells;
mod json_strings;
mod limits;
mod magento_json;
mod mapping;
mod messages;
mod names;
mod options;
mod order_errors;
mod order_versions;
mod other_rows;
mod passed_over;
mod reader;
mod record_stream;
mod registry;
mod row_objects;
mod rows;
mod shop_address;
mod shop_csv;
mod shopify_csv;
mod shopify_graphql;
mod shopify_json;
mod spool;
mod squarespace_json;
mod stating;
mod statuses;
mod table;
mod total_words;
mod truncation;
mod unplaced;
mod woocommerce;
mod zip_member;
mod zstd_frames;

#[cfg(test)]
mod tests;

pub use csv_scanner::RECORD_BYTES_MAX;
pub use encoding::{is_encoding, nearest_encoding};
pub use error::{OpenError, ReadError};
pub use export::Export;
pub use format::{About, Format};
pub use json::CartKey;
pub use limits::{ORDER_BYTES_MAX, ORDER_LINES_MAX};
pub use mapping::{Mappings, parse as parse_mappings, profile_text};
pub use messages::States;
pub use options::Options;
pub use order_versions::{content_of, is_damaged};
pub use reader::Reader;
pub use registry::{cart_key_of, formats, shop_system_of};
pub use table::ExportFile;
