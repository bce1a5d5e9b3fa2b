use super::clock::now_ms;
use super::order_rows::forget;
use super::sql::Sql;
use super::sql_types::{
    ConnectionId, OrderId, OrderState, RunId, StoredText, stored, stored_words,
};
use super::{StateError, Store, View, history};
use crate::domain::{Attempt, Operation};
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{ToSql, Transaction, params};
use std::borrow::Cow;
use std::fmt;

stored_words! {
    /// The stage at which a record failed.
    Stage {
        Invalid "invalid" "Not sent.";
        Refused "refused" "Rejected by ActiveCampaign.";
    }
}

/// A reason of a dead letter, with the faulty field if there is one: `bad_money(total)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterReason {
    pub code: String,
    pub field: Option<String>,
}

impl fmt::Display for LetterReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}({field})", self.code),
            None => f.write_str(&self.code),
        }
    }
}

/// All reasons of a dead letter; empty in a letter that repeats an existing one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterReasons(pub Vec<LetterReason>);

impl fmt::Display for LetterReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, reason) in self.0.iter().enumerate() {
            write!(f, "{}{reason}", if n > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl From<&str> for LetterReasons {
    fn from(text: &str) -> Self {
        let reason = |text: &str| match text.split_once('(') {
            Some((code, field)) => LetterReason {
                code: code.to_owned(),
                field: Some(field.trim_end_matches(')').to_owned()),
            },
            None => LetterReason { code: text.to_owned(), field: None },
        };
        Self(text.split_whitespace().map(reason).collect())
    }
}

impl ToSql for LetterReasons {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for LetterReasons {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self::from(value.as_str()?))
    }
}

/// Why ActiveCampaign rejected a record. Titles and bodies of its responses are not stored: they
/// can quote e-mail addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub part: LetterPart,
    /// HTTP status of the last response.
    pub status: Option<u16>,
    /// ActiveCampaign's error code, or ours for what broke.
    pub code: Option<String>,
    /// ActiveCampaign's pointer to the faulty field.
    pub pointer: Option<String>,
    /// Requests made for it.
    pub attempts: u32,
}

/// Which of the two records of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterPart {
    Customer,
    Order,
}

impl Refusal {
    /// As reports and dead letters state it.
    pub fn reason(&self) -> LetterReason {
        let code = match (&self.code, self.status) {
            (Some(code), _) => code.clone(),
            (None, Some(status)) => format!("http_{status}"),
            (None, None) => "no_answer".to_owned(),
        };
        let field = self.pointer.as_deref().and_then(|pointer| pointer.rsplit('/').next());
        LetterReason { code: self.of_part(&code), field: field.map(str::to_owned) }
    }

    /// The further reason that an earlier request may have arrived.
    pub(super) fn unclear(&self) -> LetterReason {
        LetterReason { code: self.of_part("unclear"), field: None }
    }

    fn of_part(&self, code: &str) -> String {
        let part = match self.part {
            LetterPart::Customer => "customer",
            LetterPart::Order => "order",
        };
        format!("{part}_{code}")
    }
}

/// A record that failed, with every reason and its place; none of its values is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub job: String,
    /// The order's key. For a record without one, and for a further invalid record of the same
    /// order, `file:line`; from the second record on a line on, `file:line#2`; next to a refused
    /// record of the same order, `file:line (key)`.
    pub record: String,
    pub stage: Stage,
    /// The order's number; may be blank.
    pub number: String,
    pub file: String,
    pub line: u64,
    pub reasons: LetterReasons,
    /// HTTP status of the last answer, for refused ones.
    pub status: Option<u16>,
    pub attempts: u32,
    /// Runs that found it: the first and the last. Set when it is written.
    pub first_run: RunId,
    pub last_run: RunId,
    /// Ignored when a letter is written.
    pub accepted: Option<Acceptance>,
}

/// The reason of a refused record if its earlier letter was not stored.
const REFUSED_BEFORE: &str = "refused_before";

/// The acceptance of a dead letter by an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// In milliseconds since 1970.
    pub at_ms: i64,
    pub note: Option<String>,
}

/// Dead letters written for one run; further records are counted without a letter.
pub const LETTERS_OF_RUN_MAX: u64 = 100_000;

/// How many dead letters there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LetterCounts {
    pub all: u64,
    /// Those that were not accepted.
    pub new: u64,
}

/// Writes a letter. An accepted one stays accepted if its record is invalid for the same reasons,
/// or was not sent again; see `state/0001_schema.sql`.
pub(super) fn write(
    transaction: &Transaction<'_>,
    run: RunId,
    letter: &DeadLetter,
) -> Result<(), StateError> {
    let record = place_of(transaction, run, letter)?;
    transaction.run(
        "INSERT INTO dead_letters
                 (job, record, stage, number, file, line, reasons, status, attempts, first_run, last_run, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, iif(?7 = '', ?12, ?7), ?8, ?9, ?10, ?10, ?11)
             ON CONFLICT DO UPDATE SET stage = excluded.stage, number = excluded.number, file = excluded.file,
                 line = excluded.line,
                 accepted_ms = iif(excluded.stage = stage AND (?7 = ''
                     OR (stage = 'invalid' AND ?7 = reasons)), accepted_ms, NULL),
                 reasons = iif(?7 = '', reasons, ?7),
                 status = iif(excluded.stage = 'invalid', NULL, coalesce(excluded.status, status)),
                 attempts = iif(excluded.stage = 'invalid', 0, attempts) + excluded.attempts, last_run = excluded.last_run, at_ms = excluded.at_ms",
        params![
            letter.job,
            stored(&record),
            letter.stage,
            letter.number,
            letter.file,
            letter.line,
            letter.reasons,
            letter.status,
            letter.attempts,
            run,
            now_ms(),
            REFUSED_BEFORE,
        ],
    )
}

/// The record under which a letter is stored. If a run read an invalid copy of an order and a
/// refused one, each has its letter, whichever was settled first. A refusal that no run finds any
/// more is removed by [`sweep`].
fn place_of<'a>(
    transaction: &Transaction<'_>,
    run: RunId,
    letter: &'a DeadLetter,
) -> Result<Cow<'a, str>, StateError> {
    let found: Option<(Stage, RunId)> = transaction.first(
        "SELECT stage, last_run FROM dead_letters WHERE job = ?1 AND record = ?2",
        params![letter.job, stored(&letter.record)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    match (found, letter.stage) {
        (Some((Stage::Refused, _)), Stage::Invalid) => {
            let place = format!("{}:{} ({})", letter.file, letter.line, letter.record);
            return Ok(Cow::Owned(place));
        }
        (Some((Stage::Invalid, last_run)), Stage::Refused) if last_run == run => {
            transaction.run(
                "UPDATE OR REPLACE dead_letters SET record = file || ':' || line || ' (' || record || ')'
                 WHERE job = ?1 AND record = ?2",
                params![letter.job, stored(&letter.record)],
            )?;
        }
        _ => {}
    }
    Ok(Cow::Borrowed(&letter.record))
}

/// Removes the letter of a record that is no longer invalid or refused, unless this run wrote it,
/// for another copy of the order.
pub(super) fn clear(
    transaction: &Transaction<'_>,
    run: RunId,
    connection: ConnectionId,
    record: &str,
) -> Result<(), StateError> {
    let removed: Option<Stage> = transaction.first(
        "DELETE FROM dead_letters WHERE record = ?2 AND last_run < ?1
         AND job = (SELECT job FROM runs WHERE id = ?1) RETURNING stage",
        params![run, stored(record)],
        |row| row.get(0),
    )?;
    if removed == Some(Stage::Refused) {
        reopen(transaction, connection, record)?;
    }
    Ok(())
}

/// Removes the letters of the job that this run, which read its whole export, no longer found.
pub(super) fn sweep(transaction: &Transaction<'_>, run: RunId) -> Result<(), StateError> {
    let connection: Option<ConnectionId> =
        transaction.one("SELECT connection FROM runs WHERE id = ?1", [run])?;
    let removed: Vec<(String, Stage)> = transaction.all(
        "DELETE FROM dead_letters WHERE last_run < ?1
         AND job = (SELECT job FROM runs WHERE id = ?1) RETURNING record, stage",
        [run],
        |row| Ok((row.get::<_, StoredText>(0)?.0, row.get(1)?)),
    )?;
    for (record, stage) in removed {
        if let Some(connection) = connection.filter(|_| stage == Stage::Refused) {
            reopen(transaction, connection, &record)?;
        }
    }
    Ok(())
}

/// Clears the refusal of an order, so that it is sent when it is read again; returns the order if
/// the ledger had it as refused.
fn reopen(
    transaction: &Transaction<'_>,
    connection: ConnectionId,
    key: &str,
) -> Result<Option<OrderId>, StateError> {
    let refused: Option<(OrderId, bool)> = transaction.first(
        "SELECT id, remote_id IS NULL AND created_run IS NULL FROM orders
         WHERE connection = ?1 AND key = ?2 AND state = ?3",
        params![connection, stored(key), OrderState::Refused],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((order, is_new)) = refused else { return Ok(None) };
    if is_new {
        forget(transaction, connection, key)?;
    } else {
        // ActiveCampaign has an older content of it, to be updated. One that the bulk path
        // accepted may have no id yet.
        transaction.run(
            "UPDATE orders SET state = iif(remote_id IS NULL, ?4, ?3), fingerprint = NULL
             WHERE connection = ?1 AND key = ?2",
            params![connection, stored(key), OrderState::Settled, OrderState::Accepted],
        )?;
    }
    Ok(Some(order))
}

impl View {
    /// The dead letters of a job.
    pub fn dead_letters(&self, job: &str, at_most: u32) -> Result<Vec<DeadLetter>, StateError> {
        self.db.all(
            "SELECT job, record, stage, number, file, line, reasons, status, attempts, first_run, last_run,
                    accepted_ms, note
             FROM dead_letters WHERE job = ?1 ORDER BY file, line, record LIMIT ?2",
            params![job, at_most],
            |row| {
            Ok(DeadLetter {
                job: row.get(0)?,
                record: row.get::<_, StoredText>(1)?.0,
                stage: row.get(2)?,
                number: row.get(3)?,
                file: row.get(4)?,
                line: row.get(5)?,
                reasons: row.get(6)?,
                status: row.get(7)?,
                attempts: row.get(8)?,
                first_run: row.get(9)?,
                last_run: row.get(10)?,
                accepted: row
                    .get::<_, Option<i64>>(11)?
                    .map(|at_ms| Ok::<_, rusqlite::Error>(Acceptance { at_ms, note: row.get(12)? }))
                    .transpose()?,
            })
        },
        )
    }

    /// The records of a job's dead letters, each with the run that found it last.
    pub fn dead_records(&self, job: &str) -> Result<Vec<(String, RunId)>, StateError> {
        let sql = "SELECT record, last_run FROM dead_letters WHERE job = ?1";
        self.db.all(sql, [job], |row| Ok((row.get::<_, StoredText>(0)?.0, row.get(1)?)))
    }

    /// How many dead letters a job has.
    pub fn dead_letters_count(&self, job: &str) -> Result<LetterCounts, StateError> {
        self.dead_letters_met(job, 0)
    }

    /// Records that the job's last run did not send, and for which it stored no letter, as there
    /// were too many.
    pub fn letters_omitted(&self, job: &str) -> Result<u64, StateError> {
        let Some(run) = self.runs(job, 1)?.pop() else { return Ok(0) };
        let kept = self.dead_letters_met(job, run.id)?.all;
        let met = run.counts.invalid + run.counts.refused;
        Ok(if kept < LETTERS_OF_RUN_MAX { 0 } else { met.saturating_sub(kept) })
    }

    /// The latest run that first found one of a job's letters that were not accepted; 0: there is
    /// none.
    pub fn newest_letter(&self, job: &str) -> Result<RunId, StateError> {
        let sql = "SELECT coalesce(max(first_run), 0) FROM dead_letters
                   WHERE job = ?1 AND accepted_ms IS NULL";
        self.db.one(sql, [job])
    }

    /// How many of a job's dead letters this run or a later one found.
    pub fn dead_letters_met(&self, job: &str, since: RunId) -> Result<LetterCounts, StateError> {
        let all = "SELECT count(*) FROM dead_letters WHERE job = ?1 AND last_run >= ?2";
        let new = format!("{all} AND accepted_ms IS NULL");
        Ok(LetterCounts {
            all: self.db.one(all, params![job, since])?,
            new: self.db.one(&new, params![job, since])?,
        })
    }
}

impl Store {
    /// Accepts these dead letters of a job; returns how many were not accepted before. Without a
    /// note, those that are accepted already keep theirs.
    pub fn accept_letters(
        &mut self,
        job: &str,
        records: &[String],
        note: Option<&str>,
    ) -> Result<u64, StateError> {
        let transaction = self.db.transaction()?;
        let mut accepted = 0_u64;
        for record in records {
            let letter = params![job, stored(record)];
            let is_new =
                "SELECT 1 FROM dead_letters WHERE job = ?1 AND record = ?2 AND accepted_ms IS NULL";
            accepted += u64::from(transaction.has(is_new, letter)?);
            transaction.run(
                // A note about reasons that the record no longer has does not come back.
                "UPDATE dead_letters SET accepted_ms = ?3, note = iif(accepted_ms IS NULL, ?4, coalesce(?4, note))
                 WHERE job = ?1 AND record = ?2",
                params![job, stored(record), now_ms(), note],
            )?;
        }
        transaction.commit()?;
        Ok(accepted)
    }

    /// Clears the refusals of these orders, so that the next run sends them again; returns how many
    /// the ledger had as refused. The job's interrupted runs are not resumed: they have counted
    /// them already.
    pub fn retry_refused(
        &mut self,
        job: &str,
        connection: ConnectionId,
        keys: &[String],
    ) -> Result<u64, StateError> {
        let transaction = self.db.transaction()?;
        let mut cleared = 0_u64;
        for key in keys {
            let Some(order) = reopen(&transaction, connection, key)? else { continue };
            history::add(&transaction, 0, order, &Attempt::done(Operation::Retry, None))?;
            cleared += 1;
        }
        if cleared > 0 {
            transaction.run(
                "UPDATE runs SET closed_ms = ?2 WHERE job = ?1 AND closed_ms IS NULL",
                params![job, now_ms()],
            )?;
        }
        transaction.commit()?;
        Ok(cleared)
    }
}
