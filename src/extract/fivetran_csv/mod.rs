//! The dialect of Shopify's tables as Fivetran writes them to a warehouse, each exported to a CSV
//! file: orders, and the tables that belong to them. It comes in two versions, of the REST and of
//! the GraphQL connector, recognised by their columns. Dates are UTC.

mod dialect;
mod order;
mod parts;
mod table;
mod values;

pub use dialect::FORMAT;
