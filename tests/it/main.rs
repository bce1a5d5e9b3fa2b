//! What a user, or a reader of the house, would notice.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by a panic")]

mod floors;
mod supply_chain;
