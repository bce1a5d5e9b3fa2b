//! Sample exports in the binary, for the demo and for tests: a small hand-made shop, and generated
//! exports of any size, with the counts that a correct loader must find.
//!
//! All persons and shops are invented, all addresses are under example.com, .org and .net. This
//! module imports no other module, so that it can't share a mistake with the reader.

mod csv_export;
mod csv_rows;
mod demo;
mod expected;
mod json_lines;
mod order;

pub use csv_export::generate_csv;
pub use demo::{demo_orders, demo_orders_changed};
pub use expected::{Expected, Sum};
pub use json_lines::generate_json;
pub use order::GeneratorOptions;
