use super::clock::now_ms;
use super::sql::Sql;
use super::sql_types::stored_numbers;
use super::{StateError, Store, View};
use rusqlite::params;
use std::collections::BTreeSet;

stored_numbers! {
    /// Owner of a connection, as reported by ActiveCampaign.
    pub ConnectionOwner {
        /// There is no such connection.
        Absent = 0,
        /// Created through the API: we may write to it.
        Own = 1,
        /// ActiveCampaign's own integration, not to be written to.
        Native = 2,
    }
}

/// ActiveCampaign's answer about a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionCheck {
    pub owner: ConnectionOwner,
    /// New contacts of the connection join this list.
    pub list_id: Option<String>,
}

impl Store {
    /// Stores ActiveCampaign's answer about a connection, replacing the previous one.
    pub fn note_connection(
        &mut self,
        service: &str,
        externalid: &str,
        seen: &ConnectionCheck,
    ) -> Result<(), StateError> {
        self.db.run(
            "INSERT OR REPLACE INTO connections_asked (service, externalid, owner, list_id, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![service, externalid, seen.owner, seen.list_id, now_ms()],
        )
    }

    /// Notes that a job sends orders in a currency.
    pub fn note_currency(&mut self, job: &str, code: &str) -> Result<(), StateError> {
        let sql = "INSERT OR IGNORE INTO currencies_sent (job, currency) VALUES (?1, ?2)";
        self.db.run(sql, params![job, code])
    }
}

impl View {
    /// ActiveCampaign's last answer about a connection, and its time in milliseconds since 1970;
    /// `None`: there is none.
    pub fn connection_asked(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Option<(ConnectionCheck, i64)>, StateError> {
        let sql = "SELECT owner, list_id, at_ms FROM connections_asked WHERE service = ?1 AND externalid = ?2";
        self.db.first(sql, params![service, externalid], |row| {
            Ok((ConnectionCheck { owner: row.get(0)?, list_id: row.get(1)? }, row.get(2)?))
        })
    }

    /// The currencies of orders that runs of a job have sent.
    pub fn currencies_sent(&self, job: &str) -> Result<BTreeSet<String>, StateError> {
        let sql = "SELECT currency FROM currencies_sent WHERE job = ?1";
        Ok(self.db.all(sql, [job], |row| row.get(0))?.into_iter().collect())
    }
}
