//! Sample exports that travel in the binary, for the demo and for tests: a small hand-made shop,
//! and generated exports of any size, with what a correct loader must find in them.
//!
//! All persons and shops are invented, all addresses lie under example.com, .org and .net. This
//! module imports nothing of ours, so that a mistake in the reader can't hide behind the same
//! mistake here.

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
