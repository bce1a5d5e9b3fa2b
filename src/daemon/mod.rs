//! Runs every job that has a schedule until it is told to stop: accounts side by side, the jobs of
//! one account one after the other, each run with a lock, a client and a pace of its own account.
//!
//! The wall clock, what opens an account, and the plan to follow come in as values; it reads no
//! settings, listens to no signal and prints nothing. What it is doing stands on the [`Board`].

mod account;
mod attempt;
mod board;
mod keeper;
mod memory;
mod outcome;
mod plan;
mod pulse;

pub use board::{AccountView, Board, DaemonView, JobView, LastRun, Running, Standing};
pub use keeper::Daemon;
pub use outcome::AWAY_REST;
pub use plan::{AccountPlan, Clock, JobPlan, Opened, Opener, Plan, Unopened};
