use super::sql_types::now_ms;
use super::{StateError, Store, View};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;

/// Whose a connection is, by the target's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionOwner {
    Absent,
    /// Made through the API: fit to be written to.
    Own,
    /// The target's own integration, not to be written to.
    Native,
}

/// What the target said when it was asked for a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionCheck {
    pub standing: ConnectionOwner,
    /// New contacts of the connection join this list.
    pub list_id: Option<String>,
}

impl Store {
    /// Notes what the target said of a connection, in place of what it said before.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn note_connection(
        &mut self,
        service: &str,
        externalid: &str,
        seen: &ConnectionCheck,
    ) -> Result<(), StateError> {
        let standing = match seen.standing {
            ConnectionOwner::Absent => 0,
            ConnectionOwner::Own => 1,
            ConnectionOwner::Native => 2,
        };
        self.db.execute(
            "INSERT OR REPLACE INTO connections_asked (service, externalid, standing, list_id, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![service, externalid, standing, seen.list_id, now_ms()],
        )?;
        Ok(())
    }

    /// Notes that a job sends orders in a currency.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn note_currency(&mut self, job: &str, code: &str) -> Result<(), StateError> {
        let sql = "INSERT OR IGNORE INTO currencies_sent (job, currency) VALUES (?1, ?2)";
        self.db.execute(sql, params![job, code])?;
        Ok(())
    }
}

impl View {
    /// What the target said last of a connection, and when, in milliseconds since 1970; `None`: it
    /// was not asked.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn connection_asked(
        &self,
        service: &str,
        externalid: &str,
    ) -> Result<Option<(ConnectionCheck, i64)>, StateError> {
        let sql = "SELECT standing, list_id, at_ms FROM connections_asked WHERE service = ?1 AND externalid = ?2";
        let asked = self.db.query_row(sql, params![service, externalid], |row| {
            let standing = match row.get::<_, i64>(0)? {
                0 => ConnectionOwner::Absent,
                1 => ConnectionOwner::Own,
                _ => ConnectionOwner::Native,
            };
            Ok((ConnectionCheck { standing, list_id: row.get(1)? }, row.get(2)?))
        });
        Ok(asked.optional()?)
    }

    /// The currencies that runs of a job have sent orders in.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn currencies_sent(&self, job: &str) -> Result<BTreeSet<String>, StateError> {
        let mut statement =
            self.db.prepare_cached("SELECT currency FROM currencies_sent WHERE job = ?1")?;
        Ok(statement.query_map([job], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}
