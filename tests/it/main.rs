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
mod damage;
mod dead_letters;
mod deploy;
mod explain;
mod faults;
mod floors;
mod hands;
mod hard_cases;
mod joins;
mod json;
mod limits;
mod mapping;
mod meaning;
mod pace;
mod page;
mod plan;
mod privacy;
mod rehearsal;
mod resume;
mod schedule;
mod streams;
mod supply_chain;
mod undo;
mod verify;
mod woocommerce;
mod world;
