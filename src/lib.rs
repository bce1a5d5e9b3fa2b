//! ordersync brings the orders a shop already has into ActiveCampaign. Read from the ground floor up;
//! `ARCHITECTURE.md` tells who may import whom, and `tests/it/floors.rs` holds the code to it.

pub mod domain;
pub mod load;
pub mod plan;
pub mod state;
pub mod transform;
pub mod run;
pub mod report;
