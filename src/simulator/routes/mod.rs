//! What each path does, once a request is behind the gates: reads and changes the store, and
//! answers. It knows nothing of limits, tokens or faults.

mod answer;
mod connections;
mod customers;
mod draft;
mod listing;
mod orders;

pub(super) use answer::answer;
pub(super) use draft::Draft;
pub(super) use orders::{stored, taken};
