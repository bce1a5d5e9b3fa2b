//! The formats Singer and Airbyte: streams of messages, one a line, in which the records of several
//! tables stand among each other. Finds the stream that holds the orders; what a record says a JSON
//! dialect reads. Of several records of one order the last counts: that is what a stream means by
//! telling of it again.

mod dump;
mod envelope;
mod loader_columns;
mod objects;
mod reader;
mod rows;
mod sorting;
mod states;
mod streams;
mod superseded;
mod survey;
mod version;

pub use dump::{FORMAT as WAREHOUSE, is_header};
pub use envelope::Envelope;
pub use reader::Messages;
pub use states::States;
pub use streams::{Streams, recognise, table_in};
