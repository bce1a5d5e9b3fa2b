//! What people were told last of each job.

use super::StateError;
use super::sql::Sql;
use super::sql_types::stored_words;
use super::store::writable;
use rusqlite::{TransactionBehavior, params};
use std::path::Path;

stored_words! {
    /// What a standing is about.
    StandingTopic {
        Runs "runs",
        DeadLetters "dead_letters",
        Verifications "verifications",
    }
}

/// How a job was, and what of it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// A word, or a number of dead letters.
    pub condition: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The condition that was told last and when, until a better one was told.
    pub told: Option<(String, i64)>,
}

/// Replaces what is known of an account's job by what `next` makes of it. It needs no lock: only
/// notices read it. Without a state nothing is known before, and nothing is kept.
pub fn exchange_standing(
    dir: &Path,
    (account, job): (&str, &str),
    topic: StandingTopic,
    next: impl FnOnce(Option<Standing>) -> Standing,
) -> Result<(), StateError> {
    let Some(mut db) = writable(dir, account)? else {
        next(None);
        return Ok(());
    };
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = transaction.first(
        "SELECT condition, since_ms, told, told_ms FROM standings WHERE job = ?1 AND topic = ?2",
        params![job, topic],
        |row| {
            let told: Option<String> = row.get(2)?;
            let told_ms: Option<i64> = row.get(3)?;
            Ok(Standing { condition: row.get(0)?, since_ms: row.get(1)?, told: told.zip(told_ms) })
        },
    )?;
    let Standing { condition, since_ms, told } = next(before);
    let (told, told_ms) = told.unzip();
    transaction.run(
        "INSERT OR REPLACE INTO standings (job, topic, condition, since_ms, told, told_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![job, topic, condition, since_ms, told, told_ms],
    )?;
    Ok(transaction.commit()?)
}
