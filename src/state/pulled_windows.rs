use super::sql::Sql;
use super::sql_types::RunId;
use super::{StateError, View};
use rusqlite::{Transaction, params};
use std::collections::BTreeSet;

/// Notes the windows, by the names of their folders, that a finished run has settled.
pub(super) fn settle_windows(
    transaction: &Transaction<'_>,
    run: RunId,
    windows: &[String],
) -> Result<(), StateError> {
    for window in windows {
        transaction.run(
            "INSERT INTO settled_windows (job, window, run)
             SELECT job, ?2, id FROM runs WHERE id = ?1 ON CONFLICT DO NOTHING",
            params![run, window],
        )?;
    }
    Ok(())
}

impl View {
    /// The names of the windows of a job that runs have settled.
    pub fn settled_windows(&self, job: &str) -> Result<BTreeSet<String>, StateError> {
        let sql = "SELECT window FROM settled_windows WHERE job = ?1";
        Ok(self.db.all(sql, [job], |row| row.get(0))?.into_iter().collect())
    }
    /// The names of the windows that the last run of a job settled, of those that settled any.
    pub fn last_settled_windows(&self, job: &str) -> Result<Vec<String>, StateError> {
        let sql = "SELECT window FROM settled_windows WHERE job = ?1
             AND run = (SELECT max(run) FROM settled_windows WHERE job = ?1)";
        self.db.all(sql, [job], |row| row.get(0))
    }
}
