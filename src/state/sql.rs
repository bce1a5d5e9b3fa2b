//! Helpers for SQLite queries. Statements stay prepared.

use super::error::StateError;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};

pub(super) trait Sql {
    fn db(&self) -> &Connection;

    /// Runs a statement; returns how many rows it changed.
    fn changed(&self, sql: &str, parameters: impl Params) -> Result<usize, StateError> {
        Ok(self.db().prepare_cached(sql)?.execute(parameters)?)
    }

    fn run(&self, sql: &str, parameters: impl Params) -> Result<(), StateError> {
        self.changed(sql, parameters).map(|_| ())
    }

    /// What `read` makes of the first row, if there is one.
    fn first<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StateError> {
        Ok(self.db().prepare_cached(sql)?.query_row(parameters, read).optional()?)
    }

    /// The first column of the only row.
    fn one<T: FromSql>(&self, sql: &str, parameters: impl Params) -> Result<T, StateError> {
        let row = self.first(sql, parameters, |row| row.get(0))?;
        row.ok_or(StateError::Sql(rusqlite::Error::QueryReturnedNoRows))
    }

    /// Whether there is a row.
    fn has(&self, sql: &str, parameters: impl Params) -> Result<bool, StateError> {
        Ok(self.first(sql, parameters, |_| Ok(()))?.is_some())
    }

    fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        Ok(self.db().prepare_cached(sql)?.query_map(parameters, read)?.collect::<Result<_, _>>()?)
    }
}

impl Sql for Connection {
    fn db(&self) -> &Connection {
        self
    }
}
