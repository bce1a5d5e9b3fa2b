//! The last notices about each job.

use super::StateError;
use super::sql::Sql;
use super::sql_types::stored_words;
use super::store::writable;
use rusqlite::{TransactionBehavior, params};
use std::path::Path;

stored_words! {
    /// The topic of a standing.
    StandingTopic {
        Runs "runs" "Its runs.";
        DeadLetters "dead_letters" "Its dead letters that nobody has accepted.";
        Verifications "verifications" "Its verifications.";
    }
}

/// The condition of a job, and the last notice of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// A word, or a number of dead letters.
    pub condition: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The condition of the last notice and its time, until a notice of recovery.
    pub noticed: Option<(String, i64)>,
}

/// Replaces the standing of an account's job by the result of `next`. It needs no lock: only
/// notices read it. Without a state there is no previous standing, and nothing is stored.
pub fn exchange_standing(
    dir: &Path,
    account: &str,
    job: &str,
    topic: StandingTopic,
    next: impl FnOnce(Option<Standing>) -> Standing,
) -> Result<(), StateError> {
    let Some(mut db) = writable(dir, account)? else {
        next(None);
        return Ok(());
    };
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = transaction.first(
        "SELECT condition, since_ms, noticed, noticed_ms FROM standings WHERE job = ?1 AND topic = ?2",
        params![job, topic],
        |row| {
            let noticed: Option<String> = row.get(2)?;
            let noticed_ms: Option<i64> = row.get(3)?;
            Ok(Standing { condition: row.get(0)?, since_ms: row.get(1)?, noticed: noticed.zip(noticed_ms) })
        },
    )?;
    let Standing { condition, since_ms, noticed } = next(before);
    let (noticed, noticed_ms) = noticed.unzip();
    transaction.run(
        "INSERT OR REPLACE INTO standings (job, topic, condition, since_ms, noticed, noticed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![job, topic, condition, since_ms, noticed, noticed_ms],
    )?;
    Ok(transaction.commit()?)
}
