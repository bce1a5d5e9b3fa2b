//! Against a real PostgreSQL.

mod encrypted;
mod leases;
mod ledger_copies;
mod postgres;
mod steering;

use super::{Accounts, Database, LedgerCopies, Registration};
use postgres::Postgres;
use std::time::{Duration, Instant};

impl Postgres {
    pub fn database(&self) -> Database {
        Database::new(&self.url().into(), None, Duration::from_secs(10)).unwrap()
    }

    /// With the schema, and accounts of these names.
    pub async fn fleet(&self, names: &[&str]) {
        let database = self.database();
        migrated(&database).await;
        let registrations: Vec<_> = names.iter().map(|name| registration(name, 1)).collect();
        self.node("first", 60_000).register(&registrations).await.unwrap();
    }

    /// With leases of this length in milliseconds.
    pub fn node(&self, name: &str, lease_ms: u64) -> Accounts {
        Accounts::new(self.database(), name, Duration::from_millis(lease_ms))
    }

    pub fn copies(&self) -> LedgerCopies {
        LedgerCopies::new(self.database())
    }
}

/// A server that just started may still refuse.
async fn migrated(database: &Database) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match database.migrate().await {
            Ok(()) => return,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

pub fn registration(name: &str, schedules: u8) -> Registration {
    Registration { name: name.to_owned(), schedules: vec![schedules] }
}
