//! What the account holds: connections, customers, orders, contacts. It keeps totals and identities
//! consistent, and does not depend on HTTP, JSON or faults. Nothing here implements `Debug`, as it
//! is personal data.

mod account;
mod rows;
mod table;

pub(super) use account::Store;
pub(super) use rows::{Connection, Contact, Customer, Discount, Order, Product};
pub(super) use table::{Age, Row, Selection, Table};
