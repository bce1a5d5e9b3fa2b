//! ordersync brings the orders a shop already has into ActiveCampaign. Read from the ground floor
//! up; `ARCHITECTURE.md` says which module may import which, and `tests/it/floors.rs` checks it.

// Floor 0: the values everyone speaks in.
pub mod domain;

mod scratch;

// Floor 1: each on its own, knowing only the values.
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

// Floor 5: what daemons share, what people set and what they read.
#[cfg(feature = "fleet")]
pub mod fleet;

pub mod settings;

pub mod report;

mod notify;

pub mod serve;

// Floor 6: arguments in, exit code out.
pub mod cli;

// Apart: they import nothing of ours, so that a mistake of ours can't hide in them too.
pub mod samples;

pub mod simulator;
