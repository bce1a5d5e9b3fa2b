//! Tests of the program as a user sees it, and of the harness.
#![expect(clippy::unwrap_used, reason = "a test that can't continue panics")]

mod absence;
mod adopt;
mod approved;
mod asked;
mod backfill;
mod bulk;
mod bulk_doubt;
mod carts;
mod chaos;
mod check;
mod cli;
mod connection;
mod contract;
mod copies;
mod daemon;
mod damage;
mod dead_letters;
mod deploy;
mod difference;
mod disk;
mod doubt;
mod explain;
mod faults;
#[cfg(feature = "fleet")]
mod fleet;
#[cfg(feature = "fleet")]
mod fleet_moves;
#[cfg(feature = "fleet")]
mod fleet_pulls;
#[cfg(feature = "fleet")]
mod fleet_verbs;
#[cfg(feature = "fleet")]
mod fleet_window;
mod floors;
mod forecast;
mod golden;
mod hands;
mod hard_cases;
mod init;
mod joins;
mod json;
mod kinds;
mod left_out;
mod limits;
mod logs;
mod mapping;
mod meaning;
mod mixups;
mod moved;
mod mutations;
mod narrow;
mod nights;
mod notify;
mod outlook;
mod pace;
mod page;
mod plan;
mod policy_data;
mod privacy;
mod probe;
mod process;
mod pull_kills;
mod pull_schedules;
mod pulls;
mod random;
mod rehearsal;
mod resume;
mod schedule;
mod schema;
mod shared_orders;
mod status;
mod streams;
mod supply_chain;
mod switch;
mod terminal;
mod undo;
mod unsure;
mod verdicts;
mod verify;
mod warnings;
mod window;
mod woocommerce;
mod world;
