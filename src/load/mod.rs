//! Carries out steps against the target: customer first, then order, each exactly once in effect.
//! Decides nothing about content; knows no file and no database: what must be durable goes through
//! the [`Journal`] it is given.

mod customer;
mod delete;
mod journal;
mod keyed;
mod loader;
mod order;
mod outcome;

pub use delete::{Deletion, delete};
pub use journal::{Journal, JournalError};
pub use loader::Loader;
pub use outcome::{Outcome, Part, Refusal, StepError};
