//! Sample exports that travel in the binary, for the demo and for tests: a small hand-made shop,
//! and generated exports of any size together with the truth about them.
//!
//! All persons and shops are invented, all addresses lie under example.com, .org and .net. This
//! module imports nothing of ours, so that a mistake in the reader can't hide behind the same
//! mistake here.

mod deal;
mod demo;
mod dice;
mod documents;
mod generate;
mod sheet;
mod truth;

pub use demo::{demo_orders, demo_orders_changed};
pub use documents::generate_documents;
pub use generate::{Generated, generate};
pub use truth::{Sum, Truth};
