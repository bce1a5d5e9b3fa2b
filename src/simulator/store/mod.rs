//! What the account holds: connections, customers, orders, contacts. It keeps totals and identities
//! right, and knows nothing of HTTP, JSON or faults. Nothing in here prints itself: it is all about
//! people.

mod account;
mod rows;
mod table;

pub(super) use account::Store;
pub(super) use rows::{Connection, Contact, Customer, Discount, Order, Product};
pub(super) use table::{Row, Selection, Table};
