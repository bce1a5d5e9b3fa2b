//! The addresses of customers, for exports that don't have them: a customers file says which
//! address belongs to a customer's id, a buyer's name or an order's id. Nothing is guessed: a key
//! with two addresses has none.
//!
//! Addresses are personal data: they are in unnamed files, which are deleted when the run ends.
//! Memory does not grow with their number.

mod columns;
mod index;
mod join;

#[cfg(test)]
mod tests;

pub use join::Customers;
