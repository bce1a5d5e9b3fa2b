//! ordersync brings the orders a shop already has into ActiveCampaign. Read from the ground floor up;
//! `ARCHITECTURE.md` tells who may import whom, and `tests/it/floors.rs` holds the code to it.

pub mod domain;
pub mod simulator;
