//! What a user, or a reader of the house, would notice.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by a panic")]

mod backfill;
mod cli;
mod faults;
mod floors;
mod json;
mod limits;
mod plan;
mod privacy;
mod resume;
mod supply_chain;
mod verify;
mod world;
