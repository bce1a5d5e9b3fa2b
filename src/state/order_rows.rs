//! The rows of `orders`: how one is added and how it leaves the ledger.

use super::StateError;
use super::sql::Sql;
use super::sql_types::{ConnectionId, OrderId, OrderState, RunId, stored};
use rusqlite::{Connection, params};

/// The number of an order's row, which is added if there is none, as not in the ledger. `key`: as
/// the ledger writes it.
pub(super) fn enrol(
    db: &Connection,
    run: RunId,
    connection: ConnectionId,
    key: &str,
) -> Result<OrderId, StateError> {
    let found: Option<(OrderId, OrderState)> = db.first(
        "SELECT id, state FROM orders WHERE connection = ?1 AND key = ?2",
        params![connection, stored(key)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let id = match found {
        Some((id, OrderState::Absent)) => {
            db.run(
                "UPDATE orders SET run = ?3 WHERE connection = ?1 AND key = ?2",
                params![connection, stored(key), run],
            )?;
            id
        }
        Some((id, _)) => id,
        None => {
            let id = db.one(
                "UPDATE account SET value = value + 1 WHERE name = 'last_order' RETURNING value",
                [],
            )?;
            db.run(
                "INSERT INTO orders (connection, key, id, state, run) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![connection, stored(key), id, OrderState::Absent, run],
            )?;
            id
        }
    };
    Ok(id)
}

/// Removes an order from the ledger; its history stays.
pub(super) fn forget(
    db: &Connection,
    connection: ConnectionId,
    key: &str,
) -> Result<(), StateError> {
    db.run(
        "UPDATE orders SET state = ?3, remote_id = NULL, fingerprint = NULL, outcome = NULL,
             created_run = NULL, customer = NULL, verified = NULL, differs = NULL
         WHERE connection = ?1 AND key = ?2",
        params![connection, stored(key), OrderState::Absent],
    )
}
