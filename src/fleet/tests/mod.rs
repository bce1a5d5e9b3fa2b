//! Against a real PostgreSQL.

mod leases;
mod ledger_copies;
mod postgres;
