//! What each path does after the checks: reads and changes the store, and answers. It does not
//! depend on limits, tokens or faults.

mod answer;
mod connections;
mod customers;
mod draft;
mod listing;
mod orders;

pub(super) use answer::answer;
pub(super) use draft::Draft;
pub(super) use orders::{stored, taken};
