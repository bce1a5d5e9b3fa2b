//! Runs every job that has a schedule until it is stopped: accounts side by side, the jobs of
//! one account one after the other, each run with a lock, a client and a pace of its own account.
//!
//! The wall clock, what opens an account, and the plan to follow come in as values; it reads no
//! settings, listens to no signal and prints nothing. What it is doing is on the [`Board`].

mod account_worker;
mod attempt;
mod board;
mod fleet_view;
mod last_starts;
mod liveness;
mod outcome;
mod plan;
mod supervision;
mod supervisor;
mod tenure;
mod verification;

pub use board::{
    AccountStatus, AccountView, Board, DaemonView, JobView, LastRun, LastVerification, Running,
};
pub use fleet_view::{
    Backlog, FleetAccount, FleetCounts, FleetEviction, FleetNode, FleetView, LedgerCopy, LedgerMove,
};
pub use plan::{
    AccountOpenError, AccountPlan, Clock, JobPlan, OnRunEvent, Open, Opener, Plan, PullOptions,
    Task, VerifyPlan,
};
pub use supervision::Supervision;
pub use supervisor::Daemon;
pub use tenure::Tenure;
