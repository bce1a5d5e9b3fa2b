//! What the daemon shows of itself: metrics for Prometheus, two questions for probes, and a status
//! page.
//!
//! Reads the daemon's board and the state; changes neither, sends nothing to the target, and shows
//! no address of a customer. Whoever asks can't hold it: connections are few and short, and what is
//! gathered is kept for a moment.

mod connection;
mod exposition;
mod hosts;
mod metrics;
mod page;
mod picture;
mod server;
mod site;
#[cfg(test)]
mod tests;

pub use hosts::Hosts;
pub use metrics::state_metrics;
pub use server::Server;
pub use site::{Readiness, Subject};
