//! Groups the rows of each order, wherever in the file they are.
//!
//! Only the key decides which rows belong together. If the rows of an order are scattered, the
//! order is returned after its last row, so that none is sent incomplete. Memory stays bounded: a
//! file that would need more is an error. The cells are read by a dialect.

mod apart;
mod groups;
mod whole_copies;

pub use groups::{Group, Groups};
pub use whole_copies::order_of;
