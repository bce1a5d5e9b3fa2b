//! Asks an account how its API behaves where the documentation is silent or contradicts itself, with
//! connections of its own, and removes what it wrote.

mod bench;
mod cleanup;
mod desk;
mod graphql;
mod questions;
mod report;
mod rest;
mod work;

pub use bench::PROBE_SERVICE;
pub use questions::{QUESTIONS, Question};
pub use report::{Asked, AskedOutcome, LeftRecord, ProbeError, ProbeReport, Removed};
pub use work::{ProbeContext, probe};
