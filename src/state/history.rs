//! The attempts at each order: a bounded history without order data.

use super::clock::now_ms;
use super::order_rows::enrol;
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderId, RunId, StoredId, stored_id, stored_key};
use super::{StateError, Store, View};
use crate::domain::{Answer, Attempt, Operation, OrderKey};
use rusqlite::{Connection, Row, params};

/// Attempts kept of one order: the first, which shows how it began, and the last ones.
const KEPT_MAX: i64 = 10;
/// How the state stores a lookup that found nothing.
const ABSENT: &str = "absent";

/// One stored attempt at an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Counted from 1 for each order; a missing one was not stored.
    pub n: u64,
    /// Its run; for a delete the run that is undone. 0: an operator's command.
    pub run: RunId,
    /// Milliseconds since 1970, to the second.
    pub at_ms: i64,
    pub attempt: Attempt,
}

impl Store {
    /// Notes, durably, an attempt at an order that did not settle it.
    pub fn note(
        &mut self,
        run: RunId,
        connection: ConnectionId,
        key: &str,
        attempt: &Attempt,
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        add_by_key(&transaction, run, connection, key, attempt)?;
        Ok(transaction.commit()?)
    }
}

/// Adds an attempt to the history of the order of this key, within the caller's transaction.
pub(super) fn add_by_key(
    db: &Connection,
    run: RunId,
    connection: ConnectionId,
    key: &str,
    attempt: &Attempt,
) -> Result<(), StateError> {
    let order = enrol(db, run, connection, key)?;
    add(db, run, order, attempt)
}

/// Adds an attempt to an order's history, within the caller's transaction.
pub(super) fn add(
    db: &Connection,
    run: RunId,
    order: OrderId,
    attempt: &Attempt,
) -> Result<(), StateError> {
    let n: i64 = db.one(
        "INSERT INTO history (order_id, n, run, at_s, operation, remote_id, batch)
             VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM history WHERE order_id = ?1),
                     ?2, ?3, ?4, ?5, ?6) RETURNING n",
        params![
            order,
            run,
            now_ms() / 1000,
            attempt.operation,
            attempt.id.as_ref().map(stored_id),
            attempt.batch
        ],
    )?;
    let answer = match &attempt.answer {
        Answer::Done => None,
        Answer::Absent => Some((ABSENT, None, None)),
        Answer::Failed { disposition, status, code } => {
            Some((disposition.as_str(), *status, code.as_deref()))
        }
    };
    if let Some((answer, status, code)) = answer {
        db.run(
            "INSERT INTO answers (order_id, n, answer, status, code) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![order, n, answer, status, code],
        )?;
    }
    if n > KEPT_MAX {
        db.run(
            "DELETE FROM history WHERE order_id = ?1 AND n BETWEEN 2 AND ?2",
            params![order, n - KEPT_MAX + 1],
        )?;
    }
    Ok(())
}

impl View {
    /// Since when the attempts of a run, in milliseconds since 1970, got no answer or an error of
    /// the server alone; `None` while they get answers, or after only a failure or two.
    pub fn unanswered_since(&self, run: RunId) -> Result<Option<i64>, StateError> {
        const FAILURES_MIN: i64 = 3;
        let found = self.db.first(
            "SELECT count(*), min(at_s) FROM history WHERE run = ?1 AND at_s >
             (SELECT coalesce(max(at_s), 0) FROM attempts
              WHERE run = ?1 AND (answer IS NULL OR answer = 'absent' OR status < 500))",
            [run],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
        )?;
        let (failures, since) = found.unwrap_or_default();
        Ok(since.filter(|_| failures >= FAILURES_MIN).map(|at_s| at_s.saturating_mul(1000)))
    }

    /// The attempts at an order that are kept, the first one first.
    pub fn history(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Vec<Remembered>, StateError> {
        let rows = self.db.all(
            "SELECT n, run, at_s, operation, answer, status, code, remote_id, batch FROM attempts
             WHERE order_id = (SELECT id FROM orders WHERE connection = ?1 AND key = ?2) ORDER BY n",
            params![connection, stored_key(key)],
            remembered,
        )?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// `None`: an operation that this version does not know.
fn remembered(row: &Row<'_>) -> rusqlite::Result<Option<Remembered>> {
    let Some(operation) = Operation::of_number(row.get(3)?) else { return Ok(None) };
    let answer = match row.get::<_, Option<String>>(4)? {
        None => Answer::Done,
        Some(word) if word == ABSENT => Answer::Absent,
        Some(disposition) => Answer::Failed { disposition, status: row.get(5)?, code: row.get(6)? },
    };
    let id = row.get::<_, Option<StoredId>>(7)?.map(|id| id.0);
    Ok(Some(Remembered {
        n: row.get(0)?,
        run: row.get(1)?,
        at_ms: row.get::<_, i64>(2)?.saturating_mul(1000),
        attempt: Attempt { operation, answer, id, batch: row.get(8)? },
    }))
}

#[cfg(test)]
mod tests;
