//! The daemon's HTTP server: metrics for Prometheus, two endpoints for probes, and a status page.
//!
//! Reads the daemon's board and the state; changes neither, sends nothing to ActiveCampaign, and
//! shows no address of a customer. Clients can't block it: connections are few and short, and
//! snapshots are cached briefly.

mod exposition;
mod fleet_metrics;
mod hosts;
mod limited_listener;
mod metrics;
mod page;
mod routes;
mod server;
mod snapshot;
#[cfg(test)]
mod tests;

pub use hosts::Hosts;
pub use metrics::state_metrics;
pub use routes::Readiness;
pub use server::Server;
pub use snapshot::Sources;
