//! Why the last attempts of jobs did not finish.

use super::clock::now_ms;
use super::sql::Sql;
use super::sql_types::stored_words;
use super::store::writable;
use super::{StateError, View};
use rusqlite::params;
use std::path::Path;

stored_words! {
    /// The kind of reason why a job's last attempt did not finish.
    TroubleKind {
        Failed "failed" "It could not begin, or failed.";
        Refused "refused" "ActiveCampaign refused access, or too many orders.";
        Unavailable "away" "ActiveCampaign did not answer.";
    }
}

/// Why a job's last attempt did not finish. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// The first of the consecutive attempts that ended so.
    pub since_ms: i64,
    /// The last one.
    pub at_ms: i64,
    /// One line.
    pub reason: String,
}

/// Records how a job's attempt ended; `None`: successfully. It needs no lock: nothing that loads
/// orders reads it. Without a state nothing is recorded.
pub fn note_trouble(
    dir: &Path,
    account: &str,
    job: &str,
    trouble: Option<(TroubleKind, &str)>,
) -> Result<(), StateError> {
    let Some(db) = writable(dir, account)? else { return Ok(()) };
    let Some((kind, reason)) = trouble else {
        db.execute("DELETE FROM troubles WHERE job = ?1", [job])?;
        return Ok(());
    };
    let reason = reason.lines().next().unwrap_or_default();
    db.execute(
        "INSERT INTO troubles (job, kind, since_ms, at_ms, reason) VALUES (?1, ?2, ?3, ?3, ?4)
         ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, reason = excluded.reason,
             since_ms = iif(kind = excluded.kind, since_ms, excluded.since_ms), kind = excluded.kind",
        params![job, kind, now_ms(), reason],
    )?;
    Ok(())
}

impl View {
    /// Why a job does not finish; `None` after an attempt that finished.
    pub fn trouble(&self, job: &str) -> Result<Option<Trouble>, StateError> {
        let sql = "SELECT kind, since_ms, at_ms, reason FROM troubles WHERE job = ?1";
        self.db.first(sql, [job], |row| {
            Ok(Trouble {
                kind: row.get(0)?,
                since_ms: row.get(1)?,
                at_ms: row.get(2)?,
                reason: row.get(3)?,
            })
        })
    }
}
