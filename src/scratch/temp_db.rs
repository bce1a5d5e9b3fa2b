//! Unnamed databases that the system deletes, so that memory does not grow with their content.

use rusqlite::Connection;

/// Opens a database with this schema.
pub fn open(schema: &str) -> rusqlite::Result<Connection> {
    let db = Connection::open("")?;
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
         PRAGMA temp_store = FILE; BEGIN",
    )?;
    db.execute_batch(schema)?;
    Ok(db)
}
