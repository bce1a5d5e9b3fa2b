//! `SourceOrder` to a typed `Order`, or every reason why not. Pure: no file, clock, network or
//! database.

mod amounts;
mod order;
mod parts;
mod rules;

pub use order::transform;
pub use rules::{Filter, Mapped, Rules, VERSION};
