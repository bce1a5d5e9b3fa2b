//! The formats Singer and Airbyte: streams of messages, one a line, that mix the records of several
//! tables, and the tables their loaders write. Finds the stream that holds the orders; a JSON
//! format reads its records. Of several records of one order the last counts, as both protocols
//! define it.

mod envelope;
mod loader_columns;
mod reader;
mod row_objects;
mod singer_states;
mod stream_scan;
mod streams;
mod versions;
mod warehouse_csv;

pub use envelope::Envelope;
pub use reader::orders;
pub use row_objects::object_of;
pub use singer_states::States;
pub use streams::{Streams, note_uses, recognise, table_in};
pub use warehouse_csv::{FORMAT as WAREHOUSE, is_header};
