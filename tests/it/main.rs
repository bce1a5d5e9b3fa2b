//! What a user, or a reader of the house, would notice.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by a panic")]

mod adopt;
mod backfill;
mod carts;
mod chance;
mod chaos;
mod cli;
mod connection;
mod daemon;
mod dead_letters;
mod deploy;
mod explain;
mod faults;
mod floors;
mod hands;
mod hard_cases;
mod json;
mod limits;
mod logs;
mod meaning;
mod pace;
mod page;
mod plan;
mod privacy;
mod rehearsal;
mod resume;
mod schedule;
mod supply_chain;
mod undo;
mod verify;
mod window;
mod woocommerce;
mod world;
