//! ordersync brings the orders a shop already has into ActiveCampaign. Read it from the lowest
//! floor up; `ARCHITECTURE.md` says which module may import which, and `tests/it/floors.rs` checks
//! it.

// Floor 0: the values that all modules share.
pub mod domain;

mod scratch;

// Floor 1: independent modules that only import the values.
pub mod extract;

pub mod transform;

pub mod plan;

pub mod pull;

pub mod state;

pub mod activecampaign;

// Floor 2: steps against ActiveCampaign.
pub mod load;

// Floor 3: one run of one job.
pub mod run;

// Floor 4: when a job is due, and running it then.
pub mod schedule;

pub mod daemon;

// Floor 5: what daemons share, the settings and the reports.
#[cfg(feature = "fleet")]
pub mod fleet;

pub mod settings;

pub mod report;

mod notify;

pub mod serve;

// Floor 6: arguments in, exit code out.
pub mod cli;

// Separate: they import no other module, so that they can't share its mistakes.
pub mod samples;

pub mod simulator;
