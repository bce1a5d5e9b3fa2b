use super::sql::Sql;
use super::sql_types::RunId;
use super::{StateError, View};
use rusqlite::{Transaction, params};

/// A pulled window whose every order was settled by a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledWindow {
    /// The name of its folder.
    pub window: String,
    /// Its end, by the shop's clock.
    pub to_ms: i64,
    pub orders: u64,
}

/// Notes the windows that a run has settled, in the transaction that ends it.
pub(super) fn settle_windows(
    transaction: &Transaction<'_>,
    run: RunId,
    windows: &[SettledWindow],
) -> Result<(), StateError> {
    for SettledWindow { window, to_ms, orders } in windows {
        transaction.run(
            "INSERT INTO settled_windows (job, window, to_ms, orders, run)
             SELECT job, ?2, ?3, ?4, id FROM runs WHERE id = ?1 ON CONFLICT DO NOTHING",
            params![run, window, to_ms, orders],
        )?;
    }
    Ok(())
}

impl View {
    /// The windows of a job that runs have settled, in the order of the pulls.
    pub fn settled_windows(&self, job: &str) -> Result<Vec<SettledWindow>, StateError> {
        let sql =
            "SELECT window, to_ms, orders FROM settled_windows WHERE job = ?1 ORDER BY window";
        self.db.all(sql, [job], |row| {
            Ok(SettledWindow { window: row.get(0)?, to_ms: row.get(1)?, orders: row.get(2)? })
        })
    }
}
